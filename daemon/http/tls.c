/*
 * The server's SSL_CTX: mutual TLS 1.3 with the CAs of the policy (server.h);
 * and why a handshake failed (tls.h).
 */
#include "daemon/http/tls.h"

#include <pthread.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "daemon/http/server.h"

/* --- Why a handshake failed. --- */

/* A certificate that was not accepted; it belongs to its SSL. */
struct shown {
	X509 *cert;
	int why; /* X509_V_ERR_… */
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int place = -1; /* of the struct shown in an SSL */

static void
free_shown(void *parent, void *ptr, CRYPTO_EX_DATA *data, int index, long num,
    void *arg)
{
	struct shown *shown = ptr;

	(void)parent, (void)data, (void)index, (void)num, (void)arg;
	if (shown != NULL)
		X509_free(shown->cert);
	free(shown);
}

static void
make_place(void)
{
	place = SSL_get_ex_new_index(0, NULL, NULL, NULL, free_shown);
}

/*
 * OpenSSL has judged a certificate.  It does not keep one that it refuses, so
 * that is remembered here.  Returns what it is given: the judgement stays.
 */
static int
on_verify(int good, X509_STORE_CTX *judged)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(judged,
	    SSL_get_ex_data_X509_STORE_CTX_idx());
	X509 *cert = X509_STORE_CTX_get0_cert(judged);
	struct shown *shown;

	if (good || SSL_get_ex_data(ssl, place) != NULL ||
	    (shown = calloc(1, sizeof(*shown))) == NULL)
		return good;
	shown->why = X509_STORE_CTX_get_error(judged);
	if (cert != NULL && X509_up_ref(cert) == 1)
		shown->cert = cert;
	if (SSL_set_ex_data(ssl, place, shown) != 1)
		free_shown(NULL, shown, NULL, 0, 0, NULL);
	return good;
}

static enum http_refused
reason_of_certificate(int why)
{
	switch (why) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return HTTP_REFUSED_EXPIRED;
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return HTTP_REFUSED_NOT_YET_VALID;
	case X509_V_ERR_INVALID_PURPOSE:
		return HTTP_REFUSED_WRONG_PURPOSE;
	/* A CA of the same name with another key fails by the signature. */
	case X509_V_ERR_CERT_SIGNATURE_FAILURE:
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_INVALID_CA:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
		return HTTP_REFUSED_UNKNOWN_CA;
	default:
		return HTTP_REFUSED_OTHER;
	}
}

static enum http_refused
reason_of_error(unsigned long error)
{
	const int reason = ERR_GET_REASON(error);

	if (ERR_GET_LIB(error) != ERR_LIB_SSL)
		return HTTP_REFUSED_OTHER;
	/* An alert that came is such a reason, and its number (ssl.h). */
	if (reason >= SSL_AD_REASON_OFFSET &&
	    reason < SSL_AD_REASON_OFFSET + 256)
		return HTTP_REFUSED_BY_CLIENT;
	switch (reason) {
	case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
		return HTTP_REFUSED_NO_CERTIFICATE;
	case SSL_R_HTTPS_PROXY_REQUEST:
	case SSL_R_HTTP_REQUEST:
	case SSL_R_UNSUPPORTED_PROTOCOL:
	case SSL_R_VERSION_TOO_LOW:
	case SSL_R_WRONG_VERSION_NUMBER:
		return HTTP_REFUSED_PROTOCOL;
	default:
		return HTTP_REFUSED_OTHER;
	}
}

bool
http_tls_refusal(const SSL *ssl, bool late, struct http_refusal *out)
{
	const struct shown *shown =
	    ssl != NULL ? SSL_get_ex_data(ssl, place) : NULL;
	const unsigned long error = ERR_peek_error();
	const char *text = ERR_reason_error_string(error);

	*out = (struct http_refusal){ .reason = HTTP_REFUSED_OTHER,
		.text = "the handshake was not finished in time",
		.from = "" };
	if (shown != NULL) {
		out->reason = reason_of_certificate(shown->why);
		out->text = X509_verify_cert_error_string(shown->why);
		out->cert = shown->cert;
	} else if (!late) {
		out->reason = reason_of_error(error);
		out->text = text != NULL ? text : "TLS";
		out->cert = SSL_get0_peer_certificate(ssl);
	}
	/* A client that only went away was not refused. */
	return shown != NULL || late ||
	    (error != 0 &&
		ERR_GET_REASON(error) != SSL_R_UNEXPECTED_EOF_WHILE_READING);
}

/* --- The SSL_CTX. --- */

/* Accept the certificates of these CAs, and name them in the handshake. */
static bool
trust_clients_of(SSL_CTX *tls, X509 *const cas[], size_t num_cas)
{
	X509_STORE *store = SSL_CTX_get_cert_store(tls);

	for (size_t i = 0; i < num_cas; i++)
		if (X509_STORE_add_cert(store, cas[i]) != 1 ||
		    SSL_CTX_add_client_CA(tls, cas[i]) != 1)
			return false;
	/* An intermediate CA of the policy is a trust anchor too. */
	return X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN) == 1;
}

/* One for these CAs, without a certificate yet. */
static SSL_CTX *
new_for(X509 *const cas[], size_t num_cas, struct error *err)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_server_method());

	pthread_once(&once, make_place);
	if (tls == NULL || place < 0 ||
	    SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION) != 1 ||
	    !trust_clients_of(tls, cas, num_cas)) {
		error_set_openssl(err, ERROR_SYSTEM, "TLS");
		SSL_CTX_free(tls);
		return NULL;
	}
	SSL_CTX_set_verify(tls,
	    SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, on_verify);
	SSL_CTX_set_verify_depth(tls, 1);
	SSL_CTX_set_purpose(tls, X509_PURPOSE_SSL_CLIENT);
	SSL_CTX_set_mode(tls,
	    SSL_MODE_ENABLE_PARTIAL_WRITE |
		SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_session_id_context(tls, (const unsigned char *)"valise", 6);
	/*
	 * Sessions are not resumed: each connection must show its certificate,
	 * since a ticket would outlive a revocation or a new CA.
	 */
	SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(tls, 0);
	return tls;
}

void *
http_tls_new(const char *cert_path, const char *key_path, X509 *const cas[],
    size_t num_cas, struct error *err)
{
	SSL_CTX *tls = new_for(cas, num_cas, err);

	if (tls == NULL)
		return NULL;
	if (SSL_CTX_use_certificate_chain_file(tls, cert_path) == 1 &&
	    SSL_CTX_use_PrivateKey_file(tls, key_path, SSL_FILETYPE_PEM) == 1 &&
	    SSL_CTX_check_private_key(tls) == 1)
		return tls;
	error_set_openssl(err, ERROR_SYSTEM, "%s, %s", cert_path, key_path);
	SSL_CTX_free(tls);
	return NULL;
}

void *
http_tls_again(void *from, X509 *const cas[], size_t num_cas, struct error *err)
{
	SSL_CTX *tls = new_for(cas, num_cas, err);
	STACK_OF(X509) *beside = NULL;

	if (tls == NULL)
		return NULL;
	(void)SSL_CTX_get0_chain_certs(from, &beside);
	if (SSL_CTX_use_cert_and_key(tls, SSL_CTX_get0_certificate(from),
		SSL_CTX_get0_privatekey(from), beside, 1) == 1)
		return tls;
	error_set_openssl(err, ERROR_SYSTEM, "TLS");
	SSL_CTX_free(tls);
	return NULL;
}

void
http_tls_free(void *tls)
{
	SSL_CTX_free(tls);
}
