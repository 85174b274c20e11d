/*
 * child.h - a command, run for a page in a process of its own.
 *
 * The process is this program, called with --run.  Its command line comes by a
 * pipe, so that nobody on this machine can read it, and is parsed by the same
 * table as a person's (cli/options.h).  What it prints are lines of JSON
 * (output_as_lines()).
 */
#ifndef CLI_DESK_CHILD_H
#define CLI_DESK_CHILD_H

#include <sys/types.h>

#include "base/bytes.h"
#include "cli/commands.h"

/* The argument that makes the program one. */
#define CHILD_RUN "--run"
/* The descriptor at which it has a lock; see also QUESTION_FD. */
enum { CHILD_LOCK = 4 };

/* A command line that is being made; each argument ends with a zero byte. */
struct child_line {
	struct buf bytes;
	size_t num;
	/* by what it asks the person (question.h), or -1; closed by child_line_free() */
	int questions;
	int lock; /* that it holds to its end (CHILD_LOCK), or -1; borrowed */
	const char *folder; /* it runs there; NULL: where the desk does */
};
#define CHILD_LINE                                                             \
	((struct child_line){ .bytes = BUF(LIMIT_DESK_LINE),                   \
	    .questions = -1,                                                   \
	    .lock = -1 })
/* Append an argument, as printf. */
bool child_add(struct child_line *line, struct error *err, const char *fmt, ...)
    PRINTF(3, 4) MUST_USE;
void child_line_free(struct child_line *line);

/*
 * Start a command and return the end of the pipe that its lines come from; -1
 * on failure.  Nobody need wait for the process: SIGCHLD is ignored.
 */
int child_start(const struct child_line *line, pid_t *out, struct error *err);

/*
 * Wait until there is something to read, or the end.  False if stop, an
 * eventfd(2), is readable before, or the other side of peer, a socket or -1, is
 * gone.
 */
bool child_wait(int fd, int stop, int peer) MUST_USE;

/*
 * Run a command to its end and append its result, JSON, to out.
 *
 * The error is the command's own, with its code; ERROR_SYSTEM if it gave no
 * answer; ERROR_UNAVAILABLE if stop came before.
 */
bool child_answer(const struct child_line *line, int stop, struct buf *out,
    struct error *err) MUST_USE;

/*
 * What main() does in the process: the command line from standard input.  There
 * is no desk in a desk: desk is what "valise desk" does here.
 */
int child_main(char *program, command_run *desk);

#endif
