/*
 * server.h - HTTP/1.1 over mutual TLS 1.3: a few event loops, which never
 * block.
 *
 * Connections are accepted, and do their handshakes, beside the loops
 * (greet.h); then each (conn.h) goes to the loop that has the fewest.  An
 * office may have half of the connections that the others leave (tally.h).
 * The loops pass requests to the handler (request.h), whose
 * answers go back to the loop of the connection (mailbox.h).  There is one loop
 * for each processor that the process may use, at most eight.
 */
#ifndef DAEMON_HTTP_SERVER_H
#define DAEMON_HTTP_SERVER_H

#include "daemon/http/request.h"

struct http_server;

/*
 * Make a server of at most max connections. fd is a listening socket; tls is an
 * SSL_CTX, of which a reference is kept.
 */
struct http_server *http_server_new(int fd, void *tls, size_t max,
    const struct http_handler *handler, struct error *err);
/*
 * Serve until http_server_stop() was called and every request under way is
 * answered, or its time is over (conn_any_busy()).  If this fails, some of its threads may still run: the process must
 * exit.
 */
bool http_server_run(struct http_server *server, struct error *err) MUST_USE;
/*
 * Accept no more connections, cut the bodies that are on their way, and finish
 * what is under way.  To be called on the thread of http_server_run().
 */
void http_server_stop(struct http_server *server);
/*
 * After http_server_run(): how many requests the handler still has.  If there
 * are any, their answers must not come: the process must exit.
 */
unsigned http_server_left(const struct http_server *server);
/* Use another SSL_CTX for new connections.  For any thread. */
void http_server_set_tls(struct http_server *server, void *tls);
/* Give a request with its response back to its connection.  For any thread. */
void http_reply(struct http_request *request);
/* Tell the streams that there may be more.  For any thread. */
void http_server_wake_streams(struct http_server *server);
/* Call fn for each such signal, on the thread of http_server_run(). */
bool http_server_on_signal(struct http_server *server, int signal,
    void (*fn)(void *arg), void *arg, struct error *err) MUST_USE;
/* Call fn whenever a descriptor can be read, on the same thread. */
bool http_server_on_readable(struct http_server *server, int fd,
    void (*fn)(void *arg), void *arg, struct error *err) MUST_USE;
/*
 * Call fn once, on the same thread, when a descriptor can be read, or after so many
 * milliseconds; then it is fn's.  A server that is freed before that closes it.
 */
bool http_server_once_readable(struct http_server *server, int fd, unsigned ms,
    void (*fn)(void *arg, int fd), void *arg, struct error *err) MUST_USE;
/*
 * Call fn once a second, on the thread of http_server_run(), as long as every
 * loop turns, and every thread of handshakes: each has looked at its
 * connections since the last call.
 */
void http_server_on_turning(struct http_server *server, void (*fn)(void *arg),
    void *arg);
unsigned http_server_connections(const struct http_server *server);
void http_server_free(struct http_server *server);

/*
 * Make an SSL_CTX for mutual TLS 1.3 that accepts client certificates of these
 * CAs.
 */
void *http_tls_new(const char *cert_path, const char *key_path,
    X509 *const cas[], size_t num_cas, struct error *err);
/* Make one for other CAs, with the certificate and the key of that one. */
void *http_tls_again(void *from, X509 *const cas[], size_t num_cas,
    struct error *err);
void http_tls_free(void *tls);

#endif
