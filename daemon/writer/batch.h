/*
 * batch.h - one commit of the journal: it is given the record, the signer, what
 * it follows and its acts, and gives back what the next batch follows.
 *
 *	batch_new(), batch_append(), batch_commit(), batch_next(), batch_free()
 *
 * Nothing of it counts before batch_commit() is true.  Where batch_append() or
 * batch_commit() fails nothing more may be written: the daemon ends, and the
 * next start cuts off what was not signed.
 */
#ifndef DAEMON_WRITER_BATCH_H
#define DAEMON_WRITER_BATCH_H

#include "daemon/signer/signer.h"
#include "daemon/writer/act.h"
#include "record/record.h"

/* What a batch follows: by what its acts are judged, and where it begins. */
struct batch_state {
	struct judged_by now;
	uint64_t size;   /* of the journal before it */
	int64_t time_ms; /* of the entry before it */
	/* A "key" entry is the last: nothing is signed until the switch. */
	bool replacing;
};

struct batch;

/* The acts, a list by next, stay the caller's; their result is set. */
struct batch *batch_new(const struct record *record, struct signer *signer,
    const struct batch_state *state, struct act_request *acts,
    struct error *err);
void batch_free(struct batch *batch);

/*
 * Write objects and entries, durably.  Acts that cannot be stored (a full disk)
 * are ACT_FAILED with ERROR_UNAVAILABLE, and no failure of this.
 */
bool batch_append(struct batch *batch, struct error *err) MUST_USE;
/* Have the checkpoint signed, and the ledger follow. */
bool batch_commit(struct batch *batch, struct error *err) MUST_USE;
/* What the next batch follows; once this one is appended. */
struct batch_state batch_next(const struct batch *batch);
/*
 * While it is appended and not committed yet, the next batch may be appended.
 * That one takes no act on a document on which this one has a deposit,
 * signature or termination; and where this one is exclusive (of a policy, CRLs
 * or a key) it takes none at all.
 */
bool batch_touches(const struct batch *batch, const char *document);
bool batch_is_exclusive(const struct batch *batch);
/* Does an act wait until nothing is in flight? */
bool act_is_exclusive(const struct act_request *act);
/* How many acts on versions it has: that no branch shows yet. */
unsigned batch_num_versions(const struct batch *batch);

#endif
