/*
 * Limits that are reached: counted, and told in the log (limited.h).
 */
#include "daemon/api/limited.h"

#include "daemon/log.h"
#include "daemon/metrics.h"

/* What is known of who reaches it: where it comes from, or its office. */
static const char *
key_of(enum http_limit limit)
{
	return limit == HTTP_LIMIT_SILENT || limit == HTTP_LIMIT_HANDSHAKES
	    ? "from"
	    : "office";
}

void
limited_tell(struct limited *limited, enum http_limit limit, const char *who)
{
	uint64_t left_out;
	bool room;

	metrics_limited(limit);
	pthread_mutex_lock(&limited->mutex);
	room = rate_take(&limited->of[limit], LIMIT_LIMITED_LINES,
	    rate_minute(), &left_out);
	pthread_mutex_unlock(&limited->mutex);
	if (!room)
		return;
	if (left_out == 0)
		log_warning("limit", "limit=%s %s=%s", http_limit_name(limit),
		    key_of(limit), log_text(who));
	else
		log_warning("limit", "limit=%s %s=%s left_out=%llu",
		    http_limit_name(limit), key_of(limit), log_text(who),
		    (unsigned long long)left_out);
}

void
limited_flush(struct limited *limited, bool all)
{
	for (unsigned i = 0; i < HTTP_LIMITS; i++) {
		uint64_t left_out;

		pthread_mutex_lock(&limited->mutex);
		left_out = rate_drain(&limited->of[i], all);
		pthread_mutex_unlock(&limited->mutex);
		if (left_out > 0)
			log_warning("limit", "limit=%s left_out=%llu",
			    http_limit_name(i), (unsigned long long)left_out);
	}
}
