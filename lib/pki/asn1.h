/*
 * asn1.h - what OpenSSL's ASN.1 values say, in our own terms.
 */
#ifndef PKI_ASN1_H
#define PKI_ASN1_H

#include <stdint.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/error.h"

/* UTC seconds; false where it is NULL or no time. */
bool asn1_time(const ASN1_TIME *time, int64_t *out);
/* A name as RFC 2253 has it, cut short if need be; empty on failure. */
void asn1_name(const X509_NAME *name, char *out, size_t max);
/* SHA-256, 384 or 512 by its bits. */
const EVP_MD *asn1_digest(unsigned bits);

/* A signature is not in the one form: MALFORMED, SIGNATURE_FORM.  False. */
bool bad_form(struct error *err, const char *what);
/* It is by an algorithm that we do not take: UNTRUSTED, SIGNATURE_WEAK. */
bool too_weak(struct error *err, const char *what);

#endif
