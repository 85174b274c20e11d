/*
 * TLS over a non-blocking socket, by OpenSSL, with libevent's events.
 */
#include "daemon/http/wire.h"

#include <unistd.h>

bool
wire_open(struct wire *wire, struct event_base *base, int fd, SSL *ssl,
    event_callback_fn fn, void *arg)
{
	*wire = (struct wire){ .ssl = ssl, .fd = fd, .out = BUF(SIZE_MAX) };
	wire->readable = event_new(base, fd, EV_READ | EV_PERSIST, fn, arg);
	wire->writable = event_new(base, fd, EV_WRITE | EV_PERSIST, fn, arg);
	if (wire->readable != NULL && wire->writable != NULL &&
	    SSL_set_fd(ssl, fd) == 1) {
		SSL_set_accept_state(ssl);
		return true;
	}
	if (wire->readable != NULL)
		event_free(wire->readable);
	if (wire->writable != NULL)
		event_free(wire->writable);
	return false;
}

void
wire_close(struct wire *wire)
{
	event_free(wire->readable);
	event_free(wire->writable);
	SSL_free(wire->ssl);
	close(wire->fd);
	buf_free(&wire->out);
}

static int
result_of(struct wire *wire, int result)
{
	if (result > 0)
		return result;
	switch (SSL_get_error(wire->ssl, result)) {
	case SSL_ERROR_WANT_READ:
		wire->want |= EV_READ;
		return 0;
	case SSL_ERROR_WANT_WRITE:
		wire->want |= EV_WRITE;
		return 0;
	default:
		return -1;
	}
}

int
wire_accept(struct wire *wire)
{
	return result_of(wire, SSL_accept(wire->ssl));
}

int
wire_read(struct wire *wire, uint8_t *out, size_t max)
{
	return result_of(wire, SSL_read(wire->ssl, out, (int)max));
}

int
wire_write(struct wire *wire, struct span bytes)
{
	const int n =
	    result_of(wire, SSL_write(wire->ssl, bytes.data, (int)bytes.len));

	if (n > 0)
		wire->sent += (uint64_t)n;
	return n;
}

int
wire_flush(struct wire *wire)
{
	while (wire->out_at < wire->out.len) {
		const size_t left = wire->out.len - wire->out_at;
		const int n = wire_write(wire,
		    span_sub(buf_span(&wire->out), wire->out_at, left));

		if (n <= 0)
			return n;
		wire->out_at += (size_t)n;
	}
	wire->out.len = wire->out_at = 0;
	/* An idle connection holds no large buffer. */
	if (wire->out.cap > 8192)
		buf_free(&wire->out);
	return 1;
}

void
wire_wait(struct wire *wire, unsigned what)
{
	const bool read = (what & EV_READ) != 0, write = (what & EV_WRITE) != 0;

	if (read != wire->reading) {
		if (read)
			event_add(wire->readable, NULL);
		else
			event_del(wire->readable);
		wire->reading = read;
	}
	if (write != wire->writing) {
		if (write)
			event_add(wire->writable, NULL);
		else
			event_del(wire->writable);
		wire->writing = write;
	}
}
