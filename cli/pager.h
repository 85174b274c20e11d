/*
 * pager.h - long output through a pager on a terminal, as git has it:
 * $VALISE_PAGER, $GIT_PAGER, $PAGER, else less.
 */
#ifndef CLI_PAGER_H
#define CLI_PAGER_H

#include <sys/types.h>

struct pager {
	pid_t pid;    /* 0: there is none */
	int terminal; /* what standard output was */
};

/*
 * Start the pager, if standard output is a terminal: it is the pager's input
 * until pager_end(), which waits for the person to leave it.
 */
void pager_start(struct pager *out);
void pager_end(struct pager *pager);

/*
 * The width of the terminal that standard output is, or was before the pager:
 * $COLUMNS, else the terminal's own.  0 if it is none.
 */
unsigned pager_width(const struct pager *pager);

#endif
