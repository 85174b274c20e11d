/*
 * Loading a certificate and its private key (identity.h).
 */
#include "pki/identity.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/decoder.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/file.h"
#include "pki/pem.h"

static int
no_passphrase(char *buf, int size, int rwflag, void *arg)
{
	(void)buf, (void)size, (void)rwflag, (void)arg;
	return -1;
}

/* arg is the passphrase. */
static int
give_passphrase(char *buf, int size, int rwflag, void *arg)
{
	const size_t len = strlen(arg);

	(void)rwflag;
	if (len > (size_t)size)
		return -1;
	memcpy(buf, arg, len);
	return (int)len;
}

/*
 * The key of PEM text; NULL if it is none.  Most are of elliptic curves, and
 * who tells OpenSSL 3 so spares it four fifths of the search for a decoder.
 */
static EVP_PKEY *
parse_key(struct span pem, char *passphrase)
{
	pem_password_cb *give =
	    passphrase != NULL ? give_passphrase : no_passphrase;
	EVP_PKEY *key = NULL;
	BIO *in = bio_of(pem);
	OSSL_DECODER_CTX *ctx = OSSL_DECODER_CTX_new_for_pkey(&key, "PEM", NULL,
	    "EC", EVP_PKEY_KEYPAIR, NULL, NULL);

	if (in != NULL && ctx != NULL &&
	    OSSL_DECODER_CTX_set_pem_password_cb(ctx, give, passphrase) == 1 &&
	    OSSL_DECODER_from_bio(ctx, in) == 0)
		ERR_clear_error();
	OSSL_DECODER_CTX_free(ctx);
	BIO_free(in);
	if (key == NULL && (in = bio_of(pem)) != NULL) {
		key = PEM_read_bio_PrivateKey(in, NULL, give, passphrase);
		BIO_free(in);
	}
	ERR_clear_error();
	return key;
}

/* Try passphrases until one is right, or there is no other. */
static EVP_PKEY *
decrypt_key(struct span pem, const char *path, const struct private_rule *rule,
    struct error *err)
{
	char secret[PRIVATE_SECRET];
	EVP_PKEY *key = NULL;

	for (unsigned i = 0; key == NULL && i < LIMIT_SECRETS &&
	     rule->secret(rule->arg, path, i, secret, err);
	     i++)
		key = parse_key(pem, secret);
	OPENSSL_cleanse(secret, sizeof(secret));
	if (key == NULL && err->kind == ERROR_NONE)
		error_set(err, ERROR_USAGE, "%s: no passphrase is right", path);
	return key;
}

static struct cert *
parse_cert(struct span pem, const char *name, struct error *err)
{
	BIO *in = bio_of(pem);
	X509 *x509 = in != NULL
	    ? PEM_read_bio_X509(in, NULL, no_passphrase, NULL)
	    : NULL;
	struct cert *cert = NULL;

	if (x509 == NULL)
		error_set(err, ERROR_MALFORMED, "%s: %s", name,
		    pem_describe(pem, PEM_CERT));
	else if ((cert = cert_of_x509(x509, err)) == NULL)
		error_context(err, "%s", name);
	X509_free(x509);
	BIO_free(in);
	return cert;
}

/* Which of the certificates in the file has this key; 0 if none has. */
static unsigned
find_fitting(struct span pem, EVP_PKEY *key)
{
	struct error ignored = { 0 };
	struct cert *cert;
	unsigned found = 0;

	for (unsigned i = 1;
	     found == 0 && cert_take_pem(&pem, &cert, &ignored) && cert != NULL;
	     i++) {
		if (X509_check_private_key(cert->x509, key) == 1)
			found = i;
		cert_free(cert);
	}
	ERR_clear_error();
	return found;
}

/* The key of a certificate, which is the first of those in cert_pem. */
static bool
take_key(struct identity *to, struct span cert_pem, const char *cert_name,
    struct span key_pem, const char *key_name, const struct private_rule *rule,
    struct error *err)
{
	unsigned place;

	if (pem_is_encrypted(key_pem) && rule != NULL && rule->secret != NULL) {
		to->key = decrypt_key(key_pem, key_name, rule, err);
		if (to->key == NULL)
			return false;
	} else if ((to->key = parse_key(key_pem, NULL)) == NULL)
		return error_set(err, ERROR_MALFORMED, "%s: %s", key_name,
		    pem_describe(key_pem, PEM_KEY));
	if (X509_check_private_key(to->cert->x509, to->key) == 1)
		return true;
	place = find_fitting(cert_pem, to->key);
	if (place > 1)
		return error_set(err, ERROR_UNTRUSTED,
		    "%s: its first certificate is of %s; that of the key %s is"
		    " number %u in it, and is to be the first",
		    cert_name, to->cert->subject, key_name, place);
	return error_set(err, ERROR_UNTRUSTED, "%s is not the key of %s",
	    key_name, cert_name);
}

bool
identity_parse(struct span cert_pem, const char *cert_name, struct span key_pem,
    const char *key_name, struct identity *out, struct error *err)
{
	struct identity identity = { 0 };

	if ((identity.cert = parse_cert(cert_pem, cert_name, err)) == NULL ||
	    !take_key(&identity, cert_pem, cert_name, key_pem, key_name, NULL,
		err)) {
		identity_free(&identity);
		return false;
	}
	*out = identity;
	return true;
}

struct cert *
identity_load_cert(const char *path, struct error *err)
{
	struct buf pem = BUF(LIMIT_KEY_BYTES);
	struct cert *cert = NULL;

	if (file_read(path, pem.max, &pem, err))
		cert = parse_cert(buf_span(&pem), path, err);
	buf_free(&pem);
	return cert;
}

bool
identity_load_key(struct identity *to, const char *cert_path,
    const char *key_path, const struct private_rule *rule, struct error *err)
{
	struct buf cert = BUF(LIMIT_KEY_BYTES), key = BUF(LIMIT_KEY_BYTES);
	bool ok;

	ok = file_read(cert_path, cert.max, &cert, err) &&
	    private_read(key_path, key.max, rule, &key, err) &&
	    take_key(to, buf_span(&cert), cert_path, buf_span(&key), key_path,
		rule, err);
	if (key.len > 0)
		OPENSSL_cleanse(key.data, key.len);
	buf_free(&cert);
	buf_free(&key);
	return ok;
}

bool
identity_load(const char *cert_path, const char *key_path,
    const struct private_rule *rule, struct identity *out, struct error *err)
{
	struct identity identity = { 0 };

	if ((identity.cert = identity_load_cert(cert_path, err)) == NULL ||
	    !identity_load_key(&identity, cert_path, key_path, rule, err)) {
		identity_free(&identity);
		return false;
	}
	*out = identity;
	return true;
}

void
identity_free(struct identity *identity)
{
	cert_free(identity->cert);
	EVP_PKEY_free(identity->key);
	*identity = (struct identity){ 0 };
}
