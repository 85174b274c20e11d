/*
 * Joining packs on a thread of its own, a step after the other (joiner.h).
 */
#include "daemon/writer/joiner.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "daemon/log.h"

/* After so many new packs the thread looks whether there are too many. */
enum { LOOK_AFTER = 32 };

struct joiner {
	struct store *store;
	pthread_t thread;
	bool started;
	pthread_mutex_t mutex;
	pthread_cond_t wake;   /* there may be something to join */
	pthread_cond_t joined; /* a step is over */
	/* Under the mutex. */
	unsigned made; /* new packs, less those that were joined */
	bool more;     /* the last step joined some: there may be more */
	bool idle;     /* no act came since joiner_idle() */
	bool stopping;
};

/* Wait until packs are to be joined, down to *enough; false: stop. */
static bool
wait_for_work(struct joiner *joiner, size_t *enough)
{
	bool stopping;

	pthread_mutex_lock(&joiner->mutex);
	while (!joiner->stopping && !joiner->idle && !joiner->more &&
	    joiner->made < LOOK_AFTER)
		pthread_cond_wait(&joiner->wake, &joiner->mutex);
	stopping = joiner->stopping;
	*enough = joiner->idle ? STORE_PACKS_IDLE : STORE_PACKS_BUSY;
	pthread_mutex_unlock(&joiner->mutex);
	return !stopping;
}

/* A step is over: so many were joined.  After 0 the thread waits. */
static void
end_step(struct joiner *joiner, unsigned joined)
{
	pthread_mutex_lock(&joiner->mutex);
	joiner->more = joined > 0;
	if (joined > 0 && joined < joiner->made)
		joiner->made -= joined;
	else
		joiner->made = 0;
	if (joined == 0)
		joiner->idle = false;
	pthread_cond_broadcast(&joiner->joined);
	pthread_mutex_unlock(&joiner->mutex);
}

static void *
run(void *arg)
{
	struct joiner *joiner = arg;
	size_t enough;

	/* Acts come first. */
	setpriority(PRIO_PROCESS, (id_t)gettid(), 10);
	while (wait_for_work(joiner, &enough)) {
		struct error err = { 0 };
		unsigned joined;

		if (!store_tidy(joiner->store, enough, &joined, &err)) {
			log_warning("tidy", "reason=%s", log_text(err.detail));
			joined = 0;
		} else if (joined > 0) {
			log_info("tidy", "joined=%u", joined);
		}
		end_step(joiner, joined);
	}
	return NULL;
}

struct joiner *
joiner_new(struct store *store, struct error *err)
{
	struct joiner *joiner = calloc(1, sizeof(*joiner));

	if (joiner == NULL) {
		error_set_errno(err, "joiner");
		return NULL;
	}
	joiner->store = store;
	pthread_mutex_init(&joiner->mutex, NULL);
	pthread_cond_init(&joiner->wake, NULL);
	pthread_cond_init(&joiner->joined, NULL);
	joiner->started =
	    pthread_create(&joiner->thread, NULL, run, joiner) == 0;
	if (joiner->started)
		return joiner;
	error_set_outside(err, "joiner: no thread");
	joiner_free(joiner);
	return NULL;
}

void
joiner_free(struct joiner *joiner)
{
	if (joiner == NULL)
		return;
	pthread_mutex_lock(&joiner->mutex);
	joiner->stopping = true;
	pthread_cond_broadcast(&joiner->wake);
	pthread_mutex_unlock(&joiner->mutex);
	if (joiner->started)
		pthread_join(joiner->thread, NULL);
	pthread_mutex_destroy(&joiner->mutex);
	pthread_cond_destroy(&joiner->wake);
	pthread_cond_destroy(&joiner->joined);
	free(joiner);
}

void
joiner_made(struct joiner *joiner)
{
	pthread_mutex_lock(&joiner->mutex);
	joiner->made++;
	joiner->idle = false;
	if (joiner->made >= LOOK_AFTER)
		pthread_cond_signal(&joiner->wake);
	while (joiner->made >= JOINER_BEHIND)
		pthread_cond_wait(&joiner->joined, &joiner->mutex);
	pthread_mutex_unlock(&joiner->mutex);
}

void
joiner_idle(struct joiner *joiner)
{
	pthread_mutex_lock(&joiner->mutex);
	joiner->idle = true;
	pthread_cond_signal(&joiner->wake);
	pthread_mutex_unlock(&joiner->mutex);
}
