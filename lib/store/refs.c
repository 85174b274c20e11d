/*
 * Branches of a store: written all at once by the backend, or some added to
 * those that are there (refs.h).
 */
#include "store/refs.h"

#include <stdlib.h>
#include <string.h>

#include "store/private.h"

bool
store_each_head(struct store *store, branch_visitor *visit, void *arg,
    size_t *num_loose, struct error *err)
{
	return store->backend->table->each_branch(store->backend, visit, arg,
	    num_loose, err);
}

bool
store_write_heads(struct store *store, const struct branch heads[], size_t num,
    struct error *err)
{
	return store->backend->table->set_branches(store->backend, heads, num,
	    err);
}

/* The new list of branches: those of before, merged with those added. */
struct adding {
	const struct branch *added;
	size_t num_added;
	struct branch *all; /* it owns their names */
	size_t num_all, room;
};

static bool
add_to_all(struct adding *adding, const struct branch *head, struct error *err)
{
	struct branch new = { NULL, head->oid };

	if (adding->num_all == adding->room) {
		const size_t room = adding->room * 2 + 64;
		struct branch *all = realloc(adding->all, room * sizeof(*all));

		if (all == NULL)
			return error_set_errno(err, "refs");
		adding->all = all;
		adding->room = room;
	}
	if ((new.name = strdup(head->name)) == NULL)
		return error_set_errno(err, "refs");
	adding->all[adding->num_all++] = new;
	return true;
}

/* Add a branch of before, after the added ones that precede it in order. */
static bool
merge_head(void *arg, const struct branch *head, struct error *err)
{
	static const struct oid none = { { 0 } };
	struct adding *adding = arg;
	int order = 1;

	/* A ref that is not plain (all-zero oid) cannot be written as one. */
	if (oid_eq(&head->oid, &none))
		return true;
	while (adding->num_added > 0 &&
	    (order = strcmp(adding->added->name, head->name)) <= 0) {
		if (!add_to_all(adding, adding->added, err))
			return false;
		adding->added++;
		adding->num_added--;
		if (order == 0)
			return true;
	}
	return add_to_all(adding, head, err);
}

bool
store_add_heads(struct store *store, const struct branch heads[], size_t num,
    struct error *err)
{
	struct adding adding = { .added = heads, .num_added = num };
	size_t num_loose;
	bool ok;

	ok = store_each_head(store, merge_head, &adding, &num_loose, err);
	while (ok && adding.num_added > 0) {
		ok = add_to_all(&adding, adding.added, err);
		adding.added++;
		adding.num_added--;
	}
	ok = ok && store_write_heads(store, adding.all, adding.num_all, err);
	for (size_t i = 0; i < adding.num_all; i++)
		free((void *)(uintptr_t)adding.all[i].name);
	free(adding.all);
	return ok;
}
