/*
 * Containers, sets of files and folders: what they may contain and how much;
 * and containers of other makers.
 */
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/deflate.h"
#include "base/file.h"
#include "document/container.h"
#include "document/zip.h"
#include "zip_fixture.h"

START_TEST(a_container_has_so_many_files_and_no_more)
{
	struct error err = { 0 };
	struct container *c = container_new(&err);
	char path[20];

	for (unsigned i = 0; i < 2 * LIMIT_MEMBERS; i++) {
		snprintf(path, sizeof(path), "f%04u", i);
		ck_ok(container_put_to_judge(c, path, span_of("x", 1), &err),
		    err);
	}
	ck_assert(!container_put_to_judge(c, "g", span_of("x", 1), &err));
	ck_assert_int_eq(err.kind, ERROR_LIMIT);
	/* One that is there is replaced. */
	ck_ok(container_put_to_judge(c, "f0000", span_of("y", 1), &err), err);
	container_free(c);
}
END_TEST

static const struct {
	const char *path;
	size_t size; /* of each, of blanks */
	unsigned num;
	const char *says; /* NULL: it is good */
} small[] = {
	{ "META-INF/f%02u", LIMIT_META_BYTES, 1, NULL },
	{ "META-INF/f%02u", LIMIT_META_BYTES + 1, 1, "limit 1048576" },
	{ "META-INF/f%02u", LIMIT_META_BYTES, 31, NULL },
	{ "META-INF/f%02u", LIMIT_META_BYTES, 33, "all together" },
	{ "version.yaml", LIMIT_VERSION_BYTES, 1, NULL },
	{ "version.yaml", LIMIT_VERSION_BYTES + 1, 1, "limit 262144" },
	{ "termination.yaml", LIMIT_VERSION_BYTES + 1, 1, "limit 262144" },
	{ "texts/en/a.txt", LIMIT_META_BYTES, 1, NULL },
};

START_TEST(a_file_that_is_judged_as_a_whole_is_small)
{
	char *blanks = malloc(LIMIT_META_BYTES + 1), path[40];
	struct error err = { 0 };
	struct container *c = container_new(&err), *back;
	const int fd = temporary();
	uint64_t size;

	memset(blanks, ' ', LIMIT_META_BYTES + 1);
	ck_ok(container_put(c, "mimetype", span_of_str(CONTAINER_MIMETYPE),
		  &err),
	    err);
	for (unsigned i = 0; i < small[_i].num; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(path, sizeof(path), small[_i].path, i);
#pragma GCC diagnostic pop
		ck_ok(container_put(c, path, span_of(blanks, small[_i].size),
			  &err),
		    err);
	}
	ck_ok(container_write(c, fd, &size, &err), err);
	/* Deflated they are small, and stay so in the file. */
	if (small[_i].size <= LIMIT_META_BYTES && small[_i].num == 1)
		ck_assert_uint_lt(size, 100000);
	back = container_read(fd, &err);
	ck_assert_msg((back != NULL) == (small[_i].says == NULL), "%d: %s", _i,
	    err.detail);
	if (back == NULL) {
		ck_assert_int_eq(err.kind, ERROR_LIMIT);
		ck_assert_msg(strstr(err.detail, small[_i].says) != NULL,
		    "%d: %s", _i, err.detail);
	}
	container_free(c);
	container_free(back);
	free(blanks);
	close(fd);
}
END_TEST

/* _i: the file has another content than what is in memory. */
START_TEST(what_was_just_written_is_taken_over)
{
	struct error err = { 0 };
	struct container *c = container_new(&err), *back;
	const uint8_t *before;
	const int fd = temporary();
	struct member *text, *yaml;
	struct buf read = BUF(100);
	uint64_t size;

	ck_ok(container_put(c, "mimetype", span_of_str(CONTAINER_MIMETYPE),
		  &err) &&
		container_put(c, "texts/en/a.txt", span_of_str("hello"),
		    &err) &&
		container_put(c, "version.yaml", span_of_str("x: 1"), &err) &&
		container_write(c, fd, &size, &err),
	    err);
	if (_i == 1)
		ck_ok(container_put(c, "texts/en/a.txt", span_of_str("other"),
			  &err),
		    err);
	ck_ok(container_hash(c, NULL, &err), err);
	before = member_bytes(container_find(c, "texts/en/a.txt")).data;
	back = container_read_back(fd, c, &err);
	ck_assert_msg(back != NULL, "%s", err.detail);
	text = container_find(back, "texts/en/a.txt");
	ck_assert((member_bytes(text).data == before) == (_i == 0));
	ck_assert(text->to_judge && text->hashed == (_i == 0));
	ck_ok(container_hash(back, NULL, &err) &&
		member_stream(text, sink_to_buf, &read, &err),
	    err);
	ck_assert(span_is(buf_span(&read), "hello"));
	yaml = container_find(back, "version.yaml");
	ck_assert(span_is(member_bytes(yaml), "x: 1") && yaml->hashed);
	ck_assert(container_find(c, "version.yaml")->bytes.len == 0);
	buf_free(&read);
	container_free(c);
	container_free(back);
	close(fd);
}
END_TEST

START_TEST(contents_are_told_of_what_is_hashed)
{
	struct error err = { 0 };
	struct container *c = container_new(&err);
	struct digest digest;

	ck_ok(container_put(c, "a", span_of("x", 1), &err), err);
	ck_assert(!container_contents(c, &digest, &err));
	ck_assert_int_eq(err.kind, ERROR_SYSTEM);
	ck_ok(container_hash(c, NULL, &err) &&
		container_contents(c, &digest, &err),
	    err);
	container_free(c);
}
END_TEST

/* A ZIP of so many files of so many bytes. */
static int
put_files(unsigned num, uint64_t size)
{
	const int fd = temporary();
	struct error err = { 0 };
	struct zip_writer *zip = zip_writer_new(fd, &err);
	uint8_t *zeros = calloc(1, size);
	const struct span content = span_of(zeros, size);
	uint64_t ignored;

	for (unsigned i = 0; i < num; i++) {
		struct zip_member member = { .size = size,
			.packed = size,
			.crc = deflate_crc32(0, content) };

		snprintf(member.path, sizeof(member.path), "f%04u", i);
		ck_ok(zip_writer_begin(zip, &member, &err) &&
			zip_writer_sink(zip, content, &err),
		    err);
	}
	ck_ok(zip_writer_end(zip, &ignored, &err), err);
	zip_writer_free(zip);
	free(zeros);
	return fd;
}

START_TEST(a_set_of_files_is_so_large_and_no_larger)
{
	static const struct {
		unsigned num;
		uint64_t size;
		const char *says; /* NULL: it is good */
	} rows[] = {
		{ LIMIT_POLICY_FILES, 1, NULL },
		{ LIMIT_POLICY_FILES + 1, 1, "257 files" },
		{ 1, LIMIT_CRL_BYTES + 1, "" },
		{ 1, LIMIT_POLICY_ZIP_BYTES + 1, "over 67108864 bytes" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		const int fd = put_files(rows[i].num, rows[i].size);

		for (unsigned judge = 0; judge < 2; judge++) {
			struct error err = { 0 };
			struct container *c = judge == 0
			    ? container_read_files(fd, &err)
			    : container_read_files_to_judge(fd, &err);

			ck_assert_msg((c != NULL) == (rows[i].says == NULL),
			    "%zu: %s", i, err.detail);
			if (c == NULL)
				ck_assert_msg(err.kind == ERROR_LIMIT &&
					strstr(err.detail, rows[i].says) !=
					    NULL,
				    "%zu: %s", i, err.detail);
			else
				ck_assert_uint_eq(c->num, rows[i].num);
			container_free(c);
		}
		close(fd);
	}
}
END_TEST

static char dir[UNIT_DIR];

static void
make_dir(void)
{
	unit_make_dir(dir);
}

static void
put_file(const char *name)
{
	char path[FILE_PATH];
	struct error err = { 0 };

	ck_ok(file_join(path, dir, name, &err) &&
		file_write(path, span_of_str("x"), 0600, &err),
	    err);
}

static void
remove_file(const char *name)
{
	char path[FILE_PATH];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	ck_assert_int_eq(remove(path), 0);
}

START_TEST(a_folder_has_plain_files_of_safe_names)
{
	static const struct {
		const char *name, *link; /* to that, or NULL: a plain file */
		enum error_kind kind;
		const char *says; /* NULL: it is good */
	} rows[] = {
		{ "good.yaml", NULL, 0, NULL },
		{ ".hidden", NULL, ERROR_MALFORMED, "dot" },
		{ "a\x01", NULL, ERROR_MALFORMED, "visible" },
		{ "device", "/dev/null", ERROR_MALFORMED, "not a plain file" },
		{ "broken", "/none/at/all", ERROR_SYSTEM, "broken" },
	};

	make_dir();
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct error err = { 0 };
		struct container *c;
		char path[FILE_PATH];

		snprintf(path, sizeof(path), "%s/%s", dir, rows[i].name);
		if (rows[i].link != NULL)
			ck_assert_int_eq(symlink(rows[i].link, path), 0);
		else
			put_file(rows[i].name);
		c = container_read_dir(dir, &err);
		ck_assert_msg((c != NULL) == (rows[i].says == NULL), "%zu: %s",
		    i, err.detail);
		if (c == NULL)
			ck_assert_msg(err.kind == rows[i].kind &&
				strstr(err.detail, rows[i].says) != NULL,
			    "%zu: %s", i, err.detail);
		container_free(c);
		remove_file(rows[i].name);
	}
	rmdir(dir);
}
END_TEST

START_TEST(a_folder_has_so_many_files_and_no_more)
{
	struct error err = { 0 };
	struct container *c;
	char name[20];

	make_dir();
	for (unsigned i = 0; i < LIMIT_POLICY_FILES; i++) {
		snprintf(name, sizeof(name), "f%u", i);
		put_file(name);
	}
	c = container_read_dir(dir, &err);
	ck_assert_msg(c != NULL, "%s", err.detail);
	ck_assert_uint_eq(c->num, LIMIT_POLICY_FILES);
	container_free(c);
	put_file("more");
	ck_assert_ptr_null(container_read_dir(dir, &err));
	ck_assert_int_eq(err.kind, ERROR_LIMIT);
	remove_file("more");
	for (unsigned i = 0; i < LIMIT_POLICY_FILES; i++) {
		snprintf(name, sizeof(name), "f%u", i);
		remove_file(name);
	}
	rmdir(dir);
}
END_TEST

START_TEST(a_folder_that_is_none_is_told)
{
	char path[FILE_PATH];
	struct error err = { 0 };

	make_dir();
	put_file("file");
	snprintf(path, sizeof(path), "%s/file", dir);
	ck_assert_ptr_null(container_read_dir(path, &err));
	ck_assert_int_eq(err.kind, ERROR_SYSTEM);
	remove_file("file");
	ck_assert_ptr_null(container_read_dir(path, &err));
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	rmdir(dir);
}
END_TEST

#define LONG20  "aaaaaaaaaaaaaaaaaaaa"
#define LONG100 LONG20 LONG20 LONG20 LONG20 LONG20
#define LONG300 LONG100 LONG100 LONG100

static const struct {
	const char *paths[2];
	uint16_t method;    /* of the last */
	const char *packed; /* its bytes; NULL: "x" */
	unsigned num;       /* else: so many of one byte */
	uint64_t size;      /* or one of so many zeros, deflated */
	enum error_kind kind;
	const char *says; /* NULL: it is good */
} foreign[] = {
	{ { "a", "b" }, 0, NULL, 0, 0, 0, NULL },
	{ { "folder/", "b" }, 0, NULL, 0, 0, 0, NULL },
	{ { "a", LONG300 }, 0, NULL, 0, 0, 0, NULL },
	{ { "a", LONG300 "a" }, 0, NULL, 0, 0, ERROR_LIMIT,
	    "a name of 301 bytes" },
	{ { "a", "a" }, 0, NULL, 0, 0, ERROR_MALFORMED, "is there twice" },
	{ { "a", "b" }, 97, NULL, 0, 0, ERROR_MALFORMED, "\"b\"" },
	{ { "a", "b" }, 8, "\xff\xff", 0, 0, ERROR_MALFORMED, "does not read" },
	{ { NULL }, 0, NULL, LIMIT_MEMBERS, 0, 0, NULL },
	{ { NULL }, 0, NULL, LIMIT_MEMBERS + 1, 0, ERROR_LIMIT,
	    "1001 members" },
	{ { NULL }, 0, NULL, 0, LIMIT_META_TOTAL, 0, NULL },
	{ { NULL }, 0, NULL, 0, LIMIT_META_TOTAL + 1, ERROR_LIMIT,
	    "over 33554432 bytes" },
};

/* A header of either kind; made as any other program would. */
static void
put_header(struct buf *out, bool central, const char *path, uint16_t method,
    struct span packed, uint64_t size, uint32_t crc, uint64_t at)
{
	struct error err = { 0 };
	uint8_t bytes[CENTRAL] = { 'P', 'K', 3, 4, 20 };
	const size_t shift = central ? 2 : 0;
	struct {
		size_t at;
		uint64_t value;
		unsigned width;
	} fields[] = {
		{ 8 + shift, method, 2 },
		{ 14 + shift, crc, 4 },
		{ 18 + shift, packed.len, 4 },
		{ 22 + shift, size, 4 },
		{ 26 + shift, strlen(path), 2 },
		{ 42, at, 4 },
	};

	if (central)
		bytes[2] = 1, bytes[3] = 2, bytes[6] = 20;
	for (size_t i = 0; i < COUNT(fields); i++)
		for (unsigned n = 0; n < fields[i].width; n++)
			bytes[fields[i].at + n] =
			    (uint8_t)(fields[i].value >> 8 * n);
	ck_ok(buf_append(out, span_of(bytes, central ? CENTRAL : LOCAL),
		  &err) &&
		buf_append_str(out, path, &err) &&
		(central || buf_append(out, packed, &err)),
	    err);
}

static void
put_end(struct buf *out, const struct buf *central, unsigned num)
{
	const uint8_t end[END] = { 'P', 'K', 5, 6, 0, 0, 0, 0, (uint8_t)num,
		(uint8_t)(num >> 8), (uint8_t)num, (uint8_t)(num >> 8),
		(uint8_t)central->len, (uint8_t)(central->len >> 8),
		(uint8_t)(central->len >> 16), 0, (uint8_t)out->len,
		(uint8_t)(out->len >> 8), (uint8_t)(out->len >> 16) };
	struct error err = { 0 };

	ck_ok(buf_append(out, buf_span(central), &err) &&
		buf_append(out, span_of(end, END), &err),
	    err);
}

START_TEST(what_others_call_a_container_is_read_or_told)
{
	struct buf out = BUF(1000000), central = BUF(1000000),
		   packed = BUF(1000000);
	const unsigned num = foreign[_i].num > 0 ? foreign[_i].num
	    : foreign[_i].size > 0               ? 1
						 : 2;
	struct error err = { 0 };
	struct container *c;
	char path[FILE_PATH], name[20];

	make_dir();
	for (unsigned i = 0; i < num; i++) {
		const char *with = i + 1 == num && foreign[_i].packed != NULL
		    ? foreign[_i].packed
		    : "x";
		uint8_t *zeros = calloc(1, foreign[_i].size + 1);
		const struct span content = foreign[_i].size > 0
		    ? span_of(zeros, foreign[_i].size)
		    : span_of_str("x");
		const uint64_t at = out.len;
		uint16_t method = i + 1 == num ? foreign[_i].method : 0;
		struct span bytes = span_of_str(with);

		snprintf(name, sizeof(name), "f%u", i);
		if (foreign[_i].size > 0) {
			ck_ok(deflate_raw(content, &packed, &err), err);
			bytes = buf_span(&packed);
			method = 8;
		}
		for (unsigned where = 0; where < 2; where++)
			put_header(where == 0 ? &out : &central, where == 1,
			    foreign[_i].paths[0] == NULL ? name
							 : foreign[_i].paths[i],
			    method, bytes, content.len,
			    deflate_crc32(0, content), at);
		free(zeros);
	}
	put_end(&out, &central, num);
	ck_ok(file_join(path, dir, "file", &err) &&
		file_write(path, buf_span(&out), 0600, &err),
	    err);
	c = container_read_foreign(path, &err);
	ck_assert_msg((c != NULL) == (foreign[_i].says == NULL), "%d: %s", _i,
	    err.detail);
	if (c == NULL) {
		ck_assert_msg(err.kind == foreign[_i].kind &&
			strstr(err.detail, foreign[_i].says) != NULL,
		    "%d: %s", _i, err.detail);
	} else if (foreign[_i].paths[0] != NULL) {
		ck_assert_uint_eq(c->num,
		    foreign[_i].paths[0][1] == '\0' ? 2 : 1);
		ck_assert(span_is(member_bytes(
				      container_find(c, foreign[_i].paths[1])),
		    "x"));
	} else {
		ck_assert_uint_eq(c->num, num);
	}
	container_free(c);
	buf_free(&out);
	buf_free(&central);
	buf_free(&packed);
	remove_file("file");
	rmdir(dir);
}
END_TEST

START_TEST(what_is_no_zip_is_told)
{
	struct error err = { 0 };
	char path[FILE_PATH];

	make_dir();
	put_file("file");
	snprintf(path, sizeof(path), "%s/file", dir);
	ck_assert_ptr_null(container_read_foreign(path, &err));
	ck_assert_int_eq(err.kind, ERROR_MALFORMED);
	ck_assert_ptr_nonnull(strstr(err.detail, "not a ZIP"));
	remove_file("file");
	rmdir(dir);
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_test(t, a_container_has_so_many_files_and_no_more);
	tcase_add_loop_test(t, a_file_that_is_judged_as_a_whole_is_small, 0,
	    COUNT(small));
	tcase_add_test(t, contents_are_told_of_what_is_hashed);
	tcase_add_loop_test(t, what_was_just_written_is_taken_over, 0, 2);
	tcase_add_test(t, a_set_of_files_is_so_large_and_no_larger);
	tcase_add_test(t, a_folder_has_plain_files_of_safe_names);
	tcase_add_test(t, a_folder_has_so_many_files_and_no_more);
	tcase_add_test(t, a_folder_that_is_none_is_told);
	tcase_add_loop_test(t, what_others_call_a_container_is_read_or_told, 0,
	    COUNT(foreign));
	tcase_add_test(t, what_is_no_zip_is_told);
}

int
main(void)
{
	return run_tests("container", fill);
}
