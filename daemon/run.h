/*
 * run.h - the daemon at work: both processes, from start to end.
 */
#ifndef DAEMON_RUN_H
#define DAEMON_RUN_H

#include "daemon/config.h"
#include "daemon/lists.h"

/*
 * Load configuration, policy, CRLs and certificates: everything but the data.
 * look gets the CRLs that were left out.
 */
bool settings_load(const struct config *config, struct policy **policy,
    struct crl_set **crls, struct lists_look *look, void **tls,
    struct error *err) MUST_USE;

/*
 * Run the daemon; full: read and hash the whole journal first. Returns once it was told to end; if it cannot start, it
 * exits.
 */
bool daemon_run(const char *config_path, bool full, struct error *err) MUST_USE;
/* The same, only to journal which key is to be the next (keys.h). */
bool daemon_replace_key(const char *config_path, struct error *err) MUST_USE;

#endif
