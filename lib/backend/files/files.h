/*
 * files.h - a backend of files: a bare git repository, which any git command
 * reads and clones.
 *
 * Objects are written by us, from bytes that were judged, one pack and index a
 * set, without deltas; read by us, in pieces, so that a text of a gigabyte
 * costs no memory.  libgit2 keeps the names and reads what a repack made.
 */
#ifndef BACKEND_FILES_FILES_H
#define BACKEND_FILES_FILES_H

#include "backend/backend.h"

/* Make an empty repository. */
bool files_create(const char *path, struct error *err) MUST_USE;
/* Who opens it to write holds the data folder's lock. */
struct backend *files_open(const char *path, struct error *err);
/* To read beside whoever writes: nothing is changed, not even swept. */
struct backend *files_view(const char *path, struct error *err);

/*
 * Take in a pack that somebody else made, [at, + len) of a file: read, checked
 * and indexed by libgit2; then its objects are here.
 *
 * ERROR_MALFORMED  it is none
 */
bool files_take_pack(struct backend *backend, int fd, uint64_t at, uint64_t len,
    struct error *err) MUST_USE;

#endif
