/*
 * uploads.h - objects of a set, and the pieces of those that are not kept in
 * memory.
 */
#ifndef BACKEND_POSTGRES_UPLOADS_H
#define BACKEND_POSTGRES_UPLOADS_H

#include "backend/postgres/private.h"

/* One object of a set. */
struct item {
	struct oid oid;
	enum object_type type;
	uint64_t size;
	/* Its zlib stream, or what of it is not in a piece yet. */
	struct buf bytes;
	/* Its pieces, if it has any. */
	uint8_t upload[ID_BYTES];
	uint64_t num_pieces;
	uint64_t packed; /* their length together */
};

/* Copy all but the bytes. */
void item_copy(struct item *to, const struct item *from);
/* Store the bytes as the next piece, committed but not flushed, and forget them. */
bool upload_piece(struct postgres *postgres, struct item *item,
    struct error *err) MUST_USE;
/*
 * Check that all pieces are there, in the transaction that adds the object: a
 * server that failed in between may have lost some.
 */
bool upload_verify(struct item *item, struct pipeline *pipeline,
    struct error *err) MUST_USE;

#endif
