/*
 * A pack for others, of objects that are here: what is deflated already is
 * copied, and so are deltas whose base goes along.
 */
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "base/file.h"
#include "document/zip.h"
#include "store/packs.h"
#include "store/private.h"

enum { OFS_DELTA = 6, REF_DELTA = 7 };

struct sending {
	struct store *store;
	const struct oid *list;
	size_t num;
	bool whole;
	struct oid *sorted; /* the same, made once a delta is met */
	byte_sink *sink;
	void *arg;
	struct sha1 sha1;
};

static bool
put(struct sending *to, struct span bytes, struct error *err)
{
	sha1_update(&to->sha1, bytes);
	return to->sink(to->arg, bytes, err);
}

static int
compare_oids(const void *a, const void *b)
{
	return memcmp(a, b, OID_BYTES);
}

static bool
goes_along(struct sending *to, const struct oid *oid)
{
	if (to->sorted == NULL) {
		to->sorted = calloc(to->num, sizeof(*to->sorted));
		if (to->sorted == NULL)
			return false;
		memcpy(to->sorted, to->list, to->num * sizeof(*to->sorted));
		qsort(to->sorted, to->num, sizeof(*to->sorted), compare_oids);
	}
	return bsearch(oid, to->sorted, to->num, sizeof(*to->sorted),
		   compare_oids) != NULL;
}

static bool
put_header(struct sending *to, unsigned type, uint64_t size, struct error *err)
{
	uint8_t bytes[PACK_HEADER_MAX];

	return put(to, span_of(bytes, pack_header(type, size, bytes)), err);
}

/* [from, until) of a pack; the CRC is over the whole entry, from place->at. */
static bool
copy_entry(struct sending *to, const struct place *place, uint64_t from,
    uint64_t until, struct error *err)
{
	uint8_t piece[65536] UNINITIALIZED;
	uint32_t crc = 0;
	uint64_t at = place->at;
	bool ok = true;

	while (ok && at < until) {
		const size_t n = until - at < sizeof(piece)
		    ? (size_t)(until - at)
		    : sizeof(piece);
		/* A delta's own header is replaced; it fits the first piece. */
		const size_t skip = at < from ? (size_t)(from - at) : 0;

		ok = place_read(place, at, piece, n, err);
		crc = (uint32_t)crc32_z(crc, piece, n);
		ok = ok && put(to, span_of(piece + skip, n - skip), err);
		at += n;
	}
	if (ok && crc != packfile_entry(place->pack, place->entry).crc)
		ok = error_set(err, ERROR_UNTRUSTED,
		    "git pack %s: an object is damaged", place->pack->name);
	return ok;
}

/* The base of a delta: its name, and where the delta's own bytes begin. */
static bool
find_base(const struct place *place, struct oid *base, uint64_t *data_at)
{
	uint8_t bytes[32];
	const size_t n = place->pack->size - place->data_at < sizeof(bytes)
	    ? (size_t)(place->pack->size - place->data_at)
	    : sizeof(bytes);
	struct span rest = span_of(bytes, n), raw;
	struct error ignored = { 0 };
	uint64_t back = 0, end;
	uint32_t entry;
	uint8_t byte;

	if (!place_read(place, place->data_at, bytes, n, &ignored))
		return false;
	if (place->type == REF_DELTA) {
		if (!span_take(&rest, OID_BYTES, &raw))
			return false;
		memcpy(base->bytes, raw.data, OID_BYTES);
		*data_at = place->data_at + OID_BYTES;
		return true;
	}
	/* git's pack-format(5): each further byte counts from one more. */
	do {
		if (!span_take_u8(&rest, &byte) || back > place->at)
			return false;
		back =
		    (back << 7) + (byte & 0x7f) + ((byte & 0x80) != 0 ? 1 : 0);
		if ((byte & 0x80) != 0 && rest.len == 0)
			return false;
	} while ((byte & 0x80) != 0);
	*data_at = place->data_at + (n - rest.len);
	if (back == 0 || back > place->at ||
	    !packfile_extent(place->pack, place->at - back, &end, &entry))
		return false;
	*base = packfile_entry(place->pack, entry).oid;
	return true;
}

/* What lies in no pack of ours whole: read, and deflated anew. */
static bool
send_anew(struct sending *to, const struct oid *oid, struct error *err)
{
	struct buf content = BUF(SIZE_MAX), deflated = BUF(SIZE_MAX);
	enum object_type type;
	uint8_t adler[4];
	uint32_t sum;
	bool ok;

	ok = store_read_any(to->store, oid, &type, &content, err) &&
	    zip_deflate(buf_span(&content), &deflated, err) &&
	    put_header(to, type, content.len, err) &&
	    put(to, span_of("\x78\x9c", 2), err) &&
	    put(to, buf_span(&deflated), err);
	sum = (uint32_t)adler32_z(1, content.data, content.len);
	for (unsigned i = 0; i < 4; i++)
		adler[i] = (uint8_t)(sum >> (24 - 8 * i));
	ok = ok && put(to, span_of(adler, sizeof(adler)), err);
	buf_free(&content);
	buf_free(&deflated);
	return ok;
}

static bool
send_one(struct sending *to, const struct oid *oid, struct error *err)
{
	struct place place;
	struct oid base;
	uint64_t end, data_at;
	uint32_t entry;
	bool ok;

	if (!packs_find(store_packs(to->store), oid, &place, err)) {
		if (err->kind != ERROR_NOT_FOUND)
			return false;
		*err = (struct error){ 0 };
		return send_anew(to, oid, err);
	}
	if (!packfile_extent(place.pack, place.at, &end, &entry))
		ok = error_set(err, ERROR_UNTRUSTED, "a damaged pack index");
	else if (place.type != OFS_DELTA && place.type != REF_DELTA)
		ok = copy_entry(to, &place, place.at, end, err);
	else if (to->whole || !find_base(&place, &base, &data_at) ||
	    !goes_along(to, &base))
		ok = send_anew(to, oid, err);
	else
		ok = put_header(to, REF_DELTA, place.size, err) &&
		    put(to, span_of(base.bytes, OID_BYTES), err) &&
		    copy_entry(to, &place, data_at, end, err);
	packs_release(place.pack);
	return ok;
}

bool
store_send(struct store *store, const struct oid *list, size_t num, bool whole,
    byte_sink *sink, void *arg, struct error *err)
{
	struct sending to = { .store = store,
		.list = list,
		.num = num,
		.whole = whole,
		.sink = sink,
		.arg = arg };
	struct buf header = BUF(12);
	uint8_t sum[20];
	bool ok;

	sha1_init(&to.sha1);
	ok = (num <= UINT32_MAX ||
		 error_set(err, ERROR_LIMIT, "too many objects")) &&
	    buf_append(&header, span_of("PACK", 4), err) &&
	    buf_append_u32(&header, 2, err) &&
	    buf_append_u32(&header, (uint32_t)num, err) &&
	    put(&to, buf_span(&header), err);
	for (size_t i = 0; ok && i < num; i++)
		ok = send_one(&to, &list[i], err);
	sha1_final(&to.sha1, sum);
	ok = ok && sink(arg, span_of(sum, sizeof(sum)), err);
	buf_free(&header);
	free(to.sorted);
	return ok;
}
