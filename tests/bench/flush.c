/*
 * flush.c - measures what a flush costs on the disk of a folder.  The daemon
 * waits for two flushes a batch: one of the journal and one of the signer's
 * record.
 */
#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "tests/bench/bench.h"
#include "tests/lib/tool.h"

enum { FLUSHES = 101, BYTES = 2048 };

static int
compare_doubles(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Returns the median in microseconds of flushed writes. */
static double
time_flushes(const char *dir, const char *name, bool appends)
{
	static const uint8_t bytes[BYTES] = { 1 }, zeros[BYTES];
	double took[FLUSHES];
	char path[FILE_PATH];
	struct error err = { 0 };
	int fd;

	if (!file_join(path, dir, name, &err) ||
	    (fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600)) < 0)
		tool_fail(name, &err);
	for (off_t i = 0; appends && i < FLUSHES; i++)
		if (pwrite(fd, zeros, BYTES, i * BYTES) != BYTES)
			tool_fail(name, NULL);
	if (fdatasync(fd) != 0)
		tool_fail(name, NULL);
	for (unsigned i = 0; i < FLUSHES; i++) {
		const double began = tool_seconds(CLOCK_MONOTONIC);
		const off_t at = appends ? (off_t)i * BYTES : 0;

		if (pwrite(fd, bytes, BYTES, at) != BYTES || fdatasync(fd) != 0)
			tool_fail(name, NULL);
		took[i] = tool_seconds(CLOCK_MONOTONIC) - began;
	}
	close(fd);
	qsort(took, FLUSHES, sizeof(took[0]), compare_doubles);
	return took[FLUSHES / 2] * 1e6;
}

int
bench_flush(char *argv[])
{
	const double appended = time_flushes(argv[0], "appended", true);

	printf("%.0f %.0f\n", appended,
	    time_flushes(argv[0], "in-place", false));
	return 0;
}
