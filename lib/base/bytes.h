/*
 * bytes.h - the only two ways bytes travel: borrowed, or owned.
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/*
 * For a large buffer on the stack that is written before it is read. The
 * compiler zeroes everything else, which here would cost more than the work.
 */
#define UNINITIALIZED __attribute__((uninitialized))

/* Borrowed: never freed, never written through, dies with its owner. */
struct span {
	const uint8_t *data;
	size_t len;
};

/* Owned: grows on demand up to max, which its creator chose with BUF(). */
struct buf {
	uint8_t *data;
	size_t len;
	size_t cap;
	size_t max;
};

/* Where bytes go that come in pieces; false stops them, with an error. */
typedef bool byte_sink(void *arg, struct span bytes, struct error *err);
/* A byte_sink: append to the struct buf that arg is. */
bool sink_to_buf(void *arg, struct span bytes, struct error *err);

#define BUF(limit) ((struct buf){ .max = (limit) })

/* On failure (ERROR_LIMIT, ERROR_SYSTEM) buf is as it was. */
bool buf_append(struct buf *buf, struct span bytes, struct error *err) MUST_USE;
bool buf_append_str(struct buf *buf, const char *text,
    struct error *err) MUST_USE;
bool buf_printf(struct buf *buf, struct error *err, const char *fmt, ...)
    PRINTF(3, 4) MUST_USE;
/* Make room for n more bytes at once, so that buf does not grow by steps. */
bool buf_reserve(struct buf *buf, size_t n, struct error *err) MUST_USE;
/* Append an integer, big-endian. */
bool buf_append_u8(struct buf *buf, uint8_t value, struct error *err) MUST_USE;
bool buf_append_u16(struct buf *buf, uint16_t value,
    struct error *err) MUST_USE;
bool buf_append_u32(struct buf *buf, uint32_t value,
    struct error *err) MUST_USE;
bool buf_append_u64(struct buf *buf, uint64_t value,
    struct error *err) MUST_USE;
/* A u32 length, then the bytes; span_take_block() reads it. */
bool buf_append_block(struct buf *buf, struct span bytes,
    struct error *err) MUST_USE;

struct span buf_span(const struct buf *buf);
/* Forget the first n bytes (n <= len); what follows moves to the front. */
void buf_drop(struct buf *buf, size_t n);
void buf_free(struct buf *buf);

struct span span_of(const void *data, size_t len);
struct span span_of_str(const char *text); /* without its NUL */
bool span_eq(struct span a, struct span b);
/*
 * Compare as memcmp() does; of two that begin alike the shorter one is first.
 */
int span_order(struct span a, struct span b);
bool span_is(struct span in, const char *text);
bool span_starts(struct span in, const char *text);
/* Bytes [from, from + len) of in; the caller has checked that they exist. */
struct span span_sub(struct span in, size_t from, size_t len);

/*
 * Take from the front of in.  False, and nothing moves, if there is too little
 * there.  A line's LF goes too and is not part of line; so does the separator
 * of span_take_until().
 */
bool span_take(struct span *in, size_t n, struct span *out) MUST_USE;
bool span_take_line(struct span *in, struct span *line) MUST_USE;
bool span_take_until(struct span *in, char sep, struct span *out) MUST_USE;
/* A line "NAME VALUE": value gets what follows the blank. */
bool span_take_field(struct span *in, const char *name,
    struct span *value) MUST_USE;
bool span_take_u8(struct span *in, uint8_t *out) MUST_USE;
bool span_take_u16(struct span *in, uint16_t *out) MUST_USE;
bool span_take_u32(struct span *in, uint32_t *out) MUST_USE;
bool span_take_u64(struct span *in, uint64_t *out) MUST_USE;
bool span_take_block(struct span *in, struct span *out) MUST_USE;
/* The same of a ZIP's little-endian fields. */
bool span_take_le16(struct span *in, uint16_t *out) MUST_USE;
bool span_take_le32(struct span *in, uint32_t *out) MUST_USE;

/*
 * Strict conversions of a whole span.  Each accepts one spelling of a value
 * and no other, so that equal values always have equal bytes (and hashes).
 */
bool span_to_str(struct span in, char *out, size_t out_size) MUST_USE;
bool span_to_u64(struct span in, uint64_t *out) MUST_USE;
bool span_to_base64(struct span in, uint8_t *out, size_t out_len) MUST_USE;
bool span_to_hex(struct span in, uint8_t *out, size_t out_len) MUST_USE;
/* As span_to_base64() where only the text tells the length. */
bool span_base64_append(struct span in, struct buf *out,
    struct error *err) MUST_USE;

/*
 * hex_encode() needs room for 2 * in.len + 1 bytes, base64_encode() for
 * BASE64_SIZE(in.len).
 */
#define BASE64_SIZE(n) (((n) + 2) / 3 * 4 + 1)
void hex_encode(struct span in, char *out);
void base64_encode(struct span in, char *out);
bool buf_append_base64(struct buf *buf, struct span in,
    struct error *err) MUST_USE;

#endif
