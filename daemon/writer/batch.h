/*
 * batch.h - one commit of the journal.  It is given the record, the signer, the
 * state that it follows and its acts, and returns the state that the next batch
 * follows.  Calls come in this order:
 *
 *	batch_new(), batch_append(), batch_commit(), batch_next(), batch_free()
 *
 * Nothing of a batch counts before batch_commit() has returned true.  After a
 * failure of batch_append() or batch_commit() nothing more may be written: the
 * daemon ends, and the next start cuts off what was not signed.
 */
#ifndef DAEMON_WRITER_BATCH_H
#define DAEMON_WRITER_BATCH_H

#include "daemon/signer/signer.h"
#include "daemon/writer/act.h"
#include "record/record.h"

/*
 * The state that a batch follows: by what its acts are judged, and where it
 * begins.
 */
struct batch_state {
	struct judged_by now;
	uint64_t size;   /* of the journal before it, in entries */
	int64_t time_ms; /* of the entry before it */
	/*
	 * The last entry is a "key": nothing more is signed until the switch.
	 */
	bool replacing;
};

struct batch;

/*
 * Make a batch.  The acts, a list linked by next, stay the caller's; their
 * result is set.
 */
struct batch *batch_new(const struct record *record, struct signer *signer,
    const struct batch_state *state, struct act_request *acts,
    struct error *err);
void batch_free(struct batch *batch);

/*
 * Write objects and entries, durably.  What the batch needs of the disk, up to
 * batch_commit(), is set apart first.  Acts that cannot be stored become
 * ACT_FAILED with ERROR_UNAVAILABLE or, if the disk is full, ERROR_FULL: those
 * with objects first, and the others only if there is no room for entries
 * either.  This function then still returns true.
 */
bool batch_append(struct batch *batch, struct error *err) MUST_USE;
/* Have the checkpoint signed, and apply the entries to the ledger. */
bool batch_commit(struct batch *batch, struct error *err) MUST_USE;
/* Returns the state that the next batch follows; after batch_append(). */
struct batch_state batch_next(const struct batch *batch);
/*
 * While a batch is appended and not yet committed, the next one may be
 * appended.  That one may have no act on a document on which this one has a
 * deposit, signature or termination; and no act at all if this one is exclusive
 * (a policy, CRLs or a key).
 */
bool batch_touches(const struct batch *batch, const char *document);
bool batch_is_exclusive(const struct batch *batch);
/* Must the act wait until nothing is in flight? */
bool act_is_exclusive(const struct act_request *act);
/* Returns the number of its acts on versions, which no branch shows yet. */
unsigned batch_num_versions(const struct batch *batch);

#endif
