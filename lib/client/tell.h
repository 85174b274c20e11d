/*
 * tell.h - what is said while the client works.  The library writes nothing
 * itself: whoever uses it gives the functions that a person is told by.
 */
#ifndef CLIENT_TELL_H
#define CLIENT_TELL_H

#include <stdint.h>

#include "base/error.h"

struct context;

/* Each may be NULL: then nobody is told. */
struct client_hooks {
	/* A sentence for a person, without a newline. */
	void (*note)(const char *line);
	/* So much is done of what is called by doing, in bytes. */
	void (*progress)(const char *doing, uint64_t done, uint64_t total);
	/* It is over: the line that showed the progress may go. */
	void (*progress_end)(void);
};

void client_note(const struct context *context, const char *fmt, ...)
    PRINTF(2, 3);
void client_progress(const struct context *context, const char *doing,
    uint64_t done, uint64_t total);
void client_progress_end(const struct context *context);

#endif
