/*
 * Taking in a pack from outside: each object is hashed, which gives its name,
 * and the pack is kept as it came, with an index of ours. A pack with
 * differences goes through libgit2, which makes objects of them.
 */
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

#include "backend/files/private.h"
#include "base/deflate.h"
#include "base/digest.h"

enum {
	HEADER = 12,
	TRAILER = 20,
	OFS_DELTA = 6,
	REF_DELTA = 7,
	AT_ONCE = 1 << 30, /* bytes that zlib is given */
};

/*
 * Turn libgit2's error into ours: is the pack malformed, or did our disk fail?
 */
static bool
pack_failed(struct error *err)
{
	const git_error *last = git_error_last();

	files_git_failed(err, "git pack");
	if (last == NULL || last->klass != GIT_ERROR_OS)
		err->kind = ERROR_MALFORMED;
	return false;
}

static bool
take_by_libgit2(struct files *files, int fd, uint64_t at, uint64_t len,
    struct error *err)
{
	uint8_t piece[65536] UNINITIALIZED;
	git_indexer_progress progress = { 0 };
	git_indexer *indexer = NULL;
	char name[OID_HEX];
	bool ok;

	ok = files_git(files, err) &&
	    (git_indexer_new(&indexer, files->packs.dir, 0444, NULL, NULL) ==
		    0 ||
		files_git_failed(err, "git pack"));
	while (ok && len > 0) {
		const size_t n =
		    len < sizeof(piece) ? (size_t)len : sizeof(piece);

		ok = file_pread(fd, piece, n, (off_t)at, err) &&
		    (git_indexer_append(indexer, piece, n, &progress) == 0 ||
			pack_failed(err));
		at += n;
		len -= n;
	}
	if (ok && git_indexer_commit(indexer, &progress) != 0)
		ok = pack_failed(err);
	if (ok)
		hex_encode(span_of(git_indexer_hash(indexer)->id, OID_BYTES),
		    name);
	git_indexer_free(indexer);
	return ok && packs_load(&files->packs, name, err);
}

/* A pack that is being taken in. */
struct taking {
	struct span rest; /* what was not read yet, without the trailer */
	struct object_set *objects;
	z_stream z;
	bool for_git;
	bool is_flushed;
	bool has_deltas; /* so that this is not for us */
};

static bool
malformed(struct error *err, const char *what)
{
	return error_set(err, ERROR_MALFORMED, "git pack: %s", what);
}

/* Read an object's type and size (gitformat-pack, "object entries"). */
static bool
take_header(struct span *rest, unsigned *type, uint64_t *size,
    struct error *err)
{
	unsigned shift = 4;
	uint8_t byte;

	if (!span_take_u8(rest, &byte))
		return malformed(err, "it ends too soon");
	*type = byte >> 4 & 7;
	*size = byte & 15;
	while ((byte & 0x80) != 0) {
		if (shift > 57 || !span_take_u8(rest, &byte))
			return malformed(err, "an object's size");
		*size |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	}
	return true;
}

/*
 * Inflate at once what is small; false where that does not work, or takes what
 * zlib would not (deflate_inflate()).
 */
static bool
hash_at_once(const struct taking *taking, struct span rest, uint64_t size,
    struct sha1 *sha1, size_t *used)
{
	uint8_t out[65536] UNINITIALIZED;

	if (taking->for_git || size > sizeof(out) ||
	    !deflate_inflate_zlib(rest, out, (size_t)size, used))
		return false;
	sha1_update(sha1, span_of(out, (size_t)size));
	return true;
}

/* Inflate the stream that rest begins with, and hash what is in it. */
static bool
hash_stream(struct taking *taking, struct span rest, uint64_t size,
    struct sha1 *sha1, size_t *used, struct error *err)
{
	uint8_t out[65536] UNINITIALIZED;
	z_stream *z = &taking->z;
	/* Inflating in one call needs no window. */
	const int flush = size <= sizeof(out) ? Z_FINISH : Z_NO_FLUSH;
	uint64_t left = size;
	int result = Z_OK;

	if (hash_at_once(taking, rest, size, sha1, used))
		return true;
	if (inflateReset(z) != Z_OK)
		return error_set_outside(err, "inflate: no memory");
	z->next_in = (uint8_t *)(uintptr_t)rest.data;
	z->avail_in = 0;
	while (result != Z_STREAM_END) {
		const size_t before = (size_t)(z->next_in - rest.data);
		size_t n;

		z->avail_in =
		    (uInt)(rest.len - before < AT_ONCE ? rest.len - before
						       : AT_ONCE);
		z->next_out = out;
		z->avail_out = sizeof(out);
		result = inflate(z, flush);
		n = sizeof(out) - z->avail_out;
		if ((result != Z_OK && result != Z_STREAM_END) || n > left)
			return malformed(err, "an object is damaged");
		sha1_update(sha1, span_of(out, n));
		left -= n;
	}
	*used = (size_t)(z->next_in - rest.data);
	return left == 0 || malformed(err, "an object is cut short");
}

/* Take the next object, whose bytes are copied as they are. */
static bool
take_object(struct taking *taking, struct error *err)
{
	const struct backend_table *table = taking->objects->backend->table;
	struct span stream = taking->rest, packed;
	struct sha1 sha1;
	struct oid oid;
	unsigned type = 0;
	uint64_t size = 0;
	size_t used = 0;

	if (!take_header(&stream, &type, &size, err))
		return false;
	if (type == OFS_DELTA || type == REF_DELTA)
		return !(taking->has_deltas = true);
	if (type < OBJECT_COMMIT || type > OBJECT_TAG)
		return malformed(err, "an object of no type");
	object_hash_begin(&sha1, type, size);
	if (!hash_stream(taking, stream, size, &sha1, &used, err) ||
	    !span_take(&stream, used, &packed))
		return false;
	sha1_final(&sha1, oid.bytes);
	taking->rest = stream;
	if (!table->object_begin(taking->objects, &oid, type, size, err) ||
	    !table->object_piece(taking->objects, packed, err))
		return false;
	table->object_end(taking->objects);
	return true;
}

static bool
take_objects(struct taking *taking, struct span pack, struct error *err)
{
	struct span header, trailer;
	struct oid checksum;
	uint32_t version, num;
	bool ok = true;

	taking->rest = pack;
	if (pack.len < HEADER + TRAILER ||
	    !span_take(&taking->rest, 4, &header) || !span_is(header, "PACK") ||
	    !span_take_u32(&taking->rest, &version) || version != 2 ||
	    !span_take_u32(&taking->rest, &num))
		return malformed(err, "it does not begin as one");
	taking->rest.len -= TRAILER;
	for (; ok && num > 0; num--)
		ok = take_object(taking, err);
	trailer = span_sub(pack, pack.len - TRAILER, TRAILER);
	memcpy(checksum.bytes, trailer.data, TRAILER);
	return ok && (taking->rest.len == 0 || malformed(err, "it has more")) &&
	    packer_finish_as(taking->objects, &checksum, taking->is_flushed,
		err);
}

static bool
take_mapped(struct files *files, struct span pack, bool for_git,
    bool is_flushed, bool *has_deltas, struct error *err)
{
	struct taking taking = { .for_git = for_git, .is_flushed = is_flushed };
	bool ok;

	if (inflateInit(&taking.z) != Z_OK)
		return error_set_outside(err, "inflate: no memory");
	taking.objects = packer_new(&files->backend, err);
	ok = taking.objects != NULL && take_objects(&taking, pack, err);
	packer_free(taking.objects);
	inflateEnd(&taking.z);
	*has_deltas = taking.has_deltas;
	return ok;
}

static bool
take(struct files *files, int fd, uint64_t at, uint64_t len, bool for_git,
    bool is_flushed, struct error *err)
{
	bool has_deltas = true, ok = false;
	void *map;

	if (len > SIZE_MAX - at || len == 0)
		return malformed(err, "it is empty");
	map = mmap(NULL, (size_t)(at + len), PROT_READ, MAP_PRIVATE, fd, 0);
	if (map != MAP_FAILED) {
		ok = take_mapped(files,
		    span_of((const uint8_t *)map + at, (size_t)len), for_git,
		    is_flushed, &has_deltas, err);
		munmap(map, (size_t)(at + len));
	}
	return ok || (has_deltas && take_by_libgit2(files, fd, at, len, err));
}

bool
files_take_pack(struct backend *backend, int fd, uint64_t at, uint64_t len,
    bool for_git, struct error *err)
{
	return take(files_of(backend), fd, at, len, for_git, false, err);
}

bool
files_index_pack(struct files *files, const char *name, struct error *err)
{
	char path[FILE_PATH];
	struct stat st;
	bool ok;
	int fd;

	if (!packs_path(&files->packs, name, "pack", path, err) ||
	    (fd = file_open(path, err)) < 0)
		return false;
	ok = fstat(fd, &st) == 0 || error_set_errno(err, "%s", path);
	ok = ok &&
	    (take(files, fd, 0, (uint64_t)st.st_size, true, true, err) ||
		error_context(err, "%s", path));
	close(fd);
	return ok;
}
