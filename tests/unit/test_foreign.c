/*
 * Containers of other makers at the limits of what is checked: what is beyond a
 * limit is named, and is never called broken.
 */
#include "unit.h"

#include <stdio.h>

#include <openssl/cms.h>
#include <openssl/evp.h>
#include <openssl/ts.h>

#include "pki/cades.h"
#include "pki/der.h"
#include "pki/foreign.h"
#include "pki_fixture.h"
#include "verdict/verdict.h"

static const char content[] = "hello\n";
static struct identity ca, signer, stamper;

static void
set_up(void)
{
	struct fixture_cert tsa = { .email = "tsa@x.example",
		.key_usage = "critical,digitalSignature",
		.extended = "critical,timeStamping",
		.key = "P-256",
		.from_at = FIXTURE_FROM,
		.until_at = FIXTURE_UNTIL };

	ca = fixture_ca("CA of another");
	signer = fixture_signer(&ca, "someone@x.example", "office");
	stamper = fixture_issue(&ca, &tsa);
}

static void
tear_down(void)
{
	identity_free(&ca);
	identity_free(&signer);
	identity_free(&stamper);
}

static ASN1_INTEGER *
next_serial(TS_RESP_CTX *context, void *arg)
{
	ASN1_INTEGER *serial = ASN1_INTEGER_new();

	(void)context;
	(void)arg;
	ASN1_INTEGER_set(serial, 7);
	return serial;
}

/* An RFC 3161 request for the SHA-256 of bytes. */
static BIO *
request_of(struct span bytes, bool with_certificate)
{
	const struct digest digest = sha256_of(bytes);
	TS_REQ *request = TS_REQ_new();
	TS_MSG_IMPRINT *imprint = TS_MSG_IMPRINT_new();
	X509_ALGOR *algorithm = X509_ALGOR_new();
	BIO *out = BIO_new(BIO_s_mem());

	X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_sha256), V_ASN1_NULL, NULL);
	TS_MSG_IMPRINT_set_algo(imprint, algorithm);
	TS_MSG_IMPRINT_set_msg(imprint,
	    (unsigned char *)(uintptr_t)digest.bytes, sizeof(digest.bytes));
	TS_REQ_set_version(request, 1);
	TS_REQ_set_msg_imprint(request, imprint);
	TS_REQ_set_cert_req(request, with_certificate);
	ck_assert_int_eq(i2d_TS_REQ_bio(out, request), 1);
	X509_ALGOR_free(algorithm);
	TS_MSG_IMPRINT_free(imprint);
	TS_REQ_free(request);
	return out;
}

static void
stamp_with(struct span bytes, bool with_certificate, struct buf *out)
{
	TS_RESP_CTX *context = TS_RESP_CTX_new();
	ASN1_OBJECT *policy = OBJ_txt2obj("1.2.3.4", 1);
	BIO *request = request_of(bytes, with_certificate);
	TS_RESP *response;
	unsigned char *der = NULL;
	struct error err = { 0 };
	int len;

	ck_assert(TS_RESP_CTX_set_signer_cert(context, stamper.cert->x509));
	ck_assert(TS_RESP_CTX_set_signer_key(context, stamper.key));
	ck_assert(TS_RESP_CTX_set_signer_digest(context, EVP_sha256()));
	ck_assert(TS_RESP_CTX_set_def_policy(context, policy));
	ck_assert(TS_RESP_CTX_add_md(context, EVP_sha256()));
	TS_RESP_CTX_set_serial_cb(context, next_serial, NULL);
	response = TS_RESP_create_response(context, request);
	ck_assert_ptr_nonnull(response);
	ck_assert_ptr_nonnull(TS_RESP_get_token(response));
	len = i2d_PKCS7(TS_RESP_get_token(response), &der);
	ck_assert_int_gt(len, 0);
	ck_ok(buf_append(out, span_of(der, (size_t)len), &err), err);
	OPENSSL_free(der);
	TS_RESP_free(response);
	BIO_free(request);
	ASN1_OBJECT_free(policy);
	TS_RESP_CTX_free(context);
}

/* Append the token of a timestamp over bytes. */
static void
stamp(struct span bytes, struct buf *out)
{
	stamp_with(bytes, true, out);
}

/* With its one digest algorithm so many times. */
static void
repeat_digest(struct span der, unsigned num, struct buf *out)
{
	struct tlv info, oid, within, data, version, algorithms;
	struct buf set = BUF(SIZE_MAX), body = BUF(SIZE_MAX),
		   signed_data = BUF(SIZE_MAX), all = BUF(SIZE_MAX);
	struct error err = { 0 };
	struct span rest;

	ck_assert(der_take_tag(&der, DER_SEQUENCE, &info));
	rest = info.value;
	ck_assert(der_take_tag(&rest, DER_OID, &oid));
	ck_assert(der_take_tag(&rest, DER_CONTEXT_0, &within));
	ck_assert(der_take_tag(&within.value, DER_SEQUENCE, &data));
	rest = data.value;
	ck_assert(der_take_tag(&rest, DER_INTEGER, &version));
	ck_assert(der_take_tag(&rest, DER_SET, &algorithms));
	for (unsigned i = 0; i < num; i++)
		ck_ok(buf_append(&set, algorithms.value, &err), err);
	ck_ok(buf_append(&body, version.whole, &err) &&
		der_append_header(&body, DER_SET, set.len, &err) &&
		buf_append(&body, buf_span(&set), &err) &&
		buf_append(&body, rest, &err) &&
		der_append_header(&signed_data, DER_SEQUENCE, body.len, &err) &&
		buf_append(&signed_data, buf_span(&body), &err) &&
		buf_append(&all, oid.whole, &err) &&
		der_append_header(&all, DER_CONTEXT_0, signed_data.len, &err) &&
		buf_append(&all, buf_span(&signed_data), &err) &&
		der_append_header(out, DER_SEQUENCE, all.len, &err) &&
		buf_append(out, buf_span(&all), &err),
	    err);
	buf_free(&set);
	buf_free(&body);
	buf_free(&signed_data);
	buf_free(&all);
}

struct made {
	unsigned num_signers, num_timestamps, num_digests;
	unsigned token_digests; /* of each timestamp */
	size_t padding;         /* bytes of an unsigned attribute */
};

static void
add_timestamps(CMS_SignerInfo *si, const struct made *what)
{
	const ASN1_OCTET_STRING *value = CMS_SignerInfo_get0_signature(si);
	struct buf token = BUF(65536), made = BUF(65536);

	stamp(span_of(ASN1_STRING_get0_data(value),
		  (size_t)ASN1_STRING_length(value)),
	    &made);
	repeat_digest(buf_span(&made),
	    what->token_digests > 1 ? what->token_digests : 1, &token);
	buf_free(&made);
	for (unsigned i = 0; i < what->num_timestamps; i++)
		ck_assert_int_eq(CMS_unsigned_add1_attr_by_NID(si,
				     NID_id_smime_aa_timeStampToken,
				     V_ASN1_SEQUENCE, token.data,
				     (int)token.len),
		    1);
	buf_free(&token);
}

/* Append a CMS over bytes. */
static void
sign(struct span bytes, const struct made *what, struct buf *out)
{
	const unsigned flags =
	    CMS_BINARY | CMS_DETACHED | CMS_PARTIAL | CMS_NOSMIMECAP;
	CMS_ContentInfo *cms = CMS_sign(NULL, NULL, NULL, NULL, flags);
	BIO *in = BIO_new_mem_buf(bytes.data, (int)bytes.len);
	uint8_t *padding = calloc(1, what->padding + 1);
	CMS_SignerInfo *si;
	unsigned char *der = NULL;
	struct error err = { 0 };
	int len;

	for (unsigned i = 0; i < what->num_signers; i++)
		ck_assert_ptr_nonnull(
		    CMS_add1_signer(cms, signer.cert->x509, signer.key,
			EVP_sha256(), flags | (i > 0 ? CMS_NOCERTS : 0)));
	ck_assert_int_eq(CMS_final(cms, in, NULL, flags), 1);
	si = sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(cms), 0);
	if (what->num_timestamps > 0)
		add_timestamps(si, what);
	if (what->padding > 0)
		ck_assert_int_eq(CMS_unsigned_add1_attr_by_NID(si, NID_name,
				     V_ASN1_OCTET_STRING, padding,
				     (int)what->padding),
		    1);
	len = i2d_CMS_ContentInfo(cms, &der);
	ck_assert_int_gt(len, 0);
	if (what->num_digests > 1)
		repeat_digest(span_of(der, (size_t)len), what->num_digests,
		    out);
	else
		ck_ok(buf_append(out, span_of(der, (size_t)len), &err), err);
	OPENSSL_free(der);
	free(padding);
	BIO_free(in);
	CMS_ContentInfo_free(cms);
}

static struct container *
begin(void)
{
	struct error err = { 0 };
	struct container *container = container_new(&err);

	ck_assert_ptr_nonnull(container);
	ck_ok(container_put_to_judge(container, "a.txt", span_of_str(content),
		  &err),
	    err);
	return container;
}

static void
put(struct container *container, const char *path, struct span bytes)
{
	struct error err = { 0 };

	ck_ok(container_put_to_judge(container, path, bytes, &err), err);
}

/* Returns the outcome; *over gets how often a limit was told. */
static enum outcome
judge(struct container *container, size_t *over)
{
	struct verdict verdict;
	struct error err = { 0 };
	enum outcome outcome;

	ck_ok(verdict_judge_foreign(container, &verdict, &err), err);
	outcome = verdict.outcome;
	*over = 0;
	for (size_t i = 0; i < verdict.num_findings; i++) {
		ck_assert_str_ne(verdict.findings[i].text, "");
		*over += verdict.findings[i].code == FINDING_OVER_LIMIT;
	}
	verdict_free(&verdict);
	container_free(container);
	return outcome;
}

static const struct {
	struct made what;
	size_t over;
} rows[] = {
	{ { .num_signers = 1 }, 0 },
	{ { .num_signers = LIMIT_FOREIGN_SIGNERS }, 0 },
	{ { .num_signers = LIMIT_FOREIGN_SIGNERS + 1 }, 1 },
	{ { .num_signers = 1, .num_digests = LIMIT_FOREIGN_SIGNERS }, 0 },
	{ { .num_signers = 1, .num_digests = LIMIT_FOREIGN_SIGNERS + 1 }, 1 },
	{ { .num_signers = 1, .num_timestamps = LIMIT_FOREIGN_TIMESTAMPS }, 0 },
	{ { .num_signers = 1, .num_timestamps = LIMIT_FOREIGN_TIMESTAMPS + 1 },
	    1 },
	{ { .num_signers = 1,
	      .num_timestamps = 1,
	      .token_digests = LIMIT_FOREIGN_SIGNERS + 1 },
	    1 },
	/* As one that has lists of a megabyte in it. */
	{ { .num_signers = 1, .padding = 2 * 1024 * 1024 }, 0 },
	{ { .num_signers = 1, .padding = LIMIT_FOREIGN_CMS_BYTES }, 1 },
};

START_TEST(a_signature_over_a_limit_is_told_as_that)
{
	struct container *container = begin();
	struct buf cms = BUF(SIZE_MAX);
	size_t over;

	sign(span_of_str(content), &rows[_i].what, &cms);
	put(container, "META-INF/signature.p7s", buf_span(&cms));
	buf_free(&cms);
	ck_assert_int_eq(judge(container, &over), OUTCOME_INDETERMINATE);
	ck_assert_uint_eq(over, rows[_i].over);
}
END_TEST

static bool
count(void *arg, const struct foreign_signer *one, struct error *err)
{
	(void)err;
	*(unsigned *)arg += one->num_timestamps;
	return true;
}

START_TEST(timestamps_over_the_limit_are_not_looked_at)
{
	const struct made what = { .num_signers = 1,
		.num_timestamps = LIMIT_FOREIGN_TIMESTAMPS + 2 };
	struct buf cms = BUF(SIZE_MAX);
	struct error err = { 0 };
	unsigned num = 0;

	sign(span_of_str(content), &what, &cms);
	ck_ok(foreign_verify(buf_span(&cms), span_of_str(content), count, &num,
		  &err),
	    err);
	ck_assert_uint_eq(num, LIMIT_FOREIGN_TIMESTAMPS);
	buf_free(&cms);
}
END_TEST

START_TEST(a_cms_without_a_signer_is_none)
{
	static const uint8_t data[] = { 0x30, 0x0f, 0x06, 0x09, 0x2a, 0x86,
		0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01, 0xa0, 0x02, 0x04,
		0x00 };
	struct error err = { 0 };
	unsigned num = 0;

	ck_assert(!foreign_verify(span_of(data, sizeof(data)),
	    span_of_str(content), count, &num, &err));
	ck_assert_str_eq(err.code, "SIGNATURE_FORM");
	ck_assert_ptr_nonnull(strstr(err.detail, "signer"));
}
END_TEST

/* A broken signature is broken, whatever else is over a limit. */
START_TEST(a_broken_signature_is_broken_all_the_same)
{
	const struct made what = { .num_signers = 1,
		.num_timestamps = LIMIT_FOREIGN_TIMESTAMPS + 1 };
	struct container *container = begin();
	struct buf cms = BUF(SIZE_MAX);
	size_t over;

	sign(span_of_str("hullo\n"), &what, &cms);
	put(container, "META-INF/signature.p7s", buf_span(&cms));
	buf_free(&cms);
	ck_assert_int_eq(judge(container, &over), OUTCOME_INVALID);
}
END_TEST

/* 0: as many as are looked at; 1: one more; 2: one more, which is broken. */
START_TEST(signatures_and_timestamps_are_counted)
{
	const unsigned num = LIMIT_FOREIGN_SIGNATURES + (_i > 0);
	const struct made what = { .num_signers = 1 };
	struct container *container = begin();
	struct buf cms = BUF(SIZE_MAX), token = BUF(SIZE_MAX);
	char path[LIMIT_PATH_BYTES];
	size_t over;

	sign(span_of_str(content), &what, &cms);
	stamp(span_of_str(content), &token);
	for (unsigned i = 0; i < num; i++) {
		const bool is_cms = i % 2 == 0;

		snprintf(path, sizeof(path), "META-INF/%03u-%s", i,
		    is_cms ? "signature.p7s" : "timestamp.tst");
		put(container, path,
		    _i == 2 && i == num - 1 ? span_of_str("broken")
			: is_cms            ? buf_span(&cms)
					    : buf_span(&token));
	}
	buf_free(&cms);
	buf_free(&token);
	ck_assert_int_eq(judge(container, &over), OUTCOME_INDETERMINATE);
	ck_assert_uint_eq(over, _i > 0 ? 1 : 0);
}
END_TEST

/* A manifest that names signature and lists a.txt with that digest. */
static void
put_manifest(struct container *container, unsigned number,
    const char *signature, const EVP_MD *md, const char *listed, size_t size)
{
	static const char *const names[] = { "xmlenc#sha256",
		"xmldsig-more#sha384", "xmlenc#sha512" };
	const int bytes = EVP_MD_get_size(md);
	const char *name = names[bytes == 32 ? 0 : bytes == 48 ? 1 : 2];
	unsigned char hash[EVP_MAX_MD_SIZE];
	struct buf xml = BUF(SIZE_MAX);
	struct error err = { 0 };
	char path[LIMIT_PATH_BYTES];

	ck_assert_int_eq(EVP_Digest(listed, strlen(listed), hash, NULL, md,
			     NULL),
	    1);
	ck_ok(buf_printf(&xml, &err,
		  "<asic:ASiCManifest xmlns:asic=\"http://uri.etsi.org/02918/"
		  "v1.2.1#\" xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">"
		  "<asic:SigReference URI=\"%s\"/>"
		  "<asic:DataObjectReference URI=\"a.txt\">"
		  "<ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/%s\""
		  "/><ds:DigestValue>",
		  signature, name) &&
		buf_append_base64(&xml, span_of(hash, (size_t)bytes), &err) &&
		buf_append_str(&xml,
		    "</ds:DigestValue>"
		    "</asic:DataObjectReference>"
		    "</asic:ASiCManifest>\n",
		    &err),
	    err);
	while (xml.len < size)
		ck_ok(buf_append_str(&xml, "          ", &err), err);
	snprintf(path, sizeof(path), "META-INF/ASiCManifest%03u.xml", number);
	put(container, path, buf_span(&xml));
	buf_free(&xml);
}

/*
 * 0: too many manifests; 1: the last is too large.  It may name the CMS, which
 * then covers nothing else.
 */
START_TEST(what_a_manifest_over_a_limit_names_is_not_missed)
{
	const unsigned num = _i == 0 ? LIMIT_FOREIGN_MANIFESTS + 1 : 2;
	const struct made what = { .num_signers = 1 };
	struct container *container = begin();
	struct buf cms = BUF(SIZE_MAX);
	size_t over;

	for (unsigned i = 0; i < num; i++)
		put_manifest(container, i,
		    i < num - 1 ? "META-INF/none.p7s"
				: "META-INF/signature.p7s",
		    EVP_sha256(), content,
		    _i == 1 && i == num - 1 ? LIMIT_MANIFEST_BYTES + 1 : 0);
	sign(span_of_str("the last manifest"), &what, &cms);
	put(container, "META-INF/signature.p7s", buf_span(&cms));
	/* In its own name as well. */
	put(container, "META-INF/signature-2.p7s", buf_span(&cms));
	buf_free(&cms);
	ck_assert_int_eq(judge(container, &over), OUTCOME_INDETERMINATE);
	ck_assert_uint_eq(over, 1);
}
END_TEST

/* One file by three digests, each twice; one of them is wrong, or none. */
START_TEST(a_reference_is_compared_by_its_own_digest)
{
	const EVP_MD *const mds[] = { EVP_sha256(), EVP_sha384(),
		EVP_sha512() };
	struct container *container = begin();
	size_t over;

	for (int i = 0; i < 6; i++)
		put_manifest(container, (unsigned)i, "META-INF/none.p7s",
		    mds[i % 3], i == _i ? "hullo\n" : content, 0);
	ck_assert_int_eq(judge(container, &over),
	    _i < 6 ? OUTCOME_INVALID : OUTCOME_INDETERMINATE);
}
END_TEST

START_TEST(a_timestamp_is_of_one_signer)
{
	const struct made what = { .num_signers = 2 };
	struct container *container = begin();
	struct buf cms = BUF(SIZE_MAX), token = BUF(SIZE_MAX);
	struct error err = { 0 };

	stamp(span_of_str(content), &token);
	ck_ok(foreign_verify_timestamp(buf_span(&token), span_of_str(content),
		  &err),
	    err);
	ck_assert(!foreign_verify_timestamp(buf_span(&token),
	    span_of_str("hullo\n"), &err));
	ck_assert_int_eq(err.kind, ERROR_UNTRUSTED);
	sign(span_of_str(content), &what, &cms);
	err = (struct error){ 0 };
	ck_assert(!foreign_verify_timestamp(buf_span(&cms),
	    span_of_str(content), &err));
	ck_assert_int_eq(err.kind, ERROR_MALFORMED);
	ck_assert_ptr_nonnull(strstr(err.detail, "one signer"));
	cms.len = 0;
	repeat_digest(buf_span(&token), LIMIT_FOREIGN_SIGNERS + 1, &cms);
	err = (struct error){ 0 };
	ck_assert(!foreign_verify_timestamp(buf_span(&cms),
	    span_of_str(content), &err));
	ck_assert_int_eq(err.kind, ERROR_LIMIT);
	container_free(container);
	buf_free(&cms);
	buf_free(&token);
}
END_TEST

START_TEST(a_timestamp_that_is_broken_is_told)
{
	const struct made plain = { .num_signers = 1 };
	struct buf token = BUF(SIZE_MAX), cms = BUF(SIZE_MAX);
	struct error err = { 0 };

	ck_assert(!foreign_verify_timestamp(span_of_str("x"),
	    span_of_str(content), &err));
	ck_assert_str_eq(err.code, "SIGNATURE_FORM");
	ck_assert(!cades_verify_timestamp(span_of_str("x"),
	    span_of_str(content), &err));
	ck_assert_str_eq(err.code, "SIGNATURE_FORM");
	/* A signature is no token. */
	sign(span_of_str(content), &plain, &cms);
	ck_assert(!foreign_verify_timestamp(buf_span(&cms),
	    span_of_str(content), &err));
	ck_assert_str_eq(err.code, "SIGNATURE_FORM");
	ck_assert_ptr_nonnull(strstr(err.detail, "not an RFC 3161"));
	buf_free(&cms);
	stamp(span_of_str(content), &token);
	token.data[token.len - 1] ^= 1;
	ck_assert(!foreign_verify_timestamp(buf_span(&token),
	    span_of_str(content), &err));
	ck_assert_str_eq(err.code, "SIGNATURE_BROKEN");
	ck_assert_ptr_nonnull(strstr(err.detail, "does not verify"));
	buf_free(&token);
}
END_TEST

/* --- What is there besides, and what is missing. --- */

static const char unknown_digest[] =
    "<asic:ASiCManifest xmlns:asic=\"http://uri.etsi.org/02918/v1.2.1#\""
    " xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">"
    "<asic:SigReference URI=\"META-INF/none.p7s\"/>"
    "<asic:DataObjectReference URI=\"a.txt\">"
    "<ds:DigestMethod Algorithm=\"http://www.w3.org/2000/09/"
    "xmldsig#sha1\"/><ds:DigestValue>AAAA</ds:DigestValue>"
    "</asic:DataObjectReference></asic:ASiCManifest>";

static const struct {
	const char *what; /* is done to a container of one text */
	enum finding_code code;
	const char *says;
	enum outcome outcome;
} besides[] = {
	{ "nothing", FINDING_NOT_A_DOCUMENT, "no version.yaml",
	    OUTCOME_INDETERMINATE },
	{ "missing", FINDING_FILE_MISSING, "it is missing; META-INF",
	    OUTCOME_INVALID },
	{ "digest", FINDING_NOT_CHECKED, "a digest that is not known",
	    OUTCOME_INDETERMINATE },
	{ "form", FINDING_NOT_A_DOCUMENT, "manifest", OUTCOME_INDETERMINATE },
	{ "two", FINDING_SIGNATURE_MISSING, "nothing says what",
	    OUTCOME_INVALID },
	{ "XAdES", FINDING_NOT_CHECKED, "a XAdES signature",
	    OUTCOME_INDETERMINATE },
	{ "evidence", FINDING_NOT_CHECKED, "an evidence record",
	    OUTCOME_INDETERMINATE },
	{ "text", FINDING_NOT_CHECKED, "of a kind not known",
	    OUTCOME_INDETERMINATE },
	{ "attribute", FINDING_NOT_CHECKED, "not checked: name",
	    OUTCOME_INDETERMINATE },
	{ "hash", FINDING_SIGNATURE_BROKEN, "names another", OUTCOME_INVALID },
	{ "good", FINDING_NOT_A_DOCUMENT, "no version.yaml",
	    OUTCOME_INDETERMINATE },
	{ "ess", FINDING_NOT_CHECKED, "does not parse", OUTCOME_INDETERMINATE },
	{ "bare", FINDING_NOT_CHECKED, "certificate is not in it",
	    OUTCOME_INDETERMINATE },
	{ "signature", FINDING_SIGNATURE_BROKEN, "is not over these bytes",
	    OUTCOME_INVALID },
	{ "token", FINDING_SIGNATURE_BROKEN, "is no token", OUTCOME_INVALID },
	{ "garbage", FINDING_SIGNATURE_FORM, "not a CMS", OUTCOME_INVALID },
	{ "new digests", FINDING_NOT_CHECKED, "a digest that is not known",
	    OUTCOME_INDETERMINATE },
	{ "new digest", FINDING_NOT_CHECKED, "a digest that is not known",
	    OUTCOME_INDETERMINATE },
	{ "new key", FINDING_NOT_CHECKED, "of a kind that is not known",
	    OUTCOME_INDETERMINATE },
	{ "new token", FINDING_NOT_CHECKED, "a digest that is not known",
	    OUTCOME_INDETERMINATE },
	{ "new timestamp", FINDING_NOT_CHECKED, "a digest that is not known",
	    OUTCOME_INDETERMINATE },
	{ "kind", FINDING_NOT_CHECKED, "such that can be checked",
	    OUTCOME_INDETERMINATE },
	{ "kind, altered", FINDING_SIGNATURE_BROKEN, "not over these bytes",
	    OUTCOME_INVALID },
	{ "stamped kind", FINDING_NOT_CHECKED, "cannot be checked here",
	    OUTCOME_INDETERMINATE },
	{ "stamped kind, altered", FINDING_SIGNATURE_BROKEN,
	    "not over these bytes", OUTCOME_INVALID },
	{ "bare token", FINDING_SIGNATURE_BROKEN, "certificate is not in it",
	    OUTCOME_INVALID },
};

#define OID_SHA256 "\x60\x86\x48\x01\x65\x03\x04\x02\x01"
#define OID_EC_KEY "\x2a\x86\x48\xce\x3d\x02\x01"

/* Replace an OID, each time or the last time, by one that no program knows. */
static void
make_unknown(const char *oid, bool last, struct buf *der)
{
	const size_t len = strlen(oid);
	size_t at = SIZE_MAX;

	for (size_t i = 0; i + len <= der->len; i++) {
		if (memcmp(der->data + i, oid, len) != 0)
			continue;
		at = i;
		if (!last)
			der->data[i + len - 1] = 0x7f;
	}
	ck_assert_uint_ne(at, SIZE_MAX);
	der->data[at + len - 1] = 0x7f;
}

/* The token stands last: all digests behind its OID. */
static void
only_in_token(struct buf *cms)
{
	/* id-aa-timeStampToken */
	static const char oid[] =
	    "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x0e";
	size_t at = 0;

	while (memcmp(cms->data + at, oid, sizeof(oid) - 1) != 0)
		at++;
	for (; at + 9 <= cms->len; at++)
		if (memcmp(cms->data + at, OID_SHA256, 9) == 0)
			cms->data[at + 8] = 0x7f;
}

/* Of another country's algorithms. */
static void
put_unknown(struct container *container, const char *what)
{
	const struct made plain = { .num_signers = 1 },
			  stamped = { .num_signers = 1, .num_timestamps = 1 };
	const bool is_timestamp = strcmp(what, "new timestamp") == 0;
	struct buf cms = BUF(SIZE_MAX);

	if (is_timestamp)
		stamp(span_of_str(content), &cms);
	else
		sign(span_of_str(content),
		    strcmp(what, "new token") == 0 ? &stamped : &plain, &cms);
	if (strcmp(what, "new token") == 0)
		only_in_token(&cms);
	else if (strcmp(what, "new key") == 0)
		make_unknown(OID_EC_KEY, false, &cms);
	else
		make_unknown(OID_SHA256, strcmp(what, "new digest") == 0, &cms);
	put(container,
	    is_timestamp ? "META-INF/timestamp.tst" : "META-INF/signature.p7s",
	    buf_span(&cms));
	buf_free(&cms);
}

#define OID_RSA "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"

/* By an RSA key, and under RSASSA-PSS without the parameters that it needs. */
static void
put_kind(struct container *container, const char *what)
{
	const struct made plain = { .num_signers = 1 };
	const struct fixture_cert rsa = { .email = "rsa@x.example",
		.key_usage = "critical,digitalSignature",
		.extended = "critical,timeStamping",
		.key = "RSA-2048",
		.from_at = FIXTURE_FROM,
		.until_at = FIXTURE_UNTIL };
	const bool is_timestamp = strncmp(what, "stamped", 7) == 0;
	const struct span over =
	    span_of_str(strchr(what, ',') == NULL ? content : "hullo\n");
	struct identity *const which = is_timestamp ? &stamper : &signer;
	struct buf cms = BUF(SIZE_MAX);
	size_t at = 0;

	identity_free(which);
	*which = fixture_issue(&ca, &rsa);
	if (is_timestamp)
		stamp(over, &cms);
	else
		sign(over, &plain, &cms);
	for (size_t i = 0; i + 9 <= cms.len; i++)
		if (memcmp(cms.data + i, OID_RSA, 9) == 0)
			at = i;
	ck_assert_uint_ne(at, 0);
	cms.data[at + 8] = 0x0a;
	put(container,
	    is_timestamp ? "META-INF/timestamp.tst" : "META-INF/signature.p7s",
	    buf_span(&cms));
	buf_free(&cms);
}

/* As who asks for no certificate gets it (RFC 3161 section 2.4.1). */
static void
put_bare_token(struct container *container)
{
	struct buf token = BUF(SIZE_MAX);

	stamp_with(span_of_str(content), false, &token);
	put(container, "META-INF/timestamp.tst", buf_span(&token));
	buf_free(&token);
}

/* Signed by hand, with one thing that is another. */
static void
sign_otherwise(const char *what, struct buf *out)
{
	const bool bare = strcmp(what, "bare") == 0;
	const unsigned flags = CMS_BINARY | CMS_DETACHED | CMS_PARTIAL |
	    CMS_NOSMIMECAP | (bare ? CMS_NOCERTS : 0);
	CMS_ContentInfo *cms = CMS_sign(NULL, NULL, NULL, NULL, flags);
	BIO *in = BIO_new_mem_buf(content, (int)strlen(content));
	CMS_SignerInfo *si = CMS_add1_signer(cms, signer.cert->x509, signer.key,
	    EVP_sha256(), flags);
	/* SigningCertificateV2 of one hash; "ess" hides it in a NULL. */
	uint8_t ess[] = { 0x30, 0x26, 0x30, 0x24, 0x30, 0x22, 0x04, 0x20,
		[8 + 31] = 0 };
	unsigned char *der = NULL;
	struct error err = { 0 };
	int len;

	memcpy(ess + 8,
	    strcmp(what, "hash") == 0 ? ca.cert->fingerprint.bytes
				      : signer.cert->fingerprint.bytes,
	    32);
	if (strcmp(what, "ess") == 0)
		ess[2] = 0x05;
	if (!bare)
		ck_assert_int_eq(CMS_signed_add1_attr_by_NID(si,
				     NID_id_smime_aa_signingCertificateV2,
				     V_ASN1_SEQUENCE, ess, (int)sizeof(ess)),
		    1);
	ck_assert_int_eq(CMS_final(cms, in, NULL, flags), 1);
	if (strcmp(what, "token") == 0)
		ck_assert_int_eq(CMS_unsigned_add1_attr_by_NID(si,
				     NID_id_smime_aa_timeStampToken,
				     V_ASN1_OCTET_STRING, "x", 1),
		    1);
	if (strcmp(what, "signature") == 0) {
		ASN1_OCTET_STRING *value = CMS_SignerInfo_get0_signature(si);

		((uint8_t *)(uintptr_t)ASN1_STRING_get0_data(
		    value))[ASN1_STRING_length(value) - 1] ^= 1;
	}
	len = i2d_CMS_ContentInfo(cms, &der);
	ck_ok(buf_append(out, span_of(der, (size_t)len), &err), err);
	OPENSSL_free(der);
	BIO_free(in);
	CMS_ContentInfo_free(cms);
}

static void
do_besides(struct container *container, const char *what)
{
	const struct made plain = { .num_signers = 1 },
			  padded = { .num_signers = 1, .padding = 10 };
	struct buf cms = BUF(SIZE_MAX);

	if (strcmp(what, "missing") == 0) {
		put_manifest(container, 1, "META-INF/none.p7s", EVP_sha256(),
		    content, 0);
		container_remove(container, "a.txt");
	} else if (strcmp(what, "digest") == 0) {
		put(container, "META-INF/ASiCManifest001.xml",
		    span_of_str(unknown_digest));
	} else if (strcmp(what, "form") == 0) {
		put(container, "META-INF/ASiCManifest001.xml",
		    span_of_str("<x/>"));
	} else if (strcmp(what, "two") == 0) {
		put(container, "b.txt", span_of_str("x"));
		sign(span_of_str(content), &plain, &cms);
		put(container, "META-INF/signature1.p7s", buf_span(&cms));
	} else if (strcmp(what, "XAdES") == 0) {
		put(container, "META-INF/signatures.xml", span_of_str("<x/>"));
	} else if (strcmp(what, "evidence") == 0) {
		put(container, "META-INF/evidencerecord.ers", span_of_str("x"));
	} else if (strcmp(what, "text") == 0) {
		put(container, "META-INF/ASiCManifest.txt", span_of_str("x"));
	} else if (strcmp(what, "attribute") == 0) {
		sign(span_of_str(content), &padded, &cms);
		put(container, "META-INF/signature.p7s", buf_span(&cms));
	} else if (strncmp(what, "new ", 4) == 0) {
		put_unknown(container, what);
	} else if (strstr(what, "kind") != NULL) {
		put_kind(container, what);
	} else if (strcmp(what, "bare token") == 0) {
		put_bare_token(container);
	} else if (strcmp(what, "garbage") != 0 &&
	    strcmp(what, "nothing") != 0) {
		sign_otherwise(what, &cms);
		put(container, "META-INF/signature.p7s", buf_span(&cms));
	} else if (strcmp(what, "garbage") == 0) {
		put(container, "META-INF/signature.p7s", span_of_str("x"));
	}
	buf_free(&cms);
}

START_TEST(what_is_not_understood_is_named)
{
	struct container *container = begin();
	struct verdict verdict;
	struct error err = { 0 };
	bool found = false;

	do_besides(container, besides[_i].what);
	ck_ok(verdict_judge_foreign(container, &verdict, &err), err);
	for (size_t i = 0; i < verdict.num_findings; i++)
		found = found ||
		    (verdict.findings[i].code == besides[_i].code &&
			strstr(verdict.findings[i].text, besides[_i].says) !=
			    NULL);
	ck_assert_msg(found, "%s: %s %s", besides[_i].what,
	    finding_name(verdict.findings[verdict.num_findings - 1].code),
	    verdict.findings[verdict.num_findings - 1].text);
	ck_assert_msg(verdict.outcome == besides[_i].outcome, "%s",
	    besides[_i].what);
	verdict_free(&verdict);
	container_free(container);
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_loop_test(t, a_signature_over_a_limit_is_told_as_that, 0,
	    COUNT(rows));
	tcase_add_test(t, timestamps_over_the_limit_are_not_looked_at);
	tcase_add_test(t, a_cms_without_a_signer_is_none);
	tcase_add_test(t, a_broken_signature_is_broken_all_the_same);
	tcase_add_loop_test(t, signatures_and_timestamps_are_counted, 0, 3);
	tcase_add_loop_test(t, what_a_manifest_over_a_limit_names_is_not_missed,
	    0, 2);
	tcase_add_loop_test(t, a_reference_is_compared_by_its_own_digest, 0, 7);
	tcase_add_test(t, a_timestamp_is_of_one_signer);
	tcase_add_test(t, a_timestamp_that_is_broken_is_told);
	tcase_add_loop_test(t, what_is_not_understood_is_named, 0,
	    COUNT(besides));
}

int
main(void)
{
	return run_tests("foreign", fill);
}
