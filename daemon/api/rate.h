/*
 * rate.h - so many lines of one kind a minute, where strangers make as many as
 * they like: the others are counted, and the next line tells how many they were.
 *
 * The caller locks.
 */
#ifndef DAEMON_API_RATE_H
#define DAEMON_API_RATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"

struct rate {
	int64_t minute; /* of the lines */
	unsigned lines;
	uint64_t left_out;
};

static inline int64_t
rate_minute(void)
{
	return time_monotonic_ms() / 60000;
}

/*
 * Is there room for one of max lines in this minute (of any clock that goes
 * forward)?  If so *left_out is how many there was none for since the last line,
 * else this one is counted.
 */
static inline bool
rate_take(struct rate *rate, unsigned max, int64_t minute, uint64_t *left_out)
{
	if (rate->minute != minute)
		rate->lines = 0;
	rate->minute = minute;
	*left_out = rate->left_out;
	if (rate->lines >= max) {
		rate->left_out++;
		return false;
	}
	rate->lines++;
	rate->left_out = 0;
	return true;
}

/* Returns how many were left out in a minute that is over, or ever. */
static inline uint64_t
rate_drain(struct rate *rate, bool all)
{
	const uint64_t left_out = rate->left_out;

	if (!all && rate->minute == rate_minute())
		return 0;
	rate->left_out = 0;
	return left_out;
}

#endif
