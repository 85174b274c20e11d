/*
 * TLS over a non-blocking socket, with OpenSSL and libevent (wire.h).
 */
#include "daemon/http/wire.h"

#include <errno.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	/* Bytes of records that are gathered for one send. */
	GATHER = 128 * 1024,
	RECORD = SSL3_RT_MAX_PACKET_SIZE,
	SMALL = 8192, /* the largest buffer that an idle connection keeps */
};

/*
 * Send the gathered records. flags may be MSG_MORE: the kernel then keeps back
 * an end that does not fill a packet.
 */
static int
push(struct wire *wire, int flags)
{
	while (wire->records_at < wire->records.len) {
		const struct span left = span_sub(buf_span(&wire->records),
		    wire->records_at, wire->records.len - wire->records_at);
		const ssize_t n =
		    send(wire->fd, left.data, left.len, MSG_NOSIGNAL | flags);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
			wire->want |= EV_WRITE;
			return 0;
		}
		if (n < 0)
			return -1;
		wire->records_at += (size_t)n;
		wire->sent += (uint64_t)n;
	}
	wire->records.len = wire->records_at = 0;
	return 1;
}

/* --- A BIO into which OpenSSL writes its records: it gathers them. --- */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static BIO_METHOD *gathering;

/* The BIO's write: returns -1 with the retry flag if it would block. */
static int
gather(BIO *bio, const char *data, int len)
{
	struct wire *wire = BIO_get_data(bio);
	struct error err = { 0 };

	BIO_clear_retry_flags(bio);
	if (wire->records.len >= GATHER) {
		const int pushed = push(wire, MSG_MORE);

		if (pushed == 0)
			BIO_set_retry_write(bio);
		if (pushed <= 0)
			return -1;
	}
	/* Most likely more than a small answer follows. */
	if (len > SMALL && wire->records.cap < GATHER &&
	    !buf_reserve(&wire->records, GATHER + RECORD, &err))
		return -1;
	return buf_append(&wire->records, span_of(data, (size_t)len), &err)
	    ? len
	    : -1;
}

static long
control(BIO *bio, int what, long num, void *arg)
{
	(void)bio, (void)num, (void)arg;
	/* wire_push() does the flushing. */
	return what == BIO_CTRL_FLUSH ? 1 : 0;
}

/* Make the BIO's table of functions, once for the process. */
static void
make_method(void)
{
	const int type = BIO_get_new_index() | BIO_TYPE_SOURCE_SINK;

	gathering = BIO_meth_new(type, "gathered records");
	if (gathering == NULL || BIO_meth_set_write(gathering, gather) != 1 ||
	    BIO_meth_set_ctrl(gathering, control) != 1) {
		BIO_meth_free(gathering);
		gathering = NULL;
	}
}

/* OpenSSL reads from the socket: have it write into the gathering BIO. */
static bool
connect_ssl(struct wire *wire)
{
	BIO *out;

	pthread_once(&once, make_method);
	if (gathering == NULL || (out = BIO_new(gathering)) == NULL)
		return false;
	BIO_set_data(out, wire);
	BIO_set_init(out, 1);
	SSL_set0_wbio(wire->ssl, out);
	return true;
}

/* --- The rest. --- */

int
wire_push(struct wire *wire)
{
	return push(wire, 0);
}

bool
wire_open(struct wire *wire, struct event_base *base, int fd, SSL *ssl,
    event_callback_fn fn, void *arg)
{
	*wire = (struct wire){ .ssl = ssl,
		.fd = fd,
		.out = BUF(SIZE_MAX),
		.records = BUF(SIZE_MAX) };
	wire->readable = event_new(base, fd, EV_READ | EV_PERSIST, fn, arg);
	wire->writable = event_new(base, fd, EV_WRITE | EV_PERSIST, fn, arg);
	if (wire->readable != NULL && wire->writable != NULL &&
	    connect_ssl(wire))
		return true;
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
	buf_free(&wire->records);
}

/* Turn OpenSSL's result into that of a wire function. */
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
wire_read(struct wire *wire, uint8_t *out, size_t max)
{
	return result_of(wire, SSL_read(wire->ssl, out, (int)max));
}

int
wire_write(struct wire *wire, struct span bytes)
{
	return result_of(wire,
	    SSL_write(wire->ssl, bytes.data, (int)bytes.len));
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
	if (wire->out.cap > SMALL)
		buf_free(&wire->out);
	return 1;
}

void
wire_wait(struct wire *wire, unsigned what)
{
	const bool read = (what & EV_READ) != 0;
	const bool write = (what & EV_WRITE) != 0 || wire->records.len > 0;

	/*
	 * A connection that waits for its client must not hold a large buffer.
	 */
	if (wire->records.len == 0 && wire->records.cap > SMALL)
		buf_free(&wire->records);

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
