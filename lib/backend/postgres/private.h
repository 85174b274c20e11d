/*
 * private.h - what the files of this folder share: connections, calls, and the
 * struct behind the backend.
 */
#ifndef BACKEND_POSTGRES_PRIVATE_H
#define BACKEND_POSTGRES_PRIVATE_H

#include <pthread.h>

#include <libpq-fe.h>

#include "backend/patience.h"
#include "backend/postgres/postgres.h"
#include "backend/postgres/statements.h"
#include "base/limits.h"

/* The version of the tables. */
#define SCHEMA_VERSION 4

enum {
	PIECE_BYTES = 1 << 20, /* the longest zlib stream in one row */
	ID_BYTES = 16, /* of a record, an upload, a holder of the lease */
};

/* --- Settings (settings.c, service.c). --- */

enum { KEYWORDS_MAX = 40 };

/* The arguments of PQconnectdbParams(): both lists end with NULL. */
struct keywords {
	const char *names[KEYWORDS_MAX + 1]; /* of libpq, or literals */
	char *values[KEYWORDS_MAX + 1];
	size_t num;
};

/*
 * Make the keywords of these settings, with all defaults; writes: a server that
 * only reads is passed over.  Errors are those of postgres_check_settings().
 */
bool keywords_make(const struct postgres_settings *settings, bool writes,
    struct keywords *out, struct error *err) MUST_USE;
void keywords_free(struct keywords *keywords);
/* Returns the value, or NULL. */
const char *keywords_get(const struct keywords *keywords, const char *name);
/* Set a value, unless there is one. */
bool keywords_default(struct keywords *keywords, const char *name,
    const char *value, struct error *err) MUST_USE;
/* Add what a section of the file of services gives. */
bool service_read(const char *path, const char *service,
    struct keywords *keywords, struct error *err) MUST_USE;

/* --- Connections (connect.c, schema.c). --- */

/* One connection; one thread at a time has it. */
struct db {
	PGconn *conn;
	bool prepared[STATEMENTS];
	bool warned; /* the server has sent a warning since it was cleared */
	bool failed; /* it is not to be used again */
	/* Until when it must have answered, in monotonic ms; 0: patience.h. */
	int64_t until;
	int64_t asked_ms;  /* when it was asked last; the same */
	int64_t *heard_ms; /* of struct postgres, or NULL */
};

/* What the caller of a failed call may do (db_run() sets it in *what). */
enum failure {
	FAILED,       /* it is an error */
	FAILED_AGAIN, /* it was another transaction's fault: try again */
	FAILED_BROKEN /* the connection is gone */
};

struct pool {
	pthread_mutex_t mutex;
	pthread_cond_t given;
	struct db *idle[LIMIT_DATABASE_READERS];
	unsigned num_idle, num_open, max;
	/*
	 * The setting of synchronous_commit: "on" to write; "off" to read, to
	 * write pieces and to publish, which a later COMMIT makes durable.
	 */
	const char *commit;
};

/*
 * Published heads that were read: they never change, and a search for one reads
 * the same ones again and again.
 */
struct heads {
	pthread_mutex_t mutex;
	struct {
		uint64_t n; /* its number plus 1; 0: none */
		struct head head;
	} * list; /* or NULL: no memory */
};

/* Small objects that were asked for together, each until it is found. */
struct ahead {
	pthread_mutex_t mutex;
	struct kept *kept[LIMIT_AHEAD]; /* in a place that its name gives */
};

struct postgres {
	/* Must be first: a pointer to it is cast to the whole. */
	struct backend backend;
	struct keywords keywords;
	unsigned durable;
	bool is_view;
	char id[POSTGRES_ID]; /* of the record; empty until it is known */
	struct pool readers, writers, publisher;
	int64_t heard_ms; /* when the server last said anything; atomic */

	/* The lease (lease.c). */
	pthread_mutex_t mutex;
	pthread_cond_t ending;
	pthread_t thread;
	bool has_thread, is_ending;
	bool is_claimed, is_lost; /* is_lost is atomic */
	struct error lost;        /* why, if not to another; under mutex */
	int64_t renewed_ms;       /* monotonic; atomic */
	uint64_t place;           /* of the settings */
	uint32_t file;            /* of the settings */
	/* The same. */
	bool (*may_publish)(void *arg, struct backend *backend,
	    const struct head *head, struct error *err);
	void *arg;
	uint8_t holder[ID_BYTES]; /* begins with the place, if there is one */
	uint64_t epoch;

	uint64_t num_heads; /* atomic */
	struct heads heads;
	struct ahead ahead;
};

struct postgres *postgres_of(struct backend *backend);

/* Remove libpq's variables from the environment. */
void postgres_clear_environment(void);
/*
 * Connect, and prepare the session; NULL on failure. *heard_ms gets the time
 * whenever the server says anything; or NULL.
 */
struct db *db_open(const struct keywords *keywords, const char *commit,
    int64_t *heard_ms, struct error *err);
void db_close(struct db *db);
/* For how long has the server said nothing?  0 before postgres_claim(). */
int64_t postgres_silent_ms(struct backend *backend);

/*
 * Check the tables' version and, writes, the role; get the record's id.  Errors
 * are those of postgres_open().
 */
bool schema_check(struct db *db, bool writes, char id[POSTGRES_ID],
    struct error *err) MUST_USE;

void pool_init(struct pool *pool, unsigned max, const char *commit);
void pool_close(struct pool *pool);
/*
 * Take a connection, and wait for one if all are taken; a request no longer than
 * for an answer.  NULL on failure.
 */
struct db *pool_take(struct postgres *postgres, struct pool *pool,
    struct error *err);
/* Give it back; one that failed is closed, and all that idle with it. */
void pool_give(struct pool *pool, struct db *db);

/* --- Calls (call.c). --- */

enum { PARAMS = 8 };

/* The parameters of a statement, all in binary; bytes are borrowed. */
struct params {
	const char *values[PARAMS];
	int lengths[PARAMS];
	uint8_t numbers[PARAMS][8];
	int num;
};

void params_u64(struct params *params, uint64_t value);
void params_bytes(struct params *params, struct span bytes);
void params_text(struct params *params, const char *text);
void params_null(struct params *params);

/*
 * Run a statement and return its result, which the caller clears.  NULL on
 * failure; *what says of which kind, unless it is NULL.
 *
 * ERROR_UNAVAILABLE  the connection or the server failed, not the statement
 * ERROR_SYSTEM       is_full: no room on the server's disk
 */
PGresult *db_run(struct db *db, enum statement statement,
    const struct params *params, enum failure *what, struct error *err);
/*
 * The same of a statement that is a transaction of its own: wait as long as its
 * COMMIT takes.  Without a result it is not known whether it was done.
 */
PGresult *db_run_alone(struct db *db, enum statement statement,
    const struct params *params, struct error *err);
/*
 * Send a statement that is prepared, or what prepares it; false:
 * PQerrorMessage() says why.  db_answer() takes the answer.
 */
bool db_send_prepare(struct db *db, enum statement statement) MUST_USE;
bool db_send(struct db *db, enum statement statement,
    const struct params *params) MUST_USE;
PGresult *db_answer(struct db *db, enum failure *what, struct error *err);
/* The same of a statement without parameters, which is not kept; as text. */
PGresult *db_ask(struct db *db, const char *sql, enum failure *what,
    struct error *err);
bool db_do(struct db *db, const char *sql, enum failure *what,
    struct error *err) MUST_USE;
/*
 * Run a statement that reads on a connection of the readers; once more where a
 * connection is broken.  A request waits no longer for all of it than for an
 * answer, and not at all where the server has been silent for so long.
 */
PGresult *postgres_read(struct postgres *postgres, enum statement statement,
    const struct params *params, struct error *err);
/* The server has said something. */
void db_heard(const struct db *db);
/* Set *err after a call of libpq that failed with this result (or NULL). */
enum failure db_failed(struct db *db, const PGresult *result,
    struct error *err);
/*
 * Wait for the end of the command that was sent, and return its last result;
 * NULL: none came in time.
 */
PGresult *db_finish(struct db *db);
/* Send what is not sent yet. */
bool db_flush(struct db *db) MUST_USE;

enum commit {
	COMMIT_DONE,
	COMMIT_UNDONE, /* nothing was changed */
	COMMIT_LOST,   /* it is not known */
};
/* Commit the transaction, and wait as long as it takes. */
enum commit db_commit(struct db *db, enum failure *what, struct error *err);
/* The same once COMMIT was sent, with db->warned cleared before. */
enum commit db_take_commit(struct db *db, enum failure *what,
    struct error *err);
/* End a transaction without a change; a failure closes the connection. */
void db_rollback(struct db *db);

/* Columns of a result; false, with ERROR_UNTRUSTED, if they have another form. */
bool row_u64(const PGresult *result, int row, int column, uint64_t *out,
    struct error *err) MUST_USE;
bool row_bytes(const PGresult *result, int row, int column, void *out,
    size_t len, struct error *err) MUST_USE;
struct span row_span(const PGresult *result, int row, int column);
/* The same of a result in text: "" where the server sent no such row or column. */
const char *row_text(const PGresult *result, int row, int column);

/*
 * Arrays as parameters: begin, and add so many items; one without bytes is NULL.
 * The types are as PostgreSQL numbers them.
 */
enum array_of {
	ARRAY_OF_BYTES = 17,
	ARRAY_OF_NUMBERS = 20, /* each 8 bytes */
	ARRAY_OF_TEXTS = 25,
};
bool array_begin(struct buf *out, enum array_of type, size_t num,
    struct error *err) MUST_USE;
bool array_add(struct buf *out, struct span item, struct error *err) MUST_USE;
bool array_add_number(struct buf *out, uint64_t value,
    struct error *err) MUST_USE;
/* A whole array of names (objects.c). */
bool oids_array(const struct oid oids[], size_t num, struct buf *out,
    struct error *err) MUST_USE;

/* --- Several statements at once (pipeline.c). --- */

/* Is this result the one that is wanted?  Else the transaction ends undone. */
typedef bool answer_check(void *arg, const PGresult *result, struct error *err);

struct answer {
	answer_check *check; /* or NULL: any result */
	void *arg;
	unsigned prepares; /* a statement, and 1; or 0 */
};

/* Statements of one transaction. */
struct pipeline {
	struct db *db;
	struct answer *answers;
	size_t num, room;
	size_t num_checked;   /* up to the last one that has a check */
	size_t taken;         /* answers */
	bool is_wrong;        /* one of those is not the one that is wanted */
	enum failure failure; /* of sending */
};

bool pipeline_begin(struct pipeline *pipeline, struct db *db,
    struct error *err) MUST_USE;
/* Send one more; the parameters are needed until this returns, arg to the end. */
bool pipeline_add(struct pipeline *pipeline, enum statement statement,
    const struct params *params, answer_check *check, void *arg,
    struct error *err) MUST_USE;
/*
 * Take the answers that are to be checked, while the server goes on with what
 * was added after them.
 */
bool pipeline_check(struct pipeline *pipeline, enum failure *what,
    struct error *err) MUST_USE;
/*
 * Take the answers that are left, and check them in turn.  ok: all was added, and
 * pipeline_check() was right, if it was called.  One of these two is to be called
 * in any case after pipeline_begin().
 */
bool pipeline_end(struct pipeline *pipeline, bool ok, enum failure *what,
    struct error *err) MUST_USE;
/*
 * After pipeline_check(): send COMMIT behind what the server is still at work on,
 * take the answers that are left, and wait as long as COMMIT takes.
 */
enum commit pipeline_commit(struct pipeline *pipeline, enum failure *what,
    struct error *err);

/* --- COPY (copy.c). --- */

/* Rows on their way into a table, in PostgreSQL's binary form. */
struct copy {
	struct db *db;
	struct buf bytes;
};

bool copy_begin(struct copy *copy, struct db *db, const char *sql,
    enum failure *what, struct error *err) MUST_USE;
bool copy_row(struct copy *copy, unsigned columns, struct error *err) MUST_USE;
bool copy_u64(struct copy *copy, uint64_t value, struct error *err) MUST_USE;
bool copy_bytes(struct copy *copy, struct span bytes,
    struct error *err) MUST_USE;
bool copy_null(struct copy *copy, struct error *err) MUST_USE;
/* ok: all rows were given.  It frees copy in any case. */
bool copy_end(struct copy *copy, bool ok, enum failure *what,
    struct error *err) MUST_USE;

/* --- Transactions (transact.c). --- */

/*
 * Run a transaction of the writers: work() is called between BEGIN and COMMIT.
 * It is called again where another transaction was in the way, and, for so many
 * seconds, where the connection or COMMIT's answer was lost: doing it twice must
 * have the effect of once.
 */
typedef bool postgres_work(void *arg, struct db *db, enum failure *what,
    struct error *err);
bool postgres_transact(struct postgres *postgres, unsigned seconds,
    postgres_work *work, void *arg, struct error *err) MUST_USE;

/* --- The lease (lease.c). --- */

bool postgres_claim(struct backend *backend, struct error *err) MUST_USE;
bool postgres_renew(struct backend *backend, struct error *err) MUST_USE;
void postgres_end_lease(struct postgres *postgres);

/* --- The log (log.c, propose.c). --- */

bool postgres_propose(struct backend *backend, const struct proposal *proposal,
    struct error *err) MUST_USE;
void heads_init(struct heads *heads);
void heads_free(struct heads *heads);
bool postgres_publish(struct backend *backend, const struct head *head,
    uint64_t end, struct error *err) MUST_USE;
bool postgres_flush_heads(struct backend *backend, struct error *err) MUST_USE;
uint64_t postgres_num_heads(struct backend *backend);
bool postgres_head(struct backend *backend, uint64_t n, struct head *out,
    struct error *err) MUST_USE;
bool postgres_read_entries(struct backend *backend, uint64_t at, void *out,
    size_t len, struct error *err) MUST_USE;
bool postgres_log_bytes(struct backend *backend, uint64_t *out,
    struct error *err) MUST_USE;
bool postgres_recover(struct backend *backend, struct head *newest,
    uint64_t *dropped, struct error *err) MUST_USE;
bool postgres_settle(struct backend *backend, const struct head *signer,
    uint64_t end, struct error *err) MUST_USE;
bool postgres_proposed(struct backend *backend, uint64_t after,
    struct proposed *out, struct error *err) MUST_USE;

/* --- Two daemons (members.c). --- */

void postgres_stop(struct backend *backend, const char *reason);
bool postgres_check_stop(struct postgres *postgres, struct error *err) MUST_USE;
/* Is this column, of a result's first row, the reason of a stop?  Else it is NULL. */
bool stop_check(const PGresult *result, int column, struct error *err) MUST_USE;

/* The newest proposal. */
struct top {
	uint64_t epoch, size, at;
	struct digest root;
};

/*
 * Check that enough machines flush a transaction, by the setting in a column of
 * its result.
 *
 * ERROR_UNAVAILABLE  too few: it must not be committed
 */
bool durable_check(const struct postgres *postgres, const PGresult *result,
    int column, struct error *err) MUST_USE;
bool top_parse(const PGresult *result, struct top *out,
    struct error *err) MUST_USE;
/*
 * Read it in a transaction that changes its row and commits: it waits for the
 * one whose answer was lost, and what it reads is as durable as itself.
 */
bool postgres_fence(struct postgres *postgres, struct top *out,
    struct error *err) MUST_USE;

/* --- Objects (objects.c, stream.c, sets.c, upload.c). --- */

bool postgres_has(struct backend *backend, const struct oid *oid);
bool postgres_has_each(struct backend *backend, const struct oid oids[],
    size_t num, bool is_there[], struct error *err) MUST_USE;
bool postgres_find(struct backend *backend, const struct oid *oid,
    enum object_form form, struct object *out, struct error *err) MUST_USE;
void postgres_release(struct object *object);
bool postgres_stream(const struct object *object, enum object_bytes bytes,
    byte_sink *sink, void *arg, struct buf *raw, uint64_t *packed,
    struct error *err) MUST_USE;
bool postgres_each(struct backend *backend, object_visitor *visit, void *arg,
    struct error *err) MUST_USE;
bool postgres_check(struct backend *backend, unsigned part, unsigned parts,
    damage_visitor *tell, void *arg, uint64_t *num, struct error *err) MUST_USE;

/* An object that was found. */
struct found {
	struct postgres *postgres;
	struct oid oid;
	enum object_type type;
	uint64_t size, packed;
	/* Its stream, in a row of this result, or in pieces of an upload. */
	PGresult *result;  /* or NULL: it is read when it is needed */
	struct kept *kept; /* or NULL; the stream is in this */
	struct span stream;
	bool is_inline;
	uint8_t upload[ID_BYTES];
};

/* An object that was asked for ahead (ahead.c). */
struct kept {
	struct oid oid;
	enum object_type type;
	uint64_t size;
	size_t len;
	uint8_t stream[];
};

void ahead_init(struct ahead *ahead);
void ahead_free(struct ahead *ahead);
void postgres_ahead(struct backend *backend, const struct oid oids[],
    size_t num);
/* Take an object out, which the caller frees; NULL: it is not there. */
struct kept *ahead_take(struct ahead *ahead, const struct oid *oid);
/* Free what found holds. */
void found_free(struct found *found);
/*
 * Parse the columns that statements of objects have: oid, type, size, packed,
 * upload; and z, the stream of one in a row.
 */
bool found_parse(const PGresult *result, int row, struct found *out,
    struct error *err) MUST_USE;
bool found_parse_stream(const PGresult *result, int row, struct found *found,
    struct error *err) MUST_USE;

/* Visit all objects from one id on, up to another; and stop where it is false. */
typedef bool found_visitor(void *arg, struct found *found, struct error *err);
bool postgres_each_found(struct postgres *postgres, unsigned part,
    unsigned parts, found_visitor *visit, void *arg,
    struct error *err) MUST_USE;
/* Give an object's bytes to sink (as the table's stream()), and hash them. */
bool found_stream(const struct found *found, enum object_bytes bytes,
    byte_sink *sink, void *arg, struct buf *raw, struct error *err) MUST_USE;

struct object_set *set_begin(struct backend *backend, struct error *err);
void set_drop(struct object_set *objects);
bool set_finish(struct object_set *objects, struct error *err) MUST_USE;
bool set_take(struct object_set *objects, const struct object_set *from,
    struct error *err) MUST_USE;
bool set_has(const struct object_set *objects, const struct oid *oid,
    uint64_t size);
bool set_object_begin(struct object_set *objects, const struct oid *oid,
    enum object_type type, uint64_t size, struct error *err) MUST_USE;
bool set_object_piece(struct object_set *objects, struct span piece,
    struct error *err) MUST_USE;
void set_object_end(struct object_set *objects);
void set_object_undo(struct object_set *objects);
/* Add what writes the set's objects within a transaction. */
bool set_send(struct object_set *objects, struct pipeline *pipeline,
    struct error *err) MUST_USE;

/* --- Names (names.c). --- */

bool postgres_name_get(struct backend *backend, const char *name,
    struct oid *out);
bool postgres_name_set(struct backend *backend, const char *name,
    const struct oid *oid, struct error *err) MUST_USE;
bool postgres_each_branch(struct backend *backend, branch_visitor *visit,
    void *arg, size_t *num_strays, struct error *err) MUST_USE;
bool postgres_set_branches(struct backend *backend,
    const struct branch branches[], size_t num, struct error *err) MUST_USE;
/* Add what sets names within a transaction. */
bool names_send(struct pipeline *pipeline, const struct branch names[],
    size_t num, struct error *err) MUST_USE;

/* --- Exhibits (exhibits.c). --- */

bool postgres_add_exhibits(struct backend *backend,
    const struct exhibit exhibits[], size_t num, struct error *err) MUST_USE;
bool postgres_each_exhibit(struct backend *backend, enum exhibit_kind kind,
    const struct span *name, exhibit_visitor *visit, void *arg,
    struct error *err) MUST_USE;

#endif
