/*
 * Blobs as members of a container: reading them out of the store and putting
 * them into it.  Bytes that are deflated already are copied, not deflated
 * again.
 */
#include <assert.h>
#include <string.h>

#include "base/deflate.h"
#include "document/zip.h"
#include "store/private.h"

/*
 * The bytes of a zlib stream around its deflate stream (RFC 1950 section 2.2).
 */
enum { AROUND = ZLIB_HEADER_BYTES + ZLIB_TRAILER_BYTES };

static struct oid
member_oid(const struct member *member)
{
	struct oid oid;

	memcpy(oid.bytes, member->blob, OID_BYTES);
	return oid;
}

static bool
find(struct store *store, const struct oid *oid, struct object *out,
    struct error *err)
{
	return store->backend->table->find(store->backend, oid, OBJECT_AS_KEPT,
	    out, err);
}

static bool
stream_object(const struct member *member, byte_sink *sink, void *arg,
    struct error *err)
{
	struct store *store = member->store;
	const struct oid oid = member_oid(member);
	struct object object;
	bool ok;

	if (!find(store, &oid, &object, err))
		return error_context(err, "%s", member->path);
	ok = store->backend->table->stream(&object, OBJECT_CONTENT, sink, arg,
	    NULL, NULL, err);
	store->backend->table->release(&object);
	return ok || error_context(err, "%s", member->path);
}

/* Pass on the deflate stream within a zlib stream. */
struct unwrapping {
	uint64_t skip, left;
	byte_sink *sink;
	void *arg;
};

static bool
unwrap(void *arg, struct span bytes, struct error *err)
{
	struct unwrapping *to = arg;
	const size_t skip = bytes.len < to->skip ? bytes.len : (size_t)to->skip;
	size_t n = bytes.len - skip;

	n = n < to->left ? n : (size_t)to->left;
	to->skip -= skip;
	to->left -= n;
	return n == 0 || to->sink(to->arg, span_sub(bytes, skip, n), err);
}

static bool
stream_object_packed(const struct member *member, byte_sink *sink, void *arg,
    struct error *err)
{
	struct store *store = member->store;
	const struct oid oid = member_oid(member);
	struct unwrapping to = { ZLIB_HEADER_BYTES, member->packed, sink, arg };
	struct object object;
	bool ok;

	if (!member->deflated)
		return stream_object(member, sink, arg, err);
	if (member->packed_bytes.len > 0)
		return sink(arg, buf_span(&member->packed_bytes), err);
	if (!find(store, &oid, &object, err))
		return error_context(err, "%s", member->path);
	object.packed = member->packed + AROUND;
	ok = store->backend->table->stream(&object, OBJECT_PACKED, unwrap, &to,
	    NULL, NULL, err);
	store->backend->table->release(&object);
	return ok || error_context(err, "%s", member->path);
}

static const struct member_source in_store = { stream_object,
	stream_object_packed };

static bool
count_crc(void *arg, struct span bytes, struct error *err)
{
	uint32_t *crc = arg;

	(void)err;
	*crc = deflate_crc32(*crc, bytes);
	return true;
}

/*
 * Check that the object is a whole blob: a delta would have to be read into
 * memory.
 */
static bool
check_whole(const struct object *object, struct error *err)
{
	return (!object->is_delta && object->type == OBJECT_BLOB) ||
	    error_set(err, ERROR_UNTRUSTED,
		"it is no whole blob: was the store repacked? run \"git repack"
		" -a -d -F --depth=0\" in it");
}

/*
 * A zlib stream of so many bytes was read, all of it to raw if that is not
 * empty: keep the deflate stream within it, if that is smaller than the content.
 */
static void
set_packed(struct member *out, struct buf *raw, uint64_t packed)
{
	out->deflated = packed >= AROUND && packed - AROUND < out->size;
	out->packed = out->deflated ? packed - AROUND : out->size;
	if (!out->deflated || raw->len < AROUND)
		return;
	memmove(raw->data, raw->data + ZLIB_HEADER_BYTES, raw->len - AROUND);
	raw->len -= AROUND;
	out->packed_bytes = *raw;
	*raw = BUF(0);
}

bool
store_member(struct store *store, const char *path, const struct oid *oid,
    const struct digest *sha256, uint64_t hold, struct member *out,
    struct error *err)
{
	const struct backend_table *table = store->backend->table;
	struct buf raw = BUF(SIZE_MAX);
	struct object object;
	uint64_t packed = 0;
	bool ok;

	*out = (struct member){ .source = &in_store, .store = store };
	snprintf(out->path, sizeof(out->path), "%s", path);
	memcpy(out->blob, oid->bytes, OID_BYTES);
	if (sha256 != NULL) {
		out->sha256 = *sha256;
		out->hashed = true;
	}
	if (!find(store, oid, &object, err))
		return error_context(err, "%s", path);
	ok = check_whole(&object, err) &&
	    table->stream(&object, OBJECT_CONTENT, count_crc, &out->crc,
		object.size <= hold ? &raw : NULL, &packed, err);
	out->size = object.size;
	if (ok)
		set_packed(out, &raw, packed);
	buf_free(&raw);
	table->release(&object);
	return ok || error_context(err, "%s", path);
}

/* What to compute while a blob's bytes are read. */
struct reading {
	unsigned how;
	bool holds;
	struct sha1 sha1;
	struct sha256 sha256;
	struct member *out;
};

/* A byte_sink: hash and hold the content, and compute its CRC. */
static bool
take_content(void *arg, struct span bytes, struct error *err)
{
	struct reading *reading = arg;
	struct member *out = reading->out;

	if ((reading->how & (STORE_NAMED | STORE_CHECKED)) != 0)
		sha1_update(&reading->sha1, bytes);
	if ((reading->how & STORE_WRITTEN) != 0)
		out->crc = deflate_crc32(out->crc, bytes);
	sha256_update(&reading->sha256, bytes);
	return !reading->holds || buf_append(&out->bytes, bytes, err);
}

/* Read a blob once, and compute what reading says. */
static bool
read_hashed(const struct object *object, const struct oid *oid,
    struct reading *reading, struct error *err)
{
	const struct backend_table *table = object->backend->table;
	struct member *out = reading->out;
	const bool keeps =
	    reading->holds && (reading->how & STORE_WRITTEN) != 0;
	struct buf raw = BUF(SIZE_MAX);
	uint64_t packed = 0;
	struct oid found = { { 0 } };
	bool ok;

	object_hash_begin(&reading->sha1, OBJECT_BLOB, object->size);
	sha256_init(&reading->sha256);
	ok = table->stream(object, OBJECT_CONTENT, take_content, reading,
	    keeps ? &raw : NULL, &packed, err);
	if (ok) {
		/* Of one that is not written only the content matters. */
		set_packed(out, &raw,
		    (reading->how & STORE_WRITTEN) != 0 ? packed : 0);
		out->sha256 = sha256_final(&reading->sha256);
		out->hashed = true;
	}
	if (ok && (reading->how & (STORE_NAMED | STORE_CHECKED)) != 0) {
		sha1_final(&reading->sha1, found.bytes);
		if (oid_eq(&found, oid))
			table->vouch(object);
		/*
		 * Without STORE_NAMED the git name is not compared: wrong bytes
		 * have another SHA-256 too.
		 */
		else if ((reading->how & STORE_NAMED) != 0)
			ok = error_set(err, ERROR_UNTRUSTED,
			    "it is damaged: its bytes have another name");
	}
	buf_free(&raw);
	return ok;
}

static bool
member_failed(struct member *out, const char *path, struct error *err)
{
	buf_free(&out->bytes);
	buf_free(&out->packed_bytes);
	return error_context(err, "%s", path);
}

bool
store_member_hashed(struct store *store, const char *path,
    const struct oid *oid, uint64_t hold, unsigned how, struct member *out,
    struct error *err)
{
	const struct backend_table *table = store->backend->table;
	/* A member that is held may be stored as a delta: it is small. */
	const enum object_form form =
	    (how & STORE_HELD) != 0 ? OBJECT_WHOLE : OBJECT_AS_KEPT;
	struct reading reading = { .how = how, .out = out };
	struct object object;
	bool ok;

	*out = (struct member){ .source = &in_store,
		.store = store,
		.to_judge = (how & STORE_WRITTEN) == 0 };
	snprintf(out->path, sizeof(out->path), "%s", path);
	memcpy(out->blob, oid->bytes, OID_BYTES);
	if (!table->find(store->backend, oid, form, &object, err)) {
		/* A missing object is damage, as in store_read(). */
		if (err->kind == ERROR_NOT_FOUND && form == OBJECT_WHOLE) {
			err->kind = ERROR_SYSTEM;
			error_outside(err);
		}
		return error_context(err, "%s", path);
	}
	out->size = object.size;
	reading.holds = object.size <= hold;
	if (reading.holds)
		member_hold(out, (size_t)hold);
	ok = check_whole(&object, err);
	if (ok && !reading.holds && (how & STORE_HELD) != 0)
		ok = error_set(err, ERROR_LIMIT, "%llu bytes, limit %llu",
		    (unsigned long long)object.size, (unsigned long long)hold);
	ok = ok && read_hashed(&object, oid, &reading, err);
	table->release(&object);
	return ok || member_failed(out, path, err);
}

/* --- Writing into the store. --- */

static bool
put(void *arg, struct span bytes, struct error *err)
{
	struct object_set *objects = arg;

	return objects->backend->table->object_piece(objects, bytes, err);
}

/*
 * A byte_sink: put bytes into stored blocks of deflate (RFC 1951 section
 * 3.2.4), for content that does not compress.
 */
static bool
put_stored(void *arg, struct span bytes, struct error *err)
{
	struct span part;

	while (bytes.len > 0) {
		const size_t n = bytes.len < 65535 ? bytes.len : 65535;
		const uint8_t header[5] = { 0, (uint8_t)n, (uint8_t)(n >> 8),
			(uint8_t)~n, (uint8_t)(~n >> 8) };

		if (!span_take(&bytes, n, &part) ||
		    !put(arg, span_of(header, sizeof(header)), err) ||
		    !put(arg, part, err))
			return false;
	}
	return true;
}

static bool
put_adler(struct object_set *objects, uint32_t adler, struct error *err)
{
	const uint8_t bytes[4] = { (uint8_t)(adler >> 24),
		(uint8_t)(adler >> 16), (uint8_t)(adler >> 8), (uint8_t)adler };

	return put(objects, span_of(bytes, sizeof(bytes)), err);
}

/*
 * Put a member's deflate stream between a zlib header and trailer (RFC 1950);
 * its bytes are copied.
 */
static bool
put_member(struct object_set *objects, const struct member *member,
    struct error *err)
{
	if (member->deflated) {
		if (!put(objects, span_of("\x78\x9c", 2), err) ||
		    !member_stream_packed(member, put, objects, err))
			return false;
	} else if (!put(objects, span_of("\x78\x01", 2), err) ||
	    !member_stream_packed(member, put_stored, objects, err) ||
	    !put(objects, span_of("\1\0\0\377\377", 5), err)) {
		return false;
	}
	return put_adler(objects, member->adler, err);
}

bool
pack_add_member(struct pack *pack, const struct member *member,
    struct error *err)
{
	const struct backend_table *table = pack->store->backend->table;
	const struct oid oid = member_oid(member);

	assert(member->hashed && !member->to_judge);
	/* What was read from this store is there. */
	if (member->store == pack->store ||
	    table->is_there(pack->objects, &oid, member->size))
		return true;
	if (!table->object_begin(pack->objects, &oid, OBJECT_BLOB, member->size,
		err))
		return false;
	if (!put_member(pack->objects, member, err)) {
		table->object_undo(pack->objects);
		return false;
	}
	table->object_end(pack->objects);
	return true;
}
