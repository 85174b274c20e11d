/*
 * Sets of objects being written.  Short streams stay in memory until the set is
 * finished; long ones, and those that are too many, go to the database in
 * pieces before (upload.c).
 */
#include <stdlib.h>
#include <string.h>

#include "backend/postgres/uploads.h"

/* A set of objects being written; the last one may be unfinished. */
struct making {
	/* Must be first: a pointer to it is cast to the whole. */
	struct object_set objects;
	struct item *items;
	size_t num, room;
	size_t held;          /* bytes in memory */
	struct error failure; /* of an object's end, which returns nothing */
};

static struct making *
making_of(struct object_set *objects)
{
	return (struct making *)objects;
}

struct object_set *
set_begin(struct backend *backend, struct error *err)
{
	struct making *making = calloc(1, sizeof(*making));

	if (making == NULL) {
		error_set_errno(err, "objects");
		return NULL;
	}
	making->objects.backend = backend;
	return &making->objects;
}

static void
forget_items(struct making *making)
{
	for (size_t i = 0; i < making->num; i++)
		buf_free(&making->items[i].bytes);
	making->num = making->held = 0;
}

/* Pieces of objects that belong to no finished set are tidied a day later. */
void
set_drop(struct object_set *objects)
{
	struct making *making = making_of(objects);

	if (making == NULL)
		return;
	forget_items(making);
	free(making->items);
	free(making);
}

static bool
is_in(const struct making *making, const struct oid *oid)
{
	for (size_t i = 0; i < making->num; i++)
		if (oid_eq(&making->items[i].oid, oid))
			return true;
	return false;
}

bool
set_has(const struct object_set *objects, const struct oid *oid, uint64_t size)
{
	return is_in((const struct making *)objects, oid) ||
	    (size > LIMIT_WRITTEN_AGAIN && postgres_has(objects->backend, oid));
}

static struct item *
add_item(struct making *making, const struct oid *oid, enum object_type type,
    uint64_t size, struct error *err)
{
	if (making->num == making->room) {
		const size_t room = 2 * making->room + 8;
		struct item *items =
		    realloc(making->items, room * sizeof(*items));

		if (items == NULL) {
			error_set_errno(err, "objects");
			return NULL;
		}
		making->items = items;
		making->room = room;
	}
	making->items[making->num] = (struct item){ .oid = *oid,
		.type = type,
		.size = size,
		.bytes = BUF(SIZE_MAX) };
	return &making->items[making->num++];
}

bool
set_object_begin(struct object_set *objects, const struct oid *oid,
    enum object_type type, uint64_t size, struct error *err)
{
	return add_item(making_of(objects), oid, type, size, err) != NULL;
}

bool
set_object_piece(struct object_set *objects, struct span piece,
    struct error *err)
{
	struct making *making = making_of(objects);
	struct item *item = &making->items[making->num - 1];

	while (item->bytes.len + piece.len > PIECE_BYTES) {
		const size_t n = PIECE_BYTES - item->bytes.len;

		if (!buf_append(&item->bytes, span_sub(piece, 0, n), err) ||
		    !upload_piece(postgres_of(objects->backend), item, err))
			return false;
		piece = span_sub(piece, n, piece.len - n);
	}
	return buf_append(&item->bytes, piece, err);
}

void
set_object_end(struct object_set *objects)
{
	struct making *making = making_of(objects);
	struct item *item = &making->items[making->num - 1];
	struct error why = { 0 };

	if (item->num_pieces == 0 &&
	    making->held + item->bytes.len <= LIMIT_SET_HELD) {
		making->held += item->bytes.len;
		return;
	}
	if (item->bytes.len > 0 &&
	    !upload_piece(postgres_of(objects->backend), item, &why) &&
	    making->failure.kind == ERROR_NONE)
		making->failure = why;
	buf_free(&item->bytes);
}

void
set_object_undo(struct object_set *objects)
{
	struct making *making = making_of(objects);

	buf_free(&making->items[--making->num].bytes);
}

bool
set_take(struct object_set *objects, const struct object_set *from_objects,
    struct error *err)
{
	const struct making *from = (const struct making *)from_objects;
	struct making *making = making_of(objects);
	bool ok = true;

	if (from->failure.kind != ERROR_NONE) {
		*err = from->failure;
		return false;
	}
	for (size_t i = 0; ok && i < from->num; i++) {
		const struct item *item = &from->items[i];
		struct item *copy;

		if (is_in(making, &item->oid))
			continue;
		copy =
		    add_item(making, &item->oid, item->type, item->size, err);
		ok = copy != NULL;
		if (!ok)
			break;
		item_copy(copy, item);
		ok = buf_append(&copy->bytes, buf_span(&item->bytes), err);
		making->held += copy->bytes.len;
	}
	return ok;
}

/* --- Finishing. --- */

/* The columns of some objects' rows, as arrays. */
enum { COLUMNS = 6, ROWS_BYTES = 1024 * 1024 };

static bool
add_row(struct buf columns[COLUMNS], const struct item *item, struct error *err)
{
	const struct span null = { NULL, 0 };
	const bool is_inline = item->num_pieces == 0;

	return array_add(&columns[0], span_of(item->oid.bytes, OID_BYTES),
		   err) &&
	    array_add_number(&columns[1], (uint64_t)item->type, err) &&
	    array_add_number(&columns[2], item->size, err) &&
	    array_add_number(&columns[3],
		is_inline ? item->bytes.len : item->packed, err) &&
	    array_add(&columns[4],
		is_inline ? null : span_of(item->upload, ID_BYTES), err) &&
	    array_add(&columns[5], is_inline ? buf_span(&item->bytes) : null,
		err);
}

/* Add a statement that adds these objects, but those that are there. */
static bool
send_rows(const struct item items[], size_t num, struct pipeline *pipeline,
    struct error *err)
{
	static const enum array_of types[COLUMNS] = { ARRAY_OF_BYTES,
		ARRAY_OF_NUMBERS, ARRAY_OF_NUMBERS, ARRAY_OF_NUMBERS,
		ARRAY_OF_BYTES, ARRAY_OF_BYTES };
	struct buf columns[COLUMNS];
	struct params params = { .num = 0 };
	bool ok = true;

	for (unsigned i = 0; i < COLUMNS; i++) {
		columns[i] = BUF(SIZE_MAX);
		ok = ok && array_begin(&columns[i], types[i], num, err);
	}
	for (size_t i = 0; ok && i < num; i++)
		ok = add_row(columns, &items[i], err);
	for (unsigned i = 0; i < COLUMNS; i++)
		params_bytes(&params, buf_span(&columns[i]));
	ok =
	    ok && pipeline_add(pipeline, ADD_OBJECTS, &params, NULL, NULL, err);
	for (unsigned i = 0; i < COLUMNS; i++)
		buf_free(&columns[i]);
	return ok;
}

/* How many of these objects one statement adds. */
static size_t
count_rows(const struct item items[], size_t num)
{
	size_t n = 0, bytes = 0;

	while (n < num && (n == 0 || bytes + items[n].bytes.len <= ROWS_BYTES))
		bytes += items[n++].bytes.len;
	return n;
}

bool
set_send(struct object_set *objects, struct pipeline *pipeline,
    struct error *err)
{
	struct making *making = making_of(objects);
	bool ok = true;

	if (making->failure.kind != ERROR_NONE) {
		*err = making->failure;
		return false;
	}
	for (size_t i = 0; ok && i < making->num; i++)
		if (making->items[i].num_pieces > 0)
			ok = upload_verify(&making->items[i], pipeline, err);
	for (size_t at = 0; ok && at < making->num;) {
		const struct item *items = &making->items[at];
		const size_t num = count_rows(items, making->num - at);

		ok = send_rows(items, num, pipeline, err);
		at += num;
	}
	return ok;
}

static bool
work(void *arg, struct db *db, enum failure *what, struct error *err)
{
	struct pipeline pipeline;

	if (!pipeline_begin(&pipeline, db, err))
		return false;
	return pipeline_end(&pipeline, set_send(arg, &pipeline, err), what,
	    err);
}

bool
set_finish(struct object_set *objects, struct error *err)
{
	struct making *making = making_of(objects);

	if (making->num > 0 &&
	    !postgres_transact(postgres_of(objects->backend), 0, work, objects,
		err))
		return false;
	forget_items(making);
	return true;
}
