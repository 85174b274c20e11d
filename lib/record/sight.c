/*
 * Visibility: which entries an office may see, and which documents it may read
 * (ledger.h).
 */
#include <stdlib.h>
#include <string.h>

#include "record/ledger_private.h"

struct sight
sight_of(const struct policy *policy, const struct office *office)
{
	struct sight sight = { .policy = policy, .office = office };

	for (size_t i = 0; i < policy->num_types; i++) {
		const char *type = policy->types[i].name;

		if (policy_decide(policy, office, RIGHT_READ, type).allowed)
			sight.read |= UINT64_C(1) << i;
		if (policy_decide(policy, office, RIGHT_AUDIT, type).allowed)
			sight.audit |= UINT64_C(1) << i;
	}
	return sight;
}

/* Is it an act of the depositary itself, which every office may see? */
static bool
is_for_everybody(uint8_t act)
{
	return act == ACT_START || act == ACT_POLICY || act == ACT_CRL ||
	    act == ACT_KEY;
}

static int
compare_bags(const void *a, const void *b)
{
	const struct bag *x = a, *y = b;

	return (x->index > y->index) - (x->index < y->index);
}

/* May the office read a document on which an act came by that bag? */
static bool
reads_of_bag(const struct ledger *ledger, const struct sight *sight,
    uint64_t index)
{
	const struct bag key = { .index = index };
	const struct bag *bag = ledger->bags.num == 0
	    ? NULL
	    : bsearch(&key, ledger->bags.list, ledger->bags.num, sizeof(key),
		  compare_bags);

	for (size_t i = 0; bag != NULL && i < bag->num_documents; i++)
		if (sight_reads(sight, ledger_name(ledger, bag->documents[i])))
			return true;
	return false;
}

/*
 * Returns the index of the type that a document's name begins with, or the
 * number of types if the policy has no such type.
 */
static size_t
type_of(const struct policy *policy, const char *document)
{
	const char *slash = strchr(document, '/');
	const size_t len = slash != NULL ? (size_t)(slash - document) : 0;
	size_t i = 0;

	while (i < policy->num_types &&
	    (strncmp(policy->types[i].name, document, len) != 0 ||
		policy->types[i].name[len] != '\0'))
		i++;
	return i;
}

bool
ledger_visible(const struct ledger *ledger, const struct sight *sight,
    uint64_t index)
{
	const struct ledger_entry entry = ledger_entry(ledger, index);
	const char *about = ledger_name(ledger, entry.document);
	uint64_t bit;
	size_t type;

	if (is_for_everybody(entry.act))
		return true;
	if (entry.office != 0 &&
	    strcmp(ledger_name(ledger, entry.office), sight->office->name) == 0)
		return true;
	/* A bag may hold documents of any type. */
	if (entry.act == ACT_DISPATCH || entry.act == ACT_ACKNOWLEDGE)
		return strcmp(about, sight->office->name) == 0 ||
		    sight->audit != 0 || reads_of_bag(ledger, sight, index);
	/*
	 * The type is unknown or was dropped: offices that audit any type may
	 * see it.
	 */
	if ((type = type_of(sight->policy, about)) == sight->policy->num_types)
		return sight->audit != 0;
	bit = UINT64_C(1) << type;
	if ((sight->audit & bit) != 0)
		return true;
	return (sight->read & bit) != 0 && entry.act != ACT_DELIVER &&
	    entry.act != ACT_DELIVERIES && entry.act != ACT_REFUSE &&
	    entry.act != ACT_OTHER;
}

/* Is the document of one of these types? */
static bool
has_right(const struct sight *sight, uint64_t types, const char *document)
{
	const size_t type = type_of(sight->policy, document);

	return type < sight->policy->num_types && (types >> type & 1) != 0;
}

bool
sight_reads(const struct sight *sight, const char *document)
{
	return has_right(sight, sight->read, document);
}

bool
sight_sees(const struct sight *sight, const char *document)
{
	/*
	 * A document of no known type is shown as ledger_visible() shows its
	 * entries.
	 */
	return type_of(sight->policy, document) == sight->policy->num_types
	    ? sight->audit != 0
	    : has_right(sight, sight->read | sight->audit, document);
}
