/*
 * server.h - HTTP/1.1 over mutual TLS 1.3: some event loops, which never block.
 *
 * It takes connections (conn.h) and gives each to the loop that has the fewest.
 * They hand their requests to the handler (request.h), whose answers go back to
 * the loop of the connection (mailbox.h).  There is a loop for each processor
 * that the process may use, eight at most.
 */
#ifndef DAEMON_HTTP_SERVER_H
#define DAEMON_HTTP_SERVER_H

#include "daemon/http/request.h"

struct http_server;

/* fd is a listening socket; tls its SSL_CTX, kept by reference. */
struct http_server *http_server_new(int fd, void *tls,
    const struct http_handler *handler, struct error *err);
/*
 * Runs until http_server_stop() and every request under way is answered.  If it
 * fails, some of its threads may still run: all that is left is to exit.
 */
bool http_server_run(struct http_server *server, struct error *err) MUST_USE;
/* From the thread that runs it: take no more, finish what is under way. */
void http_server_stop(struct http_server *server);
/* For connections to come; from the same thread. */
void http_server_set_tls(struct http_server *server, void *tls);
/* Any thread: give a request, with its response, back to its connection. */
void http_reply(struct http_request *request);
/* Any thread: there may be more for the streams. */
void http_server_wake_streams(struct http_server *server);
/* Signals reach fn on the thread that runs it. */
bool http_server_on_signal(struct http_server *server, int signal,
    void (*fn)(void *arg), void *arg, struct error *err) MUST_USE;
unsigned http_server_connections(const struct http_server *server);
void http_server_free(struct http_server *server);

/* An SSL_CTX for mutual TLS 1.3 that trusts these CAs' clients. */
void *http_tls_new(const char *cert_path, const char *key_path,
    X509 *const cas[], size_t num_cas, struct error *err);
void http_tls_free(void *tls);

#endif
