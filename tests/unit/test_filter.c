/*
 * Filters of entries: which entries they match, and how they are asked for.
 */
#include "unit.h"

#include <stdio.h>

#include "client/filter.h"

static struct entry
entry_of(enum act act)
{
	struct entry entry = { .act = act,
		.has = 1 << ENTRY_DOCUMENT | 1 << ENTRY_OFFICE |
		    1 << ENTRY_PERSON };

	snprintf(entry.act_name, sizeof(entry.act_name), "%s", act_name(act));
	snprintf(entry.document, sizeof(entry.document), "agreement/one");
	snprintf(entry.office, sizeof(entry.office), "mofa");
	snprintf(entry.person, sizeof(entry.person), "minister@mofa.example");
	return entry;
}

#define ONE   "agreement/one"
#define WHO   "minister@mofa.example"
#define ON(n) (1 << ENTRY_##n)

/*
 * Each condition, with a filter that the entry at 20, a signature, just meets,
 * and one that it just misses.
 */
static const struct {
	struct entry_filter filter;
	enum act act;
	unsigned lacks; /* fields that the entry has not */
	bool takes;
} rows[] = {
	{ { NULL }, ACT_SIGN, 0, true },
	{ { .document = ONE }, ACT_SIGN, 0, true },
	{ { .document = "agreement/on" }, ACT_SIGN, 0, false },
	{ { .document = "agreement/one-2" }, ACT_SIGN, 0, false },
	{ { .document = ONE }, ACT_SIGN, ON(DOCUMENT), false },
	{ { .office = "mofa" }, ACT_SIGN, 0, true },
	{ { .office = "iom" }, ACT_SIGN, 0, false },
	{ { .office = "mofa" }, ACT_SIGN, ON(OFFICE), false },
	{ { .person = WHO }, ACT_SIGN, 0, true },
	{ { .person = "x@mofa.example" }, ACT_SIGN, 0, false },
	{ { .person = WHO }, ACT_SIGN, ON(PERSON), false },
	{ { .act = "sign" }, ACT_SIGN, 0, true },
	{ { .act = "force" }, ACT_SIGN, 0, false },
	{ { .act = FILTER_DOCUMENTS }, ACT_DEPOSIT, 0, true },
	{ { .act = FILTER_DOCUMENTS }, ACT_SIGN, 0, true },
	{ { .act = FILTER_DOCUMENTS }, ACT_FORCE, 0, true },
	{ { .act = FILTER_DOCUMENTS }, ACT_TERMINATE, 0, true },
	{ { .act = FILTER_DOCUMENTS }, ACT_DELIVER, 0, false },
	{ { .act = FILTER_DOCUMENTS }, ACT_REFUSE, 0, false },
	{ { .act = FILTER_DOCUMENTS }, ACT_POLICY, 0, false },
	{ { .from = 20 }, ACT_SIGN, 0, true },
	{ { .from = 21 }, ACT_SIGN, 0, false },
	{ { .until = 21 }, ACT_SIGN, 0, true },
	{ { .until = 20 }, ACT_SIGN, 0, false },
	{ { .at = 21 }, ACT_SIGN, 0, true },
	{ { .at = 20 }, ACT_SIGN, 0, false },
};

START_TEST(an_entry_is_judged_by_each_condition)
{
	struct entry entry = entry_of(rows[_i].act);
	struct error err = { 0 };

	entry.has &= ~rows[_i].lacks;
	ck_assert(filter_takes(&rows[_i].filter, 20, &entry) == rows[_i].takes);
	ck_assert(
	    filter_check(&rows[_i].filter, 20, &entry, &err) == rows[_i].takes);
	if (!rows[_i].takes) {
		ck_assert_int_eq(err.kind, ERROR_UNTRUSTED);
		ck_assert_str_eq(error_code(&err), "ANSWER_DIFFERS");
		ck_assert_ptr_nonnull(strstr(err.detail, "not asked for"));
	}
}
END_TEST

START_TEST(the_question_has_each_condition)
{
	const struct entry_filter filter = { .document = ONE,
		.office = "mofa",
		.person = "a+b@x.example",
		.act = "sign",
		.from = 3,
		.until = 30,
		.at = 40 };
	const struct entry_filter none = { NULL };
	struct buf out = BUF(1024);
	struct error err = { 0 };

	/* From the page's start, not the filter's. */
	ck_ok(filter_query(&filter, 7, &out, &err), err);
	ck_assert(span_is(buf_span(&out),
	    "from=7&act=sign&document=agreement%2Fone&office=mofa"
	    "&person=a%2Bb%40x.example&until=30&at=40"));
	buf_free(&out);
	ck_ok(filter_query(&none, 0, &out, &err), err);
	ck_assert(span_is(buf_span(&out), "from=0"));
	buf_free(&out);
}
END_TEST

static void
fill(TCase *tcase)
{
	tcase_add_loop_test(tcase, an_entry_is_judged_by_each_condition, 0,
	    COUNT(rows));
	tcase_add_test(tcase, the_question_has_each_condition);
}

int
main(void)
{
	return run_tests("filter", fill);
}
