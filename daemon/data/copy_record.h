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

#include "record/library.h"

struct copy_pair {
	/* The journal of the source: what it has now is copied. */
	const struct journal *journal;
	struct backend *from;
	struct backend *to; /* with the right to write, for copy_record() */
};

/* The exhibits of a record, and what those of a database are judged by. */
struct copy_exhibits {
	const char *folder; /* the data folder that has them, or gets them */
	struct backend *database;
	bool to_files;
	const struct journal *journal;
	struct ledger *ledger;
	struct library *library;
};

struct copy_result {
	uint64_t size, num_heads, num_objects, num_branches;
	/* Of these, what was not there yet. */
	uint64_t new_entries, new_objects;
	size_t num_refused; /* exhibits of a database that are not good */
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

/*
 * Copy what others handed in beside the record, which database and folder keep
 * each in its own way.  Of a database only what is good is taken.
 */
bool copy_exhibits(const struct copy_exhibits *exhibits,
    struct copy_result *out, struct error *err) MUST_USE;

#endif
