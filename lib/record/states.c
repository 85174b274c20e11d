/*
 * The states of one document: applying its acts, one after another (states.h).
 */
#include "record/states.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

const struct ledger_version *
ledger_version(const struct ledger_document *doc, unsigned number)
{
	return doc != NULL && number >= 1 && number <= doc->num_versions
	    ? &doc->versions[number - 1]
	    : NULL;
}

enum status
ledger_status(const struct ledger_document *doc)
{
	if (doc->terminated)
		return STATUS_TERMINATED;
	return doc->num_versions == 0
	    ? STATUS_DRAFT
	    : doc->versions[doc->num_versions - 1].status;
}

enum status
ledger_status_in_copy(const struct ledger_version *version)
{
	switch (version->status) {
	case STATUS_SUPERSEDED:
		return STATUS_IN_FORCE;
	case STATUS_WITHDRAWN:
	case STATUS_LAPSED:
		return version->num_signers > 0 ? STATUS_SIGNED_IN_PART
						: STATUS_DRAFT;
	case STATUS_DRAFT:
	case STATUS_SIGNED_IN_PART:
	case STATUS_IN_FORCE:
	case STATUS_TERMINATED:
	case STATUS_DISPUTED: /* these exist in a verdict only */
		break;
	}
	return version->status;
}

const struct ledger_version *
ledger_withdrawn_by(const struct ledger_document *doc,
    const struct ledger_version *version)
{
	return version->status == STATUS_WITHDRAWN
	    ? ledger_version(doc, version->number + 1)
	    : NULL;
}

const struct ledger_version *
ledger_in_force(const struct ledger_document *doc)
{
	for (size_t i = doc->num_versions; i > 0; i--)
		if (doc->versions[i - 1].status == STATUS_IN_FORCE ||
		    doc->versions[i - 1].status == STATUS_TERMINATED)
			return &doc->versions[i - 1];
	return NULL;
}

const struct ledger_version *
ledger_now_in_force(const struct ledger_document *doc)
{
	const struct ledger_version *version = ledger_in_force(doc);

	return version != NULL && version->status == STATUS_IN_FORCE ? version
								     : NULL;
}

static bool
no_memory(struct error *err)
{
	return error_set_outside(err, "ledger: no memory");
}

/* Set err.  Returns false. */
static bool
contradicts(struct error *err, const struct entry *entry, const char *what)
{
	return error_set(err, ERROR_UNTRUSTED, "%s of %s@%llu: %s",
	    entry->act_name, entry->document,
	    (unsigned long long)entry->version, what);
}

static bool
is_draft(const struct ledger_version *version)
{
	return version->status == STATUS_DRAFT ||
	    version->status == STATUS_SIGNED_IN_PART;
}

uint64_t *
states_acts(struct ledger_version *version, struct names *names, uint32_t num)
{
	const size_t bytes = num * sizeof(*version->acts);
	uint64_t *all;

	if (num == 1)
		all = names_room(names, bytes);
	else
		all = realloc(version->num_acts > 1 ? version->acts : NULL,
		    bytes);
	if (all == NULL)
		return NULL;
	if (num > 1 && version->num_acts == 1)
		all[0] = version->acts[0];
	return version->acts = all;
}

void
states_begin(struct ledger_document *doc, const char *name)
{
	*doc = (struct ledger_document){ .name = name,
		.title = "",
		.last = LEDGER_NONE };
}

void
states_set_title(struct ledger_document *doc, const char *title,
    const char *languages)
{
	const size_t len = strlen(title), more = strlen(languages);
	char *copy = len == 0 ? NULL : malloc(len + more + 2);

	if (copy != NULL) {
		memcpy(copy, title, len + 1);
		memcpy(copy + len + 1, languages, more + 1);
	}
	if (doc->title != NULL && doc->title[0] != '\0')
		free((char *)(uintptr_t)doc->title);
	doc->title = copy != NULL ? copy : "";
}

/*
 * Append the version that a deposit makes.  Returns NULL if there is no memory.
 */
static struct ledger_version *
add_version(struct ledger_document *doc, struct names *names,
    const struct entry *entry)
{
	const char *person = names_keep(names, entry->person),
		   *office = names_keep(names, entry->office);
	struct ledger_version *all = realloc(doc->versions,
	    ((size_t)doc->num_versions + 1) * sizeof(*all));
	struct ledger_version *one;

	if (all != NULL)
		doc->versions = all;
	if (all == NULL || person == NULL || office == NULL)
		return NULL;
	if (doc->num_versions > 0 && is_draft(&all[doc->num_versions - 1]))
		all[doc->num_versions - 1].status = STATUS_WITHDRAWN;
	one = &all[doc->num_versions++];
	*one = (struct ledger_version){ .number = (unsigned)entry->version,
		.digest = entry->digest,
		.person = person,
		.office = office,
		.time_ms = entry->time_ms };
	states_set_title(doc, "", "");
	return one;
}

/* Mark an older signature of that person as replaced by the new one. */
static void
replace_signer(struct ledger_version *version, const struct entry *entry)
{
	const bool terminates = entry->act == ACT_TERMINATE;

	for (size_t i = 0; i < version->num_signers; i++)
		if (version->signers[i].terminates == terminates &&
		    strcmp(version->signers[i].person, entry->person) == 0)
			version->signers[i].replaced = true;
}

/* Append a signature; the persons and offices are kept in names. */
static bool
add_signer(struct ledger_version *version, struct names *names, uint64_t index,
    const struct entry *entry, struct error *err)
{
	const char *person = names_keep(names, entry->person),
		   *office = names_keep(names, entry->office);
	struct ledger_signer *all = realloc(version->signers,
	    ((size_t)version->num_signers + 1) * sizeof(*all));
	struct ledger_signer *one;

	if (all != NULL)
		version->signers = all;
	if (all == NULL || person == NULL || office == NULL)
		return no_memory(err);
	replace_signer(version, entry);
	one = &all[version->num_signers++];
	*one = (struct ledger_signer){ .person = person,
		.office = office,
		.time_ms = entry->time_ms,
		.index = index,
		.manifest = entry->manifest,
		.signature = entry->signature,
		.terminates = entry->act == ACT_TERMINATE };
	return true;
}

static bool
add_act(struct ledger_version *version, struct names *names, uint64_t index,
    struct error *err)
{
	const uint32_t num = version->num_acts;
	uint64_t *all = states_acts(version, names, num + 1);

	if (all == NULL)
		return no_memory(err);
	all[num] = index;
	version->num_acts = num + 1;
	return true;
}

static bool
apply_sign(struct ledger_document *doc, struct ledger_version *version,
    struct names *names, uint64_t index, const struct entry *entry,
    struct error *err)
{
	if (version->number != doc->num_versions)
		return contradicts(err, entry, "it is not the newest version");
	if (version->status == STATUS_DRAFT)
		version->status = STATUS_SIGNED_IN_PART;
	return add_signer(version, names, index, entry, err);
}

static bool
apply_terminate(struct ledger_version *version, struct names *names,
    uint64_t index, const struct entry *entry, struct error *err)
{
	if (version->status != STATUS_IN_FORCE)
		return contradicts(err, entry, "it is not in force");
	return add_signer(version, names, index, entry, err);
}

/* The version is terminated, and a newer draft lapses. */
static void
terminate(struct ledger_document *doc, struct ledger_version *version)
{
	struct ledger_version *newest = &doc->versions[doc->num_versions - 1];

	version->status = STATUS_TERMINATED;
	doc->terminated = true;
	if (is_draft(newest))
		newest->status = STATUS_LAPSED;
}

/* The version enters into force and supersedes the one before. */
static void
enter_into_force(struct ledger_document *doc, struct ledger_version *version)
{
	for (size_t i = 0; i < doc->num_versions; i++)
		if (doc->versions[i].status == STATUS_IN_FORCE)
			doc->versions[i].status = STATUS_SUPERSEDED;
	version->status = STATUS_IN_FORCE;
}

/* Does a "force" entry name exactly the signatures of its kind? */
static bool
names_signers(const struct ledger_version *version, bool terminates,
    const struct entry *force)
{
	size_t num = 0;

	for (size_t i = 0; i < version->num_signers; i++) {
		const struct ledger_signer *one = &version->signers[i];
		size_t j = 0;

		if (one->terminates != terminates || one->replaced)
			continue;
		while (j < force->num_signatures &&
		    !digest_eq(&force->signatures[j], &one->signature))
			j++;
		if (j == force->num_signatures)
			return false;
		num++;
	}
	return num == force->num_signatures;
}

/* Apply the "force" entry that follows the signature that made the quorum. */
static bool
apply_force(struct ledger_document *doc, struct ledger_version *version,
    const struct entry *entry, struct error *err)
{
	const struct ledger_signer *last = version->num_signers > 0
	    ? &version->signers[version->num_signers - 1]
	    : NULL;

	if (last == NULL || last->index != doc->last)
		return contradicts(err, entry,
		    "it does not follow a signature of that version");
	if (!last->terminates && version->status == STATUS_IN_FORCE)
		return contradicts(err, entry, "it is in force already");
	if (!names_signers(version, last->terminates, entry))
		return contradicts(err, entry,
		    "it does not name the signatures that came before it");
	if (last->terminates)
		terminate(doc, version);
	else
		enter_into_force(doc, version);
	return true;
}

/* Returns the version of an act other than a deposit, or NULL with an error. */
static struct ledger_version *
find_version(struct ledger_document *doc, const struct entry *entry,
    struct error *err)
{
	struct ledger_version *version = NULL;

	if (entry->version < 1 || entry->version > doc->num_versions) {
		contradicts(err, entry, "no such version");
		return NULL;
	}
	version = &doc->versions[entry->version - 1];
	if (digest_eq(&version->digest, &entry->digest))
		return version;
	contradicts(err, entry, "another version digest");
	return NULL;
}

/* Add the next version, and withdraw a draft before it. */
static struct ledger_version *
apply_deposit(struct ledger_document *doc, struct names *names,
    const struct entry *entry, struct error *err)
{
	struct ledger_version *version;

	if (entry->version != doc->num_versions + 1) {
		contradicts(err, entry, "not the next version");
		return NULL;
	}
	if ((version = add_version(doc, names, entry)) == NULL)
		no_memory(err);
	return version;
}

bool
states_apply(struct ledger_document *doc, struct names *names, uint64_t index,
    const struct entry *entry, struct error *err)
{
	struct ledger_version *version;
	const uint64_t prior =
	    entry_has(entry, ENTRY_PRIOR) ? entry->prior : LEDGER_NONE;

	if (prior != doc->last)
		return contradicts(err, entry,
		    "it does not follow the document's last act");
	if (doc->terminated)
		return contradicts(err, entry, "it is terminated");
	version = entry->act == ACT_DEPOSIT
	    ? apply_deposit(doc, names, entry, err)
	    : find_version(doc, entry, err);
	if (version == NULL ||
	    (entry->act == ACT_SIGN &&
		!apply_sign(doc, version, names, index, entry, err)) ||
	    (entry->act == ACT_TERMINATE &&
		!apply_terminate(version, names, index, entry, err)) ||
	    (entry->act == ACT_FORCE && !apply_force(doc, version, entry, err)))
		return false;
	free(doc->json);
	doc->json = NULL;
	version->contents = entry->contents;
	if (entry_has(entry, ENTRY_COMMIT)) {
		memcpy(version->commit.bytes, entry->commit, OID_BYTES);
		doc->tip = version->commit;
	}
	doc->last = index;
	return add_act(version, names, index, err);
}

void
states_free(struct ledger_document *doc)
{
	for (size_t i = 0; i < doc->num_versions; i++) {
		free(doc->versions[i].signers);
		if (doc->versions[i].num_acts > 1)
			free(doc->versions[i].acts);
		free(doc->versions[i].dispatches);
	}
	free(doc->versions);
	free(doc->json);
	states_set_title(doc, "", "");
	doc->versions = NULL;
	doc->json = NULL;
	doc->num_versions = 0;
}
