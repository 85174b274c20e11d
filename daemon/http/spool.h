/*
 * spool.h - unnamed files for the bodies of requests.  Creating one is slow on
 * many file systems, so each loop keeps some for the next bodies.
 */
#ifndef DAEMON_HTTP_SPOOL_H
#define DAEMON_HTTP_SPOOL_H

#include <stdint.h>

#include "base/error.h"

enum {
	SPOOL_SPARE = 64,
	SPOOL_KEEP_BYTES = 1024 * 1024, /* a larger file is closed, not kept */
};

/* One for each loop; all zero at first. */
struct spool {
	int spare[SPOOL_SPARE];
	unsigned num;
};

/* Returns an empty file in dir, without a name; -1 with an error. */
int spool_take(struct spool *spool, const char *dir, struct error *err);
/*
 * Give a file back after len bytes were written to it.  It is emptied and kept,
 * or closed.
 */
void spool_give(struct spool *spool, int fd, uint64_t len);
void spool_close(struct spool *spool);

#endif
