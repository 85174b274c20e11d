/*
 * Refused handshakes in the log: a number of lines a minute for each reason,
 * and how many were left out.
 */
#include "unit.h"

#include "daemon/api/handshakes.h"
#include "daemon/metrics.h"

static struct handshakes handshakes;

static void
set_up(void)
{
	handshakes = HANDSHAKES;
}

/* How many of num handshakes in that minute get a line. */
static unsigned
lines(enum http_refused reason, unsigned num, int64_t minute)
{
	unsigned told = 0;
	uint64_t left_out;

	for (unsigned i = 0; i < num; i++)
		if (handshakes_take(&handshakes, reason, minute, &left_out))
			told++;
	return told;
}

START_TEST(a_minute_has_so_many_lines_of_a_reason)
{
	ck_assert_uint_eq(lines(HTTP_REFUSED_EXPIRED, 100, 7),
	    LIMIT_REFUSED_LINES);
	ck_assert_uint_eq(lines(HTTP_REFUSED_EXPIRED, 1, 7), 0);
	ck_assert_uint_eq(lines(HTTP_REFUSED_EXPIRED, 100, 8),
	    LIMIT_REFUSED_LINES);
}
END_TEST

START_TEST(a_flood_of_one_reason_hides_no_other)
{
	lines(HTTP_REFUSED_PROTOCOL, 1000, 7);
	ck_assert_uint_eq(lines(HTTP_REFUSED_EXPIRED, 1, 7), 1);
}
END_TEST

START_TEST(the_next_line_tells_how_many_were_left_out)
{
	uint64_t left_out = 99;

	ck_assert(
	    handshakes_take(&handshakes, HTTP_REFUSED_OTHER, 7, &left_out));
	ck_assert_uint_eq(left_out, 0);
	lines(HTTP_REFUSED_OTHER, LIMIT_REFUSED_LINES + 4, 7);
	ck_assert(
	    handshakes_take(&handshakes, HTTP_REFUSED_OTHER, 8, &left_out));
	ck_assert_uint_eq(left_out, 5);
	ck_assert(
	    handshakes_take(&handshakes, HTTP_REFUSED_OTHER, 8, &left_out));
	ck_assert_uint_eq(left_out, 0);
}
END_TEST

START_TEST(what_nothing_follows_is_told_by_a_line_of_its_own)
{
	lines(HTTP_REFUSED_OTHER, LIMIT_REFUSED_LINES + 4, 7);
	handshakes_flush(&handshakes, true);
	ck_assert_uint_eq(handshakes.of[HTTP_REFUSED_OTHER].left_out, 0);
}
END_TEST

START_TEST(all_are_counted)
{
	const struct http_refusal refusal = { .reason = HTTP_REFUSED_PROTOCOL,
		.text = "no TLS",
		.from = "" };
	struct buf out = BUF(65536);
	struct error err = { 0 };

	for (unsigned i = 0; i < LIMIT_REFUSED_LINES + 3; i++)
		handshakes_refused(&handshakes, &refusal);
	ck_ok(metrics_encode(&out, &err) &&
		buf_append(&out, span_of("", 1), &err),
	    err);
	ck_assert_ptr_nonnull(strstr((const char *)out.data,
	    "\ntls_refused_total{reason=\"protocol\"} 23\n"));
	ck_assert_ptr_nonnull(strstr((const char *)out.data,
	    "\ntls_refused_total{reason=\"expired\"} 0\n"));
	buf_free(&out);
}
END_TEST

static void
fill(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, set_up, NULL);
	tcase_add_test(tcase, a_minute_has_so_many_lines_of_a_reason);
	tcase_add_test(tcase, a_flood_of_one_reason_hides_no_other);
	tcase_add_test(tcase, the_next_line_tells_how_many_were_left_out);
	tcase_add_test(tcase,
	    what_nothing_follows_is_told_by_a_line_of_its_own);
	tcase_add_test(tcase, all_are_counted);
}

int
main(void)
{
	return run_tests("handshakes", fill);
}
