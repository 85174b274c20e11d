/*
 * Compressing by zlib.
 */
#include "base/deflate.h"

#include <zlib.h>

/*
 * A window that holds all of it compresses as well as the largest, and a
 * smaller one costs less to make ready than a small content to compress.
 */
static void
size_window(size_t len, int *window_bits, int *memory_level)
{
	*window_bits = 9;
	while (*window_bits < MAX_WBITS && ((size_t)1 << *window_bits) < len)
		(*window_bits)++;
	*memory_level = *window_bits - 6;
}

static bool
deflate_by(struct span content, int strategy, struct buf *out,
    struct error *err)
{
	uint8_t piece[65536] UNINITIALIZED;
	int result, window_bits, memory_level;
	z_stream z = { 0 };

	size_window(content.len, &window_bits, &memory_level);
	if (deflateInit2(&z, 6, Z_DEFLATED, -window_bits, memory_level,
		strategy) != Z_OK)
		return error_set(err, ERROR_SYSTEM, "deflate: no memory");
	z.next_in = (Bytef *)(uintptr_t)content.data;
	z.avail_in = (uInt)content.len;
	do {
		z.next_out = piece;
		z.avail_out = sizeof(piece);
		result = deflate(&z, Z_FINISH);
		if (!buf_append(out,
			span_of(piece, sizeof(piece) - z.avail_out), err)) {
			deflateEnd(&z);
			return false;
		}
	} while (result == Z_OK);
	deflateEnd(&z);
	return result == Z_STREAM_END ||
	    error_set(err, ERROR_SYSTEM, "deflate failed");
}

enum { TRIED_FROM = 32768, TRIED_BYTES = 4096 };

/*
 * Is there anything in it that repeats?  Looking for that takes three quarters
 * of the time, and where it finds nothing, as in what is compressed or
 * encrypted already, Huffman codes alone make it as small.  A piece of its
 * beginning and one of its middle tell.
 */
static bool
repeats(struct span content, bool *out, struct error *err)
{
	struct buf sample = BUF(2 * TRIED_BYTES), codes = BUF(SIZE_MAX);
	struct buf both = BUF(SIZE_MAX);
	bool ok;

	*out = true;
	if (content.len < TRIED_FROM)
		return true;
	ok = buf_append(&sample, span_sub(content, 0, TRIED_BYTES), err) &&
	    buf_append(&sample, span_sub(content, content.len / 2, TRIED_BYTES),
		err) &&
	    deflate_by(buf_span(&sample), Z_HUFFMAN_ONLY, &codes, err) &&
	    deflate_by(buf_span(&sample), Z_DEFAULT_STRATEGY, &both, err);
	*out = both.len + both.len / 32 < codes.len;
	buf_free(&sample);
	buf_free(&codes);
	buf_free(&both);
	return ok;
}

bool
deflate_raw(struct span content, struct buf *out, struct error *err)
{
	bool search;

	return repeats(content, &search, err) &&
	    deflate_by(content, search ? Z_DEFAULT_STRATEGY : Z_HUFFMAN_ONLY,
		out, err);
}

bool
deflate_zlib(struct span content, struct buf *out, struct error *err)
{
	/* 32 KiB window, default level (RFC 1950 section 2.2). */
	return buf_append(out, span_of("\x78\x9c", ZLIB_HEADER_BYTES), err) &&
	    deflate_raw(content, out, err) &&
	    buf_append_u32(out,
		(uint32_t)adler32_z(1, content.data, content.len), err);
}
