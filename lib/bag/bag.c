/*
 * Packing the file that is a bag (bag.h).
 */
#include "bag/bag.h"

#include <stdlib.h>
#include <string.h>

#include "bag/measure.h"
#include "base/deflate.h"
#include "base/file.h"
#include "base/text.h"

/* Write the content of a file, piece by piece. */
static bool
stream_file(const struct bag_file *file, byte_sink *sink, void *arg,
    struct error *err)
{
	return file->fd < 0
	    ? sink(arg, file->bytes, err)
	    : file_stream(file->fd, 0, file->size, sink, arg, err);
}

bool
bag_measure(struct bag_file *file, struct error *err)
{
	struct measure *it = measure_new(file->size, err);
	bool ok = it != NULL && stream_file(file, measure_sink, it, err) &&
	    measure_end(it, &file->crc, &file->sha256, err);

	measure_free(it);
	return ok;
}

/* --- Packing: files → inner ZIP → encryption → outer ZIP. --- */

struct outer {
	struct zip_writer *zip;
	uint32_t crc;
	uint64_t size;
};

static bool
put_ciphertext(void *arg, struct span bytes, struct error *err)
{
	struct outer *outer = arg;

	outer->crc = deflate_crc32(outer->crc, bytes);
	outer->size += bytes.len;
	return zip_writer_sink(outer->zip, bytes, err);
}

static struct zip_member
member_of(const char *path, uint64_t size, uint32_t crc)
{
	struct zip_member member = { .size = size, .packed = size, .crc = crc };

	text_set(member.path, sizeof(member.path), path);
	return member;
}

static bool
count_piece(void *arg, struct span bytes, struct error *err)
{
	uint64_t *size = arg;

	(void)err;
	*size += bytes.len;
	return true;
}

/* Write the inner ZIP; the contents only if they are asked for. */
static bool
write_inner(const struct bag_file files[], size_t num, bool contents,
    byte_sink *sink, void *arg, uint64_t *size, struct error *err)
{
	struct zip_writer *zip = zip_writer_to(sink, arg, err);
	bool ok = zip != NULL;

	for (size_t i = 0; ok && i < num; i++) {
		const struct zip_member member =
		    member_of(files[i].path, files[i].size, files[i].crc);

		ok = zip_writer_begin(zip, &member, err);
		if (ok && contents)
			ok = stream_file(&files[i], zip_writer_sink, zip, err);
	}
	ok = ok && zip_writer_end(zip, size, err);
	zip_writer_free(zip);
	return ok;
}

/* GCM adds no bytes: the ciphertext is as long as the inner ZIP. */
static bool
inner_size(const struct bag_file files[], size_t num, uint64_t *size,
    struct error *err)
{
	uint64_t framing = 0, ignored;

	if (!write_inner(files, num, false, count_piece, &framing, &ignored,
		err))
		return false;
	*size = framing;
	for (size_t i = 0; i < num; i++)
		*size += files[i].size;
	return *size <= LIMIT_CONTAINER_BYTES - LIMIT_META_BYTES ||
	    error_set(err, ERROR_LIMIT,
		"a bag of %llu bytes would be over 4 GiB: pack fewer documents",
		(unsigned long long)*size);
}

bool
bag_pack(const struct bag_file files[], size_t num,
    struct cert *const recipients[], size_t num_recipients, int fd,
    struct error *err)
{
	struct outer outer = { .zip = zip_writer_new(fd, err) };
	struct envelope *envelope = NULL;
	struct buf header = BUF(LIMIT_SIGNATURE_BYTES);
	struct zip_member member;
	uint64_t size = 0, ignored;
	bool ok;

	ok = outer.zip != NULL && inner_size(files, num, &size, err);
	if (ok) {
		file_reserve(fd, size);
		member = member_of(BAG_CIPHERTEXT, size, 0);
		ok = zip_writer_begin(outer.zip, &member, err) &&
		    (envelope = envelope_new(recipients, num_recipients,
			 put_ciphertext, &outer, err)) != NULL;
	}
	ok = ok &&
	    write_inner(files, num, true, envelope_sink, envelope, &ignored,
		err) &&
	    envelope_end(envelope, &header, err);
	if (ok && outer.size != size)
		ok = error_set(err, ERROR_SYSTEM,
		    "the ciphertext is of another size than it should be");
	ok = ok && zip_writer_set_crc(outer.zip, outer.crc, err);
	if (ok) {
		member = member_of(BAG_HEADER, header.len,
		    deflate_crc32(0, buf_span(&header)));
		ok = zip_writer_begin(outer.zip, &member, err) &&
		    zip_writer_sink(outer.zip, buf_span(&header), err) &&
		    zip_writer_end(outer.zip, &ignored, err);
	}
	envelope_free(envelope);
	zip_writer_free(outer.zip);
	buf_free(&header);
	return ok;
}
