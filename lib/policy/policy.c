/*
 * Deciding by a policy: rights, full powers, quorums, texts (policy.h).
 */
#include "policy/policy.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static const char *const right_names[] = {
	[RIGHT_READ] = "read",
	[RIGHT_DEPOSIT] = "deposit",
	[RIGHT_AUDIT] = "audit",
};

const char *
right_name(enum right right)
{
	return right_names[right];
}

const struct office *
policy_office(const struct policy *policy, const char *name)
{
	for (size_t i = 0; i < policy->num_offices; i++)
		if (strcmp(policy->offices[i].name, name) == 0)
			return &policy->offices[i];
	return NULL;
}

const struct document_type *
policy_type(const struct policy *policy, const char *name)
{
	for (size_t i = 0; i < policy->num_types; i++)
		if (strcmp(policy->types[i].name, name) == 0)
			return &policy->types[i];
	return NULL;
}

bool
policy_is_depositary(const struct policy *policy, const struct cert *cert,
    const char *ca)
{
	return ca != NULL && strcmp(ca, policy->depositary.ca) == 0 &&
	    strcmp(cert->email, policy->depositary.email) == 0;
}

static bool
office_has(const struct office *office, const struct cert *cert, const char *ca)
{
	if (strcmp(office->ca, ca) != 0 ||
	    (office->unit[0] != '\0' && strcmp(office->unit, cert->unit) != 0))
		return false;
	for (size_t i = 0; i < office->num_emails; i++)
		if (text_matches(office->emails[i], cert->email))
			return true;
	return false;
}

const struct office *
policy_office_of(const struct policy *policy, const struct cert *cert,
    const char *ca, char why[POLICY_RULE])
{
	const struct office *found = NULL;

	if (cert->email[0] == '\0' || ca == NULL) {
		snprintf(why, POLICY_RULE,
		    POLICY_PREFIX "offices.yaml: offices: a certificate"
				  " without an e-mail address names nobody");
		return NULL;
	}
	/* "The depositary's certificates belong to no office." */
	if (policy_is_depositary(policy, cert, ca)) {
		snprintf(why, POLICY_RULE,
		    POLICY_PREFIX "offices.yaml: depositary: its certificates"
				  " belong to no office");
		return NULL;
	}
	for (size_t i = 0; i < policy->num_offices; i++) {
		if (!office_has(&policy->offices[i], cert, ca))
			continue;
		if (found != NULL) {
			snprintf(why, POLICY_RULE,
			    POLICY_PREFIX "offices.yaml:%u: offices: \"%.60s\""
					  " could be of %s or %s",
			    policy->offices[i].line, cert->email, found->name,
			    policy->offices[i].name);
			return NULL;
		}
		found = &policy->offices[i];
	}
	if (found == NULL)
		snprintf(why, POLICY_RULE,
		    POLICY_PREFIX "offices.yaml: offices: \"%.80s\" is of no"
				  " office",
		    cert->email);
	return found;
}

static bool
in_list(const struct policy *policy, const struct office_list *list,
    const struct office *office)
{
	for (size_t i = 0; i < list->num; i++)
		if (&policy->offices[list->offices[i]] == office)
			return true;
	return false;
}

static struct decision
no_such_type(const char *type)
{
	struct decision decision = { .allowed = false };

	text_cutf(decision.rule, sizeof(decision.rule),
	    POLICY_PREFIX "%.64s.yaml: no such type of document", type);
	return decision;
}

struct decision
policy_decide(const struct policy *policy, const struct office *office,
    enum right right, const char *type_name)
{
	const struct document_type *type = policy_type(policy, type_name);
	const struct office_list *list;
	struct decision decision = { 0 };

	if (type == NULL)
		return no_such_type(type_name);
	list = right == RIGHT_READ   ? &type->read
	    : right == RIGHT_DEPOSIT ? &type->deposit
				     : &type->audit;
	decision.allowed = in_list(policy, list, office);
	text_cutf(decision.rule, sizeof(decision.rule), "%s:%u: %s", type->file,
	    list->line, right_names[right]);
	return decision;
}

const struct quorum *
policy_quorum_of(const struct document_type *type, enum signing signing)
{
	return signing == SIGNING_TERMINATION ? &type->terminate
					      : &type->quorum;
}

static const char *
quorum_name(enum signing signing)
{
	return signing == SIGNING_TERMINATION ? "terminate" : "quorum";
}

struct decision
policy_decide_sign(const struct policy *policy, const struct office *office,
    const char *person, const char *type_name, enum signing signing, int64_t at)
{
	const struct document_type *type = policy_type(policy, type_name);
	const struct quorum *quorum;
	struct decision decision = { 0 };
	bool is_party = false;

	if (type == NULL)
		return no_such_type(type_name);
	quorum = policy_quorum_of(type, signing);
	for (size_t i = 0; i < quorum->num; i++)
		is_party = is_party ||
		    strcmp(quorum->parties[i].party, office->party) == 0;
	if (!is_party) {
		text_cutf(decision.rule, sizeof(decision.rule),
		    "%s:%u: %s: \"%s\" is no party to it", type->file,
		    quorum->line, quorum_name(signing), office->party);
		return decision;
	}
	text_cutf(decision.rule, sizeof(decision.rule),
	    POLICY_PREFIX "offices.yaml:%u: full-powers", policy->powers_line);
	for (size_t i = 0; i < policy->num_powers; i++) {
		const struct full_powers *powers = &policy->powers[i];

		if (strcmp(powers->person, person) != 0 ||
		    strcmp(powers->party, office->party) != 0 ||
		    (powers->types >> (type - policy->types) & 1) == 0)
			continue;
		text_cutf(decision.rule, sizeof(decision.rule),
		    POLICY_PREFIX "offices.yaml:%u: full-powers", powers->line);
		if (at >= powers->from_at && at < powers->until_at) {
			decision.allowed = true;
			return decision;
		}
	}
	return decision;
}

static bool
in_texts(const char (*list)[LIMIT_LANGUAGE_BYTES + 1], size_t num,
    const char *text)
{
	for (size_t i = 0; i < num; i++)
		if (strcmp(list[i], text) == 0)
			return true;
	return false;
}

static bool
media_is_allowed(const struct document_type *type, const char *media)
{
	for (size_t i = 0; i < type->num_media; i++)
		if (strcmp(type->media[i], media) == 0)
			return true;
	return false;
}

static struct decision
refuse_text(const struct document_type *type, unsigned line, const char *key,
    const char *what, const char *which)
{
	struct decision decision = { .allowed = false };

	text_cutf(decision.rule, sizeof(decision.rule),
	    "%s:%u: %s: %s \"%.80s\"", type->file, line, key, what, which);
	return decision;
}

/* Tell which languages there may be, as far as there is room for them. */
static struct decision
name_languages(const struct document_type *type, struct decision decision)
{
	for (size_t i = 0; i < type->num_authentic + type->num_also; i++) {
		const size_t used = strlen(decision.rule);

		text_cutf(decision.rule + used, sizeof(decision.rule) - used,
		    "%s%s", i == 0 ? "; they may be " : ", ",
		    i < type->num_authentic
			? type->authentic[i]
			: type->also[i - type->num_authentic]);
	}
	return decision;
}

static struct decision
decide_languages(const struct document_type *type,
    const struct version *version)
{
	for (size_t i = 0; i < type->num_authentic; i++) {
		bool found = false;

		for (size_t j = 0; j < version->num_texts; j++)
			found = found ||
			    (version->texts[j].authentic &&
				strcmp(version->texts[j].language,
				    type->authentic[i]) == 0);
		if (!found)
			return name_languages(type,
			    refuse_text(type, type->languages_line, "languages",
				"no authentic text in", type->authentic[i]));
	}
	for (size_t j = 0; j < version->num_texts; j++) {
		const struct text_file *text = &version->texts[j];
		const bool authentic = in_texts(type->authentic,
		    type->num_authentic, text->language);

		if (!authentic &&
		    !in_texts(type->also, type->num_also, text->language))
			return name_languages(type,
			    refuse_text(type, type->languages_line, "languages",
				"none is", text->language));
		if (text->authentic != authentic)
			return refuse_text(type, type->languages_line,
			    "languages",
			    authentic ? "not marked authentic:"
				      : "marked authentic:",
			    text->language);
	}
	return (struct decision){ .allowed = true };
}

/*
 * Is the name of a text or annex short enough, and all of its path?  The rest
 * of the path has as many bytes beside the longest name as it always had.
 */
static bool
is_short(const struct document_type *type, const char *path)
{
	const uint64_t most =
	    type->limit_name + LIMIT_PATH_BYTES - LIMIT_NAME_BYTES;
	struct span rest = span_of_str(path), name;

	if (rest.len > LIMIT_PATH_DEFAULT && rest.len > most)
		return false;
	while (span_take_until(&rest, '/', &name))
		if (name.len > type->limit_name)
			return false;
	return rest.len <= type->limit_name;
}

struct decision
policy_decide_files(const struct policy *policy, const char *document,
    const struct container *files)
{
	char name[LIMIT_SLUG_BYTES + 1];
	const struct document_type *type;
	struct decision decision = { .allowed = true };
	uint64_t num_texts = 0;

	document_type(document, name);
	if ((type = policy_type(policy, name)) == NULL)
		return no_such_type(name);
	for (size_t i = 0; i < files->num; i++) {
		const struct member *member = &files->members[i];

		if (!path_is_text(member->path))
			continue;
		if (member->size > type->limit_text)
			return refuse_text(type, type->limits_line, "limits",
			    "too large:", member->path);
		if (!is_short(type, member->path))
			return refuse_text(type, type->limits_line, "limits",
			    "its name is too long:", member->path);
		num_texts += span_starts(span_of_str(member->path), PATH_TEXTS);
	}
	if (num_texts > type->limit_texts)
		return refuse_text(type, type->limits_line, "limits",
		    "too many texts in", document);
	text_set(decision.rule, sizeof(decision.rule), type->file);
	return decision;
}

struct decision
policy_decide_texts(const struct policy *policy, const struct version *version)
{
	char name[LIMIT_SLUG_BYTES + 1];
	const struct document_type *type;
	struct decision decision;

	document_type(version->document, name);
	if ((type = policy_type(policy, name)) == NULL)
		return no_such_type(name);
	if (version->num_texts > type->limit_texts)
		return refuse_text(type, type->limits_line, "limits",
		    "too many texts in", version->document);
	decision = decide_languages(type, version);
	if (!decision.allowed)
		return decision;
	for (size_t i = 0; i < version->num_texts + version->num_annexes; i++) {
		const struct text_file *file = i < version->num_texts
		    ? &version->texts[i]
		    : &version->annexes[i - version->num_texts];

		if (!media_is_allowed(type, file->media))
			return refuse_text(type, type->media_line, "media",
			    file->media, file->file);
		if (file->size > type->limit_text)
			return refuse_text(type, type->limits_line, "limits",
			    "too large:", file->file);
		if (!is_short(type, file->file))
			return refuse_text(type, type->limits_line, "limits",
			    "its name is too long:", file->file);
	}
	text_set(decision.rule, sizeof(decision.rule), type->file);
	return decision;
}

bool
policy_quorum(const struct document_type *type, enum signing signing,
    const struct signatory signatories[], size_t num, char rule[POLICY_RULE])
{
	const struct quorum *quorum = policy_quorum_of(type, signing);

	for (size_t i = 0; i < quorum->num; i++) {
		const char *party = quorum->parties[i].party;
		unsigned persons = 0;

		for (size_t j = 0; j < num; j++) {
			bool again = false;

			if (strcmp(signatories[j].party, party) != 0)
				continue;
			/* Distinct persons, not signatures. */
			for (size_t k = 0; k < j; k++)
				again = again ||
				    strcmp(signatories[k].person,
					signatories[j].person) == 0;
			persons += !again;
		}
		if (persons < quorum->parties[i].persons) {
			snprintf(rule, POLICY_RULE,
			    "%s:%u: %s: %u of %u signatures of %s", type->file,
			    quorum->line, quorum_name(signing), persons,
			    quorum->parties[i].persons, party);
			return false;
		}
	}
	snprintf(rule, POLICY_RULE, "%s:%u: %s", type->file, quorum->line,
	    quorum_name(signing));
	return quorum->num > 0;
}

struct policy *
policy_ref(struct policy *policy)
{
	__atomic_add_fetch(&policy->refs, 1, __ATOMIC_RELAXED);
	return policy;
}

void
policy_free(struct policy *policy)
{
	if (policy == NULL ||
	    __atomic_sub_fetch(&policy->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	container_free(policy->files);
	trust_free(policy->trust);
	free(policy->parties);
	free(policy->offices);
	free(policy->powers);
	free(policy->types);
	free(policy);
}
