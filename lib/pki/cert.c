/*
 * Loading certificates, and what a certificate must have (cert.h).
 */
#include "pki/cert.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/file.h"
#include "base/text.h"
#include "pki/asn1.h"

BIO *
bio_of(struct span bytes)
{
	return BIO_new_mem_buf(bytes.len > 0 ? (const void *)bytes.data : "",
	    (int)bytes.len);
}

/* Get the only rfc822Name, or none: two would be two persons. */
static bool
read_email(struct cert *cert, struct error *err)
{
	GENERAL_NAMES *names =
	    X509_get_ext_d2i(cert->x509, NID_subject_alt_name, NULL, NULL);
	unsigned found = 0;
	bool ok = true;

	for (int i = 0; ok && i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
		struct span text;

		if (name->type != GEN_EMAIL)
			continue;
		text = span_of(ASN1_STRING_get0_data(name->d.rfc822Name),
		    (size_t)ASN1_STRING_length(name->d.rfc822Name));
		if (++found > 1)
			ok = error_set(err, ERROR_MALFORMED,
			    "certificate has two rfc822Names");
		else if (!text_is_email(text) ||
		    !span_to_str(text, cert->email, sizeof(cert->email)))
			ok = error_set(err, ERROR_MALFORMED,
			    "certificate's rfc822Name is not an e-mail address"
			    " in ASCII and lower case");
	}
	GENERAL_NAMES_free(names);
	return ok;
}

static void
read_subject(struct cert *cert)
{
	X509_NAME *name = X509_get_subject_name(cert->x509);

	if (X509_NAME_get_text_by_NID(name, NID_organizationalUnitName,
		cert->unit, sizeof(cert->unit)) < 0)
		cert->unit[0] = '\0';
	asn1_name(name, cert->subject, sizeof(cert->subject));
}

/* True if an RSA-PSS key is bound to no digest, or to one that is accepted. */
static bool
pss_digest_is_good(const EVP_PKEY *key)
{
	static const char *const good[] = { "SHA256", "SHA2-256", "SHA384",
		"SHA2-384", "SHA512", "SHA2-512", "UNDEF", "" };
	char digest[64] = "";

	if (EVP_PKEY_get_default_digest_name((EVP_PKEY *)(uintptr_t)key, digest,
		sizeof(digest)) <= 0)
		return true;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (strcmp(digest, good[i]) == 0)
			return true;
	return false;
}

static bool
key_is_strong(const EVP_PKEY *key)
{
	char group[32] = "";

	if (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA)
		return EVP_PKEY_get_bits(key) >= 3072;
	if (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA_PSS)
		return EVP_PKEY_get_bits(key) >= 3072 &&
		    pss_digest_is_good(key);
	if (EVP_PKEY_get_base_id(key) != EVP_PKEY_EC ||
	    EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) != 1)
		return false;
	return strcmp(group, "prime256v1") == 0 ||
	    strcmp(group, "secp384r1") == 0;
}

const char *
cert_dates_wrong(const struct cert *cert, int64_t at, char when[TIME_TEXT])
{
	const bool ended = cert->not_after_at < at;

	if (!ended && cert->not_before_at <= at)
		return NULL;
	time_format_at(ended ? cert->not_after_at : cert->not_before_at, when);
	return ended ? "ended" : "begins only";
}

bool
cert_check_key(const struct cert *cert, struct error *err)
{
	const char *type = EVP_PKEY_get0_type_name(cert->key);
	char group[64] = "", kind[128];

	if (cert->is_strong)
		return true;
	if (EVP_PKEY_get_base_id(cert->key) == EVP_PKEY_EC &&
	    EVP_PKEY_get_group_name(cert->key, group, sizeof(group), NULL) == 1)
		snprintf(kind, sizeof(kind), "ECDSA on %s", group);
	else
		snprintf(kind, sizeof(kind), "%s of %d bits",
		    type != NULL ? type : "unknown",
		    EVP_PKEY_get_bits(cert->key));
	return error_set_code(err, ERROR_UNTRUSTED, "SIGNATURE_WEAK",
	    "its key is %s, which cannot be used here: make one of ECDSA on"
	    " P-256 (certs/request does) or P-384, or of RSA or RSA-PSS with"
	    " 3072 bits or more and SHA-256, 384 or 512",
	    kind);
}

static void
read_usage(struct cert *cert)
{
	/* UINT32_MAX if the extension is absent: then it may do nothing. */
	const uint32_t usage = X509_get_key_usage(cert->x509);
	const uint32_t extended = X509_get_extended_key_usage(cert->x509);

	cert->can_sign = usage == KU_NON_REPUDIATION;
	cert->can_agree = usage == KU_KEY_AGREEMENT;
	cert->can_connect = usage != UINT32_MAX &&
	    (usage & KU_DIGITAL_SIGNATURE) != 0 &&
	    (usage & KU_NON_REPUDIATION) == 0 && extended != UINT32_MAX &&
	    (extended & XKU_SSL_CLIENT) != 0;
}

static bool
fill(struct cert *cert, struct error *err)
{
	unsigned len = 0;

	if (X509_digest(cert->x509, EVP_sha256(), cert->fingerprint.bytes,
		&len) != 1)
		return error_set_openssl(err, ERROR_SYSTEM, "fingerprint");
	if ((cert->key = X509_get0_pubkey(cert->x509)) == NULL)
		return error_set_openssl(err, ERROR_MALFORMED,
		    "certificate's public key");
	if (!asn1_time(X509_get0_notBefore(cert->x509), &cert->not_before_at) ||
	    !asn1_time(X509_get0_notAfter(cert->x509), &cert->not_after_at))
		return error_set(err, ERROR_MALFORMED,
		    "certificate's period of validity");
	if (!read_email(cert, err))
		return false;
	cert->is_strong = key_is_strong(cert->key);
	read_subject(cert);
	read_usage(cert);
	ERR_clear_error();
	return true;
}

struct cert *
cert_of_x509(X509 *x509, struct error *err)
{
	struct cert *cert = calloc(1, sizeof(*cert));

	if (cert == NULL) {
		error_set_errno(err, "certificate");
		return NULL;
	}
	cert->refs = 1;
	X509_up_ref(x509);
	cert->x509 = x509;
	if (!fill(cert, err)) {
		cert_free(cert);
		return NULL;
	}
	return cert;
}

struct cert *
cert_parse(struct span der, struct error *err)
{
	const unsigned char *p = der.data;
	struct cert *cert = NULL;
	X509 *x509;

	if (der.len > LIMIT_CERT_BYTES) {
		error_set(err, ERROR_LIMIT,
		    "certificate of %zu bytes, limit %d", der.len,
		    LIMIT_CERT_BYTES);
		return NULL;
	}
	x509 = d2i_X509(NULL, &p, (long)der.len);
	if (x509 == NULL)
		error_set_openssl(err, ERROR_MALFORMED, "certificate");
	else if (p != der.data + der.len)
		error_set(err, ERROR_MALFORMED, "bytes follow a certificate");
	else
		cert = cert_of_x509(x509, err);
	X509_free(x509);
	return cert;
}

struct cert *
cert_parse_pem(struct span pem, struct error *err)
{
	BIO *in = bio_of(pem);
	X509 *x509 =
	    in != NULL ? PEM_read_bio_X509(in, NULL, NULL, NULL) : NULL;
	struct cert *cert = NULL;

	if (x509 == NULL)
		error_set_openssl(err, ERROR_MALFORMED, "certificate (PEM)");
	else
		cert = cert_of_x509(x509, err);
	X509_free(x509);
	BIO_free(in);
	return cert;
}

bool
cert_take_pem(struct span *pem, struct cert **cert, struct error *err)
{
	BIO *in = bio_of(*pem);
	X509 *x509 =
	    in != NULL ? PEM_read_bio_X509(in, NULL, NULL, NULL) : NULL;
	const unsigned long why = ERR_peek_last_error();
	const size_t left = in != NULL ? (size_t)BIO_pending(in) : 0;

	*cert = x509 != NULL ? cert_of_x509(x509, err) : NULL;
	X509_free(x509);
	BIO_free(in);
	ERR_clear_error();
	*pem = span_sub(*pem, pem->len - left, left);
	if (x509 != NULL)
		return *cert != NULL;
	return ERR_GET_REASON(why) == PEM_R_NO_START_LINE ||
	    error_set(err, ERROR_MALFORMED,
		"a block that is no certificate"
		" (PEM)");
}

struct cert *
cert_ref(struct cert *cert)
{
	__atomic_add_fetch(&cert->refs, 1, __ATOMIC_RELAXED);
	return cert;
}

void
cert_free(struct cert *cert)
{
	if (cert == NULL ||
	    __atomic_sub_fetch(&cert->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	X509_free(cert->x509);
	free(cert);
}

bool
cert_serial(const X509 *x509, char out[CERT_SERIAL])
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(x509);
	BIGNUM *number;
	char *hex;

	out[0] = '\0';
	/* Before a stranger's is made text: RFC 5280 allows 20 bytes. */
	if (ASN1_STRING_length(serial) >= CERT_SERIAL / 2)
		return false;
	number = ASN1_INTEGER_to_BN(serial, NULL);
	hex = number != NULL ? BN_bn2hex(number) : NULL;
	if (hex != NULL)
		text_set(out, CERT_SERIAL, hex);
	OPENSSL_free(hex);
	BN_free(number);
	return out[0] != '\0';
}

bool
cert_issuer_serial(const struct cert *cert, struct digest *issuer,
    char serial[CERT_SERIAL])
{
	const unsigned char *der;
	size_t len;

	if (X509_NAME_get0_der(X509_get_issuer_name(cert->x509), &der, &len) !=
		1 ||
	    !cert_serial(cert->x509, serial))
		return false;
	*issuer = sha256_of(span_of(der, len));
	return true;
}

/*
 * A hash table with open addressing; the first bytes of a fingerprint are its
 * hash.
 */
struct cert_cache {
	pthread_mutex_t mutex;
	size_t used;
	struct cert **slots; /* LIMIT_CERT_CACHE * 2 */
};

struct cert_cache *
cert_cache_new(struct error *err)
{
	struct cert_cache *cache = calloc(1, sizeof(*cache));

	if (cache == NULL ||
	    (cache->slots = calloc(LIMIT_CERT_CACHE * 2,
		 sizeof(*cache->slots))) == NULL) {
		error_set_errno(err, "certificates");
		free(cache);
		return NULL;
	}
	pthread_mutex_init(&cache->mutex, NULL);
	return cache;
}

static void
forget_all(struct cert_cache *cache)
{
	for (size_t i = 0; i < LIMIT_CERT_CACHE * 2; i++) {
		cert_free(cache->slots[i]);
		cache->slots[i] = NULL;
	}
	cache->used = 0;
}

void
cert_cache_free(struct cert_cache *cache)
{
	if (cache == NULL)
		return;
	forget_all(cache);
	pthread_mutex_destroy(&cache->mutex);
	free(cache->slots);
	free(cache);
}

static struct cert **
find_slot(struct cert_cache *cache, const struct digest *fingerprint)
{
	size_t i =
	    ((size_t)fingerprint->bytes[0] << 16 |
		(size_t)fingerprint->bytes[1] << 8 | fingerprint->bytes[2]) %
	    (LIMIT_CERT_CACHE * 2);

	while (cache->slots[i] != NULL &&
	    !digest_eq(&cache->slots[i]->fingerprint, fingerprint))
		i = (i + 1) % (LIMIT_CERT_CACHE * 2);
	return &cache->slots[i];
}

struct cert *
cert_cache_get(struct cert_cache *cache, struct span der, struct error *err)
{
	const struct digest fingerprint = sha256_of(der);
	struct cert *cert, **slot;

	pthread_mutex_lock(&cache->mutex);
	slot = find_slot(cache, &fingerprint);
	cert = *slot != NULL ? cert_ref(*slot) : NULL;
	pthread_mutex_unlock(&cache->mutex);
	if (cert != NULL || (cert = cert_parse(der, err)) == NULL)
		return cert;
	/*
	 * Only DER is kept: bytes that do not hash to the fingerprint would
	 * never be found.
	 */
	if (!digest_eq(&cert->fingerprint, &fingerprint)) {
		error_set(err, ERROR_MALFORMED, "certificate is not DER");
		cert_free(cert);
		return NULL;
	}

	cert_cache_put(cache, cert);
	return cert;
}

void
cert_cache_put(struct cert_cache *cache, struct cert *cert)
{
	struct cert **slot;

	pthread_mutex_lock(&cache->mutex);
	if (cache->used >= LIMIT_CERT_CACHE)
		forget_all(cache);
	slot = find_slot(cache, &cert->fingerprint);
	if (*slot == NULL) {
		*slot = cert_ref(cert);
		cache->used++;
	}
	pthread_mutex_unlock(&cache->mutex);
}

static bool
append_bio(BIO *bio, struct buf *out, struct error *err)
{
	char *data;
	const long len = BIO_get_mem_data(bio, &data);

	return buf_append(out, span_of(data, (size_t)len), err);
}

bool
key_make_request(const char *common_name, struct buf *key_pem,
    struct buf *request_pem, struct error *err)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509_REQ *request = X509_REQ_new();
	BIO *a = BIO_new(BIO_s_mem()), *b = BIO_new(BIO_s_mem());
	X509_NAME *name = X509_NAME_new();
	bool ok;

	ok = key != NULL && request != NULL && a != NULL && b != NULL &&
	    name != NULL &&
	    X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
		(const unsigned char *)common_name, -1, -1, 0) == 1 &&
	    X509_REQ_set_version(request, X509_REQ_VERSION_1) == 1 &&
	    X509_REQ_set_subject_name(request, name) == 1 &&
	    X509_REQ_set_pubkey(request, key) == 1 &&
	    X509_REQ_sign(request, key, EVP_sha256()) > 0 &&
	    PEM_write_bio_PrivateKey(a, key, NULL, NULL, 0, NULL, NULL) == 1 &&
	    PEM_write_bio_X509_REQ(b, request) == 1;
	if (!ok)
		error_set_openssl(err, ERROR_SYSTEM, "make a key");
	ok = ok && append_bio(a, key_pem, err) &&
	    append_bio(b, request_pem, err);
	X509_NAME_free(name);
	BIO_free(a);
	BIO_free(b);
	X509_REQ_free(request);
	EVP_PKEY_free(key);
	return ok;
}
