/*
 * upkeep.h - what the daemon does by itself, on a thread of its own: fetch
 * newer CRLs, check the data folder, ask stock witnesses, and warn of what ends
 * soon.
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
	/*
	 * Make a set of CRLs the one in force; it is taken over. settings is
	 * held.
	 */
	bool (*take_crls)(void *arg, struct crl_set *crls, struct error *err);
	pthread_mutex_t *settings; /* held while policy or CRLs may change */
	void *arg;
};

/*
 * Start the thread. look, the findings on the CRLs at the start, is taken over.
 */
struct upkeep *upkeep_start(const struct config *config,
    struct registrar *registrar, const struct upkeep_hooks *hooks,
    struct lists_look *look, struct error *err);
/* Another thread has looked at the files of CRLs; look is taken over. */
void upkeep_looked(struct upkeep *upkeep, struct lists_look *look);
/*
 * Take lists that an office hands in: when this returns, what is new is kept,
 * in force and journaled. out gets the result for each list; *set and *index
 * get the set in force then, and its entry.  For any thread.
 *
 * ERROR_UNAVAILABLE  lists of this office were journaled LIMIT_HAND_INS times
 *  lately: each is an entry that all offices keep
 */
bool upkeep_hand_in(struct upkeep *upkeep, const char *office,
    struct span bytes, struct lists_told *out, struct digest *set,
    uint64_t *index, struct error *err) MUST_USE;
/* Stop the thread; this waits for what it is doing, which ends soon. */
void upkeep_stop(struct upkeep *upkeep);

/* Returns the state for /health: "ok", or "warning" and a line for each. */
json_t *upkeep_health(struct upkeep *upkeep);

#endif
