/*
 * acts_private.h - what the files acts*.c share.
 */
#ifndef CLIENT_ACTS_PRIVATE_H
#define CLIENT_ACTS_PRIVATE_H

#include "client/acts.h"

/* Check the last line, the SHA-256 of all before it, and take it off text. */
bool acts_take_whole(struct span *text);
/*
 * True if no act came since, as the pulls tell, which were given all acts
 * (acts_all.c).
 */
void acts_extend(struct context *context, struct document_acts *acts);

/* Keep them durably now, or by acts_update_end(). */
bool acts_keep_now(struct session *session, const struct document_acts *acts,
    struct error *err) MUST_USE;

#endif
