/*
 * spool.h - files without a name for the bodies of requests.  To make one is
 * dear on many file systems, so that a loop keeps some for the next bodies.
 */
#ifndef DAEMON_HTTP_SPOOL_H
#define DAEMON_HTTP_SPOOL_H

#include <stdint.h>

#include "base/error.h"

enum {
	SPOOL_SPARE = 64,
	SPOOL_KEEP_BYTES = 1024 * 1024, /* a file of more is not kept */
};

/* A loop's own; all zero at first. */
struct spool {
	int spare[SPOOL_SPARE];
	unsigned num;
};

/* An empty file in dir, without a name; -1 if there is none to have. */
int spool_take(struct spool *spool, const char *dir, struct error *err);
/* The body is done with: len bytes of it.  The file is emptied, or closed. */
void spool_give(struct spool *spool, int fd, uint64_t len);
void spool_close(struct spool *spool);

#endif
