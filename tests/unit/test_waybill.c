/*
 * The signature on a waybill: by whom, with which certificate and when; and the
 * files of a bag over their limits.
 */
#include "unit.h"

#include <stdio.h>

#include "bag/judge.h"
#include "bag/slip.h"
#include "bag/waybill.h"
#include "policy_fixture.h"

#define SAID   INT64_C(1790000000) /* 2026-09-21 */
#define ORIGIN "a@mofa.example"

enum { A, B, CONNECTS, OF_IOM, STRANGER, EXPIRED, PERSONS };

static struct identity mofa, iom, persons[PERSONS];
static struct policy *policy;
static struct cert_cache *certs;

static void
set_up(void)
{
	struct identity unknown = fixture_ca("MOFA CA");
	struct error err = { 0 };

	mofa = fixture_ca("MOFA CA");
	iom = fixture_ca("IOM CA");
	policy = fixture_policy(&mofa, &iom);
	certs = cert_cache_new(&err);
	persons[A] = fixture_signer(&mofa, "a@mofa.example", "");
	persons[B] = fixture_signer(&mofa, "b@mofa.example", "");
	persons[CONNECTS] = fixture_connector(&mofa, "a@mofa.example", "");
	persons[OF_IOM] = fixture_signer(&iom, "c@iom.example", "");
	persons[STRANGER] = fixture_signer(&unknown, "a@mofa.example", "");
	persons[EXPIRED] = fixture_issue(&mofa,
	    &(struct fixture_cert){ .email = "a@mofa.example",
		.key_usage = "critical,nonRepudiation",
		.until_at = SAID - 1 });
	identity_free(&unknown);
}

static void
tear_down(void)
{
	policy_free(policy);
	cert_cache_free(certs);
	for (size_t i = 0; i < PERSONS; i++)
		identity_free(&persons[i]);
	identity_free(&mofa);
	identity_free(&iom);
}

static const struct {
	const char *code; /* NULL: it is good */
	enum commitment commitment;
	int signer;
	const char *office, *person;
	int64_t signing, handed_in; /* seconds after SAID */
	enum { NONE, LIST, STALE, LISTED } lists;
	int64_t revoked;  /* of LISTED, seconds after SAID */
	const char *over; /* signed instead, or NULL */
} rows[] = {
#define MOFA "mofa", "a@mofa.example"
	{ NULL, COMMITMENT_ORIGIN, A, MOFA, 0, 0, LIST, 0, NULL },
	{ NULL, COMMITMENT_ORIGIN, A, MOFA, 0, 0, NONE, 0, NULL },
	{ NULL, COMMITMENT_ORIGIN, A, MOFA, 300, 0, LIST, 0, NULL },
	{ NULL, COMMITMENT_ORIGIN, A, MOFA, -300, 0, LIST, 0, NULL },
	{ NULL, COMMITMENT_ORIGIN, A, MOFA, 0, 900, LIST, 0, NULL },
	{ NULL, COMMITMENT_ORIGIN, B, "mofa", "b@mofa.example", 0, 0, LIST, 0,
	    NULL },
	{ NULL, COMMITMENT_ORIGIN, OF_IOM, "iom", "c@iom.example", 0, 0, LIST,
	    0, NULL },
	/* What it is. */
	{ "SIGNATURE_COMMITMENT", COMMITMENT_APPROVAL, A, MOFA, 0, 0, LIST, 0,
	    NULL },
	{ "SIGNATURE_COMMITMENT", COMMITMENT_RECEIPT, A, MOFA, 0, 0, LIST, 0,
	    NULL },
	{ "SIGNATURE_COMMITMENT", COMMITMENT_NONE, A, MOFA, 0, 0, LIST, 0,
	    NULL },
	{ "SIGNATURE_COMMITMENT", COMMITMENT_ORIGIN, CONNECTS, MOFA, 0, 0, LIST,
	    0, NULL },
	{ "SIGNATURE_BROKEN", COMMITMENT_ORIGIN, A, MOFA, 0, 0, LIST, 0,
	    "valise: 2\n" },
	/* Its certificate. */
	{ "SIGNER_UNTRUSTED", COMMITMENT_ORIGIN, STRANGER, MOFA, 0, 0, LIST, 0,
	    NULL },
	{ "SIGNER_UNTRUSTED", COMMITMENT_ORIGIN, STRANGER, MOFA, 0, 0, NONE, 0,
	    NULL },
	{ "SIGNER_EXPIRED", COMMITMENT_ORIGIN, EXPIRED, MOFA, 0, 0, LIST, 0,
	    NULL },
	{ "SIGNER_EXPIRED", COMMITMENT_ORIGIN, EXPIRED, MOFA, 0, 0, NONE, 0,
	    NULL },
	{ "SIGNER_REVOKED", COMMITMENT_ORIGIN, A, MOFA, 0, 0, LISTED, -1,
	    NULL },
	{ "SIGNER_REVOKED", COMMITMENT_ORIGIN, A, MOFA, 0, 900, LISTED, 600,
	    NULL },
	{ NULL, COMMITMENT_ORIGIN, A, MOFA, 0, 0, LISTED, 600, NULL },
	{ NULL, COMMITMENT_ORIGIN, A, MOFA, 0, 500, LISTED, 600, NULL },
	{ NULL, COMMITMENT_ORIGIN, B, "mofa", "b@mofa.example", 0, 900, LISTED,
	    -1, NULL },
	{ "REVOCATION_UNKNOWN", COMMITMENT_ORIGIN, A, MOFA, 0, 0, STALE, 0,
	    NULL },
	/* Whose it is. */
	{ "SIGNER_DIFFERS", COMMITMENT_ORIGIN, B, MOFA, 0, 0, LIST, 0, NULL },
	{ "SIGNER_DIFFERS", COMMITMENT_ORIGIN, A, "iom", "a@mofa.example", 0, 0,
	    LIST, 0, NULL },
	{ "SIGNER_DIFFERS", COMMITMENT_ORIGIN, OF_IOM, MOFA, 0, 0, LIST, 0,
	    NULL },
	{ "SIGNER_DIFFERS", COMMITMENT_ORIGIN, OF_IOM, "mofa", "c@iom.example",
	    0, 0, LIST, 0, NULL },
	/* When. */
	{ "SIGNING_TIME", COMMITMENT_ORIGIN, A, MOFA, 301, 0, LIST, 0, NULL },
	{ "SIGNING_TIME", COMMITMENT_ORIGIN, A, MOFA, -301, 0, LIST, 0, NULL },
};

static struct crls *
make_lists(int i)
{
	const int64_t at = SAID - (rows[i].lists == STALE ? 9000 : -1000);
	struct error err = { 0 };
	struct crls *crls = crls_new(&err);
	struct buf der = BUF(10000);

	fixture_crl(&mofa, at, at + 3600,
	    rows[i].lists == LISTED ? persons[A].cert : NULL,
	    SAID + rows[i].revoked, &der);
	ck_ok(crls_add(crls, buf_span(&der), NULL, &err), err);
	der.len = 0;
	fixture_crl(&iom, at, at + 3600, NULL, 0, &der);
	ck_ok(crls_add(crls, buf_span(&der), NULL, &err), err);
	buf_free(&der);
	return crls;
}

START_TEST(a_waybill_is_signed_by_whom_it_names)
{
	const struct span text = span_of_str("valise: 1\n");
	struct crls *lists = make_lists(_i);
	struct buf p7s = BUF(10000);
	struct error err = { 0 };
	struct revocation *revocation = revocation_new(&err);
	struct bag_signature it = { .yaml = text,
		.office = rows[_i].office,
		.person = rows[_i].person,
		.said_at = SAID,
		.handed_in_at =
		    rows[_i].handed_in == 0 ? 0 : SAID + rows[_i].handed_in };
	bool good;

	ck_ok(cades_sign(&persons[rows[_i].signer],
		  rows[_i].over != NULL ? span_of_str(rows[_i].over) : text,
		  rows[_i].commitment, SAID + rows[_i].signing, &p7s, &err),
	    err);
	it.p7s = buf_span(&p7s);
	ck_ok(revocation_add(revocation, lists, policy->trust, 7, SAID + 9000,
		  &err),
	    err);
	good = bag_judge(certs, policy,
	    rows[_i].lists != NONE ? revocation : NULL, &it, &err);
	ck_assert_msg(good == (rows[_i].code == NULL), "%d: %s", _i,
	    err.detail);
	if (!good) {
		ck_assert_str_eq(err.code, rows[_i].code);
		ck_assert_int_eq(err.kind, ERROR_UNTRUSTED);
	}
	revocation_free(revocation);
	crls_free(lists);
	buf_free(&p7s);
}
END_TEST

#define HASH                                                                   \
	"\"0000000000000000000000000000000000000000000000000000000000000000\""
#define ANSWER(findings)                                                       \
	"valise: 1\nacknowledges: " HASH "\nnumber: 1\nfrom: iom\n"            \
	"person: c@iom.example\nto: mofa\nreceived: 2026-11-24T10:00:00Z\n"    \
	"size: 12\nfindings:" findings

static const struct {
	const char *text, *says; /* NULL: it is good */
} answers[] = {
	{ ANSWER(" []\n"), NULL },
	{ ANSWER("\n  - {file: copies/a.asice, found: altered}\n"), NULL },
	{ ANSWER("\n  - {file: copies/a.asice, found: Altered}\n"), "a word" },
	{ ANSWER("\n  - {file: copies/a.asice, found: a b}\n"), "a word" },
	{ ANSWER("\n  - {file: copies/a.asice, found: "
		 "a234567890123456789012345678901234567890}\n"),
	    "over 39 bytes" },
	{ ANSWER("\n  - {file: copies/a.asice}\n"), "found" },
	{ ANSWER("\n  - {file: ../a, found: altered}\n"), "dot" },
	{ ANSWER("\n  - {file: a, found: altered, more: 1}\n"), "more" },
	{ ANSWER("\n  - altered\n"), "mapping" },
	{ ANSWER(" none\n"), "should be a list" },
	{ ANSWER(" []\nmore: 1\n"), "more" },
	{ "valise: 2\n", "missing" },
	{ "- 1\n", "mapping" },
};

START_TEST(acknowledgements_are_read_strictly)
{
	struct error err = { 0 };
	struct acknowledgement *it =
	    acknowledgement_parse(span_of_str(answers[_i].text), &err);
	struct buf text = BUF(10000);

	ck_assert_msg((it != NULL) == (answers[_i].says == NULL), "%d: %s", _i,
	    err.detail);
	if (it == NULL) {
		ck_assert_int_eq(err.kind, ERROR_MALFORMED);
		ck_assert_msg(strstr(err.detail, answers[_i].says) != NULL,
		    "%d: %s", _i, err.detail);
		return;
	}
	ck_ok(acknowledgement_encode(it, &text, &err), err);
	ck_assert(span_is(buf_span(&text), answers[_i].text));
	acknowledgement_free(it);
	buf_free(&text);
}
END_TEST

static struct waybill *
waybill_of(struct buf *text, struct error *err)
{
	return waybill_parse(buf_span(text), err);
}

#define HEAD(number, dispatched)                                               \
	"valise: 1\nnumber: " number "\nfrom: mofa\nperson: a@mofa.example\n"  \
	"to: iom\ndispatched: " dispatched "\n"
#define GOOD_HEAD HEAD("1", "2026-11-24T10:00:00Z")

static const struct {
	const char *text, *says; /* NULL: it is good */
} waybills[] = {
	{ GOOD_HEAD "files: []\n", NULL },
	{ HEAD("9007199254740992", "2026-11-24T10:00:00Z") "files: []\n",
	    NULL },
	{ HEAD("9007199254740993", "2026-11-24T10:00:00Z") "files: []\n",
	    "too large" },
	{ HEAD("1", "2026-11-24 10:00") "files: []\n", "is not a time" },
	{ HEAD("1", "2026-11-24T10:00:00+07:00") "files: []\n",
	    "is not a time" },
	{ GOOD_HEAD "files: {}\n", "should be a list" },
	{ GOOD_HEAD "files: [x]\n", "mapping" },
	{ GOOD_HEAD "files:\n  - {file: x, size: 1, sha256: " HASH
		    ", document: agreement/one, version: 1, digest: " HASH
		    ", title: A}\n",
	    NULL },
	{ GOOD_HEAD "files:\n  - {file: x, size: 1, sha256: " HASH
		    ", document: agreement/one, version: 1, digest: " HASH
		    ", title: \"A\\nB\"}\n",
	    "A" },
};

START_TEST(a_waybill_says_what_is_wrong_with_it)
{
	struct error err = { 0 };
	struct waybill *it =
	    waybill_parse(span_of_str(waybills[_i].text), &err);

	ck_assert_msg((it != NULL) == (waybills[_i].says == NULL), "%d: %s", _i,
	    err.detail);
	if (it == NULL)
		ck_assert_msg(strstr(err.detail, waybills[_i].says) != NULL,
		    "%d: %s", _i, err.detail);
	waybill_free(it);
}
END_TEST

/* Append a waybill of so many slips, ascending, or of so many files. */
static void
many(size_t num, bool slips, struct buf *out)
{
	struct error err = { 0 };

	ck_ok(buf_printf(out, &err, GOOD_HEAD "%s:\n",
		  slips ? "slips" : "files"),
	    err);
	for (size_t i = 0; i < num; i++)
		ck_ok(slips
			? buf_printf(out, &err, "  - \"%064zx\"\n", i)
			: buf_printf(out, &err,
			      "  - {file: f%zu, size: 1, sha256: " HASH "}\n",
			      i),
		    err);
}

START_TEST(a_waybill_lists_so_much_and_no_more)
{
	static const struct {
		size_t num;
		bool slips, good;
	} sizes[] = {
		{ LIMIT_SLIPS, true, true },
		{ LIMIT_SLIPS + 1, true, false },
		{ LIMIT_BAG_FILES, false, true },
		{ LIMIT_BAG_FILES + 1, false, false },
	};

	for (size_t i = 0; i < COUNT(sizes); i++) {
		struct buf text = BUF(1000000);
		struct error err = { 0 };
		struct waybill *it;

		many(sizes[i].num, sizes[i].slips, &text);
		it = waybill_of(&text, &err);
		ck_assert_msg((it != NULL) == sizes[i].good, "%zu: %s", i,
		    err.detail);
		if (it == NULL)
			ck_assert_ptr_nonnull(strstr(err.detail, "more than"));
		waybill_free(it);
		buf_free(&text);
	}
}
END_TEST

START_TEST(an_acknowledgement_lists_so_much_and_no_more)
{
	for (size_t num = LIMIT_BAG_FILES; num <= LIMIT_BAG_FILES + 1; num++) {
		struct buf text = BUF(1000000);
		struct acknowledgement *it;
		struct error err = { 0 };

		ck_ok(buf_append_str(&text, ANSWER("\n"), &err), err);
		for (size_t i = 0; i < num; i++)
			ck_ok(buf_printf(&text, &err,
				  "  - {file: f%zu, found: missing}\n", i),
			    err);
		it = acknowledgement_parse(buf_span(&text), &err);
		ck_assert_msg((it != NULL) == (num == LIMIT_BAG_FILES), "%s",
		    err.detail);
		acknowledgement_free(it);
		buf_free(&text);
	}
}
END_TEST

/* A comment of its size: only the size is wrong. */
START_TEST(a_waybill_over_its_limit_is_refused)
{
	const size_t size = LIMIT_WAYBILL_BYTES + 1;
	char *text = malloc(size);
	struct error err = { 0 };
	const int head = snprintf(text, size, GOOD_HEAD "files: []\n#");
	struct waybill *it;

	memset(text + head, '#', size - (size_t)head);
	it = waybill_parse(span_of(text, size - 1), &err);
	ck_assert_msg(it != NULL, "%s", err.detail);
	waybill_free(it);
	ck_assert_ptr_null(waybill_parse(span_of(text, size), &err));
	ck_assert_int_eq(err.kind, ERROR_LIMIT);
	free(text);
}
END_TEST

START_TEST(a_list_that_is_none_is_refused)
{
	static const struct span lists[] = {
		{ (const uint8_t *)"x", 1 },
		{ (const uint8_t *)"- 1\n", 4 },
		{ (const uint8_t *)"valise: 1\n", 10 },
	};
	struct error none = { 0 };
	struct waybill *it = waybill_new(&none);

	for (size_t i = 0; i < COUNT(lists); i++) {
		struct error err = { 0 };

		it->list = sha256_of(lists[i]);
		it->num = 42;
		ck_assert(!waybill_parse_list(it, lists[i], &err));
		ck_assert_int_eq(err.kind, ERROR_MALFORMED);
		ck_assert_uint_eq(it->num, 42); /* untouched */
	}
	waybill_free(it);
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_loop_test(t, a_waybill_is_signed_by_whom_it_names, 0,
	    COUNT(rows));
	tcase_add_loop_test(t, acknowledgements_are_read_strictly, 0,
	    COUNT(answers));
	tcase_add_loop_test(t, a_waybill_says_what_is_wrong_with_it, 0,
	    COUNT(waybills));
	tcase_add_test(t, a_waybill_lists_so_much_and_no_more);
	tcase_add_test(t, an_acknowledgement_lists_so_much_and_no_more);
	tcase_add_test(t, a_waybill_over_its_limit_is_refused);
	tcase_add_test(t, a_list_that_is_none_is_refused);
}

int
main(void)
{
	return run_tests("waybill", fill);
}
