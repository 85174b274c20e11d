#include "daemon/http/server.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/time.h"
#include "daemon/http/body.h"

enum { PIECE = 65536, TURNS = 8, TURNS_BODY = 32 };

enum phase { HANDSHAKE, HEAD, BODY, WORK, WRITE, STREAM, DRAIN, DEAD };

struct conn {
	struct http_server *server;
	struct event *readable, *writable;
	bool reading, writing;
	SSL *ssl;
	int fd;
	enum phase phase;
	uint32_t slot;
	uint64_t generation;
	struct conn *prev, *next;
	unsigned want; /* EV_READ, EV_WRITE: what OpenSSL waits for */
	struct buf in; /* unread; empty while idle */
	size_t scanned;
	struct buf out;
	size_t out_at;
	struct http_request *request; /* under way, but in WORK */
	struct http_body body;
	bool close;
	bool streaming; /* the head of a stream is out: only parts follow */
	void *session;  /* the handler's */
	uint64_t moved; /* bytes in this phase */
	int64_t since_s, until_s;
};

struct http_server {
	struct event_base *base;
	struct http_handler handler;
	SSL_CTX *tls;
	int listener, bell;
	struct event *on_listener, *on_bell, *on_tick;
	struct event *signals[8];
	size_t num_signals;
	struct conn *conns[LIMIT_CONNECTIONS];
	struct conn *all, *grave;
	unsigned num_conns, num_working;
	uint32_t next_slot;
	uint64_t generations, first_id;
	int64_t now_s;
	bool stopping;
	pthread_mutex_t mutex;
	struct http_request *done; /* replies from other threads */
	bool streams_due;          /* the same */
	uint8_t piece[PIECE];
};

struct signal_hook {
	void (*fn)(void *arg);
	void *arg;
};

static void
enter(struct conn *c, enum phase phase, int seconds)
{
	c->phase = phase;
	c->moved = 0;
	c->since_s = c->server->now_s;
	c->until_s = c->since_s + seconds;
}

/*
 * A floor of bytes a second, and no credit beyond one period of grace: else
 * what fits into socket buffers buys a non-reader half an hour.
 */
static void
progress(struct conn *c, size_t n)
{
	const int64_t now = c->server->now_s;
	int64_t until;

	c->moved += n;
	until = c->since_s + LIMIT_SECONDS_GRACE +
	    (int64_t)(c->moved / LIMIT_BYTES_A_SECOND);
	c->until_s = until < now + LIMIT_SECONDS_GRACE
	    ? until
	    : now + LIMIT_SECONDS_GRACE;
}

static void
free_request(struct http_request *request)
{
	if (request == NULL)
		return;
	X509_free(request->peer);
	if (request->spool >= 0)
		close(request->spool);
	if (request->response.fd >= 0)
		close(request->response.fd);
	buf_free(&request->response.body);
	free(request);
}

static void
finish(struct conn *c, bool sent)
{
	struct http_server *server = c->server;

	if (c->request == NULL)
		return;
	server->handler.finished(server->handler.arg, c->request, sent);
	free_request(c->request);
	c->request = NULL;
}

static void
wait_for(struct conn *c, unsigned what)
{
	const bool read = (what & EV_READ) != 0, write = (what & EV_WRITE) != 0;

	if (read != c->reading) {
		if (read)
			event_add(c->readable, NULL);
		else
			event_del(c->readable);
		c->reading = read;
	}
	if (write != c->writing) {
		if (write)
			event_add(c->writable, NULL);
		else
			event_del(c->writable);
		c->writing = write;
	}
}

/* Freed only after the batch of events: one may still point here. */
static void
bury(struct conn *c)
{
	struct http_server *server = c->server;

	if (c->phase == DEAD)
		return;
	if (c->phase != WORK)
		finish(c, false);
	c->phase = DEAD;
	wait_for(c, 0);
	if (c->next != NULL)
		c->next->prev = c->prev;
	if (c->prev != NULL)
		c->prev->next = c->next;
	else
		server->all = c->next;
	server->conns[c->slot] = NULL;
	server->num_conns--;
	c->next = server->grave;
	server->grave = c;
}

static void
empty_grave(struct http_server *server)
{
	struct conn *c;

	while ((c = server->grave) != NULL) {
		server->grave = c->next;
		event_free(c->readable);
		event_free(c->writable);
		SSL_free(c->ssl);
		close(c->fd);
		buf_free(&c->in);
		buf_free(&c->out);
		if (c->session != NULL)
			server->handler.session_free(c->session);
		free(c);
	}
}

static const char *
reason(int status)
{
	static const struct {
		int status;
		const char *text;
	} reasons[] = { { 200, "OK" }, { 201, "Created" },
		{ 204, "No Content" }, { 206, "Partial Content" },
		{ 304, "Not Modified" }, { 400, "Bad Request" },
		{ 403, "Forbidden" }, { 404, "Not Found" },
		{ 405, "Method Not Allowed" }, { 409, "Conflict" },
		{ 411, "Length Required" }, { 412, "Precondition Failed" },
		{ 413, "Content Too Large" }, { 414, "URI Too Long" },
		{ 415, "Unsupported Media Type" },
		{ 416, "Range Not Satisfiable" }, { 417, "Expectation Failed" },
		{ 422, "Unprocessable Content" }, { 423, "Locked" },
		{ 431, "Request Header Fields Too Large" },
		{ 460, "Checksum Mismatch" }, { 500, "Internal Server Error" },
		{ 501, "Not Implemented" }, { 503, "Service Unavailable" },
		{ 505, "HTTP Version Not Supported" } };

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].status == status)
			return reasons[i].text;
	return "Unknown";
}

static bool
put_head(struct conn *c, uint64_t len, struct error *err)
{
	const struct http_request *request = c->request;
	const struct http_response *response = &request->response;
	char length[48] = "";

	/* A stream has no end yet; a 204 none (RFC 9110 section 8.6). */
	if (!response->stream && response->status != 204)
		snprintf(length, sizeof(length), "Content-Length: %llu\r\n",
		    (unsigned long long)len);
	return buf_printf(&c->out, err,
	    "HTTP/1.1 %d %s\r\nRequest-Id: %s\r\n%s%s%s%s%s%s\r\n",
	    response->status, reason(response->status), request->id,
	    response->type != NULL ? "Content-Type: " : "",
	    response->type != NULL ? response->type : "",
	    response->type != NULL ? "\r\n" : "", response->headers, length,
	    c->close ? "Connection: close\r\n" : "");
}

/* The answer in c->request->response, from now on written. */
static void
begin_answer(struct conn *c)
{
	struct http_request *request = c->request;
	struct http_response *response = &request->response;
	const bool bodyless = strcmp(request->head.method, "HEAD") == 0 ||
	    response->status == 304 || response->status == 204;
	const uint64_t len = response->fd >= 0 ? response->to - response->from
					       : response->body.len;
	struct error err = { 0 };

	if (response->close || request->head.close || response->stream ||
	    !http_body_ended(&c->body) || c->server->stopping)
		c->close = true;
	if ((!c->streaming && !put_head(c, len, &err)) ||
	    (!bodyless && response->fd < 0 &&
		!buf_append(&c->out, buf_span(&response->body), &err))) {
		bury(c);
		return;
	}
	if (bodyless && response->fd >= 0)
		response->from = response->to;
	c->streaming = response->stream && !bodyless;
	enter(c, WRITE, LIMIT_SECONDS_GRACE);
}

static struct http_request *
new_request(struct conn *c)
{
	struct http_request *request = calloc(1, sizeof(*request));
	struct buf id = BUF(8);
	struct error ignored = { 0 };

	if (request == NULL)
		return NULL;
	request->response = HTTP_RESPONSE;
	request->spool = -1;
	request->slot = c->slot;
	request->began_ms = time_monotonic_ms();
	request->session = &c->session;
	c->generation = ++c->server->generations;
	request->generation = c->generation;
	/* Unlike any other's, of this run and of others. */
	if (buf_append_u64(&id, c->server->first_id + c->generation, &ignored))
		hex_encode(buf_span(&id), request->id);
	buf_free(&id);
	return request;
}

/*
 * Nothing after this is believed.  What was read is not a request; or, where a
 * failure is given, we could not keep its content.
 */
static void
refuse(struct conn *c, int status, const struct error *failure)
{
	const enum error_kind kind =
	    failure != NULL ? ERROR_UNAVAILABLE : ERROR_USAGE;
	const struct error problem = { .kind = kind };
	struct error err = { 0 };

	if (c->request == NULL && (c->request = new_request(c)) == NULL) {
		bury(c);
		return;
	}
	if (failure != NULL)
		c->server->handler.failed(c->server->handler.arg, c->request,
		    failure);
	c->request->response.status = status;
	c->request->response.type = "application/problem+json";
	c->request->response.close = true;
	if (!buf_printf(&c->request->response.body, &err,
		"{\"code\":\"%s\",\"detail\":\"%s: %s\",\"exit\":%d,"
		"\"request\":\"%s\",\"status\":%d,\"title\":\"%s\"}\n",
		error_code(&problem),
		failure != NULL
		    ? "the server cannot store what you send: try again later"
		    : "the request is not one that this server reads",
		reason(status), error_exit_status(kind), c->request->id, status,
		error_title(kind))) {
		bury(c);
		return;
	}
	c->in.len = 0;
	begin_answer(c);
}

static void
to_handler(struct conn *c)
{
	struct http_server *server = c->server;
	struct http_request *request = c->request;

	c->request = NULL;
	server->num_working++;
	enter(c, WORK, 3600);
	server->handler.dispatch(server->handler.arg, request);
}

static void
route(struct conn *c)
{
	struct http_server *server = c->server;
	struct http_request *request = c->request;
	const struct http_head *head = &request->head;
	const bool may_have_body = strcmp(head->method, "PUT") == 0 ||
	    strcmp(head->method, "POST") == 0 ||
	    strcmp(head->method, "PATCH") == 0;
	uint64_t max_body = 0;
	struct error err = { 0 };

	if (!may_have_body && (head->chunked || head->length > 0)) {
		refuse(c, 400, NULL);
		return;
	}
	if (may_have_body && !head->chunked && !head->has_length) {
		refuse(c, 411, NULL);
		return;
	}
	switch (
	    server->handler.begin(server->handler.arg, request, &max_body)) {
	case HTTP_ANSWER:
		begin_answer(c);
		return;
	case HTTP_WORK:
		to_handler(c);
		return;
	case HTTP_READ:
		break;
	}
	if (!may_have_body) {
		to_handler(c);
		return;
	}
	if (head->gzip && !request->takes_gzip) {
		refuse(c, 415, NULL);
		return;
	}
	c->body.max = max_body;
	if (head->length > max_body) {
		refuse(c, 413, NULL);
		return;
	}
	if (request->spool < 0)
		request->spool =
		    file_temporary(server->handler.spool_dir, &err);
	if (request->spool < 0) {
		refuse(c, 503, &err);
		return;
	}
	if (head->expect && c->in.len == 0 &&
	    !buf_append_str(&c->out, "HTTP/1.1 100 Continue\r\n\r\n", &err)) {
		bury(c);
		return;
	}
	enter(c, BODY, LIMIT_SECONDS_GRACE);
}

static void
take_head(struct conn *c, size_t len)
{
	struct span text = span_sub(buf_span(&c->in), 0, len);
	int status;

	if ((c->request = new_request(c)) == NULL) {
		bury(c);
		return;
	}
	status = http_head_parse(text, &c->request->head);
	buf_drop(&c->in, len);
	c->scanned = 0;
	c->request->peer = SSL_get1_peer_certificate(c->ssl);
	http_body_begin(&c->body, c->request->head.chunked,
	    c->request->head.length, UINT64_MAX);
	if (status != 0)
		refuse(c, status, NULL);
	else
		route(c);
}

/* > 0 bytes, 0 it would block, < 0 the end. */
static int
tls_result(struct conn *c, int result)
{
	if (result > 0)
		return result;
	switch (SSL_get_error(c->ssl, result)) {
	case SSL_ERROR_WANT_READ:
		c->want |= EV_READ;
		return 0;
	case SSL_ERROR_WANT_WRITE:
		c->want |= EV_WRITE;
		return 0;
	default:
		return -1;
	}
}

static int
read_piece(struct conn *c, size_t max)
{
	return tls_result(c,
	    SSL_read(c->ssl, c->server->piece,
		(int)(max < PIECE ? max : PIECE)));
}

/* 1 all is out, 0 it would block, -1 the end. */
static int
flush(struct conn *c)
{
	while (c->out_at < c->out.len) {
		const int n = tls_result(c,
		    SSL_write(c->ssl, c->out.data + c->out_at,
			(int)(c->out.len - c->out_at)));

		if (n <= 0)
			return n;
		c->out_at += (size_t)n;
		progress(c, (size_t)n);
	}
	c->out.len = c->out_at = 0;
	/* An idle connection holds no large buffer. */
	if (c->out.cap > 8192)
		buf_free(&c->out);
	return 1;
}

/* Where the head ends; a bare LF or CR is refused when it comes. */
static size_t
find_head_end(struct conn *c, bool *bad)
{
	for (size_t i = c->scanned; i < c->in.len; i++) {
		const uint8_t *b = c->in.data;

		if ((b[i] == '\n' && (i == 0 || b[i - 1] != '\r')) ||
		    (i > 0 && b[i - 1] == '\r' && b[i] != '\n')) {
			*bad = true;
			return 0;
		}
		if (i >= 3 && b[i] == '\n' && b[i - 2] == '\n')
			return i + 1;
	}
	c->scanned = c->in.len;
	return 0;
}

static int
step_head(struct conn *c)
{
	struct error err = { 0 };
	bool bad = false;
	size_t end;
	int n;

	if (c->in.len > 0) {
		end = find_head_end(c, &bad);
		if (end > 0) {
			take_head(c, end);
			return 1;
		}
		if (bad || c->in.len >= LIMIT_HTTP_HEAD) {
			http_body_begin(&c->body, false, 0, 0);
			refuse(c, bad ? 400 : 431, NULL);
			return 1;
		}
	}
	if ((n = read_piece(c, LIMIT_HTTP_HEAD - c->in.len)) > 0) {
		if (c->in.len == 0)
			enter(c, HEAD, LIMIT_SECONDS_HEAD);
		if (!buf_append(&c->in, span_of(c->server->piece, (size_t)n),
			&err))
			return -1;
		return 1;
	}
	if (c->in.len == 0)
		buf_free(&c->in);
	return n;
}

/* Content to the spool; 0 or the status to refuse with; err if we failed. */
static int
take_body(struct conn *c, struct span *bytes, struct error *err)
{
	struct http_request *request = c->request;
	struct span data;

	while (bytes->len > 0 && !http_body_ended(&c->body)) {
		const int status = http_body_take(&c->body, bytes, &data);

		if (status != 0)
			return status;
		if (data.len == 0)
			continue;
		progress(c, data.len);
		if (!file_pwrite(request->spool, data,
			(off_t)(request->spool_at + request->body_len), err))
			return 503; /* the disk is full, most likely */
		request->body_len += data.len;
	}
	return 0;
}

static int
step_body(struct conn *c)
{
	struct error err = { 0 };
	struct span bytes;
	int n, status;

	if (c->out.len > 0 && (n = flush(c)) <= 0)
		return n;
	if (http_body_ended(&c->body)) {
		to_handler(c);
		return 1;
	}
	if (c->in.len > 0) {
		bytes = buf_span(&c->in);
		status = take_body(c, &bytes, &err);
		buf_drop(&c->in, c->in.len - bytes.len);
	} else {
		if ((n = read_piece(c, PIECE)) <= 0)
			return n;
		bytes = span_of(c->server->piece, (size_t)n);
		status = take_body(c, &bytes, &err);
		/* The next request, pipelined: kept for its turn. */
		if (status == 0 && bytes.len > 0 &&
		    !buf_append(&c->in, bytes, &err))
			return -1;
	}
	if (status != 0)
		refuse(c, status, err.kind != ERROR_NONE ? &err : NULL);
	return 1;
}

static int
write_file(struct conn *c)
{
	struct http_response *response = &c->request->response;
	const uint64_t left = response->to - response->from;
	const size_t want = left < PIECE ? (size_t)left : PIECE;
	struct error err = { 0 };
	size_t at = 0;

	if (!file_pread(response->fd, c->server->piece, want,
		(off_t)response->from, &err))
		return -1;
	while (at < want) {
		const int n = tls_result(c,
		    SSL_write(c->ssl, c->server->piece + at, (int)(want - at)));

		if (n <= 0)
			return n;
		at += (size_t)n;
		response->from += (size_t)n;
		progress(c, (size_t)n);
	}
	return 1;
}

/* Has the handler more of a stream? */
static void
ask_stream(struct conn *c, bool idle)
{
	struct http_server *server = c->server;
	struct http_response *response = &c->request->response;

	response->body.len = 0;
	switch (server->handler.stream(server->handler.arg, c->request, idle)) {
	case HTTP_READ:
		if (c->phase != STREAM)
			enter(c, STREAM, 0);
		break;
	case HTTP_ANSWER:
		begin_answer(c);
		break;
	case HTTP_WORK:
		to_handler(c);
		break;
	}
}

static int
step_write(struct conn *c)
{
	const int n = flush(c);

	if (n <= 0)
		return n;
	if (c->request->response.fd >= 0 &&
	    c->request->response.from < c->request->response.to)
		return write_file(c);
	if (c->streaming && !c->request->response.close &&
	    !c->server->stopping) {
		ask_stream(c, false);
		return 1;
	}
	finish(c, true);
	if (c->close) {
		/* Read what is still sent, so that the answer is read too. */
		SSL_shutdown(c->ssl);
		enter(c, DRAIN, LIMIT_SECONDS_DRAIN);
		return 1;
	}
	enter(c, HEAD, LIMIT_SECONDS_IDLE);
	return 1;
}

static int
step(struct conn *c)
{
	int n;

	switch (c->phase) {
	case HANDSHAKE:
		if ((n = tls_result(c, SSL_accept(c->ssl))) > 0)
			enter(c, HEAD, LIMIT_SECONDS_IDLE);
		return n;
	case HEAD:
		return step_head(c);
	case BODY:
		return step_body(c);
	case WRITE:
		return step_write(c);
	case STREAM:
		/* Who listens has nothing to say. */
		return read_piece(c, PIECE) != 0 ? -1 : 0;
	case DRAIN:
		if ((n = read_piece(c, PIECE)) > 0) {
			c->moved += (uint64_t)n;
			if (c->moved > LIMIT_HTTP_DRAIN)
				return -1;
		}
		return n;
	case WORK:
	case DEAD:
		break;
	}
	return 0;
}

/* Is what comes next still on its way, and not with us or in OpenSSL? */
static bool
reads_on(const struct conn *c)
{
	return (c->phase == DRAIN ||
		   (c->phase == BODY && !http_body_ended(&c->body))) &&
	    c->in.len == 0 && !SSL_has_pending(c->ssl);
}

/* Go on until OpenSSL would block, or it is others' turn. */
static void
drive(struct conn *c)
{
	ERR_clear_error();
	for (unsigned turns = 0;; turns++) {
		int n;

		c->want = 0;
		n = step(c);
		if (c->phase == DEAD)
			return;
		if (n < 0) {
			bury(c);
			return;
		}
		if (n == 0)
			break;
		if (c->phase == WRITE && c->request->response.fd >= 0 &&
		    turns >= TURNS) {
			c->want = EV_WRITE;
			break;
		}
		/* Only where an event will follow: what is read makes none. */
		if (turns >= TURNS_BODY && reads_on(c)) {
			c->want = EV_READ;
			break;
		}
	}
	wait_for(c, c->phase == WORK ? 0 : c->want);
}

static void
on_conn(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;

	(void)fd, (void)what;
	if (c->phase != DEAD)
		drive(c);
}

static bool
make_conn(struct http_server *server, int fd)
{
	struct conn *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return false;
	c->server = server;
	c->fd = fd;
	c->in = BUF(LIMIT_HTTP_HEAD + PIECE);
	c->out = BUF(SIZE_MAX);
	c->ssl = SSL_new(server->tls);
	c->readable =
	    event_new(server->base, fd, EV_READ | EV_PERSIST, on_conn, c);
	c->writable =
	    event_new(server->base, fd, EV_WRITE | EV_PERSIST, on_conn, c);
	if (c->ssl == NULL || c->readable == NULL || c->writable == NULL ||
	    SSL_set_fd(c->ssl, fd) != 1) {
		SSL_free(c->ssl);
		if (c->readable != NULL)
			event_free(c->readable);
		if (c->writable != NULL)
			event_free(c->writable);
		free(c);
		return false;
	}
	SSL_set_accept_state(c->ssl);
	while (server->conns[server->next_slot % LIMIT_CONNECTIONS] != NULL)
		server->next_slot++;
	c->slot = server->next_slot++ % LIMIT_CONNECTIONS;
	server->conns[c->slot] = c;
	server->num_conns++;
	if ((c->next = server->all) != NULL)
		c->next->prev = c;
	server->all = c;
	enter(c, HANDSHAKE, LIMIT_SECONDS_HANDSHAKE);
	drive(c);
	return true;
}

static void
on_listener(evutil_socket_t listener, short what, void *arg)
{
	struct http_server *server = arg;

	(void)what;
	for (int i = 0; i < 32 && server->num_conns < LIMIT_CONNECTIONS; i++) {
		const int fd =
		    accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		const int yes = 1;

		if (fd < 0) {
			/* Out of descriptors: the tick listens again. */
			if (errno != EAGAIN && errno != EINTR &&
			    errno != ECONNABORTED)
				event_del(server->on_listener);
			return;
		}
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
		if (!make_conn(server, fd))
			close(fd);
	}
	if (server->num_conns >= LIMIT_CONNECTIONS)
		event_del(server->on_listener);
	empty_grave(server);
}

void
http_reply(struct http_server *server, struct http_request *request)
{
	const uint64_t one = 1;
	ssize_t rung = 0;
	bool first;

	pthread_mutex_lock(&server->mutex);
	first = server->done == NULL;
	request->next = server->done;
	server->done = request;
	pthread_mutex_unlock(&server->mutex);
	/* Where it cannot ring, the next tick looks. */
	if (first)
		rung = write(server->bell, &one, sizeof(one));
	(void)rung;
}

static void
answer(struct http_server *server, struct http_request *request)
{
	struct conn *c = server->conns[request->slot];

	server->num_working--;
	if (c == NULL || c->generation != request->generation ||
	    c->phase != WORK) {
		server->handler.finished(server->handler.arg, request, false);
		free_request(request);
		return;
	}
	c->request = request;
	begin_answer(c);
	if (c->phase != DEAD)
		drive(c);
}

static void
answer_all(struct http_server *server)
{
	struct http_request *done, *next;

	pthread_mutex_lock(&server->mutex);
	done = server->done;
	server->done = NULL;
	pthread_mutex_unlock(&server->mutex);
	for (; done != NULL; done = next) {
		next = done->next;
		answer(server, done);
	}
}

void
http_server_wake_streams(struct http_server *server)
{
	const uint64_t one = 1;
	ssize_t rung = 0;
	bool first;

	pthread_mutex_lock(&server->mutex);
	first = !server->streams_due;
	server->streams_due = true;
	pthread_mutex_unlock(&server->mutex);
	if (first)
		rung = write(server->bell, &one, sizeof(one));
	(void)rung;
}

/* Those that wait are asked; a part on its way asks when it is out. */
static void
feed_streams(struct http_server *server)
{
	struct conn *next;
	bool due;

	pthread_mutex_lock(&server->mutex);
	due = server->streams_due;
	server->streams_due = false;
	pthread_mutex_unlock(&server->mutex);
	for (struct conn *c = server->all; c != NULL; c = next) {
		next = c->next;
		if (c->phase != STREAM)
			continue;
		if (due)
			ask_stream(c, false);
		else if (server->now_s - c->since_s >= LIMIT_SECONDS_BEAT)
			ask_stream(c, true);
		if (c->phase == WRITE)
			drive(c);
	}
}

static void
on_bell(evutil_socket_t bell, short what, void *arg)
{
	uint64_t count;

	(void)what;
	if (read((int)bell, &count, sizeof(count)) != sizeof(count))
		return;
	answer_all(arg);
	feed_streams(arg);
}

static bool
is_busy(const struct http_server *server)
{
	if (server->num_working > 0)
		return true;
	for (const struct conn *c = server->all; c != NULL; c = c->next)
		if (c->phase == BODY || c->phase == WRITE)
			return true;
	return false;
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct http_server *server = arg;
	struct conn *next;

	(void)fd, (void)what;
	server->now_s = time_monotonic_ms() / 1000;
	answer_all(server);
	feed_streams(server);
	for (struct conn *c = server->all; c != NULL; c = next) {
		next = c->next;
		if ((server->now_s > c->until_s && c->phase != STREAM) ||
		    (server->stopping &&
			(c->phase == HEAD || c->phase == STREAM)))
			bury(c);
	}
	if (!server->stopping && server->num_conns < LIMIT_CONNECTIONS)
		event_add(server->on_listener, NULL);
	server->handler.tick(server->handler.arg);
	if (server->stopping && !is_busy(server))
		event_base_loopbreak(server->base);
}

void
http_server_stop(struct http_server *server)
{
	server->stopping = true;
	event_del(server->on_listener);
	/* Not at once: what is under way is answered first. */
	on_tick(-1, 0, server);
}

void
http_server_set_tls(struct http_server *server, void *tls)
{
	SSL_CTX_free(server->tls);
	server->tls = tls;
	SSL_CTX_up_ref(server->tls);
}

struct http_server *
http_server_new(int fd, void *tls, const struct http_handler *handler,
    struct error *err)
{
	struct http_server *server = calloc(1, sizeof(*server));
	struct event_config *config = event_config_new();
	const struct timeval second = { .tv_sec = 1 };

	if (server == NULL || config == NULL) {
		error_set_errno(err, "server");
		free(server);
		return NULL;
	}
	server->handler = *handler;
	server->listener = fd;
	server->tls = tls;
	SSL_CTX_up_ref(server->tls);
	server->now_s = time_monotonic_ms() / 1000;
	if (RAND_bytes((unsigned char *)&server->first_id,
		sizeof(server->first_id)) != 1)
		server->first_id = (uint64_t)time_now_ms() << 20;
	pthread_mutex_init(&server->mutex, NULL);
	event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
	server->base = event_base_new_with_config(config);
	event_config_free(config);
	server->bell = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (server->base != NULL && server->bell >= 0) {
		server->on_listener = event_new(server->base, fd,
		    EV_READ | EV_PERSIST, on_listener, server);
		server->on_bell = event_new(server->base, server->bell,
		    EV_READ | EV_PERSIST, on_bell, server);
		server->on_tick =
		    event_new(server->base, -1, EV_PERSIST, on_tick, server);
	}
	if (server->on_listener == NULL || server->on_bell == NULL ||
	    server->on_tick == NULL ||
	    event_add(server->on_listener, NULL) != 0 ||
	    event_add(server->on_bell, NULL) != 0 ||
	    event_add(server->on_tick, &second) != 0) {
		error_set(err, ERROR_SYSTEM, "libevent");
		http_server_free(server);
		return NULL;
	}
	return server;
}

bool
http_server_run(struct http_server *server, struct error *err)
{
	while (!event_base_got_break(server->base)) {
		if (event_base_loop(server->base, EVLOOP_ONCE) != 0)
			return error_set(err, ERROR_SYSTEM, "event loop");
		empty_grave(server);
		server->handler.turn_over(server->handler.arg);
	}
	return true;
}

static void
on_signal(evutil_socket_t signal, short what, void *arg)
{
	struct signal_hook *hook = arg;

	(void)signal, (void)what;
	hook->fn(hook->arg);
}

bool
http_server_on_signal(struct http_server *server, int signal,
    void (*fn)(void *arg), void *arg, struct error *err)
{
	struct signal_hook *hook = calloc(1, sizeof(*hook));
	struct event *event;

	if (hook == NULL || server->num_signals == 8) {
		free(hook);
		return error_set(err, ERROR_SYSTEM, "signal");
	}
	*hook = (struct signal_hook){ fn, arg };
	event = evsignal_new(server->base, signal, on_signal, hook);
	if (event == NULL || event_add(event, NULL) != 0) {
		free(hook);
		return error_set(err, ERROR_SYSTEM, "signal");
	}
	server->signals[server->num_signals++] = event;
	return true;
}

unsigned
http_server_connections(const struct http_server *server)
{
	return server->num_conns;
}

void
http_server_free(struct http_server *server)
{
	struct http_request *next;

	if (server == NULL)
		return;
	while (server->all != NULL)
		bury(server->all);
	empty_grave(server);
	for (struct http_request *r = server->done; r != NULL; r = next) {
		next = r->next;
		free_request(r);
	}
	for (size_t i = 0; i < server->num_signals; i++) {
		free(event_get_callback_arg(server->signals[i]));
		event_free(server->signals[i]);
	}
	if (server->on_listener != NULL)
		event_free(server->on_listener);
	if (server->on_bell != NULL)
		event_free(server->on_bell);
	if (server->on_tick != NULL)
		event_free(server->on_tick);
	if (server->base != NULL)
		event_base_free(server->base);
	if (server->bell >= 0)
		close(server->bell);
	SSL_CTX_free(server->tls);
	pthread_mutex_destroy(&server->mutex);
	free(server);
}
