/*
 * postgres_record.h - a record in the fixture's server, and what the tests of it
 * put there.
 */
#ifndef TESTS_UNIT_POSTGRES_RECORD_H
#define TESTS_UNIT_POSTGRES_RECORD_H

#include <zlib.h>

#include "base/deflate.h"
#include "base/digest.h"
#include "postgres_fixture.h"
#include "unit.h"

static char dir[UNIT_DIR];
static struct backend *backend;
static const struct backend_table *table;

static inline void
set_up(void)
{
	unit_make_dir(dir);
	pg_reset();
	backend = pg_open();
	table = backend->table;
}

static inline void
tear_down(void)
{
	if (backend != NULL)
		table->close(backend);
	unit_remove_dir(dir);
}

static inline void
claim(void)
{
	struct error err = { 0 };

	ck_ok(table->claim(backend, &err), err);
}

/* Propose one entry of three bytes after so many; its root is that number. */
static inline bool
propose(uint64_t size, struct error *err)
{
	const struct span entry = span_of_str("one");
	const struct proposal proposal = { .size = size,
		.at = 5 * size,
		.entries = &entry,
		.num_entries = 1,
		.root = { { (uint8_t)(size + 1) } } };

	return table->propose(backend, &proposal, err);
}

static inline bool
publish(uint64_t size, struct error *err)
{
	const struct head head = { .size = size,
		.root = { { (uint8_t)size } },
		.signature = { (uint8_t)size } };

	return table->publish(backend, &head, 5 * size, err);
}

static inline void
assert_size(const char *want)
{
	ck_assert_str_eq(pg_sql("SELECT size FROM valise.head"), want);
	ck_assert_str_eq(pg_sql("SELECT count(*) FROM valise.entry"), want);
	ck_assert_str_eq(pg_sql("SELECT count(*) FROM valise.chain"), want);
}

static inline struct oid
name_of(const char *text)
{
	struct sha1 sha1;
	struct oid oid;

	object_hash_begin(&sha1, OBJECT_BLOB, strlen(text));
	sha1_update(&sha1, span_of_str(text));
	sha1_final(&sha1, oid.bytes);
	return oid;
}

static inline struct object_set *
begin_set(void)
{
	struct error err = { 0 };
	struct object_set *set = table->begin(backend, &err);

	ck_ok(set != NULL, err);
	return set;
}

static inline struct oid
put_object(struct object_set *set, const char *text)
{
	const struct oid oid = name_of(text);
	struct buf packed = BUF(SIZE_MAX);
	struct error err = { 0 };

	ck_ok(deflate_zlib(span_of_str(text), &packed, &err) &&
		table->object_begin(set, &oid, OBJECT_BLOB, strlen(text),
		    &err) &&
		table->object_piece(set, buf_span(&packed), &err),
	    err);
	table->object_end(set);
	buf_free(&packed);
	return oid;
}

static inline void
finish_set(struct object_set *set)
{
	struct error err = { 0 };

	ck_ok(table->finish(set, &err), err);
	table->drop(set);
}

static inline bool
read_object(const struct oid *oid, enum object_bytes bytes, struct error *err)
{
	struct buf content = BUF(SIZE_MAX);
	struct object object;
	bool ok = table->find(backend, oid, OBJECT_WHOLE, &object, err);

	if (ok) {
		ok = table->stream(&object, bytes, sink_to_buf, &content, NULL,
		    NULL, err);
		table->release(&object);
	}
	buf_free(&content);
	return ok;
}

/* Fail unless the error is of this kind and names this. */
static inline void
assert_error(const struct error *err, enum error_kind kind, const char *names)
{
	ck_assert_msg(err->kind == kind && strstr(err->detail, names) != NULL,
	    "%s: %s (%d)", names, err->detail, err->kind);
}

/* A content of noise that is made again and again, and never held. */
struct noise {
	uint64_t left;
	uint32_t x;
};

static inline size_t
make_noise(struct noise *noise, uint8_t *out, size_t room)
{
	const size_t n = noise->left < room ? (size_t)noise->left : room;

	for (size_t i = 0; i < n; i++) {
		noise->x = noise->x * 1664525 + 1013904223;
		out[i] = (uint8_t)(noise->x >> 24);
	}
	noise->left -= n;
	return n;
}

static inline struct oid
name_of_noise(uint64_t size)
{
	struct noise noise = { size, 1 };
	uint8_t bytes[65536];
	struct sha1 sha1;
	struct oid oid;
	size_t n;

	object_hash_begin(&sha1, OBJECT_BLOB, size);
	while ((n = make_noise(&noise, bytes, sizeof(bytes))) > 0)
		sha1_update(&sha1, span_of(bytes, n));
	sha1_final(&sha1, oid.bytes);
	return oid;
}

/* Deflate noise into the set, without compressing it. */
static inline struct oid
put_noise(struct object_set *set, uint64_t size)
{
	const struct oid oid = name_of_noise(size);
	uint8_t bytes[65536], out[65536];
	struct noise noise = { size, 1 };
	struct error err = { 0 };
	z_stream z = { 0 };
	int flush;

	ck_assert_int_eq(deflateInit(&z, 0), Z_OK);
	ck_ok(table->object_begin(set, &oid, OBJECT_BLOB, size, &err), err);
	do {
		z.next_in = bytes;
		z.avail_in = (uInt)make_noise(&noise, bytes, sizeof(bytes));
		flush = noise.left == 0 ? Z_FINISH : Z_NO_FLUSH;
		do {
			z.next_out = out;
			z.avail_out = sizeof(out);
			deflate(&z, flush);
			ck_ok(table->object_piece(set,
				  span_of(out, sizeof(out) - z.avail_out),
				  &err),
			    err);
		} while (z.avail_out == 0);
	} while (flush != Z_FINISH);
	table->object_end(set);
	deflateEnd(&z);
	return oid;
}

#endif
