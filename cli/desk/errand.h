/*
 * errand.h - the lines of an act's command, on their way to the page, and what
 * its end means for the files that it had.
 *
 * A page that goes away takes nothing with it: the command goes on.
 */
#ifndef CLI_DESK_ERRAND_H
#define CLI_DESK_ERRAND_H

#include <jansson.h>

#include "cli/desk/desk.h"

enum { ERRAND_FILES = LIMIT_TEXTS + LIMIT_ANNEXES };

struct errand {
	struct desk *desk;
	int fd;               /* the command's lines; -1 once they ended */
	struct buf line, out; /* what is not a whole line yet; what is to go */
	size_t went;          /* bytes of out that went */
	json_t *answer;       /* the result or error, which goes last */
	/* Files that a result has used up; with always an error, too. */
	char files[ERRAND_FILES][SPOOL_ID];
	size_t num_files;
	bool always;
	/* A folder into which the command puts a file of that name. */
	char copy[SPOOL_ID];
	char name[LIMIT_SLUG_BYTES + 16];
	/*
	 * Called once: with the result, or NULL for an error, or if it is freed
	 * without having been started. Or it is NULL.
	 */
	void (*done)(struct errand *errand, json_t *result);
	void *arg; /* of done's, freed by free_arg; or NULL */
	void (*free_arg)(void *arg);
	bool started;
};

struct errand *errand_new(struct desk *desk, struct error *err) MUST_USE;
/* Have the result use up a file. ERROR_LIMIT if there are too many. */
bool errand_uses(struct errand *errand, const char *id,
    struct error *err) MUST_USE;
/* Start the command, whose lines are then to be read. */
bool errand_start(struct errand *errand, struct child_line *line,
    struct error *err) MUST_USE;

/*
 * Read some of them, waiting for the first. Returns how many bytes; 0 at the
 * end; -1 if the desk ends.
 */
ssize_t errand_read(struct errand *errand, char *out, size_t max);
void errand_free(struct errand *errand);

#endif
