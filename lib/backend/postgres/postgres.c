/*
 * A database as a backend: opening it, and its table of functions.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "backend/postgres/private.h"

static void
close_postgres(struct backend *backend)
{
	struct postgres *postgres = postgres_of(backend);

	postgres_end_lease(postgres);
	pool_close(&postgres->readers);
	pool_close(&postgres->writers);
	pool_close(&postgres->publisher);
	pthread_cond_destroy(&postgres->ending);
	pthread_mutex_destroy(&postgres->mutex);
	heads_free(&postgres->heads);
	ahead_free(&postgres->ahead);
	keywords_free(&postgres->keywords);
	free(postgres);
}

/* --- What a database does not need. --- */

/* Its disk is the server's. */
static bool
keep_reserve(struct backend *backend, uint64_t bytes, struct error *err)
{
	(void)backend, (void)bytes, (void)err;
	return true;
}

static void
reserve(struct backend *backend, uint64_t *has, uint64_t *wanted)
{
	(void)backend;
	*has = *wanted = 0;
}

static bool
use_reserve(struct backend *backend, uint64_t bytes)
{
	(void)backend, (void)bytes;
	return false;
}

/* Whether an object is whole is seen whenever it is read. */
static void
vouch(const struct object *object)
{
	(void)object;
}

/* No git command reaches the objects, so none needs protection from one. */
static void
keep(struct backend *backend)
{
	(void)backend;
}

static bool
is_kept(struct backend *backend, const struct oid *oid)
{
	(void)backend, (void)oid;
	return false;
}

/* Rows need no joining; the owner's role removes unused pieces. */
static bool
tidy(struct backend *backend, size_t enough, unsigned *joined,
    struct error *err)
{
	(void)backend, (void)enough, (void)err;
	*joined = 0;
	return true;
}

/* The database has nothing that follows from something else. */
static bool
look(struct backend *backend, enum look_how how, note_visitor *tell, void *arg,
    struct error *err)
{
	(void)backend, (void)how, (void)tell, (void)arg, (void)err;
	return true;
}

static const struct backend_table table = {
	.close = close_postgres,
	.claim = postgres_claim,
	.renew = postgres_renew,
	.propose = postgres_propose,
	.publish = postgres_publish,
	.flush_heads = postgres_flush_heads,
	.num_heads = postgres_num_heads,
	.head = postgres_head,
	.read = postgres_read_entries,
	.log_bytes = postgres_log_bytes,
	.recover = postgres_recover,
	.settle = postgres_settle,
	.proposed = postgres_proposed,
	.stop = postgres_stop,
	.keep_reserve = keep_reserve,
	.reserve = reserve,
	.use_reserve = use_reserve,
	.has = postgres_has,
	.has_each = postgres_has_each,
	.find = postgres_find,
	.release = postgres_release,
	.ahead = postgres_ahead,
	.stream = postgres_stream,
	.vouch = vouch,
	.each = postgres_each,
	.begin = set_begin,
	.drop = set_drop,
	.finish = set_finish,
	.take = set_take,
	.is_there = set_has,
	.object_begin = set_object_begin,
	.object_piece = set_object_piece,
	.object_end = set_object_end,
	.object_undo = set_object_undo,
	.name_get = postgres_name_get,
	.name_set = postgres_name_set,
	.each_branch = postgres_each_branch,
	.set_branches = postgres_set_branches,
	.keep = keep,
	.release_kept = keep,
	.is_kept = is_kept,
	.add_exhibits = postgres_add_exhibits,
	.each_exhibit = postgres_each_exhibit,
	.silent_ms = postgres_silent_ms,
	.tidy = tidy,
	.check = postgres_check,
	.look = look,
};

struct postgres *
postgres_of(struct backend *backend)
{
	assert(backend->table == &table);
	return (struct postgres *)backend;
}

static void
init_locks(struct postgres *postgres)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&postgres->ending, &attr);
	pthread_condattr_destroy(&attr);
	pthread_mutex_init(&postgres->mutex, NULL);
}

/* Connect once: is there a record, and what is its id? */
static bool
look_inside(struct postgres *postgres, struct error *err)
{
	struct db *db = pool_take(postgres, &postgres->readers, err);
	char id[POSTGRES_ID];
	const bool ok =
	    db != NULL && schema_check(db, !postgres->is_view, id, err);

	if (ok)
		memcpy(postgres->id, id, sizeof(id));
	/* The next connections are compared with this record, this one too. */
	if (db != NULL)
		db->failed = true;
	pool_give(&postgres->readers, db);
	if (ok && (db = pool_take(postgres, &postgres->readers, err)) != NULL)
		pool_give(&postgres->readers, db);
	return ok && db != NULL;
}

static struct backend *
open_postgres(const struct postgres_settings *settings, bool is_view,
    struct error *err)
{
	struct postgres *postgres = calloc(1, sizeof(*postgres));

	if (postgres == NULL) {
		error_set_errno(err, "postgresql");
		return NULL;
	}
	postgres->backend.table = &table;
	postgres->durable = settings->durable;
	postgres->place = settings->place;
	postgres->file = settings->file;
	postgres->may_publish = settings->may_publish;
	postgres->arg = settings->arg;
	postgres->is_view = is_view;
	init_locks(postgres);
	heads_init(&postgres->heads);
	ahead_init(&postgres->ahead);
	pool_init(&postgres->readers, LIMIT_DATABASE_READERS, "off");
	pool_init(&postgres->writers, LIMIT_DATABASE_WRITERS, "on");
	pool_init(&postgres->publisher, 1, "off");
	if (keywords_make(settings, !is_view, &postgres->keywords, err) &&
	    look_inside(postgres, err))
		return &postgres->backend;
	close_postgres(&postgres->backend);
	return NULL;
}

struct backend *
postgres_open(const struct postgres_settings *settings, struct error *err)
{
	return open_postgres(settings, false, err);
}

struct backend *
postgres_view(const struct postgres_settings *settings, struct error *err)
{
	return open_postgres(settings, true, err);
}

void
postgres_id(struct backend *backend, char out[POSTGRES_ID])
{
	memcpy(out, postgres_of(backend)->id, POSTGRES_ID);
}
