/*
 * Members in memory and in a ZIP, and hashing them (member.h).
 */
#include "document/member.h"

#include "base/deflate.h"
#include "base/text.h"

static bool
stream_memory(const struct member *member, byte_sink *sink, void *arg,
    struct error *err)
{
	return sink(arg, buf_span(&member->bytes), err);
}

static bool
stream_memory_packed(const struct member *member, byte_sink *sink, void *arg,
    struct error *err)
{
	return sink(arg,
	    buf_span(member->deflated ? &member->packed_bytes : &member->bytes),
	    err);
}

const struct member_source member_in_memory = { stream_memory,
	stream_memory_packed };

void
member_hold(struct member *member, size_t max)
{
	member->source = &member_in_memory;
	member->bytes = BUF(max);
	member->packed_bytes = BUF(SIZE_MAX);
}

struct zip_member
member_zip(const struct member *member)
{
	struct zip_member zip = { .deflated = member->deflated,
		.crc = member->crc,
		.size = member->size,
		.packed = member->packed,
		.at = member->at };

	text_set(zip.path, sizeof(zip.path), member->path);
	return zip;
}

static bool
stream_zip(const struct member *member, byte_sink *sink, void *arg,
    struct error *err)
{
	const struct zip_member zip = member_zip(member);

	return zip_stream(member->fd, &zip, sink, arg, err);
}

static bool
stream_zip_packed(const struct member *member, byte_sink *sink, void *arg,
    struct error *err)
{
	const struct zip_member zip = member_zip(member);

	return zip_stream_packed(member->fd, &zip, sink, arg, err);
}

static const struct member_source in_zip = { stream_zip, stream_zip_packed };

struct member
member_of_zip(const struct zip_member *zip, int fd, bool to_judge)
{
	struct member member = { .size = zip->size,
		.deflated = zip->deflated,
		.to_judge = to_judge,
		.packed = zip->packed,
		.crc = zip->crc,
		.source = &in_zip,
		.fd = fd,
		.at = zip->at };

	text_set(member.path, sizeof(member.path), zip->path);
	return member;
}

bool
member_stream(const struct member *member, byte_sink *sink, void *arg,
    struct error *err)
{
	return member->source->stream(member, sink, arg, err);
}

bool
member_stream_packed(const struct member *member, byte_sink *sink, void *arg,
    struct error *err)
{
	return member->source->stream_packed(member, sink, arg, err);
}

struct span
member_bytes(const struct member *member)
{
	return buf_span(&member->bytes);
}

void
member_clear(struct member *member)
{
	buf_free(&member->bytes);
	buf_free(&member->packed_bytes);
}

struct hashing {
	struct sha256 sha256;
	bool to_judge;
	struct sha1 sha1;
	uint32_t adler;
	uint64_t *progress;
};

static bool
hash_piece(void *arg, struct span bytes, struct error *err)
{
	struct hashing *hashing = arg;

	(void)err;
	sha256_update(&hashing->sha256, bytes);
	if (!hashing->to_judge) {
		sha1_update(&hashing->sha1, bytes);
		hashing->adler = deflate_adler32(hashing->adler, bytes);
	}
	if (hashing->progress != NULL)
		*hashing->progress += bytes.len;
	return true;
}

/* Git names a blob by the SHA-1 of this header and the content. */
static void
begin_name(struct hashing *hashing, uint64_t size)
{
	char header[48];
	const int n = snprintf(header, sizeof(header), "blob %llu",
	    (unsigned long long)size);

	sha1_init(&hashing->sha1);
	sha1_update(&hashing->sha1, span_of(header, (size_t)n + 1));
	hashing->adler = 1;
}

bool
member_hash(struct member *member, uint64_t *progress, struct error *err)
{
	struct hashing hashing = { .to_judge = member->to_judge,
		.progress = progress };

	if (member->hashed)
		return true;
	sha256_init(&hashing.sha256);
	if (!member->to_judge)
		begin_name(&hashing, member->size);
	if (!(member->bytes.max > 0
		    ? stream_memory(member, hash_piece, &hashing, err)
		    : member_stream(member, hash_piece, &hashing, err)))
		return false;
	member->sha256 = sha256_final(&hashing.sha256);
	if (!member->to_judge) {
		sha1_final(&hashing.sha1, member->blob);
		member->adler = hashing.adler;
	}
	member->hashed = true;
	return true;
}
