/*
 * faults.h - system calls that fail when a test says so.  A test that links
 * faults.c has these in place of the C library's.
 */
#ifndef TESTS_FAULTS_H
#define TESTS_FAULTS_H

/* The n-th call from now on fails with EIO, once; 0: none does. */
struct faults {
	int fdatasync, ftruncate, mmap, pread, pwrite;
};
extern struct faults faults;

#endif
