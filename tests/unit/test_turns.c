/*
 * Whose turn is next: rows of what comes, what is served, and what it used.
 */
#include "unit.h"

#include "daemon/turns.h"

/*
 * A row is steps, with a space between.  "Ab" is person b of office A.
 *
 *	+Ab      a turn of Ab waits      *Ab  one that cannot be interrupted
 *	&Ab      one that goes on with what had a turn
 *	-Ab      it is refused: too many of its office wait
 *	!Ab      it is refused: too many wait
 *	>Ab      the next is of Ab       >--  there is none
 *	.Ab/30   the turn of Ab that was served longest ago ends, used 30 us
 *	~Ab/20   it is interrupted
 *	$Ab/40   Ab is charged
 */
struct row {
	const char *says, *steps;
};

static const struct row rows[] = {
	{ "one person is served in the order of coming",
	    "+Aa +Aa >Aa .Aa/1 >Aa .Aa/1 >--" },
	{ "no more are served than there are places",
	    "+Aa +Bb +Cc +Dd +Ee >Ee >Dd >Cc >Bb >-- .Bb/1 >Aa" },
	{ "an office that used less is next, however many wait of the other",
	    "+Aa +Aa +Aa +Aa +Bb >Bb .Bb/10 >Aa .Aa/30 +Bb >Bb .Bb/10 +Bb >Bb"
	    " .Bb/11 +Bb >Aa" },
	{ "the cost is charged when it is known",
	    "+Cc >Cc +Aa +Bb >Bb >Aa .Bb/1 .Aa/500 +Bb +Aa >Bb .Bb/1 +Bb >Bb" },
	{ "persons of an office are served by what they used",
	    "+Aa +Ab +Ab >Ab .Ab/10 >Aa .Aa/30 +Aa >Ab" },
	{ "a new one of them begins where the others are",
	    "+Aa >Aa +Aa .Aa/1000 >Aa +Aa .Aa/5 +Ab >Ab +Ab .Ab/10 >Aa" },
	{ "a person does not pay for others of the office",
	    "+Aa >Aa .Aa/900 +Aa +Ab +Bb >Bb .Bb/1000 >Ab" },
	{ "one that comes begins where the others are",
	    "+Aa >Aa +Aa .Aa/1000 >Aa +Bb >Bb .Bb/10 +Bb .Aa/5 >Bb .Bb/10 +Bb"
	    " +Aa >Aa" },
	{ "one that was away is owed nothing for it",
	    "+Aa +Bb >Bb .Bb/1 >Aa +Aa .Aa/1000 >Aa +Aa .Aa/1000 +Bb >Bb"
	    " .Bb/1200 +Bb >Aa" },
	{ "a debt is kept while the office is away",
	    "+Cc >Cc +Aa +Bb >Bb >Aa .Bb/900 .Aa/1 +Aa +Bb >Aa .Aa/1 +Aa >Aa" },
	{ "when nobody is left all begin alike",
	    "+Bb >Bb .Bb/9000 +Aa +Bb >Bb" },
	{ "an office holds half of the places while another waits",
	    "+Aa +Aa +Aa +Bb +Bb >Bb >Bb >Aa >Aa .Aa/0 +Bb +Bb .Bb/1 .Bb/1 >Aa"
	    " >Bb" },
	{ "it gets no third, even if it used less",
	    "+Aa +Aa +Aa >Aa >Aa +Bb $Bb/500 >Bb" },
	{ "it holds all if nobody else waits",
	    "+Aa +Aa +Aa +Aa +Aa >Aa >Aa >Aa"
	    " >Aa >--" },
	{ "half is not for the taking of others that wait as well",
	    "+Aa +Aa +Aa +Aa >Aa >Aa >Aa +Bb +Aa >Bb .Aa/1 .Aa/1 >Aa >Aa" },
	{ "what cannot be interrupted gets half, whoever waits",
	    "*Aa *Aa *Aa >Aa >Aa >-- +Bb >Bb .Aa/1 >Aa >--" },
	{ "a short one goes before a long one that may not begin",
	    "*Aa *Aa *Aa +Aa >Aa >Aa >Aa >--" },
	{ "an interrupted turn goes before its person's others",
	    "+Aa +Aa >Aa ~Aa/20 >Aa .Aa/1 >Aa .Aa/1 >--" },
	{ "but after others who used less",
	    "+Aa +Bb >Bb >Aa ~Aa/20 .Bb/1 +Bb >Bb .Bb/30 >Aa" },
	{ "so many interrupted turns of an office wait, and none begins",
	    "+Aa >Aa ~Aa/9 +Ab >Ab ~Ab/9 +Ac >Ab >Ac" },
	{ "another office's begin",
	    "+Aa >Aa ~Aa/9 +Ab >Ab ~Ab/9 +Bb >Bb .Bb/90 >Ab" },
	{ "more than so many of an office are refused",
	    "+Aa +Aa +Aa +Aa +Ab +Ab -Ab -Aa +Bb" },
	{ "what goes on is never refused", "+Aa +Aa +Aa +Aa +Aa +Aa -Aa &Aa" },
	{ "more than so many in all are refused",
	    "+Aa +Bb +Cc +Dd +Ee +Ff +Gg +Hh !Ii !Aa &Aa" },
	{ "what was used without a place counts",
	    "+Aa +Bb $Bb/50 >Aa .Aa/20 +Aa >Aa" },
	{ "but not if nobody waits or is served", "$Bb/50 +Aa +Bb >Bb" },
};

struct held {
	struct turn *turn;
	char who[3];
};

static void
run_step(struct turns *turns, const char *step, struct held held[64],
    const char *says)
{
	const char office[] = { step[1], '\0' }, person[] = { step[2], '\0' };
	const int64_t used = strchr(step, '/') != NULL
	    ? strtoll(strchr(step, '/') + 1, NULL, 10)
	    : 0;
	struct turn *turn;
	size_t i = 0;

	switch (step[0]) {
	case '+':
	case '*':
	case '&':
	case '-':
	case '!':
		turn = calloc(1, sizeof(*turn));
		turn->is_long = step[0] == '*';
		turn->again = step[0] == '&';
		turn->arg = strndup(step + 1, 2);
		ck_assert_msg(turns_put(turns, turn, office, person) ==
			(step[0] == '-'          ? TURNS_OFFICE_IS_FULL
				: step[0] == '!' ? TURNS_ALL_IS_FULL
						 : TURNS_WAITS),
		    "%s: %s", says, step);
		if (step[0] == '-' || step[0] == '!') {
			free(turn->arg);
			free(turn);
		}
		break;
	case '>':
		turn = turns_take(turns);
		ck_assert_msg((turn == NULL) == (step[1] == '-'), "%s: %s",
		    says, step);
		if (turn == NULL)
			break;
		ck_assert_msg(strncmp(turn->arg, step + 1, 2) == 0,
		    "%s: %s, but it is %s's", says, step,
		    (const char *)turn->arg);
		while (held[i].turn != NULL)
			i++;
		held[i].turn = turn;
		snprintf(held[i].who, sizeof(held[i].who), "%.2s", step + 1);
		break;
	case '.':
	case '~':
		while (held[i].turn == NULL ||
		    strncmp(held[i].who, step + 1, 2) != 0)
			ck_assert_uint_lt(++i, 64);
		if (step[0] == '.') {
			turns_end(turns, held[i].turn, used);
			free(held[i].turn->arg);
			free(held[i].turn);
		} else {
			turns_interrupt(turns, held[i].turn, used);
		}
		memmove(&held[i], &held[i + 1], (63 - i) * sizeof(held[0]));
		held[63] = (struct held){ .turn = NULL };
		break;
	case '$':
		turns_charge(turns, office, person, used);
		break;
	default:
		ck_abort_msg("%s: %s", says, step);
	}
}

/* Serve all that is left, so that nothing leaks. */
static void
serve_rest(struct turns *turns, struct held held[64])
{
	struct turn *turn;

	do {
		for (size_t i = 0; i < 64 && held[i].turn != NULL; i++) {
			turns_end(turns, held[i].turn, 1);
			free(held[i].turn->arg);
			free(held[i].turn);
			held[i].turn = NULL;
		}
		if ((turn = turns_take(turns)) != NULL)
			held[0].turn = turn;
	} while (turn != NULL);
}

START_TEST(turns_are_served_as_each_row_says)
{
	const struct turns_limits limits = { .places = 4,
		.waiting = 8,
		.of_office = 6,
		.begun = 2 };
	const struct row *row = &rows[_i];
	struct held held[64] = { { .turn = NULL } };
	struct error err = { 0 };
	struct turns *turns = turns_new(&limits, &err);
	char *steps = strdup(row->steps), *rest = steps, *step;

	ck_assert_ptr_nonnull(turns);
	while ((step = strsep(&rest, " ")) != NULL)
		run_step(turns, step, held, row->says);
	serve_rest(turns, held);
	ck_assert_uint_eq(turns_waiting(turns), 0);
	free(steps);
	turns_free(turns);
}
END_TEST

static void
count(void *arg, const char *office, unsigned waiting)
{
	unsigned *num = arg;

	num[office[0] - 'A'] += waiting;
}

START_TEST(each_office_that_waits_is_told)
{
	const struct turns_limits limits = { .places = 1,
		.waiting = 8,
		.of_office = 6,
		.begun = 2 };
	struct turn turn[4] = { 0 };
	unsigned num[3] = { 0 };
	struct error err = { 0 };
	struct turns *turns = turns_new(&limits, &err);

	ck_assert_int_eq(turns_put(turns, &turn[0], "A", "a"), TURNS_WAITS);
	ck_assert_int_eq(turns_put(turns, &turn[1], "A", "b"), TURNS_WAITS);
	ck_assert_int_eq(turns_put(turns, &turn[2], "B", "c"), TURNS_WAITS);
	turns_each_office(turns, count, num);
	ck_assert_uint_eq(num[0], 2);
	ck_assert_uint_eq(num[1], 1);
	ck_assert_uint_eq(num[2], 0);
	for (int i = 0; i < 3; i++)
		turns_end(turns, turns_take(turns), 1);
	turns_free(turns);
}
END_TEST

static void
fill(TCase *tcase)
{
	tcase_add_loop_test(tcase, turns_are_served_as_each_row_says, 0,
	    (int)COUNT(rows));
	tcase_add_test(tcase, each_office_that_waits_is_told);
}

int
main(void)
{
	return run_tests("turns", fill);
}
