/*
 * state.h - the state of the upkeep, for daemon/upkeep alone.
 */
#ifndef DAEMON_UPKEEP_STATE_H
#define DAEMON_UPKEEP_STATE_H

#include "base/time.h"
#include "daemon/config.h"
#include "daemon/lists.h"
#include "daemon/upkeep/hooks.h"
#include "daemon/writer/registrar.h"

enum {
	UPKEEP_WARNINGS = 64,
	UPKEEP_TOLD_BYTES = 16 * 1024,
	/* More than a policy's CAs, offices and full powers can come to. */
	UPKEEP_ENDS_BYTES = 8 * 1024 * 1024,
};

/* How many more lists of an office may be journaled now. */
struct allowance {
	char office[LIMIT_OFFICE_BYTES + 1];
	int64_t num, at; /* the number, at this time */
};

struct upkeep {
	const struct config *config;
	const struct record *record;
	struct registrar *registrar;
	struct upkeep_hooks hooks;
	pthread_t thread, checks; /* checks: of the data folder alone */
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	bool has_checks, stopping;
	/* When each task is due next, by the monotonic clock. */
	int64_t crls_ms, witness_ms, look_ms, keep_ms, reserve_ms, trim_ms;
	bool reserve_is_short; /* as it was last seen */
	/* Guarded by the mutex. */
	char warnings[UPKEEP_WARNINGS][256];
	size_t num_warnings;
	struct buf ends; /* for /metrics (ends.h), as of the last look */
	int64_t checked_at;
	size_t num_findings;
	struct lists_look look; /* the last look at the files of lists */
	/* Problems with the lists that were fetched. */
	struct buf fetched;
	bool is_news; /* one of these changed: look ahead now */
	/*
	 * Digest of the warnings last logged, so that each is logged once a
	 * day.
	 */
	struct digest told;
	int64_t told_at;
	/* Guarded by hooks.settings. */
	struct allowance allowances[LIMIT_OFFICES];
};

static inline int64_t
upkeep_now_at(void)
{
	return time_now_ms() / 1000;
}

#endif
