/*
 * A finding of the audit stays until the same check passes, or somebody
 * acknowledges it.
 */
#include "unit.h"

#include "cli/cmd/findings.h"

static struct findings all;
static struct error err;

static void
set_up(void)
{
	all = (struct findings){ NULL };
	err = (struct error){ 0 };
}

static void
tear_down(void)
{
	findings_free(&all);
}

static void
add(enum finding_kind kind, const char *code, uint64_t index, const char *about,
    int64_t now_ms)
{
	struct audit_finding finding = { .code = code, .index = index };

	snprintf(finding.about, sizeof(finding.about), "%s", about);
	snprintf(finding.text, sizeof(finding.text), "a sentence");
	findings_add(&all, kind, &finding, index, now_ms);
}

static const struct checked of_entries = { .kind = KIND_ENTRY, .until = 10 };

START_TEST(a_finding_goes_when_its_check_passes)
{
	findings_begin(&all);
	add(KIND_ENTRY, "NOT_ALLOWED", 3, "agreement/one", 1000);
	findings_settle(&all, &of_entries);
	ck_assert_uint_eq(findings_open(&all), 1);
	findings_begin(&all);
	findings_settle(&all, &of_entries);
	ck_assert_uint_eq(findings_open(&all), 0);
	ck_assert_uint_eq(all.num_gone, 1);
	ck_assert_str_eq(all.gone[0].code, "NOT_ALLOWED");
}
END_TEST

START_TEST(a_finding_stays_while_its_check_fails)
{
	findings_begin(&all);
	add(KIND_ENTRY, "NOT_ALLOWED", 3, "agreement/one", 1000);
	findings_settle(&all, &of_entries);
	findings_begin(&all);
	add(KIND_ENTRY, "NOT_ALLOWED", 3, "agreement/one", 2000);
	findings_settle(&all, &of_entries);
	ck_assert_uint_eq(all.num, 1);
	ck_assert_uint_eq(all.num_gone, 0);
	/* The date is that of when it was found first. */
	ck_assert_int_eq(all.list[0].since_ms, 1000);
}
END_TEST

/* Checks that do not concern the finding: it stays. */
static const struct checked others[] = {
	{ .kind = KIND_ENTRY, .from = 0, .until = 3 },
	{ .kind = KIND_ENTRY, .from = 4, .until = 10 },
	{ .kind = KIND_ENTRY, .until = 10, .about = "agreement/two" },
	{ .kind = KIND_ENTRY, .until = 10, .code = "TIME_AHEAD" },
	{ .kind = KIND_HASHES },
	{ .kind = KIND_COPY, .about = "agreement/one" },
	{ .kind = KIND_LIST },
	{ .kind = KIND_WITNESS },
	{ .kind = KIND_TIME, .from = 3, .until = 4 },
};

START_TEST(another_check_resolves_nothing)
{
	findings_begin(&all);
	add(KIND_ENTRY, "NOT_ALLOWED", 3, "agreement/one", 1000);
	findings_begin(&all);
	findings_settle(&all, &others[_i]);
	ck_assert_uint_eq(findings_open(&all), 1);
}
END_TEST

START_TEST(a_check_that_is_not_done_resolves_nothing)
{
	findings_begin(&all);
	add(KIND_COPY, "TEXT_DIGEST", AUDIT_NO_ENTRY, "agreement/one@1", 1000);
	findings_begin(&all); /* then the line is cut */
	ck_assert_uint_eq(findings_open(&all), 1);
	findings_begin(&all);
	findings_settle(&all,
	    &(struct checked){ .kind = KIND_COPY, .about = "agreement/two@1" });
	ck_assert_uint_eq(findings_open(&all), 1);
	ck_assert(findings_about(&all, KIND_COPY, "agreement/one@1"));
	ck_assert(!findings_about(&all, KIND_ENTRY, "agreement/one@1"));
}
END_TEST

START_TEST(a_note_ends_the_alarm_and_not_the_finding)
{
	findings_begin(&all);
	add(KIND_TIME, "TIME_AFTER_COSIGNATURE", 3, "", 1000);
	add(KIND_ENTRY, "NOT_ALLOWED", 4, "agreement/one", 1000);
	ck_ok(findings_note(&all, all.list[0].id, "asked MOFA: a clock",
		  "a@b.example", 2000, &err),
	    err);
	ck_assert_uint_eq(findings_open(&all), 1);
	ck_assert_uint_eq(all.num, 2);
	/* Found once more, it is the one that was noted. */
	findings_begin(&all);
	add(KIND_TIME, "TIME_AFTER_COSIGNATURE", 3, "", 3000);
	ck_assert_uint_eq(findings_open(&all), 1);
	ck_assert_str_eq(all.list[0].note, "asked MOFA: a clock");
	ck_assert_str_eq(all.list[0].by, "a@b.example");
	/* Of another entry, it is another one. */
	add(KIND_TIME, "TIME_AFTER_COSIGNATURE", 5, "", 3000);
	ck_assert_uint_eq(findings_open(&all), 2);
}
END_TEST

START_TEST(a_note_names_one_finding_and_is_a_line)
{
	char much[FINDING_NOTE + 1];

	memset(much, 'x', sizeof(much));
	much[FINDING_NOTE] = '\0';
	add(KIND_ENTRY, "NOT_ALLOWED", 3, "", 1000);
	ck_assert(!findings_note(&all, "ffffffff", "x", "a", 1, &err));
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	ck_assert(!findings_note(&all, "", "x", "a", 1, &err));
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	ck_assert(!findings_note(&all, all.list[0].id, "", "a", 1, &err));
	ck_assert_int_eq(err.kind, ERROR_USAGE);
	ck_assert(!findings_note(&all, all.list[0].id, "a\nb", "a", 1, &err));
	ck_assert(!findings_note(&all, all.list[0].id, much, "a", 1, &err));
	ck_assert_uint_eq(findings_open(&all), 1);
	/* The beginning of its name is enough, while it is of one only. */
	for (uint64_t i = 0; i < 300; i++)
		add(KIND_ENTRY, "NOT_ALLOWED", 100 + i, "", 1000);
	all.list[0].id[1] = '\0';
	ck_assert(!findings_note(&all, all.list[0].id, "x", "a", 1, &err));
	ck_assert_int_eq(err.kind, ERROR_USAGE);
}
END_TEST

/*
 * Both have the id c82afa17: a depositary that chooses a name can make such a
 * pair.
 */
static const char *const twins[] = { "person-11054@x.example may not do that",
	"person-24452@x.example may not do that" };

START_TEST(a_note_hides_no_other_finding_of_that_id)
{
	struct findings back = { NULL };
	struct buf text = BUF(SIZE_MAX);

	for (size_t i = 0; i < COUNT(twins); i++) {
		struct audit_finding finding = { .code = "NOT_ALLOWED",
			.index = 3,
			.about = "agreement/one" };

		findings_begin(&all);
		snprintf(finding.text, sizeof(finding.text), "%s", twins[i]);
		findings_add(&all, KIND_ENTRY, &finding, 3, 1000);
		if (i == 0)
			ck_ok(findings_note(&all, "c82afa17", "known", "a", 1,
				  &err),
			    err);
	}
	ck_assert_uint_eq(all.num, 2);
	ck_assert_str_eq(all.list[0].id, all.list[1].id);
	ck_assert_uint_eq(findings_open(&all), 1);
	ck_ok(findings_encode(&all, &text, &err), err);
	ck_ok(findings_decode(buf_span(&text), &back, &err), err);
	ck_assert_uint_eq(findings_open(&back), 1);
	findings_free(&back);
	buf_free(&text);
}
END_TEST

START_TEST(what_is_kept_comes_back)
{
	struct findings back = { NULL };
	struct buf text = BUF(SIZE_MAX);

	for (int k = 0; k < FINDING_KINDS; k++)
		add((enum finding_kind)k, "CODE", k == 0 ? 7 : AUDIT_NO_ENTRY,
		    "ສັນຍາ \"x\" \\ \xff", 1795600000123 + k);
	all.list[0].last = 9;
	ck_ok(findings_note(&all, all.list[1].id, "ຮູ້ແລ້ວ", "a@b.example",
		  1795600099000, &err),
	    err);
	ck_ok(findings_encode(&all, &text, &err), err);
	ck_ok(findings_decode(buf_span(&text), &back, &err), err);
	ck_assert_uint_eq(back.num, all.num);
	for (size_t i = 0; i < all.num; i++) {
		ck_assert_int_eq(back.list[i].kind, all.list[i].kind);
		ck_assert_str_eq(back.list[i].code, all.list[i].code);
		ck_assert_str_eq(back.list[i].about, all.list[i].about);
		ck_assert_str_eq(back.list[i].text, all.list[i].text);
		ck_assert_uint_eq(back.list[i].index, all.list[i].index);
		ck_assert_uint_eq(back.list[i].last, all.list[i].last);
		ck_assert_int_eq(back.list[i].since_ms, all.list[i].since_ms);
		ck_assert_int_eq(back.list[i].noted_ms, all.list[i].noted_ms);
		ck_assert_str_eq(back.list[i].note, all.list[i].note);
		ck_assert_str_eq(back.list[i].by, all.list[i].by);
		if (i > 0)
			ck_assert_str_eq(back.list[i].id, all.list[i].id);
	}
	/* Every cut of it is refused, but between two lines. */
	for (size_t len = 0; len < text.len; len++) {
		struct findings cut = { NULL };

		ck_assert_int_eq(findings_decode(span_of(text.data, len), &cut,
				     &err),
		    len == 0 || text.data[len - 1] == '\n');
		findings_free(&cut);
	}
	findings_free(&back);
	buf_free(&text);
}
END_TEST

START_TEST(too_many_are_not_dropped_unseen)
{
	for (uint64_t i = 0; i < LIMIT_AUDIT_FINDINGS; i++)
		add(KIND_ENTRY, "NOT_ALLOWED", i, "", 1000);
	ck_assert(!all.failed);
	add(KIND_ENTRY, "NOT_ALLOWED", 3, "", 1000);
	ck_assert(!all.failed);
	add(KIND_ENTRY, "NOT_ALLOWED", LIMIT_AUDIT_FINDINGS, "", 1000);
	ck_assert(all.failed);
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, a_finding_goes_when_its_check_passes);
	tcase_add_test(t, a_finding_stays_while_its_check_fails);
	tcase_add_loop_test(t, another_check_resolves_nothing, 0,
	    COUNT(others));
	tcase_add_test(t, a_check_that_is_not_done_resolves_nothing);
	tcase_add_test(t, a_note_ends_the_alarm_and_not_the_finding);
	tcase_add_test(t, a_note_names_one_finding_and_is_a_line);
	tcase_add_test(t, a_note_hides_no_other_finding_of_that_id);
	tcase_add_test(t, what_is_kept_comes_back);
	tcase_add_test(t, too_many_are_not_dropped_unseen);
}

int
main(void)
{
	return run_tests("findings", fill);
}
