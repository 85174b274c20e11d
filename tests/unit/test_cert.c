/*
 * Certificates, keys and files of them: what is refused, with each reason.
 */
#include "unit.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/file.h"
#include "pki_fixture.h"

static struct identity ca, person;
static char dir[64];

static void
set_up(void)
{
	snprintf(dir, sizeof(dir), "/tmp/valise-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ca = fixture_ca("CA");
	person = fixture_signer(&ca, "a@mofa.example", "");
}

static void
tear_down(void)
{
	char command[128];

	identity_free(&ca);
	identity_free(&person);
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	ck_assert_int_eq(system(command), 0);
}

static void
der_of(const struct cert *cert, struct buf *out)
{
	unsigned char *der = NULL;
	const int len = i2d_X509(cert->x509, &der);
	struct error err = { 0 };

	ck_ok(buf_append(out, span_of(der, (size_t)len), &err), err);
	OPENSSL_free(der);
}

/* --- The content of a certificate. --- */

static const struct {
	const char *names, *email; /* email NULL: it is refused */
	const char *says;
} emails[] = {
	{ "email:a@mofa.example", "a@mofa.example", NULL },
	{ "DNS:mofa.example", "", NULL },
	{ "DNS:mofa.example,email:a@mofa.example", "a@mofa.example", NULL },
	{ "email:a@mofa.example,email:b@mofa.example", NULL,
	    "two rfc822Names" },
	{ "email:a@mofa.example,email:a@mofa.example", NULL,
	    "two rfc822Names" },
	{ "email:A@mofa.example", NULL, "is not an e-mail address" },
	{ "email:mofa.example", NULL, "is not an e-mail address" },
	{ "email:a b@mofa.example", NULL, "is not an e-mail address" },
};

START_TEST(a_certificate_is_of_one_person_at_most)
{
	X509 *x509 = X509_dup(person.cert->x509);
	struct error err = { 0 };
	struct cert *cert;
	X509_EXTENSION *ext;

	X509_EXTENSION_free(X509_delete_ext(x509,
	    X509_get_ext_by_NID(x509, NID_subject_alt_name, -1)));
	ext = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name,
	    emails[_i].names);
	ck_assert_int_eq(X509_add_ext(x509, ext, -1), 1);
	cert = cert_of_x509(x509, &err);
	if (emails[_i].email != NULL) {
		ck_assert_msg(cert != NULL, "%s", err.detail);
		ck_assert_str_eq(cert->email, emails[_i].email);
	} else {
		ck_assert_ptr_null(cert);
		ck_assert_int_eq(err.kind, ERROR_MALFORMED);
		ck_assert_msg(strstr(err.detail, emails[_i].says) != NULL, "%s",
		    err.detail);
	}
	cert_free(cert);
	X509_EXTENSION_free(ext);
	X509_free(x509);
}
END_TEST

START_TEST(a_certificate_has_times)
{
	for (unsigned end = 0; end < 2; end++) {
		X509 *x509 = X509_dup(person.cert->x509);
		struct error err = { 0 };

		ASN1_STRING_set(end == 0 ? X509_getm_notBefore(x509)
					 : X509_getm_notAfter(x509),
		    "no time", -1);
		ck_assert_ptr_null(cert_of_x509(x509, &err));
		ck_assert_int_eq(err.kind, ERROR_MALFORMED);
		ck_assert_ptr_nonnull(strstr(err.detail, "validity"));
		X509_free(x509);
	}
}
END_TEST

/* The OID of P-256; its last byte names another curve, of nobody. */
START_TEST(a_certificate_of_an_unknown_key_is_refused)
{
	static const uint8_t curve[] = { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03,
		0x01, 0x07 };
	struct buf der = BUF(LIMIT_CERT_BYTES);
	struct error err = { 0 };
	uint8_t *at;

	der_of(person.cert, &der);
	at = memmem(der.data, der.len, curve, sizeof(curve));
	ck_assert_ptr_nonnull(at);
	at[sizeof(curve) - 1] = 0x7f;
	ck_assert_ptr_null(cert_parse(buf_span(&der), &err));
	ck_assert_int_eq(err.kind, ERROR_MALFORMED);
	ck_assert_ptr_nonnull(strstr(err.detail, "public key"));
	buf_free(&der);
}
END_TEST

START_TEST(a_certificate_is_one_and_nothing_more)
{
	static uint8_t large[LIMIT_CERT_BYTES + 1];
	struct cert_cache *cache;
	struct buf der = BUF(LIMIT_CERT_BYTES), loose = BUF(LIMIT_CERT_BYTES);
	struct error err = { 0 };
	struct cert *cert, *again;

	der_of(person.cert, &der);
	cert = cert_parse(buf_span(&der), &err);
	ck_assert_ptr_nonnull(cert);
	cert_free(cert);
	ck_assert_ptr_null(cert_parse(span_of(der.data, der.len - 1), &err));
	ck_assert_int_eq(err.kind, ERROR_MALFORMED);
	ck_assert_ptr_null(strstr(err.detail, "bytes follow"));
	ck_ok(buf_append_u8(&der, 0, &err), err);
	ck_assert_ptr_null(cert_parse(buf_span(&der), &err));
	ck_assert_ptr_nonnull(strstr(err.detail, "bytes follow"));
	der.len--;
	ck_assert_ptr_null(cert_parse(span_of(large, LIMIT_CERT_BYTES), &err));
	ck_assert_int_eq(err.kind, ERROR_MALFORMED);
	ck_assert_ptr_null(cert_parse(span_of(large, sizeof(large)), &err));
	ck_assert_int_eq(err.kind, ERROR_LIMIT);
	/* The same with a length of one byte more than it needs. */
	ck_assert_uint_eq(der.data[1], 0x82);
	ck_ok(buf_append(&loose, span_of("\x30\x83\0", 3), &err) &&
		buf_append(&loose, span_of(der.data + 2, der.len - 2), &err),
	    err);
	cache = cert_cache_new(&err);
	ck_assert_ptr_null(cert_cache_get(cache, buf_span(&loose), &err));
	ck_assert_ptr_nonnull(strstr(err.detail, "is not DER"));
	ck_assert_ptr_null(cert_cache_get(cache, span_of("x", 1), &err));
	cert = cert_cache_get(cache, buf_span(&der), &err);
	ck_assert_ptr_nonnull(cert);
	/* The very one, the second time. */
	again = cert_cache_get(cache, buf_span(&der), &err);
	ck_assert_ptr_eq(again, cert);
	cert_free(cert);
	cert_free(again);
	cert_cache_free(cache);
	buf_free(&der);
	buf_free(&loose);
}
END_TEST

/* --- PEM. --- */

START_TEST(a_block_that_is_no_certificate_is_told)
{
	struct buf pem = BUF(10000);
	struct cert *cert;
	struct error err = { 0 };
	struct span rest;

	ck_assert_ptr_null(cert_parse_pem(span_of_str("x"), &err));
	ck_assert_int_eq(err.kind, ERROR_MALFORMED);
	fixture_pem(person.cert, &pem);
	ck_ok(buf_append_str(&pem,
		  "-----BEGIN CERTIFICATE-----\nQUJD\n"
		  "-----END CERTIFICATE-----\n",
		  &err),
	    err);
	rest = buf_span(&pem);
	ck_ok(cert_take_pem(&rest, &cert, &err), err);
	ck_assert_ptr_nonnull(cert);
	cert_free(cert);
	ck_assert(!cert_take_pem(&rest, &cert, &err));
	ck_assert_ptr_nonnull(strstr(err.detail, "no certificate"));
	rest = span_of_str("nothing\n");
	err = (struct error){ 0 };
	ck_ok(cert_take_pem(&rest, &cert, &err), err);
	ck_assert_ptr_null(cert);
	buf_free(&pem);
}
END_TEST

/* --- Keys. --- */

static void
put_file(const char *name, const char *text, char path[FILE_PATH])
{
	struct error err = { 0 };

	ck_ok(file_join(path, dir, name, &err) &&
		file_write(path, span_of_str(text), 0600, &err),
	    err);
}

/* Put a key into a file, encrypted with a password or not. */
static void
put_key(EVP_PKEY *key, bool encrypted, char path[FILE_PATH])
{
	BIO *bio = BIO_new(BIO_s_mem());
	char text[10000], *data;
	long len;

	PEM_write_bio_PrivateKey(bio, key, encrypted ? EVP_aes_256_cbc() : NULL,
	    NULL, 0, NULL, encrypted ? (void *)(uintptr_t) "word" : NULL);
	len = BIO_get_mem_data(bio, &data);
	snprintf(text, sizeof(text), "%.*s", (int)len, data);
	put_file("key", text, path);
	BIO_free(bio);
}

/* A private_rule's secret: the second word is the right one. */
static bool
give_word(void *arg, const char *path, unsigned attempt,
    char out[PRIVATE_SECRET], struct error *err)
{
	unsigned *asked = arg;

	(void)path;
	(void)err;
	*asked = attempt + 1;
	snprintf(out, PRIVATE_SECRET, "%s", attempt == 0 ? "wrong" : "word");
	return true;
}

START_TEST(an_identity_is_a_certificate_and_its_key)
{
	unsigned asked = 0;
	const struct private_rule asks = { .secret = give_word, .arg = &asked };
	char cert[FILE_PATH], key[FILE_PATH], none[FILE_PATH];
	struct buf pem = BUF(10000);
	const struct private_rule rule = { .insecure = false };
	struct identity out;
	struct error err = { 0 };

	fixture_pem(person.cert, &pem);
	ck_ok(buf_append_u8(&pem, 0, &err) &&
		file_join(none, dir, "none", &err),
	    err);
	put_file("cert", (const char *)pem.data, cert);
	put_key(person.key, false, key);
	ck_ok(identity_load(cert, key, &rule, &out, &err), err);
	ck_assert_str_eq(out.cert->email, "a@mofa.example");
	identity_free(&out);
	ck_assert(!identity_load(none, key, &rule, &out, &err));
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	ck_assert(!identity_load(cert, none, &rule, &out, &err));
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	ck_assert(!identity_load(key, key, &rule, &out, &err));
	ck_assert_int_eq(err.kind, ERROR_MALFORMED);
	ck_assert_ptr_nonnull(strstr(err.detail, key));
	ck_assert(!identity_load(cert, cert, &rule, &out, &err));
	ck_assert_ptr_nonnull(strstr(err.detail, "not its private key"));
	/* The password is not asked for. */
	put_key(person.key, true, key);
	ck_assert(!identity_load(cert, key, &rule, &out, &err));
	ck_assert_ptr_nonnull(strstr(err.detail, "is encrypted"));
	/* It is, where there is somebody to ask. */
	err = (struct error){ 0 };
	ck_ok(identity_load(cert, key, &asks, &out, &err), err);
	ck_assert_uint_eq(asked, 2);
	identity_free(&out);
	put_key(ca.key, false, key);
	ck_assert(!identity_load(cert, key, &rule, &out, &err));
	ck_assert_int_eq(err.kind, ERROR_UNTRUSTED);
	ck_assert_ptr_nonnull(strstr(err.detail, "is not the key of"));
	put_key(person.key, false, key);
	ck_assert_int_eq(chmod(key, 0604), 0);
	ck_assert(!identity_load(cert, key, &rule, &out, &err));
	ck_assert_ptr_nonnull(strstr(err.detail, "others may read"));
	buf_free(&pem);
}
END_TEST

START_TEST(a_serial_number_that_is_too_long_is_not_told)
{
	for (unsigned digits = CERT_SERIAL - 2; digits <= CERT_SERIAL;
	     digits += 2) {
		X509 *x509 = X509_dup(person.cert->x509);
		char hex[CERT_SERIAL + 1], serial[CERT_SERIAL];
		struct error err = { 0 };
		struct digest issuer;
		struct cert *cert;
		BIGNUM *number = NULL;

		memset(hex, '7', sizeof(hex));
		hex[digits] = '\0';
		BN_hex2bn(&number, hex);
		BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x509));
		cert = cert_of_x509(x509, &err);
		ck_assert_msg(cert != NULL, "%s", err.detail);
		ck_assert(cert_issuer_serial(cert, &issuer, serial) ==
		    (digits < CERT_SERIAL));
		cert_free(cert);
		BN_free(number);
		X509_free(x509);
	}
}
END_TEST

/* --- CAs. --- */

START_TEST(a_ca_has_a_name_of_its_own_and_certificates)
{
	struct buf pem = BUF(100000);
	struct error err = { 0 };
	struct trust *trust = trust_new(&err);

	fixture_pem(ca.cert, &pem);
	ck_ok(trust_add_ca(trust, "one", buf_span(&pem), &err), err);
	ck_assert(!trust_add_ca(trust, "one", buf_span(&pem), &err));
	ck_assert_int_eq(err.kind, ERROR_UNTRUSTED);
	ck_assert_ptr_nonnull(strstr(err.detail, "there already"));
	err = (struct error){ 0 };
	ck_assert(!trust_add_ca(trust, "two", span_of_str("x\n"), &err));
	ck_assert_int_eq(err.kind, ERROR_MALFORMED);
	ck_assert_ptr_nonnull(strstr(err.detail, "no certificate in it"));
	/*
	 * A person's certificate, though its keyUsage allows signing
	 * certificates.
	 */
	{
		struct identity one = fixture_issue(&ca,
		    &(struct fixture_cert){ .email = "a@mofa.example",
			.key_usage = "critical,keyCertSign,cRLSign" });
		struct buf other = BUF(10000);

		fixture_pem(one.cert, &other);
		err = (struct error){ 0 };
		ck_assert(!trust_add_ca(trust, "two", buf_span(&other), &err));
		ck_assert_int_eq(err.kind, ERROR_UNTRUSTED);
		ck_assert_ptr_nonnull(strstr(err.detail, "not a CA's"));
		identity_free(&one);
		buf_free(&other);
	}
	/* One that is good, and then a block that is none. */
	err = (struct error){ 0 };
	ck_ok(buf_append_str(&pem,
		  "-----BEGIN CERTIFICATE-----\nQUJD\n"
		  "-----END CERTIFICATE-----\n",
		  &err),
	    err);
	ck_assert(!trust_add_ca(trust, "two", buf_span(&pem), &err));
	ck_assert_int_eq(err.kind, ERROR_MALFORMED);
	ck_assert_ptr_null(trust_ca(trust, "two"));
	trust_free(trust);
	buf_free(&pem);
}
END_TEST

START_TEST(there_are_so_many_cas_and_no_more)
{
	struct buf pem = BUF(100000);
	struct error err = { 0 };
	struct trust *trust = trust_new(&err);
	char name[20];

	for (unsigned i = 0; i < LIMIT_CA_CERTS; i++)
		fixture_pem(ca.cert, &pem);
	ck_ok(trust_add_ca(trust, "many", buf_span(&pem), &err), err);
	fixture_pem(ca.cert, &pem);
	ck_assert(!trust_add_ca(trust, "more", buf_span(&pem), &err));
	ck_assert_int_eq(err.kind, ERROR_LIMIT);
	pem.len = 0;
	fixture_pem(ca.cert, &pem);
	err = (struct error){ 0 };
	for (unsigned i = 1; i < LIMIT_OFFICES; i++) {
		snprintf(name, sizeof(name), "ca%u", i);
		ck_ok(trust_add_ca(trust, name, buf_span(&pem), &err), err);
	}
	ck_assert(!trust_add_ca(trust, "last", buf_span(&pem), &err));
	ck_assert_int_eq(err.kind, ERROR_LIMIT);
	trust_free(trust);
	buf_free(&pem);
}
END_TEST

START_TEST(a_ca_without_a_list_has_no_dates)
{
	struct buf pem = BUF(10000), der = BUF(10000);
	struct error err = { 0 };
	struct trust *trust = trust_new(&err);
	struct crls *crls = crls_new(&err);
	int64_t at = 42;

	fixture_pem(ca.cert, &pem);
	ck_ok(trust_add_ca(trust, "one", buf_span(&pem), &err), err);
	ck_assert(!trust_this_update(trust, "one", crls, &at));
	ck_assert(!trust_next_update(trust, "one", crls, INT64_MAX, &at));
	ck_assert_int_eq(at, 42);
	fixture_crl(&ca, 1700000000, 1700003600, NULL, 0, &der);
	ck_ok(crls_add(crls, buf_span(&der), NULL, &err), err);
	ck_assert(trust_this_update(trust, "one", crls, &at));
	ck_assert_int_eq(at, 1700000000);
	ck_assert(trust_next_update(trust, "one", crls, INT64_MAX, &at));
	ck_assert_int_eq(at, 1700003600);
	/* One that was made later is not asked, nor is it the newest. */
	ck_assert(!trust_next_update(trust, "one", crls, 1699999999, &at));
	ck_assert_ptr_null(trust_newest(trust, "one", crls, 1699999999));
	ck_assert_ptr_eq(trust_newest(trust, "one", crls, 1700000000),
	    crls_at(crls, 0));
	ck_assert(!trust_next_update(trust, "two", crls, INT64_MAX, &at));
	trust_free(trust);
	crls_free(crls);
	buf_free(&pem);
	buf_free(&der);
}
END_TEST

/* --- Revocation lists, one extension at a time. --- */

static X509_CRL *
good_list(void)
{
	struct buf der = BUF(10000);
	const unsigned char *p;
	X509_CRL *crl;

	fixture_list(&(struct fixture_list){ .ca = &ca,
			 .this_at = 1700000000,
			 .next_at = 1700003600 },
	    &der);
	p = der.data;
	crl = d2i_X509_CRL(NULL, &p, (long)der.len);
	ck_assert_ptr_nonnull(crl);
	buf_free(&der);
	return crl;
}

static void
add_raw(X509_CRL *crl, const char *oid, const char *value, size_t len)
{
	ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
	ASN1_OCTET_STRING *string = ASN1_OCTET_STRING_new();
	X509_EXTENSION *ext;

	ASN1_OCTET_STRING_set(string, (const unsigned char *)value, (int)len);
	ext = X509_EXTENSION_create_by_OBJ(NULL, object, 1, string);
	ck_assert_int_eq(X509_CRL_add_ext(crl, ext, -1), 1);
	X509_EXTENSION_free(ext);
	ASN1_OCTET_STRING_free(string);
	ASN1_OBJECT_free(object);
}

#define NUMBER  "2.5.29.20"
#define EXPIRED "2.5.29.60"
#define SCOPE   "2.5.29.28"
#define TWENTY                                                                 \
	"\x7f"                                                                 \
	"2345678901234567890"

static const struct {
	const char *says; /* NULL: it is good */
	const char *oid, *value;
	size_t len;
	unsigned times;
} extensions[] = {
	{ NULL, NUMBER, "\2\1\5", 3, 1 },
	{ NULL, NUMBER, "\2\x14" TWENTY, 22, 1 },
	{ "number is over", NUMBER, "\2\x15\1" TWENTY, 23, 1 },
	{ "number is over", NUMBER, "\2\1\xff", 3, 1 },
	{ NULL, EXPIRED,
	    "\x18\x0f"
	    "20200101000000Z",
	    17, 1 },
	{ "expiredCertsOnCRL", EXPIRED,
	    "\x18\x01"
	    "2",
	    3, 1 },
	{ "expiredCertsOnCRL", EXPIRED, "\5\0", 2, 1 },
	{ NULL, SCOPE, "\x30\3\x81\1\xff", 5, 1 },
	{ "does not parse", SCOPE, "\5\0", 2, 1 },
	{ "is there twice", SCOPE, "\x30\3\x81\1\xff", 5, 2 },
	{ "an indirect one", SCOPE, "\x30\3\x84\1\xff", 5, 1 },
};

START_TEST(a_list_is_read_strictly)
{
	X509_CRL *x509 = good_list();
	unsigned char *der = NULL;
	struct error err = { 0 };
	struct crls *crls = crls_new(&err);
	bool good;
	int len;

	for (unsigned i = 0; i < extensions[_i].times; i++)
		add_raw(x509, extensions[_i].oid, extensions[_i].value,
		    extensions[_i].len);
	X509_CRL_sign(x509, ca.key, EVP_sha256());
	len = i2d_X509_CRL(x509, &der);
	good = crls_add(crls, span_of(der, (size_t)len), NULL, &err);
	ck_assert_msg(good == (extensions[_i].says == NULL), "%d: %s", _i,
	    err.detail);
	if (!good) {
		ck_assert_int_eq(err.kind, ERROR_MALFORMED);
		ck_assert_msg(strstr(err.detail, extensions[_i].says) != NULL,
		    "%d: %s", _i, err.detail);
		ck_assert_uint_eq(crls_count(crls), 0);
	}
	OPENSSL_free(der);
	X509_CRL_free(x509);
	crls_free(crls);
}
END_TEST

START_TEST(a_list_has_both_its_times)
{
	for (unsigned which = 0; which < 2; which++) {
		X509_CRL *x509 = good_list();
		ASN1_TIME *time = ASN1_TIME_new();
		unsigned char *der = NULL;
		struct error err = { 0 };
		struct crls *crls = crls_new(&err);
		int len;

		/* A date that no calendar has: the 32nd of a month. */
		ASN1_TIME_set(time, 1700000000);
		ASN1_STRING_set(time, "250132000000Z", -1);
		if (which == 0)
			X509_CRL_set1_lastUpdate(x509, time);
		else
			X509_CRL_set1_nextUpdate(x509, time);
		X509_CRL_sign(x509, ca.key, EVP_sha256());
		len = i2d_X509_CRL(x509, &der);
		ck_assert_int_gt(len, 0);
		ck_assert(
		    !crls_add(crls, span_of(der, (size_t)len), NULL, &err));
		ck_assert_int_eq(err.kind, ERROR_MALFORMED);
		OPENSSL_free(der);
		ASN1_TIME_free(time);
		X509_CRL_free(x509);
		crls_free(crls);
	}
}
END_TEST

START_TEST(a_list_is_one_and_nothing_more)
{
	uint8_t *large = calloc(1, LIMIT_CRL_BYTES + 1);
	struct buf der = BUF(10000);
	struct error err = { 0 };
	struct crls *crls = crls_new(&err);

	fixture_crl(&ca, 1700000000, 1700003600, NULL, 0, &der);
	ck_ok(buf_append_u8(&der, 0, &err), err);
	ck_assert(!crls_add(crls, buf_span(&der), NULL, &err));
	ck_assert_int_eq(err.kind, ERROR_MALFORMED);
	ck_assert(!crls_add(crls, span_of(large, LIMIT_CRL_BYTES), NULL, &err));
	ck_assert_int_eq(err.kind, ERROR_MALFORMED);
	ck_assert(
	    !crls_add(crls, span_of(large, LIMIT_CRL_BYTES + 1), NULL, &err));
	ck_assert_int_eq(err.kind, ERROR_LIMIT);
	ck_assert_uint_eq(crls_count(crls), 0);
	crls_free(crls);
	buf_free(&der);
	free(large);
}
END_TEST

static void
fill_tests(TCase *t)
{
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_loop_test(t, a_certificate_is_of_one_person_at_most, 0,
	    COUNT(emails));
	tcase_add_test(t, a_certificate_has_times);
	tcase_add_test(t, a_certificate_of_an_unknown_key_is_refused);
	tcase_add_test(t, a_certificate_is_one_and_nothing_more);
	tcase_add_test(t, a_block_that_is_no_certificate_is_told);
	tcase_add_test(t, an_identity_is_a_certificate_and_its_key);
	tcase_add_test(t, a_serial_number_that_is_too_long_is_not_told);
	tcase_add_test(t, a_ca_has_a_name_of_its_own_and_certificates);
	tcase_add_test(t, there_are_so_many_cas_and_no_more);
	tcase_add_test(t, a_ca_without_a_list_has_no_dates);
	tcase_add_loop_test(t, a_list_is_read_strictly, 0, COUNT(extensions));
	tcase_add_test(t, a_list_has_both_its_times);
	tcase_add_test(t, a_list_is_one_and_nothing_more);
}

int
main(void)
{
	return run_tests("certificates", fill_tests);
}
