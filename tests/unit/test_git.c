/*
 * Requests of git clients: what is parsed, and what is refused.
 */
#include <zlib.h>

#include "unit.h"

#include <stdio.h>

#include "base/limits.h"
#include "git/request.h"

#define ID "0123456789012345678901234567890123456789"

/* Each line of words as a pkt-line; "|" is a delim, "." a flush. */
static void
build(const char *words, struct buf *out)
{
	struct span rest = span_of_str(words), line;
	struct error err = { 0 };

	while (span_take_until(&rest, '\n', &line)) {
		if (span_is(line, "|"))
			ck_ok(pkt_append_delim(out, &err), err);
		else if (span_is(line, "."))
			ck_ok(pkt_append_flush(out, &err), err);
		else
			ck_ok(pkt_append(out, line, &err), err);
	}
}

START_TEST(requests_are_read_strictly)
{
	static const struct {
		const char *words;
		bool v2, good;
		enum git_command command;
	} rows[] = {
		{ "command=ls-refs\n.\n", true, true, GIT_LS_REFS },
		{ "command=ls-refs\n|\npeel\nsymrefs\nref-prefix HEAD\n.\n",
		    true, true, GIT_LS_REFS },
		{ "command=fetch\nagent=git/2\n|\nwant " ID "\ndone\n.\n", true,
		    true, GIT_FETCH },
		{ "command=fetch\n|\nhave " ID "\n.\n", true, true,
		    GIT_NOTHING },
		{ "command=push\n.\n", true, false, 0 },
		{ "command=fetch\n|\nfilter blob:none\n.\n", true, false, 0 },
		{ "command=fetch\n|\nwant-ref refs/heads/a/b\n.\n", true, false,
		    0 },
		{ "command=fetch\nobject-format=sha256\n|\n.\n", true, false,
		    0 },
		{ "command=fetch\n|\nwant " ID "0\n.\n", true, false, 0 },
		{ "command=fetch\n|\nwant 0123\n.\n", true, false, 0 },
		{ "command=fetch\n|\n|\nwant " ID "\n.\n", true, false, 0 },
		{ "|\ncommand=fetch\n.\n", true, false, 0 },
		{ "command=fetch\n|\nwant " ID "\n", true, false, 0 },
		{ "command=fetch\n|\nwant " ID "\n.\n.\n", true, false, 0 },
		{ "command=fetch\n|\nwant " ID "\ndeepen 0\n.\n", true, false,
		    0 },
		{ "command=fetch\n|\nwant " ID "\ndeepen 2147483647\n.\n", true,
		    true, GIT_FETCH },
		{ "command=fetch\n|\nwant " ID "\ndeepen 2147483648\n.\n", true,
		    false, 0 },
		{ "command=fetch\n|\nwant " ID "\ndeepen 1\ndeepen 1\n.\n",
		    true, false, 0 },
		{ "command=fetch\n|\nwant " ID
		  "\ndeepen 1\ndeepen-since 5\n.\n",
		    true, false, 0 },
		{ "command=fetch\n|\nwant " ID "\ndeepen-since -5\n.\n", true,
		    false, 0 },
		{ "want " ID " side-band-64k filter\n.\ndone\n", false, true,
		    GIT_FETCH },
		{ "want " ID "\nwant " ID "\nshallow " ID "\ndeepen 3\n.\n",
		    false, true, GIT_FETCH },
		{ "want " ID "\n.\nhave " ID "\n.\n", false, true, GIT_FETCH },
		{ "want " ID "\n.\nhave " ID "\n.\nhave " ID "\n.\n", false,
		    false, 0 },
		{ "want " ID "\n.\ndone\ndone\n", false, false, 0 },
		{ "have " ID "\n.\n", false, false, 0 },
		{ "want " ID "\n|\ndone\n", false, false, 0 },
		{ "want " ID "\nfilter blob:none\n.\n", false, false, 0 },
		{ "want " ID "\n", false, false, 0 },
		{ ".\n", false, true, GIT_NOTHING },
		{ ".\n", true, true, GIT_NOTHING },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct buf body = BUF(65536);
		struct git_request request;
		struct error err = { 0 };
		bool ok;

		build(rows[i].words, &body);
		ok = git_request_parse(buf_span(&body), rows[i].v2, &request,
		    &err);
		ck_assert_msg(ok == rows[i].good, "row %zu: %s", i, err.detail);
		if (ok) {
			ck_assert_int_eq(request.command, rows[i].command);
			git_request_free(&request);
		}
		buf_free(&body);
	}
}
END_TEST

START_TEST(lengths_of_lines)
{
	static const struct {
		const char *bytes;
		bool good;
	} rows[] = { { "0000", true }, { "0001", true }, { "0002", false },
		{ "0003", false }, { "0004", false }, { "0005x", true },
		{ "0006x", false }, { "000", false }, { "", false },
		{ "000g", false }, { "-001", false }, { "ffff", false } };

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct span in = span_of_str(rows[i].bytes), data;
		struct error err = { 0 };
		enum pkt_kind kind;

		ck_assert_msg(pkt_take(&in, &kind, &data, &err) == rows[i].good,
		    "%s", rows[i].bytes);
	}
}
END_TEST

/* A million haves cost what the limit allows, and no more. */
START_TEST(ids_are_bounded)
{
	struct buf body = BUF(64 * 1024 * 1024);
	struct git_request request;
	struct error err = { 0 };

	build("command=fetch\n|\nwant " ID "\n", &body);
	for (unsigned i = 0; i < 1000000; i++)
		ck_ok(pkt_printf(&body, &err, "have %040x\n", i), err);
	build(".\n", &body);
	ck_assert(!git_request_parse(buf_span(&body), true, &request, &err));
	ck_assert_int_eq(err.kind, ERROR_LIMIT);
	buf_free(&body);
}
END_TEST

/* All of content as one gzip member, with as many bytes of noise in its name. */
static void
gzip(const uint8_t *content, size_t len, size_t noise, struct buf *out)
{
	z_stream z = { .next_in = (uint8_t *)(uintptr_t)content,
		.avail_in = (uInt)len };
	char *name = malloc(noise + 1);
	gz_header header = { .name = (Bytef *)name };
	uint8_t *packed = malloc(len + noise + 1000);
	struct error err = { 0 };

	memset(name, 'x', noise);
	name[noise] = '\0';
	ck_assert_int_eq(deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 8,
			     Z_DEFAULT_STRATEGY),
	    Z_OK);
	ck_assert_int_eq(deflateSetHeader(&z, &header), Z_OK);
	z.next_out = packed;
	z.avail_out = (uInt)(len + noise + 1000);
	ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
	ck_ok(buf_append(out, span_of(packed, z.total_out), &err), err);
	deflateEnd(&z);
	free(packed);
	free(name);
}

START_TEST(a_request_inflates_so_much_and_no_more)
{
	enum { LEN = 3 * LIMIT_GIT_FREE };
	uint8_t *zeros = calloc(1, LEN);

	for (unsigned good = 0; good < 2; good++) {
		struct buf packed = BUF(SIZE_MAX), out = BUF(LIMIT_GIT_BODY);
		struct error err = { 0 };

		gzip(zeros, LEN, good * LEN / LIMIT_GIT_RATIO, &packed);
		ck_assert(git_gunzip(buf_span(&packed), &out, &err) == good);
		ck_assert_int_eq(err.kind, good ? ERROR_NONE : ERROR_LIMIT);
		ck_assert(good ||
		    out.len <= LIMIT_GIT_FREE + LIMIT_GIT_RATIO * packed.len);
		buf_free(&packed);
		buf_free(&out);
	}
	free(zeros);
}
END_TEST

START_TEST(version_2_is_asked_for)
{
	ck_assert(git_is_v2("version=2"));
	ck_assert(git_is_v2("a=b:version=2:c"));
	ck_assert(!git_is_v2("version=1"));
	ck_assert(!git_is_v2("version=20"));
	ck_assert(!git_is_v2(""));
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_test(t, requests_are_read_strictly);
	tcase_add_test(t, lengths_of_lines);
	tcase_add_test(t, ids_are_bounded);
	tcase_add_test(t, a_request_inflates_so_much_and_no_more);
	tcase_add_test(t, version_2_is_asked_for);
}

int
main(void)
{
	return run_tests("git", fill);
}
