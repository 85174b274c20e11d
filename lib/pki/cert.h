/*
 * cert.h - X.509 certificates as Valise reads them.
 *
 * Source: RFC 5280.  A person has two certificates with the same single
 * rfc822Name: one to connect (digitalSignature, clientAuth), one to sign
 * (nonRepudiation only); neither does the other's work.  An office may have
 * one to be written to in secret (keyAgreement only).
 */
#ifndef PKI_CERT_H
#define PKI_CERT_H

#include <openssl/x509.h>

#include "base/digest.h"
#include "base/limits.h"
#include "base/time.h"

/* Make a BIO of bytes; OpenSSL takes no empty ones at NULL. */
BIO *bio_of(struct span bytes);

/*
 * A certificate. It never changes once made, and threads share it by reference.
 */
struct cert {
	X509 *x509;
	EVP_PKEY *key;             /* the public key, borrowed from x509 */
	struct digest fingerprint; /* SHA-256 of the DER */
	char email[LIMIT_EMAIL_BYTES + 1]; /* the only rfc822Name, or empty */
	char unit[65];                     /* the subject's OU, or empty */
	char subject[256];                 /* RFC 2253, for people */
	int64_t not_before_at, not_after_at;
	bool can_sign;    /* keyUsage is nonRepudiation and nothing else */
	bool can_connect; /* keyUsage digitalSignature, EKU clientAuth */
	bool can_agree;   /* keyUsage is keyAgreement and nothing else */
	bool is_strong;   /* P-256, P-384 or RSA of 3072 bits and more */
	int refs;
};

/*
 * ERROR_MALFORMED  not one DER certificate, or bytes follow it
 * ERROR_LIMIT      over LIMIT_CERT_BYTES
 */
struct cert *cert_parse(struct span der, struct error *err);
/* Make one of an OpenSSL certificate; the caller keeps its own reference. */
struct cert *cert_of_x509(X509 *x509, struct error *err);
/* Parse the first certificate of PEM text. */
struct cert *cert_parse_pem(struct span pem, struct error *err);
/*
 * Take the next certificate from the front of PEM text; *cert is NULL if there
 * is no more. False if a block is no certificate.
 */
bool cert_take_pem(struct span *pem, struct cert **cert,
    struct error *err) MUST_USE;
/*
 * Returns what is wrong with its dates at a time, "ended" or "begins only", and
 * since or until when (TIME_TEXT); NULL if it is between them.
 */
const char *cert_dates_wrong(const struct cert *cert, int64_t at,
    char when[TIME_TEXT]);
/*
 * Check that its key can do the work here. Asked wherever a certificate is
 * first shown, so that nobody finds out only when it matters.
 *
 * ERROR_UNTRUSTED  SIGNATURE_WEAK: it cannot; the sentence says of what kind it
 *                   is, and what to use instead
 */
bool cert_check_key(const struct cert *cert, struct error *err) MUST_USE;
struct cert *cert_ref(struct cert *cert);
void cert_free(struct cert *cert);
/*
 * Get what a revocation list calls it by: the SHA-256 of its issuer's name
 * (DER), and its serial number in hexadecimal. False if that is too long.
 */
#define CERT_SERIAL 64
bool cert_issuer_serial(const struct cert *cert, struct digest *issuer,
    char serial[CERT_SERIAL]);
/* Its serial number in hexadecimal; false, and empty, if that is too long. */
bool cert_serial(const X509 *x509, char out[CERT_SERIAL]);

/*
 * Certificates parsed before, by fingerprint: parsing one costs three
 * verifications of a signature (OpenSSL 3.0 looks up a decoder for each key).
 * Safe between threads; holds LIMIT_CERT_CACHE, then forgets all.
 */
struct cert_cache;
struct cert_cache *cert_cache_new(struct error *err);
void cert_cache_free(struct cert_cache *cache);
/* Parse a certificate, or find it. The caller frees the reference. */
struct cert *cert_cache_get(struct cert_cache *cache, struct span der,
    struct error *err);
/* Keep a certificate that was parsed elsewhere; the cache holds a reference. */
void cert_cache_put(struct cert_cache *cache, struct cert *cert);

/*
 * Make a new P-256 key, and a request (PKCS #10) for a certificate of it, as
 * PEM.
 */
bool key_make_request(const char *common_name, struct buf *key_pem,
    struct buf *request_pem, struct error *err) MUST_USE;

#endif
