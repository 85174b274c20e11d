/*
 * upkeep.h - what the daemon does by itself, on a thread of its own: take
 * newer CRLs, check the data folder, ask stock witnesses, and warn of what is
 * about to end.
 */
#ifndef DAEMON_UPKEEP_H
#define DAEMON_UPKEEP_H

#include <jansson.h>

#include "daemon/config.h"
#include "daemon/registrar.h"

struct upkeep;

struct upkeep_hooks {
	/* Make a set of CRLs that is newer the one in force; taken over. */
	bool (*take_crls)(void *arg, struct crl_set *crls, struct error *err);
	void *arg;
};

struct upkeep *upkeep_start(const struct config *config,
    struct registrar *registrar, const struct upkeep_hooks *hooks,
    struct error *err);
/* Waits for what is under way, which ends soon. */
void upkeep_stop(struct upkeep *upkeep);

/* How things are: "ok", or "warning" and of what; for /health. */
json_t *upkeep_health(struct upkeep *upkeep);

#endif
