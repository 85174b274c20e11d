/*
 * deflate.h - deflating and inflating bytes that are in memory (RFC 1951, RFC
 * 1950), and the two checksums that go with them.
 *
 * What comes in pieces, and is not known to be small, is for zlib's streams.
 */
#ifndef BASE_DEFLATE_H
#define BASE_DEFLATE_H

#include "base/bytes.h"

/*
 * Append the deflate stream of content (RFC 1951), as ZIP has it: the same for
 * the same bytes in one build.  Another version of libdeflate or zlib may make
 * another stream, so nothing may depend on which one it is.
 *
 * ERROR_LIMIT   out is full
 * ERROR_SYSTEM  no memory
 */
bool deflate_raw(struct span content, struct buf *out,
    struct error *err) MUST_USE;
/* The same within a zlib stream (RFC 1950), as git has it. */
bool deflate_zlib(struct span content, struct buf *out,
    struct error *err) MUST_USE;

/*
 * The lengths of the header before the deflate stream of deflate_zlib(), and of
 * the trailer after it.
 */
enum { ZLIB_HEADER_BYTES = 2, ZLIB_TRAILER_BYTES = 4 };

/*
 * Inflate a deflate stream that is all of packed and gives exactly size bytes,
 * to out.  False if it does not, or there is no memory: zlib's stream tells
 * what is wrong.  size is known, and within a bound, before.
 *
 * This is zlib's reading, which refuses what RFC 1951 says never occurs, so that
 * all who read a container agree on it.
 */
bool deflate_inflate(struct span packed, uint8_t *out, size_t size) MUST_USE;
/*
 * Inflate a zlib stream with its Adler-32, which packed begins with; *used gets
 * its length.  This is libdeflate's reading, faster and not as strict (it takes
 * the length codes 286 and 287, the distance codes 30 and 31, a code that is
 * empty or half a code): for what we deflated ourselves.
 */
bool deflate_inflate_zlib(struct span packed, uint8_t *out, size_t size,
    size_t *used) MUST_USE;

/* The CRC-32 of what came before and bytes; 0 to begin with. */
uint32_t deflate_crc32(uint32_t crc, struct span bytes);
/* The Adler-32 likewise; 1 to begin with. */
uint32_t deflate_adler32(uint32_t adler, struct span bytes);

#endif
