/*
 * private.h - files with private keys, which nobody else may read.
 *
 * The rule is PostgreSQL's.  A file of root may be read by its group (0640 or
 * less); any other by its owner alone (0600 or less).  On a file system that
 * keeps no modes (FAT, a share of another system), or if the user says so, a
 * warning is given instead.
 */
#ifndef BASE_PRIVATE_H
#define BASE_PRIVATE_H

#include "base/file.h"

#define PRIVATE_SECRET 1024 /* room for a passphrase */

/*
 * What to do about a file that others may read, and about an encrypted key.
 * Zero: refuse either.
 */
struct private_rule {
	bool insecure; /* use it: --insecure-key */
	/* Called with a sentence if it is used; NULL: nobody is told. */
	void (*warn)(const char *sentence);
	/*
	 * Gets a passphrase of the key in a file; attempt counts, from 0 on, as
	 * long as it was not the right one. Who gets it cleanses it. NULL: there
	 * is nobody to ask.
	 *
	 * ERROR_USAGE  there is none, or no other one
	 */
	bool (*secret)(void *arg, const char *path, unsigned attempt,
	    char out[PRIVATE_SECRET], struct error *err);
	void *arg;
};

enum private_verdict {
	PRIVATE_GOOD,
	PRIVATE_MODELESS, /* others may read it, as all of its file system */
	PRIVATE_EXPOSED,  /* others may read it */
};

/* Judge a file's mode and owner; file_system is statfs(2)'s f_type. */
enum private_verdict private_judge(mode_t mode, uid_t owner, long file_system);

/*
 * May the private key in this file be used?
 *
 * ERROR_UNTRUSTED  others may read it; the sentence has its path, its mode, and
 *                   the command that puts it right
 * ERROR_NOT_FOUND  there is no such file
 */
bool private_check(const char *path, const struct private_rule *rule,
    struct error *err) MUST_USE;
/* The same, and file_read(). The caller cleanses the bytes. */
bool private_read(const char *path, size_t max, const struct private_rule *rule,
    struct buf *out, struct error *err) MUST_USE;

#endif
