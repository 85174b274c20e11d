/*
 * Parsing the head of a request (head.h).
 */
#include "daemon/http/head.h"

#include <string.h>
#include <strings.h>

#include <http_parser.h>

/* Is it a token (RFC 9110 section 5.6.2)? */
static bool
is_token(struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		const uint8_t c = text.data[i];

		if (c <= ' ' || c >= 127 ||
		    strchr("\"(),/:;<=>?@[\\]{}", c) != NULL)
			return false;
	}
	return text.len > 0;
}

static bool
is_word(struct span text, const char *word)
{
	return text.len == strlen(word) &&
	    strncasecmp((const char *)text.data, word, text.len) == 0;
}

static struct span
trim(struct span text)
{
	struct span dropped;

	while (text.len > 0 && (text.data[0] == ' ' || text.data[0] == '\t'))
		if (!span_take(&text, 1, &dropped))
			break;
	while (text.len > 0 &&
	    (text.data[text.len - 1] == ' ' || text.data[text.len - 1] == '\t'))
		text.len--;
	return text;
}

/*
 * Take a line up to CRLF; a bare CR or LF is not a line's end (RFC 9112 section
 * 2.2).
 */
static bool
take_crlf_line(struct span *in, struct span *line)
{
	if (!span_take_until(in, '\n', line) || line->len == 0 ||
	    line->data[line->len - 1] != '\r')
		return false;
	line->len--;
	return memchr(line->data, '\r', line->len) == NULL;
}

/* Parse METHOD TARGET HTTP/1.1 (RFC 9112 section 3). */
static int
read_request_line(struct span line, struct http_head *out)
{
	struct span method, target;

	if (!span_take_until(&line, ' ', &method) || !is_token(method) ||
	    !span_to_str(method, out->method, sizeof(out->method)) ||
	    !span_take_until(&line, ' ', &target))
		return 400;
	if (!span_starts(line, "HTTP/1.") || line.len != 8)
		return 400;
	if (line.data[7] != '1')
		return 505;
	if (target.len > LIMIT_HTTP_TARGET)
		return 414;
	for (size_t i = 0; i < target.len; i++)
		if (target.data[i] <= ' ' || target.data[i] >= 127)
			return 400;
	/*
	 * absolute-form and authority-form are for proxies only (RFC 9112
	 * section 3.2).
	 */
	if (target.len == 0 || target.data[0] != '/' ||
	    !span_to_str(target, out->target, sizeof(out->target)))
		return 400;
	return 0;
}

static void
keep(struct span value, char *out, size_t room)
{
	/* A value that is too long cannot be one of ours: take it as absent. */
	if (!span_to_str(value, out, room))
		out[0] = '\0';
}

/* Keep a field that may be there once: "null" if it cannot be read. */
static void
keep_once(struct span value, char *out, size_t room)
{
	if (out[0] != '\0' || value.len == 0 || !span_to_str(value, out, room))
		snprintf(out, room, "null");
}

/*
 * Keep the fields by which a browser tells the page that asks.  A value that
 * cannot be read counts as a foreign page.
 */
static void
keep_page(struct span name, struct span value, struct http_head *out)
{
	if (is_word(name, "sec-fetch-site") && !span_is(value, "same-origin") &&
	    !span_is(value, "none"))
		out->cross_site = true;
	if (is_word(name, "origin"))
		keep_once(value, out->origin, sizeof(out->origin));
	if (is_word(name, "sec-fetch-mode"))
		keep_once(value, out->fetch_mode, sizeof(out->fetch_mode));
	if (is_word(name, "sec-fetch-dest"))
		keep_once(value, out->fetch_dest, sizeof(out->fetch_dest));
}

/* Content-Length: digits, once, and not with chunks (RFC 9112 section 6.3). */
static int
read_length(struct span value, struct http_head *out)
{
	if (out->has_length || out->chunked)
		return 400;
	if (value.len == 0 || value.len > 18)
		return 400;
	out->length = 0;
	for (size_t i = 0; i < value.len; i++) {
		if (value.data[i] < '0' || value.data[i] > '9')
			return 400;
		out->length =
		    out->length * 10 + (uint64_t)(value.data[i] - '0');
	}
	out->has_length = true;
	return 0;
}

/* Valise-Accepted: a digest, once. */
static int
read_accepted(struct span value, struct http_head *out)
{
	if (out->has_accepted || !digest_parse(value, &out->accepted))
		return 400;
	out->has_accepted = true;
	return 0;
}

/* Keep the fields that a handler may need. */
static void
keep_field(struct span name, struct span value, struct http_head *out)
{
	const struct {
		const char *name;
		char *out;
		size_t room;
	} fields[] = {
		{ "range", out->range, sizeof(out->range) },
		{ "if-range", out->if_range, sizeof(out->if_range) },
		{ "if-none-match", out->if_none_match,
		    sizeof(out->if_none_match) },
		{ "accept-encoding", out->accept_encoding,
		    sizeof(out->accept_encoding) },
		{ "git-protocol", out->git_protocol,
		    sizeof(out->git_protocol) },
		{ "content-type", out->content_type,
		    sizeof(out->content_type) },
		{ "tus-resumable", out->tus_resumable,
		    sizeof(out->tus_resumable) },
		{ "upload-length", out->upload_length,
		    sizeof(out->upload_length) },
		{ "upload-offset", out->upload_offset,
		    sizeof(out->upload_offset) },
		{ "upload-checksum", out->upload_checksum,
		    sizeof(out->upload_checksum) },
		{ "upload-metadata", out->upload_metadata,
		    sizeof(out->upload_metadata) },
		{ "valise-prepare", out->valise_prepare,
		    sizeof(out->valise_prepare) },
		{ "last-event-id", out->last_event_id,
		    sizeof(out->last_event_id) },
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (is_word(name, fields[i].name))
			keep(value, fields[i].out, fields[i].room);
}

/* Parse one field; *hosts counts the Host fields. */
static int
read_field(struct span name, struct span value, struct http_head *out,
    unsigned *hosts)
{
	if (is_word(name, "host"))
		return ++*hosts > 1 || value.len == 0 ? 400 : 0;
	if (is_word(name, "content-length"))
		return read_length(value, out);
	if (is_word(name, "valise-accepted"))
		return read_accepted(value, out);
	if (is_word(name, "valise-interim")) {
		out->takes_interim = is_word(value, "102");
		return 0;
	}
	if (is_word(name, "transfer-encoding")) {
		if (out->chunked || out->has_length)
			return 400;
		if (!is_word(value, "chunked"))
			return 501;
		out->chunked = true;
	} else if (is_word(name, "content-encoding")) {
		out->gzip = is_word(value, "gzip") || is_word(value, "x-gzip");
		return out->gzip || is_word(value, "identity") ? 0 : 415;
	} else if (is_word(name, "expect")) {
		if (!is_word(value, "100-continue"))
			return 417;
		out->expect = true;
	} else if (is_word(name, "connection")) {
		if (memmem(value.data, value.len, "close", 5) != NULL)
			out->close = true;
	} else {
		keep_page(name, value, out);
		keep_field(name, value, out);
	}
	return 0;
}

/*
 * Read the fields: printable characters and tabs, no obs-fold, no space before
 * the colon (RFC 9112 section 5).
 */
static int
read_fields(struct span text, struct http_head *out)
{
	unsigned hosts = 0, fields = 0;
	struct span line, name;
	int status;

	for (;;) {
		if (!take_crlf_line(&text, &line))
			return 400;
		if (line.len == 0)
			break;
		if (++fields > LIMIT_HTTP_FIELDS)
			return 431;
		if (!span_take_until(&line, ':', &name) || !is_token(name))
			return 400;
		line = trim(line);
		for (size_t i = 0; i < line.len; i++)
			if ((line.data[i] < ' ' && line.data[i] != '\t') ||
			    line.data[i] == 127)
				return 400;
		if ((status = read_field(name, line, out, &hosts)) != 0)
			return status;
	}
	return hosts == 1 && text.len == 0 ? 0 : 400;
}

static int
on_complete(http_parser *parser)
{
	*(bool *)parser->data = true;
	http_parser_pause(parser, 1);
	return 0;
}

/* Does http-parser read the same method, length, framing and end? */
static bool
second_judge_agrees(struct span text, const struct http_head *head)
{
	static const http_parser_settings settings = {
		.on_message_complete = on_complete,
	};
	const bool no_body = !head->chunked && head->length == 0;
	bool complete = false;
	http_parser parser;
	enum http_errno code;
	size_t used;

	http_parser_init(&parser, HTTP_REQUEST);
	parser.data = &complete;
	used = http_parser_execute(&parser, &settings, (const char *)text.data,
	    text.len);
	code = HTTP_PARSER_ERRNO(&parser);
	return used == text.len && (code == HPE_OK || code == HPE_PAUSED) &&
	    strcmp(http_method_str((enum http_method)parser.method),
		head->method) == 0 &&
	    ((parser.flags & F_CHUNKED) != 0) == head->chunked &&
	    (head->length == 0 || parser.content_length == head->length) &&
	    complete == no_body;
}

int
http_head_parse(struct span text, struct http_head *out)
{
	struct span rest = text, line;
	int status;

	*out = (struct http_head){ 0 };
	if (text.len > LIMIT_HTTP_HEAD)
		return 431;
	if (!take_crlf_line(&rest, &line))
		return 400;
	if ((status = read_request_line(line, out)) != 0 ||
	    (status = read_fields(rest, out)) != 0)
		return status;
	return second_judge_agrees(text, out) ? 0 : 400;
}

/* Split "https://HOST[:PORT]" into host and port; the default port is 443. */
static bool
split_origin(const char *text, struct span *host, struct span *port)
{
	static const char scheme[] = "https://";
	struct span rest = span_of_str(text), dropped;
	const char *colon = strrchr(text, ':'), *bracket = strrchr(text, ']');

	if (!span_starts(rest, scheme) ||
	    !span_take(&rest, sizeof(scheme) - 1, &dropped))
		return false;
	*host = rest;
	*port = span_of_str("443");
	/*
	 * The last colon separates the port, unless it is the scheme's or
	 * within an IPv6 address.
	 */
	if (colon < text + sizeof(scheme) - 1 ||
	    (bracket != NULL && colon < bracket))
		return host->len > 0;
	return span_take(&rest, (size_t)(colon - text) - (sizeof(scheme) - 1),
		   host) &&
	    span_take(&rest, 1, &dropped) && (*port = rest).len > 0 &&
	    host->len > 0;
}

bool
http_is_same_origin(const struct http_head *head, const char *address)
{
	struct span host, port, our_host, our_port;

	if (head->cross_site)
		return false;
	if (head->origin[0] == '\0')
		return true;
	return split_origin(head->origin, &host, &port) &&
	    split_origin(address, &our_host, &our_port) &&
	    span_eq(port, our_port) && host.len == our_host.len &&
	    strncasecmp((const char *)host.data, (const char *)our_host.data,
		host.len) == 0;
}

bool
http_is_visit(const struct http_head *head)
{
	return strcmp(head->method, "GET") == 0 && head->origin[0] == '\0' &&
	    strcmp(head->fetch_mode, "navigate") == 0 &&
	    strcmp(head->fetch_dest, "document") == 0;
}

struct span
http_path(const struct http_head *head)
{
	struct span rest = span_of_str(head->target), path;

	return span_take_until(&rest, '?', &path) ? path
						  : span_of_str(head->target);
}

static int
hex_value(uint8_t c)
{
	return c >= '0' && c <= '9' ? c - '0'
	    : c >= 'A' && c <= 'F'  ? c - 'A' + 10
	    : c >= 'a' && c <= 'f'  ? c - 'a' + 10
				    : -1;
}

/*
 * Decode %XX, and in a text '+' too; false if it is broken, too long or, where
 * it is no text, not ASCII.
 */
static bool
decode(struct span in, bool is_text, char *out, size_t room)
{
	size_t n = 0;
	uint8_t c;

	while (span_take_u8(&in, &c)) {
		uint8_t high, low;

		if (c == '%') {
			if (!span_take_u8(&in, &high) ||
			    !span_take_u8(&in, &low) || hex_value(high) < 0 ||
			    hex_value(low) < 0)
				return false;
			c = (uint8_t)(hex_value(high) * 16 + hex_value(low));
		} else if (is_text && c == '+') {
			c = ' ';
		}
		if (c < ' ' || c == 127 || (c > 127 && !is_text) ||
		    n + 1 >= room)
			return false;
		out[n++] = (char)c;
	}
	out[n] = '\0';
	return true;
}

/* Returns the query of a target, without its question mark. */
static struct span
query_of(const struct http_head *head)
{
	struct span rest = span_of_str(head->target), dropped;

	if (!span_take(&rest, http_path(head).len, &dropped) ||
	    !span_take(&rest, 1, &dropped))
		return span_of(NULL, 0);
	return rest;
}

/* Take the next parameter; value is empty if there is no "=". */
static bool
take_parameter(struct span *rest, struct span *key, struct span *value)
{
	if (rest->len == 0)
		return false;
	if (!span_take_until(rest, '&', value)) {
		*value = *rest;
		rest->len = 0;
	}
	if (!span_take_until(value, '=', key)) {
		*key = *value;
		value->len = 0;
	}
	return true;
}

bool
http_has_query(const struct http_head *head, const char *name)
{
	struct span rest = query_of(head), key, value;

	while (take_parameter(&rest, &key, &value))
		if (span_is(key, name))
			return true;
	return false;
}

static bool
get_query(const struct http_head *head, const char *name, bool is_text,
    char *out, size_t room)
{
	struct span rest = query_of(head), key, value;
	bool found = false;

	out[0] = '\0';
	while (take_parameter(&rest, &key, &value)) {
		if (!span_is(key, name))
			continue;
		if (found || !decode(value, is_text, out, room))
			return false;
		found = true;
	}
	return true;
}

bool
http_query(const struct http_head *head, const char *name, char *out,
    size_t room)
{
	return get_query(head, name, false, out, room);
}

bool
http_query_text(const struct http_head *head, const char *name, char *out,
    size_t room)
{
	return get_query(head, name, true, out, room);
}

int
http_range(const char *range, uint64_t size, uint64_t *from, uint64_t *to)
{
	struct span rest = span_of_str(range), first, unit;
	uint64_t a = 0, b = 0;

	*from = 0;
	*to = size;
	if (!span_take_until(&rest, '=', &unit) || !span_is(unit, "bytes") ||
	    !span_take_until(&rest, '-', &first) ||
	    (first.len == 0 && rest.len == 0) ||
	    (first.len > 0 && !span_to_u64(first, &a)) ||
	    (rest.len > 0 && !span_to_u64(rest, &b)))
		return 200;
	if (first.len == 0) {
		if (b == 0)
			return 416;
		*from = b < size ? size - b : 0;
		return size == 0 ? 416 : 206;
	}
	if (rest.len > 0 && b < a)
		return 200;
	if (a >= size)
		return 416;
	*from = a;
	if (rest.len > 0 && b < size - 1)
		*to = b + 1;
	return 206;
}
