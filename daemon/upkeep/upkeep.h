/*
 * upkeep.h - what the daemon does by itself, on a thread of its own: fetch
 * newer CRLs, ask stock witnesses, and warn of what ends soon.  Checking the
 * data folder may take hours, and has another thread.
 */
#ifndef DAEMON_UPKEEP_UPKEEP_H
#define DAEMON_UPKEEP_UPKEEP_H

#include <jansson.h>

#include "daemon/config.h"
#include "daemon/lists.h"
#include "daemon/upkeep/hooks.h"
#include "daemon/writer/registrar.h"

/*
 * Start the threads. look, the findings on the CRLs at the start, is taken over.
 */
struct upkeep *upkeep_start(const struct config *config,
    struct registrar *registrar, const struct upkeep_hooks *hooks,
    struct lists_look *look, struct error *err);
/* Stop the threads; this waits for what they are doing, which ends soon. */
void upkeep_stop(struct upkeep *upkeep);

/* Returns the state for /health: "ok", or "warning" and a line for each. */
json_t *upkeep_health(struct upkeep *upkeep);
/* Append when everything ends (ends.h), as of the last look, for /metrics. */
bool upkeep_metrics(struct upkeep *upkeep, struct buf *out,
    struct error *err) MUST_USE;

#endif
