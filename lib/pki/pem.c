/*
 * Telling what a file is that is no certificate or key in PEM (pem.h).
 */
#include "pki/pem.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>

/* --- By its label. --- */

/* True if a block's label ends so. */
static bool
has_label(struct span bytes, const char *label)
{
	char line[64];
	const int len =
	    snprintf(line, sizeof(line), "%s-----", label); /* and its end */

	for (const unsigned char *at = bytes.data,
				 *end = bytes.data + bytes.len;
	     at != NULL && at < end &&
	     (at = memmem(at, (size_t)(end - at), "-----BEGIN ", 11)) != NULL;
	     at++) {
		const unsigned char *eol = memchr(at, '\n', (size_t)(end - at));
		const size_t left = (size_t)((eol != NULL ? eol : end) - at);

		if (memmem(at, left, line, (size_t)len) != NULL)
			return true;
	}
	return false;
}

static bool
is_request(struct span bytes)
{
	return has_label(bytes, "CERTIFICATE REQUEST");
}

static bool
is_cert(struct span bytes)
{
	return has_label(bytes, "CERTIFICATE");
}

static bool
is_key(struct span bytes)
{
	return has_label(bytes, "PRIVATE KEY");
}

bool
pem_is_encrypted(struct span bytes)
{
	return has_label(bytes, "ENCRYPTED PRIVATE KEY") ||
	    (bytes.len > 0 &&
		memmem(bytes.data, bytes.len, "\nProc-Type: 4,ENCRYPTED", 23) !=
		    NULL);
}

static bool
is_public(struct span bytes)
{
	return has_label(bytes, "PUBLIC KEY");
}

static bool
is_list(struct span bytes)
{
	return has_label(bytes, "X509 CRL");
}

static bool
is_bundle(struct span bytes)
{
	return has_label(bytes, "PKCS7");
}

/* --- By its DER. --- */

/* What d2i makes of all bytes is freed at once. */
#define IS_DER(name, type, d2i, free_it)                                       \
	static bool name(struct span bytes)                                    \
	{                                                                      \
		const unsigned char *p = bytes.data;                           \
		type *made = d2i(NULL, &p, (long)bytes.len);                   \
		const bool is = made != NULL && p == bytes.data + bytes.len;   \
                                                                               \
		free_it(made);                                                 \
		return is;                                                     \
	}

IS_DER(is_cert_der, X509, d2i_X509, X509_free)
IS_DER(is_request_der, X509_REQ, d2i_X509_REQ, X509_REQ_free)
IS_DER(is_list_der, X509_CRL, d2i_X509_CRL, X509_CRL_free)
IS_DER(is_key_der, EVP_PKEY, d2i_AutoPrivateKey, EVP_PKEY_free)
IS_DER(is_sealed_der, X509_SIG, d2i_X509_SIG, X509_SIG_free)
IS_DER(is_pkcs12, PKCS12, d2i_PKCS12, PKCS12_free)
IS_DER(is_bundle_der, PKCS7, d2i_PKCS7, PKCS7_free)

static bool
is_empty(struct span bytes)
{
	return bytes.len == 0;
}

static bool
is_any(struct span bytes)
{
	(void)bytes;
	return true;
}

/* The first that it is; what is said where a certificate was wanted, or a key. */
static const struct {
	bool (*is)(struct span bytes);
	const char *says[2];
} kinds[] = {
	{ is_empty, { "it is empty", "it is empty" } },
	{ is_request,
	    { "it is the request: what your CA makes of it is the certificate",
		"it is the request for a certificate, not the private key" } },
	{ is_cert,
	    { "the certificate in it is damaged: copy it again",
		"it is a certificate, not its private key" } },
	{ pem_is_encrypted,
	    { "it is a private key, not its certificate",
		"the private key is encrypted, and there is nobody to ask for"
		" its passphrase" } },
	{ is_key,
	    { "it is a private key, not its certificate",
		"the private key in it is damaged, or of a kind that OpenSSL"
		" does not know: copy it again" } },
	{ is_public,
	    { "it is a public key, not a certificate",
		"it is a public key, not the private one" } },
	{ is_list,
	    { "it is a revocation list, not a certificate",
		"it is a revocation list, not a private key" } },
	{ is_bundle,
	    { "it is PKCS #7: \"openssl pkcs7 -print_certs -in FILE\" shows"
	      " the certificates, of which yours is to be alone in a file",
		"it is PKCS #7, which has no private key" } },
	{ is_cert_der,
	    { "it is a certificate in DER: \"openssl x509 -inform DER -in FILE"
	      " -out FILE.pem\" makes PEM of it",
		"it is a certificate, not its private key" } },
	{ is_request_der,
	    { "it is the request: what your CA makes of it is the certificate",
		"it is the request for a certificate, not the private key" } },
	{ is_list_der,
	    { "it is a revocation list, not a certificate",
		"it is a revocation list, not a private key" } },
	{ is_pkcs12,
	    { "it is PKCS #12: \"openssl pkcs12 -in FILE -nokeys -clcerts -out"
	      " cert.pem\" takes the certificate out of it",
		"it is PKCS #12: \"openssl pkcs12 -in FILE -nocerts -out"
		" key.pem\" takes the private key out of it" } },
	{ is_bundle_der,
	    { "it is PKCS #7: \"openssl pkcs7 -print_certs -inform DER -in"
	      " FILE\" shows the certificates, of which yours is to be alone in"
	      " a file",
		"it is PKCS #7, which has no private key" } },
	{ is_key_der,
	    { "it is a private key, not its certificate",
		"it is a private key in DER: \"openssl pkey -inform DER -in"
		" FILE -out FILE.pem\" makes PEM of it" } },
	{ is_sealed_der,
	    { "it is a private key, not its certificate",
		"it is a private key in DER: \"openssl pkcs8 -inform DER -in"
		" FILE -out FILE.pem\" makes PEM of it" } },
	{ is_any,
	    { "there is no certificate in PEM in it (a line that begins with"
	      " -----BEGIN CERTIFICATE)",
		"there is no private key in PEM in it (a line that begins with"
		" -----BEGIN PRIVATE KEY)" } },
};

const char *
pem_describe(struct span bytes, enum pem_want want)
{
	size_t i = 0;

	while (!kinds[i].is(bytes))
		i++;
	ERR_clear_error();
	return kinds[i].says[want];
}
