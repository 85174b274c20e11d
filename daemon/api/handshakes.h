/*
 * handshakes.h - refused TLS handshakes, in the log.
 *
 * Each reason gets a number of lines a minute (rate.h).
 */
#ifndef DAEMON_API_HANDSHAKES_H
#define DAEMON_API_HANDSHAKES_H

#include <pthread.h>

#include "daemon/api/rate.h"
#include "daemon/http/request.h"

struct handshakes {
	pthread_mutex_t mutex;
	struct rate of[HTTP_REFUSALS];
};

#define HANDSHAKES ((struct handshakes){ .mutex = PTHREAD_MUTEX_INITIALIZER })

/* rate_take() for a line of this reason.  For any thread. */
bool handshakes_take(struct handshakes *handshakes, enum http_refused reason,
    int64_t minute, uint64_t *left_out) MUST_USE;
/* Count a refused handshake, and log it if there is room.  For any thread. */
void handshakes_refused(struct handshakes *handshakes,
    const struct http_refusal *refusal);
/* Log how many were left out in the minutes that are over, or ever. */
void handshakes_flush(struct handshakes *handshakes, bool all);

#endif
