/*
 * Ranges of indices: reading, joining, intersecting and writing them.
 */
#include "unit.h"

#include "cli/cmd/ranges.h"

/* "3 7-9": as the tests write it. */
static struct ranges
ranges_of(const char *text)
{
	struct ranges ranges = { NULL, 0, 0 };
	struct error err = { 0 };
	const char *c = text;

	while (*c != '\0') {
		char *end;
		const uint64_t first = strtoull(c, &end, 10);
		const uint64_t last =
		    *end == '-' ? strtoull(end + 1, &end, 10) : first;

		ck_ok(ranges_add(&ranges, first, last, &err), err);
		c = *end == ' ' ? end + 1 : end;
	}
	return ranges;
}

static void
assert_ranges(const struct ranges *ranges, const char *want)
{
	struct buf text = BUF(256);
	struct error err = { 0 };

	ck_ok(ranges_print(ranges, 100, &text, &err), err);
	ck_assert_msg(span_is(buf_span(&text), want), "%.*s, not %s",
	    (int)text.len, (const char *)text.data, want);
	buf_free(&text);
}

static const struct {
	const char *a, *b;
	uint64_t size;
	const char *common;
} rows[] = {
	{ "", "", 100, "" },
	{ "3", "", 100, "" },
	{ "3", "3", 100, "3" },
	{ "3", "4", 100, "" },
	{ "3 4 5", "4", 100, "4" },
	{ "0-9", "3 7-12", 100, "3, 7-9" },
	{ "3 7-12", "0-9", 100, "3, 7-9" },
	{ "0-9", "0-9", 5, "0-4" },
	{ "0-9", "0-9", 0, "" },
	{ "5-9", "0-9", 5, "" },
	{ "0-2 5-7 9", "1-5 7-9", 100, "1-2, 5, 7, 9" },
	{ "1 3 5", "2 4 6", 100, "" },
};

START_TEST(what_is_in_both_is_found)
{
	struct ranges a = ranges_of(rows[_i].a), b = ranges_of(rows[_i].b);
	struct ranges common = { NULL, 0, 0 };
	struct error err = { 0 };

	ck_ok(ranges_common(&a, &b, rows[_i].size, &common, &err), err);
	assert_ranges(&common, rows[_i].common);
	for (uint64_t i = 0; i < 20; i++)
		ck_assert_int_eq(ranges_has(&common, i),
		    ranges_has(&a, i) && ranges_has(&b, i) &&
			i < rows[_i].size);
	ranges_free(&a);
	ranges_free(&b);
	ranges_free(&common);
}
END_TEST

START_TEST(ranges_that_touch_are_one)
{
	struct ranges ranges = ranges_of("3 4-5 6 8");
	struct buf text = BUF(64);
	struct error err = { 0 };

	ck_assert_uint_eq(ranges.num, 2);
	ck_assert_uint_eq(ranges_count(&ranges), 5);
	assert_ranges(&ranges, "3-6, 8");
	ck_ok(ranges_print(&ranges, 1, &text, &err), err);
	ck_assert(span_is(buf_span(&text), "3-6, …"));
	buf_free(&text);
	ranges_free(&ranges);
}
END_TEST

START_TEST(ranges_out_of_order_are_refused)
{
	struct ranges ranges = ranges_of("3-6");
	struct error err = { 0 };

	ck_assert(!ranges_add(&ranges, 6, 9, &err));
	ck_assert(!ranges_add(&ranges, 1, 2, &err));
	ck_assert(!ranges_add(&ranges, 9, 8, &err));
	ck_assert(!ranges_add(&ranges, 9, UINT64_MAX, &err));
	assert_ranges(&ranges, "3-6");
	ranges_free(&ranges);
}
END_TEST

static const struct {
	const char *json, *want; /* NULL: refused */
} texts[] = {
	{ "[]", "" },
	{ "[[3,3],[7,9]]", "3, 7-9" },
	{ "[[3,4],[5,6]]", "3-6" },
	{ "{}", NULL },
	{ "[3]", NULL },
	{ "[[3]]", NULL },
	{ "[[3,4,5]]", NULL },
	{ "[[\"3\",\"4\"]]", NULL },
	{ "[[-1,4]]", NULL },
	{ "[[4,3]]", NULL },
	{ "[[7,9],[3,3]]", NULL },
	{ "[[3.5,4]]", NULL },
};

START_TEST(json_comes_back_as_it_went)
{
	struct ranges ranges = { NULL, 0, 0 };
	json_t *json = json_loads(texts[_i].json, 0, NULL), *back;
	struct error err = { 0 };
	const bool ok = ranges_of_json(json, &ranges, &err);

	ck_assert_int_eq(ok, texts[_i].want != NULL);
	if (ok) {
		struct ranges again = { NULL, 0, 0 };

		assert_ranges(&ranges, texts[_i].want);
		back = ranges_to_json(&ranges);
		ck_ok(ranges_of_json(back, &again, &err), err);
		assert_ranges(&again, texts[_i].want);
		json_decref(back);
		ranges_free(&again);
	}
	json_decref(json);
	ranges_free(&ranges);
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_loop_test(t, what_is_in_both_is_found, 0, COUNT(rows));
	tcase_add_test(t, ranges_that_touch_are_one);
	tcase_add_test(t, ranges_out_of_order_are_refused);
	tcase_add_loop_test(t, json_comes_back_as_it_went, 0, COUNT(texts));
}

int
main(void)
{
	return run_tests("ranges", fill);
}
