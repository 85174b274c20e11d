/*
 * System calls that fail when a test says so (faults.h).
 */
#include "faults.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

struct faults faults;

static bool
fails(int *left)
{
	if (*left == 0 || --*left > 0)
		return false;
	errno = faults.error != 0 ? faults.error : EIO;
	return true;
}

int
fdatasync(int fd)
{
	return fails(&faults.fdatasync) ? -1 : (int)syscall(SYS_fdatasync, fd);
}

int
ftruncate(int fd, off_t len)
{
	return fails(&faults.ftruncate) ? -1
					: (int)syscall(SYS_ftruncate, fd, len);
}

int
fallocate(int fd, int mode, off_t at, off_t len)
{
	if (faults.fallocate > 0 && --faults.fallocate == 0) {
		if (faults.fallocate_more-- > 0)
			faults.fallocate = 1;
		errno = ENOSPC;
		return -1;
	}
	return (int)syscall(SYS_fallocate, fd, mode, at, len);
}

ssize_t
pread(int fd, void *data, size_t len, off_t at)
{
	return fails(&faults.pread) ? -1
				    : syscall(SYS_pread64, fd, data, len, at);
}

ssize_t
pwrite(int fd, const void *data, size_t len, off_t at)
{
	return fails(&faults.pwrite) ? -1
				     : syscall(SYS_pwrite64, fd, data, len, at);
}

void *
mmap(void *at, size_t len, int protection, int flags, int fd, off_t offset)
{
	if (fd >= 0 && fails(&faults.mmap))
		return MAP_FAILED;
	/* syscall() returns the address as a number. */
	return (
	    void *)syscall(SYS_mmap, at, len, protection, flags, fd, offset);
}
