/*
 * pool.h - who waits before it has shown a certificate, by network address;
 * and who goes when there are too many.
 *
 * An address is all that is known of a stranger, and many may be behind one: so
 * the address with the most in the pool loses one, and whoever has waited
 * longest of it.  One that fills the pool thereby drives out itself.
 *
 * Not for several threads at once.
 */
#ifndef DAEMON_HTTP_POOL_H
#define DAEMON_HTTP_POOL_H

#include <stdint.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "base/error.h"

struct pool;
struct pool_group;

/* One that waits; a part of its owner's struct. */
struct pool_entry {
	struct pool_group *group; /* of its address; NULL: in no pool */
	TAILQ_ENTRY(pool_entry) same;
};

/*
 * Returns what counts as one address: an IPv4 address, that of an IPv4-mapped
 * IPv6 address, or the first 64 bits of any other IPv6 address, which belong to
 * one subscriber (RFC 6177).
 */
uint64_t pool_address(const struct sockaddr *address);

/* Make a pool for at most max at once, at least 1. */
struct pool *pool_new(size_t max, struct error *err);
void pool_free(struct pool *pool);
/*
 * Add an entry.  The pool then may have one more than its maximum, and nothing
 * may be added until one was removed.
 */
void pool_add(struct pool *pool, struct pool_entry *entry, uint64_t address);
void pool_remove(struct pool *pool, struct pool_entry *entry);
size_t pool_count(const struct pool *pool);
/*
 * Returns who must go so that no more than max wait, or NULL if nobody must: the
 * oldest of the address of which most wait; of several such addresses it is the
 * one that has had so many for longest.  Unless max is 0 the entry that was
 * added last is never chosen.
 */
struct pool_entry *pool_choose(const struct pool *pool, size_t max);

#endif
