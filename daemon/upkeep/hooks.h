/*
 * hooks.h - what the upkeep asks of whoever starts it.
 */
#ifndef DAEMON_UPKEEP_HOOKS_H
#define DAEMON_UPKEEP_HOOKS_H

#include <pthread.h>

#include "policy/succession.h"

struct upkeep_hooks {
	/*
	 * Make a set of CRLs the one in force; it is taken over. settings is
	 * held.
	 */
	bool (*take_crls)(void *arg, struct crl_set *crls, struct error *err);
	/* Is the server's certificate fit?  settings is free. */
	bool (*judge_server)(void *arg, struct error *err);
	/*
	 * May the depositary seal, by what is in force (seal.h)?  settings is
	 * free.
	 */
	bool (*may_seal)(void *arg, struct error *err);
	pthread_mutex_t *settings; /* held while policy or CRLs may change */
	void *arg;
};

#endif
