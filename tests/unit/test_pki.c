/*
 * Signatures, certificates and revocation lists: what is accepted and refused.
 */
#include "unit.h"

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/ess.h>

#include "pki/signed_data.h"
#include "pki/standing.h"
#include "pki_fixture.h"

#define NOW INT64_C(1700000000)

static struct identity ca, other_ca, person;
static struct cert_cache *certs;
static const struct span content = { (const uint8_t *)"the manifest", 12 };

static void
set_up(void)
{
	struct error err = { 0 };

	ca = fixture_ca("CA");
	other_ca = fixture_ca("Other CA");
	person = fixture_signer(&ca, "a@mofa.example", "");
	certs = cert_cache_new(&err);
}

static void
tear_down(void)
{
	identity_free(&ca);
	identity_free(&other_ca);
	identity_free(&person);
	cert_cache_free(certs);
}

static const char *const key_kinds[] = { "P-256", "P-384", "RSA-3072",
	"PSS-3072", "PSS-3072-SHA384", "PSS-3072-SHA512" };

START_TEST(a_signature_verifies_and_says_who_when_and_why)
{
	struct identity signer = fixture_issue(&ca,
	    &(struct fixture_cert){ .email = "a@mofa.example",
		.key_usage = "critical,nonRepudiation",
		.key = key_kinds[_i] });
	struct buf p7s = BUF(LIMIT_SIGNATURE_BYTES);
	struct cades out = { 0 };
	struct error err = { 0 };

	ck_ok(cades_sign(&signer, content, COMMITMENT_APPROVAL, NOW, &p7s,
		  &err) &&
		cades_verify(certs, buf_span(&p7s), content, &out, &err),
	    err);
	ck_assert_int_eq(out.commitment, COMMITMENT_APPROVAL);
	ck_assert_int_eq(out.signing_at, NOW);
	ck_assert_str_eq(out.cert->email, "a@mofa.example");
	cades_free(&out);
	/* From the cache the second time, with the same answer. */
	ck_ok(cades_verify(certs, buf_span(&p7s), content, &out, &err), err);
	cades_free(&out);
	ck_assert(!cades_verify(certs, buf_span(&p7s),
	    span_of_str("the manifesT"), &out, &err));
	ck_assert_str_eq(err.code, "SIGNATURE_BROKEN");
	buf_free(&p7s);
	identity_free(&signer);
}
END_TEST

static const struct {
	const char *kind, *says;
} weak_keys[] = {
	{ "P-521", "secp521r1" },
	{ "brainpoolP256r1", "brainpoolP256r1" },
	{ "ED25519", "ED25519" },
	{ "RSA-2048", "RSA of 2048 bits" },
	{ "PSS-2048", "RSA-PSS of 2048 bits" },
	{ "PSS-3072-SHA1", "RSA-PSS" },
};

START_TEST(a_key_that_cannot_do_the_work_is_named)
{
	struct identity signer = fixture_issue(&ca,
	    &(struct fixture_cert){ .email = "a@mofa.example",
		.key_usage = "critical,nonRepudiation",
		.key = weak_keys[_i].kind });
	struct buf p7s = BUF(LIMIT_SIGNATURE_BYTES);
	struct error err = { 0 };

	ck_assert(!cert_check_key(signer.cert, &err));
	ck_assert_str_eq(err.code, "SIGNATURE_WEAK");
	ck_assert_msg(strstr(err.detail, weak_keys[_i].says) != NULL, "%s",
	    err.detail);
	ck_assert(!cades_sign(&signer, content, COMMITMENT_APPROVAL, NOW, &p7s,
	    &err));
	ck_assert_int_eq(err.kind, ERROR_UNTRUSTED);
	buf_free(&p7s);
	identity_free(&signer);
}
END_TEST

/* --- What CMS_verify() lets through (each a hole; each refused). --- */

enum hole {
	HOLE_NONE,
	HOLE_NO_ATTRIBUTES,
	HOLE_SHA1,
	HOLE_CONTENT_TYPE,
	HOLE_ATTACHED,
	HOLE_TRAILING,
	HOLE_NO_ESS,
	HOLE_OTHER_CERT,
	HOLE_TWO_SIGNERS,
	HOLE_NO_SIGNER,
	HOLE_RSA_1024,
	HOLE_P521,
	HOLE_NO_CERT,
};

static const struct {
	enum hole hole;
	const char *code;
} holes[] = {
	{ HOLE_NONE, "" },
	{ HOLE_NO_ATTRIBUTES, "SIGNATURE_FORM" },
	{ HOLE_SHA1, "SIGNATURE_WEAK" },
	{ HOLE_CONTENT_TYPE, "SIGNATURE_FORM" },
	{ HOLE_ATTACHED, "SIGNATURE_FORM" },
	{ HOLE_TRAILING, "SIGNATURE_FORM" },
	{ HOLE_NO_ESS, "SIGNATURE_FORM" },
	{ HOLE_OTHER_CERT, "SIGNATURE_BROKEN" },
	{ HOLE_TWO_SIGNERS, "SIGNATURE_FORM" },
	{ HOLE_NO_SIGNER, "SIGNATURE_FORM" },
	{ HOLE_RSA_1024, "SIGNATURE_WEAK" },
	{ HOLE_P521, "SIGNATURE_WEAK" },
	{ HOLE_NO_CERT, "SIGNATURE_FORM" },
};

static void
make_hole(enum hole hole, struct buf *out)
{
	unsigned flags = CMS_BINARY | CMS_NOSMIMECAP | CMS_PARTIAL |
	    (hole == HOLE_ATTACHED ? 0 : CMS_DETACHED) |
	    (hole == HOLE_NO_ESS ? 0 : CMS_CADES) |
	    (hole == HOLE_NO_ATTRIBUTES ? CMS_NOATTR : 0) |
	    (hole == HOLE_NO_CERT ? CMS_NOCERTS : 0);
	struct identity signer = fixture_issue(&ca,
	    &(struct fixture_cert){ .email = "a@mofa.example",
		.key_usage = "critical,nonRepudiation",
		.key = hole == HOLE_RSA_1024 ? "RSA-1024"
		    : hole == HOLE_P521      ? "P-521"
					     : "P-256",
		.serial = 7777 });
	const EVP_MD *md = hole == HOLE_SHA1 ? EVP_sha1() : EVP_sha256();
	CMS_ContentInfo *cms = CMS_sign(NULL, NULL, NULL, NULL, flags);
	BIO *in = BIO_new_mem_buf(content.data, (int)content.len);
	unsigned char *der = NULL;
	struct error err = { 0 };
	int len;

	if (hole == HOLE_NO_ATTRIBUTES)
		flags &= ~(unsigned)CMS_CADES;
	if (hole == HOLE_OTHER_CERT)
		flags |= CMS_NOCERTS;
	if (hole == HOLE_CONTENT_TYPE)
		CMS_set1_eContentType(cms,
		    OBJ_nid2obj(NID_id_smime_ct_TSTInfo));
	if (hole != HOLE_NO_SIGNER)
		ck_assert_ptr_nonnull(CMS_add1_signer(cms, signer.cert->x509,
		    signer.key, md, flags));
	if (hole == HOLE_TWO_SIGNERS)
		ck_assert_ptr_nonnull(CMS_add1_signer(cms, person.cert->x509,
		    person.key, md, flags));
	/* OpenSSL grumbles at no signer, and writes it all the same. */
	ck_assert(
	    CMS_final(cms, in, NULL, flags & ~(unsigned)CMS_PARTIAL) == 1 ||
	    hole == HOLE_NO_SIGNER);
	len = i2d_CMS_ContentInfo(cms, &der);
	ck_assert_int_gt(len, 0);
	ck_ok(buf_append(out, span_of(der, (size_t)len), &err), err);
	if (hole == HOLE_TRAILING)
		ck_ok(buf_append_u8(out, 0, &err), err);
	if (hole == HOLE_OTHER_CERT) {
		/* Same key, issuer and serial; other contents. */
		struct identity twin = fixture_issue(&ca,
		    &(struct fixture_cert){ .email = "b@mofa.example",
			.key_usage = "critical,nonRepudiation",
			.with_key = signer.key,
			.serial = 7777 });
		CMS_ContentInfo *swapped = CMS_ContentInfo_new();
		const unsigned char *p = der;

		CMS_ContentInfo_free(swapped);
		swapped = d2i_CMS_ContentInfo(NULL, &p, len);
		ck_assert_int_eq(CMS_add1_cert(swapped, twin.cert->x509), 1);
		OPENSSL_free(der);
		der = NULL;
		len = i2d_CMS_ContentInfo(swapped, &der);
		out->len = 0;
		ck_ok(buf_append(out, span_of(der, (size_t)len), &err), err);
		CMS_ContentInfo_free(swapped);
		identity_free(&twin);
	}
	OPENSSL_free(der);
	BIO_free(in);
	CMS_ContentInfo_free(cms);
	identity_free(&signer);
}

START_TEST(each_hole_of_cms_verify_is_closed)
{
	struct buf p7s = BUF(LIMIT_SIGNATURE_BYTES);
	struct cades out = { 0 };
	struct error err = { 0 };
	bool good;

	make_hole(holes[_i].hole, &p7s);
	good = cades_verify(certs, buf_span(&p7s), content, &out, &err);
	ck_assert_msg(good == (holes[_i].hole == HOLE_NONE), "%d %s", _i,
	    err.detail);
	ck_assert_msg(strcmp(err.code, holes[_i].code) == 0, "%d %s %s", _i,
	    err.code, err.detail);
	cades_free(&out);
	buf_free(&p7s);
}
END_TEST

START_TEST(a_crl_within_a_signature_is_not_believed)
{
	/* An old CRL in the CMS would win over the one that revokes. */
	struct buf p7s = BUF(LIMIT_SIGNATURE_BYTES), crl = BUF(10000),
		   newest = BUF(10000), pem = BUF(10000);
	struct trust *trust;
	struct crls *crls;
	struct revocation *revocation;
	struct trust_result result;
	struct cades out = { 0 };
	struct error err = { 0 };
	const unsigned char *p;
	CMS_ContentInfo *cms;
	X509_CRL *old;
	unsigned char *der = NULL;
	int len;

	ck_ok(cades_sign(&person, content, COMMITMENT_APPROVAL, NOW, &p7s,
		  &err),
	    err);
	fixture_crl(&ca, NOW - 100, NOW + 100, NULL, 0, &crl);
	p = crl.data;
	old = d2i_X509_CRL(NULL, &p, (long)crl.len);
	p = p7s.data;
	cms = d2i_CMS_ContentInfo(NULL, &p, (long)p7s.len);
	ck_assert_int_eq(CMS_add1_crl(cms, old), 1);
	len = i2d_CMS_ContentInfo(cms, &der);
	ck_ok(cades_verify(certs, span_of(der, (size_t)len), content, &out,
		  &err),
	    err);
	trust = trust_new(&err);
	crls = crls_new(&err);
	revocation = revocation_new(&err);
	fixture_pem(ca.cert, &pem);
	fixture_crl(&ca, NOW - 50, NOW + 100, person.cert, NOW - 60, &newest);
	ck_ok(trust_add_ca(trust, "mofa", buf_span(&pem), &err) &&
		crls_add(crls, buf_span(&newest), NULL, &err) &&
		revocation_add(revocation, crls, trust, 7, NOW, &err),
	    err);
	standing_judge(trust, revocation, out.cert, NOW, &result);
	ck_assert_int_eq(result.state, TRUST_REVOKED);
	cades_free(&out);
	OPENSSL_free(der);
	X509_CRL_free(old);
	CMS_ContentInfo_free(cms);
	trust_free(trust);
	revocation_free(revocation);
	crls_free(crls);
	buf_free(&p7s);
	buf_free(&crl);
	buf_free(&newest);
	buf_free(&pem);
}
END_TEST

START_TEST(every_flipped_byte_of_a_signature_is_noticed_or_changes_nothing)
{
	struct buf p7s = BUF(LIMIT_SIGNATURE_BYTES);
	struct cades good = { 0 };
	struct error err = { 0 };

	ck_ok(cades_sign(&person, content, COMMITMENT_APPROVAL, NOW, &p7s,
		  &err) &&
		cades_verify(certs, buf_span(&p7s), content, &good, &err),
	    err);
	for (size_t i = 0; i < p7s.len; i++) {
		struct cades out = { 0 };
		struct error why = { 0 };

		p7s.data[i] ^= 1;
		if (cades_verify(certs, buf_span(&p7s), content, &out, &why)) {
			/* As it stands in no signed part: the same act. */
			ck_assert(digest_eq(&out.signature, &good.signature));
			ck_assert_str_eq(out.cert->email, good.cert->email);
		} else {
			ck_assert_int_ne(why.kind, ERROR_SYSTEM);
		}
		cades_free(&out);
		p7s.data[i] ^= 1;
	}
	for (size_t i = 0; i < p7s.len; i += 3) {
		struct cades out = { 0 };
		struct error why = { 0 };

		ck_assert(!cades_verify(certs, span_of(p7s.data, i), content,
		    &out, &why));
	}
	cades_free(&good);
	buf_free(&p7s);
}
END_TEST

static const struct {
	struct fixture_cert what;
	bool can_sign, can_connect;
} usages[] = {
	{ { .key_usage = "critical,nonRepudiation" }, true, false },
	{ { .key_usage = "critical,digitalSignature",
	      .extended = "clientAuth" },
	    false, true },
	{ { .key_usage = "critical,nonRepudiation,digitalSignature",
	      .extended = "clientAuth" },
	    false, false },
	{ { .key_usage = "critical,digitalSignature",
	      .extended = "serverAuth" },
	    false, false },
	{ { .key_usage = "critical,digitalSignature" }, false, false },
	{ { .key_usage = NULL }, false, false },
	{ { .key_usage = "critical,keyEncipherment" }, false, false },
};

START_TEST(a_certificate_does_one_persons_one_work)
{
	struct fixture_cert what = usages[_i].what;
	struct identity one;

	what.email = "a@mofa.example";
	one = fixture_issue(&ca, &what);
	ck_assert_int_eq(one.cert->can_sign, usages[_i].can_sign);
	ck_assert_int_eq(one.cert->can_connect, usages[_i].can_connect);
	identity_free(&one);
}
END_TEST

/* When it was signed, what the CRLs say, and the result. */
static const struct {
	int64_t at;
	int64_t this_at, next_at; /* 0: no CRL */
	int64_t revoked_at;       /* 0: not revoked */
	bool by_other_ca;
	enum trust_state state;
} trusts[] = {
	{ NOW, NOW - 100, NOW + 100, 0, false, TRUST_GOOD },
	{ NOW, NOW + 500, NOW + 600, 0, false, TRUST_GOOD }, /* issued since */
	{ NOW, NOW - 200, NOW - 100, 0, false, TRUST_UNKNOWN }, /* stale */
	{ NOW, 0, 0, 0, false, TRUST_UNKNOWN },
	{ NOW, NOW - 100, NOW + 100, 0, true, TRUST_UNKNOWN },
	{ NOW, NOW - 100, NOW + 100, NOW - 200, false, TRUST_REVOKED },
	{ NOW, NOW + 500, NOW + 600, NOW + 400, false, TRUST_GOOD }, /* after */
	{ NOW, NOW + 500, NOW + 600, NOW, false, TRUST_REVOKED },
	{ FIXTURE_FROM - 1, NOW - 100, NOW + 100, 0, false, TRUST_EXPIRED },
	{ FIXTURE_UNTIL + 1, NOW - 100, NOW + 100, 0, false, TRUST_EXPIRED },
};

START_TEST(a_certificate_is_judged_at_the_time_in_question)
{
	struct buf pem = BUF(10000), crl = BUF(10000);
	struct error err = { 0 };
	struct trust *trust = trust_new(&err);
	struct crls *crls = crls_new(&err);
	struct revocation *revocation = revocation_new(&err);
	struct trust_result result;

	fixture_pem(ca.cert, &pem);
	ck_ok(trust_add_ca(trust, "mofa", buf_span(&pem), &err), err);
	if (trusts[_i].this_at != 0) {
		fixture_crl(trusts[_i].by_other_ca ? &other_ca : &ca,
		    trusts[_i].this_at, trusts[_i].next_at,
		    trusts[_i].revoked_at != 0 ? person.cert : NULL,
		    trusts[_i].revoked_at, &crl);
		ck_ok(crls_add(crls, buf_span(&crl), NULL, &err), err);
	}
	ck_ok(revocation_add(revocation, crls, trust, 7, NOW + 1000, &err),
	    err);
	standing_judge(trust, revocation, person.cert, trusts[_i].at, &result);
	ck_assert_msg(result.state == trusts[_i].state, "%d: %d %s", _i,
	    result.state, result.text);
	trust_free(trust);
	revocation_free(revocation);
	crls_free(crls);
	buf_free(&pem);
	buf_free(&crl);
}
END_TEST

/* A CA's list before, and the one after it: 0 is none. */
static const struct {
	int64_t before, after;
	bool goes_back;
} updates[] = {
	{ NOW - 100, NOW - 50, false },
	{ NOW - 100, NOW - 100, false },
	{ NOW - 50, NOW - 100, true },
	{ NOW - 50, 0, true },
	{ 0, NOW - 100, false },
	{ NOW + 300, NOW - 100, true },
	{ NOW + 301, NOW - 100, false }, /* it was misdated */
	{ NOW - 100, NOW + 301, false },
};

START_TEST(a_cas_list_goes_back)
{
	struct buf pem = BUF(10000);
	struct error err = { 0 };
	struct trust *trust = trust_new(&err);
	struct crls *sets[2] = { crls_new(&err), crls_new(&err) };
	const int64_t at[2] = { updates[_i].before, updates[_i].after };
	int64_t told;

	fixture_pem(ca.cert, &pem);
	ck_ok(trust_add_ca(trust, "mofa", buf_span(&pem), &err), err);
	for (size_t i = 0; i < 2; i++) {
		struct buf der = BUF(10000);

		/*
		 * An older one beside it, and another CA's, count for nothing.
		 */
		for (size_t k = 0; at[i] != 0 && k < 2; k++) {
			der.len = 0;
			fixture_crl(&ca, at[i] - 1000 * (int64_t)k,
			    at[i] + 5000, NULL, 0, &der);
			ck_ok(crls_add(sets[i], buf_span(&der), NULL, &err),
			    err);
		}
		/*
		 * Nor does a delta, which is gone when its next list is there.
		 */
		if (i == 0 && at[0] != 0) {
			const struct fixture_list delta = { .ca = &ca,
				.this_at = at[0] + 2000,
				.next_at = at[0] + 9000,
				.is_delta = true };

			der.len = 0;
			fixture_list(&delta, &der);
			ck_ok(crls_add(sets[0], buf_span(&der), NULL, &err),
			    err);
		}
		der.len = 0;
		fixture_crl(&other_ca, NOW + 5000 - 1000 * (int64_t)i,
		    NOW + 9000, NULL, 0, &der);
		ck_ok(crls_add(sets[i], buf_span(&der), NULL, &err), err);
		ck_assert(trust_this_update(trust, "mofa", sets[i], &told) ==
		    (at[i] != 0));
		ck_assert(at[i] == 0 || told == at[i]);
		buf_free(&der);
	}
	ck_assert((trust_list_older(trust, sets[1], sets[0], NOW) != NULL) ==
	    updates[_i].goes_back);
	ck_assert_str_eq(trust_ca_name(trust, 0), "mofa");
	ck_assert_ptr_null(trust_ca_name(trust, 1));
	for (size_t i = 0; i < 2; i++)
		crls_free(sets[i]);
	trust_free(trust);
	buf_free(&pem);
}
END_TEST

START_TEST(a_stranger_is_not_trusted_even_under_the_cas_name)
{
	struct buf pem = BUF(10000);
	struct error err = { 0 };
	struct trust *trust = trust_new(&err);
	struct identity twin = fixture_ca("CA"); /* the name, another key */
	struct identity stranger = fixture_signer(&twin, "a@mofa.example", "");
	struct trust_result result;

	fixture_pem(ca.cert, &pem);
	ck_ok(trust_add_ca(trust, "mofa", buf_span(&pem), &err), err);
	trust_issued(trust, stranger.cert, NOW, &result);
	ck_assert_int_eq(result.state, TRUST_UNTRUSTED);
	trust_issued(trust, twin.cert, NOW, &result);
	ck_assert_int_eq(result.state, TRUST_UNTRUSTED);
	identity_free(&stranger);
	identity_free(&twin);
	trust_free(trust);
	buf_free(&pem);
}
END_TEST

START_TEST(a_persons_certificate_is_no_ca)
{
	struct buf pem = BUF(10000);
	struct error err = { 0 };
	struct trust *trust = trust_new(&err);

	fixture_pem(person.cert, &pem);
	ck_assert(!trust_add_ca(trust, "mofa", buf_span(&pem), &err));
	trust_free(trust);
	buf_free(&pem);
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_loop_test(t, a_signature_verifies_and_says_who_when_and_why,
	    0, COUNT(key_kinds));
	tcase_add_loop_test(t, a_key_that_cannot_do_the_work_is_named, 0,
	    COUNT(weak_keys));
	tcase_add_loop_test(t, each_hole_of_cms_verify_is_closed, 0,
	    COUNT(holes));
	tcase_add_test(t, a_crl_within_a_signature_is_not_believed);
	tcase_add_test(t,
	    every_flipped_byte_of_a_signature_is_noticed_or_changes_nothing);
	tcase_add_loop_test(t, a_certificate_does_one_persons_one_work, 0,
	    COUNT(usages));
	tcase_add_loop_test(t, a_certificate_is_judged_at_the_time_in_question,
	    0, COUNT(trusts));
	tcase_add_loop_test(t, a_cas_list_goes_back, 0, COUNT(updates));
	tcase_add_test(t, a_stranger_is_not_trusted_even_under_the_cas_name);
	tcase_add_test(t, a_persons_certificate_is_no_ca);
}

int
main(void)
{
	return run_tests("pki", fill);
}
