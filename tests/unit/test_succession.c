/*
 * The list of policies that a journal had, and which of them an office accepts.
 */
#include "unit.h"

#include <stdio.h>

#include "base/limits.h"
#include "policy/succession.h"

/* Policies are told apart by a letter here. */
static struct digest
digest_of(char letter)
{
	struct digest digest;

	memset(digest.bytes, letter, sizeof(digest.bytes));
	return digest;
}

/*
 * A journal's policies, "LETTER INDEX" in order; a capital letter was accepted
 * by hand.
 */
struct step {
	char policy;
	uint64_t index;
	bool accept;
};

static struct succession
make(const struct step steps[], size_t num)
{
	struct succession made = { .num = 0 };
	struct error err = { 0 };

	for (size_t i = 0; i < num && steps[i].policy != '\0'; i++) {
		const struct digest digest = digest_of(steps[i].policy);

		ck_ok(succession_add(&made, steps[i].index, &digest,
			  i > 0 ? steps[i - 1].index : SUCCESSION_NONE, &err),
		    err);
		if (steps[i].accept)
			ck_assert(
			    succession_accept(&made, &digest, SUCCESSION_NONE));
	}
	return made;
}

#define STEPS 5

static const struct {
	struct step steps[STEPS];
	char policy;
	uint64_t index;
	bool judges;
} ranges[] = {
	/* One that was accepted judges from its entry on, that included. */
	{ { { 'a', 1, true } }, 'a', 0, false },
	{ { { 'a', 1, true } }, 'a', 1, true },
	{ { { 'a', 1, true } }, 'a', 1000000, true },
	{ { { 'a', 1, true } }, 'b', 5, false },
	{ { { 'a', 1, false } }, 'a', 5, false },
	{ { { '\0', 0, false } }, 'a', 5, false },
	/* Up to the next one's. */
	{ { { 'a', 1, true }, { 'b', 50, true } }, 'a', 49, true },
	{ { { 'a', 1, true }, { 'b', 50, true } }, 'a', 50, false },
	{ { { 'a', 1, true }, { 'b', 50, true } }, 'b', 49, false },
	{ { { 'a', 1, true }, { 'b', 50, true } }, 'b', 50, true },
	/* One that was not accepted judges nothing, nor does another for it. */
	{ { { 'a', 1, true }, { 'x', 50, false } }, 'x', 60, false },
	{ { { 'a', 1, true }, { 'x', 50, false } }, 'a', 60, false },
	{ { { 'a', 1, true }, { 'x', 50, false } }, 'a', 49, true },
	{ { { 'a', 1, true }, { 'x', 50, false }, { 'b', 80, true } }, 'a', 60,
	    false },
	{ { { 'a', 1, true }, { 'x', 50, false }, { 'b', 80, true } }, 'b', 60,
	    false },
	{ { { 'a', 1, true }, { 'x', 50, false }, { 'b', 80, true } }, 'b', 80,
	    true },
	/* A digest that comes back, at an office that never left it. */
	{ { { 'a', 1, true }, { 'x', 50, false }, { 'a', 80, false } }, 'a', 49,
	    true },
	{ { { 'a', 1, true }, { 'x', 50, false }, { 'a', 80, false } }, 'a', 50,
	    false },
	{ { { 'a', 1, true }, { 'x', 50, false }, { 'a', 80, false } }, 'x', 50,
	    false },
	{ { { 'a', 1, true }, { 'x', 50, false }, { 'a', 80, false } }, 'a', 79,
	    false },
	{ { { 'a', 1, true }, { 'x', 50, false }, { 'a', 80, false } }, 'a', 80,
	    true },
	/* And at one that had put it aside: it is another decision. */
	{ { { 'a', 1, true }, { 'b', 50, true }, { 'a', 80, false } }, 'a', 85,
	    false },
	{ { { 'a', 1, true }, { 'b', 50, true }, { 'a', 80, false } }, 'b', 85,
	    false },
	{ { { 'a', 1, true }, { 'b', 50, true }, { 'a', 80, true } }, 'a', 85,
	    true },
	{ { { 'a', 1, true }, { 'b', 50, true }, { 'a', 80, true } }, 'a', 60,
	    false },
	/* Brought back for an hour, then put aside once more. */
	{ { { 'a', 1, true }, { 'b', 50, true }, { 'a', 80, false },
	      { 'b', 90, false } },
	    'a', 85, false },
	{ { { 'a', 1, true }, { 'b', 50, true }, { 'a', 80, false },
	      { 'b', 90, false } },
	    'b', 95, true },
	/* Accepted at last: the newest of its entries, and no other. */
	{ { { 'a', 1, true }, { 'b', 50, false }, { 'a', 80, false },
	      { 'b', 90, true } },
	    'b', 95, true },
	{ { { 'a', 1, true }, { 'b', 50, false }, { 'a', 80, false },
	      { 'b', 90, true } },
	    'b', 60, false },
};

START_TEST(a_policy_judges_from_its_entry_up_to_the_next)
{
	struct succession made = make(ranges[_i].steps, STEPS);
	const struct digest digest = digest_of(ranges[_i].policy);

	ck_assert_int_eq(succession_judges(&made, &digest, ranges[_i].index),
	    ranges[_i].judges);
	succession_free(&made);
}
END_TEST

START_TEST(an_earlier_entry_is_accepted_by_its_index)
{
	const struct step steps[] = { { 'a', 1, true }, { 'b', 50, false },
		{ 'c', 60, true }, { 'b', 70, false }, { 'c', 80, true } };
	struct succession made = make(steps, COUNT(steps));
	const struct digest b = digest_of('b'), c = digest_of('c');

	ck_assert(!succession_accept(&made, &b, 60));
	ck_assert(succession_accept(&made, &b, 50));
	ck_assert(succession_judges(&made, &b, 55));
	ck_assert(!succession_judges(&made, &b, 75));
	/* What is in force is still the newest that was accepted. */
	ck_assert(digest_eq(succession_pinned(&made), &c));
	ck_assert_uint_eq(succession_end(&made, succession_find(&made, &b, 50)),
	    60);
	ck_assert_uint_eq(succession_end(&made, succession_newest(&made)),
	    SUCCESSION_NONE);
	succession_free(&made);
}
END_TEST

START_TEST(an_entry_that_was_hidden_is_missed)
{
	const struct step steps[] = { { 'a', 1, true }, { 'b', 50, true } };
	const uint64_t wrong[] = { 1, 49, 51, SUCCESSION_NONE };
	struct succession made = make(steps, COUNT(steps)), none = { 0 };
	const struct digest c = digest_of('c');
	struct error err = { 0 };

	for (size_t i = 0; i < COUNT(wrong); i++) {
		ck_assert(!succession_add(&made, 80, &c, wrong[i], &err));
		ck_assert_str_eq(error_code(&err), "ENTRY_WITHHELD");
		ck_assert_int_eq(err.kind, ERROR_UNTRUSTED);
		ck_assert_uint_eq(made.num, 2);
	}
	ck_assert(!succession_add(&none, 80, &c, 50, &err));
	ck_assert_str_eq(error_code(&err), "ENTRY_WITHHELD");
	ck_assert(!succession_add(&made, 50, &c, 50, &err));
	ck_assert_str_eq(error_code(&err), "OUT_OF_ORDER");
	succession_free(&made);
}
END_TEST

START_TEST(what_came_by_mail_is_accepted_with_its_entry)
{
	const struct step steps[] = { { 'a', 1, true } };
	struct succession made = make(steps, COUNT(steps));
	const struct digest a = digest_of('a'), b = digest_of('b'),
			    x = digest_of('x');
	struct error err = { 0 };

	ck_ok(succession_await(&made, &b, &err), err);
	/* Without its entry it is nothing yet. */
	ck_assert(!succession_judges(&made, &b, 60));
	ck_assert(digest_eq(succession_pinned(&made), &a));
	ck_ok(succession_add(&made, 40, &x, 1, &err) &&
		succession_add(&made, 50, &b, 40, &err),
	    err);
	ck_assert(succession_judges(&made, &b, 60));
	ck_assert(!succession_judges(&made, &x, 45));
	ck_assert_uint_eq(made.num_awaited, 0);
	/* Once: when it comes back, that is another decision. */
	ck_ok(succession_add(&made, 70, &a, 50, &err) &&
		succession_accept(&made, &a, 70) &&
		succession_add(&made, 80, &b, 70, &err),
	    err);
	ck_assert(!succession_judges(&made, &b, 85));
	for (char c = '0'; c < '8'; c++) {
		const struct digest one = digest_of(c);

		ck_ok(succession_await(&made, &one, &err) &&
			succession_await(&made, &one, &err),
		    err);
	}
	ck_assert(!succession_await(&made, &x, &err));
	ck_assert_int_eq(err.kind, ERROR_LIMIT);
	succession_free(&made);
}
END_TEST

START_TEST(what_is_there_is_awaited_no_more)
{
	const struct step steps[] = { { 'a', 1, true }, { 'b', 50, true },
		{ 'c', 80, true } };
	struct succession made = make(steps, COUNT(steps));
	const struct digest a = digest_of('a'), b = digest_of('b'),
			    x = digest_of('x');
	struct error err = { 0 };

	ck_assert(!succession_stop_waiting(&made));
	ck_ok(succession_await(&made, &a, &err) &&
		succession_await(&made, &x, &err) &&
		succession_await(&made, &b, &err),
	    err);
	ck_assert(succession_stop_waiting(&made));
	ck_assert_uint_eq(made.num_awaited, 1);
	ck_assert(digest_eq(&made.awaited[0], &x));
	ck_assert(!succession_stop_waiting(&made));
	succession_free(&made);
}
END_TEST

START_TEST(it_comes_back_from_its_file)
{
	const struct step steps[] = { { 'a', 1, true }, { 'x', 50, false },
		{ 'a', 80, false } };
	struct succession made = make(steps, COUNT(steps)), read = { 0 }, copy;
	const struct digest a = digest_of('a'), b = digest_of('b');
	struct buf text = BUF(10000), again = BUF(10000);
	struct error err = { 0 };

	ck_ok(succession_await(&made, &b, &err) &&
		succession_encode(&made, &text, &err) &&
		succession_parse(buf_span(&text), &read, &err) &&
		succession_copy(&read, &copy, &err) &&
		succession_encode(&copy, &again, &err),
	    err);
	ck_assert(span_eq(buf_span(&text), buf_span(&again)));
	ck_assert(succession_judges(&copy, &a, 80));
	ck_assert(!succession_judges(&copy, &a, 60));
	ck_assert_uint_eq(copy.num_awaited, 1);
	succession_free(&made);
	succession_free(&read);
	succession_free(&copy);
	buf_free(&text);
	buf_free(&again);
}
END_TEST

#define A "6161616161616161616161616161616161616161616161616161616161616161"
#define B "6262626262626262626262626262626262626262626262626262626262626262"

static const char *const damaged[] = {
	"1 " A "\n",
	"1 " A " accepted",
	"1 " A " accept\n",
	"1 " A "a accepted\n",
	"01 " A " accepted\n",
	"-1 " A " accepted\n",
	"1  " A " accepted\n",
	"1 " A " accepted\n1 " B " seen\n",
	"5 " A " accepted\n1 " B " seen\n",
	"waiting " A "\n",
	"awaited " A " \n",
	"\n",
	"awaited " A "\nawaited " A "\nawaited " A "\nawaited " A "\nawaited " A
	"\nawaited " A "\nawaited " A "\nawaited " A "\nawaited " A "\n",
};

START_TEST(a_damaged_file_is_refused)
{
	struct succession read = { 0 };
	struct error err = { 0 };

	ck_assert(!succession_parse(span_of_str(damaged[_i]), &read, &err));
	ck_assert_int_eq(err.kind, ERROR_SYSTEM);
	ck_assert_ptr_nonnull(strstr(err.detail, "backup"));
	succession_free(&read);
}
END_TEST

START_TEST(a_journal_of_too_many_policies_is_refused)
{
	struct succession made = { 0 };
	struct error err = { 0 };

	for (uint64_t i = 0; i < LIMIT_POLICY_ENTRIES; i++) {
		const struct digest one = digest_of((char)(i % 7));

		ck_ok(succession_add(&made, i, &one,
			  i > 0 ? i - 1 : SUCCESSION_NONE, &err),
		    err);
	}
	ck_assert(!succession_add(&made, LIMIT_POLICY_ENTRIES,
	    &made.list[0].digest, LIMIT_POLICY_ENTRIES - 1, &err));
	ck_assert_int_eq(err.kind, ERROR_LIMIT);
	succession_free(&made);
}
END_TEST

/* 0: of entries; 1: of pins.  It is not damaged, and is not called so. */
START_TEST(a_file_over_its_limit_is_told_as_that)
{
	const unsigned limit = _i == 0 ? LIMIT_POLICY_ENTRIES : LIMIT_PINS;
	struct buf text = BUF(SIZE_MAX);
	struct succession read = { 0 };
	struct error err = { 0 };

	for (unsigned i = 0; i <= limit; i++)
		ck_ok(buf_printf(&text, &err, "%u " A "%s\n", i,
			  _i == 0 ? " seen" : ""),
		    err);
	ck_assert(
	    !(_i == 0 ? succession_parse
		      : succession_parse_pins)(buf_span(&text), &read, &err));
	ck_assert_int_eq(err.kind, ERROR_LIMIT);
	ck_assert_ptr_null(strstr(err.detail, "damaged"));
	succession_free(&read);
	buf_free(&text);
}
END_TEST

/* What an office kept before: the journal's size when it accepted. */
#define PINS "0 " A "\n9 " A "\n60 " B "\n85 " A "\n"

START_TEST(pins_whose_last_line_does_not_end_are_damaged)
{
	struct succession read = { 0 };
	struct error err = { 0 };

	ck_assert(
	    !succession_parse_pins(span_of_str("5 " A "\n60 " B), &read, &err));
	ck_assert_int_eq(err.kind, ERROR_SYSTEM);
	succession_free(&read);
}
END_TEST

START_TEST(pins_of_before_are_taken_over)
{
	const struct digest a = digest_of('a'), b = digest_of('b'),
			    x = digest_of('x');
	const struct digest *const all[] = { &x, &a, &b, &a };
	const uint64_t indices[] = { 1, 5, 50, 80 };
	struct succession read = { 0 };
	struct error err = { 0 };

	ck_ok(succession_parse_pins(span_of_str(PINS), &read, &err), err);
	ck_assert(digest_eq(succession_pinned(&read), &a));
	/* Until the entries are known: no more than what was meant. */
	ck_assert(succession_judges(&read, &a, 9));
	ck_assert(succession_judges(&read, &b, 60));
	ck_assert(!succession_judges(&read, &b, 59));
	ck_assert(!succession_judges(&read, &a, 60));
	ck_assert(succession_judges(&read, &a, 100));
	for (size_t i = 0; i < COUNT(all); i++)
		ck_ok(succession_add(&read, indices[i], all[i],
			  i > 0 ? indices[i - 1] : SUCCESSION_NONE, &err),
		    err);
	succession_settle(&read);
	ck_assert_uint_eq(read.num_pins, 0);
	/* One of before the enrolment was never accepted by anybody. */
	ck_assert(!succession_judges(&read, &x, 1));
	ck_assert(succession_judges(&read, &a, 5));
	ck_assert(succession_judges(&read, &a, 49));
	ck_assert(!succession_judges(&read, &a, 50));
	ck_assert(succession_judges(&read, &b, 50));
	ck_assert(succession_judges(&read, &a, 80));
	succession_free(&read);
}
END_TEST

START_TEST(a_pin_that_was_replaced_does_not_bring_its_policy_back)
{
	const struct digest a = digest_of('a'), b = digest_of('b');
	struct succession read = { 0 };
	struct error err = { 0 };

	ck_ok(succession_parse_pins(span_of_str("5 " A "\n60 " B "\n"), &read,
		  &err) &&
		succession_add(&read, 1, &a, SUCCESSION_NONE, &err) &&
		succession_add(&read, 50, &b, 1, &err) &&
		succession_add(&read, 80, &a, 50, &err),
	    err);
	succession_settle(&read);
	ck_assert(succession_judges(&read, &a, 1));
	ck_assert(!succession_judges(&read, &a, 85));
	ck_assert(digest_eq(succession_pinned(&read), &b));
	ck_assert(
	    !succession_parse_pins(span_of_str("x " A "\n"), &read, &err));
	succession_free(&read);
}
END_TEST

START_TEST(the_list_has_a_digest_for_the_telephone)
{
	const struct step steps[] = { { 'a', 1, true }, { 'b', 50, false } };
	struct succession made = make(steps, COUNT(steps));
	const struct digest two = sha256_of(span_of_str("1 " A "\n50 " B "\n")),
			    one = sha256_of(span_of_str("1 " A "\n"));
	struct digest got = succession_digest(&made, 2);
	struct policy_entry entry;
	struct error err = { 0 };

	ck_assert(digest_eq(&got, &two));
	got = succession_digest(&made, 1);
	ck_assert(digest_eq(&got, &one));
	/* Whoever accepted what: the list is the same. */
	ck_assert(succession_accept(&made, &made.list[1].digest, 50));
	got = succession_digest(&made, 2);
	ck_assert(digest_eq(&got, &two));
	ck_ok(succession_parse_entry(span_of_str("50 " B), &entry, &err), err);
	ck_assert_uint_eq(entry.index, 50);
	ck_assert(
	    !succession_parse_entry(span_of_str("50 " B " "), &entry, &err));
	ck_assert(!succession_parse_entry(span_of_str(B), &entry, &err));
	ck_assert_int_eq(err.kind, ERROR_MALFORMED);
	succession_free(&made);
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_loop_test(t, a_policy_judges_from_its_entry_up_to_the_next, 0,
	    COUNT(ranges));
	tcase_add_test(t, an_earlier_entry_is_accepted_by_its_index);
	tcase_add_test(t, an_entry_that_was_hidden_is_missed);
	tcase_add_test(t, what_came_by_mail_is_accepted_with_its_entry);
	tcase_add_test(t, what_is_there_is_awaited_no_more);
	tcase_add_test(t, it_comes_back_from_its_file);
	tcase_add_loop_test(t, a_damaged_file_is_refused, 0, COUNT(damaged));
	tcase_add_loop_test(t, a_file_over_its_limit_is_told_as_that, 0, 2);
	tcase_add_test(t, a_journal_of_too_many_policies_is_refused);
	tcase_add_test(t, pins_of_before_are_taken_over);
	tcase_add_test(t, pins_whose_last_line_does_not_end_are_damaged);
	tcase_add_test(t,
	    a_pin_that_was_replaced_does_not_bring_its_policy_back);
	tcase_add_test(t, the_list_has_a_digest_for_the_telephone);
}

int
main(void)
{
	return run_tests("succession", fill);
}
