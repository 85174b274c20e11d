/*
 * Lines of git's protocol: taking and appending them (pkt.h).
 */
#include "git/pkt.h"

#include <stdarg.h>
#include <stdio.h>

static int
hex_value(uint8_t c)
{
	return c >= '0' && c <= '9' ? c - '0'
	    : c >= 'a' && c <= 'f'  ? c - 'a' + 10
	    : c >= 'A' && c <= 'F'  ? c - 'A' + 10
				    : -1;
}

bool
pkt_take(struct span *in, enum pkt_kind *kind, struct span *data,
    struct error *err)
{
	struct span rest = *in, digits;
	size_t len = 0;

	if (!span_take(&rest, 4, &digits))
		return error_set(err, ERROR_MALFORMED,
		    "a git request ends within a line's length");
	for (unsigned i = 0; i < 4; i++) {
		const int value = hex_value(digits.data[i]);

		if (value < 0)
			return error_set(err, ERROR_MALFORMED,
			    "a git line's length is not four hex digits");
		len = len * 16 + (size_t)value;
	}
	*data = span_of(NULL, 0);
	*kind = len == 0 ? PKT_FLUSH : len == 1 ? PKT_DELIM : PKT_DATA;
	if (len > 1 && (len <= 4 || len > PKT_MAX + 4))
		return error_set(err, ERROR_MALFORMED,
		    "a git line of length %zu", len);
	if (*kind == PKT_DATA && !span_take(&rest, len - 4, data))
		return error_set(err, ERROR_MALFORMED,
		    "a git request ends within a line");
	if (data->len > 0 && data->data[data->len - 1] == '\n')
		data->len--;
	*in = rest;
	return true;
}

bool
pkt_append(struct buf *out, struct span data, struct error *err)
{
	return buf_printf(out, err, "%04zx", data.len + 4) &&
	    buf_append(out, data, err);
}

bool
pkt_printf(struct buf *out, struct error *err, const char *fmt, ...)
{
	char line[1000];
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	if (n < 0 || (size_t)n >= sizeof(line))
		return error_set(err, ERROR_LIMIT, "a git line is too long");
	return pkt_append(out, span_of(line, (size_t)n), err);
}

bool
pkt_append_flush(struct buf *out, struct error *err)
{
	return buf_append_str(out, "0000", err);
}

bool
pkt_append_delim(struct buf *out, struct error *err)
{
	return buf_append_str(out, "0001", err);
}
