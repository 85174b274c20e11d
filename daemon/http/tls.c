/*
 * The server's SSL_CTX: mutual TLS 1.3 with the CAs of the policy (server.h).
 */
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "daemon/http/server.h"

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

void *
http_tls_new(const char *cert_path, const char *key_path, X509 *const cas[],
    size_t num_cas, struct error *err)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_server_method());

	if (tls == NULL ||
	    SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION) != 1 ||
	    !trust_clients_of(tls, cas, num_cas)) {
		error_set_openssl(err, ERROR_SYSTEM, "TLS");
		SSL_CTX_free(tls);
		return NULL;
	}
	if (SSL_CTX_use_certificate_chain_file(tls, cert_path) != 1 ||
	    SSL_CTX_use_PrivateKey_file(tls, key_path, SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_check_private_key(tls) != 1) {
		error_set_openssl(err, ERROR_SYSTEM, "%s, %s", cert_path,
		    key_path);
		SSL_CTX_free(tls);
		return NULL;
	}
	SSL_CTX_set_verify(tls,
	    SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
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

void
http_tls_free(void *tls)
{
	SSL_CTX_free(tls);
}
