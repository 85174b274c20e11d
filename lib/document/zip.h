/*
 * zip.h - the ZIP of a container: one strict reader, one small writer.
 *
 * Source: PKWARE APPNOTE 6.3.10; docs/formats.md, "The ZIP".  Members lie back
 * to back from byte 0 to the central directory, in its order, and every field
 * that stands twice is equal: no two readers can see two things.
 */
#ifndef DOCUMENT_ZIP_H
#define DOCUMENT_ZIP_H

#include "base/bytes.h"
#include "base/deflate.h"
#include "base/limits.h"

struct zip_member {
	char path[LIMIT_PATH_BYTES + 1]; /* as text_check_path() takes it */
	bool deflated;                   /* else stored */
	uint32_t crc;
	uint64_t size;   /* of the content */
	uint64_t packed; /* of its bytes in the file */
	uint64_t at;     /* where these begin */
};

/*
 * A container or a bag of ours has every header as our writer makes it: no bit
 * is left that anybody could choose.  Small files that any tool may have put
 * together, for a request's body, need only be plain ones.
 */
enum zip_form { ZIP_OURS, ZIP_PLAIN };

/*
 * Read and check the structure of the file fd; *members is the caller's to
 * free().  Nothing is inflated: contents are checked as they are read, which
 * the sizes here allow or not.
 *
 * ERROR_MALFORMED  any field that another reader might see differently
 * ERROR_LIMIT      members, sizes, names, ratio of one and of all
 */
bool zip_read(int fd, enum zip_form form, struct zip_member **members,
    size_t *num, struct error *err) MUST_USE;

/*
 * Look at a member's header where it lies before the content, unchecked: for
 * who takes the ZIP apart as it comes, and calls zip_read() at last.  False if
 * bytes do not begin with one.  *len gets the length of the whole header, out
 * the sizes, the CRC and whether it is deflated.
 */
enum { ZIP_LOCAL_BYTES = 30 };
bool zip_peek_local(struct span bytes, struct zip_member *out, size_t *len);

/*
 * The content of a member, to sink; its size and CRC are checked.
 */
bool zip_stream(int fd, const struct zip_member *member, byte_sink *sink,
    void *arg, struct error *err) MUST_USE;
/*
 * The same for many small members that lie near each other, as those of
 * META-INF do: one read of the file has many of them.  end is where the last
 * member of all ends.
 */
struct zip_window;
struct zip_window *zip_window_new(int fd, uint64_t end, struct error *err);
bool zip_window_load(struct zip_window *window, const struct zip_member *member,
    struct buf *out, struct error *err) MUST_USE;
void zip_window_free(struct zip_window *window);
/* Its bytes as they lie in the file. */
bool zip_stream_packed(int fd, const struct zip_member *member, byte_sink *sink,
    void *arg, struct error *err) MUST_USE;

/*
 * Inflate a raw deflate stream that must end exactly with its input and give
 * exactly size bytes.  Feed it with zip_inflate_take(), then _end().
 */
struct zip_inflater;
struct zip_inflater *zip_inflater_new(uint64_t size, byte_sink *sink, void *arg,
    struct error *err);
bool zip_inflater_take(struct zip_inflater *inflater, struct span bytes,
    struct error *err) MUST_USE;
bool zip_inflater_end(struct zip_inflater *inflater,
    struct error *err) MUST_USE;
void zip_inflater_free(struct zip_inflater *inflater);

/* Would a reader take a member so deflated for a bomb?  Then it is stored. */
bool zip_is_bomb(uint64_t size, uint64_t packed);
/* The same of all members together, by their sums. */
bool zip_is_bomb_in_all(uint64_t size, uint64_t packed);

/* Writes to fd at its own offset from 0; dates are 1980-01-01. */
struct zip_writer;
struct zip_writer *zip_writer_new(int fd, struct error *err);
/* The same, to where there is no going back: for members that are known. */
struct zip_writer *zip_writer_to(byte_sink *sink, void *arg, struct error *err);
/* The CRC of the last member, which was not known when it began: to a file. */
bool zip_writer_set_crc(struct zip_writer *writer, uint32_t crc,
    struct error *err) MUST_USE;
/* Begin a member; its packed bytes follow by zip_writer_sink(). */
bool zip_writer_begin(struct zip_writer *writer,
    const struct zip_member *member, struct error *err) MUST_USE;
bool zip_writer_sink(void *writer, struct span bytes, struct error *err);
/* The central directory; *size gets the size of the file. */
bool zip_writer_end(struct zip_writer *writer, uint64_t *size,
    struct error *err) MUST_USE;
void zip_writer_free(struct zip_writer *writer);

#endif
