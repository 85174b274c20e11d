/*
 * wire.h - the bytes of one connection: TLS over a non-blocking socket, and the
 * two events that tell when it can go on.
 *
 * Source: RFC 8446 (TLS 1.3).  All of it is the thread's of its event base.
 */
#ifndef DAEMON_HTTP_WIRE_H
#define DAEMON_HTTP_WIRE_H

#include <event2/event.h>
#include <openssl/ssl.h>

#include "base/bytes.h"

struct wire {
	SSL *ssl;
	int fd;
	unsigned want; /* EV_READ, EV_WRITE: what OpenSSL waits for */
	struct event *readable, *writable;
	bool reading, writing;
	struct buf out; /* content, encrypted by wire_flush() */
	size_t out_at;
	struct buf records; /* encrypted, sent by wire_push() */
	size_t records_at;
	uint64_t sent; /* bytes that the kernel has taken, in all */
};

/*
 * fn is called with arg when what wire_wait() asks for has come.  fd and ssl
 * are the wire's from now on; if it returns false they are the caller's.
 */
bool wire_open(struct wire *wire, struct event_base *base, int fd, SSL *ssl,
    event_callback_fn fn, void *arg) MUST_USE;
/* Free all that it has. */
void wire_close(struct wire *wire);

/*
 * Each returns > 0 for bytes moved or a step done, 0 if it would block, having
 * added to want, and < 0 where the connection is at its end.
 *
 * What is written is gathered, some records at a time, so that the kernel is
 * not asked for each: wire_push() sends the rest.
 */
int wire_accept(struct wire *wire);
int wire_read(struct wire *wire, uint8_t *out, size_t max);
int wire_write(struct wire *wire, struct span bytes);
/* Write all of out; 1 once it is empty. */
int wire_flush(struct wire *wire);
/* Send what is gathered; 1 once the kernel has all of it. */
int wire_push(struct wire *wire);

/* Wait for EV_READ, EV_WRITE, both or none. */
void wire_wait(struct wire *wire, unsigned what);

#endif
