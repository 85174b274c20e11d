/*
 * The workers' threads, and handing turns to them (workers.h).
 *
 * A place in the turns is the right to run.  There is always a thread for each
 * place, and one more for each job that waits in its middle: a thread is made
 * when a job is interrupted, if none is idle.
 */
#include "daemon/api/workers.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/limits.h"
#include "base/pace.h"
#include "base/time.h"

/* So many bytes are charged as a microsecond: some 1 GB/s. */
enum { BYTES_A_US = 1000 };

struct pool;

struct worker {
	struct pool *pool;
	struct worker *next;      /* in the pool's list of all */
	struct worker *next_idle; /* while it is idle */
	pthread_t thread;
	pthread_cond_t called_on;
	bool called;      /* it has a place: run its turn, or go on with it */
	struct turn turn; /* a copy of the one that was taken */
	int64_t since_ms, cpu_us;
	uint64_t bytes;
};

/* The threads of a lane. */
struct pool {
	struct workers *workers;
	struct turns *turns;
	struct worker *all, *idle;
	unsigned num; /* threads */
};

struct workers {
	pthread_mutex_t mutex;
	void (*run)(void *arg);
	struct pool pools[LANES];
	bool stopping;
};

static _Thread_local struct worker *self;

static int64_t
cpu_now_us(void)
{
	struct timespec now;

	if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) != 0)
		return 0;
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Give free places to who is next.  The mutex is held. */
static void
hand_out(struct pool *pool)
{
	struct turn *turn;

	while ((turn = turns_take(pool->turns)) != NULL) {
		struct worker *worker;

		if (turn->begun) {
			/* It was interrupted, and has its own thread. */
			worker = turn->arg;
		} else {
			worker = pool->idle;
			pool->idle = worker->next_idle;
			worker->turn = *turn;
		}
		worker->called = true;
		if (worker != self)
			pthread_cond_signal(&worker->called_on);
	}
}

/* The thread has a place: its time begins. */
static void
begin_slice(struct worker *worker)
{
	worker->called = false;
	worker->since_ms = time_monotonic_ms();
	worker->cpu_us = cpu_now_us();
	worker->bytes = 0;
}

static int64_t
used_us(const struct worker *worker)
{
	const int64_t used = cpu_now_us() - worker->cpu_us;

	/* Never nothing, so that those of equal needs take turns. */
	return used + (int64_t)(worker->bytes / BYTES_A_US) + 1;
}

static void pause_job(void *arg);

/* Let the idle threads look whether it is time to end.  The mutex is held. */
static void
wake_idle(const struct pool *pool)
{
	for (struct worker *one = pool->idle; one != NULL; one = one->next_idle)
		pthread_cond_signal(&one->called_on);
}

static void
become_idle(struct worker *worker)
{
	struct pool *pool = worker->pool;

	worker->next_idle = pool->idle;
	pool->idle = worker;
	hand_out(pool);
	if (pool->workers->stopping)
		wake_idle(pool);
}

/* The function of a worker's thread, which was put among the idle ones. */
static void *
serve(void *arg)
{
	struct worker *worker = self = arg;
	struct pool *pool = worker->pool;
	struct workers *workers = pool->workers;

	pace_set(pause_job, worker);
	pthread_mutex_lock(&workers->mutex);
	for (;;) {
		while (!worker->called &&
		    !(workers->stopping && turns_waiting(pool->turns) == 0))
			pthread_cond_wait(&worker->called_on, &workers->mutex);
		if (!worker->called)
			break;
		begin_slice(worker);
		pthread_mutex_unlock(&workers->mutex);
		workers->run(worker->turn.arg);
		pthread_mutex_lock(&workers->mutex);
		turns_end(pool->turns, &worker->turn, used_us(worker));
		become_idle(worker);
	}
	pthread_mutex_unlock(&workers->mutex);
	return NULL;
}

/* Add an idle thread to the pool.  The mutex is held. */
static bool
add_worker(struct pool *pool)
{
	struct worker *worker = calloc(1, sizeof(*worker));

	if (worker == NULL)
		return false;
	worker->pool = pool;
	pthread_cond_init(&worker->called_on, NULL);
	if (pthread_create(&worker->thread, NULL, serve, worker) != 0) {
		pthread_cond_destroy(&worker->called_on);
		free(worker);
		return false;
	}
	worker->next = pool->all;
	pool->all = worker;
	worker->next_idle = pool->idle;
	pool->idle = worker;
	pool->num++;
	return true;
}

bool
workers_is_over(void)
{
	return self != NULL &&
	    time_monotonic_ms() - self->since_ms >= WORKERS_SLICE_MS;
}

/*
 * Called at a point where the present job may pause: let others go first, if
 * its time is over and any wait.
 */
static void
pause_job(void *arg)
{
	struct worker *worker = arg;
	struct pool *pool = worker->pool;
	struct workers *workers = pool->workers;

	if (!workers_is_over())
		return;
	pthread_mutex_lock(&workers->mutex);
	/* A thread is needed for whoever gets the place. */
	if (turns_waiting(pool->turns) == 0 || workers->stopping ||
	    (pool->idle == NULL &&
		(pool->num >= LIMIT_WORKER_THREADS || !add_worker(pool)))) {
		worker->since_ms = time_monotonic_ms();
	} else {
		worker->turn.arg = worker;
		turns_interrupt(pool->turns, &worker->turn, used_us(worker));
		hand_out(pool);
		while (!worker->called)
			pthread_cond_wait(&worker->called_on, &workers->mutex);
		begin_slice(worker);
	}
	pthread_mutex_unlock(&workers->mutex);
}

bool
workers_note(uint64_t bytes)
{
	if (self != NULL)
		self->bytes += bytes;
	return self != NULL;
}

static bool
open_pool(struct workers *workers, struct pool *pool, unsigned num,
    struct error *err)
{
	const struct turns_limits limits = { .places = num,
		.waiting = LIMIT_JOBS,
		.of_office = LIMIT_JOBS_OF_OFFICE,
		.begun = LIMIT_JOBS_BEGUN };
	bool ok = true;

	pool->workers = workers;
	if ((pool->turns = turns_new(&limits, err)) == NULL)
		return false;
	pthread_mutex_lock(&workers->mutex);
	while (ok && pool->num < num)
		ok = add_worker(pool);
	pthread_mutex_unlock(&workers->mutex);
	return ok || error_set_outside(err, "workers: no thread");
}

static void
close_pool(struct pool *pool)
{
	struct worker *worker;

	while ((worker = pool->all) != NULL) {
		pool->all = worker->next;
		pthread_join(worker->thread, NULL);
		pthread_cond_destroy(&worker->called_on);
		free(worker);
	}
	turns_free(pool->turns);
}

void
workers_free(struct workers *workers)
{
	if (workers == NULL)
		return;
	pthread_mutex_lock(&workers->mutex);
	workers->stopping = true;
	for (size_t i = 0; i < LANES; i++)
		wake_idle(&workers->pools[i]);
	pthread_mutex_unlock(&workers->mutex);
	for (size_t i = 0; i < LANES; i++)
		close_pool(&workers->pools[i]);
	pthread_mutex_destroy(&workers->mutex);
	free(workers);
}

struct workers *
workers_new(unsigned num, void (*run)(void *arg), struct error *err)
{
	struct workers *workers = calloc(1, sizeof(*workers));

	if (workers == NULL) {
		error_set_errno(err, "workers");
		return NULL;
	}
	pthread_mutex_init(&workers->mutex, NULL);
	workers->run = run;
	if (!open_pool(workers, &workers->pools[LANE_COMMON], num, err) ||
	    !open_pool(workers, &workers->pools[LANE_QUICK], 1, err)) {
		workers_free(workers);
		return NULL;
	}
	return workers;
}

enum turns_put
workers_put(struct workers *workers, enum lane lane, struct turn *turn,
    const char *office, const char *person)
{
	struct pool *pool = &workers->pools[lane];
	enum turns_put put;

	pthread_mutex_lock(&workers->mutex);
	put = turns_put(pool->turns, turn, office, person);
	if (put == TURNS_WAITS)
		hand_out(pool);
	pthread_mutex_unlock(&workers->mutex);
	return put;
}

void
workers_charge(struct workers *workers, const char *office, const char *person,
    uint64_t bytes)
{
	pthread_mutex_lock(&workers->mutex);
	turns_charge(workers->pools[LANE_COMMON].turns, office, person,
	    (int64_t)(bytes / BYTES_A_US) + 1);
	pthread_mutex_unlock(&workers->mutex);
}

void
workers_each_office(struct workers *workers,
    void (*seen)(void *arg, const char *office, unsigned waiting), void *arg)
{
	pthread_mutex_lock(&workers->mutex);
	for (size_t i = 0; i < LANES; i++)
		turns_each_office(workers->pools[i].turns, seen, arg);
	pthread_mutex_unlock(&workers->mutex);
}
