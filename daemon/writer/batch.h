/*
 * batch.h - one commit of the journal: it is given the record, the signer, by
 * what acts are judged and the acts, and gives back by what the next are judged.
 *
 *	batch_new(), batch_append(), batch_commit(), batch_next(), batch_free()
 *
 * Nothing of it counts before batch_commit() is true.  Where batch_append() or
 * batch_commit() fails nothing more may be written: the daemon ends, and the
 * next start cuts off what was not signed.
 */
#ifndef DAEMON_WRITER_BATCH_H
#define DAEMON_WRITER_BATCH_H

#include "daemon/record.h"
#include "daemon/signer/signer.h"
#include "daemon/writer/act.h"

/* By what the acts of a batch are judged. */
struct batch_state {
	struct judged_by now;
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
/* By what acts are judged after it. */
struct batch_state batch_next(const struct batch *batch);
/* How many acts on versions it has: that no branch shows yet. */
unsigned batch_num_versions(const struct batch *batch);

#endif
