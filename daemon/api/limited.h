/*
 * limited.h - limits that are reached, in the log and in the metrics.
 *
 * Each limit gets a few lines a minute, and tells how many were left out.
 */
#ifndef DAEMON_API_LIMITED_H
#define DAEMON_API_LIMITED_H

#include <pthread.h>

#include "daemon/api/rate.h"
#include "daemon/http/request.h"

struct limited {
	pthread_mutex_t mutex;
	struct rate of[HTTP_LIMITS];
};

#define LIMITED ((struct limited){ .mutex = PTHREAD_MUTEX_INITIALIZER })

/*
 * Count it, and log it if there is room. who is an IP address where no office
 * is known, else the office.  For any thread.
 */
void limited_tell(struct limited *limited, enum http_limit limit,
    const char *who);
/* Log how many were left out in the minutes that are over, or ever. */
void limited_flush(struct limited *limited, bool all);

#endif
