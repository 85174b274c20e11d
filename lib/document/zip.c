/*
 * Reading the ZIP of a container (zip.h).
 */
#include "document/zip_parts.h"

#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "base/deflate.h"
#include "base/file.h"
#include "base/pace.h"
#include "base/text.h"

enum { WINDOW = 16 * 1024 };

/* Fields that the local header and the central directory both have. */
struct common {
	uint16_t needed, flags, method, time, date;
	uint32_t crc, packed, size;
	uint16_t name_len, extra_len;
};

static bool
take_common(struct span *in, struct common *out)
{
	return span_take_le16(in, &out->needed) &&
	    span_take_le16(in, &out->flags) &&
	    span_take_le16(in, &out->method) &&
	    span_take_le16(in, &out->time) && span_take_le16(in, &out->date) &&
	    span_take_le32(in, &out->crc) && span_take_le32(in, &out->packed) &&
	    span_take_le32(in, &out->size) &&
	    span_take_le16(in, &out->name_len) &&
	    span_take_le16(in, &out->extra_len);
}

static bool
common_eq(const struct common *a, const struct common *b)
{
	return a->needed == b->needed && a->flags == b->flags &&
	    a->method == b->method && a->time == b->time &&
	    a->date == b->date && a->crc == b->crc && a->packed == b->packed &&
	    a->size == b->size && a->name_len == b->name_len &&
	    a->extra_len == b->extra_len;
}

static bool
bad(struct error *err, const char *what)
{
	return error_set(err, ERROR_MALFORMED, "ZIP: %s", what);
}

bool
zip_is_bomb(uint64_t size, uint64_t packed)
{
	return size > LIMIT_ZIP_RATIO_FREE && size / LIMIT_ZIP_RATIO > packed;
}

bool
zip_is_bomb_in_all(uint64_t size, uint64_t packed)
{
	return size > LIMIT_ZIP_TOTAL_FREE &&
	    (size - LIMIT_ZIP_TOTAL_FREE) / LIMIT_ZIP_RATIO > packed;
}

static bool
check_total(const struct zip_member members[], size_t num, struct error *err)
{
	uint64_t size = 0, packed = 0;

	for (size_t i = 0; i < num; i++) {
		size += members[i].size;
		packed += members[i].packed;
	}
	return !zip_is_bomb_in_all(size, packed) ||
	    error_set(err, ERROR_LIMIT,
		"ZIP: %llu bytes inflate to %llu, more than %d-fold: a bomb",
		(unsigned long long)packed, (unsigned long long)size,
		LIMIT_ZIP_RATIO);
}

static bool
check_member(const struct common *c, struct span name, struct error *err)
{
	bool ascii = true;

	for (size_t i = 0; i < name.len; i++)
		ascii = ascii && name.data[i] < 128;
	if (c->extra_len != 0)
		return bad(err, "an extra field");
	if ((c->flags & ~(unsigned)FLAG_UTF8) != 0)
		return bad(err,
		    "a flag other than UTF-8 names (encryption, a"
		    " data descriptor, …)");
	if (!ascii && c->flags != FLAG_UTF8)
		return bad(err,
		    "a name that is not ASCII, without the UTF-8"
		    " flag");
	if (c->needed > 20)
		return bad(err, "a feature newer than deflate");
	if (c->method != METHOD_STORED && c->method != METHOD_DEFLATED)
		return bad(err, "a compression other than deflate");
	if (c->method == METHOD_STORED && c->size != c->packed)
		return bad(err, "a stored member of two sizes");
	if (c->size == UINT32_MAX || c->packed == UINT32_MAX)
		return bad(err, "Zip64");
	if (zip_is_bomb(c->size, c->packed))
		return error_set(err, ERROR_LIMIT,
		    "ZIP: a member inflates %d-fold and more: a bomb",
		    LIMIT_ZIP_RATIO);
	return text_check_path(name, err) || error_context(err, "ZIP");
}

/* Fields that the central directory alone has. */
struct once {
	uint16_t made_by, comment_len, disk, internal;
	uint32_t attributes;
};

/* Every field as zip_writer_begin() writes it, or once wrote it. */
static bool
check_ours(const struct common *c, const struct once *once, struct error *err)
{
	const bool by_unix = once->made_by == MADE_BY_UNIX;

	/* 1.0 is enough for what is stored; some writers say 2.0 of all. */
	if (c->needed != 20 &&
	    (c->needed != 10 || c->method == METHOD_DEFLATED))
		return bad(err, "a version needed other than 1.0 or 2.0");
	if (once->made_by != MADE_BY && !(by_unix && c->flags == FLAG_UTF8))
		return bad(err, "made by another version than 2.0 of DOS");
	if (c->time != 0 || c->date != DOS_DATE)
		return bad(err, "a date other than 1980-01-01");
	return (once->internal == 0 &&
		   once->attributes == (by_unix ? PLAIN_FILE : 0)) ||
	    bad(err, "attributes other than a plain file's");
}

/* A plain file, whatever made it. */
static bool
check_plain_file(const struct once *once, struct error *err)
{
	const unsigned host = once->made_by >> 8;
	const uint32_t mode = once->attributes >> 16;

	if (host != 0 && host != 3)
		return bad(err, "made on neither DOS nor Unix");
	return ((once->attributes & 0x18) == 0 &&
		   (host == 3 ? mode == 0 || (mode & S_IFMT) == S_IFREG
			      : mode == 0)) ||
	    bad(err,
		"a link, a folder or another thing that is not a plain"
		" file");
}

/* Small members lie near to each other: one read has many. */
struct zip_window {
	int fd;
	uint64_t at, end; /* of what is held; where nothing more is asked */
	size_t len;
	uint8_t bytes[WINDOW];
};

/* *out gets len bytes, at most WINDOW, until the next call. */
static bool
window_take(struct zip_window *window, size_t len, uint64_t at,
    struct span *out, struct error *err)
{
	if (at < window->at || at - window->at > window->len ||
	    window->len - (at - window->at) < len) {
		const uint64_t left = at < window->end ? window->end - at : 0;

		window->at = at;
		window->len = left < WINDOW ? (size_t)left : WINDOW;
		if (window->len < len)
			window->len = len;
		if (!file_pread(window->fd, window->bytes, window->len,
			(off_t)at, err)) {
			window->len = 0;
			return false;
		}
	}
	*out = span_of(window->bytes + (at - window->at), len);
	return true;
}

struct zip_window *
zip_window_new(int fd, uint64_t end, struct error *err)
{
	struct zip_window *window = malloc(sizeof(*window));

	if (window == NULL) {
		error_set_errno(err, "ZIP");
		return NULL;
	}
	window->fd = fd;
	window->at = window->len = 0;
	window->end = end;
	return window;
}

void
zip_window_free(struct zip_window *window)
{
	free(window);
}

/* One central entry, and the local header that it points to. */
static bool
take_member(struct zip_window *window, enum zip_form form, struct span *central,
    uint64_t *expected, struct zip_member *out, struct error *err)
{
	struct common in_central, in_local = { 0 };
	uint32_t magic, offset;
	struct once once;
	struct span name, local;

	if (!span_take_le32(central, &magic) || magic != CENTRAL_MAGIC ||
	    !span_take_le16(central, &once.made_by) ||
	    !take_common(central, &in_central) ||
	    !span_take_le16(central, &once.comment_len) ||
	    !span_take_le16(central, &once.disk) ||
	    !span_take_le16(central, &once.internal) ||
	    !span_take_le32(central, &once.attributes) ||
	    !span_take_le32(central, &offset) ||
	    !span_take(central, in_central.name_len, &name))
		return bad(err, "the central directory is broken");
	if (once.comment_len != 0)
		return bad(err, "a comment");
	if (once.disk != 0)
		return bad(err, "a member on another disk");
	if (!check_member(&in_central, name, err) ||
	    !check_plain_file(&once, err) ||
	    (form == ZIP_OURS && !check_ours(&in_central, &once, err)))
		return false;
	if (offset != *expected)
		return bad(err,
		    "members do not lie back to back in the order"
		    " of the directory");

	if (!window_take(window, LOCAL_BYTES + name.len, offset, &local, err))
		return error_context(err, "ZIP");
	if (!span_take_le32(&local, &magic) || magic != LOCAL_MAGIC ||
	    !take_common(&local, &in_local) ||
	    !common_eq(&in_central, &in_local) || !span_eq(local, name))
		return bad(err, "a local header differs from the directory");

	if (!span_to_str(name, out->path, sizeof(out->path)))
		return bad(err, "a broken name");
	out->deflated = in_central.method == METHOD_DEFLATED;
	out->crc = in_central.crc;
	out->size = in_central.size;
	out->packed = in_central.packed;
	out->at = offset + LOCAL_BYTES + name.len;
	*expected = out->at + out->packed;
	return true;
}

bool
zip_peek_local(struct span bytes, struct zip_member *out, size_t *len)
{
	struct common common;
	uint32_t magic;

	if (!span_take_le32(&bytes, &magic) || magic != LOCAL_MAGIC ||
	    !take_common(&bytes, &common))
		return false;
	out->deflated = common.method != METHOD_STORED;
	out->crc = common.crc;
	out->size = common.size;
	out->packed = common.packed;
	*len = (size_t)LOCAL_BYTES + common.name_len + common.extra_len;
	return true;
}

struct end {
	uint64_t central_at;
	uint32_t central_len;
	uint16_t num;
};

/* The end record is the file's last 22 bytes, without a comment. */
static bool
read_end(int fd, struct end *out, struct error *err)
{
	uint8_t bytes[END_BYTES] = { 0 };
	struct span end = span_of(bytes, sizeof(bytes));
	uint32_t magic = 0, len = 0, at = 0;
	uint16_t disk = 0, central_disk = 0, here = 0, all = 0, comment = 0;
	struct stat st;

	if (fstat(fd, &st) != 0)
		return error_set_errno(err, "ZIP");
	if ((uint64_t)st.st_size > LIMIT_CONTAINER_BYTES)
		return error_set(err, ERROR_LIMIT,
		    "ZIP of %lld bytes; without Zip64 there can be 4 GiB",
		    (long long)st.st_size);
	if (st.st_size < END_BYTES)
		return bad(err, "too short to be one");
	if (!file_pread(fd, bytes, sizeof(bytes), st.st_size - END_BYTES, err))
		return error_context(err, "ZIP");
	if (!span_take_le32(&end, &magic) || magic != END_MAGIC ||
	    !span_take_le16(&end, &disk) ||
	    !span_take_le16(&end, &central_disk) ||
	    !span_take_le16(&end, &here) || !span_take_le16(&end, &all) ||
	    !span_take_le32(&end, &len) || !span_take_le32(&end, &at) ||
	    !span_take_le16(&end, &comment) || comment != 0)
		return bad(err,
		    "it does not end with a directory's end (cut"
		    " short, or something follows)");
	if (disk != 0 || central_disk != 0 || here != all)
		return bad(err, "more than one disk");
	if (all == UINT16_MAX || len == UINT32_MAX || at == UINT32_MAX)
		return bad(err, "Zip64");
	if ((uint64_t)at + len != (uint64_t)st.st_size - END_BYTES)
		return bad(err,
		    "the directory does not reach to its end"
		    " record");
	if (all == 0)
		return bad(err, "it is empty");
	if (all > LIMIT_MEMBERS)
		return error_set(err, ERROR_LIMIT,
		    "ZIP of %u members, limit %d", all, LIMIT_MEMBERS);
	if (len > all * (uint32_t)(CENTRAL_BYTES + LIMIT_PATH_BYTES))
		return bad(err, "the directory is larger than its members");
	*out = (struct end){ .central_at = at, .central_len = len, .num = all };
	return true;
}

static int
compare_spans(const void *a, const void *b)
{
	return span_order(*(const struct span *)a, *(const struct span *)b);
}

/* No two names that some system takes for one. */
static bool
check_unique(const struct zip_member members[], size_t num, struct error *err)
{
	struct buf folded = BUF(LIMIT_MEMBERS * LIMIT_PATH_BYTES * 8);
	struct span *names = calloc(num, sizeof(*names));
	size_t *ends = calloc(num, sizeof(*ends)), from = 0;
	bool ok =
	    (names != NULL && ends != NULL) || error_set_errno(err, "ZIP");

	for (size_t i = 0; ok && i < num; i++) {
		ok = text_fold(span_of_str(members[i].path), &folded, err);
		ends[i] = folded.len;
	}
	for (size_t i = 0; ok && i < num; i++) {
		names[i] = span_sub(buf_span(&folded), from, ends[i] - from);
		from = ends[i];
	}
	if (ok)
		qsort(names, num, sizeof(*names), compare_spans);
	for (size_t i = 1; ok && i < num; i++)
		if (span_eq(names[i - 1], names[i]))
			ok = error_set(err, ERROR_MALFORMED,
			    "ZIP: two members are named \"%.*s\", but for case"
			    " or form",
			    (int)names[i].len, (const char *)names[i].data);
	buf_free(&folded);
	free(names);
	free(ends);
	return ok;
}

bool
zip_read(int fd, enum zip_form form, struct zip_member **members, size_t *num,
    struct error *err)
{
	struct zip_window *window = NULL;
	struct zip_member *found = NULL;
	uint8_t *central = NULL;
	uint64_t expected = 0;
	struct span rest;
	struct end end = { 0 };
	bool ok;

	if (!read_end(fd, &end, err))
		return false;
	found = calloc(end.num, sizeof(*found));
	central = malloc(end.central_len > 0 ? end.central_len : 1);
	window = zip_window_new(fd, end.central_at, err);
	ok = window != NULL &&
	    ((found != NULL && central != NULL) || error_set_errno(err, "ZIP"));
	ok = ok &&
	    file_pread(fd, central, end.central_len, (off_t)end.central_at,
		err);
	rest = span_of(central, end.central_len);
	for (size_t i = 0; ok && i < end.num; i++)
		ok =
		    take_member(window, form, &rest, &expected, &found[i], err);
	if (ok && (rest.len != 0 || expected != end.central_at))
		ok = bad(err,
		    "bytes between the members and the end that no"
		    " entry tells of");
	ok = ok && check_total(found, end.num, err) &&
	    check_unique(found, end.num, err);
	free(central);
	zip_window_free(window);
	if (!ok) {
		free(found);
		return false;
	}
	*members = found;
	*num = end.num;
	return true;
}

bool
zip_stream_packed(int fd, const struct zip_member *member, byte_sink *sink,
    void *arg, struct error *err)
{
	return file_stream(fd, member->at, member->packed, sink, arg, err);
}

struct zip_inflater {
	z_stream stream;
	uint64_t left; /* of what is to come out */
	bool ended;
	byte_sink *sink;
	void *arg;
};

struct zip_inflater *
zip_inflater_new(uint64_t size, byte_sink *sink, void *arg, struct error *err)
{
	struct zip_inflater *inflater = calloc(1, sizeof(*inflater));

	if (inflater == NULL ||
	    inflateInit2(&inflater->stream, -MAX_WBITS) != Z_OK) {
		free(inflater);
		error_set_outside(err, "inflate: no memory");
		return NULL;
	}
	inflater->left = size;
	inflater->sink = sink;
	inflater->arg = arg;
	return inflater;
}

void
zip_inflater_free(struct zip_inflater *inflater)
{
	if (inflater == NULL)
		return;
	inflateEnd(&inflater->stream);
	free(inflater);
}

bool
zip_inflater_take(struct zip_inflater *inflater, struct span bytes,
    struct error *err)
{
	uint8_t piece[65536] UNINITIALIZED;
	z_stream *z = &inflater->stream;

	z->next_in = (Bytef *)(uintptr_t)bytes.data;
	z->avail_in = (uInt)bytes.len;
	do {
		size_t n;
		int result;

		if (inflater->ended)
			return z->avail_in == 0 ||
			    bad(err, "bytes follow a deflated member's end");
		z->next_out = piece;
		z->avail_out = sizeof(piece);
		result = inflate(z, Z_NO_FLUSH);
		if (result != Z_OK && result != Z_STREAM_END &&
		    result != Z_BUF_ERROR)
			return bad(err, "a member does not inflate");
		n = sizeof(piece) - z->avail_out;
		if (n > inflater->left)
			return bad(err,
			    "a member inflates to more than its"
			    " size");
		inflater->left -= n;
		if (n > 0 &&
		    !inflater->sink(inflater->arg, span_of(piece, n), err))
			return false;
		inflater->ended = result == Z_STREAM_END;
		pace_point();
		if (result == Z_BUF_ERROR && n == 0)
			return true;
	} while (z->avail_in > 0 || z->avail_out == 0);
	return true;
}

bool
zip_inflater_end(struct zip_inflater *inflater, struct error *err)
{
	return (inflater->ended && inflater->left == 0) ||
	    bad(err, "a member inflates to less than its size");
}

struct checked {
	uint32_t crc;
	byte_sink *sink;
	void *arg;
};

static bool
check_crc(void *arg, struct span bytes, struct error *err)
{
	struct checked *checked = arg;

	checked->crc = deflate_crc32(checked->crc, bytes);
	return checked->sink(checked->arg, bytes, err);
}

static bool
feed_inflater(void *arg, struct span bytes, struct error *err)
{
	return zip_inflater_take(arg, bytes, err);
}

static bool
inflate_in_pieces(int fd, const struct zip_member *member,
    struct checked *checked, struct error *err)
{
	struct zip_inflater *inflater =
	    zip_inflater_new(member->size, check_crc, checked, err);
	bool ok;

	ok = inflater != NULL &&
	    zip_stream_packed(fd, member, feed_inflater, inflater, err) &&
	    zip_inflater_end(inflater, err);
	zip_inflater_free(inflater);
	return ok;
}

/*
 * Inflate a member at once.  *is_done is false, and nothing was given to the
 * sink, where that did not work: reading it in pieces tells why.
 */
static bool
inflate_at_once(struct span packed, const struct zip_member *member,
    struct checked *checked, bool *is_done, struct error *err)
{
	const size_t size = (size_t)member->size;
	uint8_t *content;
	bool ok = true;

	*is_done = false;
	if (size > LIMIT_INFLATED_AT_ONCE ||
	    (content = malloc(size + 1)) == NULL)
		return true;
	*is_done = deflate_inflate(packed, content, size);
	if (*is_done)
		ok = check_crc(checked, span_of(content, size), err);
	free(content);
	return ok;
}

static bool
check_end(const struct checked *checked, const struct zip_member *member,
    struct error *err)
{
	return checked->crc == member->crc ||
	    bad(err,
		"a member's CRC differs: its bytes were altered"
		" or damaged");
}

bool
zip_stream(int fd, const struct zip_member *member, byte_sink *sink, void *arg,
    struct error *err)
{
	struct checked checked = { .sink = sink, .arg = arg };
	struct buf packed = BUF(LIMIT_INFLATED_AT_ONCE);
	bool is_done = false, ok = true;

	if (!member->deflated)
		ok = zip_stream_packed(fd, member, check_crc, &checked, err);
	else if (member->size <= LIMIT_INFLATED_AT_ONCE &&
	    member->packed <= packed.max)
		ok = zip_stream_packed(fd, member, sink_to_buf, &packed, err) &&
		    inflate_at_once(buf_span(&packed), member, &checked,
			&is_done, err);
	if (ok && member->deflated && !is_done)
		ok = inflate_in_pieces(fd, member, &checked, err);
	buf_free(&packed);
	return (ok && check_end(&checked, member, err)) ||
	    error_context(err, "%s", member->path);
}

bool
zip_window_load(struct zip_window *window, const struct zip_member *member,
    struct buf *out, struct error *err)
{
	struct checked checked = { .sink = sink_to_buf, .arg = out };
	bool is_done = false;
	struct span bytes;

	if (member->packed > WINDOW)
		return zip_stream(window->fd, member, sink_to_buf, out, err);
	if (!window_take(window, (size_t)member->packed, member->at, &bytes,
		err) ||
	    !(member->deflated
		    ? inflate_at_once(bytes, member, &checked, &is_done, err)
		    : check_crc(&checked, bytes, err)))
		return error_context(err, "%s", member->path);
	/* This check tells what is wrong with it. */
	if (member->deflated && !is_done)
		return zip_stream(window->fd, member, sink_to_buf, out, err);
	return check_end(&checked, member, err) ||
	    error_context(err, "%s", member->path);
}
