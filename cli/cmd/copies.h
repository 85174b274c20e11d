/*
 * copies.h - the files that "valise verify" is given: names, folders, and pipes.
 */
#ifndef CLI_CMD_COPIES_H
#define CLI_CMD_COPIES_H

#include "client/context.h"

/* Paths, in the order in which they are judged. */
struct copies {
	char **paths;
	size_t num, room;
};

/*
 * Add each name; in the place of a folder all files *.asice in it and below, by
 * name, or itself if there are none.
 */
bool copies_gather(struct copies *copies, char *names[], size_t num,
    struct error *err) MUST_USE;
void copies_free(struct copies *copies);

/*
 * Open a file to judge it; "-" is standard input.  What cannot be read from any
 * place, such as a pipe, is first written to a nameless file: up to
 * LIMIT_CONTAINER_BYTES, and no more than its first bytes if these are no ZIP's.
 * Returns a descriptor, or -1.
 *
 * ERROR_NOT_FOUND  it is not there, or a folder without any
 * ERROR_LIMIT      there is more in the pipe
 */
int copies_open(const struct context *context, const char *path,
    struct error *err);

#endif
