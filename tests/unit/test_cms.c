/*
 * Signatures: of the form that is accepted, or differing in one point.
 */
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "cms_twists.h"
#include "pki/signed_data.h"
#include "pki_fixture.h"
#include "token_fixture.h"

static struct identity ca, signer, twin, rsa;
static struct cert_cache *certs;

static struct span
cert_der(const struct cert *cert)
{
	struct buf out = BUF(LIMIT_CERT_BYTES);
	unsigned char *der = NULL;
	const int len = i2d_X509(cert->x509, &der);
	struct error err = { 0 };

	ck_assert_int_gt(len, 0);
	ck_ok(buf_append(&out, span_of(der, (size_t)len), &err), err);
	OPENSSL_free(der);
	return keep(&out);
}

#define SHA384_OID "2.16.840.1.101.3.4.2.2"
#define APPROVAL   "1.2.840.113549.1.9.16.6.5"
#define ORIGIN     "1.2.840.113549.1.9.16.6.1"
#define STAMP      "1.2.840.113549.1.9.16.2.14"

static struct span
issuer_of(const struct cert *cert)
{
	unsigned char *der = NULL;
	const int len = i2d_X509_NAME(X509_get_issuer_name(cert->x509), &der);
	struct buf out = BUF(1000);
	struct error err = { 0 };

	ck_ok(buf_append(&out, span_of(der, (size_t)len), &err), err);
	OPENSSL_free(der);
	return keep(&out);
}

static struct span
serial_of(const struct cert *cert)
{
	unsigned char *der = NULL;
	const int len =
	    i2d_ASN1_INTEGER(X509_get0_serialNumber(cert->x509), &der);
	struct buf out = BUF(100);
	struct error err = { 0 };

	ck_ok(buf_append(&out, span_of(der, (size_t)len), &err), err);
	OPENSSL_free(der);
	return keep(&out);
}

static struct span
ess_of(enum twist twist, const struct cert *cert)
{
	const struct span other = cert_der(twin.cert);
	const struct span der = twist == ESS_OTHER ? other : cert_der(cert);
	const struct span sha256 =
	    raw(DER_OCTET_STRING, hash("SHA256", der).data, 32);
	const struct span one = SEQ(sha256);

	switch ((unsigned)twist) {
	case ESS_384:
		return SEQ(SEQ(SEQ(SEQ(oid(SHA384_OID)),
		    TLV(DER_OCTET_STRING, hash("SHA384", der)))));
	case ESS_SHA1:
		return SEQ(SEQ(SEQ(SEQ(oid("1.3.14.3.2.26")),
		    TLV(DER_OCTET_STRING, hash("SHA1", der)))));
	case ESS_SHA256_NAMED:
		return SEQ(SEQ(SEQ(SEQ(oid(SHA256_OID)), sha256)));
	case ESS_ISSUER:
	case ESS_OTHER_SERIAL:
	case ESS_OTHER_ISSUER:
	case ESS_ISSUER_TAIL:
		return SEQ(SEQ(SEQ(sha256,
		    SEQ(SEQ(TLV(0xa4,
			    twist == ESS_OTHER_ISSUER
				? SEQ(SET(
				      SEQ(oid("2.5.4.3"), text(0x0c, "Other"))))
				: issuer_of(cert))),
			twist == ESS_OTHER_SERIAL ? small(7) : serial_of(cert),
			twist == ESS_ISSUER_TAIL ? small(7)
						 : span_of("", 0)))));
	case ESS_LENGTH:
		return SEQ(SEQ(SEQ(raw(DER_OCTET_STRING, sha256.data, 31))));
	case ESS_TWO:
		return SEQ(SEQ(one, one));
	case ESS_POLICIES:
		return SEQ(SEQ(one), SEQ(SEQ(oid("1.2.3"))));
	default:
		return SEQ(SEQ(one));
	}
}

static struct span
time_of(enum twist twist)
{
	switch ((unsigned)twist) {
	case TIME_1990:
		return text(DER_GENERALIZED_TIME, "19900101000000Z");
	case TIME_2049_GENERALIZED:
		return text(DER_GENERALIZED_TIME, "20490101000000Z");
	case TIME_FRACTION:
		return text(DER_GENERALIZED_TIME, "20250615000000.5Z");
	case TIME_NO_SECONDS:
		return text(DER_UTC_TIME, "2506150000Z");
	case TIME_OFFSET:
		return text(DER_UTC_TIME, "250615000000+1400");
	case TIME_AS_TEXT:
		return text(0x0c, "20250615000000Z");
	case TIME_FEBRUARY:
		return text(DER_UTC_TIME, "250230000000Z");
	default:
		return text(DER_UTC_TIME, "250615000000Z");
	}
}

static int
compare(const void *a, const void *b)
{
	const struct span *x = a, *y = b;
	const size_t n = x->len < y->len ? x->len : y->len;
	const int order = memcmp(x->data, y->data, n);

	return order != 0 ? order : (x->len > y->len) - (x->len < y->len);
}

struct making {
	enum twist twist;
	const struct identity *by;
	struct span digest, algorithm;
	struct span attrs[16];
	size_t num;
};

static void
add(struct making *making, struct span attr)
{
	making->attrs[making->num++] = attr;
}

static void
make_attributes(struct making *making)
{
	const enum twist twist = making->twist;
	struct span md = TLV(twist == MD_CONSTRUCTED ? 0x24 : DER_OCTET_STRING,
	    twist == MD_CONSTRUCTED
		? raw(DER_OCTET_STRING, hash("SHA256", content).data, 32)
		: hash(twist == BY_SHA1 ? "SHA1" : "SHA256", content));
	const struct span time = ATTR("1.2.840.113549.1.9.5", time_of(twist));
	struct span commitment = SEQ(oid(APPROVAL));

	if (twist == MD_LENGTH)
		md = raw(DER_OCTET_STRING, hash("SHA384", content).data, 48);
	if (twist != NO_CONTENT_TYPE)
		add(making,
		    ATTR("1.2.840.113549.1.9.3",
			oid(twist == TYPE_OTHER ? "1.2.840.113549.1.9.16.1.4"
						: "1.2.840.113549.1.7.1")));
	for (int i = 0; i < 1 + (twist == DUP_MD) - (twist == NO_MD); i++)
		add(making, ATTR("1.2.840.113549.1.9.4", md));
	for (int i = 0; i < 1 + (twist == DUP_TIME) -
		 (twist == NO_TIME || twist == WEAK_NO_TIME);
	     i++)
		add(making,
		    twist == TWO_TIMES
			? ATTR("1.2.840.113549.1.9.5",
			      text(DER_UTC_TIME, "250615000000Z"),
			      text(DER_UTC_TIME, "260615000000Z"))
			: time);
	if (twist != NO_ESS)
		add(making,
		    ATTR("1.2.840.113549.1.9.16.2.47",
			ess_of(twist, making->by->cert)));
	if (twist == QUALIFIER)
		commitment = SEQ(oid(APPROVAL),
		    SEQ(SEQ(oid("1.2.3"), text(0x0c, "ad referendum"))));
	if (twist == COMMITMENT_NULL)
		commitment = raw(DER_NULL, "", 0);
	for (int i = 0; i < 1 + (twist == DUP_COMMITMENT); i++)
		add(making,
		    twist == TWO_COMMITMENTS
			? ATTR("1.2.840.113549.1.9.16.2.16", SEQ(oid(ORIGIN)),
			      commitment)
			: ATTR("1.2.840.113549.1.9.16.2.16", commitment));
	if (twist == ATTRIBUTE_NONE)
		add(making, SEQ(small(1)));
	if (twist == POLICY_ATTRIBUTE)
		add(making,
		    ATTR("1.2.840.113549.1.9.16.2.15", SEQ(oid("1.2.3.4"))));
	if (twist == PROTECTED || twist == PROTECTED_OTHER ||
	    twist == PROTECTED_SIGNATURE) {
		struct span rest = making->algorithm;
		struct tlv algorithm;

		ck_assert(der_take(&rest, &algorithm));
		add(making,
		    ATTR("1.2.840.113549.1.9.52",
			SEQ(twist == PROTECTED_OTHER ? SEQ(oid(SHA384_OID))
						     : making->digest,
			    TLV(DER_CONTEXT_1,
				twist == PROTECTED_SIGNATURE
				    ? oid("1.2.840.10045.4.3.3")
				    : algorithm.value))));
	}
	qsort(making->attrs, making->num, sizeof(making->attrs[0]), compare);
}

/* Over the attributes as a SET in DER's order. */
static struct span
sign(const struct making *making)
{
	const struct span set = tlv_of(DER_SET, making->num, making->attrs);
	const enum twist twist = making->twist;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *key = NULL;
	unsigned char out[1024];
	size_t len = sizeof(out);
	struct buf kept = BUF(sizeof(out));
	struct error err = { 0 };

	ck_assert_int_eq(EVP_DigestSignInit(ctx, &key,
			     twist == BY_SHA1 ? EVP_sha1() : EVP_sha256(), NULL,
			     making->by->key),
	    1);
	if (twist == PSS || twist == PSS_SALT || twist == PSS_OTHER_MGF) {
		EVP_PKEY_CTX_set_rsa_padding(key, RSA_PKCS1_PSS_PADDING);
		EVP_PKEY_CTX_set_rsa_pss_saltlen(key,
		    twist == PSS_SALT ? 20 : 32);
		if (twist == PSS_OTHER_MGF)
			EVP_PKEY_CTX_set_rsa_mgf1_md(key, EVP_sha384());
	}
	ck_assert_int_eq(EVP_DigestSign(ctx, out, &len, set.data, set.len), 1);
	ck_ok(buf_append(&kept, span_of(out, len), &err), err);
	EVP_MD_CTX_free(ctx);
	return keep(&kept);
}

static struct span
algorithm_of(enum twist twist)
{
	const struct span null = raw(DER_NULL, "", 0);
	const struct span sha = SEQ(oid(SHA256_OID), null);

	switch ((unsigned)twist) {
	case MISMATCH:
		return SEQ(oid("1.2.840.10045.4.3.4"));
	case BY_SHA1:
	case WEAK_NO_TIME:
		return SEQ(oid("1.2.840.10045.4.1"));
	case ECDSA_PARAMETERS:
		return SEQ(oid("1.2.840.10045.4.3.2"), null);
	case RSA_NULL:
		return SEQ(oid("1.2.840.113549.1.1.1"), null);
	case RSA_NO_NULL:
		return SEQ(oid("1.2.840.113549.1.1.11"));
	case ALGORITHM_NONE:
		return SEQ(small(1));
	case PSS:
	case PSS_BY_ECDSA:
	case PSS_SALT:
	case PSS_OTHER_MGF:
		return SEQ(oid("1.2.840.113549.1.1.10"),
		    SEQ(TLV(DER_CONTEXT_0, sha),
			TLV(DER_CONTEXT_1,
			    SEQ(oid("1.2.840.113549.1.1.8"),
				twist == PSS_OTHER_MGF
				    ? SEQ(oid(SHA384_OID), null)
				    : sha)),
			TLV(DER_CONTEXT_2,
			    small(twist == PSS_SALT ? 20 : 32))));
	default:
		return SEQ(oid("1.2.840.10045.4.3.2"));
	}
}

static struct span
unsigned_of(enum twist twist)
{
	const struct span token = SEQ(small(1));
	static const uint8_t large[LIMIT_TIMESTAMP_BYTES];

	switch ((unsigned)twist) {
	case UNSIGNED_GARBAGE:
		return TLV(DER_CONTEXT_1,
		    ATTR("1.2.3.4.5", text(DER_OCTET_STRING, "smuggled")));
	case UNSIGNED_TWICE:
		return TLV(DER_CONTEXT_1, ATTR(STAMP, token),
		    ATTR(STAMP, token));
	case UNSIGNED_NONE:
		return TLV(DER_CONTEXT_1, SEQ(small(1)));
	case TOKEN_NULL:
		return TLV(DER_CONTEXT_1, ATTR(STAMP, raw(DER_NULL, "", 0)));
	case UNSIGNED_EMPTY:
		return raw(DER_CONTEXT_1, "", 0);
	case TOKEN_NONE:
		return TLV(DER_CONTEXT_1, ATTR(STAMP, token));
	case TOKENS_MANY:
		return TLV(DER_CONTEXT_1,
		    ATTR(STAMP, token, token, token, token, token));
	case TOKEN_LARGE:
		return TLV(DER_CONTEXT_1,
		    ATTR(STAMP,
			SEQ(raw(DER_OCTET_STRING, large, sizeof(large)))));
	case TOKEN_SHA1:
		return TLV(DER_CONTEXT_1, ATTR(STAMP, token_of(TOKEN_BY_SHA1)));
	case AFTER_SIGNATURE:
		return small(1);
	default:
		return span_of("", 0);
	}
}

/* The attributes as they stand: [0], in another form for some. */
static struct span
attributes_of(const struct making *making)
{
	const struct span body = concat(making->num, making->attrs);
	const size_t last = making->num - 1;

	switch ((unsigned)making->twist) {
	case INDEFINITE:
		return concat(3,
		    (struct span[]){ span_of("\xa0\x80", 2), body,
			span_of("\0\0", 2) });
	case LONG_LENGTH: {
		const uint8_t head[] = { 0xa0, 0x83, 0,
			(uint8_t)(body.len >> 8), (uint8_t)body.len };

		return concat(2, (struct span[]){ span_of(head, 5), body });
	}
	case UNSORTED:
		return TLV(DER_CONTEXT_0, making->attrs[last],
		    concat(last, making->attrs));
	case NO_ATTRIBUTES:
	case WEAK_NO_ATTRIBUTES:
		return span_of("", 0);
	default:
		return TLV(DER_CONTEXT_0, body);
	}
}

static struct span
signer_info_of(struct making *making)
{
	const enum twist twist = making->twist;
	const struct cert *cert = making->by->cert;
	const ASN1_OCTET_STRING *id = X509_get0_subject_key_id(cert->x509);
	const unsigned version =
	    (twist == SKI) != (twist == INFO_VERSION) ? 3 : 1;

	make_attributes(making);
	return SEQ(twist == LONG_INTEGER ? raw(DER_INTEGER, "\0\1", 2)
					 : small(version),
	    twist == SKI
		? raw(0x80, ASN1_STRING_get0_data(id),
		      (size_t)ASN1_STRING_length(id))
		: SEQ(twist == ISSUER_OTHER
			  ? SEQ(SET(SEQ(oid("2.5.4.3"), text(0x0c, "Other"))))
			  : issuer_of(cert),
		      twist == SERIAL_OTHER ? small(7) : serial_of(cert)),
	    twist == INFO_NONE ? small(1) : making->digest,
	    attributes_of(making), making->algorithm,
	    TLV(DER_OCTET_STRING, sign(making)), unsigned_of(twist));
}

/* And, for one twist, the CRLs behind them. */
static struct span
certificates_of(enum twist twist, const struct span both[2])
{
	struct span many[LIMIT_CERTS_IN_CMS + 1];

	for (size_t i = 0; i < COUNT(many); i++)
		many[i] = both[0];
	switch ((unsigned)twist) {
	case CERTS_UNSORTED:
		return TLV(DER_CONTEXT_0, both[1], both[0]);
	case CERT_NONE:
		return TLV(DER_CONTEXT_0, small(1), both[0], both[1]);
	case CERTS_MANY:
		return tlv_of(DER_CONTEXT_0, COUNT(many), many);
	case CRLS_UNSORTED:
		return concat(2,
		    (struct span[]){ TLV(DER_CONTEXT_0, both[0], both[1]),
			TLV(DER_CONTEXT_1, SEQ(small(2)), SEQ(small(1))) });
	default:
		return TLV(DER_CONTEXT_0, both[0], both[1]);
	}
}

static struct span
make(enum twist twist)
{
	const bool is_rsa = twist == PSS || twist == PSS_SALT ||
	    twist == PSS_OTHER_MGF || twist == RSA_NULL || twist == RSA_NO_NULL;
	struct making making = { .twist = twist,
		.by = is_rsa ? &rsa : &signer,
		.digest =
		    SEQ(oid(twist == BY_SHA1 || twist == WEAK_NO_ATTRIBUTES
			    ? "1.3.14.3.2.26"
			    : SHA256_OID)),
		.algorithm = algorithm_of(twist) };
	static const uint8_t large[LIMIT_CERT_BYTES];
	struct span both[] = { cert_der(making.by->cert), cert_der(ca.cert) };
	struct span info = signer_info_of(&making), digests, certificates;
	struct span signed_data;

	if (twist == CERT_LARGE)
		both[1] = SEQ(raw(DER_OCTET_STRING, large, sizeof(large)));
	qsort(both, 2, sizeof(both[0]), compare);
	digests = twist == DIGESTS_TWO
	    ? SET(making.digest, SEQ(oid(SHA384_OID)))
	    : SET(twist == DIGESTS_OTHER ? SEQ(oid(SHA384_OID))
					 : making.digest);
	certificates = certificates_of(twist, both);
	signed_data = SEQ(small(twist == SKI || twist == VERSION_3 ? 3 : 1),
	    twist == DIGESTS_NONE ? small(1) : digests,
	    SEQ(oid(twist == OTHER_CONTENT ? "1.2.840.113549.1.9.16.1.4"
					   : "1.2.840.113549.1.7.1"),
		twist == ATTACHED
		    ? TLV(DER_CONTEXT_0, TLV(DER_OCTET_STRING, content))
		    : span_of("", 0)),
	    certificates,
	    twist == TWO_SIGNERS     ? SET(info, info)
		: twist == NO_SIGNER ? raw(DER_SET, "", 0)
				     : SET(info),
	    twist == AFTER_SIGNERS ? small(1) : span_of("", 0));
	return concat(2,
	    (struct span[]){ SEQ(oid("1.2.840.113549.1.7.2"),
				 TLV(DER_CONTEXT_0, signed_data)),
		span_of("", twist == TAIL ? 1 : 0) });
}

static void
set_up(void)
{
	const struct fixture_cert what = { .email = "a@mofa.example",
		.key_usage = "critical,nonRepudiation",
		.serial = 99 };
	struct fixture_cert other = what;
	struct error err = { 0 };

	ca = fixture_ca("CA");
	signer = fixture_issue(&ca, &what);
	other.email = "z@mofa.example";
	other.with_key = signer.key;
	twin = fixture_issue(&ca, &other);
	other = what;
	other.key = "RSA-3072";
	rsa = fixture_issue(&ca, &other);
	certs = cert_cache_new(&err);
}

static void
tear_down(void)
{
	identity_free(&ca);
	identity_free(&signer);
	identity_free(&twin);
	identity_free(&rsa);
	cert_cache_free(certs);
}

START_TEST(a_signature_is_of_one_form)
{
	struct cades out = { 0 };
	struct error err = { 0 };
	const bool good =
	    cades_verify(certs, make(twists[_i].twist), content, &out, &err);

	ck_assert_msg(good == (twists[_i].code[0] == '\0'), "%d: %s: %s", _i,
	    err.code, err.detail);
	ck_assert_msg(strcmp(err.code, twists[_i].code) == 0, "%d: %s: %s", _i,
	    err.code, err.detail);
	ck_assert_msg(strstr(err.detail, twists[_i].says) != NULL, "%d: %s", _i,
	    err.detail);
	if (good) {
		ck_assert_int_eq(out.commitment, COMMITMENT_APPROVAL);
		ck_assert_int_eq(out.signing_at, 1749945600);
	}
	cades_free(&out);
}
END_TEST

START_TEST(a_signature_over_its_limit_is_refused)
{
	uint8_t *bytes = calloc(1, LIMIT_SIGNATURE_BYTES + 1);
	struct cades out = { 0 };
	struct error err = { 0 };

	ck_assert(!cades_verify(certs, span_of(bytes, LIMIT_SIGNATURE_BYTES),
	    content, &out, &err));
	ck_assert_int_eq(err.kind, ERROR_MALFORMED);
	ck_assert(!cades_verify(certs,
	    span_of(bytes, LIMIT_SIGNATURE_BYTES + 1), content, &out, &err));
	ck_assert_int_eq(err.kind, ERROR_LIMIT);
	free(bytes);
}
END_TEST

START_TEST(every_truncation_of_a_signature_is_refused)
{
	const struct span good = make(PROTECTED);

	for (size_t i = 0; i < good.len; i++) {
		struct cades out = { 0 };
		struct error err = { 0 };

		ck_assert(!cades_verify(certs, span_of(good.data, i), content,
		    &out, &err));
		ck_assert_str_eq(err.code, "SIGNATURE_FORM");
	}
}
END_TEST

/* Each byte flipped in each way: refused, or the same signature. */
START_TEST(no_bit_of_a_signature_is_free)
{
	const struct span good = make(ESS_ISSUER);
	struct buf bytes = BUF(LIMIT_SIGNATURE_BYTES);
	struct error err = { 0 };

	ck_ok(buf_append(&bytes, good, &err), err);
	for (size_t i = 0; i < bytes.len; i++) {
		struct cades out = { 0 };
		struct error why = { 0 };
		const uint8_t was = bytes.data[i];

		bytes.data[i] ^= (uint8_t)(1u << (i % 8));
		/* The CA's certificate is not the signer's: as it likes. */
		if (cades_verify(certs, buf_span(&bytes), content, &out, &why))
			ck_assert_int_eq(X509_cmp(out.cert->x509,
					     signer.cert->x509),
			    0);
		cades_free(&out);
		bytes.data[i] = was;
	}
	buf_free(&bytes);
}
END_TEST

static void
fill(TCase *t)
{
	/* The keys are made once: making RSA keys costs more than all rows. */
	tcase_add_unchecked_fixture(t, set_up, tear_down);
	tcase_add_checked_fixture(t, NULL, empty_arena);
	tcase_add_loop_test(t, a_signature_is_of_one_form, 0, COUNT(twists));
	tcase_add_test(t, a_signature_over_its_limit_is_refused);
	tcase_add_test(t, every_truncation_of_a_signature_is_refused);
	tcase_add_test(t, no_bit_of_a_signature_is_free);
}

int
main(void)
{
	return run_tests("cms", fill);
}
