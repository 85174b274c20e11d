/*
 * Opening the file that is a bag (bag.h).
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bag/bag.h"
#include "bag/measure.h"
#include "base/file.h"

/* Bytes that go into a file, one after another. */
struct extract {
	int fd;
	uint64_t at;
	struct measure *measure; /* or NULL */
};

static bool
extract_piece(void *arg, struct span bytes, struct error *err)
{
	struct extract *to = arg;

	if (!file_pwrite(to->fd, bytes, (off_t)to->at, err))
		return false;
	to->at += bytes.len;
	return to->measure == NULL || measure_sink(to->measure, bytes, err);
}

/*
 * The inner ZIP is taken apart as it is decrypted: each header, then the
 * content that it tells of.  Nothing is believed of it but where bytes go;
 * zip_read() judges at last, of what the tag was right of.
 */
struct apart {
	struct extract inner; /* all but the contents that lie apart */
	uint64_t left;        /* what is not decrypted yet, of the whole ZIP */
	struct bag_apart *to;
	struct buf header;     /* of the next member, as far as it came */
	uint64_t content;      /* what is to come of a member's content */
	struct extract *where; /* and where it goes: inner, or */
	struct extract part;   /* the newest part */
	bool is_rest;          /* what comes is no member */
};

static bool
begin_part(struct apart *it, uint64_t size, struct error *err)
{
	struct bag_part *part = &it->to->parts[it->to->num];
	const int fd = file_temporary(it->to->dir, err);

	if (fd < 0)
		return false;
	*part = (struct bag_part){ .fd = fd, .at = it->inner.at };
	it->to->num++;
	file_reserve(fd, size);
	it->part =
	    (struct extract){ .fd = fd, .measure = measure_new(size, err) };
	it->where = &it->part;
	return it->part.measure != NULL;
}

static bool
end_part(struct apart *it, struct error *err)
{
	struct bag_part *part = &it->to->parts[it->to->num - 1];
	const bool ok =
	    measure_end(it->part.measure, &part->crc, &part->sha256, err);

	/* Its place in the ZIP is left empty. */
	it->inner.at += it->part.at;
	measure_free(it->part.measure);
	it->part.measure = NULL;
	it->where = &it->inner;
	return ok;
}

/* The header is there: its content follows. */
static bool
begin_content(struct apart *it, const struct zip_member *member,
    struct error *err)
{
	const struct span header = buf_span(&it->header);

	it->header.len = 0;
	it->content = member->packed;
	return extract_piece(&it->inner, header, err) &&
	    (member->deflated || member->packed <= LIMIT_WAYBILL_BYTES ||
		it->to->num == BAG_APART ||
		begin_part(it, member->packed, err));
}

/* Take as much of bytes as is still missing of a header. */
static bool
take_header(struct apart *it, struct span *bytes, struct error *err)
{
	struct zip_member member = { .size = 0 };
	size_t want = ZIP_LOCAL_BYTES;
	struct span part;

	if (it->header.len >= ZIP_LOCAL_BYTES &&
	    !zip_peek_local(buf_span(&it->header), &member, &want))
		want = 0;
	if (it->header.len < want) {
		const size_t n = want - it->header.len;

		return span_take(bytes, n < bytes->len ? n : bytes->len,
			   &part) &&
		    buf_append(&it->header, part, err);
	}
	if (want > 0 && member.packed <= it->left)
		return begin_content(it, &member, err);
	part = buf_span(&it->header);
	it->header.len = 0;
	it->is_rest = true;
	return extract_piece(&it->inner, part, err);
}

static bool
take_content(struct apart *it, struct span *bytes, struct error *err)
{
	struct span part;
	const size_t n =
	    bytes->len < it->content ? bytes->len : (size_t)it->content;

	if (!span_take(bytes, n, &part) || !extract_piece(it->where, part, err))
		return false;
	it->content -= n;
	return it->content > 0 || it->where == &it->inner || end_part(it, err);
}

static bool
take_apart(void *arg, struct span bytes, struct error *err)
{
	struct apart *it = arg;

	while (bytes.len > 0 && !it->is_rest) {
		const size_t len = bytes.len;

		if (!(it->content > 0 ? take_content(it, &bytes, err)
				      : take_header(it, &bytes, err)))
			return false;
		it->left -= len - bytes.len;
	}
	return bytes.len == 0 || extract_piece(&it->inner, bytes, err);
}

/* Decrypt what stands at body in the bag; an end that is cut is written too. */
static bool
decrypt(int fd, const struct identity *recipient, struct span header,
    const struct zip_member *body, struct apart *it, struct error *err)
{
	bool ok;

	it->left = body->size;
	it->where = &it->inner;
	it->header = BUF(ZIP_LOCAL_BYTES + 2 * UINT16_MAX);
	ok = envelope_open(header, recipient, fd, body->at, body->size,
		 take_apart, it, err) &&
	    extract_piece(&it->inner, buf_span(&it->header), err);
	measure_free(it->part.measure);
	buf_free(&it->header);
	return ok;
}

bool
bag_open(int fd, const struct identity *recipient, int out,
    struct bag_apart *apart, struct zip_member **members, size_t *num,
    struct error *err)
{
	struct zip_member *outer = NULL;
	const struct zip_member *body, *header;
	struct buf der = BUF(LIMIT_SIGNATURE_BYTES);
	struct apart it = { .inner = { .fd = out }, .to = apart };
	size_t num_outer = 0;
	bool ok;

	*members = NULL;
	*num = 0;
	if (!zip_read(fd, ZIP_OURS, &outer, &num_outer, err))
		return error_context(err, "not a bag");
	body = bag_member(outer, num_outer, BAG_CIPHERTEXT);
	header = bag_member(outer, num_outer, BAG_HEADER);
	ok = (num_outer == 2 && body != NULL && header != NULL &&
		 !body->deflated && !header->deflated) ||
	    error_set(err, ERROR_MALFORMED,
		"not a bag: it is a ZIP of something else");
	ok = ok && bag_read(fd, header, &der, err) &&
	    decrypt(fd, recipient, buf_span(&der), body, &it, err) &&
	    (zip_read(out, ZIP_OURS, members, num, err) ||
		error_context(err, "what is in the bag"));
	free(outer);
	buf_free(&der);
	return ok;
}

void
bag_close(struct bag_apart *apart)
{
	for (size_t i = 0; i < apart->num; i++)
		close(apart->parts[i].fd);
	apart->num = 0;
}

const struct zip_member *
bag_member(const struct zip_member members[], size_t num, const char *path)
{
	for (size_t i = 0; i < num; i++)
		if (strcmp(members[i].path, path) == 0)
			return &members[i];
	return NULL;
}

/* No member that is read into memory may be one that lies apart. */
_Static_assert((uint64_t)LIMIT_PREFIXES_BYTES <= LIMIT_WAYBILL_BYTES,
    "all that is read of a bag is at most as large as a waybill");

bool
bag_read(int fd, const struct zip_member *member, struct buf *out,
    struct error *err)
{
	if (member->size > out->max - out->len)
		return error_set(err, ERROR_LIMIT, "%s: %llu bytes",
		    member->path, (unsigned long long)member->size);
	return zip_stream(fd, member, sink_to_buf, out, err);
}

/* The file has no name, and may be had twice. */
static int
take_part(const struct bag_part *part, const struct zip_member *member,
    struct digest *sha256, struct error *err)
{
	int fd;

	if (part->crc != member->crc) {
		error_set(err, ERROR_MALFORMED,
		    "%s: ZIP: a member's CRC differs: its bytes were altered"
		    " or damaged",
		    member->path);
		return -1;
	}
	*sha256 = part->sha256;
	if ((fd = fcntl(part->fd, F_DUPFD_CLOEXEC, 0)) < 0)
		error_set_errno(err, "%s", member->path);
	return fd;
}

int
bag_take(int fd, const struct bag_apart *apart, const struct zip_member *member,
    struct digest *sha256, struct error *err)
{
	struct extract to = { .fd = -1 };
	uint32_t crc;
	bool ok;

	for (size_t i = 0; i < apart->num; i++)
		if (apart->parts[i].at == member->at)
			return take_part(&apart->parts[i], member, sha256, err);
	if ((to.fd = file_temporary(apart->dir, err)) < 0)
		return -1;
	to.measure = measure_new(member->size, err);
	ok = to.measure != NULL &&
	    zip_stream(fd, member, extract_piece, &to, err) &&
	    measure_end(to.measure, &crc, sha256, err);
	measure_free(to.measure);
	if (ok)
		return to.fd;
	close(to.fd);
	return -1;
}
