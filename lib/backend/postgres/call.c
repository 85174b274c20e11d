/*
 * Calls: statements with binary parameters, their results, and what a failure
 * means.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>

#include "backend/postgres/private.h"
#include "base/time.h"

/* --- Parameters. --- */

void
params_bytes(struct params *params, struct span bytes)
{
	/* An empty value is not NULL. */
	params->values[params->num] =
	    bytes.len > 0 ? (const char *)bytes.data : "";
	params->lengths[params->num++] = (int)bytes.len;
}

void
params_u64(struct params *params, uint64_t value)
{
	uint8_t *bytes = params->numbers[params->num];

	for (unsigned i = 0; i < 8; i++)
		bytes[i] = (uint8_t)(value >> (56 - 8 * i));
	params_bytes(params, span_of(bytes, 8));
}

void
params_text(struct params *params, const char *text)
{
	params_bytes(params, span_of_str(text));
}

void
params_null(struct params *params)
{
	params->values[params->num++] = NULL;
}

bool
array_begin(struct buf *out, enum array_of type, size_t num, struct error *err)
{
	/*
	 * Dimensions, whether there are NULLs, the type of the elements, their
	 * number, and the first index.  An empty array has no dimension.
	 */
	return buf_append_u32(out, num > 0, err) &&
	    buf_append_u32(out, 1, err) && buf_append_u32(out, type, err) &&
	    (num == 0 ||
		(buf_append_u32(out, (uint32_t)num, err) &&
		    buf_append_u32(out, 1, err)));
}

bool
array_add(struct buf *out, struct span item, struct error *err)
{
	return item.data != NULL ? buf_append_block(out, item, err)
				 : buf_append_u32(out, UINT32_MAX, err);
}

bool
array_add_number(struct buf *out, uint64_t value, struct error *err)
{
	return buf_append_u32(out, 8, err) && buf_append_u64(out, value, err);
}

/* --- Failures. --- */

static bool
is_class(const char *state, const char *class)
{
	return state != NULL && strncmp(state, class, strlen(class)) == 0;
}

/* What an SQLSTATE means to whoever called. */
static enum failure
judge(const PGresult *result, const char *state, struct error *err)
{
	const char *table = PQresultErrorField(result, PG_DIAG_TABLE_NAME);

	/* A row is there already: another may just have stored this object. */
	if (is_class(state, "23505")) {
		const bool is_object =
		    table != NULL && strcmp(table, "object") == 0;

		err->kind = is_object ? ERROR_UNAVAILABLE : ERROR_UNTRUSTED;
		return is_object ? FAILED_AGAIN : FAILED;
	}
	if (is_class(state, "53100") || is_class(state, "53200")) {
		err->is_full = is_class(state, "53100");
		err->is_of_machine = true;
		return FAILED;
	}
	if (is_class(state, "40001") || is_class(state, "40P01")) {
		err->kind = ERROR_UNAVAILABLE;
		return FAILED_AGAIN;
	}
	/* The server shuts down, starts, or the connection broke. */
	if (is_class(state, "57P") || is_class(state, "08") ||
	    is_class(state, "40003")) {
		err->kind = ERROR_UNAVAILABLE;
		return FAILED_BROKEN;
	}
	/* A lock or an answer took too long; too many connections. */
	if (is_class(state, "55P03") || is_class(state, "57014") ||
	    is_class(state, "53") || is_class(state, "25P03"))
		err->kind = ERROR_UNAVAILABLE;
	if (is_class(state, "XX"))
		err->kind = ERROR_UNTRUSTED;
	return FAILED;
}

enum failure
db_failed(struct db *db, const PGresult *result, struct error *err)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *why = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	enum failure what;

	if (why == NULL)
		why = PQerrorMessage(db->conn);
	error_set_outside(err, "postgresql: %.*s%s%s%s",
	    (int)strcspn(why, "\n"), why, state != NULL ? " (SQLSTATE " : "",
	    state != NULL ? state : "", state != NULL ? ")" : "");
	what = judge(result, state, err);
	if (PQstatus(db->conn) != CONNECTION_OK || what == FAILED_BROKEN) {
		db->failed = true;
		err->kind = ERROR_UNAVAILABLE;
		what = FAILED_BROKEN;
	}
	return what;
}

/* --- Running. --- */

void
db_heard(const struct db *db)
{
	if (db->heard_ms != NULL)
		__atomic_store_n(db->heard_ms, time_monotonic_ms(),
		    __ATOMIC_RELAXED);
}

/* Wait until the connection can be read or written; false: it took too long. */
static bool
wait_for(struct db *db, short events, int64_t until)
{
	struct pollfd fd = { .fd = PQsocket(db->conn), .events = events };
	int64_t left = -1;
	int n;

	do {
		if (until > 0 && (left = until - time_monotonic_ms()) <= 0)
			return false;
		n = poll(&fd, 1, left > INT_MAX ? INT_MAX : (int)left);
	} while (n == 0 || (n < 0 && errno == EINTR));
	if (n > 0 && (fd.revents & POLLIN) != 0)
		db_heard(db);
	return n > 0;
}

/* Wait for the result of the command that was sent. */
static bool
wait_result(struct db *db, int64_t until)
{
	for (;;) {
		const int unsent = PQflush(db->conn);

		if (unsent < 0)
			return true; /* PQgetResult() says why */
		if (unsent == 0 && !PQisBusy(db->conn))
			return true;
		if (!wait_for(db,
			(short)(unsent > 0 ? POLLIN | POLLOUT : POLLIN), until))
			return false;
		if (PQconsumeInput(db->conn) == 0)
			return true;
	}
}

/* Until when an answer is waited for; 0: as long as it takes. */
static int64_t
deadline(struct db *db, enum patience what)
{
	db->asked_ms = time_monotonic_ms();
	return what == PATIENCE_ANSWER && db->until != 0 ? db->until
							 : patience_until(what);
}

/* All results of the command up to the last, or one that begins a COPY. */
static PGresult *
finish(struct db *db, enum patience what)
{
	const int64_t until = deadline(db, what);
	PGresult *last = NULL, *result;

	while (wait_result(db, until)) {
		if ((result = PQgetResult(db->conn)) == NULL)
			return last;
		/* The first error is the reason of those after it. */
		if (last != NULL && PQresultStatus(last) == PGRES_FATAL_ERROR) {
			PQclear(result);
			continue;
		}
		PQclear(last);
		last = result;
		if (PQresultStatus(last) == PGRES_COPY_IN)
			return last;
	}
	PQclear(last);
	db->failed = true;
	return NULL;
}

PGresult *
db_finish(struct db *db)
{
	return finish(db, PATIENCE_ANSWER);
}

bool
db_flush(struct db *db)
{
	const int64_t until = deadline(db, PATIENCE_ANSWER);
	int unsent;

	while ((unsent = PQflush(db->conn)) > 0)
		if (!wait_for(db, POLLIN | POLLOUT, until) ||
		    PQconsumeInput(db->conn) == 0)
			return false;
	return unsent == 0;
}

/* Did the command end well?  Else its result is cleared. */
static bool
is_good(struct db *db, PGresult **result, enum failure *what, struct error *err)
{
	const ExecStatusType status = PQresultStatus(*result);
	enum failure failure;

	if (!db->failed &&
	    (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK ||
		status == PGRES_COPY_IN || status == PGRES_PIPELINE_SYNC))
		return true;
	if (*result == NULL && db->failed) {
		(void)patience_over(db->asked_ms, err);
		failure = FAILED_BROKEN;
	} else {
		failure = db_failed(db, *result, err);
	}
	if (what != NULL)
		*what = failure;
	PQclear(*result);
	*result = NULL;
	return false;
}

PGresult *
db_answer(struct db *db, enum failure *what, struct error *err)
{
	PGresult *result = db_finish(db);

	return is_good(db, &result, what, err) ? result : NULL;
}

bool
db_send_prepare(struct db *db, enum statement statement)
{
	char name[16];

	snprintf(name, sizeof(name), "s%d", (int)statement);
	return PQsendPrepare(db->conn, name, statements[statement], 0, NULL) ==
	    1;
}

static bool
prepare(struct db *db, enum statement statement, enum failure *what,
    struct error *err)
{
	PGresult *result = NULL;

	if (db->prepared[statement])
		return true;
	if (db_send_prepare(db, statement))
		result = db_finish(db);
	if (!is_good(db, &result, what, err))
		return false;
	PQclear(result);
	return db->prepared[statement] = true;
}

bool
db_send(struct db *db, enum statement statement, const struct params *params)
{
	static const int binary[PARAMS] = { 1, 1, 1, 1, 1, 1, 1, 1 };
	static const struct params none;
	char name[16];

	if (params == NULL)
		params = &none;
	snprintf(name, sizeof(name), "s%d", (int)statement);
	return PQsendQueryPrepared(db->conn, name, params->num, params->values,
		   params->lengths, binary, 1) == 1;
}

static PGresult *
run(struct db *db, enum statement statement, const struct params *params,
    enum patience patience, enum failure *what, struct error *err)
{
	PGresult *result = NULL;

	if (!prepare(db, statement, what, err))
		return NULL;
	if (db_send(db, statement, params))
		result = finish(db, patience);
	return is_good(db, &result, what, err) ? result : NULL;
}

PGresult *
db_run(struct db *db, enum statement statement, const struct params *params,
    enum failure *what, struct error *err)
{
	return run(db, statement, params, PATIENCE_ANSWER, what, err);
}

PGresult *
db_ask(struct db *db, const char *sql, enum failure *what, struct error *err)
{
	PGresult *result = NULL;

	if (PQsendQuery(db->conn, sql) == 1)
		result = db_finish(db);
	return is_good(db, &result, what, err) ? result : NULL;
}

bool
db_do(struct db *db, const char *sql, enum failure *what, struct error *err)
{
	PGresult *result = db_ask(db, sql, what, err);

	PQclear(result);
	return result != NULL;
}

PGresult *
postgres_read(struct postgres *postgres, enum statement statement,
    const struct params *params, struct error *err)
{
	const bool is_request = patience_is_for_requests();
	const int64_t until = is_request ? patience_until(PATIENCE_ANSWER) : 0;

	for (unsigned tries = 0;; tries++) {
		enum failure what = FAILED;
		struct error why = { 0 };
		struct db *db = NULL;
		PGresult *result = NULL;

		if (!is_request || patience_answers(&postgres->backend, &why))
			db = pool_take(postgres, &postgres->readers, &why);
		if (db != NULL) {
			db->until = until;
			result = db_run(db, statement, params, &what, &why);
		}
		pool_give(&postgres->readers, db);
		if (result != NULL)
			return result;
		*err = why;
		if (tries > 0 || db == NULL || what == FAILED ||
		    (until != 0 && time_monotonic_ms() >= until))
			return NULL;
	}
}

/* --- The end of a transaction. --- */

enum commit
db_take_commit(struct db *db, enum failure *what, struct error *err)
{
	PGresult *result = finish(db, PATIENCE_COMMIT);
	enum commit end = COMMIT_LOST;

	if (PQresultStatus(result) == PGRES_COMMAND_OK && !db->failed) {
		/*
		 * A cancel in the wait for a standby gives a warning only.  A
		 * transaction that had failed is rolled back, and says so.
		 */
		if (strcmp(PQcmdStatus(result), "COMMIT") != 0)
			end = COMMIT_UNDONE;
		else if (!db->warned)
			end = COMMIT_DONE;
		error_set(err, ERROR_UNAVAILABLE,
		    end == COMMIT_UNDONE
			? "postgresql: the transaction was rolled back"
			: "postgresql: COMMIT came back with a warning");
	} else {
		*what = db_failed(db, result, err);
		if (*what == FAILED_AGAIN)
			end = COMMIT_UNDONE;
	}
	if (end == COMMIT_DONE)
		*err = (struct error){ 0 };
	PQclear(result);
	return end;
}

enum commit
db_commit(struct db *db, enum failure *what, struct error *err)
{
	db->warned = false;
	if (PQsendQuery(db->conn, "COMMIT") == 1)
		return db_take_commit(db, what, err);
	*what = db_failed(db, NULL, err);
	return COMMIT_LOST;
}

PGresult *
db_run_alone(struct db *db, enum statement statement,
    const struct params *params, struct error *err)
{
	PGresult *result;

	db->warned = false;
	result = run(db, statement, params, PATIENCE_COMMIT, NULL, err);
	/* As in db_commit(): it may not be where it should be. */
	if (result == NULL || !db->warned)
		return result;
	PQclear(result);
	error_set(err, ERROR_UNAVAILABLE,
	    "postgresql: a transaction came back with a warning");
	return NULL;
}

void
db_rollback(struct db *db)
{
	struct error ignored = { 0 };

	if (!db->failed && PQtransactionStatus(db->conn) == PQTRANS_IDLE)
		return;
	if (db->failed || !db_do(db, "ROLLBACK", NULL, &ignored))
		db->failed = true;
}

/* --- Results. --- */

const char *
row_text(const PGresult *result, int row, int column)
{
	const char *text = PQgetvalue(result, row, column);

	return text != NULL ? text : "";
}

/* What the server calls the column, if it has sent one. */
static const char *
name_of(const PGresult *result, int column)
{
	const char *name = PQfname(result, column);

	return name != NULL ? name : "?";
}

struct span
row_span(const PGresult *result, int row, int column)
{
	return span_of(PQgetvalue(result, row, column),
	    (size_t)PQgetlength(result, row, column));
}

bool
row_u64(const PGresult *result, int row, int column, uint64_t *out,
    struct error *err)
{
	struct span value = row_span(result, row, column);

	return (!PQgetisnull(result, row, column) && value.len == 8 &&
		   span_take_u64(&value, out)) ||
	    error_set(err, ERROR_UNTRUSTED,
		"postgresql: column \"%s\" has no number",
		name_of(result, column));
}

bool
row_bytes(const PGresult *result, int row, int column, void *out, size_t len,
    struct error *err)
{
	const struct span value = row_span(result, row, column);

	if (PQgetisnull(result, row, column) || value.len != len)
		return error_set(err, ERROR_UNTRUSTED,
		    "postgresql: column \"%s\" is %zu bytes and not %zu",
		    name_of(result, column), value.len, len);
	memcpy(out, value.data, len);
	return true;
}
