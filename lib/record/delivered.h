/*
 * delivered.h - what a `deliver` entry delivered to whom, so that an audit can
 * judge the `deliveries` entry that counts under it.
 *
 * An audit remembers no `deliver` entries: it looks one up when a `deliveries`
 * entry names it.  What it remembers is which of them were counted: a bit for
 * each index up to the last of these.
 */
#ifndef RECORD_DELIVERED_H
#define RECORD_DELIVERED_H

#include "journal/entry.h"

/*
 * Returns 63 bits of a hash of the version and of whom it went to; the lowest
 * bit is 0.  A `deliveries` entry has that of the `deliver` entry that it
 * counts under.
 */
uint64_t delivered_check(const struct entry *entry);

/*
 * Finds the `deliver` entry with this index, if it is one and was shown.  Sets
 * *is_there, and *check to its delivered_check().
 */
typedef bool delivered_find(void *arg, uint64_t index, bool *is_there,
    uint64_t *check, struct error *err);

/* The `deliver` entries that were counted.  { 0 } is empty. */
struct counted {
	uint8_t *bits;
	uint64_t num; /* of bits; a multiple of 8 */
};

bool counted_has(const struct counted *all, uint64_t index);
/* False where there is no memory. */
bool counted_add(struct counted *all, uint64_t index) MUST_USE;
void counted_free(struct counted *all);

/*
 * A file of what is remembered of `deliver` entries has a record for each, in
 * the order of their indices: index and check, each a big-endian u64.
 */
#define DELIVERED_RECORD 16

bool delivered_encode(uint64_t index, uint64_t check, struct buf *out,
    struct error *err) MUST_USE;
/*
 * Check that these whole records have an order, and come after *last, which is
 * then the last one's index; it begins as UINT64_MAX.
 *
 * ERROR_MALFORMED  they are cut short, or not in order
 */
bool delivered_check_order(struct span records, uint64_t *last,
    struct error *err) MUST_USE;

/* Where such records are; each has DELIVERED_RECORD bytes. */
struct delivered_records {
	/* Reads the n-th one. */
	bool (*read)(void *arg, uint64_t n, uint8_t out[DELIVERED_RECORD],
	    struct error *err);
	void *arg;
	uint64_t num;
};

/* Search them for an index; a delivered_find() is made of it. */
bool delivered_search(const struct delivered_records *records, uint64_t index,
    bool *is_there, uint64_t *check, struct error *err) MUST_USE;

#endif
