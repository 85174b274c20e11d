/*
 * The log: published heads, and reading entries.
 */
#include <stdlib.h>
#include <string.h>

#include "backend/postgres/private.h"

enum { HEADS_AT_ONCE = 32 };

/* --- Heads. --- */

static bool
parse_head(const PGresult *result, int row, uint64_t *n, struct head *out,
    struct error *err)
{
	uint64_t time = 0;

	if (!row_u64(result, row, 0, n, err) ||
	    !row_u64(result, row, 1, &out->size, err) ||
	    !row_u64(result, row, 2, &time, err) ||
	    !row_bytes(result, row, 3, out->root.bytes, 32, err) ||
	    !row_bytes(result, row, 4, out->signature, 64, err))
		return error_context(err, "a published head");
	out->time_ms = (int64_t)time;
	return true;
}

/* Keep a head in memory, in the place of an older one. */
static void
remember(struct heads *heads, uint64_t n, const struct head *head)
{
	const size_t at = (size_t)(n % LIMIT_HEADS_CACHED);

	if (heads->list == NULL)
		return;
	pthread_mutex_lock(&heads->mutex);
	heads->list[at].n = n + 1;
	heads->list[at].head = *head;
	pthread_mutex_unlock(&heads->mutex);
}

/* Get a head from memory. */
static bool
recall(struct heads *heads, uint64_t n, struct head *out)
{
	const size_t at = (size_t)(n % LIMIT_HEADS_CACHED);
	bool known;

	if (heads->list == NULL)
		return false;
	pthread_mutex_lock(&heads->mutex);
	if ((known = heads->list[at].n == n + 1))
		*out = heads->list[at].head;
	pthread_mutex_unlock(&heads->mutex);
	return known;
}

/* --- Publishing. --- */

/* Fill params in place: they point to the numbers within themselves. */
static void
set_params(uint64_t n, const struct head *head, struct params *out)
{
	out->num = 0;
	params_u64(out, n);
	params_u64(out, head->size);
	params_u64(out, (uint64_t)head->time_ms);
	params_bytes(out, digest_span(&head->root));
	params_bytes(out, span_of(head->signature, 64));
}

/* Did the statement with this result add the head?  Clears it. */
static bool
was_added(PGresult *result)
{
	const bool added =
	    result != NULL && strcmp(PQcmdTuples(result), "1") == 0;

	PQclear(result);
	return added;
}

/*
 * Add the head by a statement that is a transaction of its own, which takes one
 * way there and back.  Its flush is not waited for.  False: it is not known
 * whether it was added.
 */
static bool
publish_at_once(struct postgres *postgres, uint64_t n, const struct head *head)
{
	struct error ignored = { 0 };
	struct db *db = pool_take(postgres, &postgres->publisher, &ignored);
	struct params params;
	bool added = false;

	set_params(n, head, &params);
	if (db != NULL)
		added = was_added(
		    db_run_alone(db, ADD_PUBLISHED, &params, &ignored));
	pool_give(&postgres->publisher, db);
	return added;
}

struct publishing {
	struct postgres *postgres;
	uint64_t n;
	const struct head *head;
};

/* Get the number of the next head: one after the newest, or 0. */
static bool
find_next(struct db *db, uint64_t *next, enum failure *what, struct error *err)
{
	PGresult *result = db_run(db, GET_LAST_PUBLISHED, NULL, what, err);
	uint64_t last = 0;
	bool ok = result != NULL, is_any;

	is_any = ok && PQntuples(result) == 1;
	ok = ok && (!is_any || row_u64(result, 0, 0, &last, err));
	PQclear(result);
	*next = is_any ? last + 1 : 0;
	return ok;
}

static bool
add_head(uint64_t n, const struct head *head, struct db *db, enum failure *what,
    struct error *err)
{
	struct params params;
	PGresult *result;

	set_params(n, head, &params);
	if ((result = db_run(db, ADD_PUBLISHED, &params, what, err)) == NULL)
		return false;
	return was_added(result) ||
	    error_set(err, ERROR_UNTRUSTED,
		"postgresql: size %llu was not proposed with this root",
		(unsigned long long)head->size);
}

/*
 * Is the head that has our number ours?  An earlier try may have added it before
 * its answer was lost.
 */
static bool
check_same(const struct publishing *publishing, struct db *db,
    enum failure *what, struct error *err)
{
	struct params params = { .num = 0 };
	struct head found = { .size = 0 };
	PGresult *result;
	uint64_t n;
	bool ok;

	params_u64(&params, publishing->n);
	if ((result = db_run(db, GET_PUBLISHED, &params, what, err)) == NULL)
		return false;
	ok = (PQntuples(result) == 1 ||
		 error_set(err, ERROR_UNTRUSTED,
		     "postgresql: head %llu is not there",
		     (unsigned long long)publishing->n)) &&
	    parse_head(result, 0, &n, &found, err) &&
	    (memcmp(&found, publishing->head, sizeof(found)) == 0 ||
		error_set_outside(err,
		    "postgresql: another process has published size"
		    " %llu: nothing more is written",
		    (unsigned long long)found.size));
	PQclear(result);
	return ok;
}

/*
 * Add the head in a transaction that is flushed.  A server that crashed may have
 * lost heads whose flush was not waited for: they are added again, from memory.
 */
static bool
publish(void *arg, struct db *db, enum failure *what, struct error *err)
{
	const struct publishing *publishing = arg;
	struct head head;
	uint64_t next;
	PGresult *result;

	if (!find_next(db, &next, what, err))
		return false;
	for (; next < publishing->n; next++)
		if (!recall(&publishing->postgres->heads, next, &head))
			return error_set(err, ERROR_UNTRUSTED,
			    "postgresql: head %llu is not there",
			    (unsigned long long)next);
		else if (!add_head(next, &head, db, what, err))
			return false;
	if (next == publishing->n)
		return add_head(next, publishing->head, db, what, err);
	if (!check_same(publishing, db, what, err))
		return false;
	/* What was found is to be as durable as if it had been added now. */
	PQclear(result = db_run(db, FENCE_HEAD, NULL, what, err));
	return result != NULL;
}

bool
postgres_publish(struct backend *backend, const struct head *head, uint64_t end,
    struct error *err)
{
	struct postgres *postgres = postgres_of(backend);
	struct publishing publishing = { postgres, postgres_num_heads(backend),
		head };

	(void)end;
	if (!publish_at_once(postgres, publishing.n, head) &&
	    !postgres_transact(postgres, LIMIT_SECONDS_DATABASE, publish,
		&publishing, err))
		return false;
	remember(&postgres->heads, publishing.n, head);
	__atomic_store_n(&postgres->num_heads, publishing.n + 1,
	    __ATOMIC_RELEASE);
	return true;
}

/*
 * PostgreSQL flushes its log in order: a transaction that is flushed now makes
 * all heads durable that were committed before it.
 */
bool
postgres_flush_heads(struct backend *backend, struct error *err)
{
	struct top top = { 0 };

	return postgres_fence(postgres_of(backend), &top, err);
}

uint64_t
postgres_num_heads(struct backend *backend)
{
	return __atomic_load_n(&postgres_of(backend)->num_heads,
	    __ATOMIC_ACQUIRE);
}

/*
 * Read the n-th head.  Those beside it come along: a search for a size asks for
 * them next.
 */
static bool
read_head(struct postgres *postgres, uint64_t n, struct head *out,
    struct error *err)
{
	const uint64_t first = n - n % HEADS_AT_ONCE;
	struct params params = { .num = 0 };
	bool ok = true, found = false;
	struct head head;
	PGresult *result;
	uint64_t number;

	params_u64(&params, first);
	params_u64(&params, first + HEADS_AT_ONCE);
	if ((result = postgres_read(postgres, READ_PUBLISHED, &params, err)) ==
	    NULL)
		return false;
	for (int row = 0; ok && row < PQntuples(result); row++) {
		ok = parse_head(result, row, &number, &head, err);
		if (!ok)
			break;
		remember(&postgres->heads, number, &head);
		if (number != n)
			continue;
		*out = head;
		found = true;
	}
	PQclear(result);
	return ok &&
	    (found ||
		error_set(err, ERROR_UNTRUSTED,
		    "postgresql: head %llu is not there",
		    (unsigned long long)n));
}

void
heads_init(struct heads *heads)
{
	pthread_mutex_init(&heads->mutex, NULL);
	heads->list = calloc(LIMIT_HEADS_CACHED, sizeof(*heads->list));
}

void
heads_free(struct heads *heads)
{
	pthread_mutex_destroy(&heads->mutex);
	free(heads->list);
}

bool
postgres_head(struct backend *backend, uint64_t n, struct head *out,
    struct error *err)
{
	struct postgres *postgres = postgres_of(backend);

	return recall(&postgres->heads, n, out) ||
	    read_head(postgres, n, out, err);
}

bool
postgres_recover(struct backend *backend, struct head *newest,
    uint64_t *dropped, struct error *err)
{
	struct postgres *postgres = postgres_of(backend);
	PGresult *result =
	    postgres_read(postgres, GET_LAST_PUBLISHED, NULL, err);
	uint64_t n = 0;
	bool ok = result != NULL, is_any;

	*dropped = 0;
	*newest = (struct head){ .size = 0 };
	is_any = ok && PQntuples(result) == 1;
	ok = ok && (!is_any || parse_head(result, 0, &n, newest, err));
	if (ok)
		__atomic_store_n(&postgres->num_heads, is_any ? n + 1 : 0,
		    __ATOMIC_RELEASE);
	PQclear(result);
	return ok;
}

/* --- Proposals. --- */

static bool
read_chain(struct postgres *postgres, enum statement statement, uint64_t size,
    struct proposed *out, bool *there, struct error *err)
{
	struct params params = { .num = 0 };
	PGresult *result;
	bool ok;

	params_u64(&params, size);
	*out = (struct proposed){ .end = 0 };
	if ((result = postgres_read(postgres, statement, &params, err)) == NULL)
		return false;
	*there = PQntuples(result) == 1;
	ok = !*there ||
	    (row_u64(result, 0, 0, &out->head.size, err) &&
		row_u64(result, 0, 1, &out->end, err) &&
		row_bytes(result, 0, 2, out->head.root.bytes, 32, err));
	out->is_marked = ok && *there && !PQgetisnull(result, 0, 3);
	ok = ok &&
	    (!out->is_marked ||
		row_bytes(result, 0, 3, out->mark.bytes, 32, err));
	PQclear(result);
	return ok;
}

bool
postgres_proposed(struct backend *backend, uint64_t after, struct proposed *out,
    struct error *err)
{
	bool there;

	return read_chain(postgres_of(backend), GET_PROPOSED, after, out,
	    &there, err);
}

/*
 * What the signer signed was proposed, with that root.  Nothing is cut: what
 * was proposed after it is signed next (proposed()).
 */
bool
postgres_settle(struct backend *backend, const struct head *signer,
    uint64_t end, struct error *err)
{
	struct postgres *postgres = postgres_of(backend);
	struct proposed found;
	struct head newest;
	uint64_t dropped;
	bool there;

	if (signer->size == 0)
		return true;
	if (!read_chain(postgres, GET_CHAIN, signer->size, &found, &there,
		err) ||
	    !postgres_recover(backend, &newest, &dropped, err))
		return false;
	if (!there || found.end != end ||
	    !digest_eq(&found.head.root, &signer->root))
		return error_set(err, ERROR_UNTRUSTED,
		    "postgresql: the signer signed size %llu, which was not"
		    " proposed, or with another root",
		    (unsigned long long)signer->size);
	return newest.size >= signer->size ||
	    ((postgres->may_publish == NULL ||
		 postgres->may_publish(postgres->arg, backend, signer, err)) &&
		postgres_publish(backend, signer, end, err));
}

/* --- Entries. --- */

/* A range of the log, and how much of it is filled. */
struct filling {
	uint64_t from, end, at;
	uint8_t *out;
};

/* Copy what of these bytes, which stand at filling->at, is within the range. */
static void
fill(struct filling *filling, struct span bytes)
{
	const uint64_t first =
	    filling->at < filling->from ? filling->from - filling->at : 0;
	const uint64_t start = filling->at + first;

	filling->at += bytes.len;
	if (first >= bytes.len || start >= filling->end)
		return;
	bytes = span_sub(bytes, (size_t)first, bytes.len - (size_t)first);
	if (bytes.len > filling->end - start)
		bytes.len = (size_t)(filling->end - start);
	memcpy(filling->out + (start - filling->from), bytes.data, bytes.len);
}

static bool
fill_row(struct filling *filling, const PGresult *result, int row,
    struct error *err)
{
	const struct span line = row_span(result, row, 1);
	uint8_t length[2];
	uint64_t at = 0;

	if (!row_u64(result, row, 0, &at, err))
		return false;
	if (row == 0 && at <= filling->from)
		filling->at = at;
	if (at != filling->at || line.len > UINT16_MAX)
		return error_set(err, ERROR_UNTRUSTED,
		    "postgresql: an entry is missing or damaged at byte %llu"
		    " of the journal",
		    (unsigned long long)filling->at);
	length[0] = (uint8_t)(line.len >> 8);
	length[1] = (uint8_t)line.len;
	fill(filling, span_of(length, 2));
	fill(filling, line);
	return true;
}

bool
postgres_read_entries(struct backend *backend, uint64_t at, void *out,
    size_t len, struct error *err)
{
	struct filling filling = { at, at + len, 0, out };
	struct params params = { .num = 0 };
	PGresult *result;
	bool ok = true;

	if (len == 0)
		return true;
	params_u64(&params, at);
	params_u64(&params, at + len);
	result =
	    postgres_read(postgres_of(backend), READ_ENTRIES, &params, err);
	if (result == NULL)
		return false;
	for (int row = 0; ok && row < PQntuples(result); row++)
		ok = fill_row(&filling, result, row, err);
	PQclear(result);
	return ok &&
	    (filling.at >= at + len ||
		error_set(err, ERROR_MALFORMED,
		    "postgresql: the journal's entries end too early"));
}

bool
postgres_log_bytes(struct backend *backend, uint64_t *out, struct error *err)
{
	PGresult *result =
	    postgres_read(postgres_of(backend), GET_HEAD, NULL, err);
	struct top top = { 0 };
	const bool ok = result != NULL && top_parse(result, &top, err);

	*out = top.at;
	PQclear(result);
	return ok;
}
