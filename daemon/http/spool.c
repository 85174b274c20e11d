/*
 * Unnamed files for the bodies of requests (spool.h).
 */
#include "daemon/http/spool.h"

#include <unistd.h>

#include "base/file.h"

int
spool_take(struct spool *spool, const char *dir, struct error *err)
{
	return spool->num > 0 ? spool->spare[--spool->num]
			      : file_temporary(dir, err);
}

void
spool_give(struct spool *spool, int fd, uint64_t len)
{
	if (spool->num < SPOOL_SPARE && len <= SPOOL_KEEP_BYTES &&
	    ftruncate(fd, 0) == 0)
		spool->spare[spool->num++] = fd;
	else
		close(fd);
}

void
spool_close(struct spool *spool)
{
	while (spool->num > 0)
		close(spool->spare[--spool->num]);
}
