/*
 * Looking for the newest commit of each document (commits.h).
 */
#include "daemon/upkeep/commits.h"

#include <stdlib.h>

#include "daemon/log.h"
#include "daemon/upkeep/state.h"

enum { AT_ONCE = 4096 };

/* The newest commits of all documents, as of one moment. */
struct tips {
	struct ledger_document **docs; /* in the order of their names */
	struct oid *oids;
	size_t num, num_lost, first_lost;
};

/* Copy them: the registrar moves them meanwhile. */
static bool
copy_tips(struct ledger *ledger, struct tips *out, struct error *err)
{
	size_t num = 0;

	*out = (struct tips){ .num = 0 };
	ledger_read_lock(ledger);
	out->docs = ledger_sorted(ledger, &num);
	out->oids = calloc(num + 1, sizeof(*out->oids));
	if (out->docs == NULL || out->oids == NULL)
		num = 0;
	for (size_t i = 0; i < num; i++) {
		if (out->docs[i]->num_versions == 0)
			continue;
		out->oids[out->num] = out->docs[i]->tip;
		out->docs[out->num++] = out->docs[i];
	}
	ledger_unlock(ledger);
	return (out->docs != NULL && out->oids != NULL) ||
	    error_set_errno(err, "documents");
}

/* Look for some of them.  What is not found is read, to be sure of it. */
static bool
look_for_some(struct store *store, struct tips *tips, size_t from, size_t num,
    struct error *err)
{
	bool are_there[AT_ONCE] = { false };
	struct error ignored = { 0 };
	struct store_commit commit;

	if (!store_has_each(store, &tips->oids[from], num, are_there, err))
		return false;
	for (size_t i = 0; i < num; i++) {
		if (are_there[i] ||
		    store_read_commit(store, &tips->oids[from + i], &commit,
			&ignored))
			continue;
		if (tips->num_lost++ == 0)
			tips->first_lost = from + i;
	}
	return true;
}

void
upkeep_look_for_commits(const struct upkeep *upkeep)
{
	const struct record *record = upkeep->record;
	struct error err = { 0 };
	struct tips tips;
	bool ok = copy_tips(record->ledger, &tips, &err);

	for (size_t at = 0; ok && at < tips.num &&
	     !__atomic_load_n(&upkeep->stopping, __ATOMIC_ACQUIRE);
	     at += AT_ONCE)
		ok = look_for_some(record->store, &tips, at,
		    tips.num - at < AT_ONCE ? tips.num - at : AT_ONCE, &err);
	if (!ok)
		log_warning("store", "reason=%s", log_text(err.detail));
	if (tips.num_lost > 0)
		log_error("store",
		    "code=COMMIT_MISSING documents=%zu about=%s reason=\"their"
		    " newest commits are lost: restore a backup, see 'A damaged"
		    " journal' in the operations manual\"",
		    tips.num_lost, log_text(tips.docs[tips.first_lost]->name));
	free(tips.docs);
	free(tips.oids);
}
