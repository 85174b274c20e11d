/*
 * refs.h - the branches of a store, all at once.
 *
 * This module does not know what a document is: the record does, and makes the
 * branches for git from it.
 */
#ifndef STORE_REFS_H
#define STORE_REFS_H

#include "store/store.h"

#define STORE_HEADS "refs/heads/"

/*
 * Visit each branch as git sees it, in the order of strcmp(); one that is not a
 * plain ref has an all-zero oid. name is valid during the call.  *num_loose
 * gets the number of loose refs.
 *
 * ERROR_UNTRUSTED  packed-refs is damaged
 */
bool store_each_head(struct store *store, branch_visitor *visit, void *arg,
    size_t *num_loose, struct error *err) MUST_USE;

/*
 * Replace all branches by these: one packed-refs file, flushed and renamed
 * under git's lock.  They are in the order of strcmp(), each once.  Other refs
 * stay.  If HEAD names no branch it is set to the first one.  For the writer's
 * thread.
 *
 * ERROR_UNAVAILABLE  a git command holds the lock
 */
bool store_write_heads(struct store *store, const struct branch heads[],
    size_t num, struct error *err) MUST_USE;

/*
 * Make or move these branches and leave the others, also by one new file.  They
 * are in the order of strcmp(), each once.
 */
bool store_add_heads(struct store *store, const struct branch heads[],
    size_t num, struct error *err) MUST_USE;

#endif
