/*
 * Writing packs and their indexes (git's pack-format, version 2), and a set of
 * objects as a pack under way.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/files/private.h"
#include "base/deflate.h"
#include "base/digest.h"

struct packer {
	/* Must be first: a pointer to it is cast to the whole. */
	struct object_set objects;
	struct packs *packs;
	int fd;
	bool is_new;
	bool quick; /* nothing is flushed */
	char path[FILE_PATH];
	char name[OID_HEX]; /* set once it is finished */
	uint64_t at;
	uint64_t out_at; /* up to here its file is on its way to the disk */
	uint32_t crc;    /* of the object under way, so far */
	struct pack_entry *entries;
	uint32_t num, room;
	/* Hash table of 2 * room places: an entry's number + 1; 0: free. */
	uint32_t *table;
	struct buf out; /* bytes gathered for a larger write */
	size_t gather;  /* how many at most */
};

enum {
	GATHER = 256 * 1024,
	/* For a pack of what others gathered: all of a batch, mostly. */
	GATHER_ALL = 4 * 1024 * 1024,
	WRITE_OUT = 8 * 1024 * 1024, /* bytes that are written to the disk */
	HEADER = 12,
	TRAILER = 20,
};

static struct packer *
packer_of(struct object_set *objects)
{
	return (struct packer *)objects;
}

struct object_set *
packer_new(struct backend *backend, struct error *err)
{
	struct packer *pack = calloc(1, sizeof(*pack));

	if (pack == NULL) {
		error_set_errno(err, "pack");
		return NULL;
	}
	pack->objects.backend = backend;
	pack->packs = &files_of(backend)->packs;
	pack->fd = -1;
	pack->is_new = pack->packs->marks;
	pack->at = HEADER;
	pack->gather = GATHER;
	pack->out = BUF(GATHER_ALL + GATHER + TRAILER);
	return &pack->objects;
}

void
packer_set_new(struct object_set *objects, bool is_new)
{
	packer_of(objects)->is_new = is_new;
}

void
packer_free(struct object_set *objects)
{
	struct packer *pack = packer_of(objects);

	if (pack == NULL)
		return;
	if (pack->fd >= 0) {
		close(pack->fd);
		unlink(pack->path);
	}
	buf_free(&pack->out);
	free(pack->entries);
	free(pack->table);
	free(pack);
}

/* Create the pack's temporary file, when the first bytes are written. */
static bool
open_file(struct packer *pack, struct error *err)
{
	if (pack->fd >= 0)
		return true;
	if (!file_join(pack->path, pack->packs->dir, "tmp-pack-XXXXXX", err))
		return false;
	if ((pack->fd = mkostemp(pack->path, O_CLOEXEC)) < 0)
		return error_set_errno(err, "%s", pack->path);
	return true;
}

/* Write the gathered bytes to the file. */
static bool
flush(struct packer *pack, struct error *err)
{
	if (pack->out.len == 0)
		return true;
	if (!open_file(pack, err) ||
	    !file_pwrite(pack->fd, buf_span(&pack->out),
		(off_t)(pack->at - pack->out.len), err))
		return error_context(err, "git pack");
	pack->out.len = 0;
	/* A large text at once would hold up everybody's flushes. */
	if (!pack->quick && pack->at - pack->out_at >= WRITE_OUT) {
		file_write_out(pack->fd, pack->out_at, pack->at - pack->out_at);
		pack->out_at = pack->at;
	}
	return true;
}

/* A byte_sink: add bytes to the pack, gathered into larger writes. */
static bool
gather(void *arg, struct span bytes, struct error *err)
{
	struct packer *pack = arg;
	struct span part;

	while (bytes.len > 0) {
		if (!span_take(&bytes, bytes.len < GATHER ? bytes.len : GATHER,
			&part) ||
		    !buf_append(&pack->out, part, err))
			return false;
		pack->at += part.len;
		if (pack->out.len >= pack->gather && !flush(pack, err))
			return false;
	}
	return true;
}

/* Add bytes to the file and to the CRC of the object under way. */
static bool
put(void *arg, struct span bytes, struct error *err)
{
	struct packer *pack = arg;

	pack->crc = deflate_crc32(pack->crc, bytes);
	return gather(arg, bytes, err);
}

/*
 * Look a name up in the hash table.  Returns its place, or the free place where
 * it belongs.
 */
static uint32_t *
find_place(uint32_t *table, uint32_t places, const struct pack_entry *entries,
    const struct oid *oid)
{
	struct span front = span_of(oid->bytes, 4);
	uint32_t i = 0;

	if (!span_take_u32(&front, &i))
		return table;
	for (i %= places;
	     table[i] != 0 && !oid_eq(&entries[table[i] - 1].oid, oid);)
		i = (i + 1) % places;
	return &table[i];
}

/* Is the object already in this pack under way? */
static bool
is_in_pack(const struct packer *pack, const struct oid *oid)
{
	return pack->num > 0 &&
	    *find_place(pack->table, 2 * pack->room, pack->entries, oid) != 0;
}

/* Double the room for entries, and rebuild the hash table. */
static bool
make_room(struct packer *pack, struct error *err)
{
	const uint32_t room = pack->room == 0 ? 64 : pack->room * 2;
	struct pack_entry *all = realloc(pack->entries, room * sizeof(*all));
	uint32_t *table;

	if (all == NULL)
		return error_set_errno(err, "pack");
	pack->entries = all;
	if ((table = calloc(2 * (size_t)room, sizeof(*table))) == NULL)
		return error_set_errno(err, "pack");
	for (uint32_t i = 0; i < pack->num; i++)
		*find_place(table, 2 * room, all, &all[i].oid) = i + 1;
	free(pack->table);
	pack->table = table;
	pack->room = room;
	return true;
}

static bool
add_entry(struct packer *pack, const struct oid *oid, struct error *err)
{
	if (pack->num == pack->room && !make_room(pack, err))
		return false;
	*find_place(pack->table, 2 * pack->room, pack->entries, oid) =
	    pack->num + 1;
	pack->entries[pack->num++] =
	    (struct pack_entry){ .oid = *oid, .at = pack->at };
	pack->crc = 0;
	return true;
}

bool
packer_has(const struct object_set *objects, const struct oid *oid,
    uint64_t size)
{
	const struct packer *pack = (const struct packer *)objects;

	(void)size;
	return is_in_pack(pack, oid) || packs_has(pack->packs, oid);
}

bool
packer_is_under_way(const struct object_set *objects, const struct oid *oid)
{
	return is_in_pack((const struct packer *)objects, oid);
}

bool
packer_begin(struct object_set *objects, const struct oid *oid,
    enum object_type type, uint64_t size, struct error *err)
{
	struct packer *pack = packer_of(objects);
	uint8_t header[OBJECT_HEADER_MAX];

	if (!add_entry(pack, oid, err))
		return false;
	if (put(pack, span_of(header, object_header(type, size, header)), err))
		return true;
	packer_undo(objects);
	return false;
}

bool
packer_piece(struct object_set *objects, struct span piece, struct error *err)
{
	return put(packer_of(objects), piece, err);
}

void
packer_end(struct object_set *objects)
{
	struct packer *pack = packer_of(objects);

	pack->entries[pack->num - 1].crc = pack->crc;
}

/*
 * Remove the object under way, which could not be written whole.  Otherwise the
 * pack would hold damaged bytes under a good name, and the object would count
 * as present when it is sent again.
 */
void
packer_undo(struct object_set *objects)
{
	struct packer *pack = packer_of(objects);
	const struct pack_entry *entry = &pack->entries[pack->num - 1];
	const uint64_t flushed = pack->at - pack->out.len;

	*find_place(pack->table, 2 * pack->room, pack->entries, &entry->oid) =
	    0;
	pack->out.len = entry->at > flushed ? (size_t)(entry->at - flushed) : 0;
	pack->at = entry->at;
	pack->num--;
}

static int
compare_entries(const void *a, const void *b)
{
	const struct pack_entry *x = a, *y = b;

	return memcmp(x->oid.bytes, y->oid.bytes, OID_BYTES);
}

/*
 * Encode the index (git's pack-format, version 2) and sort the entries by name.
 */
static bool
encode_index(struct packer *pack, const uint8_t trailer[20], struct buf *out,
    struct error *err)
{
	struct buf large = BUF(SIZE_MAX);
	uint32_t n = 0, num_large = 0;
	struct sha1 sha1;
	uint8_t sum[20];
	bool ok;

	qsort(pack->entries, pack->num, sizeof(*pack->entries),
	    compare_entries);
	ok = buf_append(out, span_of("\377tOc\0\0\0\2", 8), err);
	for (unsigned first = 0; ok && first < 256; first++) {
		while (n < pack->num && pack->entries[n].oid.bytes[0] <= first)
			n++;
		ok = buf_append_u32(out, n, err);
	}
	for (uint32_t i = 0; ok && i < pack->num; i++)
		ok = buf_append(out,
		    span_of(pack->entries[i].oid.bytes, OID_BYTES), err);
	for (uint32_t i = 0; ok && i < pack->num; i++)
		ok = buf_append_u32(out, pack->entries[i].crc, err);
	for (uint32_t i = 0; ok && i < pack->num; i++) {
		const uint64_t at = pack->entries[i].at;

		if (at < 0x80000000U)
			ok = buf_append_u32(out, (uint32_t)at, err);
		else
			ok = buf_append_u32(out, 0x80000000U | num_large++,
				 err) &&
			    buf_append_u64(&large, at, err);
	}
	ok = ok && buf_append(out, buf_span(&large), err) &&
	    buf_append(out, span_of(trailer, TRAILER), err);
	buf_free(&large);
	if (!ok)
		return false;
	sha1_init(&sha1);
	sha1_update(&sha1, buf_span(out));
	sha1_final(&sha1, sum);
	return buf_append(out, span_of(sum, 20), err);
}

/*
 * Hash the pack, from its header on, whose count is known only now; what was
 * gathered last is not in the file yet.
 */
static bool
hash_pack(const struct packer *pack, struct span header, uint8_t trailer[20],
    struct error *err)
{
	const uint64_t flushed = pack->at - pack->out.len;
	uint8_t piece[65536] UNINITIALIZED;
	uint64_t at = HEADER;
	struct sha1 sha1;

	sha1_init(&sha1);
	sha1_update(&sha1, header);
	while (at < flushed) {
		const size_t n = flushed - at < sizeof(piece)
		    ? (size_t)(flushed - at)
		    : sizeof(piece);

		if (!file_pread(pack->fd, piece, n, (off_t)at, err))
			return false;
		sha1_update(&sha1, span_of(piece, n));
		at += n;
	}
	sha1_update(&sha1, buf_span(&pack->out));
	sha1_final(&sha1, trailer);
	return true;
}

/* Write what is gathered, the trailer after it, and the header before all. */
static bool
write_ends(struct packer *pack, uint8_t trailer[20], struct error *err)
{
	struct buf header = BUF(HEADER);
	uint64_t at;
	bool ok;

	ok = buf_append(&header, span_of("PACK", 4), err) &&
	    buf_append_u32(&header, 2, err) &&
	    buf_append_u32(&header, pack->num, err) &&
	    hash_pack(pack, buf_span(&header), trailer, err) &&
	    buf_append(&pack->out, span_of(trailer, TRAILER), err) &&
	    open_file(pack, err);
	at = pack->at + TRAILER - pack->out.len;
	ok = ok &&
	    file_pwrite(pack->fd, buf_span(&pack->out), (off_t)at, err) &&
	    file_pwrite(pack->fd, buf_span(&header), 0, err);
	buf_free(&header);
	pack->out.len = 0;
	return ok;
}

/* Complete the pack's file and flush it; name gets the trailer in hex. */
static bool
write_pack(struct packer *pack, char name[OID_HEX], struct error *err)
{
	uint8_t trailer[20];
	struct oid oid;
	bool ok = write_ends(pack, trailer, err);

	if (ok &&
	    (fchmod(pack->fd, 0444) != 0 ||
		(!pack->quick && fsync(pack->fd) != 0)))
		ok = error_set_errno(err, "flush");
	if (!ok)
		return error_context(err, "git pack");
	memcpy(oid.bytes, trailer, OID_BYTES);
	oid_hex(&oid, name);
	return true;
}

/* Write the index to a temporary file, durably; path gets where. */
static bool
write_index(struct packer *pack, const char *name, char path[FILE_PATH],
    struct error *err)
{
	struct buf index = BUF(SIZE_MAX);
	struct oid trailer;
	bool ok;
	int fd;

	if (!span_to_hex(span_of(name, 40), trailer.bytes, OID_BYTES) ||
	    !file_join(path, pack->packs->dir, "tmp-idx-XXXXXX", err))
		return false;
	if ((fd = mkostemp(path, O_CLOEXEC)) < 0)
		return error_set_errno(err, "%s", path);
	ok = encode_index(pack, trailer.bytes, &index, err) &&
	    file_pwrite(fd, buf_span(&index), 0, err);
	if (ok && (fchmod(fd, 0444) != 0 || (!pack->quick && fsync(fd) != 0)))
		ok = error_set_errno(err, "flush");
	close(fd);
	buf_free(&index);
	if (!ok)
		unlink(path);
	return ok || error_context(err, "git pack index");
}

/*
 * Move the pack into place before its index: git takes an index without its
 * pack as damage.
 */
static bool
publish(struct packer *pack, const char *name, const char *index,
    struct error *err)
{
	const struct packs *packs = pack->packs;
	char to[FILE_PATH];

	/* With these no git command drops objects that no ref names yet. */
	if ((packs->is_ours &&
		!packs_make_beside(packs, name, "keep", index, err)) ||
	    (pack->is_new &&
		!packs_make_beside(packs, name, "new", index, err)) ||
	    !packs_path(packs, name, "pack", to, err))
		return false;
	if (rename(pack->path, to) != 0)
		return error_set_errno(err, "%s", to);
	close(pack->fd);
	pack->fd = -1;
	/* A power cut must not leave the index without its pack. */
	if (!pack->quick && !file_sync_dir(packs->dir, err))
		return false;
	if (!packs_path(packs, name, "idx", to, err))
		return false;
	if (rename(index, to) != 0)
		return error_set_errno(err, "%s", to);
	return pack->quick || file_sync_dir(packs->dir, err);
}

/* Write the index of a pack that is complete, and put both in their place. */
static bool
place_pack(struct packer *pack, struct error *err)
{
	char index[FILE_PATH];

	if (!write_index(pack, pack->name, index, err))
		return false;
	if (!publish(pack, pack->name, index, err)) {
		unlink(index);
		return false;
	}
	pack->num = 0;
	return packs_load(pack->packs, pack->name, err);
}

bool
packer_finish(struct object_set *objects, struct error *err)
{
	struct packer *pack = packer_of(objects);

	return pack->num == 0 ||
	    (write_pack(pack, pack->name, err) && place_pack(pack, err));
}

const char *
packer_name(const struct object_set *objects)
{
	return ((const struct packer *)objects)->name;
}

bool
packer_finish_as(struct object_set *objects, const struct oid *checksum,
    bool is_flushed, struct error *err)
{
	struct packer *pack = packer_of(objects);
	char wanted[OID_HEX];

	pack->quick = !is_flushed;
	oid_hex(checksum, wanted);
	return open_file(pack, err) && write_pack(pack, pack->name, err) &&
	    (strcmp(pack->name, wanted) == 0 ||
		error_set(err, ERROR_MALFORMED,
		    "git pack: its checksum is wrong")) &&
	    place_pack(pack, err);
}

static int
compare_places(const void *a, const void *b)
{
	const struct pack_entry *x = a, *y = b;

	return (x->at > y->at) - (x->at < y->at);
}

/*
 * Copy the entries in the order in which they lie in the pack: each ends where
 * the next begins.
 */
bool
packer_copy(struct object_set *objects, const struct packfile *from,
    struct error *err)
{
	struct packer *to = packer_of(objects);
	struct pack_entry *entries = calloc(from->num, sizeof(*entries));
	bool ok = entries != NULL || error_set_errno(err, "pack");

	for (uint32_t i = 0; ok && i < from->num; i++)
		entries[i] = packfile_entry(from, i);
	if (ok)
		qsort(entries, from->num, sizeof(*entries), compare_places);
	for (uint32_t i = 0; ok && i < from->num; i++) {
		const uint64_t at = entries[i].at;
		const uint64_t stop =
		    i + 1 < from->num ? entries[i + 1].at : from->size - 20;

		if (is_in_pack(to, &entries[i].oid))
			continue;
		ok = add_entry(to, &entries[i].oid, err);
		ok = ok && file_stream(from->fd, at, stop - at, put, to, err);
		if (ok && to->crc != entries[i].crc)
			ok = error_set(err, ERROR_UNTRUSTED,
			    "git pack %s: an object is damaged", from->name);
		if (ok)
			packer_end(objects);
	}
	free(entries);
	return ok;
}

/*
 * Copy bytes of a pack under way: some may be in its file, the others are still
 * in its buffer.
 */
static bool
copy_under_way(struct packer *to, const struct packer *from, uint64_t at,
    uint64_t stop, struct error *err)
{
	const uint64_t flushed = from->at - from->out.len;
	const uint64_t middle = stop < flushed ? stop : flushed;

	if (at < middle) {
		if (!file_stream(from->fd, at, middle - at, gather, to, err))
			return false;
		at = middle;
	}
	return at == stop ||
	    gather(to,
		span_sub(buf_span(&from->out), (size_t)(at - flushed),
		    (size_t)(stop - at)),
		err);
}

bool
packer_take(struct object_set *objects, const struct object_set *from_objects,
    struct error *err)
{
	struct packer *to = packer_of(objects);
	const struct packer *from = (const struct packer *)from_objects;

	to->gather = GATHER_ALL;
	for (uint32_t i = 0; i < from->num; i++) {
		const struct pack_entry *entry = &from->entries[i];
		const uint64_t stop =
		    i + 1 < from->num ? from->entries[i + 1].at : from->at;

		/*
		 * An object that another pack got meanwhile is stored twice
		 * until packs are joined: a search in all of them costs more.
		 */
		if (is_in_pack(to, &entry->oid))
			continue;
		if (!add_entry(to, &entry->oid, err))
			return false;
		if (!copy_under_way(to, from, entry->at, stop, err)) {
			packer_undo(objects);
			return false;
		}
		to->crc = entry->crc;
		packer_end(objects);
	}
	return true;
}
