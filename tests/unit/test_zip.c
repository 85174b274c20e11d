/*
 * The ZIP of a container: one header field that differs, bytes outside of all
 * members, sizes, and inflating.
 */
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/deflate.h"
#include "base/pace.h"
#include "document/container.h"
#include "document/zip.h"
#include "zip_fixture.h"

static void
put_bytes(int fd, uint64_t at, uint64_t value, unsigned width)
{
	struct error err = { 0 };
	uint8_t bytes[8];

	for (unsigned i = 0; i < width; i++)
		bytes[i] = (uint8_t)(value >> 8 * i);
	ck_ok(file_pwrite(fd, span_of(bytes, width), (off_t)at, &err), err);
}

/* mimetype, and a version.yaml of a thousand x; both stored. */
static uint64_t
put_good(int fd)
{
	static char text[TEXT_LEN];
	static const struct {
		const char *path;
		struct span content;
	} files[] = {
		{ "mimetype",
		    { (const uint8_t *)CONTAINER_MIMETYPE,
			sizeof(CONTAINER_MIMETYPE) - 1 } },
		{ "version.yaml", { (const uint8_t *)text, TEXT_LEN } },
	};
	struct error err = { 0 };
	struct zip_writer *zip = zip_writer_new(fd, &err);
	uint64_t size;

	memset(text, 'x', sizeof(text));
	for (size_t i = 0; i < COUNT(files); i++) {
		struct zip_member member = { .size = files[i].content.len,
			.packed = files[i].content.len,
			.crc = deflate_crc32(0, files[i].content) };

		snprintf(member.path, sizeof(member.path), "%s", files[i].path);
		ck_ok(zip_writer_begin(zip, &member, &err) &&
			zip_writer_sink(zip, files[i].content, &err),
		    err);
	}
	ck_ok(zip_writer_end(zip, &size, &err), err);
	zip_writer_free(zip);
	return size;
}

/* Of the second member: where its headers stand, and the end record. */
enum where { BOTH, IN_LOCAL, IN_CENTRAL, IN_END };

static const struct {
	const char *says; /* NULL: it is good */
	enum error_kind kind;
	struct {
		enum where where;
		unsigned at, width; /* in the local header where BOTH */
		uint64_t value;
	} fields[3];
} changes[] = {
	{ NULL, 0, { { BOTH, 4, 2, 10 } } },
	{ NULL, 0, { { BOTH, 4, 2, 20 } } },
	{ "newer than deflate", ERROR_MALFORMED, { { BOTH, 4, 2, 21 } } },
	{ "version needed", ERROR_MALFORMED, { { BOTH, 4, 2, 11 } } },
	{ "version needed", ERROR_MALFORMED,
	    { { BOTH, 4, 2, 10 }, { BOTH, 8, 2, 8 } } },
	{ "flag other", ERROR_MALFORMED, { { BOTH, 6, 2, 1 } } },
	{ "compression", ERROR_MALFORMED, { { BOTH, 8, 2, 1 } } },
	{ "date other", ERROR_MALFORMED, { { BOTH, 10, 2, 1 } } },
	{ "date other", ERROR_MALFORMED, { { BOTH, 12, 2, 0x22 } } },
	{ "CRC differs", ERROR_MALFORMED, { { BOTH, 14, 4, 7 } } },
	{ "two sizes", ERROR_MALFORMED, { { BOTH, 18, 4, 7 } } },
	{ "Zip64", ERROR_MALFORMED,
	    { { BOTH, 18, 4, UINT32_MAX }, { BOTH, 22, 4, UINT32_MAX } } },
	{ "bomb", ERROR_LIMIT,
	    { { BOTH, 8, 2, 8 }, { BOTH, 18, 4, 10000 },
		{ BOTH, 22, 4, 201 * 10000 } } },
	{ "extra field", ERROR_MALFORMED, { { BOTH, 28, 2, 1 } } },
	{ "differs", ERROR_MALFORMED, { { IN_LOCAL, 0, 4, 7 } } },
	{ "differs", ERROR_MALFORMED, { { IN_LOCAL, 4, 2, 20 } } },
	{ "differs", ERROR_MALFORMED, { { IN_LOCAL, 6, 2, 0x800 } } },
	{ "differs", ERROR_MALFORMED, { { IN_LOCAL, 8, 2, 8 } } },
	{ "differs", ERROR_MALFORMED, { { IN_LOCAL, 10, 2, 8 } } },
	{ "differs", ERROR_MALFORMED, { { IN_LOCAL, 12, 2, 8 } } },
	{ "differs", ERROR_MALFORMED, { { IN_LOCAL, 14, 4, 8 } } },
	{ "differs", ERROR_MALFORMED, { { IN_LOCAL, 18, 4, 8 } } },
	{ "differs", ERROR_MALFORMED, { { IN_LOCAL, 22, 4, 8 } } },
	{ "differs", ERROR_MALFORMED, { { IN_LOCAL, 26, 2, 8 } } },
	{ "differs", ERROR_MALFORMED, { { IN_LOCAL, 28, 2, 8 } } },
	{ "differs", ERROR_MALFORMED, { { IN_LOCAL, 30, 1, 'V' } } },
	{ "directory is broken", ERROR_MALFORMED, { { IN_CENTRAL, 0, 4, 7 } } },
	{ "made by", ERROR_MALFORMED, { { IN_CENTRAL, 4, 2, 21 } } },
	{ "DOS nor Unix", ERROR_MALFORMED,
	    { { IN_CENTRAL, 4, 2, 20 | 7 << 8 } } },
	{ "a comment", ERROR_MALFORMED, { { IN_CENTRAL, 32, 2, 1 } } },
	{ "another disk", ERROR_MALFORMED, { { IN_CENTRAL, 34, 2, 1 } } },
	{ "attributes", ERROR_MALFORMED, { { IN_CENTRAL, 36, 2, 1 } } },
	{ "attributes", ERROR_MALFORMED, { { IN_CENTRAL, 38, 4, 1 } } },
	{ "not a plain file", ERROR_MALFORMED,
	    { { IN_CENTRAL, 38, 4, 0x10 } } },
	{ "back to back", ERROR_MALFORMED, { { IN_CENTRAL, 42, 4, 0 } } },
	{ "visible", ERROR_MALFORMED,
	    { { IN_LOCAL, 33, 1, 1 }, { IN_CENTRAL, 49, 1, 1 } } },
	{ "more than one disk", ERROR_MALFORMED, { { IN_END, 4, 2, 1 } } },
	{ "more than one disk", ERROR_MALFORMED, { { IN_END, 6, 2, 1 } } },
	{ "more than one disk", ERROR_MALFORMED, { { IN_END, 8, 2, 1 } } },
	{ "it is empty", ERROR_MALFORMED,
	    { { IN_END, 8, 2, 0 }, { IN_END, 10, 2, 0 } } },
	{ "1001 members", ERROR_LIMIT,
	    { { IN_END, 8, 2, 1001 }, { IN_END, 10, 2, 1001 } } },
	{ "Zip64", ERROR_MALFORMED,
	    { { IN_END, 8, 2, UINT16_MAX }, { IN_END, 10, 2, UINT16_MAX } } },
	{ "Zip64", ERROR_MALFORMED, { { IN_END, 12, 4, UINT32_MAX } } },
	{ "Zip64", ERROR_MALFORMED, { { IN_END, 16, 4, UINT32_MAX } } },
	{ "does not reach", ERROR_MALFORMED, { { IN_END, 12, 4, 1 } } },
	{ "does not end with", ERROR_MALFORMED, { { IN_END, 0, 4, 7 } } },
	{ "does not end with", ERROR_MALFORMED, { { IN_END, 20, 2, 1 } } },
	/* One member fewer than there are. */
	{ "no entry tells of", ERROR_MALFORMED,
	    { { IN_END, 8, 2, 1 }, { IN_END, 10, 2, 1 } } },
};

START_TEST(a_zip_in_which_one_field_is_another_is_refused)
{
	const uint64_t local = LOCAL + 8 + strlen(CONTAINER_MIMETYPE);
	const uint64_t central = local + LOCAL + 12 + TEXT_LEN + CENTRAL + 8;
	const int fd = temporary();
	const uint64_t size = put_good(fd);
	struct error err = { 0 };
	struct container *c;
	bool good;

	for (size_t i = 0; i < COUNT(changes[_i].fields); i++) {
		const unsigned at = changes[_i].fields[i].at,
			       width = changes[_i].fields[i].width;
		const uint64_t value = changes[_i].fields[i].value;
		const enum where where = changes[_i].fields[i].where;

		if (where == BOTH || where == IN_LOCAL)
			put_bytes(fd, local + at, value, width);
		if (where == BOTH) /* "made by" stands before them */
			put_bytes(fd, central + at + 2, value, width);
		if (where == IN_CENTRAL)
			put_bytes(fd, central + at, value, width);
		if (where == IN_END)
			put_bytes(fd, size - END + at, value, width);
	}
	c = container_read(fd, &err);
	good = c != NULL && container_hash(c, NULL, &err);
	ck_assert_msg(good == (changes[_i].says == NULL), "%d: %s", _i,
	    err.detail);
	if (!good)
		ck_assert_msg(err.kind == changes[_i].kind &&
			strstr(err.detail, changes[_i].says) != NULL,
		    "%d: %s", _i, err.detail);
	container_free(c);
	close(fd);
}
END_TEST

/* The directory begins within the second member, whose end looks like it. */
START_TEST(a_directory_that_is_larger_than_its_members_is_refused)
{
	const int fd = temporary();
	const uint64_t size = put_good(fd);
	const uint64_t len = 2 * CENTRAL + NAMES;
	struct error err = { 0 };

	put_bytes(fd, size - END + 12, len + 900, 4);
	put_bytes(fd, size - END + 16, size - END - len - 900, 4);
	ck_assert_ptr_null(container_read(fd, &err));
	ck_assert_ptr_nonnull(strstr(err.detail, "larger than its members"));
	close(fd);
}
END_TEST

/* So many bytes go in at a place of the good ZIP, and its end tells of them. */
static struct container *
read_with_more(uint64_t before_end, size_t num, bool in_directory,
    struct error *err)
{
	static uint8_t bytes[4000];
	const int fd = temporary();
	const uint64_t size = put_good(fd);
	const uint64_t len = 2 * CENTRAL + NAMES;
	struct container *c;
	uint8_t tail[200];

	ck_assert_uint_lt(before_end, sizeof(tail));
	ck_ok(file_pread(fd, tail, before_end, (off_t)(size - before_end),
		  err) &&
		file_pwrite(fd, span_of(bytes, num), (off_t)(size - before_end),
		    err) &&
		file_pwrite(fd, span_of(tail, before_end),
		    (off_t)(size - before_end + num), err),
	    *err);
	put_bytes(fd, size + num - END + (in_directory ? 12 : 16),
	    (in_directory ? len : size - END - len) + num, 4);
	c = container_read(fd, err);
	close(fd);
	return c;
}

START_TEST(bytes_that_no_entry_tells_of_are_refused)
{
	const uint64_t len = 2 * CENTRAL + NAMES;
	struct error err = { 0 };

	ck_assert_ptr_null(read_with_more(END, 1, true, &err));
	ck_assert_ptr_nonnull(strstr(err.detail, "no entry tells of"));
	ck_assert_ptr_null(read_with_more(END + len, 1, false, &err));
	ck_assert_ptr_nonnull(strstr(err.detail, "no entry tells of"));
}
END_TEST

START_TEST(a_file_of_a_size_that_no_zip_has_is_refused)
{
	static const struct {
		int64_t size;
		enum error_kind kind;
		const char *says;
	} rows[] = {
		{ 0, ERROR_MALFORMED, "too short" },
		{ END - 1, ERROR_MALFORMED, "too short" },
		{ END, ERROR_MALFORMED, "does not end with" },
		{ INT64_C(4294967294), ERROR_MALFORMED, "does not end with" },
		{ INT64_C(4294967295), ERROR_LIMIT, "4 GiB" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		const int fd = temporary();
		struct error err = { 0 };

		ck_assert_int_eq(ftruncate(fd, rows[i].size), 0);
		ck_assert_ptr_null(container_read(fd, &err));
		ck_assert_msg(err.kind == rows[i].kind &&
			strstr(err.detail, rows[i].says) != NULL,
		    "%zu: %s", i, err.detail);
		close(fd);
	}
}
END_TEST

START_TEST(a_container_of_over_4_gib_is_not_written)
{
	const struct zip_member member = { .path = "a",
		.size = LIMIT_CONTAINER_BYTES,
		.packed = LIMIT_CONTAINER_BYTES };
	struct error err = { 0 };
	const int fd = temporary();
	struct zip_writer *zip = zip_writer_new(fd, &err);

	ck_assert(!zip_writer_begin(zip, &member, &err));
	ck_assert_int_eq(err.kind, ERROR_LIMIT);
	zip_writer_free(zip);
	close(fd);
}
END_TEST

START_TEST(a_deflated_member_ends_with_its_bytes)
{
	static const struct {
		uint64_t size;
		size_t cut, more; /* of the deflated bytes */
		bool apart;       /* what is more comes by itself */
		const char *says; /* NULL: it is good */
	} rows[] = {
		{ 1000, 0, 0, false, NULL },
		{ 1001, 0, 0, false, "less than its size" },
		{ 999, 0, 0, false, "more than its size" },
		{ 1000, 1, 0, false, "less than its size" },
		{ 1000, 0, 1, false, "follow" },
		{ 1000, 0, 1, true, "follow" },
	};
	char text[1000];
	struct buf packed = BUF(10000);
	struct error err = { 0 };

	memset(text, 'x', sizeof(text));
	ck_ok(deflate_raw(span_of(text, sizeof(text)), &packed, &err) &&
		buf_append(&packed, span_of("x", 1), &err),
	    err);
	packed.len--;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct buf out = BUF(10000);
		struct zip_inflater *inflater =
		    zip_inflater_new(rows[i].size, sink_to_buf, &out, &err);
		const size_t first = packed.len - rows[i].cut +
		    (rows[i].apart ? 0 : rows[i].more);
		const bool good = zip_inflater_take(inflater,
				      span_of(packed.data, first), &err) &&
		    zip_inflater_take(inflater, span_of("", 0), &err) &&
		    (!rows[i].apart ||
			zip_inflater_take(inflater, span_of("x", 1), &err)) &&
		    zip_inflater_end(inflater, &err);

		ck_assert_msg(good == (rows[i].says == NULL), "%zu: %s", i,
		    err.detail);
		if (!good)
			ck_assert_msg(strstr(err.detail, rows[i].says) != NULL,
			    "%zu: %s", i, err.detail);
		zip_inflater_free(inflater);
		buf_free(&out);
	}
	buf_free(&packed);
}
END_TEST

/*
 * So many 'x' in a block of the fixed codes (RFC 1951 section 3.2.6): one, and
 * repetitions of 258 of it; the last of these by the given length code.
 */
enum { REPEATED = 40, NUM_X = 1 + 258 * REPEATED };

static struct buf
deflate_by_hand(unsigned last_length_code)
{
	struct buf out = BUF(1000);
	struct error err = { 0 };
	unsigned bits = 0, num = 0;
	struct {
		unsigned value, width;
	} codes[3 + 2 * REPEATED + 1] = { { 1, 1 }, { 2, 2 },
		{ 0x30 + 'x', 8 } };

	for (unsigned i = 0; i < REPEATED; i++) {
		const unsigned code = i < REPEATED - 1 ? 285 : last_length_code;

		codes[3 + 2 * i].value = 0xc0 + code - 280;
		codes[3 + 2 * i].width = 8;
		codes[4 + 2 * i].width = 5; /* distance 1 */
	}
	codes[COUNT(codes) - 1].width = 7; /* the end */
	for (size_t i = 0; i < COUNT(codes); i++)
		for (unsigned j = codes[i].width; j > 0; j--) {
			bits |= (codes[i].value >> (j - 1) & 1) << num;
			if (++num == 8) {
				ck_ok(buf_append_u8(&out, (uint8_t)bits, &err),
				    err);
				bits = num = 0;
			}
		}
	if (num > 0)
		ck_ok(buf_append_u8(&out, (uint8_t)bits, &err), err);
	return out;
}

/* "286-287 will never actually occur" (RFC 1951 section 3.2.6). */
START_TEST(what_is_to_be_handed_on_has_no_code_that_git_refuses)
{
	static char text[NUM_X];
	const unsigned code = (unsigned)_i;
	struct buf packed = deflate_by_hand(code);
	struct zip_member first = { .size = strlen(CONTAINER_MIMETYPE),
		.packed = strlen(CONTAINER_MIMETYPE),
		.path = "mimetype" };
	struct zip_member member = { .size = NUM_X,
		.packed = packed.len,
		.deflated = true,
		.path = "texts/en.txt" };
	const struct span mimetype = span_of_str(CONTAINER_MIMETYPE);
	const int fd = temporary();
	struct error err = { 0 };
	struct zip_writer *zip = zip_writer_new(fd, &err);
	struct container *c;
	uint64_t size;

	memset(text, 'x', sizeof(text));
	first.crc = deflate_crc32(0, mimetype);
	member.crc = deflate_crc32(0, span_of(text, sizeof(text)));
	ck_ok(zip_writer_begin(zip, &first, &err) &&
		zip_writer_sink(zip, mimetype, &err) &&
		zip_writer_begin(zip, &member, &err) &&
		zip_writer_sink(zip, buf_span(&packed), &err) &&
		zip_writer_end(zip, &size, &err),
	    err);
	zip_writer_free(zip);
	c = container_read(fd, &err);
	ck_assert_ptr_nonnull(c);
	ck_assert(container_hash(c, NULL, &err) == (code == 285));
	if (code != 285)
		ck_assert_msg(err.kind == ERROR_MALFORMED &&
			strstr(err.detail, "does not inflate") != NULL,
		    "%s", err.detail);
	container_free(c);
	buf_free(&packed);
	close(fd);
}
END_TEST

static void
count(void *arg)
{
	unsigned *num = arg;

	(*num)++;
}

/* Of what is read in one piece, and of what is not. */
START_TEST(a_member_is_read_whole_or_not_at_all)
{
	static const struct {
		size_t size;
		int more, cut;
		const char *says;
	} rows[] = {
		{ 1000, 0, 0, NULL },
		{ 20000, 0, 0, NULL },
		{ 2000000, 0, 0, NULL },
		{ 20000, 1, 0, "less than its size" },
		{ 20000, -1, 0, "more than its size" },
		{ 20000, 0, 1, "less than its size" },
		{ 20000, 0, -1, "follow" },
	};
	static char text[2000000];

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = "abcdefg"[i * i % 7];
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct span content = span_of(text, rows[i].size);
		struct buf packed = BUF(10000000), out = BUF(10000000);
		const int fd = temporary();
		struct error err = { 0 };
		struct zip_member member = { .deflated = true,
			.crc = deflate_crc32(0, content),
			.size = rows[i].size + (size_t)rows[i].more };
		unsigned pauses = 0;
		bool good;

		ck_ok(deflate_raw(content, &packed, &err) &&
			buf_append(&packed, span_of("x", 1), &err) &&
			file_pwrite(fd, buf_span(&packed), 0, &err),
		    err);
		member.packed = packed.len - 1 - (size_t)rows[i].cut;
		pace_set(count, &pauses);
		good = zip_stream(fd, &member, sink_to_buf, &out, &err);
		pace_set(NULL, NULL);
		/* Others may go first, however small it was packed. */
		ck_assert_uint_ge(pauses, rows[i].size / 65536);
		ck_assert_msg(good == (rows[i].says == NULL), "%zu: %s", i,
		    err.detail);
		if (good)
			ck_assert(span_eq(buf_span(&out), content));
		else
			ck_assert_msg(err.kind == ERROR_MALFORMED &&
				strstr(err.detail, rows[i].says) != NULL,
			    "%zu: %s", i, err.detail);
		member.crc++;
		buf_free(&out);
		ck_assert(!zip_stream(fd, &member, sink_to_buf, &out, &err));
		buf_free(&packed);
		buf_free(&out);
		close(fd);
	}
}
END_TEST

START_TEST(what_a_window_cannot_read_is_told)
{
	const int fd = temporary();
	struct buf none = BUF(1), out = BUF(10000);
	struct zip_member *members;
	struct zip_window *window;
	struct error err = { 0 };
	size_t num;

	put_good(fd);
	ck_ok(zip_read(fd, ZIP_OURS, &members, &num, &err), err);
	window = zip_window_new(fd, members[1].at + members[1].packed, &err);
	ck_assert_ptr_nonnull(window);
	ck_ok(zip_window_load(window, &members[0], &out, &err), err);
	ck_assert(span_is(buf_span(&out), CONTAINER_MIMETYPE));
	ck_assert(!zip_window_load(window, &members[0], &none, &err));
	ck_assert_int_eq(err.kind, ERROR_LIMIT);
	zip_window_free(window);
	ck_assert_int_eq(ftruncate(fd, (off_t)members[1].at), 0);
	window = zip_window_new(fd, members[1].at + members[1].packed, &err);
	ck_assert_ptr_nonnull(window);
	ck_assert(!zip_window_load(window, &members[1], &out, &err));
	ck_assert_int_ne(err.kind, ERROR_LIMIT);
	zip_window_free(window);
	free(members);
	buf_free(&none);
	buf_free(&out);
	close(fd);
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_loop_test(t, a_zip_in_which_one_field_is_another_is_refused,
	    0, COUNT(changes));
	tcase_add_test(t,
	    a_directory_that_is_larger_than_its_members_is_refused);
	tcase_add_test(t, bytes_that_no_entry_tells_of_are_refused);
	tcase_add_test(t, a_file_of_a_size_that_no_zip_has_is_refused);
	tcase_add_test(t, a_container_of_over_4_gib_is_not_written);
	tcase_add_test(t, a_deflated_member_ends_with_its_bytes);
	tcase_add_loop_test(t,
	    what_is_to_be_handed_on_has_no_code_that_git_refuses, 285, 288);
	tcase_add_test(t, a_member_is_read_whole_or_not_at_all);
	tcase_add_test(t, what_a_window_cannot_read_is_told);
}

int
main(void)
{
	return run_tests("zip", fill);
}
