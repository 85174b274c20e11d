/*
 * The branches of the documents: comparing them with the ledger, and writing
 * them again (refs.h).
 */
#include "record/refs.h"

#include <stdlib.h>
#include <string.h>

#include "store/refs.h"

struct following {
	struct ledger_document **docs; /* by name */
	size_t num, next;
	bool differs;
	void (*tell)(void *arg, const struct ref_told *told);
	void *arg;
};

/* Tell of one branch, and count it. */
static void
tell(struct following *all, const char *name, const struct oid *is,
    const struct oid *should)
{
	char ref[DOCUMENT_NAME + sizeof(STORE_HEADS)];

	snprintf(ref, sizeof(ref), STORE_HEADS "%s", name);
	all->differs = true;
	all->tell(all->arg,
	    &(struct ref_told){ .ref = ref,
		.document = ref + strlen(STORE_HEADS),
		.is = is,
		.should = should });
}

/* Tell of each document before name: it has no branch. */
static void
tell_missing(struct following *all, const char *name)
{
	for (; all->next < all->num &&
	     (name == NULL || strcmp(all->docs[all->next]->name, name) < 0);
	     all->next++)
		if (all->docs[all->next]->num_versions > 0)
			tell(all, all->docs[all->next]->name, NULL,
			    &all->docs[all->next]->tip);
}

/* Compare one branch with the next documents, both in the order of names. */
static bool
compare_head(void *arg, const struct branch *head, struct error *err)
{
	struct following *all = arg;
	const struct ledger_document *doc;

	(void)err;
	tell_missing(all, head->name);
	doc = all->next < all->num ? all->docs[all->next] : NULL;
	if (doc == NULL || strcmp(doc->name, head->name) != 0 ||
	    doc->num_versions == 0) {
		tell(all, head->name, &head->oid, NULL);
		return true;
	}
	all->next++;
	if (!oid_eq(&doc->tip, &head->oid))
		tell(all, doc->name, &head->oid, &doc->tip);
	return true;
}

/* Write the branch of each document. */
static bool
write_heads(struct store *store, struct ledger_document *const docs[],
    size_t num, struct error *err)
{
	struct branch *heads = calloc(num + 1, sizeof(*heads));
	size_t n = 0;
	bool ok;

	if (heads == NULL)
		return error_set_errno(err, "refs");
	for (size_t i = 0; i < num; i++)
		if (docs[i]->num_versions > 0)
			heads[n++] =
			    (struct branch){ docs[i]->name, docs[i]->tip };
	ok = store_write_heads(store, heads, n, err);
	free(heads);
	if (ok)
		store_release(store);
	return ok;
}

bool
refs_write(struct store *store, struct ledger *ledger, struct error *err)
{
	struct ledger_document **docs;
	size_t num = 0;
	bool ok;

	ledger_read_lock(ledger);
	docs = ledger_sorted(ledger, &num);
	ledger_unlock(ledger);
	/*
	 * Only the caller's thread moves tips, and names never change, so no
	 * lock is needed.
	 */
	ok = docs != NULL ? write_heads(store, docs, num, err)
			  : error_set_errno(err, "refs");
	free(docs);
	return ok;
}

bool
refs_follow(struct store *store, struct ledger *ledger, bool mend,
    void (*told)(void *arg, const struct ref_told *told), void *arg,
    struct error *err)
{
	struct following all = { .tell = told, .arg = arg };
	size_t num_loose = 0;
	bool ok;

	if ((all.docs = ledger_sorted(ledger, &all.num)) == NULL)
		return error_set_errno(err, "refs");
	ok = store_each_head(store, compare_head, &all, &num_loose, err);
	if (ok)
		tell_missing(&all, NULL);
	if (ok && mend && (all.differs || num_loose > 0))
		ok = write_heads(store, all.docs, all.num, err);
	else if (ok && mend)
		store_release(store);
	free(all.docs);
	return ok;
}
