/*
 * server.h - an HTTPS server that says what it is told to, byte for byte: for
 * tests of a client.  It runs in a thread of the program that tests.
 */
#ifndef TESTS_SERVER_H
#define TESTS_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/x509.h>

struct server;

struct server_settings {
	/* Its certificate; NULL: plain HTTP. */
	X509 *cert;
	EVP_PKEY *key;
	int max_tls; /* TLS1_2_VERSION, …; 0: the newest */
};

/* Answers are given in order, one a request; after the last it hangs up. */
struct server_answer {
	const char *bytes; /* head and body; NULL: nothing */
	size_t len;        /* 0: up to the NUL */
	bool hangs_up;     /* the connection ends after it */
};

/* answers are the caller's, and stay as they are until server_stop(). */
struct server *server_start(const struct server_settings *settings,
    const struct server_answer answers[], size_t num);
int server_port(const struct server *server);
/* How many requests came, and connections; after server_stop() too. */
size_t server_num_requests(const struct server *server);
size_t server_num_connections(const struct server *server);
/* The head of the n-th request and its body, with a NUL; "" if none came. */
const char *server_request(const struct server *server, size_t n);
/* It answers nobody any more; what came can still be read. */
void server_stop(struct server *server);
void server_free(struct server *server);

#endif
