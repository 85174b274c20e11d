/*
 * The pages that are in the programs are the files of web/, and what a browser
 * asks of them is understood.
 */
#include "unit.h"

#include <ftw.h>
#include <zlib.h>

#include "base/digest.h"
#include "base/file.h"
#include "pages/pages.h"

static char web[FILE_PATH];

static void
set_up(void)
{
	snprintf(web, sizeof(web), "%s/web", getenv("VALISE_TOP"));
}

static size_t num_found;

/* A file in web/ is a page with the same bytes, or is said to be missing. */
static int
check_file(const char *path, const struct stat *status, int type,
    struct FTW *at)
{
	const char *name = path + strlen(web);
	const struct page *page;
	struct buf bytes = BUF(10000000);
	struct error err = { 0 };

	(void)status;
	(void)at;
	/* Of the build, and what tells node that these files are modules. */
	if (type != FTW_F || strcmp(name, "/meson.build") == 0 ||
	    strcmp(name, "/package.json") == 0)
		return 0;
	if (strcmp(name, "/index.html") == 0)
		name = "/";
	page = pages_find(span_of_str(name));
	ck_assert_msg(page != NULL,
	    "%s is not in the programs: name it in web/meson.build", path);
	ck_ok(file_read(path, bytes.max, &bytes, &err), err);
	ck_assert_msg(span_eq(buf_span(&bytes), page->bytes),
	    "%s is not what the programs have", path);
	buf_free(&bytes);
	num_found++;
	return 0;
}

START_TEST(every_file_of_web_is_a_page)
{
	num_found = 0;
	ck_assert_int_eq(nftw(web, check_file, 16, FTW_PHYS), 0);
	ck_assert_uint_eq(num_found, pages_num);
	ck_assert_uint_gt(num_found, 0);
}
END_TEST

START_TEST(a_page_is_found_by_its_whole_path)
{
	static const char *const others[] = { "", "/index.html", "/app",
		"app.js", "/app.js/", "//app.js", "/./app.js", "/../app.js",
		"/APP.JS", "/%61pp.js", "/app.js?", "/meson.build" };

	ck_assert_ptr_nonnull(pages_find(span_of_str("/")));
	ck_assert_ptr_nonnull(pages_find(span_of_str("/app.js")));
	for (size_t i = 0; i < COUNT(others); i++)
		ck_assert_msg(pages_find(span_of_str(others[i])) == NULL,
		    "\"%s\" is a page", others[i]);
}
END_TEST

START_TEST(a_page_has_the_type_of_its_name)
{
	static const char *const types[][2] = {
		{ "/", "text/html; charset=utf-8" },
		{ ".html", "text/html; charset=utf-8" },
		{ ".js", "text/javascript; charset=utf-8" },
		{ ".css", "text/css; charset=utf-8" },
		{ ".json", "application/json" },
		{ ".svg", "image/svg+xml" },
	};

	for (size_t i = 0; i < pages_num; i++) {
		const struct page *page = &pages_all[i];
		const size_t len = strlen(page->path);
		bool known = false;

		for (size_t j = 0; j < COUNT(types); j++) {
			const size_t end = strlen(types[j][0]);

			if (len < end ||
			    strcmp(page->path + len - end, types[j][0]) != 0)
				continue;
			ck_assert_str_eq(page->type, types[j][1]);
			known = true;
		}
		ck_assert_msg(known, "%s has no type", page->path);
	}
}
END_TEST

/* Does a program have an address of its own there? */
START_TEST(no_page_hides_an_address_of_the_programs)
{
	static const char *const taken[] = { "/v1", "/git", "/health",
		"/metrics", "/desk", "/once" };

	for (size_t i = 0; i < pages_num; i++)
		for (size_t j = 0; j < COUNT(taken); j++) {
			const char *path = pages_all[i].path;
			const size_t len = strlen(taken[j]);

			ck_assert_msg(strncmp(path, taken[j], len) != 0 ||
				(path[len] != '/' && path[len] != '\0'),
			    "%s is an address of a program", path);
		}
}
END_TEST

START_TEST(an_etag_follows_from_the_bytes)
{
	for (size_t i = 0; i < pages_num; i++) {
		const struct page *page = &pages_all[i];
		const struct digest digest = sha256_of(page->bytes);
		char hex[DIGEST_HEX], expected[DIGEST_HEX + 16];

		digest_hex(&digest, hex);
		snprintf(expected, sizeof(expected), "\"%.32s\"", hex);
		ck_assert_str_eq(page->etag, expected);
		snprintf(expected, sizeof(expected), "\"%.32s-gzip\"", hex);
		ck_assert_str_eq(page->gzip_etag, expected);
	}
}
END_TEST

START_TEST(the_gzip_of_a_page_is_the_page)
{
	size_t num = 0;

	for (size_t i = 0; i < pages_num; i++) {
		const struct page *page = &pages_all[i];
		uint8_t *out;
		z_stream z = { 0 };

		if (page->gzip.len == 0)
			continue;
		num++;
		ck_assert_uint_lt(page->gzip.len, page->bytes.len);
		out = malloc(page->bytes.len + 1);
		ck_assert_ptr_nonnull(out);
		/* 16: a gzip member, whose CRC and length are checked. */
		ck_assert_int_eq(inflateInit2(&z, 16 + MAX_WBITS), Z_OK);
		z.next_in = (uint8_t *)(uintptr_t)page->gzip.data;
		z.avail_in = (uInt)page->gzip.len;
		z.next_out = out;
		z.avail_out = (uInt)page->bytes.len + 1;
		ck_assert_int_eq(inflate(&z, Z_FINISH), Z_STREAM_END);
		ck_assert_uint_eq(z.avail_in, 0);
		ck_assert(span_eq(span_of(out, z.total_out), page->bytes));
		inflateEnd(&z);
		free(out);
	}
	ck_assert_uint_gt(num, 0);
}
END_TEST

/* %s: the page's ETag without quotes. */
static const struct {
	const char *field;
	bool known;
} matches[] = {
	{ "", false },
	{ "\"%s\"", true },
	{ "\"%s-gzip\"", true },
	{ "W/\"%s\"", true },
	{ "*", true },
	{ "\"a\", \"%s\"", true },
	{ "\"a\",\t\"%s\" ,\"b\"", true },
	{ "\"a\", \"%s\"\t,\"b\"", true },
	{ "\"a\"", false },
	{ "%s", false },
	{ "\"%s", false },
	{ "\"%s\"x", false },
	{ "\"%.31s\"", false },
	{ "\"%s-br\"", false },
	{ ",", false },
	{ " , ,", false },
};

START_TEST(what_the_browser_has_is_recognised)
{
	const struct page *page = pages_find(span_of_str("/"));
	char tag[64], field[256];

	snprintf(tag, sizeof(tag), "%.*s", (int)strlen(page->etag) - 2,
	    page->etag + 1);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(field, sizeof(field), matches[_i].field, tag);
#pragma GCC diagnostic pop
	ck_assert_msg(pages_is_known(page, field) == matches[_i].known,
	    "If-None-Match: %s", field);
}
END_TEST

static const struct {
	const char *field;
	bool takes;
} encodings[] = {
	{ "", false },
	{ "gzip", true },
	{ "GZip", true },
	{ "gzip, deflate, br, zstd", true },
	{ "br , gzip", true },
	{ "br;q=1.0, gzip;q=0.5", true },
	{ "gzip;q=0", false },
	{ "gzip; q=0.000", false },
	{ "gzip;q=0.0", false },
	{ "gzip;q=0.00", false },
	{ "gzip;q=0.001", true },
	{ "x-gzip", false },
	{ "gzipped", false },
	{ "gzi", false },
	{ "identity", false },
	{ "*", false },
};

START_TEST(gzip_is_for_who_takes_it)
{
	ck_assert_msg(pages_takes_gzip(encodings[_i].field) ==
		encodings[_i].takes,
	    "Accept-Encoding: %s", encodings[_i].field);
}
END_TEST

/* What a page may do, and what may be done with it. */
START_TEST(pages_are_confined)
{
	static const char *const wanted[][2] = {
		{ "Content-Security-Policy", "default-src 'none';" },
		{ "Content-Security-Policy", " script-src 'self';" },
		{ "Content-Security-Policy", " style-src 'self';" },
		{ "Content-Security-Policy", " base-uri 'none';" },
		{ "Content-Security-Policy", " form-action 'none';" },
		{ "Content-Security-Policy", " frame-ancestors 'none';" },
		{ "Content-Security-Policy",
		    " require-trusted-types-for 'script';" },
		{ "X-Content-Type-Options", "nosniff" },
		{ "Referrer-Policy", "no-referrer" },
		{ "Cross-Origin-Resource-Policy", "same-origin" },
		{ "Cross-Origin-Opener-Policy", "same-origin" },
		{ "Cache-Control", "no-cache" },
	};

	for (size_t i = 0; i < COUNT(wanted); i++) {
		const struct page_header *header = page_headers;

		while (header->name != NULL &&
		    strcmp(header->name, wanted[i][0]) != 0)
			header++;
		ck_assert_msg(header->name != NULL &&
			strstr(header->value, wanted[i][1]) != NULL,
		    "%s: %s", wanted[i][0], wanted[i][1]);
		ck_assert_ptr_null(strstr(header->value, "unsafe"));
	}
}
END_TEST

static void
fill(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, set_up, NULL);
	tcase_add_test(tcase, every_file_of_web_is_a_page);
	tcase_add_test(tcase, a_page_is_found_by_its_whole_path);
	tcase_add_test(tcase, a_page_has_the_type_of_its_name);
	tcase_add_test(tcase, no_page_hides_an_address_of_the_programs);
	tcase_add_test(tcase, an_etag_follows_from_the_bytes);
	tcase_add_test(tcase, the_gzip_of_a_page_is_the_page);
	tcase_add_loop_test(tcase, what_the_browser_has_is_recognised, 0,
	    COUNT(matches));
	tcase_add_loop_test(tcase, gzip_is_for_who_takes_it, 0,
	    COUNT(encodings));
	tcase_add_test(tcase, pages_are_confined);
}

int
main(void)
{
	return run_tests("pages", fill);
}
