/*
 * The registrar: the queue of acts, and the thread that commits batches of
 * them.  When nobody waits it does what can wait: it writes branches and
 * titles, and joins packs.
 */
#include "daemon/writer/registrar.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/time.h"
#include "daemon/log.h"
#include "record/refs.h"
#include "record/titles.h"

enum {
	IDLE_SECONDS = 3,
	/* Branches are written when nobody waits, at latest after these. */
	REFS_ACTS = 4096,
	REFS_MS = 60 * 1000,
	REFS_IDLE_MS = 50,   /* nobody waits for so long */
	REFS_IDLE_COST = 20, /* and for so many times what a writing takes */
};

struct registrar {
	const struct record *record;
	struct signer *signer;
	void (*fatal)(const struct error *err);
	void (*grew)(void *arg); /* grew_arg is set after it; NULL: nobody */
	void *grew_arg;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	/* Under the mutex. */
	struct act_request *first, **end;
	bool stopping, started;
	struct batch_state state;
	/* Its thread's: acts that no branch shows, since when, what it costs.
	 */
	unsigned refs_behind;
	int64_t refs_since_ms, refs_cost_ms;
};

struct judged_by
registrar_now(struct registrar *registrar)
{
	struct judged_by now;

	pthread_mutex_lock(&registrar->mutex);
	now = registrar->state.now;
	pthread_mutex_unlock(&registrar->mutex);
	return now;
}

const struct record *
registrar_record(const struct registrar *registrar)
{
	return registrar->record;
}

_Noreturn void
registrar_fail(const struct registrar *registrar, const struct error *err)
{
	registrar->fatal(err);
	abort();
}

static void
note_versions(struct registrar *registrar, unsigned num)
{
	if (num > 0 && registrar->refs_behind == 0)
		registrar->refs_since_ms = time_monotonic_ms();
	registrar->refs_behind += num;
}

static void
run_batch(struct registrar *registrar, struct act_request *acts)
{
	struct batch_state state;
	struct error err = { 0 };
	struct batch *batch;

	pthread_mutex_lock(&registrar->mutex);
	state = registrar->state;
	pthread_mutex_unlock(&registrar->mutex);
	batch =
	    batch_new(registrar->record, registrar->signer, &state, acts, &err);
	/* A write or flush that fails here is never retried. */
	if (batch == NULL || !batch_append(batch, &err) ||
	    !batch_commit(batch, &err))
		registrar_fail(registrar, &err);
	note_versions(registrar, batch_num_versions(batch));
	pthread_mutex_lock(&registrar->mutex);
	registrar->state = batch_next(batch);
	pthread_mutex_unlock(&registrar->mutex);
	batch_free(batch);
}

static void
tidy(const struct registrar *registrar, size_t enough)
{
	struct error err = { 0 };
	unsigned joined;

	if (!store_tidy(registrar->record->store, enough, &joined, &err))
		log_warning("tidy", "reason=%s", log_text(err.detail));
	else if (joined > 0)
		log_info("tidy", "joined=%u", joined);
}

static struct timespec
time_after_ms(int64_t ms)
{
	struct timespec at;

	clock_gettime(CLOCK_REALTIME, &at);
	at.tv_sec += ms / 1000;
	at.tv_nsec += ms % 1000 * 1000000;
	if (at.tv_nsec >= 1000000000) {
		at.tv_sec++;
		at.tv_nsec -= 1000000000;
	}
	return at;
}

static void
write_refs(struct registrar *registrar)
{
	const struct record *record = registrar->record;
	const int64_t began_ms = time_monotonic_ms();
	struct error err = { 0 };

	if (registrar->refs_behind == 0)
		return;
	if (refs_write(record->store, record->ledger, &err)) {
		registrar->refs_behind = 0;
		registrar->refs_cost_ms = time_monotonic_ms() - began_ms;
		return;
	}
	/* A git command at work, or a full disk: later again. */
	log_warning("refs", "reason=%s", log_text(err.detail));
	registrar->refs_behind = 1;
	registrar->refs_since_ms = time_monotonic_ms();
	registrar->refs_cost_ms = IDLE_SECONDS * 1000 / REFS_IDLE_COST;
}

/* They could be read from the texts again: what fails is only told. */
static void
write_titles(const struct registrar *registrar)
{
	const struct record *record = registrar->record;
	struct error err = { 0 };

	if (record->titles[0] != '\0' &&
	    ledger_titles_changed(record->ledger) &&
	    !titles_write(record->titles, record->journal, record->ledger,
		&err))
		log_warning("titles", "reason=%s", log_text(err.detail));
}

static bool
refs_are_late(const struct registrar *registrar)
{
	return registrar->refs_behind >= REFS_ACTS ||
	    (registrar->refs_behind > 0 &&
		time_monotonic_ms() - registrar->refs_since_ms >= REFS_MS);
}

/* How long nobody must wait before there is something to do, and what. */
static int64_t
idle_ms(const struct registrar *registrar, bool *for_refs)
{
	const int64_t cost = registrar->refs_cost_ms * REFS_IDLE_COST;

	*for_refs = registrar->refs_behind > 0;
	if (!*for_refs)
		return IDLE_SECONDS * 1000;
	return cost > REFS_IDLE_MS ? cost : REFS_IDLE_MS;
}

/* All that wait, up to a bound; NULL when it is time to end. */
static struct act_request *
take_acts(struct registrar *registrar)
{
	struct act_request *acts, **end;
	struct timespec until;
	bool for_refs;

	pthread_mutex_lock(&registrar->mutex);
	while (registrar->first == NULL && !registrar->stopping) {
		until = time_after_ms(idle_ms(registrar, &for_refs));
		if (pthread_cond_timedwait(&registrar->wake, &registrar->mutex,
			&until) == 0 ||
		    registrar->first != NULL || registrar->stopping)
			continue;
		pthread_mutex_unlock(&registrar->mutex);
		if (for_refs) {
			write_refs(registrar);
		} else {
			tidy(registrar, STORE_PACKS_IDLE);
			write_titles(registrar);
		}
		pthread_mutex_lock(&registrar->mutex);
	}
	acts = registrar->first;
	end = &registrar->first;
	for (unsigned i = 0; *end != NULL && i < LIMIT_BATCH_ACTS; i++)
		end = &(*end)->next;
	registrar->first = *end;
	if (registrar->first == NULL)
		registrar->end = &registrar->first;
	*end = NULL;
	pthread_mutex_unlock(&registrar->mutex);
	return acts;
}

static void
tell_growth(const struct registrar *registrar)
{
	void *arg = __atomic_load_n(&registrar->grew_arg, __ATOMIC_ACQUIRE);

	if (arg != NULL)
		registrar->grew(arg);
}

static void *
run_thread(void *arg)
{
	struct registrar *registrar = arg;
	struct act_request *acts, *next;

	while ((acts = take_acts(registrar)) != NULL) {
		run_batch(registrar, acts);
		for (; acts != NULL; acts = next) {
			next = acts->next;
			acts->done(acts);
		}
		tell_growth(registrar);
		tidy(registrar, STORE_PACKS_BUSY);
		if (refs_are_late(registrar)) {
			write_refs(registrar);
			write_titles(registrar);
		}
	}
	write_refs(registrar);
	write_titles(registrar);
	return NULL;
}

struct registrar *
registrar_new(const struct record *record, struct signer *signer,
    const struct batch_state *state, void (*fatal)(const struct error *err),
    struct error *err)
{
	struct registrar *registrar = calloc(1, sizeof(*registrar));

	if (registrar == NULL) {
		error_set_errno(err, "registrar");
		return NULL;
	}
	registrar->record = record;
	registrar->signer = signer;
	registrar->state = *state;
	registrar->fatal = fatal;
	registrar->end = &registrar->first;
	pthread_mutex_init(&registrar->mutex, NULL);
	pthread_cond_init(&registrar->wake, NULL);
	registrar->started = pthread_create(&registrar->thread, NULL,
				 run_thread, registrar) == 0;
	if (registrar->started)
		return registrar;
	error_set(err, ERROR_SYSTEM, "registrar: no thread");
	registrar_free(registrar);
	return NULL;
}

void
registrar_free(struct registrar *registrar)
{
	if (registrar == NULL)
		return;
	pthread_mutex_lock(&registrar->mutex);
	registrar->stopping = true;
	pthread_cond_signal(&registrar->wake);
	pthread_mutex_unlock(&registrar->mutex);
	if (registrar->started)
		pthread_join(registrar->thread, NULL);
	pthread_mutex_destroy(&registrar->mutex);
	pthread_cond_destroy(&registrar->wake);
	free(registrar);
}

void
registrar_on_growth(struct registrar *registrar, void (*fn)(void *arg),
    void *arg)
{
	registrar->grew = fn;
	__atomic_store_n(&registrar->grew_arg, arg, __ATOMIC_RELEASE);
}

void
registrar_submit(struct registrar *registrar, struct act_request *act)
{
	act->next = NULL;
	pthread_mutex_lock(&registrar->mutex);
	*registrar->end = act;
	registrar->end = &act->next;
	pthread_cond_signal(&registrar->wake);
	pthread_mutex_unlock(&registrar->mutex);
}

struct waiting {
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	bool done;
};

static void
wake_waiting(struct act_request *act)
{
	struct waiting *waiting = act->arg;

	pthread_mutex_lock(&waiting->mutex);
	waiting->done = true;
	pthread_cond_signal(&waiting->wake);
	pthread_mutex_unlock(&waiting->mutex);
}

bool
registrar_do(struct registrar *registrar, struct act_request *act,
    struct error *err)
{
	struct waiting waiting = { .done = false };

	pthread_mutex_init(&waiting.mutex, NULL);
	pthread_cond_init(&waiting.wake, NULL);
	act->done = wake_waiting;
	/* It is decided before this function returns. */
	/* cppcheck-suppress autoVariables */
	act->arg = &waiting;
	registrar_submit(registrar, act);
	pthread_mutex_lock(&waiting.mutex);
	while (!waiting.done)
		pthread_cond_wait(&waiting.wake, &waiting.mutex);
	pthread_mutex_unlock(&waiting.mutex);
	pthread_mutex_destroy(&waiting.mutex);
	pthread_cond_destroy(&waiting.wake);
	if (act->result == ACT_DONE)
		return true;
	*err = act->err;
	return false;
}
