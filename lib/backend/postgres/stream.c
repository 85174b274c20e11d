/*
 * The bytes of an object, which are hashed on their way: the database is not
 * trusted, and what it gives must have the object's name.
 */
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "backend/postgres/private.h"
#include "base/deflate.h"

struct streaming {
	const struct found *found;
	enum object_bytes bytes;
	byte_sink *sink;
	void *arg;
	struct buf *raw; /* or NULL */
	struct sha1 sha1;
	z_stream z;
	uint64_t content; /* inflated so far */
	bool is_over;     /* the end of the stream was seen */
};

static bool
damaged(const struct streaming *to, struct error *err)
{
	char hex[OID_HEX];

	oid_hex(&to->found->oid, hex);
	return error_set(err, ERROR_UNTRUSTED,
	    "object %s is damaged: its bytes have another name", hex);
}

/* Do the bytes that were hashed have the object's name? */
static bool
check_name(struct streaming *to, struct error *err)
{
	struct oid name = { { 0 } };

	sha1_final(&to->sha1, name.bytes);
	return oid_eq(&name, &to->found->oid) || damaged(to, err);
}

/* Give bytes of the zlib stream to those who want them. */
static bool
give_packed(struct streaming *to, struct span piece, struct error *err)
{
	return (to->raw == NULL || buf_append(to->raw, piece, err)) &&
	    (to->bytes != OBJECT_PACKED || piece.len == 0 ||
		to->sink(to->arg, piece, err));
}

static bool
give_content(struct streaming *to, struct span piece, struct error *err)
{
	return to->bytes != OBJECT_CONTENT || piece.len == 0 ||
	    to->sink(to->arg, piece, err);
}

/* --- At once: nothing is given that is not right. --- */

static bool
give_whole(struct streaming *to, uint8_t *content, struct error *err)
{
	const struct found *found = to->found;
	const struct span all = span_of(content, (size_t)found->size);
	size_t used = 0;

	if (!deflate_inflate_zlib(found->stream, content, (size_t)found->size,
		&used) ||
	    used != found->stream.len)
		return damaged(to, err);
	sha1_update(&to->sha1, all);
	return check_name(to, err) && give_packed(to, found->stream, err) &&
	    give_content(to, all, err);
}

static bool
stream_at_once(struct streaming *to, struct error *err)
{
	uint8_t *content = malloc((size_t)to->found->size + 1);
	const bool ok = content != NULL ? give_whole(to, content, err)
					: error_set_errno(err, "object");

	free(content);
	return ok;
}

/* --- In pieces. --- */

static bool
inflate_piece(struct streaming *to, struct span piece, struct error *err)
{
	uint8_t out[65536] UNINITIALIZED;
	z_stream *z = &to->z;
	size_t n;
	int result;

	z->next_in = (uint8_t *)(uintptr_t)piece.data;
	z->avail_in = (uInt)piece.len;
	do {
		if (to->is_over)
			return piece.len == 0 || z->avail_in == 0 ||
			    damaged(to, err);
		z->next_out = out;
		z->avail_out = sizeof(out);
		result = inflate(z, Z_NO_FLUSH);
		if (result != Z_OK && result != Z_STREAM_END &&
		    result != Z_BUF_ERROR)
			return damaged(to, err);
		n = sizeof(out) - z->avail_out;
		to->content += n;
		to->is_over = result == Z_STREAM_END;
		if (to->content > to->found->size)
			return damaged(to, err);
		sha1_update(&to->sha1, span_of(out, n));
		if (!give_content(to, span_of(out, n), err))
			return false;
	} while (z->avail_in > 0 || z->avail_out == 0);
	return true;
}

static bool
take_piece(struct streaming *to, struct span piece, struct error *err)
{
	return give_packed(to, piece, err) && inflate_piece(to, piece, err);
}

/* Read the n-th piece of the upload; *len gets its length. */
static bool
stream_piece(struct streaming *to, uint64_t n, uint64_t *len, struct error *err)
{
	const struct found *found = to->found;
	struct params params = { .num = 0 };
	struct span piece = { .len = 0 };
	PGresult *result;
	bool ok;

	params_bytes(&params, span_of(found->upload, ID_BYTES));
	params_u64(&params, n);
	result = postgres_read(found->postgres, FIND_PIECE, &params, err);
	if (result == NULL)
		return false;
	if (PQntuples(result) == 1)
		piece = row_span(result, 0, 0);
	*len = piece.len;
	ok = (piece.len > 0 && piece.len <= PIECE_BYTES) || damaged(to, err);
	ok = ok && take_piece(to, piece, err);
	PQclear(result);
	return ok;
}

static bool
stream_in_pieces(struct streaming *to, struct error *err)
{
	const struct found *found = to->found;
	uint64_t left = found->packed, len = 0;
	bool ok = true;

	if (inflateInit(&to->z) != Z_OK)
		return error_set_outside(err, "inflate: no memory");
	if (found->is_inline)
		ok = take_piece(to, found->stream, err);
	for (uint64_t n = 0; ok && !found->is_inline && left > 0; n++) {
		ok = stream_piece(to, n, &len, err) &&
		    (len <= left || damaged(to, err));
		left -= len;
	}
	inflateEnd(&to->z);
	if (!ok)
		return false;
	if (!to->is_over || to->content != found->size)
		return damaged(to, err);
	return check_name(to, err);
}

bool
found_stream(const struct found *found, enum object_bytes bytes,
    byte_sink *sink, void *arg, struct buf *raw, struct error *err)
{
	struct streaming to = { .found = found,
		.bytes = bytes,
		.sink = sink,
		.arg = arg,
		.raw = raw };

	object_hash_begin(&to.sha1, found->type, found->size);
	return found->is_inline && found->size <= LIMIT_INFLATED_AT_ONCE
	    ? stream_at_once(&to, err)
	    : stream_in_pieces(&to, err);
}
