/*
 * tell.h - what is said while the client works.  The library writes nothing
 * itself: whoever uses it gives the functions that a person is told by.
 */
#ifndef CLIENT_TELL_H
#define CLIENT_TELL_H

#include <stdint.h>

#include "base/error.h"

struct context;

/* How a person is told. Each may be NULL: then nobody is told. */
struct client_hooks {
	/* Print a sentence for a person; it has no newline. */
	void (*note)(const char *line);
	/* Show how much is done, in bytes, of what doing names. */
	void (*progress)(const char *doing, uint64_t done, uint64_t total);
	/* The work is over: the line that showed the progress may go. */
	void (*progress_end)(void);
};

void client_note(const struct context *context, const char *fmt, ...)
    PRINTF(2, 3);
void client_progress(const struct context *context, const char *doing,
    uint64_t done, uint64_t total);
void client_progress_end(const struct context *context);

#endif
