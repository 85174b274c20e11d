/*
 * Reading the body of a request, by its length or in chunks (body.h).
 */
#include "daemon/http/body.h"

void
http_body_begin(struct http_body *body, bool chunked, uint64_t length,
    uint64_t max)
{
	*body = (struct http_body){ .chunked = chunked,
		.left = length,
		.max = max,
		.state = chunked ? BODY_SIZE
		    : length > 0 ? BODY_DATA
				 : BODY_END };
}

bool
http_body_ended(const struct http_body *body)
{
	return body->state == BODY_END;
}

/* Returns the value of a hex digit, or -1. */
static int
digit(uint8_t c)
{
	return c >= '0' && c <= '9' ? c - '0'
	    : c >= 'A' && c <= 'F'  ? c - 'A' + 10
	    : c >= 'a' && c <= 'f'  ? c - 'a' + 10
				    : -1;
}

/*
 * Take one byte of framing (RFC 9112 section 7.1); false if it is not allowed
 * there.
 */
static bool
take_framing(struct http_body *body, uint8_t c)
{
	switch (body->state) {
	case BODY_SIZE:
		if (digit(c) >= 0 && body->digits < 12) {
			body->left = body->left << 4 | (unsigned)digit(c);
			body->digits++;
			return true;
		}
		body->state = BODY_SIZE_LF;
		return c == '\r' && body->digits > 0;
	case BODY_SIZE_LF:
		body->digits = 0;
		body->state = body->left > 0 ? BODY_DATA : BODY_LAST_CR;
		return c == '\n';
	case BODY_DATA_CR:
		body->state = BODY_DATA_LF;
		return c == '\r';
	case BODY_DATA_LF:
		body->state = BODY_SIZE;
		return c == '\n';
	case BODY_LAST_CR:
		body->state = BODY_LAST_LF;
		return c == '\r';
	case BODY_LAST_LF:
		body->state = BODY_END;
		return c == '\n';
	case BODY_DATA:
	case BODY_END:
		break;
	}
	return false;
}

int
http_body_take(struct http_body *body, struct span *in, struct span *data)
{
	uint8_t c;

	*data = span_of(NULL, 0);
	while (body->state != BODY_DATA && body->state != BODY_END) {
		if (!span_take_u8(in, &c))
			return 0;
		if (!take_framing(body, c))
			return 400;
	}
	if (body->state == BODY_END)
		return 0;
	if (body->left > body->max - body->received)
		return 413;
	if (!span_take(in, in->len < body->left ? in->len : (size_t)body->left,
		data))
		return 400;
	body->left -= data->len;
	body->received += data->len;
	if (body->left == 0)
		body->state = body->chunked ? BODY_DATA_CR : BODY_END;
	return 0;
}
