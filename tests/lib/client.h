/*
 * client.h - an HTTPS client with a certificate, as small as possible: for
 * load, where libcurl would be measured rather than the daemon.
 *
 * Every function ends the program if something fails (tool_fail()).
 */
#ifndef TESTS_CLIENT_H
#define TESTS_CLIENT_H

#include <stdint.h>

#include <openssl/ssl.h>

/* A server, and the certificate with which it is asked. */
struct target {
	const char *host, *port, *ca, *cert, *key;
	SSL_CTX *tls;
};

/* Returns a target from HOST PORT CA CERT KEY, which must outlive it. */
struct target client_target(char *argv[]);
/* Returns a new connection after its handshake; SSL_free() ends it. */
SSL *client_connect(const struct target *target);
/*
 * Read one answer.  Returns its status, or -1 if the connection ended; *bytes
 * grows by the length of its body.
 */
int client_read(SSL *ssl, uint64_t *bytes);

#endif
