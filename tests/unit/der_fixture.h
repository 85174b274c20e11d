/*
 * der_fixture.h - encoding DER. What it makes lives until empty_arena().
 */
#ifndef TESTS_DER_FIXTURE_H
#define TESTS_DER_FIXTURE_H

#include <stdarg.h>

#include <openssl/evp.h>
#include <openssl/objects.h>

#include "pki/der.h"
#include "unit.h"

/* All that a test has made, freed at its end. */
static uint8_t *arena[4096];
static size_t num_arena;

static inline struct span
keep(struct buf *bytes)
{
	ck_assert_uint_lt(num_arena, COUNT(arena));
	arena[num_arena++] = bytes->data;
	return buf_span(bytes);
}

static inline struct span
concat(size_t num, const struct span parts[])
{
	struct buf out = BUF(1024 * 1024);
	struct error err = { 0 };

	for (size_t i = 0; i < num; i++)
		ck_ok(buf_append(&out, parts[i], &err), err);
	return keep(&out);
}

static inline struct span
tlv_of(uint8_t tag, size_t num, const struct span parts[])
{
	const struct span value = concat(num, parts);
	struct buf out = BUF(1024 * 1024);
	struct error err = { 0 };

	ck_ok(der_append_header(&out, tag, value.len, &err) &&
		buf_append(&out, value, &err),
	    err);
	return keep(&out);
}

#define TLV(tag, ...)                                                          \
	tlv_of(tag,                                                            \
	    sizeof((struct span[]){ __VA_ARGS__ }) / sizeof(struct span),      \
	    (struct span[]){ __VA_ARGS__ })
#define SEQ(...) TLV(DER_SEQUENCE, __VA_ARGS__)
#define SET(...) TLV(DER_SET, __VA_ARGS__)

static inline struct span
raw(uint8_t tag, const void *value, size_t len)
{
	return TLV(tag, span_of(value, len));
}

static inline struct span
text(uint8_t tag, const char *value)
{
	return raw(tag, value, strlen(value));
}

static inline struct span
oid(const char *dotted)
{
	ASN1_OBJECT *object = OBJ_txt2obj(dotted, 1);
	unsigned char *der = NULL;
	const int len = i2d_ASN1_OBJECT(object, &der);
	struct buf out = BUF(100);
	struct error err = { 0 };

	ck_ok(buf_append(&out, span_of(der, (size_t)len), &err), err);
	OPENSSL_free(der);
	ASN1_OBJECT_free(object);
	return keep(&out);
}

static inline struct span
small(unsigned value)
{
	const uint8_t byte = (uint8_t)value;

	return raw(DER_INTEGER, &byte, 1);
}

static inline struct span
hash(const char *name, struct span bytes)
{
	unsigned char out[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	struct buf kept = BUF(sizeof(out));
	struct error err = { 0 };

	ck_assert_int_eq(EVP_Digest(bytes.data, bytes.len, out, &len,
			     EVP_get_digestbyname(name), NULL),
	    1);
	ck_ok(buf_append(&kept, span_of(out, len), &err), err);
	return keep(&kept);
}

static inline void
empty_arena(void)
{
	for (size_t i = 0; i < num_arena; i++)
		free(arena[i]);
	num_arena = 0;
}

#endif
