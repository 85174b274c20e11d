/*
 * relay.h - a byte_sink that works on a second thread, while the first one
 * makes the next bytes.
 *
 * The bytes come in the order in which they were given; at most a MiB waits.
 * Where there is one processor only, or no thread is to be had, the sink is
 * called by whoever gives the bytes.
 */
#ifndef BASE_RELAY_H
#define BASE_RELAY_H

#include "base/bytes.h"

/* The room of a piece. */
enum { RELAY_PIECE = 256 * 1024 };

/*
 * From here to relay_end() or relay_free() sink and arg are the relay's.  The
 * second thread takes no signals.
 */
struct relay;
struct relay *relay_new(byte_sink *sink, void *arg, struct error *err);

/*
 * Get the room for the next bytes, at least one and at most RELAY_PIECE; give
 * the num bytes that were put there.  Both fail with the sink's own error, once
 * that failed.
 */
uint8_t *relay_room(struct relay *relay, size_t *room, struct error *err);
bool relay_put(struct relay *relay, size_t num, struct error *err) MUST_USE;
/* A byte_sink that does both. */
bool relay_sink(void *relay, struct span bytes, struct error *err);

/* Wait until the sink has taken all; its error, if it failed. */
bool relay_end(struct relay *relay, struct error *err) MUST_USE;
/* The sink takes no more; it may take what it was given already. */
void relay_free(struct relay *relay);

#endif
