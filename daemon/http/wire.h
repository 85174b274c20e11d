/*
 * wire.h - the bytes of one connection: TLS over a non-blocking socket, and the
 * two events that tell when it can go on.
 *
 * Source: RFC 8446 (TLS 1.3).  For the thread of its event base only.
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
	struct buf out; /* content, to be encrypted by wire_flush() */
	size_t out_at;
	struct buf records; /* encrypted, to be sent by wire_push() */
	size_t records_at;
	uint64_t sent; /* total bytes that the kernel has taken */
};

/*
 * Open a wire on a connection whose handshake is over (greet.h). fn is called
 * with arg when an event that wire_wait() asked for has come. fd and ssl are
 * taken over, unless this returns false.
 */
bool wire_open(struct wire *wire, struct event_base *base, int fd, SSL *ssl,
    event_callback_fn fn, void *arg) MUST_USE;
/* Close the socket and free all buffers. */
void wire_close(struct wire *wire);

/*
 * Each function returns > 0 after bytes moved or a step was done; 0 if it would
 * block, after it has added to want; < 0 at the end of the connection.
 *
 * Writes are gathered, several records at a time, to save system calls:
 * wire_push() sends the rest.
 */
int wire_read(struct wire *wire, uint8_t *out, size_t max);
int wire_write(struct wire *wire, struct span bytes);
/* Encrypt all of out; returns 1 once it is empty. */
int wire_flush(struct wire *wire);
/* Send the gathered records; returns 1 once the kernel has all of them. */
int wire_push(struct wire *wire);

/* Wait for EV_READ, EV_WRITE, both or neither. */
void wire_wait(struct wire *wire, unsigned what);

#endif
