/*
 * Long output through a pager (pager.h).
 */
#include "cli/pager.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bytes.h"

/* The command; NULL if there is to be none. */
static const char *
command(void)
{
	static const char *const variables[] = { "VALISE_PAGER", "GIT_PAGER",
		"PAGER" };

	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
		const char *value = getenv(variables[i]);

		if (value != NULL)
			return value[0] == '\0' || strcmp(value, "cat") == 0
			    ? NULL
			    : value;
	}
	return "less";
}

void
pager_start(struct pager *out)
{
	const char *pager = command();
	int ends[2];

	*out = (struct pager){ .terminal = -1 };
	if (!isatty(STDOUT_FILENO) || pager == NULL ||
	    pipe2(ends, O_CLOEXEC) != 0)
		return;
	fflush(stdout);
	if ((out->pid = fork()) == 0) {
		dup2(ends[0], STDIN_FILENO);
		setenv("LESS", "FRX", 0);
		execl("/bin/sh", "sh", "-c", pager, (char *)NULL);
		_exit(127);
	}
	close(ends[0]);
	if (out->pid > 0) {
		out->terminal = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
		dup2(ends[1], STDOUT_FILENO);
	} else {
		out->pid = 0;
	}
	close(ends[1]);
}

void
pager_end(struct pager *pager)
{
	int status;

	fflush(stdout);
	if (pager->pid <= 0)
		return;
	/* The pager waits until our end of the pipe is closed. */
	if (pager->terminal >= 0)
		dup2(pager->terminal, STDOUT_FILENO);
	else
		close(STDOUT_FILENO);
	while (waitpid(pager->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (pager->terminal >= 0)
		close(pager->terminal);
	*pager = (struct pager){ .terminal = -1 };
}

unsigned
pager_width(const struct pager *pager)
{
	const int fd = pager->pid > 0 ? pager->terminal : STDOUT_FILENO;
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	uint64_t number;

	if (!isatty(fd))
		return 0;
	if (columns != NULL && span_to_u64(span_of_str(columns), &number) &&
	    number > 0 && number <= 10000)
		return (unsigned)number;
	return ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}
