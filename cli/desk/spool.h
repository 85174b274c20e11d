/*
 * spool.h - files that were dropped on a page, until a command has used them.
 *
 * Each is a file 0600 under its own name, in a folder of its own, in a folder
 * 0700 of this run of the desk.  It is written and hashed as it comes, so no
 * memory grows with it.  The run's folder is removed at the end; what a killed
 * run left is removed by the next (lib/base/scratch.h), and what a run that is
 * alive has stays.
 *
 * A page never says a path: it has the ids of what it sent.
 *
 * It is safe to call from several threads.
 */
#ifndef CLI_DESK_SPOOL_H
#define CLI_DESK_SPOOL_H

#include "base/digest.h"
#include "base/file.h"
#include "base/limits.h"

enum { SPOOL_ID = 33 }; /* 32 hex digits and the NUL */

struct spool;

/* Begin a run, in a folder that is made if need be. NULL on failure. */
struct spool *spool_new(const char *folder, struct error *err) MUST_USE;
/* Remove all of it. No upload is under way any more. */
void spool_free(struct spool *spool);

/* The folder of this run, in which all of it is; as long as the spool is. */
const char *spool_folder(const struct spool *spool);

/* A file that came. */
struct spooled {
	char id[SPOOL_ID];
	char name[LIMIT_NAME_BYTES + 1]; /* in NFC */
	uint64_t size;
	struct digest sha256; /* of what was sent */
	bool was_made;        /* by a command: spool_adopt() */
};

/*
 * May a file of that name and size come? Asked before its first byte.
 *
 * ERROR_MALFORMED  no file of a version may have that name
 * ERROR_LIMIT      it is too large, or there are too many already
 * ERROR_FULL       the disk has not three times its size: for it, for what is
 *                  made of it, and to go on working
 */
bool spool_check(struct spool *spool, const char *name, uint64_t size,
    struct error *err) MUST_USE;

/* One that is on its way. */
struct spool_upload;

/* The same, and begin. NULL on failure. */
struct spool_upload *spool_begin(struct spool *spool, const char *name,
    uint64_t size, struct error *err) MUST_USE;
/*
 * ERROR_MALFORMED  there are more bytes than were announced
 * ERROR_FULL       the disk is full
 */
bool spool_write(struct spool_upload *upload, struct span bytes,
    struct error *err) MUST_USE;
/*
 * It is whole. upload is gone afterwards, in any case.
 *
 * ERROR_MALFORMED  there are fewer bytes than were announced
 */
bool spool_end(struct spool_upload *upload, struct spooled *out,
    struct error *err) MUST_USE;
/* The line was cut, or the page closed: nothing of it stays. Takes NULL. */
void spool_drop(struct spool_upload *upload);

/*
 * Get where a file is.
 *
 * ERROR_NOT_FOUND  there is none with that id
 */
bool spool_find(struct spool *spool, const char *id, char path[FILE_PATH],
    struct spooled *out, struct error *err) MUST_USE;
void spool_remove(struct spool *spool, const char *id);

/*
 * Make a folder beside them for a command to put a file into; id is as a file's
 * is.  Then, once the command is done: take the file of that name for one of
 * those that came, or remove the folder.  Of those that commands made the oldest
 * goes once there are more than LIMIT_DESK_COPIES, or LIMIT_DESK_BYTES of them;
 * what is dropped on pages has room of its own.
 */
bool spool_make_folder(struct spool *spool, char id[SPOOL_ID],
    char path[FILE_PATH], struct error *err) MUST_USE;
bool spool_adopt(struct spool *spool, const char *id, const char *name,
    struct error *err) MUST_USE;
void spool_remove_folder(struct spool *spool, const char *id);
/* Beside a copy in its folder: a folder with its files. */
#define SPOOL_FILES "files"

#endif
