/*
 * faults.h - system calls that fail when a test says so.  In a test that links
 * faults.c these replace the C library's functions.
 */
#ifndef TESTS_FAULTS_H
#define TESTS_FAULTS_H

/* The n-th call from now on fails with EIO, once; 0: none fails. */
struct faults {
	int fdatasync, ftruncate, mmap, pread, pwrite;
	/* The n-th fails with ENOSPC, and so many after it. */
	int fallocate, fallocate_more;
	int error; /* in place of EIO, or 0 */
};
extern struct faults faults;

#endif
