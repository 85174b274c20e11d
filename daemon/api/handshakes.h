/*
 * handshakes.h - refused TLS handshakes, in the log.
 *
 * Strangers make as many as they like, so each reason gets a number of lines a
 * minute; the others are counted, and the next line of that reason tells how
 * many they were.
 */
#ifndef DAEMON_API_HANDSHAKES_H
#define DAEMON_API_HANDSHAKES_H

#include <pthread.h>

#include "daemon/http/request.h"

struct handshakes {
	pthread_mutex_t mutex;
	struct {
		int64_t minute; /* of the lines */
		unsigned lines;
		uint64_t left_out;
	} of[HTTP_REFUSALS];
};

#define HANDSHAKES ((struct handshakes){ .mutex = PTHREAD_MUTEX_INITIALIZER })

/*
 * Is there room for a line of this reason, in this minute (of any clock that
 * goes forward)?  If so *left_out is how many there was none for since the last
 * line, else this one is counted.  For any thread.
 */
bool handshakes_take(struct handshakes *handshakes, enum http_refused reason,
    int64_t minute, uint64_t *left_out) MUST_USE;
/* Count a refused handshake, and log it if there is room.  For any thread. */
void handshakes_refused(struct handshakes *handshakes,
    const struct http_refusal *refusal);
/* Log how many were left out in the minutes that are over, or ever. */
void handshakes_flush(struct handshakes *handshakes, bool all);

#endif
