/*
 * Names, which are rows.  None is deleted: one that is removed points to
 * nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "backend/postgres/private.h"
#include "base/text.h"

#define HEADS "refs/heads/"
#define AFTER "refs/heads0" /* '0' follows '/' */

enum { NAME_BYTES = 1024, SET_AT_ONCE = 4096 };

/* --- Setting. --- */

/* Names to be set by one statement. */
struct batch {
	struct buf names, oids;
	size_t num;
};

#define BATCH ((struct batch){ BUF(SIZE_MAX), BUF(SIZE_MAX), 0 })

static void
free_batch(struct batch *batch)
{
	buf_free(&batch->names);
	buf_free(&batch->oids);
}

/* Make an array of so many elements from their bytes. */
static bool
make_array(const struct buf *items, enum array_of type, size_t num,
    struct buf *out, struct error *err)
{
	return array_begin(out, type, num, err) &&
	    buf_append(out, buf_span(items), err);
}

static bool
send_batch(struct batch *batch, struct db *db, enum failure *what,
    struct error *err)
{
	struct buf names = BUF(SIZE_MAX), oids = BUF(SIZE_MAX);
	struct params params = { .num = 0 };
	PGresult *result = NULL;

	if (batch->num == 0)
		return true;
	if (make_array(&batch->names, ARRAY_OF_TEXTS, batch->num, &names,
		err) &&
	    make_array(&batch->oids, ARRAY_OF_BYTES, batch->num, &oids, err)) {
		params_bytes(&params, buf_span(&names));
		params_bytes(&params, buf_span(&oids));
		result = db_run(db, SET_NAMES, &params, what, err);
	}
	PQclear(result);
	buf_free(&names);
	buf_free(&oids);
	batch->num = batch->names.len = batch->oids.len = 0;
	return result != NULL;
}

/* oid: NULL removes the name. */
static bool
add_name(struct batch *batch, const char *name, const struct oid *oid,
    struct error *err)
{
	const struct span value = { oid != NULL ? oid->bytes : NULL,
		OID_BYTES };

	batch->num++;
	return array_add(&batch->names, span_of_str(name), err) &&
	    array_add(&batch->oids, value, err);
}

bool
names_send(struct pipeline *pipeline, const struct branch names[], size_t num,
    struct error *err)
{
	bool ok = true;

	/* One statement may set a name once only. */
	for (size_t i = 0; ok && i < num; i++) {
		struct params params = { .num = 0 };

		params_text(&params, names[i].name);
		params_bytes(&params, span_of(names[i].oid.bytes, OID_BYTES));
		ok = pipeline_add(pipeline, SET_NAME, &params, NULL, NULL, err);
	}
	return ok;
}

static bool
set_one(void *arg, struct db *db, enum failure *what, struct error *err)
{
	struct pipeline pipeline;

	if (!pipeline_begin(&pipeline, db, err))
		return false;
	return pipeline_end(&pipeline, names_send(&pipeline, arg, 1, err), what,
	    err);
}

bool
postgres_name_set(struct backend *backend, const char *name,
    const struct oid *oid, struct error *err)
{
	struct branch branch = { name, *oid };

	return postgres_transact(postgres_of(backend), 0, set_one, &branch,
	    err);
}

/* --- Reading. --- */

bool
postgres_name_get(struct backend *backend, const char *name, struct oid *out)
{
	struct params params = { .num = 0 };
	struct error ignored = { 0 };
	PGresult *result;
	bool there;

	params_text(&params, name);
	result =
	    postgres_read(postgres_of(backend), GET_NAME, &params, &ignored);
	there = result != NULL && PQntuples(result) == 1 &&
	    row_bytes(result, 0, 0, out->bytes, OID_BYTES, &ignored);
	PQclear(result);
	return there;
}

/* The parameters for the page of names after this one. */
static struct params
page_after(const char *last)
{
	struct params params = { .num = 0 };

	params_text(&params, last);
	params_text(&params, AFTER);
	return params;
}

/* Get a row's name, without the prefix of branches, and what it points to. */
static bool
parse_branch(const PGresult *result, int row, char full[NAME_BYTES],
    struct branch *out, struct error *err)
{
	if (!span_to_str(row_span(result, row, 0), full, NAME_BYTES) ||
	    strncmp(full, HEADS, strlen(HEADS)) != 0)
		return error_set(err, ERROR_UNTRUSTED,
		    "postgresql: a branch has no name");
	out->name = full + strlen(HEADS);
	return row_bytes(result, row, 1, out->oid.bytes, OID_BYTES, err);
}

bool
postgres_each_branch(struct backend *backend, branch_visitor *visit, void *arg,
    size_t *num_strays, struct error *err)
{
	char last[NAME_BYTES] = HEADS;
	struct branch branch;
	bool ok = true;
	int num;

	*num_strays = 0;
	do {
		const struct params params = page_after(last);
		PGresult *result = postgres_read(postgres_of(backend),
		    EACH_NAME, &params, err);

		if (result == NULL)
			return false;
		num = PQntuples(result);
		for (int row = 0; ok && row < num; row++)
			ok = parse_branch(result, row, last, &branch, err) &&
			    visit(arg, &branch, err);
		PQclear(result);
	} while (ok && num > 0);
	return ok;
}

/* --- Replacing all branches. --- */

struct replacing {
	const struct branch *branches;
	size_t num, next;
	struct batch batch;
};

static bool
set_branch(struct replacing *all, const char *name, const struct oid *oid,
    struct db *db, enum failure *what, struct error *err)
{
	char full[NAME_BYTES];

	return text_take(full, sizeof(full), HEADS, err) &&
	    text_take(full + strlen(HEADS), sizeof(full) - strlen(HEADS), name,
		err) &&
	    add_name(&all->batch, full, oid, err) &&
	    (all->batch.num < SET_AT_ONCE ||
		send_batch(&all->batch, db, what, err));
}

/* Set the branches before this name, or all that are left. */
static bool
set_before(struct replacing *all, const char *name, struct db *db,
    enum failure *what, struct error *err)
{
	bool ok = true;

	for (; ok && all->next < all->num; all->next++) {
		const struct branch *branch = &all->branches[all->next];

		if (name != NULL && strcmp(branch->name, name) >= 0)
			break;
		ok = set_branch(all, branch->name, &branch->oid, db, what, err);
	}
	return ok;
}

/* Compare a branch that is there with those that should be. */
static bool
replace_one(struct replacing *all, const struct branch *is, struct db *db,
    enum failure *what, struct error *err)
{
	const struct branch *should;

	if (!set_before(all, is->name, db, what, err))
		return false;
	should = all->next < all->num ? &all->branches[all->next] : NULL;
	if (should == NULL || strcmp(should->name, is->name) != 0)
		return set_branch(all, is->name, NULL, db, what, err);
	all->next++;
	return oid_eq(&should->oid, &is->oid) ||
	    set_branch(all, is->name, &should->oid, db, what, err);
}

static bool
replace(void *arg, struct db *db, enum failure *what, struct error *err)
{
	struct replacing *all = arg;
	char last[NAME_BYTES] = HEADS;
	struct branch branch;
	bool ok = true;
	int num;

	all->next = all->batch.num = 0;
	all->batch.names.len = all->batch.oids.len = 0;
	do {
		const struct params params = page_after(last);
		PGresult *result = db_run(db, EACH_NAME, &params, what, err);

		if (result == NULL)
			return false;
		num = PQntuples(result);
		for (int row = 0; ok && row < num; row++)
			ok = parse_branch(result, row, last, &branch, err) &&
			    replace_one(all, &branch, db, what, err);
		PQclear(result);
	} while (ok && num > 0);
	return ok && set_before(all, NULL, db, what, err) &&
	    send_batch(&all->batch, db, what, err);
}

bool
postgres_set_branches(struct backend *backend, const struct branch branches[],
    size_t num, struct error *err)
{
	struct replacing all = { branches, num, 0, BATCH };
	const bool ok =
	    postgres_transact(postgres_of(backend), 0, replace, &all, err);

	free_batch(&all.batch);
	return ok;
}
