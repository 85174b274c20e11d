/*
 * fsck.h - the check of a data folder: everything that an audit checks, and git
 * objects, refs, journal files and the signer's memory, each against the
 * others.  It only reads, with or without a running daemon.
 */
#ifndef DAEMON_DATA_FSCK_H
#define DAEMON_DATA_FSCK_H

#include "record/audit.h"
#include "record/data.h"

enum fsck_weight {
	FSCK_WRONG,
	FSCK_DERIVED,  /* wrong, and can be made again */
	FSCK_DISPUTED, /* nothing is wrong: a CA took a signature away later */
};

struct fsck_settings {
	struct data_place place;
	unsigned threads;
	bool without_signer; /* this process may not read the signer's memory */
	/*
	 * Keep what is known of each entry, some 100 bytes, in files of the
	 * journal's folder that have no name, and not in memory, unless the
	 * disk has little room: for a check in the daemon.
	 */
	bool spares_memory;
	/* Called from any thread, one call at a time. */
	void (*report)(void *arg, const struct audit_finding *finding,
	    enum fsck_weight weight);
	void *arg;
	const bool *stop; /* or NULL: end early once it is true */
};

struct fsck_result {
	uint64_t size, num_heads, num_objects, num_versions, num_cosignatures;
	/*
	 * The newest entries of a database that the folder does not know: a
	 * daemon that stands by there makes that up.
	 */
	uint64_t behind;
	/*
	 * What others handed in, and the next start puts into tables that were
	 * brought to this version.
	 */
	size_t num_unshared;
	/*
	 * num_derived of the num_findings are derived.  num_disputed are beside
	 * them.
	 */
	size_t num_findings, num_derived, num_disputed;
	bool is_complete;
};

/* Check a data folder.  Returns false only if that was not possible at all. */
bool fsck_run(const struct fsck_settings *settings, struct fsck_result *out,
    struct error *err) MUST_USE;
/*
 * Make again what follows from the record: hashes, nodes, torn heads, refs.
 * The daemon must not run; its lock is taken.
 */
bool fsck_repair(const struct data_place *place, struct error *err) MUST_USE;

#endif
