/*
 * mutant.h - the switches of the build that mutate.py makes.  In that build,
 * and no other, every source file begins with this header.
 *
 * MUTANT          the number of the check that is switched off; unset: none
 * MUTANT_REACHED  a file of MUTANT_MAX bytes; byte n becomes 1 when check n is
 *                 reached
 */
#ifndef TESTS_MUTANT_H
#define TESTS_MUTANT_H

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define MUTANT_MAX 65536

/* Weak, since each file defines them: the linker keeps one of each. */
__attribute__((weak)) int mutant_off = -1;
__attribute__((weak)) unsigned char *mutant_reached;

/*
 * The memory is shared, so that what a test's child processes reach counts too.
 */
__attribute__((weak, constructor)) void
mutant_begin(void)
{
	const char *off = getenv("MUTANT"), *file = getenv("MUTANT_REACHED");
	int fd;

	if (off != NULL)
		mutant_off = atoi(off);
	if (file == NULL || mutant_reached != NULL)
		return;
	fd = open(file, O_RDWR | O_CLOEXEC);
	mutant_reached =
	    mmap(NULL, MUTANT_MAX, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (fd < 0 || mutant_reached == MAP_FAILED)
		abort();
	close(fd);
}

/* Check calls this when a test fails: one failure is enough. */
__attribute__((weak)) void
__wrap__ck_assert_failed(void)
{
	_exit(1);
}

/* Is that check switched off? */
static inline int
mutant(int number)
{
	if (mutant_reached != NULL)
		mutant_reached[number] = 1;
	return number == mutant_off;
}

#endif
