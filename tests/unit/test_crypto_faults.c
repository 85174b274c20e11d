/*
 * What is told when OpenSSL fails, as it does without memory.  These functions
 * replace its own, and fail when a test says so.
 */
#include "unit.h"

#include <dlfcn.h>
#include <stdio.h>
#include <unistd.h>

#include <openssl/cms.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

#include "base/file.h"
#include "journal/note.h"
#include "pki/crl_listing.h"
#include "pki/envelope.h"
#include "pki_fixture.h"

static const char *failing = "";

#define FAULT(name, type, params, args, failed)                                \
	type name params                                                       \
	{                                                                      \
		static type(*real) params;                                     \
                                                                               \
		if (real == NULL)                                              \
			*(void **)&real = dlsym(RTLD_NEXT, #name);             \
		return strcmp(failing, #name) == 0 ? (failed) : real args;     \
	}

FAULT(EVP_Digest, int,
    (const void *data, size_t len, unsigned char *md, unsigned *size,
	const EVP_MD *type, ENGINE *engine),
    (data, len, md, size, type, engine), 0)
FAULT(X509_digest, int,
    (const X509 *x509, const EVP_MD *type, unsigned char *md, unsigned *len),
    (x509, type, md, len), 0)
FAULT(X509_CRL_digest, int,
    (const X509_CRL *crl, const EVP_MD *type, unsigned char *md, unsigned *len),
    (crl, type, md, len), 0)
FAULT(X509_CRL_verify, int, (X509_CRL * crl, EVP_PKEY *key), (crl, key), 0)
FAULT(i2d_X509_CRL, int, (const X509_CRL *crl, unsigned char **out), (crl, out),
    -1)
FAULT(i2d_ASN1_OBJECT, int, (const ASN1_OBJECT *object, unsigned char **out),
    (object, out), -1)
FAULT(X509_NAME_get0_der, int,
    (const X509_NAME *name, const unsigned char **der, size_t *len),
    (name, der, len), 0)
FAULT(EVP_PKEY_CTX_set_ecdh_kdf_md, int, (EVP_PKEY_CTX * ctx, const EVP_MD *md),
    (ctx, md), 0)
FAULT(CMS_dataInit, BIO *, (CMS_ContentInfo * cms, BIO *bio), (cms, bio), NULL)
FAULT(CMS_AuthEnvelopedData_create_ex, CMS_ContentInfo *,
    (const EVP_CIPHER *cipher, OSSL_LIB_CTX *ctx, const char *properties),
    (cipher, ctx, properties), NULL)
FAULT(CMS_dataFinal, int, (CMS_ContentInfo * cms, BIO *bio), (cms, bio), 0)
FAULT(CMS_final, int,
    (CMS_ContentInfo * cms, BIO *data, BIO *content, unsigned flags),
    (cms, data, content, flags), 0)
FAULT(d2i_CMS_ContentInfo, CMS_ContentInfo *,
    (CMS_ContentInfo * *out, const unsigned char **in, long len),
    (out, in, len), NULL)
FAULT(RAND_priv_bytes, int, (unsigned char *out, int len), (out, len), 0)
FAULT(EVP_PKEY_get_raw_public_key, int,
    (const EVP_PKEY *key, unsigned char *out, size_t *len), (key, out, len), 0)
FAULT(EVP_DigestSign, int,
    (EVP_MD_CTX * ctx, unsigned char *out, size_t *len,
	const unsigned char *data, size_t size),
    (ctx, out, len, data, size), 0)
FAULT(X509_REQ_sign, int, (X509_REQ * request, EVP_PKEY *key, const EVP_MD *md),
    (request, key, md), 0)
FAULT(X509_STORE_add_cert, int, (X509_STORE * store, X509 *x509), (store, x509),
    0)
FAULT(PEM_write_bio_X509, int, (BIO * bio, const X509 *x509), (bio, x509), 0)
FAULT(PEM_write_bio_X509_CRL, int, (BIO * bio, const X509_CRL *crl), (bio, crl),
    0)

static struct identity ca, signer, encrypter;
static struct cert_cache *certs;
static const struct span content = { (const uint8_t *)"the manifest", 12 };
static struct buf p7s, list, pem, sealed, out;
static struct crls *crls;
static struct trust *trust;
static struct note_signer journal;
static FILE *file;

static bool
put_sealed(void *arg, struct span bytes, struct error *err)
{
	(void)arg;
	return buf_append(&sealed, bytes, err);
}

static bool
seal(struct error *err)
{
	struct cert *to[1] = { encrypter.cert };
	struct envelope *envelope = envelope_new(to, 1, put_sealed, NULL, err);
	bool ok;

	sealed.len = out.len = 0;
	ok = envelope != NULL && envelope_sink(envelope, content, err) &&
	    envelope_end(envelope, &out, err);
	envelope_free(envelope);
	return ok;
}

static void
set_up(void)
{
	struct error err = { 0 };

	failing = "";
	ca = fixture_ca("CA");
	signer = fixture_signer(&ca, "a@mofa.example", "");
	encrypter = fixture_encrypter(&ca, "a@mofa.example");
	certs = cert_cache_new(&err);
	p7s = list = pem = sealed = out = BUF(LIMIT_SIGNATURE_BYTES);
	ck_ok(cades_sign(&signer, content, COMMITMENT_ORIGIN, 1700000000, &p7s,
		  &err),
	    err);
	fixture_crl(&ca, 1700000000, 1700003600, NULL, 0, &list);
	fixture_pem(ca.cert, &pem);
	crls = crls_new(&err);
	ck_ok(crls_add(crls, buf_span(&list), NULL, &err), err);
	trust = trust_new(&err);
	ck_ok(trust_add_ca(trust, "ca", buf_span(&pem), &err) &&
		note_signer_make("log.test", NOTE_JOURNAL, &journal, &err),
	    err);
	ck_ok(seal(&err), err);
	file = tmpfile();
	ck_ok(file_pwrite(fileno(file), buf_span(&sealed), 0, &err), err);
}

static void
tear_down(void)
{
	failing = "";
	identity_free(&ca);
	identity_free(&signer);
	identity_free(&encrypter);
	cert_cache_free(certs);
	crls_free(crls);
	trust_free(trust);
	buf_free(&p7s);
	buf_free(&list);
	buf_free(&pem);
	buf_free(&sealed);
	buf_free(&out);
	fclose(file);
}

/* --- What is done while they fail. --- */

static bool
do_sign(struct error *err)
{
	out.len = 0;
	return cades_sign(&signer, content, COMMITMENT_ORIGIN, 1700000000, &out,
	    err);
}

static bool
do_verify(struct error *err)
{
	struct cades found = { 0 };
	const bool ok =
	    cades_verify(certs, buf_span(&p7s), content, &found, err);

	cades_free(&found);
	return ok;
}

static bool
do_parse_cert(struct error *err)
{
	struct cert *cert = cert_of_x509(signer.cert->x509, err);
	const bool ok = cert != NULL;

	cert_free(cert);
	return ok;
}

static bool
do_add_list(struct error *err)
{
	return crls_add(crls, buf_span(&list), NULL, err);
}

static bool
do_encode_list(struct error *err)
{
	out.len = 0;
	return crl_encode(crls_at(crls, 0), &out, err);
}

static bool
do_list_pem(struct error *err)
{
	out.len = 0;
	return crl_append_pem(crls_at(crls, 0), &out, err);
}

static bool
do_add_ca(struct error *err)
{
	struct trust *made = trust_new(err);
	const bool ok = trust_add_ca(made, "ca", buf_span(&pem), err);

	trust_free(made);
	return ok;
}

static bool
do_ca_pem(struct error *err)
{
	out.len = 0;
	return trust_append_pem(trust, "ca", &out, err);
}

static bool
do_request(struct error *err)
{
	struct buf key = BUF(10000), request = BUF(10000);
	const bool ok = key_make_request("a", &key, &request, err);

	buf_free(&key);
	buf_free(&request);
	return ok;
}

static bool
do_make_note_key(struct error *err)
{
	struct note_signer made;

	return note_signer_make("log.test", NOTE_JOURNAL, &made, err);
}

static bool
do_sign_note(struct error *err)
{
	uint8_t signature[64];

	return note_sign(&journal, content, signature, err);
}

static bool
put_nowhere(void *arg, struct span bytes, struct error *err)
{
	(void)arg, (void)bytes, (void)err;
	return true;
}

static bool
do_open(struct error *err)
{
	return envelope_open(buf_span(&out), &encrypter, fileno(file), 0,
	    sealed.len, put_nowhere, NULL, err);
}

static const struct {
	const char *failing;
	bool (*act)(struct error *err);
	enum error_kind kind;
} rows[] = {
	{ "CMS_final", do_sign, ERROR_SYSTEM },
	{ "i2d_ASN1_OBJECT", do_sign, ERROR_SYSTEM },
	{ "EVP_Digest", do_verify, ERROR_SYSTEM },
	{ "X509_digest", do_parse_cert, ERROR_SYSTEM },
	{ "X509_CRL_digest", do_add_list, ERROR_SYSTEM },
	{ "i2d_X509_CRL", do_encode_list, ERROR_SYSTEM },
	{ "PEM_write_bio_X509_CRL", do_list_pem, ERROR_SYSTEM },
	{ "X509_STORE_add_cert", do_add_ca, ERROR_SYSTEM },
	{ "PEM_write_bio_X509", do_ca_pem, ERROR_SYSTEM },
	{ "X509_REQ_sign", do_request, ERROR_SYSTEM },
	{ "RAND_priv_bytes", do_make_note_key, ERROR_SYSTEM },
	{ "EVP_PKEY_get_raw_public_key", do_make_note_key, ERROR_SYSTEM },
	{ "EVP_DigestSign", do_sign_note, ERROR_SYSTEM },
	{ "CMS_AuthEnvelopedData_create_ex", seal, ERROR_SYSTEM },
	{ "EVP_PKEY_CTX_set_ecdh_kdf_md", seal, ERROR_SYSTEM },
	{ "CMS_dataInit", seal, ERROR_SYSTEM },
	{ "CMS_dataFinal", seal, ERROR_SYSTEM },
	{ "CMS_dataInit", do_open, ERROR_UNTRUSTED },
	{ "d2i_CMS_ContentInfo", do_open, ERROR_MALFORMED },
};

START_TEST(what_fails_within_openssl_is_told)
{
	struct error err = { 0 };

	ck_ok(rows[_i].act(&err), err);
	failing = rows[_i].failing;
	ck_assert_msg(!rows[_i].act(&err), "%s", failing);
	ck_assert_msg(err.kind == rows[_i].kind, "%s: %d %s", failing, err.kind,
	    err.detail);
	failing = "";
	err = (struct error){ 0 };
	if (rows[_i].act != do_open)
		ck_ok(rows[_i].act(&err), err);
}
END_TEST

/* A list without a digest cannot be told from others, so it lists nobody. */
START_TEST(a_list_without_a_name_is_of_nobody)
{
	struct buf der = BUF(10000);
	struct error err = { 0 };
	struct crl_listing listing;
	struct digest issuer;
	char serial[CERT_SERIAL];

	fixture_crl(&ca, 1700000000, 1700003600, signer.cert, 1600000000, &der);
	ck_ok(crls_add(crls, buf_span(&der), NULL, &err), err);
	ck_assert(cert_issuer_serial(signer.cert, &issuer, serial));
	ck_assert(
	    crl_lists_serial(crls_at(crls, 1), &issuer, serial, &listing));
	ck_assert(
	    !crl_lists_serial(crls_at(crls, 0), &issuer, serial, &listing));
	failing = "X509_NAME_get0_der";
	ck_assert(
	    !crl_lists_serial(crls_at(crls, 1), &issuer, serial, &listing));
	ck_assert(!cert_issuer_serial(signer.cert, &issuer, serial));
	failing = "";
	issuer.bytes[0] ^= 1;
	ck_assert(
	    !crl_lists_serial(crls_at(crls, 1), &issuer, serial, &listing));
	buf_free(&der);
}
END_TEST

/* --- Sealing and opening. --- */

static bool
refuse_all(void *arg, struct span bytes, struct error *err)
{
	(void)arg, (void)bytes;
	return error_set(err, ERROR_CONFLICT, "not taken");
}

START_TEST(what_is_sealed_goes_to_one_or_some)
{
	struct cert *to[ENVELOPE_RECIPIENTS + 1];
	static const size_t nums[] = { 0, 1, ENVELOPE_RECIPIENTS,
		ENVELOPE_RECIPIENTS + 1 };

	for (size_t i = 0; i < COUNT(to); i++)
		to[i] = encrypter.cert;
	for (size_t i = 0; i < COUNT(nums); i++) {
		struct error err = { 0 };
		struct envelope *envelope =
		    envelope_new(to, nums[i], put_sealed, NULL, &err);

		ck_assert_msg((envelope != NULL) ==
			(nums[i] > 0 && nums[i] <= ENVELOPE_RECIPIENTS),
		    "%zu", nums[i]);
		envelope_free(envelope);
	}
}
END_TEST

/* Its key derivation is by SHA-256; OpenSSL's own choice would be SHA-1. */
START_TEST(the_key_is_derived_by_sha256)
{
	/* dhSinglePass-stdDH-sha256kdf-scheme, 1.3.132.1.11.1 (RFC 5753). */
	static const uint8_t scheme[] = { 0x2b, 0x81, 0x04, 0x01, 0x0b, 0x01 };
	struct cert *to[1] = { encrypter.cert };
	struct error err = { 0 };

	ck_assert_ptr_nonnull(
	    memmem(out.data, out.len, scheme, sizeof(scheme)));
	failing = "CMS_dataInit";
	ck_assert_ptr_null(envelope_new(to, 1, put_sealed, NULL, &err));
	ck_assert_int_eq(err.kind, ERROR_SYSTEM);
}
END_TEST

/* What the sink says is what is told, not OpenSSL's. */
START_TEST(a_sink_that_refuses_stops_the_sealing)
{
	static uint8_t large[3000000]; /* more than is held back */
	struct cert *to[1] = { encrypter.cert };
	struct error err = { 0 };
	struct envelope *envelope = envelope_new(to, 1, refuse_all, NULL, &err);
	bool ok;

	ck_assert_ptr_nonnull(envelope);
	ok = envelope_sink(envelope, span_of(large, sizeof(large)), &err);
	ck_assert(!ok);
	ck_assert_int_eq(err.kind, ERROR_CONFLICT);
	out.len = 0;
	err = (struct error){ 0 };
	ck_assert(!envelope_end(envelope, &out, &err));
	ck_assert_int_eq(err.kind, ERROR_CONFLICT);
	envelope_free(envelope);
}
END_TEST

START_TEST(a_header_that_is_none_is_refused)
{
	uint8_t *bytes = calloc(1, LIMIT_SIGNATURE_BYTES + 1);
	const struct buf header = out;
	struct error err = { 0 };

	out = BUF(LIMIT_SIGNATURE_BYTES + 10);
	ck_ok(buf_append(&out, buf_span(&header), &err), err);
	ck_ok(do_open(&err), err);
	ck_ok(buf_append_u8(&out, 0, &err), err);
	ck_assert(!do_open(&err));
	ck_assert_int_eq(err.kind, ERROR_MALFORMED);
	out.len = 0;
	ck_ok(buf_append(&out, buf_span(&p7s), &err), err);
	ck_assert(!do_open(&err)); /* another CMS */
	ck_assert_int_eq(err.kind, ERROR_MALFORMED);
	out.len = 0;
	ck_ok(buf_append(&out, span_of(bytes, LIMIT_SIGNATURE_BYTES), &err),
	    err);
	ck_assert(!do_open(&err));
	ck_assert_int_eq(err.kind, ERROR_MALFORMED);
	ck_ok(buf_append_u8(&out, 0, &err), err);
	ck_assert(!do_open(&err));
	ck_assert_int_eq(err.kind, ERROR_LIMIT);
	free(bytes);
	buf_free(&out);
	out = header;
}
END_TEST

#define NIST_AES "\x60\x86\x48\x01\x65\x03\x04\x01"

/*
 * OpenSSL would take each of these; unwrapping a key by the first writes beyond
 * the room for it.
 */
static const struct {
	const char *bytes;
	size_t len;
	uint8_t last; /* what to put in the place of the last of them */
} forms[] = {
	{ TEXT(NIST_AES "\x2d"), 0x30 },            /* id-aes256-wrap-pad */
	{ TEXT(NIST_AES "\x2d"), 0x05 },            /* id-aes128-wrap */
	{ TEXT(NIST_AES "\x2e"), 0x2a },            /* aes256-CBC */
	{ TEXT("\x2b\x81\x04\x01\x0b\x01"), 0x02 }, /* SHA-384 to derive */
	{ TEXT("\x02\x01\x10"), 0x0c },             /* a shorter tag */
	{ TEXT("\x09\x10\x01\x17"), 0x03 },         /* EnvelopedData */
	{ TEXT("\x0d\x01\x07\x01"), 0x02 },         /* of other content */
};

START_TEST(a_header_of_another_form_is_refused)
{
	struct error err = { 0 };
	uint8_t *at = memmem(out.data, out.len, forms[_i].bytes, forms[_i].len);

	ck_ok(do_open(&err), err);
	ck_assert_ptr_nonnull(at);
	at += forms[_i].len - 1;
	ck_assert_uint_ne(*at, forms[_i].last);
	*at = forms[_i].last;
	ck_assert(!do_open(&err));
	ck_assert_int_eq(err.kind, ERROR_MALFORMED);
}
END_TEST

START_TEST(a_sink_that_refuses_stops_the_opening)
{
	struct error err = { 0 };

	ck_assert(!envelope_open(buf_span(&out), &encrypter, fileno(file), 0,
	    sealed.len, refuse_all, NULL, &err));
	ck_assert_int_eq(err.kind, ERROR_CONFLICT);
	/* There are fewer bytes than it should have. */
	err = (struct error){ 0 };
	ck_assert(!envelope_open(buf_span(&out), &encrypter, fileno(file), 0,
	    sealed.len + 1, put_nowhere, NULL, &err));
	ck_assert_int_eq(err.kind, ERROR_MALFORMED);
	err = (struct error){ 0 };
	ck_assert(!envelope_open(buf_span(&out), &signer, fileno(file), 0,
	    sealed.len, put_nowhere, NULL, &err));
	ck_assert_int_eq(err.kind, ERROR_UNTRUSTED);
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_loop_test(t, what_fails_within_openssl_is_told, 0,
	    COUNT(rows));
	tcase_add_test(t, a_list_without_a_name_is_of_nobody);
	tcase_add_test(t, what_is_sealed_goes_to_one_or_some);
	tcase_add_test(t, the_key_is_derived_by_sha256);
	tcase_add_test(t, a_sink_that_refuses_stops_the_sealing);
	tcase_add_test(t, a_header_that_is_none_is_refused);
	tcase_add_loop_test(t, a_header_of_another_form_is_refused, 0,
	    COUNT(forms));
	tcase_add_test(t, a_sink_that_refuses_stops_the_opening);
}

int
main(void)
{
	return run_tests("crypto-faults", fill);
}
