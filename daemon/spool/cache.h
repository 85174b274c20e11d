/*
 * cache.h - built copies, so that a document in demand is built once; and who
 * was delivered what within a day, for ranges.  May be deleted any time.
 */
#ifndef DAEMON_SPOOL_CACHE_H
#define DAEMON_SPOOL_CACHE_H

#include "base/digest.h"
#include "store/store.h"

struct cache;

struct cache *cache_new(const char *dir, uint64_t max_bytes, struct error *err);
void cache_free(struct cache *cache);

/* The copy of that name, open; -1 if there is none. */
int cache_open(struct cache *cache, const char *name, uint64_t *size);
bool cache_has(struct cache *cache, const char *name);
/* Put a file that file_temporary() made under a name; fd stays open. */
void cache_put(struct cache *cache, const char *name, int fd, uint64_t size);

/* A delivery of what key stands for, now or within the last 24 hours. */
void cache_delivered(struct cache *cache, const struct digest *key,
    int64_t now_ms);
bool cache_was_delivered(struct cache *cache, const struct digest *key,
    int64_t now_ms);

#endif
