/*
 * A batch: the objects and entries of its acts are appended together, and the
 * signer signs one checkpoint over them (batch.h).
 */
#include "daemon/writer/batch_parts.h"

#include <stdlib.h>
#include <time.h>

#include "daemon/log.h"
#include "daemon/metrics.h"
#include "daemon/writer/proposed.h"
#include "record/refs.h"

bool
batch_is_exclusive(const struct batch *batch)
{
	return batch->exclusive;
}

static int64_t
now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

/* Have the checkpoint signed; this is the commit point. */
static bool
sign_journal(struct batch *batch, struct error *err)
{
	struct journal *journal = batch->record->journal;
	const uint64_t old = journal_size(journal);
	const int64_t began = now_us();
	struct merkle_proof proof;
	bool ok;

	ok = journal_prove_consistency(journal, old, batch->head.size, &proof,
		 err) &&
	    (signer_checkpoint(batch->signer, &batch->head, &proof, err) ||
		proposed_stop(journal, err));
	metrics_time(METRIC_COMMIT_SIGNER, now_us() - began);
	ok = ok && journal_commit(journal, &batch->head, err);
	metrics_batch(batch->num);
	metrics_set(METRIC_JOURNAL_SIZE, (int64_t)batch->head.size);
	return ok;
}

static bool
is_on_version(const struct act_request *act)
{
	return act->act == ACT_DEPOSIT || act->act == ACT_SIGN ||
	    act->act == ACT_TERMINATE;
}

/*
 * Set the titles of new versions, which their acts brought; the lock is held.
 */
static void
set_titles(const struct batch *batch)
{
	struct ledger *ledger = batch->record->ledger;

	for (const struct act_request *act = batch->acts; act != NULL;
	     act = act->next) {
		struct ledger_document *doc;

		if (act->result != ACT_DONE || !is_on_version(act) ||
		    act->act == ACT_TERMINATE)
			continue;
		doc = ledger_find(ledger, act->document);
		if (doc != NULL)
			ledger_set_title(ledger, doc, act->title,
			    act->languages);
	}
}

/* Apply the entries to the ledger and the library. */
static bool
apply_ledger(struct batch *batch, struct error *err)
{
	const struct record *record = batch->record;
	bool ok = true;

	ledger_write_lock(record->ledger);
	for (size_t i = 0; ok && i < batch->num; i++)
		ok = ledger_apply(record->ledger, batch->first + i,
			 &batch->entries[i], err) &&
		    library_follow(record->library, batch->first + i,
			&batch->entries[i], err);
	if (ok)
		set_titles(batch);
	ledger_unlock(record->ledger);
	return ok;
}

/* Has the act objects, which need far more of the disk than its entry? */
static bool
has_objects(const struct act_request *act)
{
	return is_on_version(act) || act->act == ACT_POLICY ||
	    act->act == ACT_CRL;
}

/* Fail all acts, or those that have objects.  Returns how many that were. */
static unsigned
fail_acts(const struct batch *batch, bool all, const struct error *why)
{
	unsigned num = 0;

	for (struct act_request *act = batch->acts; act != NULL;
	     act = act->next)
		if (act->result == ACT_DONE && (all || has_objects(act))) {
			num++;
			act->result = ACT_FAILED;
			act->err = *why;
			snprintf(act->err.detail, sizeof(act->err.detail),
			    "it could not be stored; nothing was changed, try"
			    " again later");
		}
	return num;
}

/* Remove the entries after the first num. */
static void
undo_entries(struct batch *batch, size_t num)
{
	batch->num = num;
	batch->lines.len = num > 0 ? batch->ends[num - 1] : 0;
}

/* Add the acts that did not fail before. */
static void
add_acts(struct batch *batch)
{
	for (struct act_request *act = batch->acts; act != NULL;
	     act = act->next) {
		const size_t before = batch->num;

		if (act->result != ACT_DONE)
			continue;
		if (batch_add_act(batch, act)) {
			batch->exclusive =
			    batch->exclusive || act_is_exclusive(act);
			continue;
		}
		undo_entries(batch, before);
		act->result = ACT_FAILED;
		log_error("act", "document=%s reason=%s",
		    log_text(act->document), log_text(act->err.detail));
		/* A full disk fails this act only, not the daemon. */
		error_make_unavailable(&act->err);
	}
}

struct batch *
batch_new(const struct record *record, struct signer *signer,
    const struct batch_state *state, struct act_request *acts,
    struct error *err)
{
	struct batch *batch = calloc(1, sizeof(*batch));
	size_t num = 0;

	for (struct act_request *act = acts; act != NULL; act = act->next) {
		act->result = ACT_DONE;
		num++;
	}
	if (batch != NULL) {
		batch->record = record;
		batch->signer = signer;
		batch->state = *state;
		batch->acts = acts;
		batch->first = state->size;
		batch->time_ms = time_now_ms();
		if (batch->time_ms < state->time_ms)
			batch->time_ms = state->time_ms;
		batch->lines = BUF(SIZE_MAX);
		/* Each act has an entry, and perhaps a "force". */
		batch->entries = malloc(2 * num * sizeof(*batch->entries));
		batch->ends = malloc(2 * num * sizeof(*batch->ends));
		batch->touched = malloc(num * sizeof(*batch->touched));
	}
	if (batch == NULL || batch->entries == NULL || batch->ends == NULL ||
	    batch->touched == NULL) {
		error_set_errno(err, "batch");
		batch_free(batch);
		return NULL;
	}
	if ((batch->pack = pack_new(record->store, err)) == NULL) {
		batch_free(batch);
		return NULL;
	}
	return batch;
}

void
batch_free(struct batch *batch)
{
	if (batch == NULL)
		return;
	pack_free(batch->pack);
	buf_free(&batch->lines);
	free(batch->entries);
	free(batch->ends);
	free(batch->touched);
	free(batch);
}

/*
 * List the refs of the chains of policies and CRLs that must move; returns
 * their number.  Unlike the documents' branches, which are written later, they
 * belong to the batch: their entries name no commit, so they could not be
 * restored.
 */
static size_t
list_names(const struct batch *batch, struct branch names[])
{
	size_t num = 0;

	for (const struct act_request *act = batch->acts; act != NULL;
	     act = act->next)
		if (act->result == ACT_DONE &&
		    (act->act == ACT_POLICY || act->act == ACT_CRL))
			names[num++] =
			    (struct branch){ act->act == ACT_POLICY ? REF_POLICY
								    : REF_CRLS,
				    act->commit };
	return num;
}

struct proposing {
	int64_t began;
	struct signer *signer;
};

/*
 * Objects and names are durable now: measure their time apart from the
 * entries'.
 */
static void
measure_objects(void *arg)
{
	struct proposing *proposing = arg;
	const int64_t now = now_us();

	metrics_time(METRIC_COMMIT_PACK, now - proposing->began);
	proposing->began = now;
}

/* A proposal_marker. */
static bool
mark(void *arg, const struct proposal *proposal, struct digest *out,
    struct error *err)
{
	const struct proposing *proposing = arg;
	const struct head head = { .size =
				       proposal->size + proposal->num_entries,
		.root = proposal->root };

	return signer_mark(proposing->signer, proposal->size, &head, out, err);
}

/* Propose the whole batch to the backend: objects, names and entries. */
static bool
propose(struct batch *batch, struct error *err)
{
	struct span *lines = calloc(batch->num, sizeof(*lines));
	struct branch *names = calloc(batch->num, sizeof(*names));
	struct proposing proposing = { now_us(), batch->signer };
	struct proposal proposal = { .entries = lines,
		.num_entries = batch->num,
		.objects = pack_objects(batch->pack),
		.names = names,
		.stored = measure_objects,
		.mark = mark,
		.arg = &proposing };
	size_t from = 0;
	bool ok = lines != NULL && names != NULL;

	if (!ok)
		error_set_errno(err, "journal");
	for (size_t i = 0; ok && i < batch->num; i++) {
		lines[i] = span_sub(buf_span(&batch->lines), from,
		    batch->ends[i] - from);
		from = batch->ends[i];
	}
	if (ok)
		proposal.num_names = list_names(batch, names);
	batch->head.time_ms = batch->time_ms;
	ok = ok &&
	    journal_propose(batch->record->journal, &proposal, &batch->head,
		err);
	metrics_time(METRIC_COMMIT_ENTRIES, now_us() - proposing.began);
	free(lines);
	free(names);
	return ok;
}

/*
 * Have the disk set apart what applying the entries will write, with those of
 * the batch before, which may not be applied yet.
 */
static bool
allocate_ledger(const struct batch *batch, struct error *err)
{
	const struct record *record = batch->record;

	while (!ledger_allocate(record->ledger,
	    batch->num + 2 * LIMIT_BATCH_ACTS, err)) {
		if (!err->is_full)
			return false;
		if (!journal_use_reserve(record->journal, 0))
			return error_make_unavailable(err);
		*err = (struct error){ 0 };
	}
	return true;
}

/*
 * Nothing was stored: fail the acts that have objects, or all if none has, and
 * begin anew without them.
 */
static bool
begin_again(struct batch *batch, const struct batch_state *before,
    const struct error *why, struct error *err)
{
	log_error("pack", "reason=%s", log_text(why->detail));
	if (fail_acts(batch, false, why) == 0)
		fail_acts(batch, true, why);
	undo_entries(batch, 0);
	batch->state = *before;
	batch->exclusive = false;
	batch->num_touched = 0;
	pack_free(batch->pack);
	batch->pack = pack_new(batch->record->store, err);
	return batch->pack != NULL;
}

bool
batch_append(struct batch *batch, struct error *err)
{
	const struct batch_state before = batch->state;
	struct error why;

	for (;;) {
		add_acts(batch);
		if (batch->num == 0)
			return true;
		batch->state.size = batch->first + batch->num;
		batch->state.time_ms = batch->time_ms;
		if (allocate_ledger(batch, err) && propose(batch, err))
			return true;
		if (err->kind != ERROR_UNAVAILABLE && err->kind != ERROR_FULL)
			return false;
		why = *err;
		*err = (struct error){ 0 };
		if (!begin_again(batch, &before, &why, err))
			return false;
	}
}

bool
batch_commit(struct batch *batch, struct error *err)
{
	return batch->num == 0 ||
	    (sign_journal(batch, err) && apply_ledger(batch, err));
}

struct batch_state
batch_next(const struct batch *batch)
{
	return batch->state;
}

unsigned
batch_num_versions(const struct batch *batch)
{
	unsigned num = 0;

	for (const struct act_request *act = batch->acts; act != NULL;
	     act = act->next)
		num += act->result == ACT_DONE && is_on_version(act);
	return num;
}
