/*
 * Which page's request it is, by what the browser tells of it.
 */
#include "unit.h"

#include "daemon/http/head.h"

#define GET  "GET / HTTP/1.1\r\n"
#define HOST "Host: x\r\n"

#define ORIGIN(value) "Origin: " value "\r\n"
#define SITE(value)   "Sec-Fetch-Site: " value "\r\n"
#define MODE(text)    "Sec-Fetch-Mode: " text "\r\n"
#define DEST(text)    "Sec-Fetch-Dest: " text "\r\n"
#define VISIT         MODE("navigate") DEST("document")

/* Address, fields, and whether a page of that address, or none, asks. */
static const struct {
	const char *address, *fields;
	bool ours;
} pages[] = {
	{ "https://v.example:8443", "", true },
	{ "https://v.example:8443", ORIGIN("https://v.example:8443"), true },
	{ "https://v.example:8443", ORIGIN("HTTPS://V.EXAMPLE:8443"), false },
	{ "https://v.example:8443", ORIGIN("https://V.Example:8443"), true },
	{ "https://v.example:8443", ORIGIN("https://v.example"), false },
	{ "https://v.example:8443", ORIGIN("https://v.example:443"), false },
	{ "https://v.example:8443", ORIGIN("http://v.example:8443"), false },
	{ "https://v.example:8443", ORIGIN("https://v.example:84430"), false },
	{ "https://v.example:8443",
	    ORIGIN("https://v.example:8443.evil.example"), false },
	{ "https://v.example:8443", ORIGIN("https://evil.example:8443"),
	    false },
	{ "https://v.example:8443", ORIGIN("https://xv.example:8443"), false },
	{ "https://v.example:8443", ORIGIN("https://v.example:8443/"), false },
	{ "https://v.example:8443", ORIGIN("https://v.example:"), false },
	{ "https://v.example:8443", ORIGIN("https://:8443"), false },
	{ "https://v.example:8443", ORIGIN("https://"), false },
	{ "https://v.example:8443", ORIGIN("null"), false },
	{ "https://v.example:8443", ORIGIN(""), false },
	{ "https://v.example:8443", "oRIGIN:https://evil.example\r\n", false },
	{ "https://v.example:8443",
	    ORIGIN("https://v.example:8443") ORIGIN("https://evil.example"),
	    false },
	{ "https://v.example:8443",
	    ORIGIN("https://evil.example") ORIGIN("https://v.example:8443"),
	    false },
	{ "https://v.example:8443",
	    ORIGIN("https://v.example:8443 https://evil.example"), false },
	{ "https://v.example", ORIGIN("https://v.example"), true },
	{ "https://v.example", ORIGIN("https://v.example:443"), true },
	{ "https://v.example:443", ORIGIN("https://v.example"), true },
	{ "https://v.example", ORIGIN("https://v.example:80"), false },
	{ "https://[::1]", ORIGIN("https://[::1]"), true },
	{ "https://[::1]:8443", ORIGIN("https://[::1]:8443"), true },
	{ "https://[::1]:8443", ORIGIN("https://[::1]"), false },
	{ "https://[::1]", ORIGIN("https://[::2]"), false },
	{ "https://v.example", SITE("same-origin"), true },
	{ "https://v.example", SITE("none"), true },
	{ "https://v.example", SITE("same-site"), false },
	{ "https://v.example", SITE("cross-site"), false },
	{ "https://v.example", SITE("Same-Origin"), false },
	{ "https://v.example", SITE("same-origin, cross-site"), false },
	{ "https://v.example", SITE(""), false },
	{ "https://v.example", "sec-fetch-site:cross-site\r\n", false },
	{ "https://v.example", SITE("none") SITE("cross-site"), false },
	{ "https://v.example", SITE("cross-site") SITE("none"), false },
	{ "https://v.example",
	    SITE("same-origin") ORIGIN("https://evil.example"), false },
	{ "https://v.example", SITE("cross-site") ORIGIN("https://v.example"),
	    false },
	/* A visit counts too: only pages may allow it. */
	{ "https://v.example", SITE("cross-site") VISIT, false },
};

START_TEST(a_page_of_another_site_is_known)
{
	struct buf text = BUF(1024);
	struct error err = { 0 };
	struct http_head head;

	ck_ok(buf_printf(&text, &err, GET HOST "%s\r\n", pages[_i].fields),
	    err);
	ck_assert_int_eq(http_head_parse(buf_span(&text), &head), 0);
	ck_assert_msg(http_is_same_origin(&head, pages[_i].address) ==
		pages[_i].ours,
	    "%s to %s", pages[_i].fields, pages[_i].address);
	buf_free(&text);
}
END_TEST

START_TEST(an_origin_that_is_too_long_is_nobodys)
{
	char fields[512];
	struct buf text = BUF(1024);
	struct error err = { 0 };
	struct http_head head;

	memset(fields, 'a', sizeof(fields));
	fields[400] = '\0';
	ck_ok(buf_printf(&text, &err, GET HOST "Origin: https://%s\r\n\r\n",
		  fields),
	    err);
	ck_assert_int_eq(http_head_parse(buf_span(&text), &head), 0);
	ck_assert(!http_is_same_origin(&head, "https://v.example"));
	buf_free(&text);
}
END_TEST

static const struct {
	const char *method, *fields;
	bool visit;
} visits[] = {
	{ "GET", VISIT, true },
	{ "GET", "sec-fetch-mode:navigate\r\nSEC-FETCH-DEST:document\r\n",
	    true },
	{ "GET", SITE("cross-site") VISIT, true },
	{ "GET", SITE("none") VISIT, true },
	{ "GET", "", false },
	{ "GET", MODE("navigate"), false },
	{ "GET", DEST("document"), false },
	{ "GET", MODE("no-cors") DEST("document"), false },
	{ "GET", MODE("cors") DEST("document"), false },
	{ "GET", MODE("nested-navigate") DEST("document"), false },
	{ "GET", MODE("Navigate") DEST("document"), false },
	{ "GET", MODE("") DEST("document"), false },
	{ "GET", MODE("navigate") DEST("iframe"), false },
	{ "GET", MODE("navigate") DEST("frame"), false },
	{ "GET", MODE("navigate") DEST("embed"), false },
	{ "GET", MODE("navigate") DEST("object"), false },
	{ "GET", MODE("navigate") DEST("empty"), false },
	{ "GET", MODE("navigate") DEST("image"), false },
	{ "GET", MODE("navigate") DEST("script"), false },
	{ "GET", MODE("navigate") DEST("documents"), false },
	{ "GET", MODE("navigate") DEST("document, document"), false },
	{ "GET", MODE("navigate") DEST("documentdocumentdocument"), false },
	{ "GET", VISIT MODE("navigate"), false },
	{ "GET", VISIT DEST("document"), false },
	{ "GET", VISIT DEST("iframe"), false },
	{ "GET", DEST("iframe") VISIT, false },
	{ "GET", VISIT ORIGIN("https://evil.example"), false },
	{ "GET", VISIT ORIGIN("null"), false },
	{ "HEAD", VISIT, false },
	{ "POST", VISIT, false },
	{ "OPTIONS", VISIT, false },
};

START_TEST(only_a_window_that_goes_there_visits)
{
	struct buf text = BUF(1024);
	struct error err = { 0 };
	struct http_head head;

	ck_ok(buf_printf(&text, &err, "%s / HTTP/1.1\r\n" HOST "%s\r\n",
		  visits[_i].method, visits[_i].fields),
	    err);
	ck_assert_int_eq(http_head_parse(buf_span(&text), &head), 0);
	ck_assert_msg(http_is_visit(&head) == visits[_i].visit, "%s",
	    (const char *)text.data);
	buf_free(&text);
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_loop_test(t, a_page_of_another_site_is_known, 0,
	    COUNT(pages));
	tcase_add_test(t, an_origin_that_is_too_long_is_nobodys);
	tcase_add_loop_test(t, only_a_window_that_goes_there_visits, 0,
	    COUNT(visits));
}

int
main(void)
{
	return run_tests("site", fill);
}
