/*
 * Changing lines of a configuration: what stays, what is replaced, and what
 * cannot be changed so.
 */
#include "unit.h"

#include "client/config_edit.h"

#define HEAD "valise: 1\njournal: \"00000001\"\n"

static const struct {
	const char *before;
	const char *after; /* NULL: it is to be done by hand */
} rows[] = {
	{ HEAD "certificate: a.pem\nkey: a.key\n",
	    HEAD "certificate: \"/new.pem\"\nkey: \"/new.key\"\n" },
	{ "# mine\n" HEAD "key: a.key # old\ncertificate: a.pem\nstate: s\n",
	    "# mine\n" HEAD
	    "key: \"/new.key\"\ncertificate: \"/new.pem\"\nstate: s\n" },
	{ HEAD, HEAD "certificate: \"/new.pem\"\nkey: \"/new.key\"\n" },
	{ HEAD "key: a.key",
	    HEAD "key: \"/new.key\"\ncertificate: \"/new.pem\"\n" },
	{ HEAD "state: s",
	    HEAD "state: s\ncertificate: \"/new.pem\"\nkey:"
		 " \"/new.key\"\n" },
	/* Another key's name, or a list's, is not it. */
	{ HEAD "sign-key: s\nkeys: x\nencryption-before:\n  - key: k\n",
	    HEAD "sign-key: s\nkeys: x\nencryption-before:\n  - key: k\n"
		 "certificate: \"/new.pem\"\nkey: \"/new.key\"\n" },
	{ "\xef\xbb\xbf" HEAD,
	    "\xef\xbb\xbf" HEAD
	    "certificate: \"/new.pem\"\nkey: \"/new.key\"\n" },
	{ HEAD "certificate:\n  a.pem\n", NULL },
	{ HEAD "certificate: |\n  a.pem\n", NULL },
	{ HEAD "\"certificate\": a.pem\n", NULL },
	{ "{valise: 1, certificate: a.pem}\n", NULL },
	{ "- a\n", NULL },
};

START_TEST(a_line_is_replaced_and_all_others_stay)
{
	static const struct config_line lines[] = {
		{ "certificate", "/new.pem" }, { "key", "/new.key" }
	};
	struct buf out = BUF(10000);
	struct error err = { 0 };
	const bool ok = config_set("c.yaml", span_of_str(rows[_i].before),
	    lines, COUNT(lines), &out, &err);

	ck_assert_msg(ok == (rows[_i].after != NULL), "%s: %s", rows[_i].before,
	    err.detail);
	if (ok)
		ck_assert_msg(span_is(buf_span(&out), rows[_i].after),
		    "%s: %.*s", rows[_i].before, (int)out.len,
		    (const char *)out.data);
	else
		ck_assert_int_eq(err.kind, ERROR_USAGE);
	buf_free(&out);
}
END_TEST

#define ITEM "  - certificate: \"/old.pem\"\n    key: \"/old.key\"\n"

static const struct {
	const char *before, *after;
} kept[] = {
	{ HEAD, HEAD "encryption-before:\n" ITEM },
	{ HEAD "state: s", HEAD "state: s\nencryption-before:\n" ITEM },
	{ HEAD "encryption-before:\n  - certificate: a\n    key: b\nstate: s\n",
	    HEAD "encryption-before:\n" ITEM
		 "  - certificate: a\n    key: b\nstate: s\n" },
	{ HEAD "encryption-before: []\n", NULL },
	{ HEAD "encryption-before:\n- certificate: a\n  key: b\n", NULL },
};

START_TEST(a_key_of_before_is_put_first)
{
	struct buf out = BUF(10000);
	struct error err = { 0 };
	const bool ok = config_keep_before("c.yaml",
	    span_of_str(kept[_i].before), "/old.pem", "/old.key", &out, &err);

	ck_assert_msg(ok == (kept[_i].after != NULL), "%s: %s", kept[_i].before,
	    err.detail);
	if (ok)
		ck_assert_msg(span_is(buf_span(&out), kept[_i].after),
		    "%s: %.*s", kept[_i].before, (int)out.len,
		    (const char *)out.data);
	buf_free(&out);
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_loop_test(t, a_line_is_replaced_and_all_others_stay, 0,
	    COUNT(rows));
	tcase_add_loop_test(t, a_key_of_before_is_put_first, 0, COUNT(kept));
}

int
main(void)
{
	return run_tests("config_edit", fill);
}
