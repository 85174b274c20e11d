/*
 * Whose signatures a document still waits for (awaiting.h).
 */
#include "record/awaiting.h"

#include <string.h>

static bool
counts(const struct ledger_signer *one, enum signing signing)
{
	return one->terminates == (signing == SIGNING_TERMINATION) &&
	    !one->replaced;
}

/* The version that waits; NULL if none does. */
static const struct ledger_version *
version_of(const struct ledger_document *doc, enum signing signing)
{
	const struct ledger_version *version;

	if (doc->num_versions == 0 || doc->terminated)
		return NULL;
	if (signing == SIGNING_APPROVAL) {
		version = &doc->versions[doc->num_versions - 1];
		return version->status == STATUS_DRAFT ||
			version->status == STATUS_SIGNED_IN_PART
		    ? version
		    : NULL;
	}
	version = ledger_in_force(doc);
	for (size_t i = 0; version != NULL && i < version->num_signers; i++)
		if (counts(&version->signers[i], signing))
			return version;
	return NULL;
}

static bool
is_again(const struct ledger_version *version, enum signing signing, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (counts(&version->signers[j], signing) &&
		    strcmp(version->signers[j].person,
			version->signers[i].person) == 0)
			return true;
	return false;
}

/* How many persons of a party have signed, each counted once. */
static unsigned
persons_of(const struct policy *policy, const struct awaiting *awaiting,
    const char *party)
{
	const struct ledger_version *version = awaiting->version;
	unsigned num = 0;

	for (size_t i = 0; i < version->num_signers; i++) {
		const struct ledger_signer *one = &version->signers[i];
		const struct office *office =
		    policy_office(policy, one->office);

		num += counts(one, awaiting->signing) && office != NULL &&
		    strcmp(office->party, party) == 0 &&
		    !is_again(version, awaiting->signing, i);
	}
	return num;
}

bool
awaiting_of(const struct policy *policy, const struct ledger_document *doc,
    enum signing signing, struct awaiting *out)
{
	const struct document_type *type;
	const struct quorum *quorum;
	char name[LIMIT_SLUG_BYTES + 1];

	*out = (struct awaiting){ .signing = signing,
		.version = version_of(doc, signing) };
	if (out->version == NULL)
		return false;
	document_type(doc->name, name);
	if ((type = policy_type(policy, name)) == NULL)
		return false;
	quorum = policy_quorum_of(type, signing);
	for (size_t i = 0; i < quorum->num; i++) {
		out->parties[i].party = quorum->parties[i].party;
		out->parties[i].needs = quorum->parties[i].persons;
		out->parties[i].has =
		    persons_of(policy, out, quorum->parties[i].party);
	}
	out->num = quorum->num;
	return true;
}

bool
awaiting_person(const struct awaiting *awaiting, const struct policy *policy,
    const struct office *office, const char *person, const char *document,
    int64_t now_at)
{
	const struct ledger_version *version = awaiting->version;
	char type[LIMIT_SLUG_BYTES + 1];
	bool lacks = false;

	for (size_t i = 0; i < awaiting->num; i++)
		lacks = lacks ||
		    (strcmp(awaiting->parties[i].party, office->party) == 0 &&
			awaiting->parties[i].has < awaiting->parties[i].needs);
	for (size_t i = 0; lacks && i < version->num_signers; i++)
		lacks = !counts(&version->signers[i], awaiting->signing) ||
		    strcmp(version->signers[i].person, person) != 0;
	document_type(document, type);
	return lacks &&
	    policy_decide_sign(policy, office, person, type, awaiting->signing,
		now_at)
		.allowed;
}

bool
awaiting_either(const struct policy *policy, const struct office *office,
    const char *person, const struct ledger_document *doc, int64_t now_at)
{
	static const enum signing both[] = { SIGNING_APPROVAL,
		SIGNING_TERMINATION };
	struct awaiting awaiting;
	bool waits = false;

	for (size_t i = 0; !waits && i < 2; i++)
		waits = awaiting_of(policy, doc, both[i], &awaiting) &&
		    awaiting_person(&awaiting, policy, office, person,
			doc->name, now_at);
	return waits;
}
