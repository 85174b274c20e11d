/*
 * Reading git's packs: their indexes, and their objects in pieces (packs.h).
 */
#include "backend/files/packs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

#include "base/deflate.h"
#include "base/file.h"
#include "base/limits.h"

enum { FANOUT = 8, NAMES = 8 + 256 * 4, TRAILER = 20 };

/* Returns the big-endian number at this byte of the index, 0 outside of it. */
static uint32_t
u32_at(const struct packfile *pack, size_t at)
{
	struct span bytes = span_sub(span_of(pack->idx, pack->idx_len), at, 4);
	uint32_t value = 0;

	return span_take_u32(&bytes, &value) ? value : 0;
}

static uint64_t
u64_at(const struct packfile *pack, size_t at)
{
	struct span bytes = span_sub(span_of(pack->idx, pack->idx_len), at, 8);
	uint64_t value = 0;

	return span_take_u64(&bytes, &value) ? value : 0;
}

struct pack_entry
packfile_entry(const struct packfile *pack, uint32_t n)
{
	const size_t crcs = NAMES + (size_t)pack->num * OID_BYTES;
	const size_t offsets = crcs + (size_t)pack->num * 4;
	const size_t large = offsets + (size_t)pack->num * 4;
	const uint32_t offset = u32_at(pack, offsets + (size_t)n * 4);
	struct pack_entry entry = { .at = offset,
		.crc = u32_at(pack, crcs + (size_t)n * 4) };

	memcpy(entry.oid.bytes, pack->idx + NAMES + (size_t)n * OID_BYTES,
	    OID_BYTES);
	/*
	 * An offset of 2 GiB and more is in a second table, of 64-bit offsets.
	 */
	if ((offset & 0x80000000U) != 0) {
		const size_t at = large + (size_t)(offset & 0x7fffffffU) * 8;

		entry.at = at + 8 <= pack->idx_len ? u64_at(pack, at) : 0;
	}
	return entry;
}

/*
 * Returns the number of names whose first byte is at most first, from the
 * index's fan-out table.
 */
static uint32_t
names_up_to(const struct packfile *pack, unsigned first)
{
	const uint8_t *at = pack->idx + FANOUT + (size_t)first * 4;

	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
	    (uint32_t)at[2] << 8 | at[3];
}

/*
 * Find an object in one pack.  Whether a new object is there already is asked
 * of every pack, so this must be fast.
 */
static bool
find_in(const struct packfile *pack, const struct oid *oid, uint32_t *n)
{
	const unsigned first = oid->bytes[0];
	uint32_t low = first == 0 ? 0 : names_up_to(pack, first - 1);
	uint32_t high = names_up_to(pack, first);

	while (low < high) {
		const uint32_t middle = low + (high - low) / 2;
		const int order =
		    memcmp(pack->idx + NAMES + (size_t)middle * OID_BYTES,
			oid->bytes, OID_BYTES);

		if (order == 0) {
			*n = middle;
			return true;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

static int
compare_offsets(const void *a, const void *b, void *arg)
{
	const uint64_t x = packfile_entry(arg, *(const uint32_t *)a).at;
	const uint64_t y = packfile_entry(arg, *(const uint32_t *)b).at;

	return (x > y) - (x < y);
}

/*
 * Returns the entries in the order of their offsets, made at the first call.
 * Two readers may make them at once; one of the two results is kept.
 */
static const uint32_t *
by_offset(struct packfile *pack)
{
	uint32_t *made, *none = NULL;

	made = __atomic_load_n(&pack->by_offset, __ATOMIC_ACQUIRE);
	if (made != NULL ||
	    (made = calloc((size_t)pack->num + 1, sizeof(*made))) == NULL)
		return made;
	for (uint32_t i = 0; i < pack->num; i++)
		made[i] = i;
	qsort_r(made, pack->num, sizeof(*made), compare_offsets, pack);
	if (__atomic_compare_exchange_n(&pack->by_offset, &none, made, false,
		__ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return made;
	free(made);
	return none;
}

bool
packfile_extent(struct packfile *pack, uint64_t at, uint64_t *end,
    uint32_t *entry)
{
	const uint32_t *order = by_offset(pack);
	uint32_t low = 0, high = pack->num;

	while (order != NULL && low < high) {
		const uint32_t middle = low + (high - low) / 2;
		const uint64_t here = packfile_entry(pack, order[middle]).at;

		if (here == at) {
			*entry = order[middle];
			*end = middle + 1 < pack->num
			    ? packfile_entry(pack, order[middle + 1]).at
			    : pack->size - TRAILER;
			return *end > at && *end <= pack->size;
		}
		if (here < at)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

static void
free_pack(struct packfile *pack)
{
	if (pack == NULL)
		return;
	if (pack->idx != NULL)
		munmap((void *)(uintptr_t)pack->idx, pack->idx_len);
	if (pack->fd >= 0)
		close(pack->fd);
	free(pack->by_offset);
	free(pack->whole);
	free(pack);
}

void
packs_release(struct packfile *pack)
{
	if (__atomic_sub_fetch(&pack->refs, 1, __ATOMIC_ACQ_REL) == 0)
		free_pack(pack);
}

/* Are there as many 64-bit offsets as names have, and nothing more? */
static bool
has_right_length(const struct packfile *pack)
{
	const size_t offsets = NAMES + (size_t)pack->num * (OID_BYTES + 4);
	const size_t least = offsets + (size_t)pack->num * 4 + 2 * TRAILER;
	size_t large = 0;

	if (pack->idx_len <= least)
		return pack->idx_len == least;
	for (uint32_t i = 0; i < pack->num; i++)
		large += (u32_at(pack, offsets + (size_t)i * 4) >> 31) != 0;
	return pack->idx_len - least == large * 8;
}

/*
 * Check that the counts and offsets of a damaged index lead nowhere outside of
 * it.
 */
static bool
check_index(struct packfile *pack, struct error *err)
{
	uint32_t last = 0;

	if (pack->idx_len < NAMES + 2 * TRAILER ||
	    memcmp(pack->idx, "\377tOc\0\0\0\2", 8) != 0)
		return error_set(err, ERROR_UNTRUSTED, "not a pack index");
	for (unsigned i = 0; i < 256; i++) {
		const uint32_t n = u32_at(pack, FANOUT + i * 4);

		if (n < last)
			return error_set(err, ERROR_UNTRUSTED,
			    "a damaged pack index");
		last = n;
	}
	pack->num = last;
	return has_right_length(pack) ||
	    error_set(err, ERROR_UNTRUSTED,
		"a pack index that is not as long as it must be");
}

bool
packs_path(const struct packs *packs, const char *name, const char *suffix,
    char out[FILE_PATH], struct error *err)
{
	char file[64];

	snprintf(file, sizeof(file), "pack-%s.%s", name, suffix);
	return file_join(out, packs->dir, file, err);
}

/* Open a pack, map its index and check it. */
static bool
map_pack(const struct packs *packs, struct packfile *pack, struct error *err)
{
	char path[FILE_PATH];
	struct stat st;
	void *map;
	int fd;

	if (!packs_path(packs, pack->name, "keep", path, err))
		return false;
	pack->is_kept = file_exists(path);
	if (!packs_path(packs, pack->name, "new", path, err))
		return false;
	pack->is_new = file_exists(path);
	if (!packs_path(packs, pack->name, "pack", path, err))
		return false;
	pack->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (pack->fd < 0 || fstat(pack->fd, &st) != 0)
		return error_set_errno(err, "%s", path);
	pack->size = (uint64_t)st.st_size;
	if (!packs_path(packs, pack->name, "idx", path, err))
		return false;
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0 ||
	    fstat(fd, &st) != 0) {
		error_set_errno(err, "%s", path);
		if (fd >= 0)
			close(fd);
		return false;
	}
	map = st.st_size > 0
	    ? mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0)
	    : MAP_FAILED;
	close(fd);
	if (st.st_size == 0)
		return error_set(err, ERROR_UNTRUSTED, "%s: empty", path);
	if (map == MAP_FAILED)
		return error_set_errno(err, "%s", path);
	pack->idx = map;
	pack->idx_len = (size_t)st.st_size;
	return check_index(pack, err) || error_context(err, "%s", path);
}

bool
packs_load(struct packs *packs, const char *name, struct error *err)
{
	struct packfile *pack = calloc(1, sizeof(*pack)), **list = NULL;

	if (pack == NULL)
		return error_set_errno(err, "pack");
	pack->fd = -1;
	pack->refs = 1;
	snprintf(pack->name, sizeof(pack->name), "%s", name);
	if (!map_pack(packs, pack, err)) {
		free_pack(pack);
		return false;
	}
	/* Without this memory each object is hashed again, nothing else. */
	if (packs->is_view)
		pack->whole = calloc((size_t)pack->num + 1, 1);
	pthread_rwlock_wrlock(&packs->lock);
	list =
	    realloc(packs->list, (packs->num + 1) * sizeof(struct packfile *));
	if (list != NULL) {
		packs->list = list;
		list[packs->num++] = pack;
	}
	pthread_rwlock_unlock(&packs->lock);
	if (list == NULL) {
		free_pack(pack);
		return error_set_errno(err, "pack");
	}
	return true;
}

void
packs_init(struct packs *packs, bool is_view, bool is_ours)
{
	*packs = (struct packs){ .is_view = is_view,
		.is_ours = is_ours,
		.unread = BUF(SIZE_MAX) };
	pthread_rwlock_init(&packs->lock, NULL);
}

void
packs_close(struct packs *packs)
{
	for (size_t i = 0; i < packs->num; i++)
		packs_release(packs->list[i]);
	free(packs->list);
	buf_free(&packs->unread);
	pthread_rwlock_destroy(&packs->lock);
}

/* Returns the pack that has the object, held against closing, or NULL. */
static struct packfile *
hold(struct packs *packs, const struct oid *oid, uint32_t *n)
{
	const size_t hint = __atomic_load_n(&packs->hint, __ATOMIC_RELAXED);
	struct packfile *found = NULL;

	pthread_rwlock_rdlock(&packs->lock);
	if (hint < packs->num && find_in(packs->list[hint], oid, n))
		found = packs->list[hint];
	for (size_t i = packs->num; found == NULL && i > 0; i--)
		if (find_in(packs->list[i - 1], oid, n)) {
			found = packs->list[i - 1];
			__atomic_store_n(&packs->hint, i - 1, __ATOMIC_RELAXED);
		}
	if (found != NULL)
		__atomic_add_fetch(&found->refs, 1, __ATOMIC_RELAXED);
	pthread_rwlock_unlock(&packs->lock);
	return found;
}

void
place_is_whole(const struct place *place)
{
	if (place->pack->whole != NULL)
		__atomic_store_n(&place->pack->whole[place->entry], 1,
		    __ATOMIC_RELAXED);
}

bool
packs_is_whole(struct packs *packs, const char *name, uint32_t n)
{
	bool whole = false;

	pthread_rwlock_rdlock(&packs->lock);
	for (size_t i = 0; i < packs->num; i++) {
		const struct packfile *pack = packs->list[i];

		if (strcmp(pack->name, name) == 0)
			whole = pack->whole != NULL && n < pack->num &&
			    __atomic_load_n(&pack->whole[n],
				__ATOMIC_RELAXED) != 0;
	}
	pthread_rwlock_unlock(&packs->lock);
	return whole;
}

bool
packs_has(struct packs *packs, const struct oid *oid)
{
	uint32_t n;
	struct packfile *pack = hold(packs, oid, &n);

	if (pack != NULL)
		packs_release(pack);
	return pack != NULL;
}

bool
place_read(const struct place *place, uint64_t at, void *out, size_t len,
    struct error *err)
{
	const size_t skip = (size_t)(at - place->at);
	size_t n = 0;

	if (at - place->at < place->head_len) {
		n = place->head_len - skip < len ? place->head_len - skip : len;
		memcpy(out, place->head + skip, n);
	}
	return n == len ||
	    file_pread(place->pack->fd, (uint8_t *)out + n, len - n,
		(off_t)(at + n), err);
}

bool
place_read_header(struct place *place, struct error *err)
{
	struct span rest;
	unsigned shift = 4;
	uint8_t byte;

	if (place->at >= place->pack->size)
		return error_set(err, ERROR_UNTRUSTED, "a damaged pack index");
	place->head_len = sizeof(place->head);
	if (place->pack->size - place->at < place->head_len)
		place->head_len = (size_t)(place->pack->size - place->at);
	if (!file_pread(place->pack->fd, place->head, place->head_len,
		(off_t)place->at, err))
		return false;
	rest = span_of(place->head, place->head_len);
	if (!span_take_u8(&rest, &byte))
		return error_set(err, ERROR_UNTRUSTED, "a damaged pack");
	place->type = byte >> 4 & 7;
	place->size = byte & 15;
	while ((byte & 0x80) != 0) {
		if (!span_take_u8(&rest, &byte) || shift > 57)
			return error_set(err, ERROR_UNTRUSTED,
			    "a damaged pack");
		place->size |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	}
	place->data_at = place->at + (place->head_len - rest.len);
	return true;
}

bool
packs_find(struct packs *packs, const struct oid *oid, struct place *out,
    struct error *err)
{
	char hex[OID_HEX];
	uint32_t n = 0;

	out->pack = hold(packs, oid, &n);
	if (out->pack == NULL) {
		oid_hex(oid, hex);
		return error_set(err, ERROR_NOT_FOUND, "no git object %s", hex);
	}
	out->entry = n;
	out->at = packfile_entry(out->pack, n).at;
	if (place_read_header(out, err))
		return true;
	packs_release(out->pack);
	return false;
}

/*
 * The longest stream that an object can have: deflate adds at most 5 bytes to
 * each 16 KiB (RFC 1951 section 3.2.4), so a small object has a short one.
 */
static uint64_t
most_packed(const struct place *place)
{
	return place->size + place->size / 1024 + 64;
}

/*
 * Read the next piece of a zlib stream, for a small object no more bytes than
 * its stream can have.
 */
static bool
feed(const struct place *place, uint64_t *at, uint8_t *in, size_t room,
    z_stream *z, struct error *err)
{
	const uint64_t most = most_packed(place);
	const uint64_t left = place->pack->size - *at;
	const uint64_t head = place->at + place->head_len;
	size_t n = left < room ? (size_t)left : room;

	n = n < most ? n : (size_t)most;
	/* The bytes read with the header usually hold the whole stream. */
	if (*at < head && head - *at < n)
		n = (size_t)(head - *at);
	if (n == 0)
		return error_set(err, ERROR_UNTRUSTED,
		    "a pack ends within an object");
	if (!place_read(place, *at, in, n, err))
		return false;
	*at += n;
	z->next_in = in;
	z->avail_in = (uInt)n;
	return true;
}

static bool
damaged_object(struct error *err)
{
	return error_set(err, ERROR_UNTRUSTED,
	    "an object in a pack is damaged");
}

/*
 * Give the stored stream.  The base of an OBJ_REF_DELTA or OBJ_OFS_DELTA stands
 * before it.
 */
bool
place_stream_packed(const struct place *place, byte_sink *sink, void *arg,
    uint64_t *packed, struct error *err)
{
	uint8_t piece[65536] UNINITIALIZED;
	uint64_t at = place->at, end = place->data_at + place->packed;
	uint32_t crc = 0, entry;
	bool ok;

	ok = (place->packed > 0 && end <= place->pack->size) ||
	    packfile_extent(place->pack, at, &end, &entry) ||
	    error_set(err, ERROR_UNTRUSTED, "a damaged pack index");
	while (ok && at < end) {
		const size_t n = end - at < sizeof(piece) ? (size_t)(end - at)
							  : sizeof(piece);
		/*
		 * The CRC covers the header too, which fits into the first
		 * piece.
		 */
		const size_t skip =
		    at < place->data_at ? (size_t)(place->data_at - at) : 0;

		ok = (skip < n ||
			 error_set(err, ERROR_UNTRUSTED, "a damaged pack")) &&
		    place_read(place, at, piece, n, err);
		if (!ok)
			break;
		crc = deflate_crc32(crc, span_of(piece, n));
		ok =
		    sink(arg, span_sub(span_of(piece, n), skip, n - skip), err);
		at += n;
	}
	if (ok && crc != packfile_entry(place->pack, place->entry).crc)
		ok = error_set(err, ERROR_UNTRUSTED,
		    "git pack %s: an object is damaged", place->pack->name);
	if (packed != NULL)
		*packed = end - place->data_at;
	return ok;
}

static bool
stream_in_pieces(const struct place *place, byte_sink *sink, void *arg,
    struct buf *raw, uint64_t *packed, struct error *err)
{
	uint8_t in[65536] UNINITIALIZED, out[65536] UNINITIALIZED;
	uint64_t at = place->data_at, left = place->size;
	z_stream z = { 0 };
	int result = Z_OK;
	bool ok = true;

	if (inflateInit(&z) != Z_OK)
		return error_set_outside(err, "inflate: no memory");
	while (ok && result != Z_STREAM_END) {
		size_t n, from = 0;

		if (z.avail_in == 0) {
			ok = feed(place, &at, in, sizeof(in), &z, err);
			if (!ok)
				break;
		}
		from = (size_t)(z.next_in - in);
		z.next_out = out;
		z.avail_out = sizeof(out);
		result = inflate(&z, Z_NO_FLUSH);
		n = sizeof(out) - z.avail_out;
		/*
		 * zlib has no input left: it needs more of the stream, this is
		 * no damage.
		 */
		if (result == Z_BUF_ERROR && z.avail_in == 0)
			result = Z_OK;
		if ((result != Z_OK && result != Z_STREAM_END) || n > left) {
			ok = damaged_object(err);
			break;
		}
		left -= n;
		ok =
		    (raw == NULL ||
			buf_append(raw,
			    span_of(in + from, (size_t)(z.next_in - in) - from),
			    err)) &&
		    (n == 0 || sink(arg, span_of(out, n), err));
	}
	if (packed != NULL)
		*packed = z.total_in;
	inflateEnd(&z);
	return ok && (left == 0 || damaged_object(err));
}

/* An object's zlib stream, and what follows it; read to *read if need be. */
static bool
find_stream(const struct place *place, struct span *out, uint8_t **read,
    struct error *err)
{
	const uint64_t most = most_packed(place);
	const uint64_t left = place->pack->size - place->data_at;
	const size_t n = left < most ? (size_t)left : (size_t)most;
	const size_t skip = (size_t)(place->data_at - place->at);

	*read = NULL;
	if (skip <= place->head_len && n <= place->head_len - skip) {
		*out = span_of(place->head + skip, n);
		return true;
	}
	if ((*read = malloc(n)) == NULL)
		return error_set_errno(err, "object");
	if (!place_read(place, place->data_at, *read, n, err))
		return false;
	*out = span_of(*read, n);
	return true;
}

/*
 * Inflate an object at once.  *is_done is false, and nothing was given to the
 * sink, where that did not work: reading it in pieces tells why.
 */
static bool
stream_at_once(const struct place *place, byte_sink *sink, void *arg,
    struct buf *raw, uint64_t *packed, bool *is_done, struct error *err)
{
	uint8_t *content = NULL, *read = NULL;
	const size_t size = (size_t)place->size;
	struct span stream = { NULL, 0 };
	size_t used = 0;
	bool ok;

	*is_done = false;
	if (place->size > LIMIT_INFLATED_AT_ONCE ||
	    place->data_at >= place->pack->size ||
	    (content = malloc(size + 1)) == NULL)
		return true;
	ok = find_stream(place, &stream, &read, err);
	*is_done = ok && deflate_inflate_zlib(stream, content, size, &used);
	if (*is_done) {
		ok = (raw == NULL ||
			 buf_append(raw, span_sub(stream, 0, used), err)) &&
		    (size == 0 || sink(arg, span_of(content, size), err));
		if (packed != NULL)
			*packed = used;
	}
	free(content);
	free(read);
	return ok;
}

bool
place_stream(const struct place *place, byte_sink *sink, void *arg,
    struct buf *raw, uint64_t *packed, struct error *err)
{
	bool is_done;

	return stream_at_once(place, sink, arg, raw, packed, &is_done, err) &&
	    (is_done || stream_in_pieces(place, sink, arg, raw, packed, err));
}
