/*
 * The reader of a policy's files: every mistake is told, none is guessed at.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "policy/policy.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/*
 * Make room for one more in a list that grows by one. NULL if there is no
 * memory.
 */
static void *
grow(void **list, size_t *num, size_t size)
{
	void *all = realloc(*list, (*num + 1) * size);

	if (all == NULL)
		return NULL;
	*list = all;
	memset((char *)all + *num * size, 0, size);
	return (char *)all + (*num)++ * size;
}

/* Read a title, {en: …, lo: …}: the English one, else the first. */
static void
read_title(const struct yaml *map, char out[LIMIT_TITLE_BYTES + 1],
    struct complaints *to)
{
	if (map == NULL || !yaml_is(map, YAML_MAPPING, to))
		return;
	for (const struct yaml *c = map->children; c != NULL; c = c->next) {
		char text[LIMIT_TITLE_BYTES + 1];

		if (!text_is_language(span_of_str(c->key)))
			complain_key(to, c, "\"%.40s\" is not a language",
			    c->key);
		else if (yaml_copy(c, text, sizeof(text), text_is_line,
			     "one line of visible text", to) &&
		    (out[0] == '\0' || strcmp(c->key, "en") == 0))
			text_set(out, LIMIT_TITLE_BYTES + 1, text);
	}
}

static const struct party *
find_party(const struct policy *policy, const char *name)
{
	for (size_t i = 0; i < policy->num_parties; i++)
		if (strcmp(policy->parties[i].name, name) == 0)
			return &policy->parties[i];
	return NULL;
}

/* Read the name of a party, and copy what the party is called. */
static bool
read_party_name(const struct policy *policy, const struct yaml *node,
    char out[POLICY_NAME], struct complaints *to)
{
	const char *text = node != NULL ? yaml_text(node, to) : NULL;

	if (text == NULL)
		return false;
	if (find_party(policy, text) == NULL)
		return complain(to, node, "no party is called \"%.60s\"", text);
	text_set(out, POLICY_NAME, text);
	return true;
}

static bool
read_ca_name(const struct policy *policy, const struct yaml *node,
    char out[POLICY_NAME], struct complaints *to)
{
	const char *text = node != NULL ? yaml_text(node, to) : NULL;

	if (text == NULL)
		return false;
	if (trust_ca(policy->trust, text) == NULL)
		return complain(to, node, "no CA is called \"%.60s\"", text);
	text_set(out, POLICY_NAME, text);
	return true;
}

static void
read_cas(struct policy *policy, const struct yaml *map, struct complaints *to)
{
	if (map == NULL || !yaml_is(map, YAML_MAPPING, to))
		return;
	for (const struct yaml *c = map->children; c != NULL; c = c->next) {
		const char *path = yaml_text(c, to);
		struct error why = { 0 };
		struct member *file;

		if (path == NULL)
			continue;
		if (!text_is_slug(span_of_str(c->key)))
			complain_key(to, c, "\"%.60s\" cannot name a CA",
			    c->key);
		else if ((file = container_find(policy->files, path)) == NULL)
			complain(to, c, "there is no file \"%.100s\"", path);
		else if (!trust_add_ca(policy->trust, c->key,
			     member_bytes(file), &why))
			complain(to, c, "%s: %s", path, why.detail);
	}
}

static void
read_parties(struct policy *policy, const struct yaml *map,
    struct complaints *to)
{
	static const char *const keys[] = { "name" };

	if (map == NULL || !yaml_is(map, YAML_MAPPING, to))
		return;
	for (const struct yaml *c = map->children; c != NULL; c = c->next) {
		struct party *party;

		if (!text_is_slug(span_of_str(c->key))) {
			complain_key(to, c, "\"%.60s\" cannot name a party",
			    c->key);
			continue;
		}
		if (policy->num_parties == POLICY_PARTIES ||
		    (party = grow((void **)&policy->parties,
			 &policy->num_parties, sizeof(*party))) == NULL) {
			complain(to, c, "more than %d parties", POLICY_PARTIES);
			return;
		}
		text_set(party->name, sizeof(party->name), c->key);
		if (yaml_only(c, keys, COUNT(keys), to))
			read_title(yaml_need(c, "name", to), party->title, to);
	}
}

static bool
is_pattern(struct span text)
{
	char name[LIMIT_EMAIL_BYTES + 2] = "x";
	size_t len = text.len;

	if (len == 0 || len > LIMIT_EMAIL_BYTES)
		return false;
	if (text.data[0] != '*')
		return text_is_email(text);
	/* A pattern such as "*@mofa.example": '*' stands for a name. */
	memcpy(name + 1, text.data + 1, len - 1);
	return text_is_email(span_of(name, len));
}

static void
read_emails(struct office *office, const struct yaml *list,
    struct complaints *to)
{
	if (list == NULL || !yaml_is(list, YAML_SEQUENCE, to))
		return;
	if (list->num_children == 0)
		complain(to, list,
		    "without a pattern nobody is of this"
		    " office");
	for (const struct yaml *c = list->children; c != NULL; c = c->next) {
		if (office->num_emails == POLICY_PATTERNS) {
			complain(to, c, "more than %d patterns",
			    POLICY_PATTERNS);
			return;
		}
		if (yaml_copy(c, office->emails[office->num_emails],
			sizeof(office->emails[0]), is_pattern,
			"an e-mail address, or *@ and a domain, in lower case",
			to))
			office->num_emails++;
	}
}

/*
 * Check that a certificate is the office's, and one that bags can be encrypted
 * to.
 */
static bool
check_encryption(const struct policy *policy, const struct office *office,
    const struct cert *cert, struct error *err)
{
	const char *path = office->encryption->path;
	struct trust_result trust;

	if (!cert->can_agree || EVP_PKEY_get_base_id(cert->key) != EVP_PKEY_EC)
		return error_set(err, ERROR_MALFORMED,
		    "%.100s is not for encryption (keyUsage keyAgreement"
		    " alone, on P-256 or P-384)",
		    path);
	if (!cert_check_key(cert, err))
		return error_context(err, "%.100s", path);
	trust_issued(policy->trust, cert, cert->not_before_at, &trust);
	return (trust.ca != NULL && strcmp(trust.ca, office->ca) == 0) ||
	    error_set(err, ERROR_MALFORMED,
		"%.100s was not issued by the CA \"%s\"", path, office->ca);
}

struct cert *
policy_encryption(const struct policy *policy, const struct office *office,
    struct error *err)
{
	struct cert *cert;

	if (office->encryption == NULL) {
		error_set(err, ERROR_USAGE,
		    "the policy names no certificate to encrypt to %s"
		    " (encryption, valise-policy(5))",
		    office->name);
		return NULL;
	}
	cert = cert_parse_pem(member_bytes(office->encryption), err);
	if (cert == NULL)
		error_context(err, "%.100s", office->encryption->path);
	else if (check_encryption(policy, office, cert, err))
		return cert;
	cert_free(cert);
	return NULL;
}

/* Load the certificate that bags to an office are encrypted to. */
static void
read_encryption(const struct policy *policy, struct office *office,
    const struct yaml *node, struct complaints *to)
{
	struct error why = { 0 };
	struct cert *cert;
	const char *text;

	if (node == NULL || (text = yaml_text(node, to)) == NULL)
		return;
	office->encryption = container_find(policy->files, text);
	if (office->encryption == NULL) {
		complain(to, node, "there is no file %.100s", text);
		return;
	}
	if (policy->was_checked)
		return;
	if ((cert = policy_encryption(policy, office, &why)) == NULL)
		complain(to, node, "%s", why.detail);
	cert_free(cert);
}

static void
read_offices(struct policy *policy, const struct yaml *map,
    struct complaints *to)
{
	static const char *const keys[] = { "party", "ca", "emails", "unit",
		"encryption" };

	if (map == NULL || !yaml_is(map, YAML_MAPPING, to))
		return;
	for (const struct yaml *c = map->children; c != NULL; c = c->next) {
		const struct yaml *unit = yaml_get(c, "unit");
		struct office *office;

		if (!text_is_slug(span_of_str(c->key))) {
			complain_key(to, c, "\"%.60s\" cannot name an office",
			    c->key);
			continue;
		}
		if (policy->num_offices == LIMIT_OFFICES ||
		    (office = grow((void **)&policy->offices,
			 &policy->num_offices, sizeof(*office))) == NULL) {
			complain(to, c, "more than %d offices", LIMIT_OFFICES);
			return;
		}
		text_set(office->name, sizeof(office->name), c->key);
		office->line = c->key_line;
		if (!yaml_only(c, keys, COUNT(keys), to))
			continue;
		read_party_name(policy, yaml_need(c, "party", to),
		    office->party, to);
		read_ca_name(policy, yaml_need(c, "ca", to), office->ca, to);
		read_emails(office, yaml_need(c, "emails", to), to);
		read_encryption(policy, office, yaml_get(c, "encryption"), to);
		if (unit != NULL)
			yaml_copy(unit, office->unit, sizeof(office->unit),
			    text_is_line, "one line of visible text", to);
	}
}

static void
read_depositary(struct policy *policy, const struct yaml *map,
    struct complaints *to)
{
	static const char *const keys[] = { "origin", "office", "ca", "email" };
	const struct yaml *origin, *office, *email;
	const char *text;

	if (map == NULL || !yaml_only(map, keys, COUNT(keys), to))
		return;
	origin = yaml_need(map, "origin", to);
	if (origin != NULL && (text = yaml_text(origin, to)) != NULL) {
		if (strlen(text) > LIMIT_ORIGIN_BYTES || text[0] == '\0' ||
		    strpbrk(text, " +\t") != NULL)
			complain(to, origin,
			    "\"%.60s\" cannot name a journal:"
			    " no space, no '+', at most %d"
			    " bytes",
			    text, LIMIT_ORIGIN_BYTES);
		else
			text_set(policy->origin, sizeof(policy->origin), text);
	}
	office = yaml_need(map, "office", to);
	if (office != NULL && (text = yaml_text(office, to)) != NULL) {
		if (policy_office(policy, text) == NULL)
			complain(to, office, "no office is called \"%.60s\"",
			    text);
		else
			text_set(policy->depositary.office, POLICY_NAME, text);
	}
	read_ca_name(policy, yaml_need(map, "ca", to), policy->depositary.ca,
	    to);
	if ((email = yaml_need(map, "email", to)) != NULL)
		yaml_copy(email, policy->depositary.email,
		    sizeof(policy->depositary.email), text_is_email,
		    "an e-mail address in lower case", to);
}

static void
read_power_types(struct policy *policy, struct full_powers *powers,
    const struct yaml *list, struct complaints *to)
{
	if (list == NULL || !yaml_is(list, YAML_SEQUENCE, to))
		return;
	for (const struct yaml *c = list->children; c != NULL; c = c->next) {
		const char *name = yaml_text(c, to);
		const struct document_type *type =
		    name != NULL ? policy_type(policy, name) : NULL;

		if (type != NULL)
			powers->types |= UINT64_C(1) << (type - policy->types);
		else if (name != NULL)
			complain(to, c,
			    "no type of document is called"
			    " \"%.60s\"",
			    name);
	}
}

static void
read_day(const struct yaml *node, int64_t *out, struct complaints *to)
{
	const char *text = node != NULL ? yaml_text(node, to) : NULL;

	if (text != NULL && !time_parse_date(span_of_str(text), out))
		complain(to, node,
		    "\"%.40s\" is not a date such as"
		    " 2027-12-31",
		    text);
}

static void
read_powers(struct policy *policy, const struct yaml *list,
    struct complaints *to)
{
	static const char *const keys[] = { "person", "party", "types", "from",
		"until" };

	if (list == NULL || !yaml_is(list, YAML_SEQUENCE, to))
		return;
	policy->powers_line = list->key_line;
	for (const struct yaml *c = list->children; c != NULL; c = c->next) {
		const struct yaml *person;
		struct full_powers *powers;

		if (policy->num_powers == LIMIT_POWERS ||
		    (powers = grow((void **)&policy->powers,
			 &policy->num_powers, sizeof(*powers))) == NULL) {
			complain(to, c, "more than %d full powers",
			    LIMIT_POWERS);
			return;
		}
		powers->line = c->line;
		if (!yaml_only(c, keys, COUNT(keys), to))
			continue;
		if ((person = yaml_need(c, "person", to)) != NULL)
			yaml_copy(person, powers->person,
			    sizeof(powers->person), text_is_email,
			    "an e-mail address in lower case", to);
		read_party_name(policy, yaml_need(c, "party", to),
		    powers->party, to);
		read_power_types(policy, powers, yaml_need(c, "types", to), to);
		read_day(yaml_need(c, "from", to), &powers->from_at, to);
		read_day(yaml_need(c, "until", to), &powers->until_at, to);
		if (powers->until_at < powers->from_at)
			complain(to, c, "they end before they begin");
		powers->until_at += 24 * 60 * 60; /* both days are included */
	}
}

static void
read_languages(const struct yaml *list,
    char out[LIMIT_LANGUAGES][LIMIT_LANGUAGE_BYTES + 1], size_t *num,
    struct complaints *to)
{
	if (list == NULL || !yaml_is(list, YAML_SEQUENCE, to))
		return;
	for (const struct yaml *c = list->children; c != NULL; c = c->next) {
		if (*num == LIMIT_LANGUAGES) {
			complain(to, c, "more than %d languages",
			    LIMIT_LANGUAGES);
			return;
		}
		if (yaml_copy(c, out[*num], LIMIT_LANGUAGE_BYTES + 1,
			text_is_language, "a language, such as lo", to))
			(*num)++;
	}
}

static void
read_office_list(const struct policy *policy, const struct yaml *list,
    struct office_list *out, struct complaints *to)
{
	if (list == NULL || !yaml_is(list, YAML_SEQUENCE, to))
		return;
	out->line = list->key_line;
	for (const struct yaml *c = list->children; c != NULL; c = c->next) {
		const char *name = yaml_text(c, to);
		const struct office *office =
		    name != NULL ? policy_office(policy, name) : NULL;

		if (office == NULL) {
			if (name != NULL)
				complain(to, c,
				    "no office is called"
				    " \"%.60s\"",
				    name);
		} else if (out->num < LIMIT_OFFICES) {
			out->offices[out->num++] =
			    (uint16_t)(office - policy->offices);
		}
	}
}

static void
read_quorum(const struct policy *policy, const struct yaml *map,
    struct quorum *out, struct complaints *to)
{
	if (map == NULL || !yaml_is(map, YAML_MAPPING, to))
		return;
	out->line = map->key_line;
	if (map->num_children == 0)
		complain(to, map, "somebody must sign");
	for (const struct yaml *c = map->children; c != NULL; c = c->next) {
		uint64_t persons;

		if (find_party(policy, c->key) == NULL) {
			complain_key(to, c, "no party is called \"%.60s\"",
			    c->key);
			continue;
		}
		if (!yaml_u64(c, &persons, to))
			continue;
		if (persons < 1 || persons > LIMIT_SIGNATURES ||
		    out->num == POLICY_PARTIES) {
			complain(to, c, "1 to %d persons of a party",
			    LIMIT_SIGNATURES);
			continue;
		}
		text_set(out->parties[out->num].party, POLICY_NAME, c->key);
		out->parties[out->num++].persons = (unsigned)persons;
	}
}

static void
read_media(struct document_type *type, const struct yaml *list,
    struct complaints *to)
{
	if (list == NULL || !yaml_is(list, YAML_SEQUENCE, to))
		return;
	type->media_line = list->key_line;
	for (const struct yaml *c = list->children; c != NULL; c = c->next) {
		if (type->num_media == POLICY_MEDIA) {
			complain(to, c, "more than %d media types",
			    POLICY_MEDIA);
			return;
		}
		if (yaml_copy(c, type->media[type->num_media],
			sizeof(type->media[0]), text_is_media,
			"a media type, such as application/pdf", to))
			type->num_media++;
	}
}

static void
read_limits(struct document_type *type, const struct yaml *map,
    struct complaints *to)
{
	static const char *const keys[] = { "text", "texts" };
	const struct yaml *text, *texts;

	if (map == NULL || !yaml_only(map, keys, COUNT(keys), to))
		return;
	type->limits_line = map->key_line;
	if ((text = yaml_need(map, "text", to)) != NULL &&
	    yaml_bytes(text, &type->limit_text, to) &&
	    type->limit_text > LIMIT_TEXT_BYTES)
		complain(to, text, "no text can be over %llu bytes",
		    (unsigned long long)LIMIT_TEXT_BYTES);
	if ((texts = yaml_need(map, "texts", to)) != NULL &&
	    yaml_u64(texts, &type->limit_texts, to) &&
	    type->limit_texts > LIMIT_TEXTS)
		complain(to, texts, "no version can have more than %d texts",
		    LIMIT_TEXTS);
}

/*
 * The names of all types are known before any type is read, since full powers
 * name them.
 */
static void
read_type(struct policy *policy, struct document_type *type,
    const struct yaml *root, struct complaints *to)
{
	static const char *const keys[] = { "valise", "type", "title",
		"languages", "deposit", "terminate", "read", "audit", "quorum",
		"media", "limits" };
	static const char *const language_keys[] = { "authentic", "also" };
	const struct yaml *name, *languages;
	const char *text;

	if (!yaml_is(root, YAML_MAPPING, to))
		return;
	yaml_only(root, keys, COUNT(keys), to);
	yaml_format(root, to);
	name = yaml_need(root, "type", to);
	if (name != NULL && (text = yaml_text(name, to)) != NULL &&
	    strcmp(text, type->name) != 0)
		complain(to, name, "\"%.60s\" in the file of \"%s\"", text,
		    type->name);
	read_title(yaml_need(root, "title", to), type->title, to);
	languages = yaml_need(root, "languages", to);
	if (languages != NULL &&
	    yaml_only(languages, language_keys, COUNT(language_keys), to)) {
		type->languages_line = languages->key_line;
		read_languages(yaml_need(languages, "authentic", to),
		    type->authentic, &type->num_authentic, to);
		read_languages(yaml_get(languages, "also"), type->also,
		    &type->num_also, to);
		if (type->num_authentic == 0)
			complain(to, languages,
			    "one language at least must"
			    " be authentic");
	}
	read_office_list(policy, yaml_need(root, "deposit", to), &type->deposit,
	    to);
	read_office_list(policy, yaml_need(root, "read", to), &type->read, to);
	read_office_list(policy, yaml_need(root, "audit", to), &type->audit,
	    to);
	read_quorum(policy, yaml_need(root, "quorum", to), &type->quorum, to);
	read_quorum(policy, yaml_need(root, "terminate", to), &type->terminate,
	    to);
	read_media(type, yaml_need(root, "media", to), to);
	read_limits(type, yaml_need(root, "limits", to), to);
}

static bool
party_has(const struct policy *policy, const struct office_list *list,
    const char *party)
{
	for (size_t i = 0; i < list->num; i++)
		if (strcmp(policy->offices[list->offices[i]].party, party) == 0)
			return true;
	return false;
}

static bool
is_among(const struct office_list *list, uint16_t office)
{
	for (size_t i = 0; i < list->num; i++)
		if (list->offices[i] == office)
			return true;
	return false;
}

/* How many persons could sign for a party today. */
static unsigned
count_persons(const struct policy *policy, size_t type, const char *party,
    int64_t now_at)
{
	unsigned persons = 0;

	for (size_t i = 0; i < policy->num_powers; i++) {
		const struct full_powers *one = &policy->powers[i];
		bool again = false;

		if (strcmp(one->party, party) != 0 ||
		    (one->types >> type & 1) == 0 || one->until_at <= now_at)
			continue;
		for (size_t j = 0; j < i; j++)
			again = again ||
			    (strcmp(policy->powers[j].person, one->person) ==
				    0 &&
				policy->powers[j].until_at > now_at &&
				(policy->powers[j].types >> type & 1) != 0);
		persons += !again;
	}
	return persons;
}

/* Check what each type must have, and warn of what it should have. */
static void
check_type(const struct policy *policy, size_t i, const struct yaml *root,
    int64_t now_at, struct complaints *to)
{
	const struct document_type *type = &policy->types[i];

	for (size_t j = 0; j < type->quorum.num; j++) {
		const char *party = type->quorum.parties[j].party;
		const unsigned persons =
		    count_persons(policy, i, party, now_at);
		const struct yaml *at =
		    yaml_get(yaml_get(root, "quorum"), party);

		if (!party_has(policy, &type->audit, party))
			complain_key(to, yaml_get(root, "audit"),
			    "no office of \"%s\" may audit: each party needs"
			    " one",
			    party);
		if (persons < type->quorum.parties[j].persons && at != NULL)
			complain_warning(to, at,
			    "the quorum cannot be reached: %u of %u persons"
			    " of \"%s\" have full powers for it",
			    persons, type->quorum.parties[j].persons, party);
	}
	for (size_t j = 0; j < type->deposit.num; j++)
		if (!is_among(&type->read, type->deposit.offices[j]))
			complain_warning(to, yaml_get(root, "deposit"),
			    "\"%s\" may deposit what it may not read",
			    policy->offices[type->deposit.offices[j]].name);
}

static bool
has_office(const struct policy *policy, const char *party)
{
	for (size_t i = 0; i < policy->num_offices; i++)
		if (strcmp(policy->offices[i].party, party) == 0)
			return true;
	return false;
}

/*
 * Together the offices of a party should see every entry of the journal. If the
 * depositary withholds one from all of them, nobody finds out ("valise audit
 * --combine").
 */
static void
check_audits(const struct policy *policy, const struct yaml *root,
    struct complaints *to)
{
	for (size_t i = 0; i < policy->num_parties; i++) {
		const char *party = policy->parties[i].name;
		const struct yaml *at =
		    yaml_get(yaml_get(root, "parties"), party);

		if (at == NULL || !has_office(policy, party))
			continue;
		for (size_t j = 0; j < policy->num_types; j++)
			if (!party_has(policy, &policy->types[j].audit, party))
				complain_warning(to, at,
				    "the offices of \"%s\" do not audit"
				    " everything, even together: none of them"
				    " may audit \"%s\"",
				    party, policy->types[j].name);
	}
}

static bool
patterns_meet(const struct office *a, const struct office *b)
{
	for (size_t i = 0; i < a->num_emails; i++)
		for (size_t j = 0; j < b->num_emails; j++)
			if (text_matches(a->emails[i], b->emails[j]) ||
			    text_matches(b->emails[j], a->emails[i]) ||
			    strcmp(a->emails[i], b->emails[j]) == 0)
				return true;
	return false;
}

/* If two offices claim the same people, neither office has them. */
static void
check_offices(const struct policy *policy, const struct yaml *offices,
    struct complaints *to)
{
	for (size_t i = 0; i < policy->num_offices; i++)
		for (size_t j = 0; j < policy->num_offices; j++) {
			const struct office *a = &policy->offices[i];
			const struct office *b = &policy->offices[j];
			const struct yaml *at = yaml_get(offices, a->name);

			if (i == j || at == NULL || strcmp(a->ca, b->ca) != 0 ||
			    (b->unit[0] != '\0' &&
				strcmp(a->unit, b->unit) != 0) ||
			    !patterns_meet(a, b))
				continue;
			complain_warning(to, at,
			    "nobody can match \"%s\": the same people match"
			    " \"%s\" (give each a unit of its own)",
			    a->name, b->name);
			break;
		}
}

/* witnesses: {mofa: VKEY, …}, quorum: 2 */
static void
read_witnesses(struct policy *policy, const struct yaml *root,
    struct complaints *to)
{
	const struct yaml *map = yaml_get(root, "witnesses");
	const struct yaml *quorum = yaml_get(root, "quorum");
	struct witnesses *out = &policy->witnesses;
	uint64_t number;

	if (quorum != NULL && map == NULL)
		complain_key(to, quorum, "a quorum of no witnesses");
	if (map == NULL || !yaml_is(map, YAML_MAPPING, to))
		return;
	for (const struct yaml *c = map->children; c != NULL; c = c->next) {
		const char *text = yaml_text(c, to);
		struct error why = { 0 };

		if (text == NULL)
			continue;
		if (!text_is_slug(span_of_str(c->key)))
			complain_key(to, c, "\"%.60s\" cannot name a witness",
			    c->key);
		else if (out->num == LIMIT_WITNESSES)
			complain_key(to, c, "more than %d witnesses",
			    LIMIT_WITNESSES);
		else if (!note_key_parse(span_of_str(text), NOTE_WITNESS,
			     &out->keys[out->num], &why))
			complain(to, c,
			    "%s (\"valise witness init\" prints"
			    " one)",
			    why.detail);
		else
			text_set(out->names[out->num++], sizeof(out->names[0]),
			    c->key);
	}
	for (size_t i = 1; i < out->num; i++)
		for (size_t j = 0; j < i; j++)
			if (memcmp(out->keys[i].public_key,
				out->keys[j].public_key, 32) == 0)
				complain(to, map,
				    "\"%s\" and \"%s\" have one key: each"
				    " witness needs its own",
				    out->names[j], out->names[i]);
	if (yaml_need(root, "quorum", to) == NULL ||
	    !yaml_u64(quorum, &number, to))
		return;
	if (number < 1 || number > out->num)
		complain(to, quorum, "1 to %zu, the number of witnesses",
		    out->num);
	else
		out->quorum = (unsigned)number;
}

static void
read_main(struct policy *policy, const struct yaml *root, struct complaints *to)
{
	static const char *const keys[] = { "valise", "depositary", "cas",
		"parties", "offices", "full-powers", "witnesses", "quorum" };

	if (!yaml_is(root, YAML_MAPPING, to))
		return;
	yaml_only(root, keys, COUNT(keys), to);
	yaml_format(root, to);
	read_cas(policy, yaml_need(root, "cas", to), to);
	read_parties(policy, yaml_need(root, "parties", to), to);
	read_offices(policy, yaml_need(root, "offices", to), to);
	read_depositary(policy, yaml_need(root, "depositary", to), to);
	read_powers(policy, yaml_need(root, "full-powers", to), to);
	read_witnesses(policy, root, to);
	check_offices(policy, yaml_get(root, "offices"), to);
}

/* Besides offices.yaml, policies/NAME.yaml is the type NAME. */
static bool
is_type_file(const char *path, char name[LIMIT_SLUG_BYTES + 1])
{
	const size_t len = strlen(path);

	return len > 5 && len - 5 <= LIMIT_SLUG_BYTES &&
	    strcmp(path + len - 5, ".yaml") == 0 &&
	    strcmp(path, "offices.yaml") != 0 &&
	    text_is_slug(span_of(path, len - 5)) &&
	    span_to_str(span_of(path, len - 5), name, LIMIT_SLUG_BYTES + 1);
}

static bool
is_ca_file(const struct yaml *cas, const char *path)
{
	if (cas == NULL || cas->kind != YAML_MAPPING)
		return false;
	for (const struct yaml *c = cas->children; c != NULL; c = c->next)
		if (c->kind == YAML_SCALAR && strcmp(c->text, path) == 0)
			return true;
	return false;
}

static bool
is_encryption_file(const struct yaml *offices, const char *path)
{
	if (offices == NULL || offices->kind != YAML_MAPPING)
		return false;
	for (const struct yaml *c = offices->children; c != NULL; c = c->next) {
		const struct yaml *file = yaml_get(c, "encryption");

		if (file != NULL && file->kind == YAML_SCALAR &&
		    strcmp(file->text, path) == 0)
			return true;
	}
	return false;
}

/*
 * The digest is over the whole folder, so a file that is no part of a policy is
 * a mistake.
 */
static void
find_types(struct policy *policy, const struct yaml *main_root,
    struct complaints *to)
{
	for (size_t i = 0; i < policy->files->num; i++) {
		const char *path = policy->files->members[i].path;
		char name[LIMIT_SLUG_BYTES + 1], shown[LIMIT_PATH_BYTES + 16];
		struct document_type *type;

		snprintf(shown, sizeof(shown), POLICY_PREFIX "%s", path);
		if (strcmp(path, "offices.yaml") == 0 ||
		    is_ca_file(yaml_get(main_root, "cas"), path) ||
		    is_encryption_file(yaml_get(main_root, "offices"), path))
			continue;
		if (!is_type_file(path, name)) {
			complain_of(to, shown,
			    "no part of a policy: neither a type of document"
			    " nor a certificate that offices.yaml names");
			continue;
		}
		if (policy->num_types == LIMIT_TYPES ||
		    (type = grow((void **)&policy->types, &policy->num_types,
			 sizeof(*type))) == NULL) {
			complain_of(to, shown, "more than %d types",
			    LIMIT_TYPES);
			return;
		}
		text_set(type->name, sizeof(type->name), name);
		text_set(type->file, sizeof(type->file), shown);
	}
}

static struct yaml *
parse_file(const struct policy *policy, const char *path, const char *shown,
    struct complaints *to)
{
	const struct member *file = container_find(policy->files, path);
	struct error why = { 0 };
	struct yaml *root = NULL;

	if (file == NULL)
		complain_of(to, shown, "there is no such file");
	else if ((root = yaml_parse(shown, member_bytes(file), &why)) == NULL) {
		/* The detail begins with the file's name already. */
		const char *text = why.detail;
		const size_t len = strlen(shown);

		if (strncmp(text, shown, len) == 0 && text[len] == ':')
			text += len + 1;
		to->num_errors++;
		if (!buf_printf(&to->lines, &why, "%s:%s\n", shown, text))
			return NULL;
	}
	return root;
}

static void
read_all(struct policy *policy, int64_t now_at, struct complaints *to)
{
	static const char main_file[] = POLICY_PREFIX "offices.yaml";
	struct yaml *roots[LIMIT_TYPES] = { NULL };
	struct yaml *root = parse_file(policy, "offices.yaml", main_file, to);

	find_types(policy, root, to);
	if (policy->num_types == 0)
		complain_of(to, main_file,
		    "there is no type of document beside it (agreement.yaml,"
		    " …)");
	if (root != NULL)
		read_main(policy, root, to);
	for (size_t i = 0; i < policy->num_types; i++) {
		struct document_type *type = &policy->types[i];

		roots[i] = parse_file(policy,
		    type->file + strlen(POLICY_PREFIX), type->file, to);
		/* Without offices every name in a type would be unknown. */
		if (roots[i] != NULL && root != NULL)
			read_type(policy, type, roots[i], to);
	}
	for (size_t i = 0; i < policy->num_types; i++) {
		if (roots[i] != NULL && root != NULL && to->num_errors == 0)
			check_type(policy, i, roots[i], now_at, to);
	}
	if (root != NULL && to->num_errors == 0)
		check_audits(policy, root, to);
	for (size_t i = 0; i < policy->num_types; i++)
		yaml_free_tree(roots[i]);
	yaml_free_tree(root);
}

struct policy *
policy_load_kept(struct container *files, const struct digest *kept,
    int64_t now_at, struct complaints *complaints, struct error *err)
{
	struct policy *policy = calloc(1, sizeof(*policy));

	if (policy == NULL) {
		error_set_errno(err, "policy");
		container_free(files);
		return NULL;
	}
	policy->refs = 1;
	policy->files = files;
	if ((policy->trust = trust_new(err)) == NULL ||
	    !container_hash(files, NULL, err) ||
	    !container_contents(files, &policy->digest, err)) {
		policy_free(policy);
		return NULL;
	}
	policy->was_checked = kept != NULL && digest_eq(&policy->digest, kept);
	read_all(policy, now_at, complaints);
	if (!complaints_none(complaints, err)) {
		policy_free(policy);
		return NULL;
	}
	return policy;
}

struct policy *
policy_load(struct container *files, int64_t now_at,
    struct complaints *complaints, struct error *err)
{
	return policy_load_kept(files, NULL, now_at, complaints, err);
}

struct policy *
policy_load_dir(const char *dir, struct complaints *complaints,
    struct error *err)
{
	struct container *files = container_read_dir(dir, err);

	return files != NULL
	    ? policy_load(files, time_now_ms() / 1000, complaints, err)
	    : NULL;
}
