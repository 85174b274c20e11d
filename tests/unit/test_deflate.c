/*
 * Deflating and inflating whole buffers; zlib checks the results.
 */
#include "unit.h"

#include <zlib.h>

#include "base/deflate.h"

static const struct content {
	size_t len;
	bool random; /* so that nothing in it repeats */
} contents[] = { { 0, false }, { 1, false }, { 1000, false }, { 1000, true },
	{ 100000, false }, { 100000, true } };

enum { MOST = 100000 };

static struct span
content_of(const struct content *content)
{
	static uint8_t bytes[MOST];
	uint32_t state = 1;

	for (size_t i = 0; i < content->len; i++) {
		state = state * 1664525 + 1013904223;
		bytes[i] = (uint8_t)(content->random
			? state >> 24
			: (uint32_t) "the parties "[i % 12]);
	}
	return span_of(bytes, content->len);
}

START_TEST(what_is_deflated_zlib_inflates)
{
	const struct span content = content_of(&contents[_i]);
	static uint8_t out[MOST + 1];
	struct buf packed = BUF(2 * MOST);
	struct error err = { 0 };
	uLongf len = sizeof(out);

	ck_ok(deflate_zlib(content, &packed, &err), err);
	ck_assert_int_eq(uncompress(out, &len, packed.data, packed.len), Z_OK);
	ck_assert(span_eq(span_of(out, len), content));
	if (content.len > 100 && !contents[_i].random)
		ck_assert_uint_lt(packed.len, content.len / 4);
	buf_free(&packed);
}
END_TEST

/* Made a second time, with another in between. */
START_TEST(the_same_bytes_deflate_to_the_same)
{
	struct buf first = BUF(2 * MOST), other = BUF(2 * MOST);
	struct buf again = BUF(2 * MOST);
	struct error err = { 0 };

	ck_ok(deflate_raw(content_of(&contents[_i]), &first, &err) &&
		deflate_raw(span_of_str("something else"), &other, &err) &&
		deflate_raw(content_of(&contents[_i]), &again, &err),
	    err);
	ck_assert(span_eq(buf_span(&first), buf_span(&again)));
	buf_free(&first);
	buf_free(&other);
	buf_free(&again);
}
END_TEST

START_TEST(what_does_not_fit_is_told)
{
	struct buf packed = BUF(3);
	struct error err = { 0 };

	ck_assert(!deflate_raw(content_of(&contents[_i]), &packed, &err));
	ck_assert_int_eq(err.kind, ERROR_LIMIT);
	buf_free(&packed);
}
END_TEST

START_TEST(a_stream_is_all_of_the_bytes_and_gives_all_of_the_size)
{
	const struct span content = content_of(&contents[_i]);
	static uint8_t out[MOST + 1];
	struct buf packed = BUF(2 * MOST);
	struct error err = { 0 };

	ck_ok(deflate_raw(content, &packed, &err), err);
	ck_assert(deflate_inflate(buf_span(&packed), out, content.len));
	ck_assert(span_eq(span_of(out, content.len), content));
	ck_assert(!deflate_inflate(buf_span(&packed), out, content.len + 1));
	ck_assert(content.len == 0 ||
	    !deflate_inflate(buf_span(&packed), out, content.len - 1));
	for (size_t cut = 1; cut <= packed.len; cut += cut < 9 ? 1 : 997)
		ck_assert(!deflate_inflate(span_sub(buf_span(&packed), 0,
					       packed.len - cut),
		    out, content.len));
	ck_ok(buf_append_u8(&packed, 0, &err), err);
	ck_assert(!deflate_inflate(buf_span(&packed), out, content.len));
	buf_free(&packed);
}
END_TEST

START_TEST(a_zlib_stream_has_its_header_and_its_adler)
{
	const struct span content = content_of(&contents[_i]);
	static uint8_t out[MOST + 1];
	struct buf packed = BUF(2 * MOST);
	struct error err = { 0 };
	size_t used = 0;

	ck_ok(deflate_zlib(content, &packed, &err), err);
	ck_assert(
	    deflate_inflate_zlib(buf_span(&packed), out, content.len, &used));
	ck_assert_uint_eq(used, packed.len);
	ck_assert(span_eq(span_of(out, content.len), content));
	ck_assert(!deflate_inflate_zlib(buf_span(&packed), out, content.len + 1,
	    &used));
	ck_assert(!deflate_inflate_zlib(span_sub(buf_span(&packed), 0,
					    packed.len - 1),
	    out, content.len, &used));
	for (size_t i = 0; i < 6; i++) {
		uint8_t *byte = &packed.data[i < 2 ? i : packed.len - i + 1];

		*byte ^= 1;
		ck_assert(!deflate_inflate_zlib(buf_span(&packed), out,
		    content.len, &used));
		*byte ^= 1;
	}
	/* What follows is another's. */
	ck_ok(buf_append_str(&packed, "next", &err), err);
	ck_assert(
	    deflate_inflate_zlib(buf_span(&packed), out, content.len, &used));
	ck_assert_uint_eq(used, packed.len - 4);
	buf_free(&packed);
}
END_TEST

START_TEST(checksums_go_on_from_piece_to_piece)
{
	const struct span content = content_of(&contents[_i]);
	const size_t half = content.len / 2;
	const struct span pieces[] = { span_sub(content, 0, half), { NULL, 0 },
		span_sub(content, half, content.len - half) };
	uint32_t crc = 0, adler = 1;

	for (size_t i = 0; i < COUNT(pieces); i++) {
		crc = deflate_crc32(crc, pieces[i]);
		adler = deflate_adler32(adler, pieces[i]);
	}
	ck_assert_uint_eq(crc, crc32_z(0, content.data, content.len));
	ck_assert_uint_eq(adler, adler32_z(1, content.data, content.len));
}
END_TEST

static void
fill(TCase *tcase)
{
	tcase_add_loop_test(tcase, what_is_deflated_zlib_inflates, 0,
	    COUNT(contents));
	tcase_add_loop_test(tcase, the_same_bytes_deflate_to_the_same, 0,
	    COUNT(contents));
	tcase_add_loop_test(tcase, what_does_not_fit_is_told, 2,
	    COUNT(contents));
	tcase_add_loop_test(tcase,
	    a_stream_is_all_of_the_bytes_and_gives_all_of_the_size, 0,
	    COUNT(contents));
	tcase_add_loop_test(tcase, a_zlib_stream_has_its_header_and_its_adler,
	    0, COUNT(contents));
	tcase_add_loop_test(tcase, checksums_go_on_from_piece_to_piece, 0,
	    COUNT(contents));
}

int
main(void)
{
	return run_tests("deflate", fill);
}
