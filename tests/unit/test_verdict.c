/*
 * The verdict: of a good copy, and of copies with one thing wrong at a time.
 */
#include "unit.h"

#include <stdio.h>

#include "verdict_fixture.h"

static const struct {
	enum wrong wrong;
	enum finding_code code;
	enum outcome outcome;
} rows[] = {
	{ NO_VERSION, FINDING_NOT_A_DOCUMENT, OUTCOME_INDETERMINATE },
	{ GARBLED_VERSION, FINDING_VERSION_MALFORMED, OUTCOME_INVALID },
	{ OTHER_DOCUMENT, FINDING_VERSION_DIFFERS, OUTCOME_INVALID },
	{ NO_TEXT, FINDING_TEXT_MISSING, OUTCOME_INVALID },
	{ ALTERED_TEXT, FINDING_TEXT_DIGEST, OUTCOME_INVALID },
	{ MEDIA_NOT_ALLOWED, FINDING_TEXT_NOT_ALLOWED, OUTCOME_INVALID },
	{ LANGUAGE_MISSING, FINDING_TEXT_NOT_ALLOWED, OUTCOME_INVALID },
	{ EXTRA_TEXT, FINDING_FILE_UNSIGNED, OUTCOME_INVALID },
	{ EXTRA_META, FINDING_FILE_UNSIGNED, OUTCOME_INVALID },
	{ NO_MANIFEST, FINDING_FILE_MISSING, OUTCOME_INVALID },
	{ ALTERED_MANIFEST, FINDING_FILE_DIGEST, OUTCOME_INVALID },
	{ MANIFEST_OF_ANOTHER, FINDING_MANIFEST_BROKEN, OUTCOME_INVALID },
	{ MANIFEST_SHORT, FINDING_FILE_UNSIGNED, OUTCOME_INVALID },
	{ MANIFEST_LONG, FINDING_MANIFEST_BROKEN, OUTCOME_INVALID },
	{ ID_OF_ANOTHER, FINDING_MANIFEST_BROKEN, OUTCOME_INVALID },
	{ NO_SIGNATURE, FINDING_SIGNATURE_MISSING, OUTCOME_INVALID },
	{ GARBLED_SIGNATURE, FINDING_SIGNATURE_FORM, OUTCOME_INVALID },
	{ SIGNATURE_OF_OTHER_BYTES, FINDING_SIGNATURE_BROKEN, OUTCOME_INVALID },
	{ WEAK_KEY, FINDING_SIGNATURE_WEAK, OUTCOME_INVALID },
	{ COMMITMENT_ORIGIN_INSTEAD, FINDING_SIGNATURE_COMMITMENT,
	    OUTCOME_INVALID },
	{ SIGNED_YESTERDAY, FINDING_SIGNING_TIME, OUTCOME_INVALID },
	{ SIGNED_TOMORROW, FINDING_SIGNING_TIME, OUTCOME_INVALID },
	{ CA_UNKNOWN, FINDING_SIGNER_UNTRUSTED, OUTCOME_INVALID },
	{ CERT_EXPIRED, FINDING_SIGNER_EXPIRED, OUTCOME_INVALID },
	{ CERT_REVOKED, FINDING_SIGNER_REVOKED, OUTCOME_INVALID },
	{ CERT_DOUBTED, FINDING_SIGNER_DOUBTED, OUTCOME_VALID },
	{ LIST_WITHHELD, FINDING_CRL_WITHHELD, OUTCOME_VALID },
	{ CERT_TO_CONNECT, FINDING_SIGNER_UNFIT, OUTCOME_INVALID },
	{ OFFICE_UNKNOWN, FINDING_SIGNER_UNKNOWN, OUTCOME_INVALID },
	{ ORIGIN_OF_ANOTHER, FINDING_SIGNER_DIFFERS, OUTCOME_INVALID },
	{ SIGNED_BY_ONE_TWICE, FINDING_SIGNED_TWICE, OUTCOME_INVALID },
	{ POWERS_OF_NOBODY, FINDING_NO_FULL_POWERS, OUTCOME_INVALID },
	{ POWERS_ENDED, FINDING_NO_FULL_POWERS, OUTCOME_INVALID },
	{ OFFICE_MAY_NOT, FINDING_NOT_ALLOWED, OUTCOME_INVALID },
	{ FORCE_WITHOUT_QUORUM, FINDING_QUORUM_MISSING, OUTCOME_INVALID },
	{ NO_SEAL, FINDING_SEAL_MISSING, OUTCOME_INVALID },
	{ SEAL_OF_ANOTHER, FINDING_SIGNER_UNTRUSTED, OUTCOME_INVALID },
	{ SEAL_SHORT, FINDING_FILE_UNSIGNED, OUTCOME_INVALID },
	{ CONTENTS_OF_ANOTHER, FINDING_CONTENTS_DIFFER, OUTCOME_INVALID },
	{ RECEIPT_OF_ANOTHER, FINDING_RECEIPT_BROKEN, OUTCOME_INVALID },
	{ RECEIPT_OF_NEWER_KEY, FINDING_KEY_UNKNOWN, OUTCOME_INDETERMINATE },
	{ RECEIPT_GARBLED, FINDING_RECEIPT_BROKEN, OUTCOME_INVALID },
	{ RECEIPT_OF_ANOTHER_VERSION, FINDING_RECEIPT_BROKEN, OUTCOME_INVALID },
	{ RECEIPT_RENAMED, FINDING_RECEIPT_BROKEN, OUTCOME_INVALID },
	{ NO_RECEIPTS, FINDING_NOT_IN_JOURNAL, OUTCOME_INDETERMINATE },
	{ NO_DEPOSIT_RECEIPT, FINDING_NOT_IN_JOURNAL, OUTCOME_INDETERMINATE },
	{ NO_SIGN_RECEIPT, FINDING_NOT_IN_JOURNAL, OUTCOME_INDETERMINATE },
	{ NO_FORCE_RECEIPT, FINDING_NOT_IN_JOURNAL, OUTCOME_INDETERMINATE },
	{ SIGNATURE_DROPPED, FINDING_SIGNATURE_MISSING, OUTCOME_INVALID },
	{ POLICY_NOT_ACCEPTED, FINDING_POLICY_UNKNOWN, OUTCOME_INDETERMINATE },
	{ NO_CRLS, FINDING_REVOCATION_UNKNOWN, OUTCOME_INDETERMINATE },
	{ CRL_STALE, FINDING_REVOCATION_UNKNOWN, OUTCOME_INDETERMINATE },
	{ CRL_OF_ANOTHER, FINDING_REVOCATION_UNKNOWN, OUTCOME_INDETERMINATE },
	{ WITNESSED_BY_ONE, FINDING_NOT_WITNESSED, OUTCOME_INDETERMINATE },
	{ COSIGNATURE_OF_OTHER_BYTES, FINDING_RECEIPT_BROKEN, OUTCOME_INVALID },
};

static bool
has_code(const struct verdict *verdict, enum finding_code code)
{
	for (size_t i = 0; i < verdict->num_findings; i++)
		if (verdict->findings[i].code == code)
			return true;
	return false;
}

static void
assert_verdict(const struct verdict *verdict, enum outcome outcome)
{
	ck_assert_msg(verdict->outcome == outcome, "%s: %s",
	    outcome_name(verdict->outcome),
	    verdict->num_findings > 0 ? verdict->findings[0].text : "-");
}

START_TEST(a_good_copy_is_valid_and_in_force)
{
	struct container *c = wrong_copy();
	struct verdict verdict;

	wrong_judge(c, &verdict);
	assert_verdict(&verdict, OUTCOME_VALID);
	ck_assert_int_eq(verdict.status, STATUS_IN_FORCE);
	ck_assert_uint_eq(verdict.num_acts, 4);
	ck_assert_uint_eq(verdict.num_signatures, 4);
	ck_assert_uint_eq(verdict.num_witnesses, 2);
	ck_assert_str_eq(verdict.witnesses[1].name, "iom-geneva");
	ck_assert_int_eq(verdict.witnesses[1].at, NOW);
	verdict_free(&verdict);
	container_free(c);
}
END_TEST

START_TEST(one_thing_wrong_is_found_and_named)
{
	struct verdict verdict;
	struct container *c;
	char codes[1000] = "";

	wrong_world.wrong = rows[_i].wrong;
	c = wrong_copy();
	wrong_judge(c, &verdict);
	for (size_t i = 0; i < verdict.num_findings; i++)
		snprintf(codes + strlen(codes), sizeof(codes) - strlen(codes),
		    "%s (%s) ", finding_name(verdict.findings[i].code),
		    verdict.findings[i].text);
	ck_assert_msg(has_code(&verdict, rows[_i].code), "row %d wants %s: %s",
	    _i, finding_name(rows[_i].code), codes);
	ck_assert_msg(verdict.outcome == rows[_i].outcome, "row %d: %s, %s", _i,
	    outcome_name(verdict.outcome), codes);
	/* A refusal by policy names its rule beside the sentence. */
	for (size_t i = 0; i < verdict.num_findings; i++)
		ck_assert(verdict.findings[i].code != FINDING_NO_FULL_POWERS ||
		    verdict.findings[i].rule[0] != '\0');
	verdict_free(&verdict);
	container_free(c);
}
END_TEST

START_TEST(a_list_beside_the_journal_warns_of_what_it_changes)
{
	struct verdict verdict;
	struct container *c;
	size_t num = 0;

	wrong_world.wrong = LIST_WITHHELD;
	c = wrong_copy();
	wrong_judge(c, &verdict);
	/* Of one signature, which counts all the same. */
	for (size_t i = 0; i < verdict.num_findings; i++)
		num += verdict.findings[i].code == FINDING_CRL_WITHHELD;
	ck_assert_uint_eq(num, 1);
	ck_assert_int_eq(verdict.status, STATUS_IN_FORCE);
	verdict_free(&verdict);
	container_free(c);
}
END_TEST

START_TEST(a_list_beside_the_journal_that_changes_nothing_is_not_told)
{
	struct verdict verdict;
	struct container *c;

	wrong_world.wrong = LIST_WITHHELD_OF_NOBODY;
	c = wrong_copy();
	wrong_judge(c, &verdict);
	ck_assert_uint_eq(verdict.num_findings, 0);
	verdict_free(&verdict);
	container_free(c);
}
END_TEST

START_TEST(a_certificate_revoked_after_it_signed_was_good_then)
{
	const struct verdict_signature *one = NULL;
	struct verdict verdict;
	struct container *c;

	wrong_world.wrong = CERT_REVOKED_LATER;
	c = wrong_copy();
	wrong_judge(c, &verdict);
	assert_verdict(&verdict, OUTCOME_VALID);
	for (size_t i = 0; i < verdict.num_signatures; i++)
		if (strcmp(verdict.signatures[i].person,
			"minister@mofa.example") == 0)
			one = &verdict.signatures[i];
	ck_assert_ptr_nonnull(one);
	ck_assert_int_eq(one->then, TRUST_GOOD);
	ck_assert_int_eq(one->now, TRUST_REVOKED);
	verdict_free(&verdict);
	container_free(c);
}
END_TEST

/* A list that the journal names later, with a certificate on it or not. */
static void
list_later(const struct identity *ca, const struct cert *cert, int64_t this_at,
    int64_t since_at)
{
	struct buf der = BUF(10000);
	struct error err = { 0 };

	wrong_world.later = crls_new(&err);
	fixture_crl(ca, this_at, NOW + 1000, cert, since_at, &der);
	ck_ok(crls_add(wrong_world.later, buf_span(&der), NULL, &err), err);
	buf_free(&der);
}

START_TEST(a_signature_that_a_later_list_takes_away_is_disputed)
{
	struct container *c = wrong_copy();
	struct verdict verdict;

	list_later(&wrong_world.iom, wrong_world.chief.cert, NOW + 400,
	    NOW - 500);
	wrong_judge(c, &verdict);
	assert_verdict(&verdict, OUTCOME_INVALID);
	ck_assert_uint_eq(verdict.num_findings, 1);
	ck_assert_int_eq(verdict.findings[0].code, FINDING_SIGNER_REVOKED);
	ck_assert_int_eq(verdict.status, STATUS_DISPUTED);
	ck_assert(!verdict.quorum);
	ck_assert_uint_eq(verdict.crls_as_of, wrong_num_acts() + 1);
	ck_assert(!verdict.crls_of_acts);
	verdict_free(&verdict);
	container_free(c);
}
END_TEST

START_TEST(a_list_that_clears_makes_a_signature_final)
{
	struct container *c = wrong_copy();
	struct verdict verdict;

	wrong_judge(c, &verdict);
	for (size_t i = 0; i < verdict.num_signatures; i++)
		ck_assert(!verdict.signatures[i].is_final);
	verdict_free(&verdict);
	list_later(&wrong_world.mofa, NULL, NOW + 400, 0);
	wrong_judge(c, &verdict);
	assert_verdict(&verdict, OUTCOME_VALID);
	for (size_t i = 0; i < verdict.num_signatures; i++)
		/* IOM's CA has made no new list. */
		ck_assert_int_eq(verdict.signatures[i].is_final,
		    strstr(verdict.signatures[i].person, "@iom") == NULL);
	verdict_free(&verdict);
	container_free(c);
}
END_TEST

START_TEST(what_does_not_read_is_invalid)
{
	struct error why = { 0 }, err = { 0 };
	struct verdict verdict;

	error_set(&why, ERROR_MALFORMED, "ZIP: cut short");
	ck_ok(verdict_unreadable(&why, &verdict, &err), err);
	assert_verdict(&verdict, OUTCOME_INVALID);
	ck_assert(has_code(&verdict, FINDING_CONTAINER_MALFORMED));
	ck_assert(!verdict_error(&verdict, &err));
	ck_assert_str_eq(error_code(&err), "CONTAINER_MALFORMED");
	verdict_free(&verdict);
}
END_TEST

START_TEST(over_a_limit_of_ours_nothing_is_known)
{
	struct verdict verdict;
	struct error err = { 0 }, why = { 0 };

	error_set(&why, ERROR_LIMIT, "2000 members, limit 1000");
	ck_ok(verdict_unreadable(&why, &verdict, &err), err);
	assert_verdict(&verdict, OUTCOME_INDETERMINATE);
	ck_assert(has_code(&verdict, FINDING_OVER_LIMIT));
	ck_assert(!verdict_error(&verdict, &err));
	ck_assert_int_eq(err.kind, ERROR_LIMIT);
	verdict_free(&verdict);
}
END_TEST

START_TEST(a_verdict_that_was_never_reached_is_not_valid)
{
	const struct verdict nothing = { 0 };

	ck_assert_int_eq(nothing.outcome, OUTCOME_INVALID);
}
END_TEST

START_TEST(no_code_is_untested)
{
	for (int code = 0; code < FINDING_CODES; code++) {
		bool tested = code == FINDING_CONTAINER_MALFORMED ||
		    code == FINDING_OUT_OF_ORDER ||    /* test_course.c */
		    code == FINDING_TIME_BACKWARDS ||  /* test_fields.c */
		    code == FINDING_CRLS_BACKWARDS ||  /* the same */
		    code == FINDING_WAYBILL_MISSING || /* test_dispatch.c */
		    code == FINDING_WAYBILL_DIFFERS ||
		    /* Found by comparing with what was seen: scenario 030. */
		    code == FINDING_JOURNAL_ROLLED_BACK ||
		    /* Below, and of other makers: scenario 064. */
		    code == FINDING_OVER_LIMIT || code == FINDING_NOT_CHECKED;

		for (size_t i = 0; i < COUNT(rows); i++)
			tested = tested || rows[i].code == (unsigned)code;
		ck_assert_msg(tested, "%s",
		    finding_name((enum finding_code)code));
	}
	/* And no wrong without a row, but those that are tests of their own. */
	for (int wrong = 1; wrong < WRONGS; wrong++) {
		bool used = wrong == CERT_REVOKED_LATER ||
		    wrong == LIST_WITHHELD_OF_NOBODY;

		for (size_t i = 0; i < COUNT(rows); i++)
			used = used || rows[i].wrong == (unsigned)wrong;
		ck_assert_msg(used, "wrong %d", wrong);
	}
}
END_TEST

/* --- Containers of other makers, where they are at hand. --- */

START_TEST(containers_of_other_makers_say_what_their_table_says)
{
	char path[4096], line[1024];
	FILE *table;
	unsigned seen = 0;

	snprintf(path, sizeof(path), "%s/../shared/data/asic/table.tsv",
	    getenv("VALISE_TOP"));
	if ((table = fopen(path, "r")) == NULL) {
		fprintf(stderr, "skipped: %s is not here\n", path);
		return;
	}
	while (fgets(line, sizeof(line), table) != NULL) {
		struct span rest = span_of_str(line), name, result;
		struct container *c;
		struct verdict verdict;
		struct error err = { 0 };
		enum outcome want;

		if (!span_take_until(&rest, '\t', &name) ||
		    !span_take_until(&rest, '\t', &result) ||
		    span_is(name, "file"))
			continue;
		want = span_is(result, "INTACT") ? OUTCOME_INDETERMINATE
						 : OUTCOME_INVALID;
		snprintf(path, sizeof(path), "%s/../shared/data/asic/%.*s",
		    getenv("VALISE_TOP"), (int)name.len,
		    (const char *)name.data);
		c = container_read_foreign(path, &err);
		ck_assert_msg(c != NULL, "%s: %s", path, err.detail);
		ck_ok(verdict_judge_foreign(c, &verdict, &err), err);
		ck_assert_msg(verdict.outcome == want, "%s: %s, %s", path,
		    outcome_name(verdict.outcome),
		    verdict.findings[verdict.num_findings - 1].text);
		ck_assert(has_code(&verdict, FINDING_NOT_A_DOCUMENT));
		verdict_free(&verdict);
		container_free(c);
		seen++;
	}
	fclose(table);
	ck_assert_uint_gt(seen, 10);
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_checked_fixture(t, wrong_set_up, wrong_tear_down);
	tcase_add_test(t, a_good_copy_is_valid_and_in_force);
	tcase_add_loop_test(t, one_thing_wrong_is_found_and_named, 0,
	    COUNT(rows));
	tcase_add_test(t, a_certificate_revoked_after_it_signed_was_good_then);
	tcase_add_test(t, a_signature_that_a_later_list_takes_away_is_disputed);
	tcase_add_test(t, a_list_that_clears_makes_a_signature_final);
	tcase_add_test(t, what_does_not_read_is_invalid);
	tcase_add_test(t, over_a_limit_of_ours_nothing_is_known);
	tcase_add_test(t, a_list_beside_the_journal_warns_of_what_it_changes);
	tcase_add_test(t,
	    a_list_beside_the_journal_that_changes_nothing_is_not_told);
	tcase_add_test(t, a_verdict_that_was_never_reached_is_not_valid);
	tcase_add_test(t, no_code_is_untested);
	tcase_add_test(t, containers_of_other_makers_say_what_their_table_says);
}

int
main(void)
{
	return run_tests("verdict", fill);
}
