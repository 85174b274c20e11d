/*
 * outfile.h - a file that a person named to be written, whatever it is.
 *
 * A plain file appears whole or not at all: bytes go beside it (scratch.h), are
 * flushed and renamed.  It keeps the mode of the file that it replaces; a new
 * one has what the umask leaves.  A link stays, and the file that it leads to
 * is replaced, beside that one.  A FIFO or a character device is written to,
 * once all bytes are there; so is standard output, "-".  Anything else (a block
 * device, a socket, a folder) is refused: as root, a rename would put a plain
 * file in its place.
 */
#ifndef BASE_OUTFILE_H
#define BASE_OUTFILE_H

#include "base/scratch.h"

struct outfile {
	int fd; /* write the output here, at any offset */
	/* path is a stream: it is written to, not replaced */
	bool is_stream;
	bool is_stdout;
	/* there is a plain file, which is replaced if the caller lets it be */
	bool replaces;
	char path[FILE_PATH]; /* the path that is replaced, or written to */
	struct scratch scratch;
};

/* Get the path that is written: path, with links followed. */
bool outfile_leads_to(const char *path, char out[FILE_PATH],
    struct error *err) MUST_USE;

/*
 * Begin to write path, before anything is done that cannot be taken back: what
 * would fail later fails here as far as that can be known.  scratch is a folder
 * for a nameless file, in case path is a stream.  On success the caller ends
 * with outfile_finish() or outfile_drop().
 *
 * ERROR_USAGE   it is, or leads to, something that is refused
 * ERROR_SYSTEM  its folder does not exist, or cannot be written; the disk is
 *                full; a device takes nothing
 */
bool outfile_open(struct outfile *out, const char *path, const char *scratch,
    struct error *err) MUST_USE;

/*
 * Write to another name in the same folder: that is known only now.
 * ERROR_USAGE as above.
 */
bool outfile_rename(struct outfile *out, const char *path,
    struct error *err) MUST_USE;

/*
 * Put what was written in place; or send it to the stream, which waits for the
 * reader of a FIFO. On failure a file is as it was; a stream may have got a
 * part. out is released in both cases.
 *
 * ERROR_SYSTEM    it did not work: a full disk, a reader that went away
 * ERROR_CONFLICT  a file is there that was not when it was opened
 */
bool outfile_finish(struct outfile *out, struct error *err) MUST_USE;

/* End, and leave nothing behind. */
void outfile_drop(struct outfile *out);

/*
 * Could a file be written in this folder?  Nothing is left of the try.
 *
 * ERROR_SYSTEM  it cannot be written; the disk is full
 */
bool outfile_try_within(const char *folder, struct error *err) MUST_USE;

/*
 * Could a new folder be made at path?  Nothing is left of the try.
 *
 * ERROR_CONFLICT  something is there
 * ERROR_SYSTEM    the folder that it would be in cannot be written
 */
bool outfile_try_folder(const char *path, struct error *err) MUST_USE;

/*
 * Flush standard output at the end of a program.  *gone is set, and it is no
 * failure, if its reader went away (EPIPE).
 *
 * ERROR_SYSTEM  something that was printed could not be written
 */
bool outfile_end_stdout(bool *gone, struct error *err) MUST_USE;

#endif
