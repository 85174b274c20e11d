/*
 * Sending the answer of a connection: its head and body, a file, or a stream's
 * parts (conn_parts.h).
 */
#include "daemon/http/conn_parts.h"

#include <string.h>

#include "base/file.h"
#include "base/limits.h"
#include "daemon/http/answer.h"

void
conn_send_answer(struct conn *c)
{
	struct http_request *request = c->request;
	struct http_response *response = &request->response;
	const bool bodyless = http_answer_is_bodyless(request);
	struct error err = { 0 };

	if (response->cut) {
		conn_bury(c);
		return;
	}
	if (response->close || request->head.close || response->stream ||
	    !http_body_ended(&c->body) || c->loop->stopping)
		c->close = true;
	if (!http_answer_encode(request, c->close, c->begun, &c->wire.out,
		&err)) {
		conn_bury(c);
		return;
	}
	/* A reader who is slow must not hold the part twice. */
	if (response->parts)
		buf_free(&response->body);
	c->begun = (response->stream || response->parts) && !bodyless;
	if (bodyless && response->fd >= 0)
		response->from = response->to;
	/*
	 * Count the stream before stream() is asked: entries that come later
	 * then wake it.
	 */
	if (response->stream && !bodyless && !c->streaming) {
		c->streaming = true;
		__atomic_add_fetch(&c->loop->num_streams, 1, __ATOMIC_SEQ_CST);
	}
	conn_enter(c, WRITE, LIMIT_SECONDS_GRACE);
}

/*
 * What is only read comes soon as a rule, and some clients take an interim answer
 * for the answer (Python's http.client): of a GET only who asks for it is told.
 */
static bool
is_told(const struct conn *c)
{
	const struct http_head *head = &c->away->head;

	return !c->begun &&
	    (head->takes_interim || strcmp(head->method, "PUT") == 0 ||
		strcmp(head->method, "POST") == 0);
}

void
conn_tell_working(struct loop *loop)
{
	struct conn *next;

	for (struct conn *c = loop->all; c != NULL; c = next) {
		struct error err = { 0 };

		next = c->next;
		if (c->phase != WORK || !is_told(c) ||
		    loop->now_s - c->told_s < LIMIT_SECONDS_INTERIM)
			continue;
		c->told_s = loop->now_s;
		/* What does not fit now goes before the answer. */
		if (!buf_append_str(&c->wire.out,
			"HTTP/1.1 102 Processing\r\n\r\n", &err) ||
		    wire_flush(&c->wire) < 0 || wire_push(&c->wire) < 0)
			conn_bury(c);
	}
}

static int
write_file(struct conn *c)
{
	struct http_response *response = &c->request->response;
	const uint64_t left = response->to - response->from;
	const size_t want = left < HTTP_PIECE ? (size_t)left : HTTP_PIECE;
	struct error err = { 0 };
	size_t at = 0;

	if (!file_pread(response->fd, c->loop->piece, want,
		(off_t)response->from, &err))
		return -1;
	while (at < want) {
		const int n = wire_write(&c->wire,
		    span_of(c->loop->piece + at, want - at));

		if (n <= 0)
			return n;
		at += (size_t)n;
		response->from += (size_t)n;
	}
	return 1;
}

void
conn_send_part(struct conn *c, bool idle)
{
	struct loop *loop = c->loop;
	struct http_response *response = &c->request->response;

	response->body.len = 0;
	switch (loop->handler->stream(loop->handler->arg, c->request, idle)) {
	case HTTP_READ:
		if (c->phase != STREAM)
			conn_enter(c, STREAM, 0);
		break;
	case HTTP_ANSWER:
		conn_send_answer(c);
		break;
	case HTTP_WORK:
		conn_to_handler(c);
		break;
	}
}

int
conn_send_step(struct conn *c)
{
	int n = wire_flush(&c->wire);

	if (n <= 0)
		return n;
	if (c->request->response.fd >= 0 &&
	    c->request->response.from < c->request->response.to)
		return write_file(c);
	if ((n = wire_push(&c->wire)) <= 0)
		return n;
	if ((c->begun && c->request->response.parts &&
		!c->request->response.last) ||
	    (c->streaming && !c->request->response.close &&
		!c->loop->stopping)) {
		conn_send_part(c, false);
		return 1;
	}
	conn_finish(c, true);
	if (c->close) {
		/*
		 * Read what the client still sends, so that it gets to read the
		 * answer (RFC 9112 section 9.6).
		 */
		SSL_shutdown(c->wire.ssl);
		conn_enter(c, DRAIN, LIMIT_SECONDS_DRAIN);
		return 1;
	}
	conn_enter(c, HEAD, LIMIT_SECONDS_IDLE);
	return 1;
}
