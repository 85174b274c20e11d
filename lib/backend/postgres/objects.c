/*
 * Finding objects: rows, whose stream is in the row if it is short, else in
 * pieces.
 */
#include <stdlib.h>
#include <string.h>

#include "backend/postgres/private.h"

bool
oids_array(const struct oid oids[], size_t num, struct buf *out,
    struct error *err)
{
	bool ok = array_begin(out, ARRAY_OF_BYTES, num, err);

	for (size_t i = 0; ok && i < num; i++)
		ok = array_add(out, span_of(oids[i].bytes, OID_BYTES), err);
	return ok;
}

static bool
damaged(const struct oid *oid, const char *what, struct error *err)
{
	char hex[OID_HEX];

	oid_hex(oid, hex);
	return error_set(err, ERROR_UNTRUSTED, "object %s is damaged: %s", hex,
	    what);
}

bool
found_parse(const PGresult *result, int row, struct found *out,
    struct error *err)
{
	uint64_t type = 0;

	if (!row_bytes(result, row, 0, out->oid.bytes, OID_BYTES, err) ||
	    !row_u64(result, row, 1, &type, err) ||
	    !row_u64(result, row, 2, &out->size, err) ||
	    !row_u64(result, row, 3, &out->packed, err))
		return false;
	if (type < OBJECT_COMMIT || type > OBJECT_TAG)
		return damaged(&out->oid, "it is of no type", err);
	out->type = (enum object_type)type;
	out->is_inline = PQgetisnull(result, row, 4);
	return out->is_inline ||
	    row_bytes(result, row, 4, out->upload, ID_BYTES, err);
}

bool
found_parse_stream(const PGresult *result, int row, struct found *found,
    struct error *err)
{
	found->stream = row_span(result, row, 5);
	return (!PQgetisnull(result, row, 5) &&
		   found->stream.len == found->packed) ||
	    damaged(&found->oid, "its row is cut short", err);
}

void
found_free(struct found *found)
{
	PQclear(found->result);
	free(found->kept);
}

/* Was it asked for ahead? */
static bool
find_kept(struct found *out)
{
	struct kept *kept = ahead_take(&out->postgres->ahead, &out->oid);

	if ((out->kept = kept) == NULL)
		return false;
	out->type = kept->type;
	out->size = kept->size;
	out->packed = kept->len;
	out->is_inline = true;
	out->stream = span_of(kept->stream, kept->len);
	return true;
}

/* Find an object's row. */
static bool
find(struct postgres *postgres, const struct oid *oid, struct found *out,
    struct error *err)
{
	struct params params = { .num = 0 };
	char hex[OID_HEX];

	*out = (struct found){ .postgres = postgres, .oid = *oid };
	if (find_kept(out))
		return true;
	oid_hex(oid, hex);
	params_bytes(&params, span_of(oid->bytes, OID_BYTES));
	out->result = postgres_read(postgres, FIND_OBJECT, &params, err);
	/* Of a database that does not answer the object says nothing. */
	if (out->result == NULL)
		return err->kind == ERROR_UNAVAILABLE
		    ? false
		    : error_context(err, "object %s", hex);
	if (PQntuples(out->result) != 1)
		return error_set(err, ERROR_NOT_FOUND, "no object %s", hex);
	if (!found_parse(out->result, 0, out, err))
		return error_context(err, "object %s", hex);
	if (!oid_eq(&out->oid, oid))
		return damaged(oid, "its row has another name", err);
	return !out->is_inline || found_parse_stream(out->result, 0, out, err);
}

bool
postgres_has(struct backend *backend, const struct oid *oid)
{
	struct params params = { .num = 0 };
	struct error ignored = { 0 };
	PGresult *result;
	bool there;

	params_bytes(&params, span_of(oid->bytes, OID_BYTES));
	result =
	    postgres_read(postgres_of(backend), HAS_OBJECT, &params, &ignored);
	there = result != NULL && PQntuples(result) == 1;
	PQclear(result);
	return there;
}

enum { ASKED_AT_ONCE = 4096 };

static bool
has_some(struct postgres *postgres, const struct oid oids[], size_t num,
    bool is_there[], struct error *err)
{
	struct params params = { .num = 0 };
	struct buf array = BUF(SIZE_MAX);
	PGresult *result = NULL;
	uint64_t n = 0;
	bool ok = oids_array(oids, num, &array, err);

	params_bytes(&params, buf_span(&array));
	if (ok)
		result = postgres_read(postgres, HAS_OBJECTS, &params, err);
	buf_free(&array);
	ok = result != NULL;
	memset(is_there, 0, num * sizeof(is_there[0]));
	for (int row = 0; ok && row < PQntuples(result); row++) {
		ok = row_u64(result, row, 0, &n, err) &&
		    ((n >= 1 && n <= num) ||
			error_set(err, ERROR_UNTRUSTED,
			    "postgresql: an answer is of no object"));
		if (ok)
			is_there[n - 1] = true;
	}
	PQclear(result);
	return ok;
}

bool
postgres_has_each(struct backend *backend, const struct oid oids[], size_t num,
    bool is_there[], struct error *err)
{
	for (size_t at = 0; at < num; at += ASKED_AT_ONCE)
		if (!has_some(postgres_of(backend), &oids[at],
			num - at < ASKED_AT_ONCE ? num - at : ASKED_AT_ONCE,
			&is_there[at], err))
			return false;
	return true;
}

static struct object
object_of(struct found *found)
{
	return (struct object){ .type = found->type,
		.size = found->size,
		.packed = found->packed,
		.backend = &found->postgres->backend,
		.held = found };
}

/* Every object is stored whole, so the form does not matter. */
bool
postgres_find(struct backend *backend, const struct oid *oid,
    enum object_form form, struct object *out, struct error *err)
{
	struct found *found = malloc(sizeof(*found));

	(void)form;
	if (found == NULL)
		return error_set_errno(err, "object");
	if (find(postgres_of(backend), oid, found, err)) {
		*out = object_of(found);
		return true;
	}
	found_free(found);
	free(found);
	return false;
}

void
postgres_release(struct object *object)
{
	struct found *found = object->held;

	found_free(found);
	free(found);
	object->held = NULL;
}

bool
postgres_stream(const struct object *object, enum object_bytes bytes,
    byte_sink *sink, void *arg, struct buf *raw, uint64_t *packed,
    struct error *err)
{
	const struct found *found = object->held;
	struct found again;
	bool ok;

	if (packed != NULL)
		*packed = found->packed;
	if (!found->is_inline || found->stream.data != NULL)
		return found_stream(found, bytes, sink, arg, raw, err);
	/* each() gives rows without their streams. */
	ok = find(found->postgres, &found->oid, &again, err) &&
	    found_stream(&again, bytes, sink, arg, raw, err);
	found_free(&again);
	return ok;
}

/* --- All of them. --- */

/* The first four bytes of the names from which a part begins. */
static struct span
bound(unsigned part, unsigned parts, uint8_t out[4])
{
	const uint64_t first = (UINT64_C(1) << 32) * part / parts;

	for (unsigned i = 0; i < 4; i++)
		out[i] = (uint8_t)(first >> (24 - 8 * i));
	/* Of the first part it is empty: no name is less. */
	return span_of(out, part > 0 ? 4 : 0);
}

static bool
visit_rows(struct postgres *postgres, const PGresult *result,
    found_visitor *visit, void *arg, struct oid *last, struct error *err)
{
	bool ok = true;

	for (int row = 0; ok && row < PQntuples(result); row++) {
		struct found found = { .postgres = postgres };

		ok = found_parse(result, row, &found, err) &&
		    visit(arg, &found, err);
		*last = found.oid;
	}
	return ok;
}

bool
postgres_each_found(struct postgres *postgres, unsigned part, unsigned parts,
    found_visitor *visit, void *arg, struct error *err)
{
	uint8_t from[4], to[4];
	struct span after = bound(part, parts, from);
	struct oid last;
	int num;

	do {
		struct params params = { .num = 0 };
		PGresult *result;
		bool ok;

		params_bytes(&params, after);
		if (part + 1 < parts)
			params_bytes(&params, bound(part + 1, parts, to));
		else
			params_null(&params);
		result = postgres_read(postgres, EACH_OBJECT, &params, err);
		if (result == NULL)
			return false;
		num = PQntuples(result);
		ok = visit_rows(postgres, result, visit, arg, &last, err);
		PQclear(result);
		if (!ok)
			return false;
		after = span_of(last.bytes, OID_BYTES);
	} while (num > 0);
	return true;
}

struct visiting {
	object_visitor *visit;
	void *arg;
};

static bool
visit_found(void *arg, struct found *found, struct error *err)
{
	const struct visiting *visiting = arg;
	const struct object object = object_of(found);

	return visiting->visit(visiting->arg, &found->oid, &object, err);
}

bool
postgres_each(struct backend *backend, object_visitor *visit, void *arg,
    struct error *err)
{
	struct visiting visiting = { visit, arg };

	return postgres_each_found(postgres_of(backend), 0, 1, visit_found,
	    &visiting, err);
}
