/*
 * identity.h - a certificate and its private key, from PEM files.
 */
#ifndef PKI_IDENTITY_H
#define PKI_IDENTITY_H

#include "base/private.h"
#include "pki/cert.h"

/* A certificate and the private key that it certifies. */
struct identity {
	struct cert *cert;
	EVP_PKEY *key;
};

/*
 * Load the first certificate of a PEM file; NULL on failure.
 *
 * ERROR_NOT_FOUND  there is no such file
 * ERROR_MALFORMED  it is something else: the sentence says what, and how to
 *                   make PEM of it
 */
struct cert *identity_load_cert(const char *path, struct error *err);
/*
 * Load the key of to->cert, which is the first certificate of cert_path. An
 * encrypted one is an error unless the rule tells its passphrase; a daemon has
 * nobody to ask.
 *
 * ERROR_NOT_FOUND  there is no such file
 * ERROR_MALFORMED  it is something else
 * ERROR_UNTRUSTED  it is not the certificate's, or others may read it; the
 *                   certificate that it is of may be another one in that file
 * otherwise the rule's error, if the key is encrypted
 */
bool identity_load_key(struct identity *to, const char *cert_path,
    const char *key_path, const struct private_rule *rule,
    struct error *err) MUST_USE;
/* Both. */
bool identity_load(const char *cert_path, const char *key_path,
    const struct private_rule *rule, struct identity *out,
    struct error *err) MUST_USE;
/* Both of PEM text; the names are those of the sentences. */
bool identity_parse(struct span cert_pem, const char *cert_name,
    struct span key_pem, const char *key_name, struct identity *out,
    struct error *err) MUST_USE;
void identity_free(struct identity *identity);

#endif
