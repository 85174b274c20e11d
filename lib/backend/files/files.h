/*
 * files.h - a backend of files: a bare git repository, which any git command
 * reads and clones, and a folder for the log.
 *
 * We write the objects, from bytes that were judged, as one pack and index for
 * each set, without deltas.  We read them in pieces, so that a text of a
 * gigabyte costs no memory. libgit2 reads objects from packs that a repack
 * made.
 */
#ifndef BACKEND_FILES_FILES_H
#define BACKEND_FILES_FILES_H

#include "backend/backend.h"

enum { FILES_HEAD_BYTES = 160 }; /* of one record in the log's file "heads" */

/* Make an empty repository; or that of a data folder. */
bool files_create(const char *repository, struct error *err) MUST_USE;
bool files_create_ours(const char *repository, struct error *err) MUST_USE;
/* Make an empty log in an existing folder. */
bool files_create_log(const char *log, struct error *err) MUST_USE;
/*
 * Open a repository, a log, or both: NULL for the one that is not wanted, whose
 * functions must then not be called.  The caller holds the data folder's lock
 * if it writes.
 */
struct backend *files_open(const char *repository, const char *log,
    struct error *err);
/*
 * Open to read while another process writes: nothing is changed, and no
 * leftovers of a crash are swept.
 */
struct backend *files_view(const char *repository, const char *log,
    struct error *err);

/*
 * The same for the repository of a data folder, to write, or to view: only we
 * write there. Each of its packs has a .keep, so that git-gc(1) and
 * git-repack(1) leave it alone. Opening it to write mends what follows from
 * other files (look() of the backend tells it).
 */
struct backend *files_open_ours(const char *repository, const char *log,
    bool is_view, struct error *err);

/*
 * Add a pack from outside, bytes [at, at + len) of a file, which nobody
 * shortens meanwhile. Each object is read whole and gets its name; after that
 * it is in the backend. Nothing is flushed. for_git: git is to read it too, so
 * that each object is read as strictly as git reads it.
 *
 * ERROR_MALFORMED  the bytes are not a pack
 */
bool files_take_pack(struct backend *backend, int fd, uint64_t at, uint64_t len,
    bool for_git, struct error *err) MUST_USE;

#endif
