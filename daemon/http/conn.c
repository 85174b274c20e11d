/*
 * A connection: its phases, what it reads and writes in each, and how long each
 * may take (conn.h).
 */
#include "daemon/http/conn_parts.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/time.h"
#include "daemon/http/answer.h"
#include "daemon/http/mailbox.h"
#include "daemon/http/tally.h"

/* a connection takes so many steps before others get their turn */
enum { TURNS = 8, TURNS_BODY = 32 };

/*
 * Demand a minimum of bytes a second, and give no credit beyond one period of
 * grace: otherwise a client that does not read could hold a connection for half
 * an hour with what fits into socket buffers.
 */
static void
progress(struct conn *c, uint64_t n)
{
	const int64_t now = c->loop->now_s;
	int64_t until;

	c->moved += n;
	until = c->since_s + LIMIT_SECONDS_GRACE +
	    (int64_t)(c->moved / LIMIT_BYTES_A_SECOND);
	c->until_s = until < now + LIMIT_SECONDS_GRACE
	    ? until
	    : now + LIMIT_SECONDS_GRACE;
}

void
conn_end_all(struct loop *loop)
{
	while (loop->all != NULL)
		conn_bury(loop->all);
	conn_empty_grave(loop);
	spool_close(&loop->spool);
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
	request->mailbox = c->loop->mailbox;
	request->conn = c;
	request->began_ms = time_monotonic_ms();
	request->session = &c->session;
	/* The id differs from all others, of this run and of earlier ones. */
	if (buf_append_u64(&id, c->loop->next_id++, &ignored))
		hex_encode(buf_span(&id), request->id);
	buf_free(&id);
	return request;
}

/* Answer with an error and close. */
static void
answer_problem(struct conn *c, int status, const struct error *problem)
{
	const struct http_handler *handler = c->loop->handler;

	if (handler->problem != NULL)
		handler->problem(handler->arg, c->request, status, problem);
	c->request->response.status = status;
	c->request->response.close = true;
	c->in.len = 0;
	conn_send_answer(c);
}

/*
 * Answer with an error and close, since nothing after it can be trusted to be a
 * request. failure is set if not the request is wrong, but its content could
 * not be stored.
 */
static void
refuse(struct conn *c, int status, const struct error *failure)
{
	const struct http_handler *handler = c->loop->handler;
	struct error problem;

	if (c->request == NULL && (c->request = new_request(c)) == NULL) {
		conn_bury(c);
		return;
	}
	/* The handler has logged what it refused itself. */
	if (failure != NULL && failure->kind != ERROR_FULL)
		handler->failed(handler->arg, c->request, failure);
	if (failure != NULL && failure->is_full)
		status = error_http_status(ERROR_FULL);
	error_set(&problem,
	    failure == NULL        ? ERROR_USAGE
		: failure->is_full ? ERROR_FULL
				   : ERROR_UNAVAILABLE,
	    "%s: %s",
	    failure != NULL
		? "the server cannot store what you send: try again later"
		: "the request is not one that this server reads",
	    http_answer_reason(status));
	answer_problem(c, status,
	    failure != NULL && failure->kind == ERROR_FULL ? failure
							   : &problem);
}

/* Tell one that is over a limit that it must go. */
static void
turn_away(struct conn *c)
{
	struct error problem;

	error_set(&problem, ERROR_UNAVAILABLE, "%s: try again later",
	    c->turned_away == 429
		? "your office has as many connections as it may have beside"
		  " those of the others"
		: "all connections that this server may have are taken");
	answer_problem(c, c->turned_away, &problem);
}

/* The head was parsed: ask the handler whether to read the body. */
static void
take_route(struct conn *c)
{
	struct loop *loop = c->loop;
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
	switch (loop->handler->begin(loop->handler->arg, request, &max_body)) {
	case HTTP_ANSWER:
		conn_send_answer(c);
		return;
	case HTTP_WORK:
		conn_to_handler(c);
		return;
	case HTTP_READ:
		break;
	}
	if (!may_have_body) {
		conn_to_handler(c);
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
	if (request->spool < 0) {
		request->spool =
		    spool_take(&loop->spool, loop->handler->spool_dir, &err);
		request->spool_is_spare = true;
	}
	if (request->spool < 0) {
		refuse(c, 503, &err);
		return;
	}
	if (head->expect && c->in.len == 0 &&
	    !buf_append_str(&c->wire.out, "HTTP/1.1 100 Continue\r\n\r\n",
		&err)) {
		conn_bury(c);
		return;
	}
	conn_enter(c, BODY, LIMIT_SECONDS_GRACE);
}

/* Parse a head of len bytes. */
static void
take_head(struct conn *c, size_t len)
{
	struct span text = span_sub(buf_span(&c->in), 0, len);
	int status;

	if ((c->request = new_request(c)) == NULL) {
		conn_bury(c);
		return;
	}
	status = http_head_parse(text, &c->request->head);
	buf_drop(&c->in, len);
	c->scanned = 0;
	c->request->peer = SSL_get1_peer_certificate(c->wire.ssl);
	http_body_begin(&c->body, c->request->head.chunked,
	    c->request->head.length, UINT64_MAX);
	if (status != 0)
		refuse(c, status, NULL);
	else if (c->turned_away != 0)
		turn_away(c);
	else
		take_route(c);
}

/* Read at most max bytes into the loop's piece; returns as wire_read(). */
static int
read_piece(struct conn *c, size_t max)
{
	return wire_read(&c->wire, c->loop->piece,
	    max < HTTP_PIECE ? max : HTTP_PIECE);
}

/*
 * Returns the length of the head, 0 if its end has not come.  *bad is set at
 * once if it has a bare LF or CR.
 */
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

/*
 * Read a head.  Like all steps it returns > 0 after progress, 0 if it would
 * block, < 0 at the end of the connection.
 */
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
			conn_enter(c, HEAD, LIMIT_SECONDS_HEAD);
		if (!buf_append(&c->in, span_of(c->loop->piece, (size_t)n),
			&err))
			return -1;
		return 1;
	}
	if (c->in.len == 0)
		buf_free(&c->in);
	return n;
}

/*
 * Write content to the spool.  Returns 0, or the status to refuse with, with
 * err set if the failure is ours.
 */
static int
take_body(struct conn *c, struct span *bytes, struct error *err)
{
	const struct http_handler *handler = c->loop->handler;
	struct http_request *request = c->request;
	struct span data;

	while (bytes->len > 0 && !http_body_ended(&c->body)) {
		const int status = http_body_take(&c->body, bytes, &data);

		if (status != 0)
			return status;
		if (data.len == 0)
			continue;
		progress(c, data.len);
		if ((handler->take_room != NULL &&
			!handler->take_room(handler->arg, request, data.len,
			    err)) ||
		    !file_pwrite(request->spool, data,
			(off_t)(request->spool_at + request->body_len), err))
			return 503; /* most likely the disk is full */
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

	if (c->wire.out.len > 0 && (n = wire_flush(&c->wire)) <= 0)
		return n;
	if (http_body_ended(&c->body)) {
		conn_to_handler(c);
		return 1;
	}
	if (c->in.len > 0) {
		bytes = buf_span(&c->in);
		status = take_body(c, &bytes, &err);
		buf_drop(&c->in, c->in.len - bytes.len);
	} else {
		if ((n = read_piece(c, HTTP_PIECE)) <= 0)
			return n;
		bytes = span_of(c->loop->piece, (size_t)n);
		status = take_body(c, &bytes, &err);
		/* The next request was pipelined: keep it for its turn. */
		if (status == 0 && bytes.len > 0 &&
		    !buf_append(&c->in, bytes, &err))
			return -1;
	}
	if (status != 0)
		refuse(c, status, err.kind != ERROR_NONE ? &err : NULL);
	return 1;
}

/* Take one step of the present phase. */
static int
step(struct conn *c)
{
	int n;

	switch (c->phase) {
	case HEAD:
		return step_head(c);
	case BODY:
		return step_body(c);
	case WRITE:
		return conn_send_step(c);
	case STREAM:
		/* The reader of a stream has nothing to send. */
		return read_piece(c, HTTP_PIECE) != 0 ? -1 : 0;
	case DRAIN:
		if ((n = read_piece(c, HTTP_PIECE)) > 0) {
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

/*
 * Are the next bytes still on their way, neither in our buffer nor in
 * OpenSSL's?
 */
static bool
reads_on(const struct conn *c)
{
	return (c->phase == DRAIN ||
		   (c->phase == BODY && !http_body_ended(&c->body))) &&
	    c->in.len == 0 && !SSL_has_pending(c->wire.ssl);
}

/* Take steps until one would block, or until others get their turn. */
static int
take_steps(struct conn *c)
{
	for (unsigned turns = 0;; turns++) {
		int n;

		c->wire.want = 0;
		n = step(c);
		if (n <= 0 || c->phase == DEAD)
			return n;
		if (c->phase == WRITE && c->request->response.fd >= 0 &&
		    turns >= TURNS) {
			c->wire.want = EV_WRITE;
			return 1;
		}
		/*
		 * Wait only if an event will follow: data that OpenSSL has
		 * already buffered raises none.
		 */
		if (turns >= TURNS_BODY && reads_on(c)) {
			c->wire.want = EV_READ;
			return 1;
		}
	}
}

/* Take steps, then wait for an event or end the connection. */
static void
drive(struct conn *c)
{
	const uint64_t before = c->wire.sent;
	int n;

	ERR_clear_error();
	n = take_steps(c);
	/* Send all that was written, even the TLS alert of a failure. */
	if (c->phase != DEAD && wire_push(&c->wire) < 0)
		n = -1;
	if (c->phase == DEAD)
		return;
	if (n < 0) {
		conn_bury(c);
		return;
	}
	if (c->phase == WRITE && c->wire.sent != before)
		progress(c, c->wire.sent - before);
	wire_wait(&c->wire, c->phase == WORK ? 0 : c->wire.want);
}

static void
on_conn(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;

	(void)fd, (void)what;
	if (c->phase != DEAD)
		drive(c);
}

/* End one that could not begin. */
static void
drop(struct loop *loop, const struct arrival *arrival)
{
	SSL_free(arrival->ssl);
	close(arrival->fd);
	if (arrival->session != NULL)
		loop->handler->session_free(arrival->session);
	tally_give(loop->tally, arrival->share);
	conn_forget(loop);
}

void
conn_begin(struct loop *loop, const struct arrival *arrival)
{
	struct conn *c = NULL;

	if ((arrival->turned_away != 0 &&
		loop->num_unwanted >= LIMIT_UNWANTED) ||
	    (c = calloc(1, sizeof(*c))) == NULL ||
	    !wire_open(&c->wire, loop->base, arrival->fd, arrival->ssl, on_conn,
		c)) {
		free(c);
		drop(loop, arrival);
		return;
	}
	c->loop = loop;
	c->in = BUF(LIMIT_HTTP_HEAD + HTTP_PIECE);
	c->session = arrival->session;
	c->share = arrival->share;
	c->turned_away = arrival->turned_away;
	if (c->turned_away != 0)
		loop->num_unwanted++;
	if ((c->next = loop->all) != NULL)
		c->next->prev = c;
	loop->all = c;
	conn_enter(c, HEAD,
	    c->turned_away != 0 ? LIMIT_SECONDS_DRAIN : LIMIT_SECONDS_IDLE);
	drive(c);
}

void
conn_answer(struct loop *loop, struct http_request *request)
{
	struct conn *c = request->conn;

	loop->num_working--;
	if (c == NULL) {
		loop->handler->finished(loop->handler->arg, request, false);
		conn_free_request(loop, request);
		return;
	}
	c->away = NULL;
	c->request = request;
	conn_send_answer(c);
	if (c->phase != DEAD)
		drive(c);
}

void
conn_feed_streams(struct loop *loop, bool more)
{
	struct conn *next;

	if (!conn_has_streams(loop))
		return;
	for (struct conn *c = loop->all; c != NULL; c = next) {
		next = c->next;
		if (c->phase != STREAM)
			continue;
		if (more)
			conn_send_part(c, false);
		else if (loop->now_s - c->since_s >= LIMIT_SECONDS_BEAT)
			conn_send_part(c, true);
		if (c->phase == WRITE)
			drive(c);
	}
}

void
conn_expire(struct loop *loop)
{
	struct conn *next;

	for (struct conn *c = loop->all; c != NULL; c = next) {
		next = c->next;
		if ((loop->now_s > c->until_s && c->phase != STREAM) ||
		    (loop->stopping &&
			(c->phase == HEAD || c->phase == BODY ||
			    c->phase == STREAM)))
			conn_bury(c);
	}
}

bool
conn_any_busy(const struct loop *loop)
{
	const int64_t since = loop->now_s - loop->stop_s;

	if (loop->num_working > 0 && since <= LIMIT_SECONDS_STOP_WORK)
		return true;
	if (since > LIMIT_SECONDS_STOP_ANSWER)
		return false;
	for (const struct conn *c = loop->all; c != NULL; c = c->next)
		/* The next part of an answer is one, too. */
		if (c->phase == WRITE || (c->phase == WORK && c->begun))
			return true;
	return false;
}
