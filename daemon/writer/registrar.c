/*
 * The registrar: the queue of acts, and the threads that commit them in
 * batches.  When no act waits it does what can wait: it writes branches and
 * titles, and has packs joined (registrar.h).
 */
#include "daemon/writer/registrar.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/time.h"
#include "daemon/log.h"
#include "daemon/writer/joiner.h"
#include "record/ledger_file.h"
#include "record/refs.h"
#include "record/titles.h"

enum {
	IDLE_SECONDS = 3,
	/*
	 * Branches are written when no act waits, at the latest after so many
	 * acts or milliseconds.
	 */
	REFS_ACTS = 4096,
	REFS_MS = 60 * 1000,
	REFS_IDLE_MS = 50, /* no act has come for so long */
	/* And for so many times the duration of the last writing. */
	REFS_IDLE_COST = 20,
	/*
	 * The ledger's file is written after so many entries, or this part of
	 * all.
	 */
	LEDGER_ENTRIES = 1 << 16,
	LEDGER_PART = 16,
	/* So many bytes of texts are charged as an act more. */
	BYTES_AN_ACT = 16 * 1024,
};

/*
 * Two threads do the same: take the acts that wait, append them, commit them.
 * While the batch of one is being signed, the other may append the next, which
 * is committed after it.
 */
enum { THREADS = 2 };

struct registrar {
	const struct record *record;
	struct signer *signer;
	struct joiner *joiner;
	void (*fatal)(const struct error *err);
	/* Called with grew_arg, which is set after it; or NULL. */
	void (*grew)(void *arg);
	void *grew_arg;
	pthread_t threads[THREADS];
	unsigned num_threads;
	pthread_mutex_t mutex;
	pthread_cond_t wake;      /* there may be something to do */
	pthread_cond_t committed; /* nothing is in flight any more */
	/* Held while acts are told, so that they are told in order. */
	pthread_mutex_t telling;
	/* Guarded by the mutex. */
	struct act_request *first, **end; /* the daemon's own acts */
	struct turns *turns;              /* those of offices */
	bool stopping;
	bool writing;                  /* a thread has the writer's turn */
	const struct batch *in_flight; /* appended, and not committed yet */
	struct batch_state state;      /* the committed state */
	int64_t busy_ms;               /* when anything was done last */
	/* When the batch that is written, or committed, began; 0: none.  Atomic. */
	int64_t appending_ms, committing_ms;
	/*
	 * Acts that no branch shows, since when, and how long writing the
	 * branches takes.
	 */
	unsigned refs_behind;
	int64_t refs_since_ms, refs_cost_ms;
	/* Of the journal when the ledger's file was last written. */
	uint64_t ledger_size;
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

void
registrar_waiting(struct registrar *registrar,
    void (*seen)(void *arg, const char *office, unsigned num), void *arg)
{
	pthread_mutex_lock(&registrar->mutex);
	for (const struct act_request *act = registrar->first; act != NULL;
	     act = act->next)
		seen(arg, act->office, 1);
	turns_each_office(registrar->turns, seen, arg);
	pthread_mutex_unlock(&registrar->mutex);
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

bool
registrar_prepare(const struct registrar *registrar, struct act_request *act,
    struct error *err)
{
	return act_prepare(registrar->record, registrar->signer, act, err);
}

int64_t
registrar_signer_silent_ms(const struct registrar *registrar)
{
	return signer_silent_ms(registrar->signer);
}

static void
begin(int64_t *began_ms)
{
	__atomic_store_n(began_ms, time_monotonic_ms(), __ATOMIC_RELAXED);
}

static void
end(int64_t *began_ms)
{
	__atomic_store_n(began_ms, 0, __ATOMIC_RELAXED);
}

/* How long ago that began; 0 if it has ended. */
static int64_t
age_of(const int64_t *began_ms)
{
	const int64_t began = __atomic_load_n(began_ms, __ATOMIC_RELAXED);

	return began == 0 ? 0 : time_monotonic_ms() - began;
}

int64_t
registrar_record_silent_ms(const struct registrar *registrar)
{
	const int64_t appending = age_of(&registrar->appending_ms);
	const int64_t committing = age_of(&registrar->committing_ms);

	return appending > committing ? appending : committing;
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

/*
 * Write the branches.  The caller has the writer's turn, and nothing is in
 * flight.
 */
static void
write_refs(struct registrar *registrar)
{
	const struct record *record = registrar->record;
	const int64_t began_ms = time_monotonic_ms();
	struct error err = { 0 };
	bool ok;

	if (registrar->refs_behind == 0)
		return;
	ok = refs_write(record->store, record->ledger, &err);
	pthread_mutex_lock(&registrar->mutex);
	registrar->refs_behind = ok ? 0 : 1;
	registrar->refs_cost_ms = ok ? time_monotonic_ms() - began_ms
				     : IDLE_SECONDS * 1000 / REFS_IDLE_COST;
	registrar->refs_since_ms = time_monotonic_ms();
	pthread_mutex_unlock(&registrar->mutex);
	/*
	 * A git command holds the lock, or the disk is full: try again later.
	 */
	if (!ok)
		log_warning("refs", "reason=%s", log_text(err.detail));
}

/*
 * Write the titles.  A failure is only logged: they can be read from the texts
 * again.
 */
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

/* Are there so many new entries that the ledger's file must be written? */
static bool
ledger_is_late(const struct registrar *registrar)
{
	const uint64_t size = journal_size(registrar->record->journal),
		       part = registrar->ledger_size / LEDGER_PART;

	return size - registrar->ledger_size >=
	    (part > LEDGER_ENTRIES ? part : LEDGER_ENTRIES);
}

/*
 * Write the ledger's file, with the writer's turn.  If it fails the next start
 * only takes longer.
 */
static void
write_ledger(struct registrar *registrar)
{
	const struct record *record = registrar->record;
	struct error err = { 0 };

	registrar->ledger_size = journal_size(record->journal);
	if (record->ledger_path[0] != '\0' &&
	    !ledger_file_write(record->ledger_path, record->journal,
		record->ledger, &err))
		log_warning("ledger", "reason=%s", log_text(err.detail));
}

/* Must the branches be written even though acts wait? */
static bool
refs_are_late(const struct registrar *registrar)
{
	return registrar->refs_behind >= REFS_ACTS ||
	    (registrar->refs_behind > 0 &&
		time_monotonic_ms() - registrar->refs_since_ms >= REFS_MS);
}

/*
 * Returns how long the registrar must be idle before there is upkeep to do;
 * *for_refs tells which.
 */
static int64_t
idle_ms(const struct registrar *registrar, bool *for_refs)
{
	const int64_t cost = registrar->refs_cost_ms * REFS_IDLE_COST;

	*for_refs = registrar->refs_behind > 0;
	if (!*for_refs)
		return IDLE_SECONDS * 1000;
	return cost > REFS_IDLE_MS ? cost : REFS_IDLE_MS;
}

/* Take the writer's turn, with nothing in flight; the mutex is released. */
static void
begin_upkeep(struct registrar *registrar)
{
	registrar->writing = true;
	while (registrar->in_flight != NULL)
		pthread_cond_wait(&registrar->committed, &registrar->mutex);
	pthread_mutex_unlock(&registrar->mutex);
}

/* Give up the writer's turn. */
static void
end_upkeep(struct registrar *registrar)
{
	pthread_mutex_lock(&registrar->mutex);
	registrar->writing = false;
	registrar->busy_ms = time_monotonic_ms();
	pthread_cond_broadcast(&registrar->wake);
}

/* Wait for acts; the first thread does upkeep when none come. */
static void
wait_idle(struct registrar *registrar)
{
	bool for_refs;
	const int64_t idle = idle_ms(registrar, &for_refs);
	const int64_t left = registrar->busy_ms + idle - time_monotonic_ms();
	const struct timespec until = time_after_ms(left > 0 ? left : idle);

	if (left > 0 || registrar->writing || registrar->in_flight != NULL) {
		pthread_cond_timedwait(&registrar->wake, &registrar->mutex,
		    &until);
		return;
	}
	begin_upkeep(registrar);
	if (for_refs) {
		write_refs(registrar);
	} else {
		joiner_idle(registrar->joiner);
		write_titles(registrar);
		if (ledger_is_late(registrar))
			write_ledger(registrar);
	}
	end_upkeep(registrar);
}

/* Does an act wait?  The mutex is held. */
static bool
any_waits(const struct registrar *registrar)
{
	return registrar->first != NULL || turns_waiting(registrar->turns) > 0;
}

/* May the act be in the batch after the one in flight?  The mutex is held. */
static bool
may_follow(const struct registrar *registrar, const struct act_request *act)
{
	const struct batch *before = registrar->in_flight;

	return before == NULL ||
	    (!batch_is_exclusive(before) && !act_is_exclusive(act) &&
		!batch_touches(before, act->document));
}

static bool
turn_may_follow(const void *arg, const struct turn *turn)
{
	return may_follow(arg, turn->arg);
}

/*
 * Returns the next act that may follow: the daemon's own first, and then the
 * offices' in turn.  NULL if there is none.
 */
static struct act_request *
take_one(struct registrar *registrar)
{
	struct act_request *act = registrar->first;
	struct turn *turn;

	if (act != NULL) {
		/* Nothing overtakes a policy: it might wait for ever. */
		if (!may_follow(registrar, act))
			return NULL;
		if ((registrar->first = act->next) == NULL)
			registrar->end = &registrar->first;
		return act;
	}
	turn = turns_take_if(registrar->turns, turn_may_follow, registrar);
	if (turn == NULL)
		return NULL;
	act = turn->arg;
	turns_end(registrar->turns, turn,
	    1 + (int64_t)(act->bytes / BYTES_AN_ACT));
	return act;
}

/*
 * Take the acts that wait and may follow, up to a number and to a size, so that
 * no batch grows with the texts; NULL if there are none.  The mutex is held.
 */
static struct act_request *
take_some(struct registrar *registrar)
{
	struct act_request *acts = NULL, **end = &acts, *act;
	uint64_t bytes = 0;

	for (unsigned num = 0; num < LIMIT_BATCH_ACTS &&
	     bytes < LIMIT_BATCH_BYTES && (act = take_one(registrar)) != NULL;
	     num++) {
		bytes += act->bytes;
		act->next = NULL;
		*end = act;
		end = &act->next;
	}
	return acts;
}

/*
 * Take acts, with the writer's turn; NULL when it is time to end.  The mutex is
 * held.
 */
static struct act_request *
take_acts(struct registrar *registrar, bool does_upkeep)
{
	struct act_request *acts = NULL;

	for (;;) {
		if (!registrar->writing && refs_are_late(registrar)) {
			begin_upkeep(registrar);
			write_refs(registrar);
			write_titles(registrar);
			end_upkeep(registrar);
		}
		if (!registrar->writing && ledger_is_late(registrar)) {
			begin_upkeep(registrar);
			write_ledger(registrar);
			end_upkeep(registrar);
		}
		if (!registrar->writing &&
		    (acts = take_some(registrar)) != NULL)
			break;
		if (registrar->stopping && !any_waits(registrar))
			return NULL;
		if (does_upkeep)
			wait_idle(registrar);
		else
			pthread_cond_wait(&registrar->wake, &registrar->mutex);
	}
	registrar->writing = true;
	return acts;
}

/* Returns the state once the batch in flight is committed. */
static struct batch_state
state_ahead(const struct registrar *registrar)
{
	return registrar->in_flight != NULL ? batch_next(registrar->in_flight)
					    : registrar->state;
}

/* Append a batch; a failed write or flush is never retried. */
static struct batch *
append(struct registrar *registrar, const struct batch_state *state,
    struct act_request *acts)
{
	struct error err = { 0 };
	struct batch *batch;

	batch =
	    batch_new(registrar->record, registrar->signer, state, acts, &err);
	begin(&registrar->appending_ms);
	if (batch == NULL || !batch_append(batch, &err))
		registrar_fail(registrar, &err);
	end(&registrar->appending_ms);
	return batch;
}

/* Give up the writer's turn, and take the turn to commit. */
static void
put_in_flight(struct registrar *registrar, const struct batch *batch)
{
	pthread_mutex_lock(&registrar->mutex);
	while (registrar->in_flight != NULL)
		pthread_cond_wait(&registrar->committed, &registrar->mutex);
	registrar->in_flight = batch;
	registrar->writing = false;
	if (any_waits(registrar))
		pthread_cond_broadcast(&registrar->wake);
	pthread_mutex_unlock(&registrar->mutex);
}

/*
 * Commit a batch, and make its state the registrar's.  Return how many acts on
 * versions it had.
 */
static unsigned
land(struct registrar *registrar, struct batch *batch)
{
	const unsigned num = batch_num_versions(batch);
	struct error err = { 0 };

	begin(&registrar->committing_ms);
	if (!batch_commit(batch, &err))
		registrar_fail(registrar, &err);
	end(&registrar->committing_ms);
	pthread_mutex_lock(&registrar->mutex);
	registrar->state = batch_next(batch);
	registrar->in_flight = NULL;
	registrar->busy_ms = time_monotonic_ms();
	if (num > 0 && registrar->refs_behind == 0)
		registrar->refs_since_ms = registrar->busy_ms;
	registrar->refs_behind += num;
	pthread_cond_broadcast(&registrar->committed);
	if (any_waits(registrar))
		pthread_cond_broadcast(&registrar->wake);
	pthread_mutex_unlock(&registrar->mutex);
	batch_free(batch);
	return num;
}

/* Call done() of each act, after its batch. */
static void
tell(struct registrar *registrar, struct act_request *acts)
{
	void *arg = __atomic_load_n(&registrar->grew_arg, __ATOMIC_ACQUIRE);
	struct act_request *next;

	pthread_mutex_lock(&registrar->telling);
	for (; acts != NULL; acts = next) {
		next = acts->next;
		acts->done(acts);
	}
	pthread_mutex_unlock(&registrar->telling);
	if (arg != NULL)
		registrar->grew(arg);
}

/* A thread's loop: take acts, append, commit, tell. */
static void
run(struct registrar *registrar, bool does_upkeep)
{
	struct act_request *acts;
	struct batch_state state;
	struct batch *batch;
	unsigned num;

	pthread_mutex_lock(&registrar->mutex);
	while ((acts = take_acts(registrar, does_upkeep)) != NULL) {
		state = state_ahead(registrar);
		pthread_mutex_unlock(&registrar->mutex);
		batch = append(registrar, &state, acts);
		put_in_flight(registrar, batch);
		num = land(registrar, batch);
		tell(registrar, acts);
		if (num > 0)
			joiner_made(registrar->joiner);
		pthread_mutex_lock(&registrar->mutex);
	}
	pthread_mutex_unlock(&registrar->mutex);
}

static void *
run_first(void *arg)
{
	run(arg, true);
	return NULL;
}

static void *
run_second(void *arg)
{
	run(arg, false);
	return NULL;
}

struct registrar *
registrar_new(const struct record *record, struct signer *signer,
    const struct batch_state *state, void (*fatal)(const struct error *err),
    struct error *err)
{
	/* Who hands acts in has limits of their own. */
	const struct turns_limits unlimited = { .places = UINT32_MAX,
		.waiting = UINT32_MAX,
		.of_office = UINT32_MAX,
		.begun = UINT32_MAX };
	struct registrar *registrar = calloc(1, sizeof(*registrar));

	if (registrar == NULL) {
		error_set_errno(err, "registrar");
		return NULL;
	}
	registrar->record = record;
	registrar->signer = signer;
	registrar->state = *state;
	registrar->fatal = fatal;
	registrar->ledger_size = record->opening.from.size > 0
	    ? record->opening.from.size
	    : journal_size(record->journal);
	registrar->end = &registrar->first;
	registrar->busy_ms = time_monotonic_ms();
	pthread_mutex_init(&registrar->mutex, NULL);
	pthread_mutex_init(&registrar->telling, NULL);
	pthread_cond_init(&registrar->wake, NULL);
	pthread_cond_init(&registrar->committed, NULL);
	if ((registrar->turns = turns_new(&unlimited, err)) == NULL ||
	    (registrar->joiner = joiner_new(record->store, err)) == NULL) {
		registrar_free(registrar);
		return NULL;
	}
	for (unsigned i = 0; i < THREADS; i++) {
		if (pthread_create(&registrar->threads[i], NULL,
			i == 0 ? run_first : run_second, registrar) != 0) {
			error_set_outside(err, "registrar: no thread");
			registrar_free(registrar);
			return NULL;
		}
		registrar->num_threads++;
	}
	return registrar;
}

void
registrar_free(struct registrar *registrar)
{
	if (registrar == NULL)
		return;
	pthread_mutex_lock(&registrar->mutex);
	registrar->stopping = true;
	pthread_cond_broadcast(&registrar->wake);
	pthread_mutex_unlock(&registrar->mutex);
	for (unsigned i = 0; i < registrar->num_threads; i++)
		pthread_join(registrar->threads[i], NULL);
	turns_free(registrar->turns);
	joiner_free(registrar->joiner);
	write_refs(registrar);
	write_titles(registrar);
	/* Then the next start reads only the entries that it hashes anyway. */
	if (registrar->ledger_size != journal_size(registrar->record->journal))
		write_ledger(registrar);
	pthread_mutex_destroy(&registrar->mutex);
	pthread_mutex_destroy(&registrar->telling);
	pthread_cond_destroy(&registrar->wake);
	pthread_cond_destroy(&registrar->committed);
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
	act->turn = (struct turn){ .arg = act };
	pthread_mutex_lock(&registrar->mutex);
	/* Without memory for its turn an act of an office goes first. */
	if (act->office[0] == '\0' || act_is_exclusive(act) ||
	    turns_put(registrar->turns, &act->turn, act->office, act->person) !=
		TURNS_WAITS) {
		*registrar->end = act;
		registrar->end = &act->next;
	}
	if (!registrar->writing)
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
	/*
	 * The act is decided before this function returns, so the pointer stays
	 * valid.
	 */
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
