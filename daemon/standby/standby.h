/*
 * standby.h - standing by: this daemon follows what another one writes, answers
 * GET /health and nothing else, and takes over when it is asked to ("valised
 * promote"), or by itself once nobody has the right to write ("promote: auto").
 */
#ifndef DAEMON_STANDBY_STANDBY_H
#define DAEMON_STANDBY_STANDBY_H

#include "daemon/daemon.h"

/*
 * Stand by until this daemon may write; *ended: a signal has ended it instead.
 * The listener, the certificates and the signer of daemon are there, and its
 * record is not open.  It returns at once where this daemon was the last that
 * wrote, or nobody ever did.
 *
 * ERROR_UNTRUSTED  the record does not extend what this signer remembers, or the
 *  service was stopped
 */
bool standby_run(struct daemon *daemon, bool *ended,
    struct error *err) MUST_USE;

#endif
