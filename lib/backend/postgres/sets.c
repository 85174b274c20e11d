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
set_has(const struct object_set *objects, const struct oid *oid)
{
	return is_in((const struct making *)objects, oid) ||
	    postgres_has(objects->backend, oid);
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

/* Get the names of those that the database has, in the order of memcmp(). */
static PGresult *
find_known(const struct making *making, struct db *db, enum failure *what,
    struct error *err)
{
	struct params params = { .num = 0 };
	struct buf array = BUF(SIZE_MAX);
	PGresult *result = NULL;
	bool ok = array_begin(&array, false, making->num, err);

	for (size_t i = 0; ok && i < making->num; i++)
		ok = array_add(&array,
		    span_of(making->items[i].oid.bytes, OID_BYTES), err);
	params_bytes(&params, buf_span(&array));
	if (ok)
		result = db_run(db, KNOWN_OBJECTS, &params, what, err);
	buf_free(&array);
	return result;
}

static bool
is_known(const PGresult *known, const struct oid *oid)
{
	for (int row = 0; row < PQntuples(known); row++)
		if (span_eq(row_span(known, row, 0),
			span_of(oid->bytes, OID_BYTES)))
			return true;
	return false;
}

static bool
copy_item(struct copy *copy, const struct item *item, struct error *err)
{
	const bool is_inline = item->num_pieces == 0;

	return copy_row(copy, 6, err) &&
	    copy_bytes(copy, span_of(item->oid.bytes, OID_BYTES), err) &&
	    copy_u64(copy, (uint64_t)item->type, err) &&
	    copy_u64(copy, item->size, err) &&
	    copy_u64(copy, is_inline ? item->bytes.len : item->packed, err) &&
	    (is_inline
		    ? copy_null(copy, err)
		    : copy_bytes(copy, span_of(item->upload, ID_BYTES), err)) &&
	    (is_inline ? copy_bytes(copy, buf_span(&item->bytes), err)
		       : copy_null(copy, err));
}

static bool
write_items(const struct making *making, const PGresult *known, struct db *db,
    enum failure *what, struct error *err)
{
	struct copy copy;
	bool ok = copy_begin(&copy, db,
	    "COPY object (oid, type, size, packed, upload, z) FROM STDIN"
	    " (FORMAT binary)",
	    what, err);

	for (size_t i = 0; ok && i < making->num; i++)
		if (!is_known(known, &making->items[i].oid))
			ok = copy_item(&copy, &making->items[i], err);
	return copy_end(&copy, ok, what, err);
}

bool
set_write(struct object_set *objects, struct db *db, enum failure *what,
    struct error *err)
{
	struct making *making = making_of(objects);
	PGresult *known;
	bool ok = true;

	if (making->failure.kind != ERROR_NONE) {
		*err = making->failure;
		return false;
	}
	for (size_t i = 0; ok && i < making->num; i++)
		if (making->items[i].num_pieces > 0)
			ok = upload_verify(&making->items[i], db, what, err);
	if (!ok || making->num == 0)
		return ok;
	if ((known = find_known(making, db, what, err)) == NULL)
		return false;
	ok = PQntuples(known) == (int)making->num ||
	    write_items(making, known, db, what, err);
	PQclear(known);
	return ok;
}

static bool
work(void *arg, struct db *db, enum failure *what, struct error *err)
{
	return set_write(arg, db, what, err);
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
