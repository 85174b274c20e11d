/*
 * Checks of a policy as a whole, beyond what its parts say one by one.
 */
#include "policy/load_private.h"

#include <string.h>

#include "base/text.h"

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
void
load_check_type(const struct policy *policy, size_t i, const struct yaml *root,
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
void
load_check_audits(const struct policy *policy, const struct yaml *root,
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
void
load_check_offices(const struct policy *policy, const struct yaml *offices,
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
