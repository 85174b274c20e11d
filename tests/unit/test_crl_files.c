/*
 * Files of revocation lists: corrupt ones, those of other CAs, scopes, and
 * certificates that are listed twice.
 */
#include "crl_fixture.h"
#include "pki/crl_listing.h"

static void
append_pem(struct buf *out, bool is_corrupt, int64_t day)
{
	const struct fixture_list list = { .ca = &ca,
		.this_at = DAY(day),
		.next_at = DAY(day + 10) };
	struct buf der = BUF(LIMIT_CRL_BYTES);
	struct error err = { 0 };

	fixture_list(&list, &der);
	if (is_corrupt)
		der.data[0] = 0x05;
	ck_ok(buf_append_str(out, "-----BEGIN X509 CRL-----\n", &err) &&
		buf_append_base64(out, buf_span(&der), &err) &&
		buf_append_str(out, "\n-----END X509 CRL-----\n", &err),
	    err);
	buf_free(&der);
}

static const struct {
	bool corrupt[3];
	size_t num, good;
	unsigned bad;
} files[] = {
	{ { false }, 1, 1, 0 },
	{ { false, false, false }, 3, 3, 0 },
	{ { true, false, false }, 3, 2, 1 },
	{ { false, true, false }, 3, 2, 1 },
	{ { true, true, false }, 3, 1, 2 },
	{ { true }, 1, 0, 1 },
	{ { true, true, true }, 3, 0, 3 },
};

START_TEST(a_corrupt_block_does_not_hide_those_behind_it)
{
	struct buf pem = BUF(LIMIT_CRL_BYTES);
	struct error err = { 0 };
	struct crls *crls = crls_new(&err);
	unsigned bad = 0;

	for (size_t i = 0; i < files[_i].num; i++)
		append_pem(&pem, files[_i].corrupt[i], (int64_t)i);
	ck_assert_int_eq(crls_add(crls, buf_span(&pem), &bad, &err),
	    files[_i].good > 0);
	ck_assert_uint_eq(crls_count(crls), files[_i].good);
	ck_assert_uint_eq(bad, files[_i].bad);
	crls_free(crls);
	buf_free(&pem);
}
END_TEST

START_TEST(what_is_wrong_with_the_first_block_is_told)
{
	struct buf pem = BUF(LIMIT_CRL_BYTES);
	struct error err = { 0 };
	struct crls *crls = crls_new(&err);

	append_pem(&pem, true, 1);
	ck_assert(!crls_add(crls, buf_span(&pem), NULL, &err));
	ck_assert_msg(strstr(err.detail, "a block that is no CRL") != NULL,
	    "%s", err.detail);
	ck_assert(!crls_add(crls, span_of_str("x\n"), NULL, &err));
	ck_assert_msg(strstr(err.detail, "no CRL in it") != NULL, "%s",
	    err.detail);
	crls_free(crls);
	buf_free(&pem);
}
END_TEST

/* Signed with the CA's key, but in another name: not the CA's list. */
START_TEST(a_list_in_another_name_is_not_the_cas)
{
	struct identity forger = { other_ca.cert, ca.key };
	const struct fixture_list list = { .ca = &forger,
		.this_at = DAY(1),
		.next_at = DAY(2) };
	struct buf der = BUF(LIMIT_CRL_BYTES);
	struct error err = { 0 };
	struct crls *crls = crls_new(&err);

	fixture_list(&list, &der);
	ck_ok(crls_add(crls, buf_span(&der), NULL, &err), err);
	ck_assert(!crl_is_signed_by(crls, crls_at(crls, 0), ca.cert));
	ck_assert(!crl_is_signed_by(crls, crls_at(crls, 0), other_ca.cert));
	ck_assert(!trust_signed(trust, crls, crls_at(crls, 0)));
	crls_free(crls);
	buf_free(&der);
}
END_TEST

static struct crls *
scoped(const char *scope)
{
	const struct fixture_list list = { .ca = &ca,
		.this_at = DAY(1),
		.next_at = DAY(2),
		.scope = scope };
	struct buf der = BUF(LIMIT_CRL_BYTES);
	struct error err = { 0 };
	struct crls *crls = crls_new(&err);

	fixture_list(&list, &der);
	ck_ok(crls_add(crls, buf_span(&der), NULL, &err), err);
	buf_free(&der);
	return crls;
}

#define A "fullname:URI:http://a.example/crl"
#define B "fullname:URI:http://b.example/crl"

static const struct {
	const char *a, *b;
	bool same;
} scopes[] = {
	{ NULL, NULL, true },
	{ NULL, "critical," A, false },
	{ "critical," A, "critical," A, true },
	{ "critical," A, "critical," B, false },
	{ "critical,onlyuser:TRUE", "critical,onlyuser:TRUE", true },
	{ "critical,onlyuser:TRUE", "critical,onlyCA:TRUE", false },
	{ "critical,onlyuser:TRUE", "critical," A, false },
	{ "critical,onlyuser:TRUE," A, "critical," A, false },
	{ "critical,onlyuser:TRUE," A, "critical,onlyuser:TRUE", false },
	{ "critical,onlyuser:TRUE," A, "critical,onlyuser:TRUE," A, true },
	{ "critical,onlyAA:TRUE", "critical,onlyCA:TRUE", false },
};

START_TEST(two_lists_are_of_one_scope_or_not)
{
	struct crls *a = scoped(scopes[_i].a), *b = scoped(scopes[_i].b);

	ck_assert_int_eq(crl_same_scope(crls_at(a, 0), crls_at(b, 0)),
	    scopes[_i].same);
	ck_assert_int_eq(crl_same_scope(crls_at(b, 0), crls_at(a, 0)),
	    scopes[_i].same);
	crls_free(a);
	crls_free(b);
}
END_TEST

/* Serial numbers in the order of a CA that revoked the younger first. */
START_TEST(the_entries_of_a_list_need_no_order)
{
	const struct fixture_list list = { .ca = &ca,
		.this_at = DAY(6),
		.next_at = DAY(9),
		.is_unsorted = true,
		.revoked = { { .cert = sharded.cert, .at = DAY(3) },
		    { .cert = ended.cert, .at = DAY(4) },
		    { .cert = person.cert, .at = DAY(5) } } };
	struct buf der = BUF(LIMIT_CRL_BYTES), again = BUF(LIMIT_CRL_BYTES);
	struct crl_listing listing;
	struct error err = { 0 };
	struct crls *crls = crls_new(&err);

	fixture_list(&list, &der);
	ck_ok(crls_add(crls, buf_span(&der), NULL, &err), err);
	ck_assert(trust_signed(trust, crls, crls_at(crls, 0)));
	ck_assert(crl_lists(crls_at(crls, 0), person.cert, &listing));
	ck_assert_int_eq(listing.since_at, DAY(5));
	ck_assert(crl_lists(crls_at(crls, 0), sharded.cert, &listing));
	ck_assert_int_eq(listing.since_at, DAY(3));
	ck_ok(crl_encode(crls_at(crls, 0), &again, &err), err);
	ck_assert(span_eq(buf_span(&der), buf_span(&again)));
	crls_free(crls);
	buf_free(&der);
	buf_free(&again);
}
END_TEST

/* One certificate, several entries: no order of them changes the answer. */
static const struct {
	struct {
		int64_t since, invalid;
		int reason;
	} entries[2];
	bool is_listed, is_hold;
	int64_t since;
} doubles[] = {
	{ { { 5, 0, 0 }, { 3, 0, 0 } }, true, false, 3 },
	{ { { 5, 0, 0 }, { 3, 0, HOLD } }, true, false, 3 },
	{ { { 5, 0, HOLD }, { 3, 0, HOLD } }, true, true, 3 },
	{ { { 5, 2, 0 }, { 3, 0, 0 } }, true, false, 2 },
	{ { { 5, 0, 0 }, { 3, 0, CRL_REASON_REMOVE_FROM_CRL } }, true, false,
	    5 },
	{ { { 5, 0, CRL_REASON_REMOVE_FROM_CRL },
	      { 3, 0, CRL_REASON_REMOVE_FROM_CRL } },
	    false, false, 0 },
};

START_TEST(a_certificate_that_is_listed_twice_is_listed_once)
{
	for (size_t turn = 0; turn < 2; turn++) {
		struct fixture_list list = { .ca = &ca,
			.this_at = DAY(6),
			.next_at = DAY(9),
			.is_unsorted = true };
		struct buf der = BUF(LIMIT_CRL_BYTES);
		struct crl_listing listing;
		struct error err = { 0 };
		struct crls *crls = crls_new(&err);

		for (size_t i = 0; i < 2; i++) {
			const size_t at = turn == 0 ? i : 1 - i;

			list.revoked[at].cert = person.cert;
			list.revoked[at].at = DAY(doubles[_i].entries[i].since);
			list.revoked[at].invalid_at =
			    doubles[_i].entries[i].invalid != 0
			    ? DAY(doubles[_i].entries[i].invalid)
			    : 0;
			list.revoked[at].reason = doubles[_i].entries[i].reason;
		}
		fixture_list(&list, &der);
		ck_ok(crls_add(crls, buf_span(&der), NULL, &err), err);
		ck_assert_int_eq(crl_lists(crls_at(crls, 0), person.cert,
				     &listing),
		    doubles[_i].is_listed);
		if (doubles[_i].is_listed) {
			ck_assert_int_eq(listing.since_at,
			    DAY(doubles[_i].since));
			ck_assert_int_eq(listing.is_hold, doubles[_i].is_hold);
		}
		crls_free(crls);
		buf_free(&der);
	}
}
END_TEST

/* A name that is completed by the issuer's is not a whole one. */
START_TEST(a_point_by_a_relative_name_is_another)
{
	static const unsigned char relative[] = { 0x30, 0x0e, 0xa0, 0x0c, 0xa1,
		0x0a, 0x30, 0x08, 0x06, 0x03, 0x55, 0x04, 0x03, 0x0c, 0x01,
		'A' };
	struct crls *whole = scoped("critical," A), *crls;
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	X509_CRL *x509 = X509_CRL_dup(crls_at(whole, 0)->x509);
	unsigned char *der = NULL;
	struct error err = { 0 };
	X509_EXTENSION *ext;
	int len;

	X509_EXTENSION_free(X509_CRL_delete_ext(x509,
	    X509_CRL_get_ext_by_NID(x509, NID_issuing_distribution_point, -1)));
	ASN1_OCTET_STRING_set(value, relative, sizeof(relative));
	ext = X509_EXTENSION_create_by_NID(NULL, NID_issuing_distribution_point,
	    1, value);
	X509_CRL_add_ext(x509, ext, -1);
	X509_CRL_sign(x509, ca.key, EVP_sha256());
	len = i2d_X509_CRL(x509, &der);
	crls = crls_new(&err);
	ck_ok(crls_add(crls, span_of(der, (size_t)len), NULL, &err), err);
	ck_assert(crl_covers(crls_at(whole, 0), sharded.cert));
	ck_assert(!crl_covers(crls_at(crls, 0), sharded.cert));
	ck_assert(!crl_same_scope(crls_at(crls, 0), crls_at(whole, 0)));
	ck_assert(crl_same_scope(crls_at(crls, 0), crls_at(crls, 0)));
	OPENSSL_free(der);
	X509_EXTENSION_free(ext);
	ASN1_OCTET_STRING_free(value);
	X509_CRL_free(x509);
	crls_free(crls);
	crls_free(whole);
}
END_TEST

static const char *const nothing[] = { "", "see the wiki\n", "0",
	"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
	"-----BEGIN X509 CRL-----\nAAAA", "-----BEGIN " };

START_TEST(a_file_without_a_list_is_refused)
{
	struct error err = { 0 };
	struct crls *crls = crls_new(&err);

	ck_assert(!crls_add(crls, span_of_str(nothing[_i]), NULL, &err));
	ck_assert_int_eq(err.kind, ERROR_MALFORMED);
	crls_free(crls);
}
END_TEST

START_TEST(an_indirect_list_is_refused)
{
	const struct fixture_list list = { .ca = &ca,
		.this_at = DAY(1),
		.next_at = DAY(2),
		.scope = "critical,indirectCRL:TRUE" };
	struct buf der = BUF(LIMIT_CRL_BYTES);
	struct error err = { 0 };
	struct crls *crls = crls_new(&err);

	fixture_list(&list, &der);
	ck_assert(!crls_add(crls, buf_span(&der), NULL, &err));
	ck_assert_msg(strstr(err.detail, "indirect") != NULL, "%s", err.detail);
	crls_free(crls);
	buf_free(&der);
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_loop_test(t, a_corrupt_block_does_not_hide_those_behind_it, 0,
	    COUNT(files));
	tcase_add_loop_test(t, a_file_without_a_list_is_refused, 0,
	    COUNT(nothing));
	tcase_add_test(t, an_indirect_list_is_refused);
	tcase_add_test(t, the_entries_of_a_list_need_no_order);
	tcase_add_loop_test(t,
	    a_certificate_that_is_listed_twice_is_listed_once, 0,
	    (int)(sizeof(doubles) / sizeof(doubles[0])));
	tcase_add_test(t, what_is_wrong_with_the_first_block_is_told);
	tcase_add_test(t, a_list_in_another_name_is_not_the_cas);
	tcase_add_loop_test(t, two_lists_are_of_one_scope_or_not, 0,
	    COUNT(scopes));
	tcase_add_test(t, a_point_by_a_relative_name_is_another);
}

int
main(void)
{
	return run_tests("crl_files", fill);
}
