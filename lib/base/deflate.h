/*
 * deflate.h - compressing bytes that are in memory (RFC 1951, RFC 1950).
 */
#ifndef BASE_DEFLATE_H
#define BASE_DEFLATE_H

#include "base/bytes.h"

/*
 * Append the deflate stream of content (RFC 1951), as ZIP has it: the same for
 * the same bytes.
 *
 * ERROR_LIMIT   out is full
 * ERROR_SYSTEM  no memory
 */
bool deflate_raw(struct span content, struct buf *out,
    struct error *err) MUST_USE;
/* The same within a zlib stream (RFC 1950), as git has it. */
bool deflate_zlib(struct span content, struct buf *out,
    struct error *err) MUST_USE;

/* What stands before the deflate stream of deflate_zlib(), and after it. */
enum { ZLIB_HEADER_BYTES = 2, ZLIB_TRAILER_BYTES = 4 };

#endif
