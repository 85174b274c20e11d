/*
 * A sink on a second thread (relay.h).
 *
 * Pieces lie in a ring.  The giver fills the one at given, the thread takes the
 * one at taken; each touches no other piece, so only the two counts need the
 * lock.
 */
#include "base/relay.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { PIECES = 4 };

struct relay {
	byte_sink *sink;
	void *arg;
	bool has_thread;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	/* Under the lock: */
	unsigned given,
	    taken; /* how many pieces, of all that there ever were */
	bool ended, failed;
	struct error err; /* the sink's, if it failed */
	/* The giver's: */
	size_t filled; /* of the piece that is not given yet */
	size_t lens[PIECES];
	uint8_t *pieces;
};

static uint8_t *
piece_at(struct relay *relay, unsigned count)
{
	return relay->pieces + (size_t)(count % PIECES) * RELAY_PIECE;
}

static void *
run_thread(void *arg)
{
	struct relay *relay = arg;
	bool ok = true;

	pthread_mutex_lock(&relay->lock);
	while (ok) {
		const unsigned at = relay->taken;
		struct error err = { 0 };

		if (relay->given == at && relay->ended)
			break;
		if (relay->given == at) {
			pthread_cond_wait(&relay->changed, &relay->lock);
			continue;
		}
		pthread_mutex_unlock(&relay->lock);
		ok = relay->sink(relay->arg,
		    span_of(piece_at(relay, at), relay->lens[at % PIECES]),
		    &err);
		pthread_mutex_lock(&relay->lock);
		if (!ok) {
			relay->failed = true;
			relay->err = err;
		}
		relay->taken++;
		pthread_cond_signal(&relay->changed);
	}
	pthread_mutex_unlock(&relay->lock);
	return NULL;
}

/* A second thread on the one processor would only be in the way. */
static bool
has_processors(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) != 0 ||
	    CPU_COUNT(&set) > 1;
}

/* Signals are for the thread that gives: it knows what to leave undone. */
static bool
start_thread(struct relay *relay)
{
	sigset_t all, old;
	bool ok;

	sigfillset(&all);
	if (!has_processors() || pthread_sigmask(SIG_SETMASK, &all, &old) != 0)
		return false;
	ok = pthread_create(&relay->thread, NULL, run_thread, relay) == 0;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return ok;
}

struct relay *
relay_new(byte_sink *sink, void *arg, struct error *err)
{
	struct relay *relay = calloc(1, sizeof(*relay));

	if (relay == NULL ||
	    (relay->pieces = malloc((size_t)PIECES * RELAY_PIECE)) == NULL) {
		free(relay);
		error_set_errno(err, "relay");
		return NULL;
	}
	relay->sink = sink;
	relay->arg = arg;
	pthread_mutex_init(&relay->lock, NULL);
	pthread_cond_init(&relay->changed, NULL);
	relay->has_thread = start_thread(relay);
	return relay;
}

/* Wait until at most that many pieces are given and not taken. */
static bool
wait_for(struct relay *relay, unsigned waiting, struct error *err)
{
	bool ok;

	pthread_mutex_lock(&relay->lock);
	while (!relay->failed && relay->given - relay->taken > waiting)
		pthread_cond_wait(&relay->changed, &relay->lock);
	ok = !relay->failed;
	if (!ok)
		*err = relay->err;
	pthread_mutex_unlock(&relay->lock);
	return ok;
}

uint8_t *
relay_room(struct relay *relay, size_t *room, struct error *err)
{
	if (!wait_for(relay, PIECES - 1, err))
		return NULL;
	*room = RELAY_PIECE - relay->filled;
	return piece_at(relay, relay->given) + relay->filled;
}

static bool
call_sink(struct relay *relay, struct span bytes, struct error *err)
{
	if (relay->sink(relay->arg, bytes, err))
		return true;
	relay->failed = true;
	relay->err = *err;
	return false;
}

/* Give the piece that was begun. */
static bool
give(struct relay *relay, struct error *err)
{
	const size_t len = relay->filled;

	relay->filled = 0;
	if (len == 0)
		return true;
	if (!relay->has_thread)
		return call_sink(relay,
		    span_of(piece_at(relay, relay->given), len), err);
	relay->lens[relay->given % PIECES] = len;
	pthread_mutex_lock(&relay->lock);
	relay->given++;
	pthread_cond_signal(&relay->changed);
	pthread_mutex_unlock(&relay->lock);
	return true;
}

bool
relay_put(struct relay *relay, size_t num, struct error *err)
{
	relay->filled += num;
	return relay->filled < RELAY_PIECE || give(relay, err);
}

bool
relay_sink(void *arg, struct span bytes, struct error *err)
{
	struct relay *relay = arg;
	struct span part;
	uint8_t *to;
	size_t room;

	if (!relay->has_thread && relay->filled == 0)
		return wait_for(relay, 0, err) && call_sink(relay, bytes, err);
	while (bytes.len > 0) {
		if ((to = relay_room(relay, &room, err)) == NULL ||
		    !span_take(&bytes, bytes.len < room ? bytes.len : room,
			&part))
			return false;
		memcpy(to, part.data, part.len);
		if (!relay_put(relay, part.len, err))
			return false;
	}
	return true;
}

bool
relay_end(struct relay *relay, struct error *err)
{
	return wait_for(relay, PIECES - 1, err) && give(relay, err) &&
	    wait_for(relay, 0, err);
}

void
relay_free(struct relay *relay)
{
	if (relay == NULL)
		return;
	if (relay->has_thread) {
		pthread_mutex_lock(&relay->lock);
		relay->ended = true;
		pthread_cond_signal(&relay->changed);
		pthread_mutex_unlock(&relay->lock);
		pthread_join(relay->thread, NULL);
	}
	pthread_cond_destroy(&relay->changed);
	pthread_mutex_destroy(&relay->lock);
	free(relay->pieces);
	free(relay);
}
