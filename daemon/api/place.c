/*
 * Whether an act may follow the earlier acts on its document (place.h).
 */
#include "daemon/api/place.h"

#include <string.h>

static const char *
party_of(const struct policy *policy, const char *name)
{
	const struct office *office = policy_office(policy, name);

	/*
	 * An office that the policy does not have any more counts as another
	 * party's.
	 */
	return office != NULL ? office->party : "";
}

/*
 * Returns the number of signatures by other parties; *first gets one of them,
 * or NULL.
 */
static size_t
count_others(const struct place_deposit *deposit, const struct snapshot *now,
    const struct ledger_signer **first)
{
	size_t num = 0;

	*first = NULL;
	for (size_t i = now->num_signers; i > 0; i--) {
		const struct ledger_signer *one = &now->signers[i - 1];

		if (one->replaced ||
		    strcmp(party_of(deposit->policy, one->office),
			deposit->office->party) == 0)
			continue;
		*first = one;
		num++;
	}
	return num;
}

/* A caller who may deposit but not read is not told who signed. */
static bool
may_read(const struct place_deposit *deposit, const char *document)
{
	char type[LIMIT_SLUG_BYTES + 1];

	document_type(document, type);
	return policy_decide(deposit->policy, deposit->office, RIGHT_READ, type)
	    .allowed;
}

/*
 * A new version ends the signing of the newest one: check that the depositor
 * knows.
 */
static bool
check_onto(const char *document, const struct place_deposit *deposit,
    const struct snapshot *now, struct error *err)
{
	const struct ledger_signer *first;
	char others[40] = "";
	size_t num;

	if (now->asked.status != STATUS_SIGNED_IN_PART ||
	    deposit->onto == now->version ||
	    (num = count_others(deposit, now, &first)) == 0)
		return true;
	if (!may_read(deposit, document))
		return error_set_code(err, ERROR_CONFLICT, "SIGNED_BY_OTHERS",
		    "another party has signed %s@%u, and a new version ends its"
		    " signing: to deposit all the same, push with --onto %u",
		    document, now->version, now->version);
	if (num > 1)
		snprintf(others, sizeof(others), " and %zu more", num - 1);
	return error_set_code(err, ERROR_CONFLICT, "SIGNED_BY_OTHERS",
	    "%s of %s%s %s signed %s@%u, and a new version ends its signing:"
	    " ask them; to deposit all the same, push with --onto %u",
	    first->person, first->office, others, num > 1 ? "have" : "has",
	    document, now->version, now->version);
}

bool
place_check_deposit(const char *document, const struct place_deposit *deposit,
    const struct snapshot *now, struct error *err)
{
	const unsigned version = deposit->version;

	if (deposit->onto != 0 && deposit->onto != version - 1)
		return error_set(err, ERROR_USAGE,
		    "onto=%u: version %u comes onto version %u", deposit->onto,
		    version, version - 1);
	if (version <= now->num_versions)
		return error_set(err, ERROR_CONFLICT,
		    "%s has a version %u already, another one: fetch it, and"
		    " deposit yours as version %u",
		    document, version, now->num_versions + 1);
	if (version != now->num_versions + 1)
		return error_set(err, ERROR_CONFLICT,
		    "version %u is not next: %s has %u", version, document,
		    now->num_versions);
	if (now->num_versions == 0)
		return true;
	if (now->status == STATUS_TERMINATED)
		return error_set(err, ERROR_CONFLICT, "%s is terminated",
		    document);
	return check_onto(document, deposit, now, err);
}

bool
place_check_sign(const char *document, unsigned version,
    const struct snapshot *now, struct error *err)
{
	if (now->version == 0 || version > now->num_versions)
		return error_set(err, ERROR_NOT_FOUND, "%s has no version %u",
		    document, version);
	if (now->asked.status == STATUS_WITHDRAWN)
		return error_set(err, ERROR_CONFLICT,
		    "%s of %s withdrew %s@%u by depositing version %u: only"
		    " the newest version takes signatures, and that is version"
		    " %u",
		    now->next_person, now->next_office, document, version,
		    version + 1, now->num_versions);
	if (version != now->num_versions)
		return error_set(err, ERROR_CONFLICT,
		    "only the newest version takes signatures, and that is"
		    " version %u",
		    now->num_versions);
	return now->status != STATUS_TERMINATED ||
	    error_set(err, ERROR_CONFLICT, "%s is terminated", document);
}

bool
place_check_end(const char *document, unsigned version,
    const struct snapshot *now, struct error *err)
{
	if (now->num_versions == 0)
		return error_set(err, ERROR_NOT_FOUND,
		    "there is no document %s", document);
	if (now->version == 0)
		return error_set(err, ERROR_CONFLICT,
		    "no version of %s is in force: there is nothing to"
		    " terminate",
		    document);
	if (now->asked.status == STATUS_TERMINATED)
		return error_set(err, ERROR_CONFLICT, "%s is terminated",
		    document);
	return version == now->version ||
	    error_set(err, ERROR_CONFLICT,
		"version %u of %s is in force, not version %u: a termination"
		" that was begun is void once another version is in force",
		now->version, document, version);
}

bool
place_check_room(const char *document, const struct snapshot *now,
    struct error *err)
{
	const size_t num = now->num_acts + now->num_dispatches;

	return num + 3 <= LIMIT_RECEIPTS ||
	    error_set(err, ERROR_LIMIT,
		"%s@%u has %zu entries in the journal, and a copy takes %d"
		" receipts: deposit a new version, and sign that",
		document, now->version, num, LIMIT_RECEIPTS);
}
