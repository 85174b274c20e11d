/*
 * The log as files (docs/formats.md, "Journal files"):
 *
 *	entries  u16 length and bytes of each entry
 *	heads    a checksummed record of each head
 *
 * While somebody writes, entries has room at its end: zero bytes, written ahead
 * so that a flush has only a batch's own bytes to bring to the disk, and not a
 * new length of the file each time, with its own write.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/files/private.h"
#include "base/text.h"

enum {
	HEAD_BYTES = FILES_HEAD_BYTES,
	HEADS_IN_FLIGHT = 1 << 16,
	ROOM = 256 * 1024, /* written ahead, each time it is used up */
	PIECE = 4096,
	/* Of proposals that may wait for their heads, and more. */
	HEADS_AHEAD = 8,
};

static const char head_magic[] = "VALHEAD1";

static bool
encode_head(const struct head *head, uint64_t end, struct buf *out,
    struct error *err)
{
	const size_t before = out->len;
	struct digest check;

	if (!buf_append(out, span_of(head_magic, 8), err) ||
	    !buf_append_u64(out, head->size, err) ||
	    !buf_append_u64(out, end, err) ||
	    !buf_append_u64(out, (uint64_t)head->time_ms, err) ||
	    !buf_append(out, digest_span(&head->root), err) ||
	    !buf_append(out, span_of(head->signature, 64), err))
		return false;
	check = sha256_of(span_sub(buf_span(out), before, out->len - before));
	return buf_append(out, digest_span(&check), err);
}

/* Parse a record of "heads"; false if its checksum or its form is wrong. */
static bool
parse_head(struct span record, struct head *out, uint64_t *end)
{
	struct span rest = record, magic, root, signature, check;
	struct digest sum;
	uint64_t time;

	if (!span_take(&rest, 8, &magic) ||
	    !span_eq(magic, span_of(head_magic, 8)) ||
	    !span_take_u64(&rest, &out->size) || !span_take_u64(&rest, end) ||
	    !span_take_u64(&rest, &time) || !span_take(&rest, 32, &root) ||
	    !span_take(&rest, 64, &signature) || !span_take(&rest, 32, &check))
		return false;
	sum = sha256_of(span_sub(record, 0, HEAD_BYTES - 32));
	out->time_ms = (int64_t)time;
	memcpy(out->root.bytes, root.data, 32);
	memcpy(out->signature, signature.data, 64);
	return span_eq(check, digest_span(&sum));
}

static bool
read_head(struct files *files, uint64_t n, struct head *out, uint64_t *end,
    struct error *err)
{
	uint8_t record[HEAD_BYTES];

	if (!file_pread(files->heads, record, sizeof(record),
		(off_t)(n * HEAD_BYTES), err))
		return error_context(err, "journal/heads");
	return parse_head(span_of(record, sizeof(record)), out, end) ||
	    error_set(err, ERROR_UNTRUSTED,
		"journal/heads: record %llu is damaged", (unsigned long long)n);
}

/*
 * Read the n-th head.  *good tells whether the record is whole.  If it could
 * not be read the function fails: the record may be good, so nothing may be cut
 * off because of that.
 */
static bool
find_head(struct files *files, uint64_t n, struct head *out, uint64_t *end,
    bool *good, struct error *err)
{
	struct error why = { 0 };

	*good = read_head(files, n, out, end, &why);
	if (*good || why.kind == ERROR_UNTRUSTED)
		return true;
	*err = why;
	return false;
}

/* Find the last good record; the records after it were never flushed. */
static bool
find_last(struct files *files, struct head *last, struct error *err)
{
	uint64_t end;
	struct stat st;
	bool good;

	files->published = 0;
	if (fstat(files->heads, &st) != 0)
		return error_set_errno(err, "journal/heads");
	for (uint64_t n = (uint64_t)st.st_size / HEAD_BYTES; n > 0; n--) {
		if (!find_head(files, n - 1, last, &end, &good, err))
			return false;
		if (good) {
			files->num_heads = n;
			files->published = end;
			return true;
		}
	}
	files->num_heads = 0;
	*last = (struct head){ .size = 0 };
	return true;
}

/* Copy all good records into a new file, which replaces the old one. */
static bool
rewrite_heads(struct files *files, struct error *err)
{
	const uint64_t num = files->num_heads;
	struct buf whole = BUF(SIZE_MAX);
	char path[FILE_PATH];
	struct head head;
	uint64_t end;
	bool ok = true, good;

	for (uint64_t n = 0; ok && n < num; n++) {
		ok = find_head(files, n, &head, &end, &good, err);
		if (ok && good)
			ok = encode_head(&head, end, &whole, err);
	}
	if (ok) {
		ok = file_join(path, files->log, "heads", err) &&
		    file_write(path, buf_span(&whole), 0600, err);
		close(files->heads);
		if ((files->heads = open(path, O_RDWR | O_CLOEXEC)) < 0)
			ok = error_set_errno(err, "%s", path);
		files->num_heads = whole.len / HEAD_BYTES;
	}
	buf_free(&whole);
	return ok;
}

/*
 * Leave out a head that a power cut tore before it was flushed.  Receipts lead
 * to the next head, which covers as much.
 */
static bool
drop_torn(struct files *files, uint64_t *dropped, struct error *err)
{
	const uint64_t num = files->num_heads;
	struct head head;
	uint64_t end, torn = 0;
	bool ok = true, good;

	/* Records older than these the kernel has written long ago. */
	for (uint64_t n = num > HEADS_IN_FLIGHT ? num - HEADS_IN_FLIGHT : 0;
	     ok && n < num; n++) {
		ok = find_head(files, n, &head, &end, &good, err);
		torn += ok && !good;
	}
	if (ok && torn > 0)
		ok = rewrite_heads(files, err);
	*dropped = num - files->num_heads;
	return ok;
}

static bool
write_head(struct files *files, const struct head *head, uint64_t end,
    struct error *err)
{
	struct buf record = BUF(HEAD_BYTES);
	bool ok;

	ok = encode_head(head, end, &record, err) &&
	    (file_pwrite(files->heads, buf_span(&record),
		 (off_t)(files->num_heads * HEAD_BYTES), err) ||
		error_context(err, "journal/heads"));
	buf_free(&record);
	if (ok)
		__atomic_add_fetch(&files->num_heads, 1, __ATOMIC_RELEASE);
	return ok;
}

/* --- The table. --- */

static int
open_in(const char *dir, const char *name, int flags, struct error *err)
{
	char path[FILE_PATH];
	int fd;

	if (!file_join(path, dir, name, err))
		return -1;
	if ((fd = open(path, flags | O_CLOEXEC, 0600)) < 0)
		error_set_errno(err, "%s", path);
	return fd;
}

bool
files_create_log(const char *dir, struct error *err)
{
	static const char *const names[] = { "entries", "heads" };

	for (size_t i = 0; i < 2; i++) {
		const int fd =
		    open_in(dir, names[i], O_RDWR | O_CREAT | O_EXCL, err);

		if (fd < 0)
			return false;
		close(fd);
	}
	return file_sync_dir(dir, err);
}

/*
 * Returns where the entries end, from the start of one.  No entry is empty, so
 * the zero bytes written ahead read as a length of zero.
 */
static bool
find_end(const struct files *files, uint64_t from, uint64_t *out,
    struct error *err)
{
	uint8_t piece[PIECE];
	uint64_t piece_at = from, size;
	size_t have = 0;
	struct stat st;

	if (fstat(files->entries, &st) != 0)
		return error_set_errno(err, "journal/entries");
	size = (uint64_t)st.st_size;
	*out = size;
	for (uint64_t at = from; at < size && size - at >= 2;) {
		const uint8_t *length;
		unsigned len;

		if (at + 2 > piece_at + have) {
			piece_at = at;
			have = size - at < PIECE ? (size_t)(size - at) : PIECE;
			if (!file_pread(files->entries, piece, have, (off_t)at,
				err))
				return error_context(err, "journal/entries");
		}
		length = piece + (at - piece_at);
		if ((len = (unsigned)length[0] << 8 | length[1]) == 0) {
			*out = at;
			return true;
		}
		at += 2 + (uint64_t)len;
	}
	return true;
}

bool
files_open_log(struct files *files, const char *dir, bool is_view,
    struct error *err)
{
	const int flags = is_view ? O_RDONLY : O_RDWR;
	struct head newest;

	files->log_is_view = is_view;
	text_set(files->log, sizeof(files->log), dir);
	if ((files->entries = open_in(dir, "entries", flags, err)) < 0 ||
	    (files->heads = open_in(dir, "heads", flags, err)) < 0)
		return false;
	if (is_view)
		return true;
	return find_last(files, &newest, err) &&
	    find_end(files, files->published, &files->end, err);
}

void
files_close_log(struct files *files)
{
	/* It need not be durable, nor done: the next start cuts it off, too. */
	if (files->room > files->end &&
	    ftruncate(files->entries, (off_t)files->end) == 0)
		files->room = files->end;
	if (files->entries >= 0)
		close(files->entries);
	if (files->heads >= 0)
		close(files->heads);
}

bool
files_claim(struct backend *backend, struct error *err)
{
	struct files *files = files_of(backend);

	files->is_claimed = !files->log_is_view &&
	    flock(files->entries, LOCK_EX | LOCK_NB) == 0;
	if (files->is_claimed)
		return true;
	return files->log_is_view || errno == EWOULDBLOCK
	    ? error_set(err, ERROR_CONFLICT,
		  "%s: another process writes to this journal", files->log)
	    : error_set_errno(err, "%s", files->log);
}

bool
files_renew(struct backend *backend, struct error *err)
{
	const struct files *files = files_of(backend);
	struct stat locked, now;
	char path[FILE_PATH];

	if (!files->is_claimed)
		return error_set_outside(err,
		    "%s: this process has no right to write", files->log);
	if (!file_join(path, files->log, "entries", err))
		return false;
	if (fstat(files->entries, &locked) != 0 || stat(path, &now) != 0)
		return error_set_errno(err, "%s", path);
	return (locked.st_dev == now.st_dev && locked.st_ino == now.st_ino) ||
	    error_set_outside(err,
		"%s was replaced by another file: nothing more is written",
		path);
}

bool
files_recover(struct backend *backend, struct head *newest, uint64_t *dropped,
    struct error *err)
{
	struct files *files = files_of(backend);

	*dropped = 0;
	return find_last(files, newest, err) &&
	    (files->log_is_view || drop_torn(files, dropped, err));
}

/* Truncate the file of entries to end bytes, durably. */
static bool
cut_entries(struct files *files, uint64_t end, struct error *err)
{
	struct stat st;

	if (fstat(files->entries, &st) != 0)
		return error_set_errno(err, "journal/entries");
	if ((uint64_t)st.st_size != end &&
	    (ftruncate(files->entries, (off_t)end) != 0 ||
		fdatasync(files->entries) != 0))
		return error_set_errno(err, "journal/entries");
	files->room = end;
	__atomic_store_n(&files->end, end, __ATOMIC_RELEASE);
	return true;
}

bool
files_settle(struct backend *backend, const struct head *signer, uint64_t end,
    struct error *err)
{
	struct files *files = files_of(backend);
	struct head newest;

	if (!cut_entries(files, end, err) || !find_last(files, &newest, err))
		return false;
	/* What follows the last head may be a torn one. */
	if (ftruncate(files->heads, (off_t)(files->num_heads * HEAD_BYTES)) !=
	    0)
		return error_set_errno(err, "journal/heads");
	return newest.size == signer->size ||
	    write_head(files, signer, end, err);
}

/* settle() has cut off what was not signed. */
bool
files_proposed(struct backend *backend, uint64_t after, struct proposed *out,
    struct error *err)
{
	(void)backend, (void)after, (void)err;
	*out = (struct proposed){ .end = 0 };
	return true;
}

/* One process alone can write here, and it ends. */
void
files_stop(struct backend *backend, const char *reason)
{
	(void)backend, (void)reason;
}

/*
 * Have the disk set apart what the entries need, and their head, with those of
 * the batches that are not published yet.
 *
 * ERROR_SYSTEM  no room (is_full), or the disk failed
 */
static bool
allocate(struct files *files, const struct proposal *proposal,
    struct error *err)
{
	uint64_t end = proposal->at, room = files->room;

	for (size_t i = 0; i < proposal->num_entries; i++)
		end += 2 + proposal->entries[i].len;
	return (files_allocate(files, files->entries, end, &room, err) ||
		   error_context(err, "journal/entries")) &&
	    (files_allocate(files, files->heads,
		 (files_num_heads(&files->backend) + HEADS_AHEAD) * HEAD_BYTES,
		 &files->heads_room, err) ||
		error_context(err, "journal/heads"));
}

/*
 * Write room after the entries.  If the disk is full and this cannot be
 * written, it is not needed either.
 */
static void
make_room(struct files *files, uint64_t end)
{
	struct error ignored = { 0 };
	uint8_t *zeros = calloc(1, ROOM);

	files->room = end;
	if (zeros != NULL &&
	    file_pwrite(files->entries, span_of(zeros, ROOM), (off_t)end,
		&ignored))
		files->room += ROOM;
	free(zeros);
}

/*
 * A write found no room, on a file system that sets none apart: cut off what
 * was written.  Nothing was flushed, nor signed, so the batch is refused only.
 */
static bool
cut_off(struct files *files, uint64_t at, struct error *err)
{
	if (ftruncate(files->entries, (off_t)at) != 0)
		return error_set_errno(err, "journal/entries");
	files->room = at;
	error_context(err, "journal/entries");
	return error_make_unavailable(err);
}

/* Append the entries, each after its length, and flush them. */
static bool
write_entries(struct files *files, const struct proposal *proposal,
    struct error *err)
{
	struct buf bytes = BUF(SIZE_MAX);
	uint64_t end = proposal->at;
	bool ok = true;

	for (size_t i = 0; ok && i < proposal->num_entries; i++)
		ok = buf_append_u16(&bytes, (uint16_t)proposal->entries[i].len,
			 err) &&
		    buf_append(&bytes, proposal->entries[i], err);
	if (ok &&
	    !file_pwrite(files->entries, buf_span(&bytes), (off_t)proposal->at,
		err)) {
		ok = false;
		if (err->is_full) {
			buf_free(&bytes);
			return cut_off(files, proposal->at, err);
		}
	}
	end += bytes.len;
	if (ok && end > files->room)
		make_room(files, end);
	if (ok && fdatasync(files->entries) != 0)
		ok = error_set_errno(err, "flush");
	buf_free(&bytes);
	if (ok) {
		__atomic_store_n(&files->end, end, __ATOMIC_RELEASE);
		return true;
	}
	/*
	 * After a failed write or flush no second attempt is made (fsync may
	 * report an error once only).
	 */
	err->kind = ERROR_SYSTEM;
	return error_context(err, "journal/entries");
}

/*
 * Store objects first, then names, then the entries that refer to them.  A
 * failure before the entries leaves at most objects that nothing refers to, and
 * a name of one of them, which is replaced later: the state is as if nothing
 * was stored.
 */
bool
files_propose(struct backend *backend, const struct proposal *proposal,
    struct error *err)
{
	bool ok = allocate(files_of(backend), proposal, err) &&
	    (proposal->objects == NULL ||
		packer_finish(proposal->objects, err));

	for (size_t i = 0; ok && i < proposal->num_names; i++)
		ok = files_name_set(backend, proposal->names[i].name,
		    &proposal->names[i].oid, err);
	if (!ok)
		return error_make_unavailable(err);
	if (proposal->stored != NULL)
		proposal->stored(proposal->arg);
	return write_entries(files_of(backend), proposal, err);
}

bool
files_publish(struct backend *backend, const struct head *head, uint64_t end,
    struct error *err)
{
	return write_head(files_of(backend), head, end, err);
}

bool
files_flush_heads(struct backend *backend, struct error *err)
{
	return fdatasync(files_of(backend)->heads) == 0 ||
	    error_set_errno(err, "journal/heads: flush");
}

uint64_t
files_num_heads(struct backend *backend)
{
	return __atomic_load_n(&files_of(backend)->num_heads, __ATOMIC_ACQUIRE);
}

bool
files_head(struct backend *backend, uint64_t n, struct head *out,
    struct error *err)
{
	uint64_t end;

	return read_head(files_of(backend), n, out, &end, err);
}

bool
files_read(struct backend *backend, uint64_t at, void *out, size_t len,
    struct error *err)
{
	const struct files *files = files_of(backend);
	const uint64_t end = files->log_is_view
	    ? UINT64_MAX
	    : __atomic_load_n(&files->end, __ATOMIC_ACQUIRE);

	/* Room is no entry. */
	if (at > end || len > end - at)
		return error_set(err, ERROR_MALFORMED,
		    "journal/entries: ends too early");
	return file_pread(files->entries, out, len, (off_t)at, err) ||
	    error_context(err, "journal/entries");
}

bool
files_log_bytes(struct backend *backend, uint64_t *out, struct error *err)
{
	const struct files *files = files_of(backend);

	*out = __atomic_load_n(&files->end, __ATOMIC_ACQUIRE);
	/* If another process writes, take what is there now. */
	return !files->log_is_view ||
	    find_end(files, files->published, out, err);
}
