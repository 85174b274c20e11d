/*
 * What a container costs before it is refused: so many bytes are inflated, and
 * not one more.  Names and sizes come first, then version.yaml, then the rest.
 */
#include <dlfcn.h>
#include <unistd.h>
#include <zlib.h>

#include "base/deflate.h"
#include "copy_fixture.h"
#include "document/zip.h"
#include "zip_fixture.h"

/* All that zlib gave in this process. */
static uint64_t inflated;

/* Stands before zlib's own. */
int
inflate(z_streamp stream, int flush)
{
	static int (*next)(z_streamp, int);
	const uLong before = stream->total_out;
	int result;

	if (next == NULL)
		*(void **)&next = dlsym(RTLD_NEXT, "inflate");
	result = next(stream, flush);
	inflated += stream->total_out - before;
	return result;
}

enum { PAGE = 64 * 1024, MIB = 1024 * 1024 };

static uint8_t blanks[2 * MIB];

/* Put a member of so many blanks, which deflates to almost nothing. */
static void
put_blanks(struct container *c, const char *path, size_t len)
{
	struct error err = { 0 };

	ck_assert_uint_le(len, sizeof(blanks));
	ck_ok(container_put(c, path, span_of(blanks, len), &err), err);
}

static void
put_many(struct container *c, const char *format, unsigned num, size_t len)
{
	char path[LIMIT_PATH_BYTES + 1];

	for (unsigned i = 0; i < num; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(path, sizeof(path), format, i);
#pragma GCC diagnostic pop
		put_blanks(c, path, len);
	}
}

/* A deposit as good as any, but that its texts are larger. */
static struct container *
good_deposit(void)
{
	static const struct copy_step steps[] = { { ACT_DEPOSIT, 3, DEPOSITOR,
	    ONE_OF_EACH, 0, NULL } };
	struct container *c = copy_make(1, steps, 1, NULL, NULL);

	container_remove(c, PATH_SEAL);
	container_remove(c, PATH_SEAL_MANIFEST);
	container_remove(c, "META-INF/receipt-3.tlog-proof");
	return c;
}

static void
no_version(struct container *c)
{
	container_remove(c, PATH_VERSION);
	put_many(c, "annexes/a%u.txt", 3, PAGE);
	put_blanks(c, "META-INF/signature-origin.p7s", PAGE);
}

static void
no_part_of_it(struct container *c)
{
	put_blanks(c, "other.txt", PAGE);
}

static void
too_many_texts(struct container *c)
{
	put_many(c, "texts/en/b%u.txt", LIMIT_TEXTS, 100);
}

static void
too_large(struct container *c)
{
	put_blanks(c, "annexes/a.txt", PAGE + 1);
}

static void
unlisted(struct container *c)
{
	put_blanks(c, "annexes/a.txt", PAGE);
}

static void
of_another_size(struct container *c)
{
	put_blanks(c, "texts/en/a.txt", PAGE);
}

static void
broken_version(struct container *c)
{
	put_blanks(c, PATH_VERSION, PAGE);
}

static void
of_another_language(struct container *c)
{
	struct error err = { 0 };
	struct version *version =
	    version_parse(member_bytes(container_find(c, PATH_VERSION)), &err);
	struct buf yaml = BUF(10000);

	ck_assert_ptr_nonnull(version);
	version->texts[0].authentic = false;
	put_blanks(c, "texts/en/a.txt", PAGE);
	version->texts[0].size = PAGE;
	ck_ok(version_encode(version, &yaml, &err) &&
		container_put(c, PATH_VERSION, buf_span(&yaml), &err),
	    err);
	buf_free(&yaml);
	version_free(version);
}

static void
altered(struct container *c)
{
	put_blanks(c, "texts/en/a.txt", strlen("Article 1"));
}

static const struct {
	void (*spoil)(struct container *c);
	enum finding_code code;
	/* Inflated: nothing; what is read into memory; or all. */
	enum { NONE, SMALL, ALL } work;
} deposits[] = {
	{ no_version, FINDING_NOT_A_DOCUMENT, NONE },
	{ no_part_of_it, FINDING_FILE_UNSIGNED, SMALL },
	{ too_many_texts, FINDING_TEXT_NOT_ALLOWED, SMALL },
	{ too_large, FINDING_TEXT_NOT_ALLOWED, SMALL },
	{ broken_version, FINDING_VERSION_MALFORMED, SMALL },
	{ unlisted, FINDING_FILE_UNSIGNED, SMALL },
	{ of_another_size, FINDING_TEXT_DIGEST, SMALL },
	{ of_another_language, FINDING_TEXT_NOT_ALLOWED, SMALL },
	{ altered, FINDING_TEXT_DIGEST, ALL },
};

/* What is inflated of a container, if all of it is, or only the small. */
static uint64_t
work_of(const struct container *c, bool only_small)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < c->num; i++)
		if (c->members[i].deflated &&
		    !(only_small && path_is_text(c->members[i].path)) &&
		    strcmp(c->members[i].path, "other.txt") != 0)
			sum += c->members[i].size;
	return sum;
}

static void
judge(struct container *c, struct verdict *out)
{
	const struct verdict_library library = copy_library();
	const struct verdict_request request = { .expect = EXPECT_DEPOSIT,
		.container = c,
		.certs = copy_world.certs,
		.library = &library,
		.live = "origin",
		.office = "mofa",
		.person = "treaties@mofa.example",
		.document = COPY_DOCUMENT,
		.number = 1,
		.policy = copy_world.policies[ONE_OF_EACH],
		.now_ms = COPY_NOW * 1000 };
	struct error err = { 0 };

	ck_ok(verdict_judge(&request, out, &err), err);
}

/* The type of document that takes no text over a page. */
static void
lower_limit(void)
{
	struct policy *policy = copy_world.policies[ONE_OF_EACH];

	for (size_t i = 0; i < policy->num_types; i++)
		policy->types[i].limit_text = PAGE;
}

START_TEST(a_deposit_is_refused_where_it_costs_least)
{
	struct container *c = good_deposit(), *read;
	struct error err = { 0 };
	const int fd = temporary();
	struct verdict verdict;
	uint64_t size, wanted;

	lower_limit();
	memset(blanks, ' ', sizeof(blanks));
	deposits[_i].spoil(c);
	wanted = deposits[_i].work == NONE
	    ? 0
	    : work_of(c, deposits[_i].work == SMALL);
	ck_ok(container_write(c, fd, &size, &err), err);
	inflated = 0;
	read = container_read(fd, &err);
	ck_assert_msg(read != NULL, "%d: %s", _i, err.detail);
	judge(read, &verdict);
	ck_assert_msg(copy_has(&verdict, deposits[_i].code), "%d: %s", _i,
	    copy_findings(&verdict));
	ck_assert_msg(inflated == wanted, "%d: %llu bytes instead of %llu", _i,
	    (unsigned long long)inflated, (unsigned long long)wanted);
	verdict_free(&verdict);
	container_free(read);
	container_free(c);
	close(fd);
}
END_TEST

/* --- What is refused before anything is read. --- */

/*
 * A ZIP of members of so many blanks, all deflated, whatever the ratio is; it
 * is a small one if they are rough.
 */
static int
zip_blanks(const char *format, unsigned num, size_t len, bool is_rough)
{
	const int fd = temporary();
	struct error err = { 0 };
	struct buf packed = BUF(sizeof(blanks));
	struct zip_writer *zip = zip_writer_new(fd, &err);
	struct zip_member member = { .size = strlen(CONTAINER_MIMETYPE),
		.packed = strlen(CONTAINER_MIMETYPE),
		.path = PATH_MIMETYPE };
	uint64_t ignored;

	memset(blanks, ' ', sizeof(blanks));
	for (size_t i = 0; is_rough && i < len; i += 64)
		blanks[i] = (uint8_t)(i * 2654435761U >> 16);
	ck_ok(deflate_raw(span_of(blanks, len), &packed, &err), err);
	member.crc = deflate_crc32(0, span_of_str(CONTAINER_MIMETYPE));
	ck_ok(zip_writer_begin(zip, &member, &err) &&
		zip_writer_sink(zip, span_of_str(CONTAINER_MIMETYPE), &err),
	    err);
	member.deflated = true;
	member.size = len;
	member.packed = packed.len;
	member.crc = deflate_crc32(0, span_of(blanks, len));
	for (unsigned i = 0; i < num; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(member.path, sizeof(member.path), format, i);
#pragma GCC diagnostic pop
		ck_ok(zip_writer_begin(zip, &member, &err) &&
			zip_writer_sink(zip, buf_span(&packed), &err),
		    err);
	}
	ck_ok(zip_writer_end(zip, &ignored, &err), err);
	zip_writer_free(zip);
	buf_free(&packed);
	return fd;
}

static struct container *
read_signature(int fd, struct error *err)
{
	return container_read_files_within(fd, &files_of_signature, err);
}

static struct container *
read_bag(int fd, struct error *err)
{
	return container_read_files_within(fd, &files_of_bag, err);
}

static const struct {
	struct container *(*read)(int fd, struct error *err);
	const char *format;
	unsigned num;
	size_t len;
	const char *says;
	bool is_rough;
} sizes[] = {
	{ container_read, "annexes/a%u.txt", 990, MIB, "a bomb" },
	{ container_read_to_judge, "annexes/a%u.txt", 990, MIB, "a bomb" },
	{ container_read, "META-INF/a%u.txt", 20, MIB, "a bomb" },
	{ container_read, "META-INF/a%u.txt", 1, MIB + 1, "limit 1048576",
	    true },
	{ container_read, "META-INF/a%u.txt", 33, MIB, "together 33554432",
	    true },
	{ container_read_files, "a%u.yaml", 20, MIB, "a bomb" },
	{ container_read_files_to_judge, "a%u.yaml", 255, PAGE, "a bomb" },
	{ container_read_files_to_judge, "a%u.yaml", 256, 1, "257 files" },
	{ read_signature, "META-INF/a%u.xml", 3, 1, "4 files" },
	{ read_signature, "META-INF/a%u.xml", 1, MIB + 1, "limit 1048576",
	    true },
	{ read_signature, "META-INF/a%u.xml", 2, MIB - 1, "over 1441792" },
	{ read_bag, "slips/a%u.yaml", LIMIT_SLIPS + 2, 1, "203 files" },
	{ read_bag, "slips/a%u.yaml", 6, MIB, "over 5242880" },
};

START_TEST(what_is_too_much_is_refused_unread)
{
	const int fd = zip_blanks(sizes[_i].format, sizes[_i].num,
	    sizes[_i].len, sizes[_i].is_rough);
	struct error err = { 0 };
	struct container *c;

	inflated = 0;
	c = sizes[_i].read(fd, &err);
	ck_assert_msg(c == NULL, "%d", _i);
	ck_assert_int_eq(err.kind, ERROR_LIMIT);
	ck_assert_msg(strstr(err.detail, sizes[_i].says) != NULL, "%d: %s", _i,
	    err.detail);
	ck_assert_uint_eq(inflated, 0);
	close(fd);
}
END_TEST

/* --- What we write, we read. --- */

START_TEST(what_is_written_is_within_the_bound)
{
	struct error err = { 0 };
	struct container *c = container_new(&err), *read;
	const int fd = temporary();
	uint64_t size, packed = 0;

	memset(blanks, ' ', sizeof(blanks));
	ck_ok(container_put(c, PATH_MIMETYPE, span_of_str(CONTAINER_MIMETYPE),
		  &err),
	    err);
	put_many(c, "annexes/a%02u.txt", 12, MIB);
	ck_ok(container_write(c, fd, &size, &err), err);
	read = container_read(fd, &err);
	ck_assert_msg(read != NULL, "%s", err.detail);
	/* As many as may be are deflated: the ninth is stored for the others. */
	for (size_t i = 0; i < read->num; i++)
		packed += read->members[i].deflated;
	ck_assert_uint_eq(packed, 11);
	container_free(read);
	container_free(c);
	close(fd);
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_checked_fixture(t, copy_set_up, copy_tear_down);
	tcase_add_loop_test(t, a_deposit_is_refused_where_it_costs_least, 0,
	    COUNT(deposits));
	tcase_add_loop_test(t, what_is_too_much_is_refused_unread, 0,
	    COUNT(sizes));
	tcase_add_test(t, what_is_written_is_within_the_bound);
}

int
main(void)
{
	return run_tests("work", fill);
}
