/*
 * file.h - files that appear whole or not at all.
 *
 * All paths are the operator's or our own.  Errors carry the path.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <sys/types.h>

#include "base/bytes.h"

/*
 * Append a file's bytes to out.
 *
 * ERROR_NOT_FOUND  there is no such file
 * ERROR_LIMIT      it has more than max bytes
 */
bool file_read(const char *path, size_t max, struct buf *out,
    struct error *err) MUST_USE;

/*
 * Write bytes beside path, flush, rename into place, flush the folder: after
 * true, path has exactly these bytes whatever fails next; after false it is
 * as it was.
 */
bool file_write(const char *path, struct span bytes, mode_t mode,
    struct error *err) MUST_USE;
/* As file_write(), whole or not at all, but not flushed: for a cache. */
bool file_write_quick(const char *path, struct span bytes, mode_t mode,
    struct error *err) MUST_USE;
/* As file_write(), but a file that is there is not replaced. */
bool file_create(const char *path, struct span bytes, mode_t mode,
    struct error *err) MUST_USE;

/*
 * Remove a file, or a folder with all that is in it, six levels deep; a link is
 * removed, and what it leads to stays. What cannot be removed stays.
 */
void file_remove_tree(const char *path);

bool file_exists(const char *path);
/* Is it a regular file, in the folder at, that was changed so long ago? */
bool file_is_older(int at, const char *name, time_t seconds);
/* Make a folder and those above it, like mkdir -p. */
bool file_make_dirs(const char *path, mode_t mode, struct error *err) MUST_USE;
bool file_sync_dir(const char *path, struct error *err) MUST_USE;

/* Write or read all bytes at an offset, despite EINTR and short counts. */
bool file_pwrite(int fd, struct span bytes, off_t at,
    struct error *err) MUST_USE;
bool file_pread(int fd, void *out, size_t len, off_t at,
    struct error *err) MUST_USE;

/*
 * Ask for the room of a file that will have so many bytes, which then costs
 * less to write. Where there is none, or no such call, writing tells.
 */
void file_reserve(int fd, uint64_t size);

/*
 * Have the disk set apart the room of bytes [at, at + len), whatever the file's
 * size, so that writing them cannot fail for want of it.  True where the file
 * system has no such call.
 *
 * ERROR_SYSTEM  no room (is_full), or the disk failed
 */
bool file_allocate(int fd, uint64_t at, uint64_t len,
    struct error *err) MUST_USE;

/*
 * Have these bytes written to the disk soon, without waiting: a flush at the end
 * then has less to do, and others' flushes wait less for it.
 */
void file_write_out(int fd, uint64_t at, uint64_t len);

/* Give len bytes of a file, from at on, to sink, in pieces. */
bool file_stream(int fd, uint64_t at, uint64_t len, byte_sink *sink, void *arg,
    struct error *err) MUST_USE;

struct digest;
/* The SHA-256 of the first len bytes of a file. */
bool file_sha256(int fd, uint64_t len, struct digest *out,
    struct error *err) MUST_USE;

/*
 * Open path, made if need be, and hold an exclusive lock on it until the
 * descriptor is closed. -1, with ERROR_CONFLICT if another process holds it.
 */
int file_lock(const char *path, struct error *err) MUST_USE;
/* The same, waiting for the process that holds it. */
int file_lock_wait(const char *path, struct error *err) MUST_USE;
/* The same with a shared lock. */
int file_lock_shared(const char *path, struct error *err) MUST_USE;

/* Make everything durable that was written to the file system of dir. */
bool file_sync_all(const char *dir, struct error *err) MUST_USE;

/*
 * Open a nameless file in dir, which is gone with its descriptor. -1 on
 * failure.
 */
int file_temporary(const char *dir, struct error *err) MUST_USE;

/*
 * Open a file to read; -1 on failure.
 *
 * ERROR_NOT_FOUND  it is not there
 */
int file_open(const char *path, struct error *err);

/* Join "a" and "b" to "a/b". ERROR_LIMIT if it does not fit. */
#define FILE_PATH 4096
bool file_join(char out[FILE_PATH], const char *dir, const char *name,
    struct error *err) MUST_USE;

/* Get the folder that path is in: "." if path names none. */
void file_parent(const char *path, char out[FILE_PATH]);

#endif
