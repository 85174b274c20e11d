/*
 * Revocation lists that the journal names, for who has others of his own.
 */
#include "cli/own_lists.h"

#include <stdlib.h>

#include "record/audit.h"

struct learning {
	struct session *session;
	struct named_lists *named;
};

/* An entry_visitor: the next set. */
static bool
learn(void *arg, uint64_t index, const struct entry *entry, struct span line,
    struct error *err)
{
	const struct learning *learning = arg;
	struct named_lists *named = learning->named;
	struct verdict_library library;

	(void)line;
	if (named->num == named->room) {
		const size_t room = named->room == 0 ? 16 : named->room * 2;
		void *list = realloc(named->list,
		    room * sizeof(*named->list));

		if (list == NULL)
			return error_set_errno(err, "CRLs");
		named->list = list;
		named->room = room;
	}
	session_want_crls(learning->session, &entry->crls);
	library = context_library(learning->session->context);
	named->list[named->num].index = index;
	named->list[named->num].digest = entry->crls;
	named->list[named->num++].crls = library.crls(library.arg,
	    &entry->crls);
	return true;
}

bool
named_lists_learn(struct session *session, struct named_lists *out,
    struct error *err)
{
	const struct entry_filter filter = { .act = "crl" };
	struct learning learning = { session, out };

	*out = (struct named_lists){ NULL, 0, 0 };
	return session_entries(session, &filter, learn, &learning, err);
}

void
named_lists_free(struct named_lists *named)
{
	free(named->list);
	*named = (struct named_lists){ NULL, 0, 0 };
}

uint64_t
named_lists_entry(const struct named_lists *named, const struct crl *crl)
{
	for (size_t i = 0; i < named->num; i++)
		for (size_t j = 0; named->list[i].crls != NULL &&
		     j < crls_count(named->list[i].crls); j++)
			if (digest_eq(&crls_at(named->list[i].crls, j)->digest,
				&crl->digest))
				return named->list[i].index;
	return AUDIT_NO_ENTRY;
}

bool
named_lists_lack(const struct named_lists *named, const struct policy *policy,
    const struct crl *crl, bool *lack, struct error *err)
{
	struct crls **sets = calloc(named->num + 1, sizeof(struct crls *));
	struct known_lists known = { sets, named->num, NULL };

	if (sets == NULL)
		return error_set_errno(err, "CRLs");
	for (size_t i = 0; i < named->num; i++)
		sets[i] = named->list[i].crls;
	*lack = trust_list_adds(policy->trust, crl, &known);
	free(sets);
	return true;
}
