/*
 * run.h - running the daemon: both processes, from start to end.
 */
#ifndef DAEMON_RUN_H
#define DAEMON_RUN_H

#include "daemon/config.h"

/*
 * Run the daemon until it is told to end; full: read and hash the whole journal
 * first.  If it cannot start, it exits.
 */
bool daemon_run(const struct config *config, bool full,
    struct error *err) MUST_USE;
/* The same, but only journal which key comes next (keys.h). */
bool daemon_replace_key(const struct config *config,
    struct error *err) MUST_USE;

#endif
