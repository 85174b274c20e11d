/*
 * The lease: the right to write, which a handle takes and a thread of its own
 * renews.  Its epoch grows with each new holder, and stands in the head too:
 * who was replaced cannot move the head any more.
 */
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "backend/postgres/private.h"
#include "base/time.h"

enum {
	RENEW_MS = LIMIT_SECONDS_LEASE * 1000 / 3,
	LOOK_MS = 100, /* at a lease that another holds */
};

/* --- Renewing. --- */

/* The handle writes nothing more, since the service was stopped. */
static void
end_stopped(struct postgres *postgres, const struct error *why)
{
	pthread_mutex_lock(&postgres->mutex);
	postgres->lost = *why;
	pthread_mutex_unlock(&postgres->mutex);
}

/* Renew once; *lost: another has taken the lease, or the service was stopped. */
static bool
renew_once(struct postgres *postgres, struct db *db, bool *lost,
    struct error *err)
{
	const int64_t now_ms = time_monotonic_ms();
	struct params params = { .num = 0 };
	struct error why = { 0 };
	PGresult *result;

	params_bytes(&params, span_of(postgres->holder, ID_BYTES));
	params_u64(&params, LIMIT_SECONDS_LEASE);
	params_u64(&params, postgres->epoch);
	result = db_run(db, RENEW_LEASE, &params, NULL, err);
	*lost = result != NULL && PQntuples(result) == 0;
	if (result != NULL && !*lost && !stop_check(result, 1, &why)) {
		end_stopped(postgres, &why);
		*lost = true;
	}
	if (result != NULL && !*lost)
		__atomic_store_n(&postgres->renewed_ms, now_ms,
		    __ATOMIC_RELEASE);
	PQclear(result);
	return result != NULL;
}

/* Wait until it is time to renew; false: the handle is being closed. */
static bool
wait_to_renew(struct postgres *postgres)
{
	struct timespec at;
	bool goes_on;
	int n = 0;

	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += RENEW_MS / 1000;
	pthread_mutex_lock(&postgres->mutex);
	while (!postgres->is_ending && n == 0)
		n = pthread_cond_timedwait(&postgres->ending, &postgres->mutex,
		    &at);
	goes_on = !postgres->is_ending;
	pthread_mutex_unlock(&postgres->mutex);
	return goes_on;
}

/*
 * Renewing is not flushed: of a lease that runs on too long or too short no
 * harm comes, since the head has the epoch, and that is flushed.
 */
static void *
renew_always(void *arg)
{
	struct postgres *postgres = arg;
	struct db *db = NULL;
	bool lost = false;

	while (!lost && wait_to_renew(postgres)) {
		struct error ignored = { 0 };

		if (db == NULL)
			db = db_open(&postgres->keywords, "off",
			    &postgres->heard_ms, &ignored);
		if (db != NULL && !renew_once(postgres, db, &lost, &ignored)) {
			db_close(db);
			db = NULL;
		}
	}
	if (lost)
		__atomic_store_n(&postgres->is_lost, true, __ATOMIC_RELEASE);
	db_close(db);
	return NULL;
}

/* --- Taking. --- */

/* A lease as it was found. */
struct seen {
	uint64_t epoch, until;
	bool is_over;
	bool is_ours; /* of the number of this folder, or of a copy of it */
};

static bool
look_at(struct postgres *postgres, struct seen *out, struct error *err)
{
	PGresult *result = postgres_read(postgres, GET_LEASE, NULL, err);
	uint8_t over = 0;
	bool ok = result != NULL;

	if (ok && PQntuples(result) != 1)
		ok = error_set(err, ERROR_UNTRUSTED,
		    "postgresql: table lease has no row");
	ok = ok && row_u64(result, 0, 0, &out->epoch, err) &&
	    row_u64(result, 0, 1, &out->until, err) &&
	    row_bytes(result, 0, 2, &over, 1, err);
	out->is_over = over != 0;
	out->is_ours = ok && postgres->place != 0 &&
	    PQgetlength(result, 0, 3) == ID_BYTES &&
	    memcmp(PQgetvalue(result, 0, 3), postgres->holder,
		sizeof(postgres->place)) == 0;
	PQclear(result);
	return ok;
}

struct taking {
	struct postgres *postgres;
	struct top top;
	bool is_taken;
};

/*
 * Take the lease if it is over, or of the same place, and put its epoch into the
 * head.
 */
static bool
take(void *arg, struct db *db, enum failure *what, struct error *err)
{
	struct taking *taking = arg;
	struct params params = { .num = 0 };
	PGresult *result;
	uint64_t epoch = 0;
	bool ok;

	__atomic_store_n(&taking->postgres->renewed_ms, time_monotonic_ms(),
	    __ATOMIC_RELEASE);
	params_bytes(&params, span_of(taking->postgres->holder, ID_BYTES));
	params_u64(&params, LIMIT_SECONDS_LEASE);
	if ((result = db_run(db, TAKE_LEASE, &params, what, err)) == NULL)
		return false;
	taking->is_taken = PQntuples(result) == 1;
	ok = !taking->is_taken || row_u64(result, 0, 0, &epoch, err);
	PQclear(result);
	if (!ok || !taking->is_taken)
		return ok;
	params.num = 0;
	params_u64(&params, epoch);
	result = db_run(db, TAKE_HEAD, &params, what, err);
	ok = result != NULL && top_parse(result, &taking->top, err) &&
	    durable_check(taking->postgres, result, 4, err);
	PQclear(result);
	return ok;
}

/*
 * Its holder lives.  One of this folder's number holds the lock of a copy: both
 * would count as one, so nothing is done before that is cleared up.
 */
static bool
held_by_another(const struct seen *seen, struct error *err)
{
	return seen->is_ours
	    ? error_set(err, ERROR_REFUSED,
		  "postgresql: a copy of this data folder writes to this"
		  " journal, here or on a machine of the same name. Each daemon"
		  " has a folder of its own: remove one of both, and make"
		  " another by \"valised init --join\" (\"A stand-by\" in the"
		  " operations manual)")
	    : error_set(err, ERROR_CONFLICT,
		  "postgresql: another process writes to this journal");
}

/*
 * Take the lease. One that its holder renews is seen to change; one that
 * nobody renews runs out.
 */
static bool
take_lease(struct postgres *postgres, struct taking *taking, struct error *err)
{
	const int64_t until =
	    time_monotonic_ms() + 2 * INT64_C(1000) * LIMIT_SECONDS_LEASE;
	struct seen first, now;

	if (!postgres_transact(postgres, LIMIT_SECONDS_DATABASE, take, taking,
		err))
		return false;
	if (taking->is_taken)
		return true;
	if (!look_at(postgres, &first, err))
		return false;
	for (now = first;;) {
		const struct timespec pause = { 0, LOOK_MS * 1000000 };

		if (now.is_over) {
			if (!postgres_transact(postgres, LIMIT_SECONDS_DATABASE,
				take, taking, err))
				return false;
			return taking->is_taken || held_by_another(&now, err);
		}
		if (time_monotonic_ms() > until)
			return held_by_another(&now, err);
		nanosleep(&pause, NULL);
		if (!look_at(postgres, &now, err))
			return false;
		if (now.epoch != first.epoch || now.until != first.until)
			return held_by_another(&now, err);
	}
}

/*
 * The numbers of a place or, without one, a number that nobody has; then a number
 * of its own.
 */
static bool
make_holder(struct postgres *postgres, struct error *err)
{
	if (getrandom(postgres->holder, ID_BYTES, 0) != ID_BYTES)
		return error_set_errno(err, "random bytes");
	if (postgres->place != 0) {
		memcpy(postgres->holder, &postgres->place,
		    sizeof(postgres->place));
		memcpy(postgres->holder + sizeof(postgres->place),
		    &postgres->file, sizeof(postgres->file));
	}
	return true;
}

bool
postgres_claim(struct backend *backend, struct error *err)
{
	struct postgres *postgres = postgres_of(backend);
	struct taking taking = { .postgres = postgres };

	if (postgres->is_claimed)
		return postgres_renew(backend, err);
	if (postgres->is_view)
		return error_set(err, ERROR_CONFLICT,
		    "postgresql: this was opened to read only");
	if (!postgres_check_stop(postgres, err) ||
	    !make_holder(postgres, err) || !take_lease(postgres, &taking, err))
		return false;
	postgres->epoch = taking.top.epoch;
	if (pthread_create(&postgres->thread, NULL, renew_always, postgres) !=
	    0)
		return error_set_outside(err, "postgresql: no thread");
	postgres->has_thread = true;
	return postgres->is_claimed = true;
}

/* Say why the handle writes nothing more. */
static bool
say_lost(struct postgres *postgres, struct error *err)
{
	struct error lost;

	pthread_mutex_lock(&postgres->mutex);
	lost = postgres->lost;
	pthread_mutex_unlock(&postgres->mutex);
	if (lost.kind == ERROR_NONE)
		return error_set_outside(err,
		    "postgresql: another process has taken over: nothing more"
		    " is written");
	*err = lost;
	return false;
}

bool
postgres_renew(struct backend *backend, struct error *err)
{
	struct postgres *postgres = postgres_of(backend);

	if (!postgres->is_claimed)
		return error_set_outside(err,
		    "postgresql: this process has no right to write");
	/* Whether it still has it, the head says with each proposal. */
	return !__atomic_load_n(&postgres->is_lost, __ATOMIC_ACQUIRE) ||
	    say_lost(postgres, err);
}

bool
postgres_holds(struct backend *backend, struct error *err)
{
	const struct postgres *postgres = postgres_of(backend);
	const int64_t renewed_ms =
	    __atomic_load_n(&postgres->renewed_ms, __ATOMIC_ACQUIRE);

	return postgres_renew(backend, err) &&
	    (time_monotonic_ms() - renewed_ms <
		    LIMIT_SECONDS_LEASE * INT64_C(1000) ||
		error_set(err, ERROR_UNAVAILABLE,
		    "this daemon has had no answer of its database for %d s, and"
		    " another one may write by now: nothing was changed. Try"
		    " again later",
		    LIMIT_SECONDS_LEASE));
}

/* The thread above asks every few seconds. */
int64_t
postgres_silent_ms(struct backend *backend)
{
	const struct postgres *postgres = postgres_of(backend);

	return !postgres->is_claimed ? 0
				     : time_monotonic_ms() -
		__atomic_load_n(&postgres->heard_ms, __ATOMIC_RELAXED);
}

void
postgres_end_lease(struct postgres *postgres)
{
	struct params params = { .num = 0 };
	struct error ignored = { 0 };
	struct db *db;

	if (!postgres->has_thread)
		return;
	pthread_mutex_lock(&postgres->mutex);
	postgres->is_ending = true;
	pthread_cond_signal(&postgres->ending);
	pthread_mutex_unlock(&postgres->mutex);
	pthread_join(postgres->thread, NULL);
	/* It does not wait for a standby. */
	if ((db = pool_take(postgres, &postgres->readers, &ignored)) == NULL)
		return;
	params_bytes(&params, span_of(postgres->holder, ID_BYTES));
	PQclear(db_run(db, END_LEASE, &params, NULL, &ignored));
	pool_give(&postgres->readers, db);
}
