/*
 * batch_parts.h - what making the entries of a batch (batch_entries.c) and
 * storing it (batch.c) share: the batch.
 */
#ifndef DAEMON_WRITER_BATCH_PARTS_H
#define DAEMON_WRITER_BATCH_PARTS_H

#include "daemon/writer/batch.h"

enum { BATCH_SALT = sizeof(((struct entry *)NULL)->salt) };

/* One commit of the journal, being made. */
struct batch {
	const struct record *record;
	struct signer *signer;
	struct batch_state state; /* the state after the entries so far */
	struct act_request *acts;
	uint64_t first; /* the index of its first entry */
	int64_t time_ms;
	struct pack *pack;
	struct buf lines; /* the entries' bytes, one after another */
	size_t *ends;
	struct entry *entries; /* the same entries, as structs */
	size_t num;
	/* A hash of the document's name for each act on a version. */
	uint64_t *touched;
	size_t num_touched;
	bool exclusive;
	struct head head; /* set when they are appended */
	/* Random bytes, not used yet. */
	uint8_t salts[16 * BATCH_SALT];
	size_t num_salts;
};

/*
 * Add an act of any kind: its objects to the pack, its entries to the lines.
 * An act that must be judged again is ACT_AGAIN.  False if it fails; then err
 * of the act is filled in, and what was added is the caller's to undo.
 */
bool batch_add_act(struct batch *batch, struct act_request *act) MUST_USE;

#endif
