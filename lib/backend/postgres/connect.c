/*
 * Connections: opening one, with the settings of its session, and a pool of
 * them for the threads that read and for those that write.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "backend/postgres/private.h"
#include "base/time.h"

enum {
	OLDEST_SERVER = 150000,
	/* libpq waits no shorter; who says no says it sooner. */
	REFUSED_MS = 2000,
};

/* Count warnings: a COMMIT that comes with one is not believed. */
static void
take_notice(void *arg, const PGresult *notice)
{
	const char *severity =
	    PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
	struct db *db = arg;

	if (severity == NULL || strcmp(severity, "WARNING") == 0)
		db->warned = true;
}

/*
 * The settings of a session.  A transaction that its client leaves idle ends,
 * so that one that hangs does not keep others from writing.
 */
static bool
set_session(struct db *db, const char *commit, struct error *err)
{
	char sql[640];

	snprintf(sql, sizeof(sql),
	    "SET synchronous_commit = %s; SET search_path = valise;"
	    " SET default_transaction_isolation = 'read committed';"
	    " SET client_min_messages = warning; SET lock_timeout = '%ds';"
	    " SET statement_timeout = '%ds';"
	    " SET idle_in_transaction_session_timeout = '%ds';"
	    " SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5;"
	    " SET tcp_keepalives_count = 3; SET tcp_user_timeout = 30000",
	    commit, LIMIT_SECONDS_DATABASE, LIMIT_SECONDS_DATABASE,
	    LIMIT_SECONDS_LEASE);
	return db_do(db, sql, NULL, err);
}

/* Why there is no connection: the server says no, or nothing. */
static void
say_unconnected(const struct db *db, struct error *err)
{
	const char *why = PQerrorMessage(db->conn);
	const bool is_silent = time_monotonic_ms() - db->asked_ms >= REFUSED_MS;

	if (!is_silent)
		db_heard(db);
	if (is_silent && patience_is_for_requests()) {
		(void)patience_over(db->asked_ms, err);
		return;
	}
	error_set(err, ERROR_UNAVAILABLE, "postgresql: %.*s",
	    (int)strcspn(why, "\n"), why);
}

struct db *
db_open(const struct keywords *keywords, const char *commit, int64_t *heard_ms,
    struct error *err)
{
	struct db *db = calloc(1, sizeof(*db));

	if (db == NULL) {
		error_set_errno(err, "postgresql");
		return NULL;
	}
	db->heard_ms = heard_ms;
	db->asked_ms = time_monotonic_ms();
	db->conn = PQconnectdbParams(keywords->names,
	    (const char *const *)keywords->values, 0);
	if (PQstatus(db->conn) != CONNECTION_OK) {
		say_unconnected(db, err);
	} else if (PQserverVersion(db->conn) < OLDEST_SERVER) {
		error_set(err, ERROR_REFUSED,
		    "postgresql: the server is older than version 15");
	} else {
		PQsetNoticeReceiver(db->conn, take_notice, db);
		if (PQsetnonblocking(db->conn, 1) == 0 &&
		    set_session(db, commit, err))
			return db;
		if (err->kind == ERROR_NONE)
			error_set_outside(err, "postgresql: no memory");
	}
	db_close(db);
	return NULL;
}

void
db_close(struct db *db)
{
	if (db == NULL)
		return;
	PQfinish(db->conn);
	free(db);
}

/* --- A pool. --- */

void
pool_init(struct pool *pool, unsigned max, const char *commit)
{
	pthread_condattr_t attr;

	*pool = (struct pool){ .max = max, .commit = commit };
	pthread_mutex_init(&pool->mutex, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&pool->given, &attr);
	pthread_condattr_destroy(&attr);
}

static void
close_idle(struct pool *pool)
{
	while (pool->num_idle > 0) {
		db_close(pool->idle[--pool->num_idle]);
		pool->num_open--;
	}
}

void
pool_close(struct pool *pool)
{
	close_idle(pool);
	pthread_cond_destroy(&pool->given);
	pthread_mutex_destroy(&pool->mutex);
}

/* Is this the database that was opened, and one that keeps what it says? */
static bool
check_record(struct postgres *postgres, struct db *db, struct error *err)
{
	PGresult *result = db_ask(db,
	    "SELECT id::text, current_setting('fsync'),"
	    " current_setting('full_page_writes') FROM valise.meta",
	    NULL, err);
	bool ok = result != NULL;

	if (ok && PQntuples(result) != 1)
		ok = error_set(err, ERROR_UNTRUSTED,
		    "postgresql: table meta has no row");
	if (ok && strcmp(postgres->id, row_text(result, 0, 0)) != 0)
		ok = error_set(err, ERROR_UNTRUSTED,
		    "postgresql: this is another record, %.36s and not %s: the"
		    " connection leads to another database than before",
		    row_text(result, 0, 0), postgres->id);
	if (ok && !postgres->is_view &&
	    (strcmp(row_text(result, 0, 1), "on") != 0 ||
		strcmp(row_text(result, 0, 2), "on") != 0))
		ok = error_set(err, ERROR_REFUSED,
		    "postgresql: the server has fsync or full_page_writes"
		    " switched off: it would lose what it said was kept");
	PQclear(result);
	return ok;
}

static struct db *
open_checked(struct postgres *postgres, const char *commit, struct error *err)
{
	struct db *db =
	    db_open(&postgres->keywords, commit, &postgres->heard_ms, err);

	if (db == NULL || postgres->id[0] == '\0' ||
	    check_record(postgres, db, err))
		return db;
	db_close(db);
	return NULL;
}

static bool
has_one(const struct pool *pool)
{
	return pool->num_idle > 0 || pool->num_open < pool->max;
}

/*
 * Wait until one is idle, or may be opened; a request until its patience is over.
 * The mutex is held.
 */
static bool
wait_for_one(struct pool *pool)
{
	const int64_t until = patience_until(PATIENCE_ANSWER);
	const struct timespec at = { until / 1000, until % 1000 * 1000000 };
	bool is_over = false;

	while (!is_over && !has_one(pool))
		if (patience_is_for_requests())
			is_over = pthread_cond_timedwait(&pool->given,
				      &pool->mutex, &at) == ETIMEDOUT;
		else
			pthread_cond_wait(&pool->given, &pool->mutex);
	return has_one(pool);
}

struct db *
pool_take(struct postgres *postgres, struct pool *pool, struct error *err)
{
	const int64_t since_ms = time_monotonic_ms();
	struct db *db = NULL;
	bool is_one;

	pthread_mutex_lock(&pool->mutex);
	is_one = wait_for_one(pool);
	if (is_one && pool->num_idle > 0)
		db = pool->idle[--pool->num_idle];
	else if (is_one)
		pool->num_open++;
	pthread_mutex_unlock(&pool->mutex);
	if (!is_one) {
		(void)patience_over(since_ms, err);
		return NULL;
	}
	if (db == NULL &&
	    (db = open_checked(postgres, pool->commit, err)) == NULL) {
		pthread_mutex_lock(&pool->mutex);
		pool->num_open--;
		pthread_cond_signal(&pool->given);
		pthread_mutex_unlock(&pool->mutex);
	}
	if (db != NULL)
		db->until = 0;
	return db;
}

void
pool_give(struct pool *pool, struct db *db)
{
	if (db == NULL)
		return;
	pthread_mutex_lock(&pool->mutex);
	if (db->failed || PQstatus(db->conn) != CONNECTION_OK ||
	    PQtransactionStatus(db->conn) != PQTRANS_IDLE) {
		db_close(db);
		pool->num_open--;
		/* The server went away: the others do not work either. */
		close_idle(pool);
	} else {
		pool->idle[pool->num_idle++] = db;
	}
	pthread_cond_signal(&pool->given);
	pthread_mutex_unlock(&pool->mutex);
}
