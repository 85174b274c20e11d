/*
 * tool.h - what the test and measuring programs share.
 */
#ifndef TESTS_TOOL_H
#define TESTS_TOOL_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/error.h"

/*
 * Returns the seconds of a clock: CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID, …
 */
static inline double
tool_seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Print what failed, and why unless err is NULL; exit with 7. */
static inline _Noreturn void
tool_fail(const char *what, const struct error *err)
{
	fprintf(stderr, "%s: %s\n", what, err != NULL ? err->detail : "");
	exit(7);
}

#endif
