/*
 * What ends soon (client/standing.h): how long before it is told, and how.
 */
#include "unit.h"

#include <string.h>

#include "base/time.h"
#include "client/standing.h"

/* 2026-11-26T12:00:00Z */
enum { NOW = 1795694400, DAY = 24 * 60 * 60 };

static const struct {
	enum standing_kind kind;
	int days; /* before the end at which it is told, and not a second more */
	const char *says, *then;
} told[] = {
	{ STANDING_CONNECT, 30, "your certificate to connect NAME ends ",
	    "ended" },
	{ STANDING_SIGN, 30, "your certificate to sign NAME ends ", "ended" },
	{ STANDING_ENCRYPT, 30, "your office's certificate for bags NAME ends ",
	    "ended" },
	{ STANDING_CA, 30, "the certificate of your CA \"NAME\" ends ",
	    "ended" },
	{ STANDING_CRL, 7, "the CRL of your CA \"NAME\" ends ", "ended" },
	{ STANDING_POWERS, 30, "your full powers for NAME end ", "ended" },
};

static void
check_says(const struct standing_end *end, const char *words)
{
	struct buf text = BUF(4096);
	struct error err = { 0 };

	ck_assert(standing_sentence(end, NOW, &text, &err) &&
	    buf_append_u8(&text, 0, &err));
	ck_assert_msg(strstr((const char *)text.data, words) != NULL, "%s",
	    (const char *)text.data);
	/* It says what to do. */
	ck_assert_ptr_nonnull(strstr((const char *)text.data, ": "));
	buf_free(&text);
}

START_TEST(what_ends_is_told_so_many_days_before)
{
	char name[] = "NAME";
	struct standing_end end = { .kind = told[_i].kind, .name = name };

	end.ends_at = NOW + told[_i].days * DAY;
	ck_assert(!standing_is_soon(&end, NOW));
	end.ends_at--;
	ck_assert(standing_is_soon(&end, NOW));
	check_says(&end, told[_i].says);
	end.ends_at = NOW;
	ck_assert(standing_is_soon(&end, NOW));
	check_says(&end, told[_i].then);
}
END_TEST

START_TEST(full_powers_end_with_their_last_day)
{
	char name[] = "mou";
	struct standing_end end = { .kind = STANDING_POWERS, .name = name };

	ck_assert(time_parse_date(span_of_str("2026-12-01"), &end.ends_at));
	check_says(&end, "end 2026-11-30:");
}
END_TEST

/* A list that is not there lets nobody in; a file that is not, is an error. */
START_TEST(what_is_missing)
{
	char name[] = "iom";
	struct standing_end end = { .kind = STANDING_CRL,
		.name = name,
		.ends_at = INT64_MIN };

	ck_assert(standing_is_soon(&end, NOW));
	check_says(&end, "the CRL of your CA \"iom\" is not known here");
	end.kind = STANDING_SIGN;
	ck_assert(!standing_is_soon(&end, NOW));
}
END_TEST

static void
fill(TCase *tcase)
{
	tcase_add_loop_test(tcase, what_ends_is_told_so_many_days_before, 0,
	    COUNT(told));
	tcase_add_test(tcase, full_powers_end_with_their_last_day);
	tcase_add_test(tcase, what_is_missing);
}

int
main(void)
{
	return run_tests("standing", fill);
}
