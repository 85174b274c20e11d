/*
 * server.h - an HTTPS server that answers what the test tells it, byte for
 * byte; for tests of a client.  It runs in a thread of the test program.
 */
#ifndef TESTS_SERVER_H
#define TESTS_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/x509.h>

struct server;

struct server_settings {
	/* The server's certificate; NULL: plain HTTP. */
	X509 *cert;
	EVP_PKEY *key;
	int max_tls; /* TLS1_2_VERSION, …; 0: the newest */
};

/*
 * The answers are given in order, one a request; after the last the server
 * hangs up.
 */
struct server_answer {
	const char *bytes; /* head and body; NULL: no answer */
	size_t len;        /* 0: up to the NUL */
	bool hangs_up;     /* end the connection after it */
	bool goes_on;      /* the next answer is of the same request */
	unsigned pause_ms; /* before it */
};

/*
 * Start.  The answers stay the caller's, and must not change until
 * server_stop().
 */
struct server *server_start(const struct server_settings *settings,
    const struct server_answer answers[], size_t num);
int server_port(const struct server *server);
/* Returns how many requests, or connections, came; also after server_stop(). */
size_t server_num_requests(const struct server *server);
size_t server_num_connections(const struct server *server);
/*
 * Returns the head of the n-th request and its body, with a NUL; "" if none
 * came.
 */
const char *server_request(const struct server *server, size_t n);
/* Stop answering; the requests that came can still be read. */
void server_stop(struct server *server);
void server_free(struct server *server);

#endif
