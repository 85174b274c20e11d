/*
 * fsck.h - is a data folder whole?  Everything that an audit checks, and git
 * objects, refs, journal files and the signer's memory, each against each.
 * It only reads, beside a running daemon or without one.
 */
#ifndef DAEMON_DATA_FSCK_H
#define DAEMON_DATA_FSCK_H

#include "record/audit.h"

struct fsck_settings {
	const char *data;
	unsigned threads;
	bool without_signer; /* its memory is not this process's to read */
	/* From any thread, one at a time.  derived: it can be made anew. */
	void (*report)(void *arg, const struct audit_finding *finding,
	    bool derived);
	void *arg;
	const bool *stop; /* or NULL: give up early once it is true */
};

struct fsck_result {
	uint64_t size, num_heads, num_objects, num_versions, num_cosignatures;
	size_t num_findings, num_derived; /* derived are among the findings */
	bool is_complete;
};

/* False only where it could not be done at all. */
bool fsck_run(const struct fsck_settings *settings, struct fsck_result *out,
    struct error *err) MUST_USE;
/*
 * Make anew what only follows from the record: hashes, nodes, torn heads, refs.
 * The daemon must be off; its lock is taken.
 */
bool fsck_repair(const char *data, struct error *err) MUST_USE;

#endif
