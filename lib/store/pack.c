/*
 * Writing packs and their indexes (git's pack-format, version 2).
 */
#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

#include "base/file.h"
#include "document/zip.h"
#include "store/packs.h"
#include "store/private.h"

struct pack {
	struct store *store;
	int fd;
	bool kept;
	char path[FILE_PATH];
	uint64_t at;
	uint32_t crc; /* of the object under way */
	struct pack_entry *entries;
	uint32_t num, room;
	uint32_t *table; /* 2 * room places: an entry's number + 1, by name */
	struct buf out;  /* gathered, to write in larger pieces */
};

enum { GATHER = 256 * 1024, HEADER = 12 };

struct pack *
pack_new(struct store *store, struct error *err)
{
	struct pack *pack = calloc(1, sizeof(*pack));

	if (pack == NULL) {
		error_set_errno(err, "pack");
		return NULL;
	}
	pack->store = store;
	pack->fd = -1;
	pack->kept = store_packs(store)->keeps;
	pack->at = HEADER;
	pack->out = BUF(2 * GATHER);
	return pack;
}

void
pack_set_kept(struct pack *pack, bool kept)
{
	pack->kept = kept;
}

void
pack_free(struct pack *pack)
{
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

static bool
open_file(struct pack *pack, struct error *err)
{
	if (pack->fd >= 0)
		return true;
	if (!file_join(pack->path, store_packs(pack->store)->dir,
		"tmp-pack-XXXXXX", err))
		return false;
	if ((pack->fd = mkostemp(pack->path, O_CLOEXEC)) < 0)
		return error_set_errno(err, "%s", pack->path);
	return true;
}

static bool
flush(struct pack *pack, struct error *err)
{
	if (pack->out.len == 0)
		return true;
	if (!open_file(pack, err) ||
	    !file_pwrite(pack->fd, buf_span(&pack->out),
		(off_t)(pack->at - pack->out.len), err))
		return error_context(err, "git pack");
	pack->out.len = 0;
	return true;
}

static bool
put(void *arg, struct span bytes, struct error *err)
{
	struct pack *pack = arg;
	struct span part;

	pack->crc = (uint32_t)crc32_z(pack->crc, bytes.data, bytes.len);
	while (bytes.len > 0) {
		if (!span_take(&bytes, bytes.len < GATHER ? bytes.len : GATHER,
			&part) ||
		    !buf_append(&pack->out, part, err))
			return false;
		pack->at += part.len;
		if (pack->out.len >= GATHER && !flush(pack, err))
			return false;
	}
	return true;
}

/* The place of a name in the table: its own, or the free one for it. */
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

static bool
is_in_pack(const struct pack *pack, const struct oid *oid)
{
	return pack->num > 0 &&
	    *find_place(pack->table, 2 * pack->room, pack->entries, oid) != 0;
}

bool
pack_has(const struct pack *pack, const struct oid *oid)
{
	return is_in_pack(pack, oid) || store_has(pack->store, oid);
}

static bool
make_room(struct pack *pack, struct error *err)
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
begin(struct pack *pack, const struct oid *oid, struct error *err)
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

static void
end(struct pack *pack)
{
	pack->entries[pack->num - 1].crc = pack->crc;
}

/*
 * Take back the object under way, which could not be written whole: it would
 * be damage under a good name, and be taken for there when it comes again.
 */
static void
undo(struct pack *pack)
{
	const struct pack_entry *entry = &pack->entries[pack->num - 1];
	const uint64_t flushed = pack->at - pack->out.len;

	*find_place(pack->table, 2 * pack->room, pack->entries, &entry->oid) =
	    0;
	pack->out.len = entry->at > flushed ? (size_t)(entry->at - flushed) : 0;
	pack->at = entry->at;
	pack->num--;
}

size_t
pack_header(unsigned type, uint64_t size, uint8_t out[PACK_HEADER_MAX])
{
	size_t n = 0;

	out[n] = (uint8_t)(type << 4 | (size & 15));
	for (size >>= 4; size > 0; size >>= 7) {
		out[n++] |= 0x80;
		out[n] = (uint8_t)(size & 0x7f);
	}
	return n + 1;
}

static bool
put_header(struct pack *pack, enum object_type type, uint64_t size,
    struct error *err)
{
	uint8_t bytes[PACK_HEADER_MAX];

	return put(pack, span_of(bytes, pack_header(type, size, bytes)), err);
}

/* Stored deflate blocks (RFC 1951 section 3.2.4) of what does not compress. */
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
put_adler(struct pack *pack, uint32_t adler, struct error *err)
{
	const uint8_t bytes[4] = { (uint8_t)(adler >> 24),
		(uint8_t)(adler >> 16), (uint8_t)(adler >> 8), (uint8_t)adler };

	return put(pack, span_of(bytes, sizeof(bytes)), err);
}

/* zlib (RFC 1950) around what a ZIP has: its bytes are copied as they are. */
static bool
put_member(struct pack *pack, const struct member *member, struct error *err)
{
	if (!put_header(pack, OBJECT_BLOB, member->size, err))
		return false;
	if (member->deflated) {
		if (!put(pack, span_of("\x78\x9c", 2), err) ||
		    !member_stream_packed(member, put, pack, err))
			return false;
	} else if (!put(pack, span_of("\x78\x01", 2), err) ||
	    !member_stream_packed(member, put_stored, pack, err) ||
	    !put(pack, span_of("\1\0\0\377\377", 5), err)) {
		return false;
	}
	return put_adler(pack, member->adler, err);
}

bool
pack_add_member(struct pack *pack, const struct member *member,
    struct error *err)
{
	struct oid oid;

	assert(member->hashed && !member->to_judge);
	memcpy(oid.bytes, member->blob, OID_BYTES);
	if (pack_has(pack, &oid))
		return true;
	if (!begin(pack, &oid, err))
		return false;
	if (!put_member(pack, member, err)) {
		undo(pack);
		return false;
	}
	end(pack);
	return true;
}

bool
pack_add(struct pack *pack, enum object_type type, struct span content,
    struct oid *out, struct error *err)
{
	static const char *const names[] = { [OBJECT_COMMIT] = "commit",
		[OBJECT_TREE] = "tree",
		[OBJECT_BLOB] = "blob" };
	struct buf deflated = BUF(SIZE_MAX);
	char header[48];
	struct sha1 sha1;
	bool ok;
	int n;

	n = snprintf(header, sizeof(header), "%s %zu", names[type],
	    content.len);
	sha1_init(&sha1);
	sha1_update(&sha1, span_of(header, (size_t)n + 1));
	sha1_update(&sha1, content);
	sha1_final(&sha1, out->bytes);
	if (pack_has(pack, out))
		return true;
	if (!zip_deflate(content, &deflated, err) || !begin(pack, out, err)) {
		buf_free(&deflated);
		return false;
	}
	ok = put_header(pack, type, content.len, err) &&
	    put(pack, span_of("\x78\x9c", 2), err) &&
	    put(pack, buf_span(&deflated), err) &&
	    put_adler(pack, (uint32_t)adler32_z(1, content.data, content.len),
		err);
	if (ok)
		end(pack);
	else
		undo(pack);
	buf_free(&deflated);
	return ok;
}

/* Members below prefix, from *i on, as trees; they are in byte order. */
static bool
add_trees(struct pack *pack, const struct container *container, size_t *i,
    const char *prefix, bool with_attributes, struct oid *out,
    struct error *err)
{
	const size_t len = strlen(prefix);
	struct buf tree = BUF(LIMIT_MEMBERS * 256);
	bool ok = true;

	if (with_attributes) {
		struct oid blob;

		ok = pack_add(pack, OBJECT_BLOB, span_of_str("* -text\n"),
			 &blob, err) &&
		    buf_append(&tree, span_of("100644 .gitattributes", 22),
			err) &&
		    buf_append(&tree, span_of(blob.bytes, OID_BYTES), err);
	}
	while (ok && *i < container->num &&
	    strncmp(container->members[*i].path, prefix, len) == 0) {
		const struct member *member = &container->members[*i];
		const char *name = member->path + len;
		const char *slash = strchr(name, '/');
		char below[LIMIT_PATH_BYTES + 2];
		struct oid child;

		if (path_is_receipt(member->path)) {
			(*i)++;
			continue;
		}
		if (slash == NULL) {
			ok = pack_add_member(pack, member, err) &&
			    buf_append_str(&tree, "100644 ", err) &&
			    buf_append(&tree, span_of(name, strlen(name) + 1),
				err) &&
			    buf_append(&tree, span_of(member->blob, OID_BYTES),
				err);
			(*i)++;
			continue;
		}
		snprintf(below, sizeof(below), "%.*s",
		    (int)(slash - member->path) + 1, member->path);
		ok = add_trees(pack, container, i, below, false, &child, err) &&
		    buf_append_str(&tree, "40000 ", err) &&
		    buf_append(&tree, span_of(name, (size_t)(slash - name)),
			err) &&
		    buf_append_u8(&tree, 0, err) &&
		    buf_append(&tree, span_of(child.bytes, OID_BYTES), err);
	}
	ok = ok && pack_add(pack, OBJECT_TREE, buf_span(&tree), out, err);
	buf_free(&tree);
	return ok;
}

/*
 * git sorts a folder as if its name ended in '/': so do full paths in byte
 * order, as "texts/" stands where "texts/lo/…" does.  A ".gitattributes" comes
 * before every name that text_check_path() lets through.
 */
bool
pack_add_tree(struct pack *pack, const struct container *container,
    bool with_attributes, struct oid *out, struct error *err)
{
	size_t i = 0;

	return add_trees(pack, container, &i, "", with_attributes, out, err);
}

static int
compare_entries(const void *a, const void *b)
{
	const struct pack_entry *x = a, *y = b;

	return memcmp(x->oid.bytes, y->oid.bytes, OID_BYTES);
}

static bool
encode_index(struct pack *pack, const uint8_t trailer[20], struct buf *out,
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
	    buf_append(out, span_of(trailer, 20), err);
	buf_free(&large);
	if (!ok)
		return false;
	sha1_init(&sha1);
	sha1_update(&sha1, buf_span(out));
	sha1_final(&sha1, sum);
	return buf_append(out, span_of(sum, 20), err);
}

/* The trailer is over the header too, whose count is known only now. */
static bool
hash_file(struct pack *pack, uint8_t trailer[20], struct error *err)
{
	uint8_t piece[65536] UNINITIALIZED;
	uint64_t at = 0;
	struct sha1 sha1;

	sha1_init(&sha1);
	while (at < pack->at) {
		const size_t n = pack->at - at < sizeof(piece)
		    ? (size_t)(pack->at - at)
		    : sizeof(piece);

		if (!file_pread(pack->fd, piece, n, (off_t)at, err))
			return false;
		sha1_update(&sha1, span_of(piece, n));
		at += n;
	}
	sha1_final(&sha1, trailer);
	return true;
}

static bool
write_pack(struct pack *pack, char name[OID_HEX], struct error *err)
{
	struct buf header = BUF(HEADER);
	uint8_t trailer[20];
	struct oid oid;
	bool ok;

	ok = flush(pack, err) && buf_append(&header, span_of("PACK", 4), err) &&
	    buf_append_u32(&header, 2, err) &&
	    buf_append_u32(&header, pack->num, err) &&
	    file_pwrite(pack->fd, buf_span(&header), 0, err) &&
	    hash_file(pack, trailer, err) &&
	    file_pwrite(pack->fd, span_of(trailer, 20), (off_t)pack->at, err);
	buf_free(&header);
	if (ok && (fchmod(pack->fd, 0444) != 0 || fsync(pack->fd) != 0))
		ok = error_set_errno(err, "flush");
	if (!ok)
		return error_context(err, "git pack");
	memcpy(oid.bytes, trailer, OID_BYTES);
	oid_hex(&oid, name);
	return true;
}

static bool
write_index(struct pack *pack, const char *name, char path[FILE_PATH],
    struct error *err)
{
	struct buf index = BUF(SIZE_MAX);
	struct oid trailer;
	bool ok;
	int fd;

	if (!span_to_hex(span_of(name, 40), trailer.bytes, OID_BYTES) ||
	    !file_join(path, store_packs(pack->store)->dir, "tmp-idx-XXXXXX",
		err))
		return false;
	if ((fd = mkostemp(path, O_CLOEXEC)) < 0)
		return error_set_errno(err, "%s", path);
	ok = encode_index(pack, trailer.bytes, &index, err) &&
	    file_pwrite(fd, buf_span(&index), 0, err);
	if (ok && (fchmod(fd, 0444) != 0 || fsync(fd) != 0))
		ok = error_set_errno(err, "flush");
	close(fd);
	buf_free(&index);
	if (!ok)
		unlink(path);
	return ok || error_context(err, "git pack index");
}

/* So that no git command drops what no ref names yet. */
static bool
make_keep(const struct packs *packs, const char *name, struct error *err)
{
	char path[FILE_PATH];
	int fd;

	if (!packs_path(packs, name, "keep", path, err))
		return false;
	if ((fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600)) < 0)
		return error_set_errno(err, "%s", path);
	close(fd);
	return true;
}

/* The pack in place first: an index without its pack is damage to git. */
static bool
publish(struct pack *pack, const char *name, const char *index,
    struct error *err)
{
	const struct packs *packs = store_packs(pack->store);
	char to[FILE_PATH];

	if ((pack->kept && !make_keep(packs, name, err)) ||
	    !packs_path(packs, name, "pack", to, err))
		return false;
	if (rename(pack->path, to) != 0)
		return error_set_errno(err, "%s", to);
	close(pack->fd);
	pack->fd = -1;
	if (!packs_path(packs, name, "idx", to, err))
		return false;
	if (rename(index, to) != 0)
		return error_set_errno(err, "%s", to);
	return file_sync_dir(packs->dir, err);
}

bool
pack_finish(struct pack *pack, struct error *err)
{
	char name[OID_HEX], index[FILE_PATH];

	if (pack->num == 0)
		return true;
	if (!write_pack(pack, name, err) ||
	    !write_index(pack, name, index, err))
		return false;
	if (!publish(pack, name, index, err)) {
		unlink(index);
		return false;
	}
	pack->num = 0;
	return packs_load(store_packs(pack->store), name, err);
}

static int
compare_places(const void *a, const void *b)
{
	const struct pack_entry *x = a, *y = b;

	return (x->at > y->at) - (x->at < y->at);
}

/* Entries are copied as they lie: each ends where the next begins. */
bool
pack_copy(struct pack *to, const struct packfile *from, struct error *err)
{
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
		ok = begin(to, &entries[i].oid, err);
		ok = ok && file_stream(from->fd, at, stop - at, put, to, err);
		if (ok && to->crc != entries[i].crc)
			ok = error_set(err, ERROR_UNTRUSTED,
			    "git pack %s: an object is damaged", from->name);
		if (ok)
			end(to);
	}
	free(entries);
	return ok;
}
