/*
 * Which delivery has an entry of its own, which is counted, which is refused,
 * and what is journaled of all that.
 */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "daemon/api/repeats.h"

enum { AN_HOUR = 600, DAY = REPEATS_REMEMBERED };

static struct repeats *repeats;
static uint64_t next_index;
/* The acts that were journaled. */
enum { MADE = 600 };
static struct act_request *made;
static size_t num_made;

static void
take_act(void *arg, struct act_request *act)
{
	ck_assert_ptr_eq(arg, &num_made);
	ck_assert_uint_lt(num_made, MADE);
	made[num_made++] = *act;
	act->done(act);
}

static void
begin(uint64_t an_hour)
{
	const struct repeats_rules rules = { .an_hour = an_hour,
		.submit = take_act,
		.arg = &num_made };
	struct error err = { 0 };

	repeats = repeats_new(&rules, &err);
	ck_assert_ptr_nonnull(repeats);
	made = calloc(MADE, sizeof(*made));
	ck_assert_ptr_nonnull(made);
	next_index = 100;
	num_made = 0;
}

static void
set_up(void)
{
	begin(AN_HOUR);
}

static void
tear_down(void)
{
	repeats_free(repeats);
	free(made);
}

enum fate { ENTRY, COUNTED, REFUSED, UNFINISHED };

/* A person of an office is given a document; so many seconds are over. */
static enum fate
give(const char *office, const char *person, unsigned document, unsigned text,
    int64_t now_s, bool finish)
{
	const struct digest contents = { { (uint8_t)text } };
	char name[40];
	const struct repeats_delivery delivery = { office, person, name,
		&contents };
	struct error err = { 0 };
	struct repeats_key key;

	snprintf(name, sizeof(name), "agreement/d%u", document);
	key = repeats_key(repeats, &delivery);
	if (!repeats_allow(repeats, &delivery, &key, 1, now_s, &err)) {
		ck_assert_int_eq(err.kind, ERROR_UNAVAILABLE);
		ck_assert(error_is(&err, "REPEATED_TOO_OFTEN"));
		ck_assert_uint_gt(err.retry_s, 0);
		ck_assert_uint_le(err.retry_s, REPEATS_HOUR);
		return REFUSED;
	}
	if (repeats_leaves(repeats, office, &key, now_s))
		return COUNTED;
	if (!finish)
		return UNFINISHED;
	repeats_journaled(repeats, office, &key, next_index++);
	return ENTRY;
}

static enum fate
one(int64_t now_s)
{
	return give("iom", "a@iom.example", 1, 1, now_s, true);
}

START_TEST(within_a_minute_it_leaves_under_one_entry)
{
	ck_assert_int_eq(one(1000), ENTRY);
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(one(1000 + 59), COUNTED);
	ck_assert_int_eq(one(1000 + 60), ENTRY);
	ck_assert_int_eq(one(1000 + 61), COUNTED);
	/* Its own minute, not that of the last time. */
	ck_assert_int_eq(one(1000 + 60 + 60), ENTRY);
}
END_TEST

START_TEST(another_text_person_document_or_office_has_its_own)
{
	ck_assert_int_eq(one(1000), ENTRY);
	ck_assert_int_eq(give("iom", "a@iom.example", 1, 2, 1001, true), ENTRY);
	ck_assert_int_eq(give("iom", "b@iom.example", 1, 1, 1001, true), ENTRY);
	ck_assert_int_eq(give("iom", "a@iom.example", 2, 1, 1001, true), ENTRY);
	ck_assert_int_eq(give("mofa", "a@iom.example", 1, 1, 1001, true),
	    ENTRY);
	ck_assert_int_eq(one(1001), COUNTED);
}
END_TEST

START_TEST(a_count_is_journaled_once_its_minute_is_over)
{
	one(1000);
	one(1001);
	one(1030);
	give("iom", "a@iom.example", 2, 1, 1030, true);
	repeats_flush(repeats, 1000 + 59, false);
	ck_assert_uint_eq(num_made, 0);
	repeats_flush(repeats, 1000 + 60, false);
	ck_assert_uint_eq(num_made, 1);
	ck_assert_int_eq(made[0].act, ACT_DELIVERIES);
	ck_assert_str_eq(made[0].office, "iom");
	ck_assert_uint_eq(made[0].prior, 100);
	ck_assert_uint_eq(made[0].times, 2);
	/* Once, and none for what left once. */
	repeats_flush(repeats, 1000 + 200, false);
	repeats_flush(repeats, 1000 + 200, true);
	ck_assert_uint_eq(num_made, 1);
}
END_TEST

/* A repeat right after the minute comes before the count is journaled. */
START_TEST(a_count_survives_the_entry_after_it)
{
	one(1000);
	one(1001);
	ck_assert_int_eq(one(1060), ENTRY);
	one(1061);
	one(1061);
	repeats_flush(repeats, 1120, false);
	ck_assert_uint_eq(num_made, 2);
	ck_assert_uint_eq(made[0].prior, 100);
	ck_assert_uint_eq(made[0].times, 1);
	ck_assert_uint_eq(made[1].prior, 101);
	ck_assert_uint_eq(made[1].times, 2);
}
END_TEST

START_TEST(a_stop_journals_what_is_open)
{
	one(1000);
	one(1001);
	repeats_flush(repeats, 1001, true);
	ck_assert_uint_eq(num_made, 1);
	ck_assert_uint_eq(made[0].times, 1);
}
END_TEST

START_TEST(nothing_leaves_under_an_entry_that_is_not_there_yet)
{
	const struct digest contents = { { 1 } };
	const struct repeats_delivery delivery = { "iom", "a@iom.example",
		"agreement/d1", &contents };
	const struct repeats_key key = repeats_key(repeats, &delivery);

	ck_assert_int_eq(give("iom", "a@iom.example", 1, 1, 1000, false),
	    UNFINISHED);
	ck_assert(!repeats_was_delivered(repeats, "iom", &key, 1000));
	ck_assert_int_eq(give("iom", "a@iom.example", 1, 1, 1000, false),
	    UNFINISHED);
	/* The first of the two that is journaled is the one that counts. */
	repeats_journaled(repeats, "iom", &key, 7);
	repeats_journaled(repeats, "iom", &key, 8);
	ck_assert(repeats_was_delivered(repeats, "iom", &key, 1000));
	ck_assert_int_eq(one(1001), COUNTED);
	repeats_flush(repeats, 1060, false);
	ck_assert_uint_eq(num_made, 1);
	ck_assert_uint_eq(made[0].prior, 7);
	ck_assert(!repeats_was_delivered(repeats, "iom", &key, 1000 + DAY));
}
END_TEST

START_TEST(what_could_not_be_journaled_was_not_delivered)
{
	const struct digest contents = { { 1 } };
	const struct repeats_delivery delivery = { "iom", "a@iom.example",
		"agreement/d1", &contents };
	const struct repeats_key key = repeats_key(repeats, &delivery);

	give("iom", "a@iom.example", 1, 1, 1000, false);
	repeats_journaled(repeats, "iom", &key, REPEATS_FAILED);
	ck_assert(!repeats_was_delivered(repeats, "iom", &key, 1000));
	ck_assert_int_eq(one(1001), ENTRY);
}
END_TEST

START_TEST(an_office_has_so_many_repeats_an_hour)
{
	one(1000);
	for (int i = 0; i < AN_HOUR; i++)
		ck_assert_int_eq(one(1000 + i),
		    i > 0 && i % 60 == 0 ? ENTRY : COUNTED);
	ck_assert_int_eq(one(2000), REFUSED);
	/* What was not delivered yet, and other offices, are not limited. */
	for (unsigned i = 2; i < 12000; i++)
		ck_assert_int_eq(give("iom", "a@iom.example", i, 1, 2000, true),
		    ENTRY);
	ck_assert_int_eq(give("mofa", "a@mofa.example", 1, 1, 2000, true),
	    ENTRY);
	ck_assert_int_eq(give("mofa", "a@mofa.example", 1, 1, 2000, true),
	    COUNTED);
	/* Nor another person's first; and the hour ends. */
	ck_assert_int_eq(give("iom", "b@iom.example", 1, 1, 2000, true), ENTRY);
	ck_assert_int_eq(give("iom", "b@iom.example", 1, 1, 2000, true),
	    REFUSED);
	ck_assert_int_eq(one(1000 + REPEATS_HOUR - 1), REFUSED);
	ck_assert_int_eq(one(1000 + REPEATS_HOUR), ENTRY);
	ck_assert_int_eq(one(1000 + REPEATS_HOUR), COUNTED);
}
END_TEST

START_TEST(after_a_day_it_is_no_repeat)
{
	tear_down();
	begin(1);
	one(1000);
	ck_assert_int_eq(one(1100), ENTRY);
	ck_assert_int_eq(one(1200), REFUSED);
	ck_assert_int_eq(one(1100 + DAY), ENTRY);
	repeats_flush(repeats, 1100 + DAY, false);
	/* That one used up nothing: it was the first of its day. */
	ck_assert_int_eq(one(1101 + DAY), COUNTED);
	ck_assert_int_eq(one(1101 + DAY), REFUSED);
}
END_TEST

START_TEST(the_refused_of_an_hour_have_one_entry)
{
	tear_down();
	begin(1);
	one(1000);
	one(1001);
	for (int i = 0; i < 50; i++)
		ck_assert_int_eq(one(1002), REFUSED);
	repeats_flush(repeats, 1061, false);
	ck_assert_uint_eq(num_made, 1);
	ck_assert_int_eq(made[0].act, ACT_DELIVERIES);
	repeats_flush(repeats, 1001 + REPEATS_HOUR, false);
	ck_assert_uint_eq(num_made, 2);
	ck_assert_int_eq(made[1].act, ACT_REFUSE);
	ck_assert_uint_eq(made[1].times, 50);
	ck_assert_str_eq(made[1].office, "iom");
	ck_assert_str_eq(made[1].person, "a@iom.example");
	ck_assert_str_eq(made[1].document, "agreement/d1");
	ck_assert_str_eq(made[1].wanted, "read");
	ck_assert_str_eq(made[1].rule, "repeats: 1 an hour");
	repeats_flush(repeats, 1001 + 2 * REPEATS_HOUR, true);
	ck_assert_uint_eq(num_made, 2);
}
END_TEST

/* An answer of many, as a pack is, begins or does not begin. */
START_TEST(an_answer_that_may_begin_is_given_whole)
{
	const struct digest contents = { { 1 } };
	struct repeats_delivery all[3];
	struct repeats_key keys[3];
	struct error err = { 0 };

	tear_down();
	begin(2);
	for (unsigned i = 0; i < 3; i++) {
		static const char *const names[] = { "agreement/d7",
			"agreement/d8", "agreement/d9" };

		all[i] = (struct repeats_delivery){ "iom", "a@iom.example",
			names[i], &contents };
		keys[i] = repeats_key(repeats, &all[i]);
		if (i > 0)
			give("iom", "a@iom.example", 7 + i, 1, 1000, true);
	}
	/* One is new; the other two are the hour's. */
	ck_ok(repeats_allow(repeats, all, keys, 3, 1001, &err), err);
	ck_assert(!repeats_allow(repeats, all, keys, 3, 1001, &err));
	ck_assert_uint_eq(err.retry_s, REPEATS_HOUR);
	ck_assert_ptr_nonnull(strstr(err.detail, "agreement/d8"));
	ck_ok(repeats_allow(repeats, all, keys, 1, 1001, &err), err);
}
END_TEST

START_TEST(an_office_that_is_given_much_forgets_its_own_oldest)
{
	give("mofa", "a@mofa.example", 1, 1, 1000, true);
	one(1000);
	one(1000);
	for (unsigned i = 2; i <= LIMIT_DELIVERED + 1; i++)
		ck_assert_int_eq(give("iom", "a@iom.example", i, 1, 1001, true),
		    ENTRY);
	/* The count of what is forgotten is journaled before that. */
	ck_assert_uint_eq(num_made, 1);
	ck_assert_uint_eq(made[0].times, 1);
	ck_assert_int_eq(one(1002), ENTRY);
	ck_assert_int_eq(give("iom", "a@iom.example", LIMIT_DELIVERED + 1, 1,
			     1002, true),
	    COUNTED);
	ck_assert_int_eq(give("mofa", "a@mofa.example", 1, 1, 1002, true),
	    COUNTED);
}
END_TEST

static bool
was_given(unsigned document, int64_t now_s)
{
	const struct digest contents = { { 1 } };
	char name[40];
	const struct repeats_delivery delivery = { "iom", "a@iom.example", name,
		&contents };
	struct repeats_key key;

	snprintf(name, sizeof(name), "agreement/d%u", document);
	key = repeats_key(repeats, &delivery);
	return repeats_was_delivered(repeats, "iom", &key, now_s);
}

/* Many come and go: a table that loses one would give it an entry again. */
START_TEST(each_is_found_as_long_as_it_is_remembered)
{
	for (unsigned i = 0; i < 5000; i++)
		give("iom", "a@iom.example", i, 1, 1000 + i, true);
	for (unsigned i = 0; i < 5000; i++)
		ck_assert(was_given(i, 6000));
	repeats_flush(repeats, 3500 + DAY, false);
	for (unsigned i = 0; i < 5000; i++)
		ck_assert(was_given(i, 3500 + DAY) == (i > 2500));
}
END_TEST

START_TEST(more_offices_than_a_policy_has_push_out_the_longest_unused)
{
	one(1000);
	one(1001);
	for (unsigned i = 0; i < LIMIT_DELIVERY_OFFICES; i++) {
		char office[20];

		snprintf(office, sizeof(office), "o%u", i);
		give(office, "a@iom.example", 1, 1, 1002, true);
	}
	ck_assert_uint_eq(num_made, 1);
	ck_assert_int_eq(one(1003), ENTRY);
}
END_TEST

/* Nothing waits for the whole of a large office's counts. */
START_TEST(so_many_counts_are_journaled_at_a_time)
{
	tear_down();
	begin(10000);
	for (unsigned i = 0; i < LIMIT_BATCH_ACTS + 10; i++)
		for (int times = 0; times < 2; times++)
			give("iom", "a@iom.example", i, 1, 1000, true);
	repeats_flush(repeats, 1100, false);
	ck_assert_uint_eq(num_made, LIMIT_BATCH_ACTS);
	repeats_flush(repeats, 1101, false);
	ck_assert_uint_eq(num_made, LIMIT_BATCH_ACTS + 10);
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, within_a_minute_it_leaves_under_one_entry);
	tcase_add_test(t, another_text_person_document_or_office_has_its_own);
	tcase_add_test(t, a_count_is_journaled_once_its_minute_is_over);
	tcase_add_test(t, a_count_survives_the_entry_after_it);
	tcase_add_test(t, a_stop_journals_what_is_open);
	tcase_add_test(t, nothing_leaves_under_an_entry_that_is_not_there_yet);
	tcase_add_test(t, what_could_not_be_journaled_was_not_delivered);
	tcase_add_test(t, an_office_has_so_many_repeats_an_hour);
	tcase_add_test(t, after_a_day_it_is_no_repeat);
	tcase_add_test(t, the_refused_of_an_hour_have_one_entry);
	tcase_add_test(t, an_answer_that_may_begin_is_given_whole);
	tcase_add_test(t, an_office_that_is_given_much_forgets_its_own_oldest);
	tcase_add_test(t, each_is_found_as_long_as_it_is_remembered);
	tcase_add_test(t,
	    more_offices_than_a_policy_has_push_out_the_longest_unused);
	tcase_add_test(t, so_many_counts_are_journaled_at_a_time);
}

int
main(void)
{
	return run_tests("repeats", fill);
}
