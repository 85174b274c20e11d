/*
 * Deflating and inflating whole buffers: by libdeflate, but for what only
 * zlib does (deflate.h).
 */
#include "base/deflate.h"

#include <libdeflate.h>
#include <pthread.h>
#include <stdlib.h>
#include <zlib.h>

/* As small as zlib's level 6 makes it, in half the time. */
enum { LEVEL = 6 };

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static bool has_key;

static void
free_compressor(void *compressor)
{
	libdeflate_free_compressor(compressor);
}

static void
make_key(void)
{
	has_key = pthread_key_create(&key, free_compressor) == 0;
}

/*
 * The compressor of this thread: it is 300 KiB, and half the time that a small
 * content takes goes into making one.  NULL: no memory.
 */
static struct libdeflate_compressor *
take_compressor(void)
{
	struct libdeflate_compressor *compressor;

	pthread_once(&once, make_key);
	if (!has_key)
		return NULL;
	compressor = pthread_getspecific(key);
	if (compressor == NULL) {
		compressor = libdeflate_alloc_compressor(LEVEL);
		if (compressor != NULL &&
		    pthread_setspecific(key, compressor) != 0) {
			libdeflate_free_compressor(compressor);
			compressor = NULL;
		}
	}
	return compressor;
}

static bool
no_memory(struct error *err)
{
	return error_set_outside(err, "deflate: no memory");
}

static bool
by_libdeflate(struct span content, struct buf *out, struct error *err)
{
	struct libdeflate_compressor *compressor = take_compressor();
	uint8_t *bytes;
	size_t most, n;
	bool ok;

	if (compressor == NULL)
		return no_memory(err);
	most = libdeflate_deflate_compress_bound(compressor, content.len);
	bytes = malloc(most);
	if (bytes == NULL)
		return no_memory(err);
	n = libdeflate_deflate_compress(compressor, content.data, content.len,
	    bytes, most);
	ok = n > 0 ? buf_append(out, span_of(bytes, n), err)
		   : error_set(err, ERROR_SYSTEM, "deflate failed");
	free(bytes);
	return ok;
}

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

/* By Huffman codes alone, which libdeflate does not do. */
static bool
by_codes(struct span content, struct buf *out, struct error *err)
{
	uint8_t piece[65536] UNINITIALIZED;
	int result, window_bits, memory_level;
	z_stream z = { 0 };

	size_window(content.len, &window_bits, &memory_level);
	if (deflateInit2(&z, 6, Z_DEFLATED, -window_bits, memory_level,
		Z_HUFFMAN_ONLY) != Z_OK)
		return no_memory(err);
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
	    by_codes(buf_span(&sample), &codes, err) &&
	    by_libdeflate(buf_span(&sample), &both, err);
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
	    (search ? by_libdeflate(content, out, err)
		    : by_codes(content, out, err));
}

bool
deflate_zlib(struct span content, struct buf *out, struct error *err)
{
	/* 32 KiB window, default level (RFC 1950 section 2.2). */
	return buf_append(out, span_of("\x78\x9c", ZLIB_HEADER_BYTES), err) &&
	    deflate_raw(content, out, err) &&
	    buf_append_u32(out, deflate_adler32(1, content), err);
}

/* In one call, for which zlib keeps no window. */
bool
deflate_inflate(struct span packed, uint8_t *out, size_t size)
{
	/* There is no room for a byte more than it is to have. */
	uint8_t none = 0;
	z_stream z = { .next_in = (Bytef *)(uintptr_t)packed.data,
		.avail_in = (uInt)packed.len,
		.next_out = size > 0 ? out : &none,
		.avail_out = (uInt)size };
	bool ok;

	if (packed.len > UINT32_MAX || size > UINT32_MAX ||
	    inflateInit2(&z, -MAX_WBITS) != Z_OK)
		return false;
	ok = inflate(&z, Z_FINISH) == Z_STREAM_END && z.avail_in == 0 &&
	    z.avail_out == 0;
	inflateEnd(&z);
	return ok;
}

bool
deflate_inflate_zlib(struct span packed, uint8_t *out, size_t size,
    size_t *used)
{
	struct libdeflate_decompressor *decompressor =
	    libdeflate_alloc_decompressor();
	bool ok;

	ok = decompressor != NULL &&
	    libdeflate_zlib_decompress_ex(decompressor, packed.data, packed.len,
		out, size, used, NULL) == LIBDEFLATE_SUCCESS;
	libdeflate_free_decompressor(decompressor);
	return ok;
}

uint32_t
deflate_crc32(uint32_t crc, struct span bytes)
{
	/* Of no bytes at NULL libdeflate gives the value to begin with. */
	return bytes.len == 0 ? crc
			      : libdeflate_crc32(crc, bytes.data, bytes.len);
}

uint32_t
deflate_adler32(uint32_t adler, struct span bytes)
{
	return bytes.len == 0
	    ? adler
	    : libdeflate_adler32(adler, bytes.data, bytes.len);
}
