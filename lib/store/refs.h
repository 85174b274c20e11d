/*
 * refs.h - the branches of a store, all at once.
 *
 * Nothing here says what a document is: the record does, and what git reads
 * follows from it.
 */
#ifndef STORE_REFS_H
#define STORE_REFS_H

#include "store/store.h"

#define STORE_HEADS "refs/heads/"

/*
 * Visit each branch as git sees it, by name in the order of strcmp(); one
 * that is no plain ref has an all-zero oid.  name is good during the call.
 * *num_loose gets how many are files of their own.
 *
 * ERROR_UNTRUSTED  packed-refs is damaged
 */
bool store_each_head(struct store *store, branch_visitor *visit, void *arg,
    size_t *num_loose, struct error *err) MUST_USE;

/*
 * Make these the branches, and no others: one packed-refs file, flushed and
 * renamed under git's lock.  They are in the order of strcmp(), each once.
 * Refs that are no branches stay.  If HEAD names no branch it names the first.
 * The writer's thread.
 *
 * ERROR_UNAVAILABLE  git holds the lock
 */
bool store_write_heads(struct store *store, const struct branch heads[],
    size_t num, struct error *err) MUST_USE;

/*
 * Make these branches, or move them, and leave the others: one file too.  They
 * are in the order of strcmp(), each once.
 */
bool store_add_heads(struct store *store, const struct branch heads[],
    size_t num, struct error *err) MUST_USE;

#endif
