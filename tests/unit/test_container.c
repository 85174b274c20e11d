/*
 * What is refused of ZIPs and containers, one changed field at a time; and of
 * folders, and of what other makers call a container.
 */
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "document/container.h"
#include "document/manifest.h"
#include "document/termination.h"
#include "document/version.h"
#include "document/zip.h"

/* --- A ZIP in which one field is another. --- */

/* APPNOTE 4.3.7, 4.3.12 and 4.3.16: the headers, and where fields stand. */
enum {
	LOCAL = 30,
	CENTRAL = 46,
	END = 22,
	TEXT_LEN = 1000, /* of the second member's content */
	NAMES = 8 + 12,  /* mimetype, version.yaml */
};

static int
temporary(void)
{
	struct error err = { 0 };
	const int fd = file_temporary("/tmp", &err);

	ck_assert_msg(fd >= 0, "%s", err.detail);
	return fd;
}

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
			.crc = zip_crc(0, files[i].content) };

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

/* --- Inflating. --- */

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
	ck_ok(zip_deflate(span_of(text, sizeof(text)), &packed, &err) &&
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

/* --- Containers. --- */

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
	if (small[_i].size <= LIMIT_META_BYTES)
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

/* --- Sets of files. --- */

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
			.crc = zip_crc(0, content) };

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

/* --- Of other makers. --- */

#define LONG20  "aaaaaaaaaaaaaaaaaaaa"
#define LONG180 LONG20 LONG20 LONG20 LONG20 LONG20 LONG20 LONG20 LONG20 LONG20

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
	{ { "a", LONG180 }, 0, NULL, 0, 0, 0, NULL },
	{ { "a", LONG180 "a" }, 0, NULL, 0, 0, ERROR_LIMIT,
	    "a name of 181 bytes" },
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
			ck_ok(zip_deflate(content, &packed, &err), err);
			bytes = buf_span(&packed);
			method = 8;
		}
		for (unsigned where = 0; where < 2; where++)
			put_header(where == 0 ? &out : &central, where == 1,
			    foreign[_i].paths[0] == NULL ? name
							 : foreign[_i].paths[i],
			    method, bytes, content.len, zip_crc(0, content),
			    at);
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

/* --- version.yaml, termination.yaml, manifests: over their limits. --- */

START_TEST(a_text_over_its_limit_is_refused_before_it_is_read)
{
	char *text = calloc(1, LIMIT_MANIFEST_BYTES + 1);
	struct termination termination;
	struct manifest manifest;
	struct error err = { 0 };

	ck_assert_ptr_null(
	    version_parse(span_of(text, LIMIT_VERSION_BYTES), &err));
	ck_assert_int_eq(err.kind, ERROR_MALFORMED);
	ck_assert_ptr_null(
	    version_parse(span_of(text, LIMIT_VERSION_BYTES + 1), &err));
	ck_assert_int_eq(err.kind, ERROR_LIMIT);
	ck_assert(!termination_parse(span_of(text, LIMIT_VERSION_BYTES),
	    &termination, &err));
	ck_assert_int_eq(err.kind, ERROR_MALFORMED);
	ck_assert(!termination_parse(span_of(text, LIMIT_VERSION_BYTES + 1),
	    &termination, &err));
	ck_assert_int_eq(err.kind, ERROR_LIMIT);
	ck_assert(!manifest_parse(span_of(text, LIMIT_MANIFEST_BYTES),
	    &manifest, &err));
	ck_assert_int_eq(err.kind, ERROR_MALFORMED);
	ck_assert(!manifest_parse(span_of(text, LIMIT_MANIFEST_BYTES + 1),
	    &manifest, &err));
	ck_assert_int_eq(err.kind, ERROR_LIMIT);
	free(text);
}
END_TEST

START_TEST(a_manifest_has_so_many_files_and_no_more)
{
	struct manifest manifest = { 0 };
	struct error err = { 0 };

	for (unsigned i = 0; i < 2 * LIMIT_MEMBERS; i++)
		ck_ok(manifest_add(&manifest, "a", "a/b", NULL, &err), err);
	ck_assert(!manifest_add(&manifest, "a", "a/b", NULL, &err));
	ck_assert_int_eq(err.kind, ERROR_LIMIT);
	manifest_free(&manifest);
}
END_TEST

#define HASH                                                                   \
	"\"0000000000000000000000000000000000000000000000000000000000000000\""
#define ENDS(number, digest, reason, more)                                     \
	"valise: 1\ndocument: agreement/x1\nversion: " number                  \
	"\ndigest: " digest "\nreason: " reason "\n" more

static const struct {
	const char *text, *says; /* NULL: it is good */
} terminations[] = {
	{ ENDS("2", HASH, "over", ""), NULL },
	{ ENDS("0", HASH, "over", ""), "version" },
	{ ENDS("2", "x", "over", ""), "SHA-256" },
	{ ENDS("2", HASH, "\"a\\nb\"", ""), "5:9" },
	{ ENDS("2", HASH, "over", "more: 1\n"), "more" },
	{ "valise: 1\ndocument: agreement/x1\nversion: 2\ndigest: " HASH "\n",
	    "reason" },
	{ "valise: 1\ndocument: agreement/x1\nversion: 2\nreason: a\n",
	    "digest" },
	{ "- 1\n", "mapping" },
	{ "\"", "termination.yaml" },
};

START_TEST(a_termination_that_is_none_is_refused)
{
	struct termination it;
	struct buf text = BUF(10000);
	struct error err = { 0 };
	const bool good =
	    termination_parse(span_of_str(terminations[_i].text), &it, &err);

	ck_assert_msg(good == (terminations[_i].says == NULL), "%d: %s", _i,
	    err.detail);
	if (!good) {
		ck_assert_int_eq(err.kind, ERROR_MALFORMED);
		ck_assert_msg(strstr(err.detail, terminations[_i].says) != NULL,
		    "%d: %s", _i, err.detail);
		return;
	}
	ck_ok(termination_encode(&it, &text, &err), err);
	ck_assert(span_is(buf_span(&text), terminations[_i].text));
	buf_free(&text);
}
END_TEST

#define TITLED(title, rest)                                                    \
	"valise: 1\ndocument: agreement/x1\nversion: 1\ntitle:" title          \
	"office: mofa\nperson: a@mofa.example\n"                               \
	"created: 2026-11-23T10:00:00Z\n" rest
#define ANNEX(name)                                                            \
	"  - {file: annexes/" name ", media: a/b, size: 3, sha256: " HASH "}\n"
#define TEXT_OF(name, language, size)                                          \
	"  - {file: texts/" name ", language: " language                       \
	", authentic: true, media: a/b, size: " size ", sha256: " HASH "}\n"
#define ONE_TEXT "texts:\n" TEXT_OF("lo/a", "lo", "3")

static const struct {
	const char *text, *says; /* NULL: it is good */
} versions[] = {
	{ TITLED(" {en: A}\n", ONE_TEXT "annexes: []\n"), NULL },
	{ TITLED(" {en: A}\n", ONE_TEXT "annexes:\n" ANNEX("a") ANNEX("b")),
	    NULL },
	{ TITLED(" {}\n", ONE_TEXT "annexes: []\n"), "needs a title" },
	{ TITLED(" {e_n: A}\n", ONE_TEXT "annexes: []\n"),
	    "is not a language" },
	{ TITLED(" {en: [A]}\n", ONE_TEXT "annexes: []\n"), "en" },
	{ TITLED(" {en: A}\n", ONE_TEXT "annexes:\n" ANNEX("a") ANNEX("a")),
	    "stands twice" },
	{ TITLED(" {en: A}\n",
	      ONE_TEXT TEXT_OF("lo/a", "lo", "3") "annexes: []\n"),
	    "stands twice" },
	{ TITLED(" {en: A}\n", ONE_TEXT "annexes:\n" ANNEX("a/b")),
	    "should lie in annexes/" },
	{ TITLED(" {en: A}\n",
	      "texts:\n" TEXT_OF("lo/a", "lo", "4000000000") "annexes: []\n"),
	    NULL },
	{ TITLED(" {en: A}\n",
	      "texts:\n" TEXT_OF("lo/a", "lo", "4000000001") "annexes: []\n"),
	    "over 4000000000 bytes" },
};

START_TEST(a_version_names_each_file_once)
{
	struct error err = { 0 };
	struct version *it =
	    version_parse(span_of_str(versions[_i].text), &err);

	ck_assert_msg((it != NULL) == (versions[_i].says == NULL), "%d: %s", _i,
	    err.detail);
	if (it == NULL)
		ck_assert_msg(strstr(err.detail, versions[_i].says) != NULL,
		    "%d: %s", _i, err.detail);
	free(it);
}
END_TEST

/* So many titles, texts or annexes, of different names each. */
START_TEST(a_version_has_so_much_and_no_more)
{
	static const struct {
		unsigned titles, texts, annexes;
		const char *says; /* NULL: it is good */
	} rows[] = {
		{ LIMIT_LANGUAGES, LIMIT_TEXTS, LIMIT_ANNEXES, NULL },
		{ LIMIT_LANGUAGES + 1, 1, 1, "more than 32 titles" },
		{ 1, LIMIT_TEXTS + 1, 1, "more than 64 files" },
		{ 1, 1, LIMIT_ANNEXES + 1, "more than 256 files" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct buf text = BUF(LIMIT_VERSION_BYTES);
		struct error err = { 0 };
		struct version *it;

		ck_ok(buf_append_str(&text,
			  "valise: 1\ndocument: agreement/x1\nversion: 1\n"
			  "office: mofa\nperson: a@mofa.example\n"
			  "created: 2026-11-23T10:00:00Z\ntitle:\n",
			  &err),
		    err);
		for (unsigned n = 0; n < rows[i].titles; n++)
			ck_ok(buf_printf(&text, &err, "  fr-%03u: A\n", n),
			    err);
		ck_ok(buf_append_str(&text, "texts:\n", &err), err);
		for (unsigned n = 0; n < rows[i].texts; n++)
			ck_ok(buf_printf(&text, &err,
				  TEXT_OF("lo/a%u", "lo", "3"), n),
			    err);
		ck_ok(buf_append_str(&text, "annexes:\n", &err), err);
		for (unsigned n = 0; n < rows[i].annexes; n++)
			ck_ok(buf_printf(&text, &err, ANNEX("a%u"), n), err);
		it = version_parse(buf_span(&text), &err);
		ck_assert_msg((it != NULL) == (rows[i].says == NULL), "%zu: %s",
		    i, err.detail);
		if (it == NULL)
			ck_assert_msg(strstr(err.detail, rows[i].says) != NULL,
			    "%zu: %s", i, err.detail);
		free(it);
		buf_free(&text);
	}
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
	tcase_add_test(t, a_container_has_so_many_files_and_no_more);
	tcase_add_loop_test(t, a_file_that_is_judged_as_a_whole_is_small, 0,
	    COUNT(small));
	tcase_add_test(t, contents_are_told_of_what_is_hashed);
	tcase_add_test(t, a_set_of_files_is_so_large_and_no_larger);
	tcase_add_test(t, a_folder_has_plain_files_of_safe_names);
	tcase_add_test(t, a_folder_has_so_many_files_and_no_more);
	tcase_add_test(t, a_folder_that_is_none_is_told);
	tcase_add_loop_test(t, what_others_call_a_container_is_read_or_told, 0,
	    COUNT(foreign));
	tcase_add_test(t, what_is_no_zip_is_told);
	tcase_add_test(t, a_text_over_its_limit_is_refused_before_it_is_read);
	tcase_add_test(t, a_manifest_has_so_many_files_and_no_more);
	tcase_add_loop_test(t, a_version_names_each_file_once, 0,
	    COUNT(versions));
	tcase_add_test(t, a_version_has_so_much_and_no_more);
	tcase_add_loop_test(t, a_termination_that_is_none_is_refused, 0,
	    COUNT(terminations));
}

int
main(void)
{
	return run_tests("container", fill);
}
