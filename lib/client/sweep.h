/*
 * sweep.h - what dead runs left half made in the state folder.
 */
#ifndef CLIENT_SWEEP_H
#define CLIENT_SWEEP_H

#include "client/context.h"

/*
 * Remove it: from the folder itself and the outbox each time, since files there
 * may be large; from its other folders once a day, with what came of a download
 * that nobody went on with for a week.  What a program that is alive makes
 * stays, and so do whole files of the outbox.
 */
void sweep_state(const struct context *context);

#endif
