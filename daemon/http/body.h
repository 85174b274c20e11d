/*
 * body.h - taking the body of a request: by its length, or in chunks.
 *
 * Source: RFC 9112 section 7.1.  Chunk extensions and trailers are refused: our
 * clients send none, and parsers disagree about them.
 */
#ifndef DAEMON_HTTP_BODY_H
#define DAEMON_HTTP_BODY_H

#include "base/bytes.h"

struct http_body {
	enum {
		BODY_SIZE,
		BODY_SIZE_LF,
		BODY_DATA,
		BODY_DATA_CR,
		BODY_DATA_LF,
		BODY_LAST_CR,
		BODY_LAST_LF,
		BODY_END,
	} state;
	bool chunked;
	unsigned digits;
	uint64_t left;     /* of this chunk, or of the whole body */
	uint64_t received; /* bytes of content, without framing */
	uint64_t max;
};

void http_body_begin(struct http_body *body, bool chunked, uint64_t length,
    uint64_t max);
bool http_body_ended(const struct http_body *body);
/*
 * Take bytes off the front of in until it is empty or the body ends; data gets
 * the next piece of content, empty if only framing was read.  Returns 0, or the
 * status to refuse with: 400 for broken framing, 413 if it is over the maximum.
 */
int http_body_take(struct http_body *body, struct span *in, struct span *data);

#endif
