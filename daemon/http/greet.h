/*
 * greet.h - new connections until their TLS handshake is over.
 *
 * Nobody knows yet who they are, and a handshake costs much more than a request
 * to answer; so they have threads of their own, and a bound of their own, and
 * whoever has connected notices nothing of them.
 *
 * One thread, the door, accepts and waits for what comes.  Once a ClientHello
 * (RFC 8446 section 4.1.2) has come whole, the connection has a place among
 * LIMIT_HANDSHAKES, memory for TLS, and some time of a handshake thread.  Who
 * has sent none costs a descriptor, and has no such place: it waits where no
 * connection needs the room, and there are LIMIT_SILENT beyond that.  Where
 * either are too many one goes (pool.h); so the silent never drive out who has
 * sent a ClientHello.
 */
#ifndef DAEMON_HTTP_GREET_H
#define DAEMON_HTTP_GREET_H

#include <openssl/ssl.h>

#include "daemon/http/request.h"

struct greet;

/*
 * A handshake is over: fd and ssl are the function's.  Called on any handshake
 * thread.
 */
typedef void greet_done(void *arg, int fd, SSL *ssl);
/* Returns how many more connections there may be.  Called on the door. */
typedef size_t greet_room(void *arg);

/*
 * Make what greets those who connect to fd, a listening, non-blocking socket,
 * which stays the caller's. tls is an SSL_CTX, of which a reference is kept.
 * The handler is told of refused handshakes, and of who had to go. room never
 * returns more than max.
 */
struct greet *greet_new(int fd, SSL_CTX *tls, size_t max,
    const struct http_handler *handler, greet_done *done, greet_room *room,
    void *arg, struct error *err);
/* Start the threads. */
bool greet_start(struct greet *greet, struct error *err) MUST_USE;
/* End the threads and the connections that they have. */
void greet_stop(struct greet *greet);
/* Use another SSL_CTX for handshakes that have not begun.  For any thread. */
void greet_set_tls(struct greet *greet, SSL_CTX *tls);
/*
 * Have all threads turned since this last returned true?  For one thread at a
 * time.
 */
bool greet_turned(struct greet *greet);
/* greet_stop(), and free it.  NULL is fine. */
void greet_free(struct greet *greet);

#endif
