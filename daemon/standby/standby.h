/*
 * standby.h - standing by: this daemon follows what another one writes, answers
 * GET /health and nothing else, and takes over when it is asked to ("valised
 * promote"), or by itself once nobody has the right to write ("promote: auto").
 *
 * The same server goes on to answer while the record is opened, which may wait
 * for the signer of the other daemon: /health says so.
 */
#ifndef DAEMON_STANDBY_STANDBY_H
#define DAEMON_STANDBY_STANDBY_H

#include "daemon/daemon.h"

/*
 * Open what is kept, and append the "start" entry; on a thread of its own.
 *
 * ERROR_CONFLICT  and the journal is not open: another daemon was faster
 */
typedef bool standby_open(struct daemon *daemon, void *arg, struct error *err);

/*
 * Stand by until this daemon may write, and open what is kept by open(); *ended: a
 * signal has ended it instead.  The listener, the certificates and the signer of
 * daemon are there, and its record is not open.  It stands by only after another
 * daemon wrote.
 *
 * ERROR_UNTRUSTED  the record does not extend what this signer remembers, or the
 *  service was stopped
 */
bool standby_run(struct daemon *daemon, standby_open *open, void *arg,
    bool *ended, struct error *err) MUST_USE;

/*
 * To be called by open() once the right to write was taken, and before anything
 * relies on what the signer remembers: let it remember what the last writer left
 * since the last look.  Nobody can propose more.
 */
bool standby_catch_up(struct standby *standby, struct backend *backend,
    struct error *err) MUST_USE;

#endif
