/*
 * clock.c - another clock for a program under test, to be loaded with
 * LD_PRELOAD: $CLOCK_OFFSET seconds are added to the real-time clock, and to
 * the monotonic one the number that the file $CLOCK_STEP has at that moment,
 * eight bytes (printf '%-8d' 61 | dd conv=notrunc of=FILE).
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { STEP_BYTES = 8 };

static const char *step_text;

/* A confined program opens no file later. */
__attribute__((constructor)) static void
map_step(void)
{
	const char *path = getenv("CLOCK_STEP");
	const int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *text;

	if (fd < 0)
		return;
	text = mmap(NULL, STEP_BYTES, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (text != MAP_FAILED)
		step_text = text;
}

static time_t
offset(void)
{
	const char *text = getenv("CLOCK_OFFSET");

	return text != NULL ? atol(text) : 0;
}

int
clock_gettime(clockid_t clock, struct timespec *out)
{
	static int (*real)(clockid_t, struct timespec *);
	int result;

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
	result = real(clock, out);
	if (clock == CLOCK_REALTIME)
		out->tv_sec += offset();
	else if (clock == CLOCK_MONOTONIC && step_text != NULL)
		out->tv_sec += atol(step_text);
	return result;
}

time_t
time(time_t *out)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (out != NULL)
		*out = now.tv_sec;
	return now.tv_sec;
}

int
gettimeofday(struct timeval *restrict out, void *restrict zone)
{
	struct timespec now;

	(void)zone;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	out->tv_sec = now.tv_sec;
	out->tv_usec = now.tv_nsec / 1000;
	return 0;
}
