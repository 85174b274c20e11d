/*
 * upkeep.h - what the daemon does by itself, on a thread of its own: take
 * newer CRLs, check the data folder, ask stock witnesses, and warn of what is
 * about to end.
 */
#ifndef DAEMON_UPKEEP_UPKEEP_H
#define DAEMON_UPKEEP_UPKEEP_H

#include <jansson.h>
#include <pthread.h>

#include "daemon/config.h"
#include "daemon/lists.h"
#include "daemon/writer/registrar.h"

struct upkeep;

struct upkeep_hooks {
	/* Make a set of CRLs the one in force; taken over.  Under settings. */
	bool (*take_crls)(void *arg, struct crl_set *crls, struct error *err);
	pthread_mutex_t *settings; /* held while what is in force may change */
	void *arg;
};

/* look is taken over: what was found of the CRLs at the start. */
struct upkeep *upkeep_start(const struct config *config,
    struct registrar *registrar, const struct upkeep_hooks *hooks,
    struct lists_look *look, struct error *err);
/* The files of CRLs were looked at by somebody else; look is taken over. */
void upkeep_looked(struct upkeep *upkeep, struct lists_look *look);
/*
 * Take in lists that an office hands in: what is new is kept and in force, and
 * its entry made, when this returns.  out says what was thought of each;
 * *set and *index, which set is in force then, and its entry.  Any thread.
 *
 * ERROR_UNAVAILABLE  what this office handed in was journaled LIMIT_HAND_INS
 *                    times lately: each is an entry that all offices keep
 */
bool upkeep_hand_in(struct upkeep *upkeep, const char *office,
    struct span bytes, struct lists_told *out, struct digest *set,
    uint64_t *index, struct error *err) MUST_USE;
/* Waits for what is under way, which ends soon. */
void upkeep_stop(struct upkeep *upkeep);

/* How things are: "ok", or "warning" and of what; for /health. */
json_t *upkeep_health(struct upkeep *upkeep);

#endif
