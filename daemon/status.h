/*
 * status.h - what is told of the daemon's state as a whole: to systemd, and in
 * the log, each hour, while something keeps offices away.
 */
#ifndef DAEMON_STATUS_H
#define DAEMON_STATUS_H

#include "daemon/daemon.h"

/* Nothing is told yet. NULL on failure. */
struct status_told *status_new(struct error *err);
void status_free(struct status_told *status);

/* Tell systemd, or whoever set NOTIFY_SOCKET (sd_notify(3)). */
void status_notify(const char *state);
/* A reload has begun. */
void status_reloading(void);
/*
 * The daemon is ready, also after a reload; STATUS= says whether both
 * certificates are fit.
 */
void status_ready(struct daemon *daemon);
/*
 * Is the server's certificate fit, by what is in force (server_cert.h)?  An
 * unfit one is logged and told to systemd when that is found, and each hour.
 * For any thread; the settings' lock is free.
 *
 * ERROR_UNTRUSTED  it is not
 */
bool status_server_cert(struct daemon *daemon, struct error *err) MUST_USE;
/*
 * May the depositary seal, by what is in force (writer/seal.h)?  Told in the
 * same way.
 *
 * ERROR_UNAVAILABLE  it may not
 */
bool status_seal(struct daemon *daemon, struct error *err) MUST_USE;

#endif
