#include "record/refs.h"

#include <stdlib.h>
#include <string.h>

#define BRANCH "refs/heads/"

enum { BRANCH_NAME = DOCUMENT_NAME + sizeof(BRANCH) };

struct following {
	struct store *store;
	struct ledger *ledger;
	bool mend;
	void (*tell)(void *arg, const char *name, bool is_stray);
	void *arg;
	/* Strays, to be dropped once the walk over them is done. */
	char (*strays)[BRANCH_NAME];
	size_t num;
};

static bool
find_stray(void *arg, const char *name, const struct oid *oid,
    struct error *err)
{
	struct following *all = arg;
	const struct ledger_document *doc;
	void *more;

	(void)oid;
	if (strncmp(name, BRANCH, strlen(BRANCH)) != 0)
		return true;
	doc = ledger_find(all->ledger, name + strlen(BRANCH));
	if (doc != NULL && doc->num_versions > 0)
		return true;
	all->tell(all->arg, name, true);
	if ((more = realloc(all->strays,
		 (all->num + 1) * sizeof(all->strays[0]))) == NULL)
		return error_set_errno(err, "refs");
	all->strays = more;
	snprintf(all->strays[all->num++], BRANCH_NAME, "%s", name);
	return true;
}

static bool
follow_one(struct following *all, const struct ledger_document *doc,
    struct error *err)
{
	char name[BRANCH_NAME];
	struct oid tip;

	if (doc->num_versions == 0)
		return true;
	snprintf(name, sizeof(name), BRANCH "%s", doc->name);
	if (store_get_ref(all->store, name, &tip) && oid_eq(&tip, &doc->tip))
		return true;
	all->tell(all->arg, name, false);
	return !all->mend || store_set_ref(all->store, name, &doc->tip, err);
}

bool
refs_follow(struct store *store, struct ledger *ledger, bool mend,
    void (*tell)(void *arg, const char *name, bool is_stray), void *arg,
    struct error *err)
{
	struct following all = { .store = store,
		.ledger = ledger,
		.mend = mend,
		.tell = tell,
		.arg = arg };
	struct ledger_document **docs;
	size_t num = 0;
	bool ok;

	if ((docs = ledger_sorted(ledger, &num)) == NULL)
		return error_set_errno(err, "refs");
	ok = store_each_ref(store, find_stray, &all, err);
	for (size_t i = 0; ok && mend && i < all.num; i++)
		ok = store_delete_ref(store, all.strays[i], err);
	for (size_t i = 0; ok && i < num; i++)
		ok = follow_one(&all, docs[i], err);
	free(all.strays);
	free(docs);
	return ok;
}
