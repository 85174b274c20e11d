/*
 * The certificate and key of a connection (own_key.h).
 */
#include "remote/own_key.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

/* OpenSSL's own way is to ask at the terminal. */
static int
no_passphrase(char *buf, int size, int rwflag, void *arg)
{
	(void)buf, (void)size, (void)rwflag, (void)arg;
	return -1;
}

static CURLcode
use(CURL *curl, void *ctx, void *arg)
{
	const struct remote_settings *settings = arg;
	bool ok;

	(void)curl;
	SSL_CTX_set_default_passwd_cb(ctx, no_passphrase);
	ok = SSL_CTX_use_certificate_chain_file(ctx, settings->cert) == 1 &&
	    /* A certificate that was renewed meanwhile has another key. */
	    (SSL_CTX_use_PrivateKey(ctx, settings->own_key) == 1 ||
		SSL_CTX_use_PrivateKey_file(ctx, settings->key,
		    SSL_FILETYPE_PEM) == 1);
	ERR_clear_error();
	return ok ? CURLE_OK : CURLE_SSL_CERTPROBLEM;
}

bool
own_key_set(CURL *curl, struct remote_settings *settings)
{
	/* curl would read the key again, and OpenSSL try all kinds there are. */
	if (settings->own_key != NULL)
		return curl_easy_setopt(curl, CURLOPT_SSL_CTX_FUNCTION, use) ==
		    0 &&
		    curl_easy_setopt(curl, CURLOPT_SSL_CTX_DATA, settings) == 0;
	return curl_easy_setopt(curl, CURLOPT_SSLCERT, settings->cert) == 0 &&
	    curl_easy_setopt(curl, CURLOPT_SSLKEY, settings->key) == 0;
}
