/*
 * Revocation lists that the journal names, for who has others of his own.
 */
#include "client/own_lists.h"

#include <stdlib.h>

#include "base/time.h"
#include "client/lists.h"
#include "record/audit.h"

static bool
add(struct named_lists *named, uint64_t index, const struct digest *digest,
    struct crls *crls, struct error *err)
{
	if (named->num == named->room) {
		const size_t room = named->room == 0 ? 16 : named->room * 2;
		void *list = realloc(named->list, room * sizeof(*named->list));

		if (list == NULL)
			return error_set_errno(err, "CRLs");
		named->list = list;
		named->room = room;
	}
	named->list[named->num].index = index;
	named->list[named->num].digest = *digest;
	named->list[named->num++].crls = crls;
	return true;
}

bool
named_lists_learn(struct session *session, struct named_lists *out,
    struct error *err)
{
	struct entry entry;
	struct context *context = session->context;
	struct span rest;
	uint64_t index;
	bool more = true;

	*out = (struct named_lists){ NULL, 0, 0 };
	/* Learn with the newest checkpoint what came since. */
	if (!session_catch_up(session, err))
		return false;
	rest = buf_span(&context->crl_entries);
	while (more) {
		if (!lists_next(&rest, &more, &index, &entry, err))
			return false;
		if (more &&
		    !add(out, index, &entry.crls,
			lists_find(context, &entry.crls), err))
			return false;
	}
	return true;
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
		     j < crls_count(named->list[i].crls);
		     j++)
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
	struct known_lists known = { sets, named->num, NULL,
		time_now_ms() / 1000 };

	if (sets == NULL)
		return error_set_errno(err, "CRLs");
	for (size_t i = 0; i < named->num; i++)
		sets[i] = named->list[i].crls;
	*lack = trust_list_adds(policy->trust, crl, &known);
	free(sets);
	return true;
}
