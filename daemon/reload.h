/*
 * reload.h - taking new policies, CRLs and certificates while the daemon runs:
 * at SIGHUP, and when "valised reload" asks for it; and what else is asked of a
 * running daemon.
 *
 * The one who asks connects to a socket in the data folder, which only the
 * daemon's user and root may use, and sends a line with one word (none is taken
 * for "reload", which is what older commands send).  The answer is a line, the
 * exit status and a sentence ("1 policies/offices.yaml: …"), and the end.  A
 * socket that a daemon left behind answers nobody.
 */
#ifndef DAEMON_RELOAD_H
#define DAEMON_RELOAD_H

#include "daemon/daemon.h"

/*
 * Make the socket.  If that is not possible the log says so, and SIGHUP is left.
 * The data folder is locked.
 */
int reload_listen(const char *data);
/*
 * Do what was asked; the answer is that it is done, or the error.  Called in the
 * server's loop.
 */
typedef bool reload_answer(struct daemon *daemon, enum reload_word word,
    struct error *err);
/* Have answer called for all that is asked from now on. */
bool reload_serve(struct daemon *daemon, reload_answer *answer,
    struct error *err) MUST_USE;
/*
 * Answer who asked for what the daemon did at its end ("yield"): that it is done or,
 * where err is set, why not.
 */
void reload_tell(struct daemon *daemon, const struct error *err);
/* The reload_answer of a daemon that writes. */
bool reload_do(struct daemon *daemon, enum reload_word word,
    struct error *err) MUST_USE;
/*
 * Take new settings, and keep those that are not good, and log why; a signal's
 * hook, of the daemon.
 */
void reload_on_signal(void *daemon);

/*
 * Ask the daemon of a data folder, and wait for the result.
 *
 * ERROR_UNTRUSTED    it keeps old settings; the sentence says which and why
 * ERROR_CONFLICT     it cannot do that now; the sentence says why
 * ERROR_UNAVAILABLE  no daemon runs there, or it ended
 */
bool reload_ask(const char *data, enum reload_word word,
    struct error *err) MUST_USE;

#endif
