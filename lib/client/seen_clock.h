/*
 * seen_clock.h - what our own clock said when each size of the journal was
 * seen, and the time of the last entry that was proved: DIR/clock.
 *
 *	valise clock 1
 *	entry INDEX TIME       of the greatest index that was proved
 *	seen SIZE FIRST LAST   by size: when it was first seen, and when it was
 *	                       last named as the newest; "-" if it never was
 *
 * An entry of index SIZE or more came after LAST, one below it before FIRST.
 * It is a help, not a proof: a file that is damaged is begun anew.
 */
#ifndef CLIENT_SEEN_CLOCK_H
#define CLIENT_SEEN_CLOCK_H

#include "base/file.h"
#include "base/limits.h"

struct seen_clock {
	bool has_entry;
	uint64_t index;
	int64_t entry_ms;
	size_t num;
	struct clock_line {
		uint64_t size;
		int64_t first_ms;
		int64_t last_ms; /* 0: it was never named as the newest */
	} lines[LIMIT_CLOCK_LINES];
};

/* Read the file. Empty if there is none, or it cannot be read. */
void clock_load(const char *dir, struct seen_clock *out);
/* Write the file whole or not at all, without a flush. */
bool clock_store(const char *dir, const struct seen_clock *clock,
    struct error *err) MUST_USE;
/* Take over what another command knows. */
void clock_merge(struct seen_clock *clock, const struct seen_clock *other);
void clock_saw(struct seen_clock *clock, uint64_t size, int64_t first_ms,
    int64_t last_ms);
/* When this size was first seen; 0 if it is not known. */
int64_t clock_of(const struct seen_clock *clock, uint64_t size);

/* Remember an entry's time. False if a later entry claims an earlier time. */
bool clock_entry(struct seen_clock *clock, uint64_t index, int64_t time_ms);
/* By how much that time contradicts our own clock; 0: it need not be wrong. */
int64_t clock_differs(const struct seen_clock *clock, uint64_t index,
    int64_t time_ms, int64_t now_ms);

#endif
