/*
 * asn1.h - what OpenSSL's ASN.1 values say, in our own terms.
 */
#ifndef PKI_ASN1_H
#define PKI_ASN1_H

#include <stdint.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/error.h"

/* UTC seconds. False if it is NULL or no time. */
bool asn1_time(const ASN1_TIME *time, int64_t *out);
/* Format a name as RFC 2253 does, cut short if need be; empty on failure. */
void asn1_name(const X509_NAME *name, char *out, size_t max);
/* SHA-256, 384 or 512, by the number of its bits. */
const EVP_MD *asn1_digest(unsigned bits);

/*
 * Set the error that a signature is not in the one form: MALFORMED,
 * SIGNATURE_FORM. False.
 */
bool asn1_bad_form(struct error *err, const char *what);
/*
 * Set the error that its algorithm is not accepted: UNTRUSTED, SIGNATURE_WEAK.
 * False.
 */
bool asn1_too_weak(struct error *err, const char *what);

#endif
