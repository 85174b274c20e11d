/*
 * take.h - taking new settings, part by part, while the daemon runs: the policy,
 * the lists, the server's certificate, and the depositary's.
 */
#ifndef DAEMON_TAKE_H
#define DAEMON_TAKE_H

#include "daemon/daemon.h"

/*
 * Read all files, take each part that is good, and keep those of the others
 * that are in use; the settings' lock is held. A policy by which no certificate
 * that there is would be good is not good itself.
 *
 * ERROR_UNTRUSTED  a part is kept; the sentence says which, and why
 * others           nothing was taken: what is new could not be journaled
 */
bool take_settings(struct daemon *daemon, struct error *err) MUST_USE;

#endif
