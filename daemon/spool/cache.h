/*
 * cache.h - built copies, so that a document in demand is built once.  The
 * folder may be deleted at any time.
 */
#ifndef DAEMON_SPOOL_CACHE_H
#define DAEMON_SPOOL_CACHE_H

#include "base/digest.h"
#include "store/store.h"

struct cache;

struct cache *cache_new(const char *dir, uint64_t max_bytes, struct error *err);
void cache_free(struct cache *cache);

/* Returns the open copy of that name; -1 if there is none. */
int cache_open(struct cache *cache, const char *name, uint64_t *size);
bool cache_has(struct cache *cache, const char *name);
/* Put a file that file_temporary() made under a name; fd stays open. */
void cache_put(struct cache *cache, const char *name, int fd, uint64_t size);

/* Bytes of all copies. */
uint64_t cache_bytes(struct cache *cache);
/* Remove copies until so many bytes are gone, or all are; the oldest first. */
void cache_shrink(struct cache *cache, uint64_t bytes);

#endif
