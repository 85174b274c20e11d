/*
 * Spans and buffers: appending, taking from the front, numbers, hex and base64
 * (bytes.h).
 */
#include "base/bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool
check_room(const struct buf *buf, size_t n, struct error *err)
{
	return n <= buf->max - buf->len ||
	    error_set(err, ERROR_LIMIT,
		"buffer needs %zu more bytes, limit %zu", n, buf->max);
}

static bool
grow(struct buf *buf, size_t cap, struct error *err)
{
	uint8_t *data;

	if (cap == buf->cap)
		return true;
	if ((data = realloc(buf->data, cap)) == NULL)
		return error_set_errno(err, "grow to %zu bytes", cap);
	buf->data = data;
	buf->cap = cap;
	return true;
}

bool
buf_reserve(struct buf *buf, size_t n, struct error *err)
{
	return check_room(buf, n, err) &&
	    (n <= buf->cap - buf->len || grow(buf, buf->len + n, err));
}

bool
buf_append(struct buf *buf, struct span bytes, struct error *err)
{
	size_t cap = buf->cap;

	if (!check_room(buf, bytes.len, err))
		return false;
	while (cap - buf->len < bytes.len)
		cap = cap > buf->max / 2 ? buf->max : cap * 2 + 64;
	if (!grow(buf, cap, err))
		return false;
	if (bytes.len > 0)
		memcpy(buf->data + buf->len, bytes.data, bytes.len);
	buf->len += bytes.len;
	return true;
}

bool
sink_to_buf(void *arg, struct span bytes, struct error *err)
{
	return buf_append(arg, bytes, err);
}

bool
buf_append_str(struct buf *buf, const char *text, struct error *err)
{
	return buf_append(buf, span_of_str(text), err);
}

bool
buf_printf(struct buf *buf, struct error *err, const char *fmt, ...)
{
	char small[512], *text = small;
	va_list args, again;
	bool ok;
	int n;

	va_start(args, fmt);
	va_copy(again, args);
	n = vsnprintf(small, sizeof(small), fmt, args);
	va_end(args);
	if (n >= (int)sizeof(small)) {
		if ((text = malloc((size_t)n + 1)) != NULL)
			n = vsnprintf(text, (size_t)n + 1, fmt, again);
	}
	va_end(again);
	if (n < 0 || text == NULL)
		return error_set_errno(err, "format text");

	ok = buf_append(buf, span_of(text, (size_t)n), err);
	if (text != small)
		free(text);
	return ok;
}

static bool
append_be(struct buf *buf, uint64_t value, unsigned width, struct error *err)
{
	uint8_t bytes[8];

	for (unsigned i = 0; i < width; i++)
		bytes[i] = (uint8_t)(value >> (8 * (width - 1 - i)));
	return buf_append(buf, span_of(bytes, width), err);
}

bool
buf_append_u8(struct buf *buf, uint8_t value, struct error *err)
{
	return append_be(buf, value, 1, err);
}

bool
buf_append_u16(struct buf *buf, uint16_t value, struct error *err)
{
	return append_be(buf, value, 2, err);
}

bool
buf_append_u32(struct buf *buf, uint32_t value, struct error *err)
{
	return append_be(buf, value, 4, err);
}

bool
buf_append_u64(struct buf *buf, uint64_t value, struct error *err)
{
	return append_be(buf, value, 8, err);
}

bool
buf_append_block(struct buf *buf, struct span bytes, struct error *err)
{
	const size_t before = buf->len;

	if (bytes.len > UINT32_MAX)
		return error_set(err, ERROR_LIMIT, "block is %zu bytes",
		    bytes.len);
	if (buf_append_u32(buf, (uint32_t)bytes.len, err) &&
	    buf_append(buf, bytes, err))
		return true;
	buf->len = before;
	return false;
}

void
buf_drop(struct buf *buf, size_t n)
{
	buf->len -= n;
	if (buf->len > 0)
		memmove(buf->data, buf->data + n, buf->len);
}

struct span
buf_span(const struct buf *buf)
{
	return span_of(buf->data, buf->len);
}

void
buf_free(struct buf *buf)
{
	free(buf->data);
	*buf = (struct buf){ .max = buf->max };
}

struct span
span_of(const void *data, size_t len)
{
	return (struct span){ data, len };
}

struct span
span_of_str(const char *text)
{
	return span_of(text, strlen(text));
}

bool
span_eq(struct span a, struct span b)
{
	return a.len == b.len &&
	    (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

int
span_order(struct span a, struct span b)
{
	const size_t len = a.len < b.len ? a.len : b.len;
	const int order = len > 0 ? memcmp(a.data, b.data, len) : 0;

	return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

bool
span_is(struct span in, const char *text)
{
	return span_eq(in, span_of_str(text));
}

bool
span_starts(struct span in, const char *text)
{
	const size_t len = strlen(text);

	return in.len >= len && memcmp(in.data, text, len) == 0;
}

struct span
span_sub(struct span in, size_t from, size_t len)
{
	return span_of(in.data + from, len);
}

bool
span_take(struct span *in, size_t n, struct span *out)
{
	if (n > in->len)
		return false;
	*out = span_of(in->data, n);
	if (n > 0)
		in->data += n;
	in->len -= n;
	return true;
}

static bool
take_int(struct span *in, unsigned width, bool little, uint64_t *out)
{
	struct span bytes;

	if (!span_take(in, width, &bytes))
		return false;
	*out = 0;
	for (unsigned i = 0; i < width; i++)
		*out = *out << 8 | bytes.data[little ? width - 1 - i : i];
	return true;
}

#define TAKE(name, type, width, little)                                        \
	bool name(struct span *in, type *out)                                  \
	{                                                                      \
		uint64_t value;                                                \
                                                                               \
		if (!take_int(in, width, little, &value))                      \
			return false;                                          \
		*out = (type)value;                                            \
		return true;                                                   \
	}

TAKE(span_take_u8, uint8_t, 1, false)
TAKE(span_take_u16, uint16_t, 2, false)
TAKE(span_take_u32, uint32_t, 4, false)
TAKE(span_take_u64, uint64_t, 8, false)
TAKE(span_take_le16, uint16_t, 2, true)
TAKE(span_take_le32, uint32_t, 4, true)

bool
span_take_block(struct span *in, struct span *out)
{
	struct span rest = *in;
	uint32_t len;

	if (!span_take_u32(&rest, &len) || !span_take(&rest, len, out))
		return false;
	*in = rest;
	return true;
}

bool
span_take_line(struct span *in, struct span *line)
{
	return span_take_until(in, '\n', line);
}

bool
span_take_until(struct span *in, char sep, struct span *out)
{
	const uint8_t *at;

	if (in->len == 0 || (at = memchr(in->data, sep, in->len)) == NULL)
		return false;
	*out = span_of(in->data, (size_t)(at - in->data));
	in->data = at + 1;
	in->len -= out->len + 1;
	return true;
}

bool
span_take_field(struct span *in, const char *name, struct span *value)
{
	struct span rest = *in, line, word;

	if (!span_take_line(&rest, &line) ||
	    !span_take_until(&line, ' ', &word) || !span_is(word, name))
		return false;
	*in = rest;
	*value = line;
	return true;
}

bool
span_to_str(struct span in, char *out, size_t out_size)
{
	if (in.len == 0 || in.len >= out_size ||
	    memchr(in.data, '\0', in.len) != NULL)
		return false;
	memcpy(out, in.data, in.len);
	out[in.len] = '\0';
	return true;
}

bool
span_to_u64(struct span in, uint64_t *out)
{
	uint64_t value = 0;

	if (in.len == 0 || (in.len > 1 && in.data[0] == '0'))
		return false;
	for (size_t i = 0; i < in.len; i++) {
		const unsigned digit = in.data[i] - (unsigned)'0';

		if (digit > 9 || value > (UINT64_MAX - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*out = value;
	return true;
}

/*
 * 64 and what each character from '+' to 'z' stands for in base64; 0: nothing.
 */
enum { SEXTET = 64 };
static const uint8_t sextets[] = { 126, 0, 0, 0, 127, 116, 117, 118, 119, 120,
	121, 122, 123, 124, 125, 0, 0, 0, 0, 0, 0, 0, 64, 65, 66, 67, 68, 69,
	70, 71, 72, 73, 74, 75, 76, 77, 78, 79, 80, 81, 82, 83, 84, 85, 86, 87,
	88, 89, 0, 0, 0, 0, 0, 0, 90, 91, 92, 93, 94, 95, 96, 97, 98, 99, 100,
	101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111, 112, 113, 114,
	115 };

static uint32_t
sextet(uint8_t c)
{
	const unsigned place = c - (unsigned)'+';

	return place < sizeof(sextets) ? sextets[place] : 0;
}

/* RFC 4648 section 4, padding required; section 3.5, spare bits zero. */
bool
span_to_base64(struct span in, uint8_t *out, size_t out_len)
{
	const size_t chars = (out_len * 8 + 5) / 6;
	uint32_t bits = 0;
	unsigned nbits = 0;
	size_t i = 0;

	if (in.len != (out_len + 2) / 3 * 4)
		return false;
	for (size_t j = chars; j < in.len; j++)
		if (in.data[j] != '=')
			return false;
	for (; i + 4 <= chars; i += 4) {
		const uint32_t a = sextet(in.data[i]);
		const uint32_t b = sextet(in.data[i + 1]);
		const uint32_t c = sextet(in.data[i + 2]);
		const uint32_t d = sextet(in.data[i + 3]);

		if ((a & b & c & d & SEXTET) == 0)
			return false;
		bits = (a ^ SEXTET) << 18 | (b ^ SEXTET) << 12 |
		    (c ^ SEXTET) << 6 | (d ^ SEXTET);
		*out++ = (uint8_t)(bits >> 16);
		*out++ = (uint8_t)(bits >> 8);
		*out++ = (uint8_t)bits;
	}
	for (bits = 0; i < chars; i++) {
		const uint32_t value = sextet(in.data[i]);

		if ((value & SEXTET) == 0)
			return false;
		bits = bits << 6 | (value ^ SEXTET);
		nbits += 6;
		if (nbits >= 8) {
			nbits -= 8;
			*out++ = (uint8_t)(bits >> nbits);
		}
	}
	return (bits & ((1u << nbits) - 1)) == 0;
}

bool
span_base64_append(struct span in, struct buf *out, struct error *err)
{
	const size_t before = out->len;
	size_t len;

	if (in.len % 4 != 0)
		return error_set(err, ERROR_MALFORMED,
		    "base64 of %zu characters", in.len);
	len = in.len / 4 * 3;
	for (size_t i = in.len; i > 0 && i + 2 > in.len; i--)
		if (in.data[i - 1] == '=')
			len--;
	/* Make room for what comes out, which is shorter than what goes in. */
	if (!buf_append(out, span_sub(in, 0, len), err))
		return false;
	if (in.len == 0 || span_to_base64(in, out->data + before, len))
		return true;
	out->len = before;
	return error_set(err, ERROR_MALFORMED, "not base64");
}

bool
span_to_hex(struct span in, uint8_t *out, size_t out_len)
{
	if (in.len != out_len * 2)
		return false;
	for (size_t i = 0; i < in.len; i++) {
		const uint8_t c = in.data[i];
		unsigned nibble;

		if (c >= '0' && c <= '9')
			nibble = c - (unsigned)'0';
		else if (c >= 'a' && c <= 'f')
			nibble = c - (unsigned)'a' + 10;
		else
			return false;
		out[i / 2] =
		    (uint8_t)(i % 2 == 0 ? nibble << 4 : out[i / 2] | nibble);
	}
	return true;
}

void
hex_encode(struct span in, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < in.len; i++) {
		*out++ = digits[in.data[i] >> 4];
		*out++ = digits[in.data[i] & 15];
	}
	*out = '\0';
}

void
base64_encode(struct span in, char *out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < in.len; i += 3) {
		const size_t n = in.len - i < 3 ? in.len - i : 3;
		uint32_t bits = (uint32_t)in.data[i] << 16;

		if (n > 1)
			bits |= (uint32_t)in.data[i + 1] << 8;
		if (n > 2)
			bits |= in.data[i + 2];
		*out++ = digits[bits >> 18];
		*out++ = digits[bits >> 12 & 63];
		*out++ = n > 1 ? digits[bits >> 6 & 63] : '=';
		*out++ = n > 2 ? digits[bits & 63] : '=';
	}
	*out = '\0';
}

bool
buf_append_base64(struct buf *buf, struct span in, struct error *err)
{
	char piece[BASE64_SIZE(48)];
	struct span part;

	while (in.len > 0) {
		if (!span_take(&in, in.len < 48 ? in.len : 48, &part))
			return false;
		base64_encode(part, piece);
		if (!buf_append_str(buf, piece, err))
			return false;
	}
	return true;
}
