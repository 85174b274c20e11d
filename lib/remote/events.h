/*
 * events.h - server-sent events, as they come in pieces.
 *
 * Source: WHATWG HTML section 9.2.6; lines end with LF, as the daemon's do.
 */
#ifndef REMOTE_EVENTS_H
#define REMOTE_EVENTS_H

#include "base/bytes.h"
#include "base/limits.h"

struct remote_event {
	struct span id, type, data;
};
typedef bool remote_listener(void *arg, const struct remote_event *event,
    struct error *err);

struct events {
	remote_listener *seen;
	void *arg;
	struct buf line, data; /* how much of it has come */
	char id[24], type[32];
};

#define EVENTS(seen_by, with)                                                  \
	{                                                                      \
		.seen = (seen_by), .arg = (with),                              \
		.line = BUF(LIMIT_EVENT_BYTES), .data = BUF(LIMIT_EVENT_BYTES) \
	}

/*
 * Take the next bytes of a stream: seen is called for each event that ends in
 * them.
 *
 * ERROR_LIMIT      a line or an event of more than LIMIT_EVENT_BYTES
 * ERROR_MALFORMED  an id that is too long
 * otherwise seen's error
 */
bool events_take(struct events *events, struct span bytes,
    struct error *err) MUST_USE;
void events_free(struct events *events);

#endif
