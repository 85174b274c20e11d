/*
 * arm - tells a daemon that has tests/soak/fault.c loaded which call must fail.
 *
 *	arm PAGE CALL NTH ERRNO   fail the NTH such call from now on
 *	arm PAGE                  fail none any more; print "COUNT FIRED"
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/soak/fault.h"

/* Returns the number of an errno, or 0. */
static uint32_t
error_of(const char *name)
{
	for (int error = 1; error < 200; error++) {
		const char *known = strerrorname_np(error);

		if (known != NULL && strcmp(known, name) == 0)
			return (uint32_t)error;
	}
	return 0;
}

int
main(int argc, char *argv[])
{
	static const char *const names[FAULT_CALLS] = { "none", "write",
		"pwrite", "fsync", "fdatasync", "rename", "open", "link",
		"mkdir", "malloc", "read", "pread", "openat", "accept4",
		"ftruncate", "fallocate", "unlink", "socket", "statvfs" };
	struct fault_page *page;
	int fd;

	if ((argc != 2 && argc != 5) ||
	    (fd = open(argv[1], O_RDWR | O_CREAT, 0600)) < 0 ||
	    ftruncate(fd, sizeof(*page)) != 0)
		return 2;
	page = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED, fd,
	    0);
	if (page == MAP_FAILED)
		return 2;
	__atomic_store_n(&page->call, FAULT_NONE, __ATOMIC_RELEASE);
	if (argc == 2) {
		printf("%llu %llu\n", (unsigned long long)page->count,
		    (unsigned long long)page->fired);
		return 0;
	}
	page->nth = strtoull(argv[3], NULL, 10);
	page->count = page->fired = 0;
	page->error = error_of(argv[4]);
	for (uint32_t i = 1; i < FAULT_CALLS; i++)
		if (strcmp(argv[2], names[i]) == 0)
			__atomic_store_n(&page->call, i, __ATOMIC_RELEASE);
	return page->call != FAULT_NONE && page->error != 0 ? 0 : 2;
}
