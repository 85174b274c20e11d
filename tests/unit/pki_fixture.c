/*
 * Certificates, keys and CRLs made on the spot (pki_fixture.h).
 */
#include "pki_fixture.h"

#include <assert.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

static long serial = 100;

/*
 * Make a key for "PSS-3072", or for "PSS-3072-SHA384", which allows that digest
 * only.
 */
static EVP_PKEY *
make_pss(const char *kind)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);
	const char *digest = strchr(kind + 4, '-');
	EVP_PKEY *key = NULL;

	assert(EVP_PKEY_keygen_init(ctx) == 1);
	EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, (int)strtol(kind + 4, NULL, 10));
	if (digest != NULL) {
		const EVP_MD *md = EVP_get_digestbyname(digest + 1);

		EVP_PKEY_CTX_set_rsa_pss_keygen_md(ctx, md);
		EVP_PKEY_CTX_set_rsa_pss_keygen_mgf1_md(ctx, md);
		EVP_PKEY_CTX_set_rsa_pss_keygen_saltlen(ctx,
		    EVP_MD_get_size(md));
	}
	assert(EVP_PKEY_generate(ctx, &key) == 1);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static EVP_PKEY *
make_key(const char *kind)
{
	EVP_PKEY *key;

	if (strncmp(kind, "RSA-", 4) == 0)
		key = EVP_RSA_gen((unsigned)strtoul(kind + 4, NULL, 10));
	else if (strncmp(kind, "PSS-", 4) == 0)
		key = make_pss(kind);
	else if (strcmp(kind, "ED25519") == 0)
		key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	else
		key = EVP_EC_gen(kind);
	assert(key != NULL);
	return key;
}

static void
add_extension(X509 *x509, X509 *issuer, const char *name, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *extension;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, issuer, x509, NULL, NULL, 0);
	extension = X509V3_EXT_conf(NULL, &ctx, name, value);
	assert(extension != NULL);
	X509_add_ext(x509, extension, -1);
	X509_EXTENSION_free(extension);
}

static X509 *
begin_cert(const char *cn, const char *unit, EVP_PKEY *key, long number,
    int64_t from, int64_t until)
{
	X509 *x509 = X509_new();
	X509_NAME *name = X509_get_subject_name(x509);

	X509_set_version(x509, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x509), number);
	ASN1_TIME_set(X509_getm_notBefore(x509), (time_t)from);
	ASN1_TIME_set(X509_getm_notAfter(x509), (time_t)until);
	X509_set_pubkey(x509, key);
	if (unit != NULL && unit[0] != '\0')
		X509_NAME_add_entry_by_txt(name, "OU", MBSTRING_UTF8,
		    (const unsigned char *)unit, -1, -1, 0);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
	    (const unsigned char *)cn, -1, -1, 0);
	return x509;
}

static struct identity
finish_cert(X509 *x509, EVP_PKEY *key, EVP_PKEY *issuer_key)
{
	struct identity identity = { .key = key };
	struct error err = { 0 };

	assert(X509_sign(x509, issuer_key, EVP_sha256()) > 0);
	/* Parse it from DER, as a certificate from outside. */
	identity.cert = cert_of_x509(x509, &err);
	assert(identity.cert != NULL || err.detail[0] != '\0');
	X509_free(x509);
	return identity;
}

struct identity
fixture_ca(const char *name)
{
	EVP_PKEY *key = make_key("P-256");
	X509 *x509 =
	    begin_cert(name, NULL, key, ++serial, FIXTURE_FROM, FIXTURE_UNTIL);

	X509_set_issuer_name(x509, X509_get_subject_name(x509));
	add_extension(x509, x509, "basicConstraints", "critical,CA:TRUE");
	add_extension(x509, x509, "keyUsage", "critical,keyCertSign,cRLSign");
	add_extension(x509, x509, "subjectKeyIdentifier", "hash");
	return finish_cert(x509, key, key);
}

struct identity
fixture_issue(const struct identity *ca, const struct fixture_cert *what)
{
	EVP_PKEY *key = what->with_key;
	char email[300];
	X509 *x509;

	if (key != NULL)
		EVP_PKEY_up_ref(key);
	else
		key = make_key(what->key != NULL ? what->key : "P-256");
	x509 = begin_cert(what->email, what->unit, key,
	    what->serial != 0 ? what->serial : ++serial,
	    what->from_at != 0 ? what->from_at : FIXTURE_FROM,
	    what->until_at != 0 ? what->until_at : FIXTURE_UNTIL);
	X509_set_issuer_name(x509, X509_get_subject_name(ca->cert->x509));
	add_extension(x509, ca->cert->x509, "basicConstraints",
	    "critical,CA:FALSE");
	if (what->key_usage != NULL)
		add_extension(x509, ca->cert->x509, "keyUsage",
		    what->key_usage);
	if (what->extended != NULL)
		add_extension(x509, ca->cert->x509, "extendedKeyUsage",
		    what->extended);
	if (what->points != NULL)
		add_extension(x509, ca->cert->x509, "crlDistributionPoints",
		    what->points);
	snprintf(email, sizeof(email), "email:%s", what->email);
	add_extension(x509, ca->cert->x509, "subjectAltName",
	    what->names != NULL ? what->names : email);
	add_extension(x509, ca->cert->x509, "subjectKeyIdentifier", "hash");
	add_extension(x509, ca->cert->x509, "authorityKeyIdentifier", "keyid");
	return finish_cert(x509, key, ca->key);
}

struct identity
fixture_signer(const struct identity *ca, const char *email, const char *unit)
{
	return fixture_issue(ca,
	    &(struct fixture_cert){ .email = email,
		.unit = unit,
		.key_usage = "critical,nonRepudiation" });
}

struct identity
fixture_encrypter(const struct identity *ca, const char *email)
{
	return fixture_issue(ca,
	    &(struct fixture_cert){ .email = email,
		.key_usage = "critical,keyAgreement" });
}

struct identity
fixture_connector(const struct identity *ca, const char *email,
    const char *unit)
{
	return fixture_issue(ca,
	    &(struct fixture_cert){ .email = email,
		.unit = unit,
		.key_usage = "critical,digitalSignature",
		.extended = "clientAuth" });
}

void
fixture_crl(const struct identity *ca, int64_t this_at, int64_t next_at,
    const struct cert *revoked, int64_t revoked_at, struct buf *out)
{
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *time = ASN1_TIME_new();
	unsigned char *der = NULL;
	struct error err = { 0 };
	int len;
	bool ok;

	X509_CRL_set_version(crl, X509_CRL_VERSION_2);
	X509_CRL_set_issuer_name(crl, X509_get_subject_name(ca->cert->x509));
	ASN1_TIME_set(time, (time_t)this_at);
	X509_CRL_set1_lastUpdate(crl, time);
	ASN1_TIME_set(time, (time_t)next_at);
	X509_CRL_set1_nextUpdate(crl, time);
	if (revoked != NULL) {
		X509_REVOKED *entry = X509_REVOKED_new();

		ASN1_INTEGER *number =
		    ASN1_INTEGER_dup(X509_get0_serialNumber(revoked->x509));

		X509_REVOKED_set_serialNumber(entry, number);
		ASN1_INTEGER_free(number);
		ASN1_TIME_set(time, (time_t)revoked_at);
		X509_REVOKED_set_revocationDate(entry, time);
		X509_CRL_add0_revoked(crl, entry);
	}
	X509_CRL_sort(crl);
	assert(X509_CRL_sign(crl, ca->key, EVP_sha256()) > 0);
	len = i2d_X509_CRL(crl, &der);
	ok = buf_append(out, span_of(der, (size_t)len), &err);
	assert(ok);
	OPENSSL_free(der);
	ASN1_TIME_free(time);
	X509_CRL_free(crl);
}

/* A critical extension that no program knows. */
static X509_EXTENSION *
strange_extension(void)
{
	ASN1_OBJECT *object = OBJ_txt2obj("1.2.3.4.5", 1);
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	X509_EXTENSION *ext;

	ASN1_OCTET_STRING_set(value, (const unsigned char *)"\5\0", 2);
	ext = X509_EXTENSION_create_by_OBJ(NULL, object, 1, value);
	ASN1_OCTET_STRING_free(value);
	ASN1_OBJECT_free(object);
	return ext;
}

static void
add_list_extension(X509_CRL *crl, X509_EXTENSION *ext)
{
	assert(ext != NULL && X509_CRL_add_ext(crl, ext, -1) == 1);
	X509_EXTENSION_free(ext);
}

static void
add_number(X509_CRL *crl, int nid, long value, bool critical)
{
	ASN1_INTEGER *number = ASN1_INTEGER_new();

	ASN1_INTEGER_set(number, value);
	assert(X509_CRL_add1_ext_i2d(crl, nid, number, critical, 0) == 1);
	ASN1_INTEGER_free(number);
}

static void
add_expired(X509_CRL *crl, int64_t at)
{
	ASN1_GENERALIZEDTIME *time = ASN1_GENERALIZEDTIME_set(NULL, (time_t)at);
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	ASN1_OBJECT *object = OBJ_txt2obj("2.5.29.60", 1);
	unsigned char *der = NULL;
	const int len = i2d_ASN1_GENERALIZEDTIME(time, &der);

	ASN1_OCTET_STRING_set(value, der, len);
	add_list_extension(crl,
	    X509_EXTENSION_create_by_OBJ(NULL, object, 0, value));
	OPENSSL_free(der);
	ASN1_OBJECT_free(object);
	ASN1_OCTET_STRING_free(value);
	ASN1_GENERALIZEDTIME_free(time);
}

static void
add_revoked(X509_CRL *crl, const struct cert *cert, int64_t at, int reason,
    int64_t invalid_at, bool is_strange)
{
	X509_REVOKED *entry = X509_REVOKED_new();
	ASN1_INTEGER *number =
	    ASN1_INTEGER_dup(X509_get0_serialNumber(cert->x509));
	ASN1_TIME *time = ASN1_TIME_set(NULL, (time_t)at);
	ASN1_ENUMERATED *code = ASN1_ENUMERATED_new();
	ASN1_GENERALIZEDTIME *invalid =
	    ASN1_GENERALIZEDTIME_set(NULL, (time_t)invalid_at);

	X509_REVOKED_set_serialNumber(entry, number);
	X509_REVOKED_set_revocationDate(entry, time);
	ASN1_ENUMERATED_set(code, reason);
	if (reason != 0)
		X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, code, 0, 0);
	if (invalid_at != 0)
		X509_REVOKED_add1_ext_i2d(entry, NID_invalidity_date, invalid,
		    0, 0);
	if (is_strange) {
		X509_EXTENSION *ext = strange_extension();

		X509_REVOKED_add_ext(entry, ext, -1);
		X509_EXTENSION_free(ext);
	}
	X509_CRL_add0_revoked(crl, entry);
	ASN1_INTEGER_free(number);
	ASN1_TIME_free(time);
	ASN1_ENUMERATED_free(code);
	ASN1_GENERALIZEDTIME_free(invalid);
}

void
fixture_list(const struct fixture_list *what, struct buf *out)
{
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *time = ASN1_TIME_new();
	unsigned char *der = NULL;
	struct error err = { 0 };
	X509V3_CTX ctx;
	int len;
	bool ok;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, what->ca->cert->x509, NULL, NULL, crl, 0);
	X509_CRL_set_version(crl, X509_CRL_VERSION_2);
	X509_CRL_set_issuer_name(crl,
	    X509_get_subject_name(what->ca->cert->x509));
	ASN1_TIME_set(time, (time_t)what->this_at);
	X509_CRL_set1_lastUpdate(crl, time);
	ASN1_TIME_set(time, (time_t)what->next_at);
	X509_CRL_set1_nextUpdate(crl, time);
	if (what->number != 0)
		add_number(crl, NID_crl_number, what->number, false);
	if (what->scope != NULL)
		add_list_extension(crl,
		    X509V3_EXT_conf_nid(NULL, &ctx,
			NID_issuing_distribution_point, what->scope));
	if (what->is_delta)
		add_number(crl, NID_delta_crl, 1, true);
	if (what->is_strange)
		add_list_extension(crl, strange_extension());
	if (what->expired_at != 0)
		add_expired(crl, what->expired_at);
	for (size_t i = 0; i < 3; i++)
		if (what->revoked[i].cert != NULL)
			add_revoked(crl, what->revoked[i].cert,
			    what->revoked[i].at, what->revoked[i].reason,
			    what->revoked[i].invalid_at,
			    what->revoked[i].is_strange);
	if (!what->is_unsorted)
		X509_CRL_sort(crl);
	assert(X509_CRL_sign(crl, what->ca->key, EVP_sha256()) > 0);
	len = i2d_X509_CRL(crl, &der);
	ok = buf_append(out, span_of(der, (size_t)len), &err);
	assert(ok);
	OPENSSL_free(der);
	ASN1_TIME_free(time);
	X509_CRL_free(crl);
}

void
fixture_pem(const struct cert *cert, struct buf *out)
{
	BIO *bio = BIO_new(BIO_s_mem());
	struct error err = { 0 };
	char *data;
	long len;
	bool ok;

	PEM_write_bio_X509(bio, cert->x509);
	len = BIO_get_mem_data(bio, &data);
	ok = buf_append(out, span_of(data, (size_t)len), &err);
	assert(ok);
	BIO_free(bio);
}
