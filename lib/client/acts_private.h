/*
 * acts_private.h - what the files of cli/acts*.c share.
 */
#ifndef CLIENT_ACTS_PRIVATE_H
#define CLIENT_ACTS_PRIVATE_H

#include "client/acts.h"

/* The last line is the SHA-256 of all before it: text is then without it. */
bool acts_take_whole(struct span *text);
/* No act came since, if pulls were given all of them (acts_all.c). */
void acts_extend(struct context *context, struct document_acts *acts);

#endif
