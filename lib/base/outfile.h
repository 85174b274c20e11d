/*
 * outfile.h - a file that a person named to be written, whatever it is.
 *
 * A plain file appears whole or not at all: bytes go beside it, are flushed and
 * renamed.  A link stays, and the file that it leads to is replaced, beside
 * that one.  A FIFO or a character device is written to, once all bytes are
 * there.  Anything else (a block device, a socket, a folder) is refused: as
 * root, a rename would put a plain file in its place.
 */
#ifndef BASE_OUTFILE_H
#define BASE_OUTFILE_H

#include "base/file.h"

struct outfile {
	int fd; /* write the output here, at any offset */
	/* path is a stream: it is written to, not replaced */
	bool is_stream;
	char path[FILE_PATH]; /* the path that is replaced, or written to */
	char tmp[FILE_PATH];  /* the file that replaces it */
};

/*
 * Check whether path could be written, before anything is done that cannot be
 * taken back. Nothing is opened or made.
 *
 * ERROR_USAGE   it is, or leads to, something that is refused
 * ERROR_SYSTEM  its folder does not exist, or it cannot be looked at
 */
bool outfile_check(const char *path, struct error *err) MUST_USE;

/* Get the path that is written: path, with links followed. */
bool outfile_leads_to(const char *path, char out[FILE_PATH],
    struct error *err) MUST_USE;

/*
 * Begin to write path. scratch is a folder for a nameless file, in case path is
 * a stream. On success the caller ends with outfile_finish() or outfile_drop().
 * For errors see outfile_check().
 */
bool outfile_open(struct outfile *out, const char *path, const char *scratch,
    struct error *err) MUST_USE;

/*
 * Put what was written in place; or send it to the stream, which waits for the
 * reader of a FIFO. On failure a file is as it was; a stream may have got a
 * part. out is released in both cases. mode is that of a file that is made.
 *
 * ERROR_SYSTEM  it did not work: a full disk, a reader that went away
 */
bool outfile_finish(struct outfile *out, mode_t mode,
    struct error *err) MUST_USE;

/* End, and leave nothing behind. */
void outfile_drop(struct outfile *out);

#endif
