/*
 * repeats.h - what was delivered lately, and to whom (docs/formats.md, "Journal
 * entries").
 *
 * A version that leaves to a person has a `deliver` entry before its first
 * byte.  For REPEATS_UNDER_ONE seconds the same version leaves to the same
 * person under that entry, whichever way, and is counted; then one `deliveries`
 * entry tells the count.  A version that a person was delivered within
 * REPEATS_REMEMBERED seconds is a repeat, and an office has so many of these an
 * hour.  First deliveries are not limited.
 *
 * What is remembered belongs to one office, and is bounded for each
 * (LIMIT_DELIVERED): an office that is given more in a day forgets its own
 * oldest, which then counts as a first delivery again.  Nothing is remembered
 * beyond the process.
 *
 * For any thread.  now_s are monotonic seconds.
 */
#ifndef DAEMON_API_REPEATS_H
#define DAEMON_API_REPEATS_H

#include "daemon/writer/act.h"

enum {
	REPEATS_UNDER_ONE = 60,
	REPEATS_HOUR = 60 * 60,
	REPEATS_REMEMBERED = 24 * 60 * 60,
};

struct repeats;

struct repeats_rules {
	uint64_t an_hour; /* repeats of an office */
	/* Journal an act, which frees itself by act->done. */
	void (*submit)(void *arg, struct act_request *act);
	void *arg;
};

/* Who is given which version. */
struct repeats_delivery {
	const char *office, *person, *document;
	const struct digest *contents;
};

/* It stands for the version and the person; nobody outside can make one. */
struct repeats_key {
	uint8_t bytes[16];
};

struct repeats *repeats_new(const struct repeats_rules *rules,
    struct error *err);
void repeats_free(struct repeats *repeats);

struct repeats_key repeats_key(const struct repeats *repeats,
    const struct repeats_delivery *delivery);

/*
 * May an answer leave that delivers these, at least one, to one person?  Its repeats are then counted.  An
 * answer that begins while the hour has repeats left is given whole, however
 * many it has.
 *
 * ERROR_UNAVAILABLE  REPEATED_TOO_OFTEN: the hour has none left. It is counted,
 *                    and retry_s is until the hour is over
 */
bool repeats_allow(struct repeats *repeats,
    const struct repeats_delivery deliveries[], const struct repeats_key keys[],
    size_t num, int64_t now_s, struct error *err) MUST_USE;
/*
 * True if it leaves under an entry that is there; this is then counted.  False
 * if it needs an entry of its own; repeats_journaled() must follow.
 */
bool repeats_leaves(struct repeats *repeats, const char *office,
    const struct repeats_key *key, int64_t now_s) MUST_USE;
/* Its `deliver` entry has this index; REPEATS_FAILED: there is none. */
#define REPEATS_FAILED UINT64_MAX
void repeats_journaled(struct repeats *repeats, const char *office,
    const struct repeats_key *key, uint64_t index);
/* Was it delivered within REPEATS_REMEMBERED seconds? */
bool repeats_was_delivered(struct repeats *repeats, const char *office,
    const struct repeats_key *key, int64_t now_s);

/*
 * Journal the counts of minutes and hours that are over, some at a time; or
 * all counts.
 */
void repeats_flush(struct repeats *repeats, int64_t now_s, bool all);

#endif
