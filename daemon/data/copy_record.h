/*
 * copy_record.h - copying a record from one backend to another, and comparing
 * the two.
 *
 * Objects come first, then the entries, head by head, then the names.  Each
 * step may be interrupted: the next run goes on after the newest head that the
 * destination has, which must be one of the source's.
 */
#ifndef DAEMON_DATA_COPY_RECORD_H
#define DAEMON_DATA_COPY_RECORD_H

#include "journal/journal.h"

struct copy_pair {
	/* The journal of the source: what it has now is copied. */
	const struct journal *journal;
	struct backend *from;
	struct backend *to; /* with the right to write, for copy_record() */
};

struct copy_result {
	uint64_t size, num_heads, num_objects, num_branches;
	/* Of these, what was not there yet. */
	uint64_t new_entries, new_objects;
};

/*
 * Copy what the destination has not.
 *
 * ERROR_CONFLICT  it has more than the source, or another history
 */
bool copy_record(const struct copy_pair *pair, struct copy_result *out,
    struct error *err) MUST_USE;
/*
 * Compare all of it: entries byte by byte, the root that they lead to at each
 * head, heads with their signatures, objects by their hashes, names.
 *
 * ERROR_UNTRUSTED  they differ
 */
bool copy_compare(const struct copy_pair *pair, struct copy_result *out,
    struct error *err) MUST_USE;

#endif
