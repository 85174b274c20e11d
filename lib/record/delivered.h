/*
 * delivered.h - which `deliver` entries an audit has seen, so that it can judge
 * the `deliveries` entries that count under them: 16 bytes for each.
 */
#ifndef RECORD_DELIVERED_H
#define RECORD_DELIVERED_H

#include "journal/entry.h"
#include "verdict/fields.h"

/* { 0 } is empty; it is freed with delivered_free(). */
struct delivered {
	struct delivery *list; /* in the order of their indices */
	size_t num, room;
};

/*
 * Remember a `deliver` entry; those before the last one are known already.
 * False where there is no memory.
 */
bool delivered_add(struct delivered *all, uint64_t index,
    const struct entry *entry) MUST_USE;
/* Find the one that a `deliveries` entry, which has this index, names. */
enum field_delivery delivered_find(const struct delivered *all, uint64_t index,
    const struct entry *entry);
/* Remember that a `deliveries` entry counted for the one that it names. */
void delivered_count(struct delivered *all, uint64_t index,
    const struct entry *entry);
void delivered_free(struct delivered *all);

/*
 * Append what is remembered of a `deliver` entry, for a file: its index and a
 * hash of what it delivered to whom, each a big-endian u64.
 */
bool delivered_encode(uint64_t index, const struct entry *entry,
    struct buf *out, struct error *err) MUST_USE;
/*
 * Take what such a file has, before any entry is added.
 *
 * ERROR_MALFORMED  it is cut short, or not in order
 * ERROR_SYSTEM     there is no memory
 */
bool delivered_decode(struct delivered *all, struct span bytes,
    struct error *err) MUST_USE;

#endif
