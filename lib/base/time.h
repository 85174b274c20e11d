/*
 * time.h - the three spellings of time that Valise writes.
 *
 * All are UTC (RFC 3339 with "Z"); each has one spelling, so that equal times
 * have equal bytes.  _ms is milliseconds, _at seconds, since 1970.
 */
#ifndef BASE_TIME_H
#define BASE_TIME_H

#include <stdint.h>

#include "base/bytes.h"

#define TIME_TEXT 32 /* room for any of them */

enum {
	TIME_SKEW_SECONDS = 5 * 60
}; /* two clocks further apart: one is wrong */

int64_t time_now_ms(void);
/* A clock in milliseconds that never runs backwards; it starts anywhere. */
int64_t time_monotonic_ms(void);

void time_format_ms(int64_t ms, char out[TIME_TEXT]); /* "…T10:00:01.250Z" */
void time_format_at(int64_t at, char out[TIME_TEXT]); /* "…T10:00:01Z" */
void time_format_date(int64_t at, char out[TIME_TEXT]);

bool time_parse_ms(struct span text, int64_t *out) MUST_USE;
bool time_parse_at(struct span text, int64_t *out) MUST_USE;
/* Parse 30s, 10m or 24h into seconds: from 1 second to 30 days. */
bool time_parse_interval(struct span text, unsigned *seconds) MUST_USE;
/* Parse 2021-08-01 into its first second. */
bool time_parse_date(struct span text, int64_t *out) MUST_USE;

#endif
