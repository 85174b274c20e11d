/*
 * reload.h - taking new policies, CRLs and certificates while the daemon runs:
 * at SIGHUP, and when "valised reload" asks for it.
 *
 * The one who asks connects to a socket in the data folder, which only the
 * daemon's user and root may use.  A connection is the question; the answer is
 * a line, the exit status and a sentence ("1 policies/offices.yaml: …"), of
 * the reload that was made for this connection, and the end.  A socket that a
 * daemon left behind answers nobody.
 */
#ifndef DAEMON_RELOAD_H
#define DAEMON_RELOAD_H

#include "daemon/daemon.h"

/*
 * Make the socket and answer on it, in the server's loop.  If that is not
 * possible the log says so, and SIGHUP is left.  The data folder is locked.
 */
int reload_listen(const char *data);
bool reload_serve(struct daemon *daemon, int fd, struct error *err) MUST_USE;
/*
 * Take new settings, and keep those that are not good, and log why; a signal's
 * hook, of the daemon.
 */
void reload_on_signal(void *daemon);

/*
 * Ask the daemon of a data folder to reload, and wait for the result.
 *
 * ERROR_UNTRUSTED    it keeps old settings; the sentence says which and why
 * ERROR_UNAVAILABLE  no daemon runs there, or it ended
 */
bool reload_ask(const char *data, struct error *err) MUST_USE;

#endif
