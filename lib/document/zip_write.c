/*
 * Writing the ZIP of a container (zip.h).
 */
#include "document/zip_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/deflate.h"
#include "base/file.h"

enum { GATHER = 64 * 1024 };

struct zip_writer {
	int fd; /* or -1: to sink */
	byte_sink *sink;
	void *arg;
	uint64_t last_at;    /* of the last member's header, */
	size_t last_central; /* and of its entry in the directory */
	uint64_t at;
	unsigned num;
	struct buf central;
	struct buf gathered; /* not yet written: the last of what is up to at */
};

struct zip_writer *
zip_writer_new(int fd, struct error *err)
{
	struct zip_writer *writer = calloc(1, sizeof(*writer));

	if (writer == NULL) {
		error_set_errno(err, "ZIP");
		return NULL;
	}
	writer->fd = fd;
	writer->central =
	    BUF(LIMIT_MEMBERS * (CENTRAL_BYTES + LIMIT_PATH_BYTES));
	writer->gathered = BUF(GATHER);
	return writer;
}

struct zip_writer *
zip_writer_to(byte_sink *sink, void *arg, struct error *err)
{
	struct zip_writer *writer = zip_writer_new(-1, err);

	if (writer != NULL) {
		writer->sink = sink;
		writer->arg = arg;
	}
	return writer;
}

static bool
write_out(struct zip_writer *writer, struct span bytes, uint64_t at,
    struct error *err)
{
	return (writer->fd < 0
		       ? writer->sink(writer->arg, bytes, err)
		       : file_pwrite(writer->fd, bytes, (off_t)at, err)) ||
	    error_context(err, "ZIP");
}

static bool
write_gathered(struct zip_writer *writer, struct error *err)
{
	const struct span bytes = buf_span(&writer->gathered);

	writer->gathered.len = 0;
	return bytes.len == 0 ||
	    write_out(writer, bytes, writer->at - bytes.len, err);
}

/* APPNOTE 4.3.7 and 4.3.12: where the CRC stands in the two headers. */
enum { CRC_IN_LOCAL = 14, CRC_IN_CENTRAL = 16 };

bool
zip_writer_set_crc(struct zip_writer *writer, uint32_t crc, struct error *err)
{
	uint8_t bytes[4];

	for (unsigned i = 0; i < 4; i++)
		bytes[i] = (uint8_t)(crc >> 8 * i);
	memcpy(writer->central.data + writer->last_central + CRC_IN_CENTRAL,
	    bytes, 4);
	return write_gathered(writer, err) &&
	    file_pwrite(writer->fd, span_of(bytes, 4),
		(off_t)(writer->last_at + CRC_IN_LOCAL), err);
}

void
zip_writer_free(struct zip_writer *writer)
{
	if (writer == NULL)
		return;
	buf_free(&writer->central);
	buf_free(&writer->gathered);
	free(writer);
}

static bool
put_le(struct buf *out, uint32_t value, unsigned width, struct error *err)
{
	for (unsigned i = 0; i < width; i++)
		if (!buf_append_u8(out, (uint8_t)(value >> 8 * i), err))
			return false;
	return true;
}

static bool
is_ascii(const char *path)
{
	for (const char *c = path; *c != '\0'; c++)
		if ((unsigned char)*c >= 128)
			return false;
	return true;
}

/*
 * The field "made by".  Info-ZIP's unzip takes a name marked as made on DOS for
 * one of a DOS code page, whatever the UTF-8 flag says; a member marked as made
 * on Unix needs a mode, or it cannot be opened.
 */
static uint32_t
made_by(const struct zip_member *member)
{
	return is_ascii(member->path) ? MADE_BY : MADE_BY_UNIX;
}

static uint32_t
attributes(const struct zip_member *member)
{
	return is_ascii(member->path) ? 0 : PLAIN_FILE;
}

static bool
put_common(struct buf *out, const struct zip_member *member, struct error *err)
{
	const bool ascii = is_ascii(member->path);

	return put_le(out, member->deflated ? 20 : 10, 2, err) &&
	    put_le(out, ascii ? 0 : FLAG_UTF8, 2, err) &&
	    put_le(out, member->deflated ? METHOD_DEFLATED : METHOD_STORED, 2,
		err) &&
	    put_le(out, 0, 2, err) && put_le(out, DOS_DATE, 2, err) &&
	    put_le(out, member->crc, 4, err) &&
	    put_le(out, (uint32_t)member->packed, 4, err) &&
	    put_le(out, (uint32_t)member->size, 4, err) &&
	    put_le(out, (uint32_t)strlen(member->path), 2, err) &&
	    put_le(out, 0, 2, err);
}

bool
zip_writer_begin(struct zip_writer *writer, const struct zip_member *member,
    struct error *err)
{
	struct buf local = BUF(LOCAL_BYTES + LIMIT_PATH_BYTES);
	const uint64_t at = writer->at;
	bool ok;

	if (at + LOCAL_BYTES + LIMIT_PATH_BYTES + member->packed >
	    LIMIT_CONTAINER_BYTES)
		return error_set(err, ERROR_LIMIT,
		    "the container would be over 4 GiB");
	writer->last_at = at;
	writer->last_central = writer->central.len;
	ok = put_le(&local, LOCAL_MAGIC, 4, err) &&
	    put_common(&local, member, err) &&
	    buf_append_str(&local, member->path, err) &&
	    put_le(&writer->central, CENTRAL_MAGIC, 4, err) &&
	    put_le(&writer->central, made_by(member), 2, err) &&
	    put_common(&writer->central, member, err) &&
	    put_le(&writer->central, 0, 2, err) && /* comment */
	    put_le(&writer->central, 0, 2, err) && /* disk */
	    put_le(&writer->central, 0, 2, err) && /* internal attributes */
	    put_le(&writer->central, attributes(member), 4, err) &&
	    put_le(&writer->central, (uint32_t)at, 4, err) &&
	    buf_append_str(&writer->central, member->path, err) &&
	    zip_writer_sink(writer, buf_span(&local), err);
	buf_free(&local);
	writer->num++;
	return ok;
}

bool
zip_writer_sink(void *arg, struct span bytes, struct error *err)
{
	struct zip_writer *writer = arg;

	if (bytes.len > GATHER - writer->gathered.len &&
	    !write_gathered(writer, err))
		return false;
	if (!(bytes.len < GATHER ? buf_append(&writer->gathered, bytes, err)
				 : write_out(writer, bytes, writer->at, err)))
		return false;
	writer->at += bytes.len;
	return true;
}

bool
zip_writer_end(struct zip_writer *writer, uint64_t *size, struct error *err)
{
	struct buf end = BUF(END_BYTES);
	const uint64_t at = writer->at;
	bool ok;

	ok = put_le(&end, END_MAGIC, 4, err) && put_le(&end, 0, 4, err) &&
	    put_le(&end, writer->num, 2, err) &&
	    put_le(&end, writer->num, 2, err) &&
	    put_le(&end, (uint32_t)writer->central.len, 4, err) &&
	    put_le(&end, (uint32_t)at, 4, err) && put_le(&end, 0, 2, err) &&
	    zip_writer_sink(writer, buf_span(&writer->central), err) &&
	    zip_writer_sink(writer, buf_span(&end), err) &&
	    write_gathered(writer, err);
	*size = writer->at;
	buf_free(&end);
	return ok;
}
