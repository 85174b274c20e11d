/*
 * Who may use a desk: where a request comes from, and the token and secret of
 * the browser that was opened.
 */
#include "unit.h"

#include "cli/desk/door.h"
#include "cli/desk/guard.h"

#define ADDRESS "127.0.0.1:41234"

/* --- Where a request comes from. --- */

static const struct guard_row {
	struct guard_request request;
	bool allowed;
} guard_rows[] = {
	/* host, origin, site, mode, dest, is_page */
	{ { ADDRESS, NULL, NULL, NULL, NULL, false }, true },
	{ { ADDRESS, NULL, "same-origin", "cors", "empty", false }, true },
	{ { ADDRESS, NULL, "none", "navigate", "document", false }, true },
	{ { ADDRESS, "http://" ADDRESS, "same-origin", "cors", "empty", false },
	    true },
	/* a name that was made to lead here, or another of this machine's */
	{ { NULL, NULL, NULL, NULL, NULL, false }, false },
	{ { "evil.example", NULL, NULL, NULL, NULL, false }, false },
	{ { "evil.example:41234", NULL, NULL, NULL, NULL, true }, false },
	{ { "localhost:41234", NULL, NULL, NULL, NULL, false }, false },
	{ { "127.0.0.1", NULL, NULL, NULL, NULL, false }, false },
	{ { ADDRESS "0", NULL, NULL, NULL, NULL, false }, false },
	/* another origin, also one of another port or scheme */
	{ { ADDRESS, "http://evil.example", NULL, NULL, NULL, false }, false },
	{ { ADDRESS, "http://127.0.0.1:41235", NULL, NULL, NULL, false },
	    false },
	{ { ADDRESS, "https://" ADDRESS, NULL, NULL, NULL, false }, false },
	{ { ADDRESS, "null", NULL, NULL, NULL, false }, false },
	{ { ADDRESS, "", NULL, NULL, NULL, false }, false },
	{ { ADDRESS, "http://" ADDRESS ".evil.example", NULL, NULL, NULL,
	      false },
	    false },
	{ { ADDRESS, "http://evil.example", "same-origin", NULL, NULL, true },
	    false },
	/* another site */
	{ { ADDRESS, NULL, "cross-site", "cors", "empty", false }, false },
	{ { ADDRESS, NULL, "same-site", "cors", "empty", false }, false },
	{ { ADDRESS, NULL, "", "cors", "empty", false }, false },
	{ { ADDRESS, NULL, "cross-site", "navigate", "document", false },
	    false },
	/* the pages' files are opened by links, and not otherwise */
	{ { ADDRESS, NULL, "cross-site", "navigate", "document", true }, true },
	{ { ADDRESS, NULL, "cross-site", "navigate", "iframe", true }, false },
	{ { ADDRESS, NULL, "cross-site", "no-cors", "script", true }, false },
	{ { ADDRESS, NULL, "cross-site", "no-cors", "document", true }, false },
	{ { ADDRESS, NULL, "cross-site", "navigate", NULL, true }, false },
	{ { ADDRESS, NULL, "cross-site", NULL, "document", true }, false },
};

START_TEST(guards)
{
	const struct guard_row *row = &guard_rows[_i];
	struct error err = { 0 };

	ck_assert_int_eq(guard_check(&row->request, ADDRESS, &err),
	    row->allowed);
	ck_assert_int_eq(err.kind, row->allowed ? ERROR_NONE : ERROR_REFUSED);
}
END_TEST

/* --- The token and the secret. --- */

START_TEST(lets_in_once)
{
	struct door door;
	door_word token, secret, second = "";
	struct error err = { 0 };

	ck_assert(door_init(&door, 1000, token, &err));
	ck_assert_uint_eq(strlen(token), 64);
	/* There is no session before the token was given. */
	digest_hex(&door.secret, second);
	ck_assert(!door_knows(&door, span_of_str(second)));
	ck_assert(door_enter(&door, span_of_str(token), 1000, secret, &err));
	ck_assert_str_ne(secret, token);
	ck_assert(door_knows(&door, span_of_str(secret)));
	ck_assert(!door_knows(&door, span_of_str(token)));
	ck_assert(!door_knows(&door, span_of_str("")));
	secret[5] = secret[5] == '0' ? '1' : '0';
	ck_assert(!door_knows(&door, span_of_str(secret)));
	secret[5] = '\0';
	ck_assert(!door_knows(&door, span_of_str(secret)));
	door_free(&door);
}
END_TEST

START_TEST(closes_when_it_is_used_twice)
{
	struct door door;
	door_word token, secret, second = "";
	struct error err = { 0 };

	ck_assert(door_init(&door, 1000, token, &err));
	ck_assert(door_enter(&door, span_of_str(token), 1000, secret, &err));
	/* A wrong one tells nothing and closes nothing. */
	ck_assert(!door_enter(&door, span_of_str(secret), 1000, second, &err));
	ck_assert(!error_is(&err, DOOR_TWICE));
	ck_assert(!door_is_closed(&door));
	ck_assert(!door_enter(&door, span_of_str(token), 1000, second, &err));
	ck_assert(error_is(&err, DOOR_TWICE));
	ck_assert_str_eq(second, "");
	ck_assert(door_is_closed(&door));
	ck_assert(!door_knows(&door, span_of_str(secret)));
	door_free(&door);
}
END_TEST

START_TEST(waits_a_minute)
{
	struct door door;
	door_word token, secret = "";
	struct error err = { 0 };

	ck_assert(door_init(&door, 1000, token, &err));
	ck_assert(!door_enter(&door, span_of_str(token), 61001, secret, &err));
	ck_assert_str_eq(secret, "");
	ck_assert(door_enter(&door, span_of_str(token), 61000, secret, &err));
	door_free(&door);
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_loop_test(t, guards, 0, COUNT(guard_rows));
	tcase_add_test(t, lets_in_once);
	tcase_add_test(t, closes_when_it_is_used_twice);
	tcase_add_test(t, waits_a_minute);
}

int
main(void)
{
	return run_tests("desk", fill);
}
