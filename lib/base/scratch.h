/*
 * scratch.h - files and folders that are being made, in the folder where they
 * will be, until they are whole.
 *
 * A file has no name where the file system allows that (O_TMPFILE), so that
 * nothing of it is left whatever ends the program.  Else, and a folder always,
 * it is called ".tmp-valise-XXXXXX", whatever it is going to be called, and is
 * locked (flock(2)) while the program that makes it is alive: what can be
 * locked is of a dead one, and scratch_sweep() removes it.
 */
#ifndef BASE_SCRATCH_H
#define BASE_SCRATCH_H

#include "base/file.h"

/* What file_write() has for a moment, which is not locked. */
#define SCRATCH_QUICK ".tmp-quick-"

struct scratch {
	int fd;               /* to read and write; locked */
	char path[FILE_PATH]; /* its name; empty while it has none */
};

/* Begin a file in a folder. Its mode is 0600. */
bool scratch_open(struct scratch *out, const char *folder,
    struct error *err) MUST_USE;

/*
 * Give it a name in the same folder; fd stays open and locked.  With replace it
 * takes the name from the file that has it.  Nothing is flushed.
 *
 * ERROR_CONFLICT  without replace: the name is taken; it can be tried again
 */
bool scratch_place(struct scratch *scratch, const char *path, bool replace,
    struct error *err) MUST_USE;

/* Close it; what has no name yet is gone. */
void scratch_drop(struct scratch *scratch);

/*
 * Make a folder in a folder.  Returns a descriptor that locks it, which the
 * caller closes once it is renamed or removed; -1 on failure.
 */
int scratch_folder(const char *folder, char out[FILE_PATH],
    struct error *err) MUST_USE;

/*
 * Remove from a folder what dead programs left half made.  What cannot be
 * removed stays.
 */
void scratch_sweep(const char *folder);

#endif
