/*
 * enrolling.h - the certificates and keys of an enrolment, kept beside the
 * configuration that "valise init" is going to write and which names them.
 *
 * While an enrolment goes on, CONFIG.enrolling lists the files that were made for
 * it, each before it is made, and is locked.  An enrolment that was killed leaves
 * that list: the next one, which has to be given the files again, uses those that
 * are the same, and sets the others aside under another name.  A file that is
 * not listed is the person's own: it is used if it is the same, and never
 * replaced, renamed or removed.
 */
#ifndef CLI_DESK_ENROLLING_H
#define CLI_DESK_ENROLLING_H

#include <jansson.h>

#include "base/file.h"

struct enrolling;

/*
 * Begin one, for the configuration that will be at config.  NULL on failure.
 *
 * ERROR_CONFLICT  another one goes on
 */
struct enrolling *enrolling_begin(const char *config,
    struct error *err) MUST_USE;
/* Frees the memory, and the lock unless the command has it; takes NULL. */
void enrolling_free(struct enrolling *enrolling);

/* The lock: a command that has it too keeps others from beginning one. */
int enrolling_lock(const struct enrolling *enrolling);

/*
 * Keep a file of that name; path is where.
 *
 * ERROR_CONFLICT  another one of that name is there, which is not listed
 */
bool enrolling_keep(struct enrolling *enrolling, const char *name,
    struct span bytes, char path[FILE_PATH], struct error *err) MUST_USE;

/*
 * It is over.  If the office is enrolled, what was kept stays, and out gets
 * "resumed": true if files of one that was killed were used, and "unused", the
 * paths of those that were not, if there are any.  Else what was kept is
 * removed, and what was set aside has its name again.
 */
void enrolling_end(struct enrolling *enrolling, bool enrolled, json_t *out);

/* Was one begun, and did not come to its end? */
bool enrolling_was_cut(const char *config);
/* Remove the list, since there is a configuration. */
void enrolling_forget(const char *config);

#endif
