/*
 * Transactions that write, and what follows when COMMIT's answer is lost.
 */
#include <time.h>

#include "backend/postgres/private.h"
#include "base/time.h"

enum { TRIES = 8, SHORTEST_MS = 20, LONGEST_MS = 1000 };

/* Wait before the n-th try after a connection was lost. */
static void
wait_before(unsigned n)
{
	const long ms = n < 6 ? (long)SHORTEST_MS << n : (long)LONGEST_MS;
	const struct timespec time = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&time, NULL);
}

/* Run the transaction once. */
static enum commit
run_once(struct db *db, postgres_work *work, void *arg, enum failure *what,
    struct error *err)
{
	*what = FAILED;
	if (db_do(db, "BEGIN", what, err) && work(arg, db, what, err))
		return db_commit(db, what, err);
	db_rollback(db);
	return COMMIT_UNDONE;
}

/* How a try ended, and whether there is to be another one. */
struct tried {
	enum commit end;
	enum failure what;
	unsigned n; /* of tries before */
};

/*
 * What may have been stored is always found out; an idle connection that broke
 * meanwhile is no failure; a server that is not there is waited for.
 */
static bool
goes_on(const struct tried *tried, unsigned seconds, int64_t began,
    const struct error *err)
{
	const int64_t now = time_monotonic_ms();

	if (tried->end == COMMIT_LOST)
		return now < began + LIMIT_SECONDS_DATABASE * INT64_C(1000);
	if (err->kind != ERROR_UNAVAILABLE || tried->what == FAILED)
		return false;
	if (tried->what == FAILED_AGAIN)
		return tried->n < TRIES;
	/* A request has waited as long as it may. */
	if (patience_is_for_requests() &&
	    now >= began + LIMIT_SECONDS_RECORD * INT64_C(1000))
		return false;
	return tried->n == 0 || now < began + (int64_t)seconds * 1000;
}

bool
postgres_transact(struct postgres *postgres, unsigned seconds,
    postgres_work *work, void *arg, struct error *err)
{
	const int64_t began = time_monotonic_ms();
	struct tried tried = { .n = 0 };

	for (;; tried.n++) {
		struct error why = { 0 };
		struct db *db = pool_take(postgres, &postgres->writers, &why);

		tried.end = COMMIT_UNDONE;
		tried.what = FAILED_BROKEN;
		if (db != NULL)
			tried.end = run_once(db, work, arg, &tried.what, &why);
		pool_give(&postgres->writers, db);
		if (tried.end == COMMIT_DONE)
			return true;
		*err = why;
		if (!goes_on(&tried, seconds, began, err))
			return false;
		if (tried.what != FAILED_AGAIN && tried.n > 0)
			wait_before(tried.n);
	}
}

/* --- The fence. --- */

struct fencing {
	const struct postgres *postgres;
	struct top *top;
};

static bool
fence(void *arg, struct db *db, enum failure *what, struct error *err)
{
	struct fencing *fencing = arg;
	PGresult *result = db_run(db, FENCE_HEAD, NULL, what, err);
	const bool ok = result != NULL && top_parse(result, fencing->top, err);

	PQclear(result);
	return ok;
}

bool
postgres_fence(struct postgres *postgres, struct top *out, struct error *err)
{
	struct fencing fencing = { postgres, out };

	return postgres_transact(postgres, LIMIT_SECONDS_DATABASE, fence,
	    &fencing, err);
}

bool
top_parse(const PGresult *result, struct top *out, struct error *err)
{
	return (PQntuples(result) == 1 ||
		   error_set(err, ERROR_UNTRUSTED,
		       "postgresql: table head has no row")) &&
	    row_u64(result, 0, 0, &out->epoch, err) &&
	    row_u64(result, 0, 1, &out->size, err) &&
	    row_u64(result, 0, 2, &out->at, err) &&
	    row_bytes(result, 0, 3, out->root.bytes, 32, err);
}
