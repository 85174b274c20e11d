/*
 * files.h - a backend of files: a bare git repository, which any git command
 * reads and clones, and a folder for the log.
 *
 * Objects are written by us, from bytes that were judged, one pack and index a
 * set, without deltas; read by us, in pieces, so that a text of a gigabyte
 * costs no memory.  libgit2 keeps the names and reads what a repack made.
 */
#ifndef BACKEND_FILES_FILES_H
#define BACKEND_FILES_FILES_H

#include "backend/backend.h"

enum { FILES_HEAD_BYTES = 160 }; /* a record of the log's file "heads" */

/* Make an empty repository. */
bool files_create(const char *repository, struct error *err) MUST_USE;
/* Make an empty log in a folder that is there. */
bool files_create_log(const char *log, struct error *err) MUST_USE;
/*
 * Open a repository, a log, or both: NULL is for one that is not wanted, and
 * whose functions are then not to be called.  Who opens to write holds the data
 * folder's lock.
 */
struct backend *files_open(const char *repository, const char *log,
    struct error *err);
/* To read beside whoever writes: nothing is changed, not even swept. */
struct backend *files_view(const char *repository, const char *log,
    struct error *err);

/*
 * Take in a pack that somebody else made, [at, + len) of a file: read, checked
 * and indexed by libgit2; then its objects are here.
 *
 * ERROR_MALFORMED  it is none
 */
bool files_take_pack(struct backend *backend, int fd, uint64_t at, uint64_t len,
    struct error *err) MUST_USE;

#endif
