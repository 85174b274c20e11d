/*
 * Proposing: entries, their objects and names, and the new head, in one
 * transaction.  It moves the head first, which only the holder of the newest
 * epoch can, and only from the size that it knows.
 */
#include "backend/postgres/private.h"

enum {
	TRIES = 8,
	BULK_ENTRIES = 512, /* more than a daemon's batch has: by COPY */
};

struct proposing {
	struct postgres *postgres;
	const struct proposal *proposal;
	uint64_t size, end; /* after it */
	struct digest mark;
	bool was_stored; /* the caller was told */
	bool is_refused; /* the head is not the one that is known */
	bool is_stopped; /* this handle may not write any more */
};

/* --- One transaction. --- */

/* Why did the head not move? */
static bool
say_why(struct proposing *proposing, struct db *db, enum failure *what,
    struct error *err)
{
	const struct postgres *postgres = proposing->postgres;
	PGresult *result = db_run(db, GET_HEAD, NULL, what, err);
	struct top top = { 0 };
	const bool ok = result != NULL && top_parse(result, &top, err);

	PQclear(result);
	if (!ok)
		return false;
	proposing->is_stopped = true;
	if (top.epoch != postgres->epoch)
		return error_set_outside(err,
		    "postgresql: another process has taken over (epoch %llu,"
		    " and not %llu): nothing more is written",
		    (unsigned long long)top.epoch,
		    (unsigned long long)postgres->epoch);
	return error_set(err, ERROR_UNTRUSTED,
	    "postgresql: the database has %llu entries, and not the %llu that"
	    " were written: it went back to an older state, or another program"
	    " wrote to it. Nothing more is written",
	    (unsigned long long)top.size,
	    (unsigned long long)proposing->proposal->size);
}

/* An answer_check of MOVE_HEAD. */
static bool
check_moved(void *arg, const PGresult *result, struct error *err)
{
	struct proposing *proposing = arg;

	proposing->is_refused = PQntuples(result) != 1;
	return !proposing->is_refused && stop_check(result, 1, err) &&
	    durable_check(proposing->postgres, result, 0, err);
}

static bool
move_head(struct proposing *proposing, struct pipeline *pipeline,
    struct error *err)
{
	const struct proposal *proposal = proposing->proposal;
	struct params params = { .num = 0 };

	params_u64(&params, proposing->postgres->epoch);
	params_u64(&params, proposal->size);
	params_u64(&params, proposing->size);
	params_u64(&params, proposing->end);
	params_bytes(&params, digest_span(&proposal->root));
	params_u64(&params, proposal->at);
	if (proposal->mark != NULL)
		params_bytes(&params, digest_span(&proposing->mark));
	else
		params_null(&params);
	return pipeline_add(pipeline, MOVE_HEAD, &params, check_moved,
	    proposing, err);
}

/*
 * An answer_check of FENCE_HEAD.  Without entries the head stays; it must be ours
 * nevertheless.
 */
static bool
check_head(void *arg, const PGresult *result, struct error *err)
{
	struct proposing *proposing = arg;
	struct top top = { 0 };

	if (!top_parse(result, &top, err) ||
	    !durable_check(proposing->postgres, result, 4, err))
		return false;
	proposing->is_refused = top.epoch != proposing->postgres->epoch ||
	    top.size != proposing->proposal->size;
	return !proposing->is_refused;
}

/* Add the statement that adds the entries. */
static bool
send_entries(const struct proposal *proposal, struct pipeline *pipeline,
    struct error *err)
{
	struct buf numbers = BUF(SIZE_MAX), places = BUF(SIZE_MAX),
		   lines = BUF(SIZE_MAX);
	const size_t num = proposal->num_entries;
	struct params params = { .num = 0 };
	uint64_t at = proposal->at;
	bool ok;

	ok = array_begin(&numbers, ARRAY_OF_NUMBERS, num, err) &&
	    array_begin(&places, ARRAY_OF_NUMBERS, num, err) &&
	    array_begin(&lines, ARRAY_OF_BYTES, num, err);
	for (size_t i = 0; ok && i < num; i++) {
		ok = array_add_number(&numbers, proposal->size + i, err) &&
		    array_add_number(&places, at, err) &&
		    array_add(&lines, proposal->entries[i], err);
		at += 2 + proposal->entries[i].len;
	}
	params_bytes(&params, buf_span(&numbers));
	params_bytes(&params, buf_span(&places));
	params_bytes(&params, buf_span(&lines));
	ok =
	    ok && pipeline_add(pipeline, ADD_ENTRIES, &params, NULL, NULL, err);
	buf_free(&numbers);
	buf_free(&places);
	buf_free(&lines);
	return ok;
}

/* Many entries: as send_entries(), after all else was sent and answered. */
static bool
copy_entries(const struct proposal *proposal, struct db *db, enum failure *what,
    struct error *err)
{
	uint64_t at = proposal->at;
	struct copy copy;
	bool ok;

	ok = copy_begin(&copy, db,
	    "COPY entry (i, at, line) FROM STDIN (FORMAT binary)", what, err);
	for (size_t i = 0; ok && i < proposal->num_entries; i++) {
		ok = copy_row(&copy, 3, err) &&
		    copy_u64(&copy, proposal->size + i, err) &&
		    copy_u64(&copy, at, err) &&
		    copy_bytes(&copy, proposal->entries[i], err);
		at += 2 + proposal->entries[i].len;
	}
	return copy_end(&copy, ok, what, err);
}

static bool
is_bulk(const struct proposal *proposal)
{
	return proposal->num_entries > BULK_ENTRIES;
}

/* Send all that is to be changed, in order. */
static bool
send_all(struct proposing *proposing, struct pipeline *pipeline,
    struct error *err)
{
	const struct proposal *proposal = proposing->proposal;

	return pipeline_add(pipeline, BEGIN_ALL, NULL, NULL, NULL, err) &&
	    (proposal->num_entries > 0
		    ? move_head(proposing, pipeline, err)
		    : pipeline_add(pipeline, FENCE_HEAD, NULL, check_head,
			  proposing, err)) &&
	    (proposal->objects == NULL ||
		set_send(proposal->objects, pipeline, err)) &&
	    names_send(pipeline, proposal->names, proposal->num_names, err) &&
	    (proposal->num_entries == 0 || is_bulk(proposal) ||
		send_entries(proposal, pipeline, err));
}

/* Tell the caller, once, that objects and names are written. */
static void
tell_stored(struct proposing *proposing)
{
	const struct proposal *proposal = proposing->proposal;

	if (proposal->stored != NULL && !proposing->was_stored)
		proposal->stored(proposal->arg);
	proposing->was_stored = true;
}

/*
 * Do it all.  COMMIT is sent once it is known that the head moved: from then on
 * nobody else can move it before this transaction has ended, one way or the
 * other, so a lost answer can be found out.
 */
static enum commit
write_all(struct proposing *proposing, struct db *db, enum failure *what,
    struct error *err)
{
	const struct proposal *proposal = proposing->proposal;
	struct pipeline pipeline;
	bool ok;

	proposing->is_refused = false;
	if (!pipeline_begin(&pipeline, db, err))
		return COMMIT_UNDONE;
	ok = send_all(proposing, &pipeline, err) &&
	    pipeline_check(&pipeline, what, err);
	if (ok && !is_bulk(proposal)) {
		tell_stored(proposing);
		return pipeline_commit(&pipeline, what, err);
	}
	if (!pipeline_end(&pipeline, ok, what, err))
		return COMMIT_UNDONE;
	tell_stored(proposing);
	return copy_entries(proposal, db, what, err) ? db_commit(db, what, err)
						     : COMMIT_UNDONE;
}

/* Undo it, and say why the head did not move, if it did not. */
static void
undo_all(struct proposing *proposing, struct db *db, enum failure *what,
    struct error *err)
{
	db_rollback(db);
	if (proposing->is_refused && !db->failed) {
		*err = (struct error){ 0 };
		*what = FAILED;
		(void)say_why(proposing, db, what, err);
	}
}

/* --- Until it is known. --- */

/*
 * COMMIT's answer was lost: *done tells whether the proposal was stored, once
 * that is certain.
 */
static bool
find_out(struct proposing *proposing, bool *done, struct error *err)
{
	const struct proposal *proposal = proposing->proposal;
	struct error why = { 0 };
	struct top top = { 0 };

	if (!postgres_fence(proposing->postgres, &top, &why)) {
		proposing->is_stopped = true;
		return error_set_outside(err,
		    "postgresql: it is not known whether the last entries"
		    " were stored, and on how many machines: %s",
		    why.detail);
	}
	*done = proposal->num_entries > 0 && top.size == proposing->size &&
	    top.epoch == proposing->postgres->epoch &&
	    digest_eq(&top.root, &proposal->root);
	if (*done ||
	    (top.size == proposal->size &&
		top.epoch == proposing->postgres->epoch))
		return true;
	proposing->is_stopped = true;
	return error_set_outside(err,
	    "postgresql: another process has taken over (epoch %llu, and not"
	    " %llu): nothing more is written",
	    (unsigned long long)top.epoch,
	    (unsigned long long)proposing->postgres->epoch);
}

/* Try once; *again: nothing was stored, and it may be tried again. */
static bool
try_once(struct proposing *proposing, bool *again, struct error *err)
{
	struct postgres *postgres = proposing->postgres;
	struct db *db = pool_take(postgres, &postgres->writers, err);
	enum failure what = FAILED;
	enum commit end;
	bool done = false;

	*again = false;
	if (db == NULL)
		return false;
	end = write_all(proposing, db, &what, err);
	if (end == COMMIT_UNDONE)
		undo_all(proposing, db, &what, err);
	pool_give(&postgres->writers, db);
	if (end == COMMIT_LOST) {
		if (!find_out(proposing, &done, err))
			return false;
		*again = !done;
		return done;
	}
	*again = end == COMMIT_UNDONE && what != FAILED;
	return end == COMMIT_DONE;
}

static uint64_t
end_of(const struct proposal *proposal)
{
	uint64_t end = proposal->at;

	for (size_t i = 0; i < proposal->num_entries; i++)
		end += 2 + proposal->entries[i].len;
	return end;
}

bool
postgres_propose(struct backend *backend, const struct proposal *proposal,
    struct error *err)
{
	struct proposing proposing = { .postgres = postgres_of(backend),
		.proposal = proposal,
		.size = proposal->size + proposal->num_entries,
		.end = end_of(proposal) };
	bool again = true;

	if (!postgres_renew(backend, err))
		return false;
	if (proposal->mark != NULL && proposal->num_entries > 0 &&
	    !proposal->mark(proposal->arg, proposal, &proposing.mark, err))
		return false;
	for (unsigned n = 0; again && n < TRIES; n++) {
		*err = (struct error){ 0 };
		if (try_once(&proposing, &again, err)) {
			*err = (struct error){ 0 };
			return true;
		}
	}
	/* What is damaged, or another's, no second try makes right. */
	if (proposing.is_stopped || err->kind == ERROR_UNTRUSTED)
		return false;
	return error_make_unavailable(err);
}
