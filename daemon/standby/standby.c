/*
 * Standing by (standby.h): a thread follows the record, looks at the right to
 * write and opens the record, while the server answers /health.
 */
#include "daemon/standby/standby.h"

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/time.h"
#include "daemon/api/job.h"
#include "daemon/log.h"
#include "daemon/reload.h"
#include "daemon/standby/follower.h"
#include "daemon/status.h"
#include "journal/evidence.h"

enum {
	LOOK_BUSY_MS = 5,  /* while the other writes */
	LOOK_IDLE_MS = 50, /* a while after that */
	BUSY_MS = 1000,
	TELL_MS = 60 * 1000, /* how often the same trouble is logged */
	EVIDENCE_MS = 2000,  /* how often evidence is looked for */
};

/* What the thread knows, for the loop's thread. */
struct seen {
	bool opens;    /* it may write, and opens the record */
	uint64_t size; /* what the signer remembers */
	struct postgres_lease lease;
	struct error trouble; /* why it does not follow, or take over */
};

struct standby {
	struct daemon *daemon;
	standby_open *open;
	void *arg;   /* of open() */
	bool writes; /* it was the last that wrote: it does not stand by */
	struct follower follower;
	pthread_t thread;
	int done; /* an eventfd: the thread has ended */
	int64_t began_ms, busy_ms, told_ms;
	int64_t silent_ms;   /* when the database was last seen not to answer */
	int64_t evidence_ms; /* when evidence was last looked for */
	bool has_evidence;   /* there was some */
	pthread_mutex_t mutex; /* guards the next two */
	struct seen seen;
	bool is_asked;  /* to take over */
	bool is_ending; /* atomic */
	bool is_ready;  /* systemd was told; of the loop's thread */
	bool is_done;   /* the thread ends by itself; the same */
	bool takes_over;
	struct error err; /* why the thread ended; of the thread until then */
};

/* --- Looking. --- */

/* Log what is in the way, and now and then again. */
static void
tell_trouble(struct standby *standby, const struct error *trouble)
{
	const int64_t now_ms = time_monotonic_ms();

	pthread_mutex_lock(&standby->mutex);
	if (trouble->kind != ERROR_NONE &&
	    (strcmp(trouble->detail, standby->seen.trouble.detail) != 0 ||
		now_ms - standby->told_ms > TELL_MS)) {
		standby->told_ms = now_ms;
		log_warning("standby", "reason=%s", log_text(trouble->detail));
	}
	standby->seen.trouble = *trouble;
	pthread_mutex_unlock(&standby->mutex);
}

static int64_t
distance(int64_t a, int64_t b)
{
	return a > b ? a - b : b - a;
}

/*
 * Is this clock right?  Entries of a wrong one would stop the record, whose time
 * never runs backwards.
 */
static bool
check_clock(const struct standby *standby, const struct postgres_lease *lease,
    struct error *err)
{
	const int64_t now_ms = time_now_ms(),
		      last_ms = journal_head(standby->follower.journal).time_ms;

	if (distance(now_ms, lease->clock_ms) <= LIMIT_MS_CLOCKS &&
	    last_ms - now_ms <= LIMIT_MS_CLOCKS)
		return true;
	return error_set(err, ERROR_UNAVAILABLE,
	    "this clock is %lld s off the database's, or behind the journal's"
	    " newest entry: it does not take over before the clock is right"
	    " (timedatectl)",
	    (long long)(distance(now_ms, lease->clock_ms) / 1000));
}

/*
 * Is there evidence against this record?  Then nothing more is signed.  What the
 * record has all the same, once this daemon has followed it, is none.
 */
static bool
check_evidence(struct standby *standby, struct error *trouble,
    struct error *err)
{
	const int64_t now_ms = time_monotonic_ms();
	struct buf text = BUF(LIMIT_EVIDENCE_BYTES);
	bool ok = true;

	if (standby->evidence_ms == 0 ||
	    now_ms - standby->evidence_ms > EVIDENCE_MS) {
		ok = evidence_find(standby->follower.backend,
		    standby->follower.journal, &text, err);
		standby->evidence_ms = now_ms;
		standby->has_evidence = text.len > 0;
		buf_free(&text);
	}
	if (ok && standby->has_evidence)
		error_set(trouble, ERROR_UNTRUSTED,
		    "the other daemon was shown a checkpoint that this"
		    " journal's key signed and that this record does not have:"
		    " nothing is signed until that is cleared up; see \"A"
		    " journal that was rolled back\" in the operations manual");
	return ok;
}

/* Nobody writes: may this daemon, by itself or because it is asked? */
static bool
is_its_turn(struct standby *standby, const struct postgres_lease *lease)
{
	const int64_t waited_ms = time_monotonic_ms() - standby->began_ms;
	bool asked;

	pthread_mutex_lock(&standby->mutex);
	asked = standby->is_asked;
	pthread_mutex_unlock(&standby->mutex);
	if (asked)
		return true;
	/* Who writes could not renew its right either: it may come first. */
	if (standby->silent_ms != 0 &&
	    time_monotonic_ms() - standby->silent_ms <
		LIMIT_SECONDS_LEASE * INT64_C(1000))
		return false;
	/* Who has just given it away, and starts again, lets the other first. */
	return standby->daemon->config->promote == PROMOTE_AUTO &&
	    (!lease->is_given ||
		waited_ms > 2 * LIMIT_SECONDS_LEASE * INT64_C(1000));
}

/* Look at the right to write; *over: it is this daemon's turn. */
static bool
look(struct standby *standby, bool *over, struct error *err)
{
	struct backend *backend = standby->follower.backend;
	struct error trouble = { 0 };
	struct postgres_lease lease;

	*over = false;
	if (!postgres_lease(backend, &lease, err) ||
	    !check_evidence(standby, &trouble, err))
		return false;
	pthread_mutex_lock(&standby->mutex);
	standby->seen.size = journal_size(standby->follower.journal);
	standby->seen.lease = lease;
	pthread_mutex_unlock(&standby->mutex);
	if (lease.is_over && trouble.kind == ERROR_NONE)
		*over = check_clock(standby, &lease, &trouble) &&
		    is_its_turn(standby, &lease);
	/* What was in the way before is over. */
	tell_trouble(standby, &trouble);
	return true;
}

static bool
is_ending(const struct standby *standby)
{
	return __atomic_load_n(&standby->is_ending, __ATOMIC_ACQUIRE);
}

static void
pause_ms(int64_t ms)
{
	const struct timespec time = { .tv_nsec = ms * 1000000 };

	nanosleep(&time, NULL);
}

/* Is something wrong, so that it does not help to wait? */
static bool
is_wrong(const struct error *why)
{
	return why->kind == ERROR_UNTRUSTED || why->kind == ERROR_REFUSED ||
	    why->kind == ERROR_MALFORMED;
}

/*
 * One step, and a look.  False: it cannot go on. A database that does not answer
 * is waited for.
 */
static bool
step(struct standby *standby, struct error *err)
{
	struct error why = { 0 };
	bool moved = false, over = false;

	if (!follower_step(&standby->follower, &moved, &why) ||
	    !look(standby, &over, &why)) {
		if (is_wrong(&why)) {
			*err = why;
			return false;
		}
		standby->silent_ms = time_monotonic_ms();
		tell_trouble(standby, &why);
		pause_ms(LOOK_IDLE_MS * 4);
		return true;
	}
	if (moved) {
		standby->busy_ms = time_monotonic_ms();
		return true;
	}
	standby->takes_over = over;
	if (!over)
		pause_ms(time_monotonic_ms() - standby->busy_ms < BUSY_MS
			? LOOK_BUSY_MS
			: LOOK_IDLE_MS);
	return true;
}

/* Follow until it is this daemon's turn, or it ends. */
static bool
follow(struct standby *standby, struct error *err)
{
	standby->takes_over = false;
	while (!is_ending(standby) && !standby->takes_over)
		if (!step(standby, err))
			return false;
	if (standby->takes_over)
		log_info("standby", "result=takes-over");
	return true;
}

/* --- Opening. --- */

bool
standby_catch_up(struct standby *standby, struct backend *backend,
    struct error *err)
{
	bool is_all = standby->follower.journal == NULL, moved;

	while (!is_all) {
		*err = (struct error){ 0 };
		if (follower_step(&standby->follower, &moved, err)) {
			is_all = !moved;
			continue;
		}
		if (is_wrong(err))
			return false;
		tell_trouble(standby, err);
		if (!backend->table->renew(backend, err))
			return false;
		pause_ms(LOOK_IDLE_MS);
	}
	/* The record is opened on the same files. */
	follower_close(&standby->follower);
	return true;
}

static void
tell_opening(struct standby *standby, bool opens)
{
	pthread_mutex_lock(&standby->mutex);
	standby->seen.opens = opens;
	standby->seen.trouble = (struct error){ 0 };
	standby->is_asked = false;
	pthread_mutex_unlock(&standby->mutex);
}

/* *late: another daemon was faster. */
static bool
open_record(struct standby *standby, bool *late, struct error *err)
{
	struct daemon *daemon = standby->daemon;

	tell_opening(standby, true);
	*late = false;
	if (standby->open(daemon, standby->arg, err))
		return true;
	*late = err->kind == ERROR_CONFLICT && daemon->record.journal == NULL;
	if (!*late)
		return false;
	*err = (struct error){ 0 };
	log_info("standby", "result=late");
	tell_opening(standby, false);
	return true;
}

static bool
begin_following(struct standby *standby, struct error *err)
{
	const struct data_place place = config_place(standby->daemon->config);

	return standby->follower.journal != NULL ||
	    follower_open(&place, standby->daemon->signer, &standby->follower,
		err);
}

/* Stand by, if another one wrote last, and open the record, in turn. */
static bool
run(struct standby *standby, struct error *err)
{
	bool late = !standby->writes;

	for (;;) {
		if (late &&
		    (!begin_following(standby, err) || !follow(standby, err)))
			return false;
		if (is_ending(standby))
			return true;
		if (!open_record(standby, &late, err))
			return false;
		if (!late)
			return true;
	}
}

static void *
run_thread(void *arg)
{
	struct standby *standby = arg;
	const uint64_t one = 1;
	ssize_t told;

	(void)!run(standby, &standby->err);
	told = write(standby->done, &one, sizeof(one));
	(void)told;
	return NULL;
}

/* --- Answering. --- */

/* What an opening waits for; false if for nothing that is known. */
static bool
waits_for(const struct standby *standby, char *out, size_t room)
{
	char since[TIME_TEXT];

	if (!standby->daemon->second.is_needed ||
	    !second_is_away(&standby->daemon->second, since))
		return false;
	snprintf(out, room,
	    "it may write, and waits since %s for the signer of the other"
	    " daemon, which must stand by: start that one, or allow to go on"
	    " alone (signers: 1)",
	    since);
	return true;
}

static json_t *
health(const struct standby *standby, const struct seen *seen)
{
	char text[300];
	json_t *health;

	if (!seen->opens) {
		health =
		    json_pack("{s:s, s:I, s:b}", "status", "standby", "size",
			(json_int_t)seen->size, "writer", !seen->lease.is_over);
		if (seen->trouble.kind != ERROR_NONE)
			json_object_set_new(health, "reason",
			    json_string(seen->trouble.detail));
		return health;
	}
	health = json_pack("{s:s}", "status", "starting");
	if (waits_for(standby, text, sizeof(text)))
		json_object_set_new(health, "reason", json_string(text));
	else if (seen->trouble.kind != ERROR_NONE)
		json_object_set_new(health, "reason",
		    json_string(seen->trouble.detail));
	return health;
}

static struct seen
look_at_seen(struct standby *standby)
{
	struct seen seen;

	pthread_mutex_lock(&standby->mutex);
	seen = standby->seen;
	pthread_mutex_unlock(&standby->mutex);
	return seen;
}

static enum http_next
begin(void *arg, struct http_request *request, uint64_t *max_body)
{
	struct standby *standby = arg;
	const struct seen seen = look_at_seen(standby);
	struct error err = { 0 };

	(void)max_body;
	if (strcmp(request->head.target, "/health") == 0 &&
	    strcmp(request->head.method, "GET") == 0) {
		job_fill_json(&request->response, 200, health(standby, &seen));
		return HTTP_ANSWER;
	}
	error_set_code(&err, ERROR_UNAVAILABLE, "STANDS_BY",
	    seen.opens ? "this daemon is only starting: /health says what it"
			 " waits for"
		       : "this daemon stands by: another one answers");
	job_fill_problem(request, 0, &err);
	return HTTP_ANSWER;
}

static void
dispatch(void *arg, struct http_request *request)
{
	(void)arg;
	http_reply(request);
}

static enum http_next
stream(void *arg, struct http_request *request, bool idle)
{
	(void)arg, (void)idle;
	request->response.close = true;
	return HTTP_ANSWER;
}

static void
failed(void *arg, const struct http_request *request, const struct error *err)
{
	(void)arg;
	log_error("request", "id=%s reason=%s", request->id,
	    log_text(err->detail));
}

static void
problem(void *arg, struct http_request *request, int status,
    const struct error *err)
{
	(void)arg;
	job_fill_problem(request, status, err);
}

static void
finished(void *arg, const struct http_request *request, bool sent)
{
	(void)arg;
	log_gather("request", "id=%s method=%s target=%s status=%d sent=%s",
	    request->id, log_text(request->head.method),
	    log_text(request->head.target), request->response.status,
	    sent ? "yes" : "no");
}

static void
nothing(void *arg)
{
	(void)arg;
}

static bool
refuse_while_opening(const struct standby *standby, struct error *err)
{
	char text[300];

	return error_set(err, ERROR_CONFLICT,
	    "this daemon is only starting%s%s",
	    waits_for(standby, text, sizeof(text)) ? ": " : "", text);
}

/* "valised promote": it takes over as soon as it may. */
static bool
promote(struct standby *standby, struct error *err)
{
	struct seen seen;

	pthread_mutex_lock(&standby->mutex);
	seen = standby->seen;
	standby->is_asked =
	    seen.lease.is_over && seen.trouble.kind == ERROR_NONE;
	pthread_mutex_unlock(&standby->mutex);
	if (!seen.lease.is_over)
		return error_set(err, ERROR_CONFLICT,
		    "another daemon writes: \"valised yield\" there first, or"
		    " end it");
	return seen.trouble.kind == ERROR_NONE ||
	    error_set(err, ERROR_CONFLICT, "%s", seen.trouble.detail);
}

static bool
ask(struct daemon *daemon, enum reload_word word, struct error *err)
{
	struct standby *standby = daemon->standby;

	if (look_at_seen(standby).opens)
		return refuse_while_opening(standby, err);
	if (word == RELOAD_PROMOTE)
		return promote(standby, err);
	return word == RELOAD_YIELD
	    ? error_set(err, ERROR_CONFLICT,
		  "this daemon stands by: it has nothing to yield")
	    : error_set(err, ERROR_CONFLICT,
		  "this daemon stands by: it takes its settings when it"
		  " starts, and policies and lists from the record");
}

/* --- Running. --- */

static void
on_done(void *arg)
{
	struct standby *standby = arg;
	uint64_t num;
	const ssize_t got = read(standby->done, &num, sizeof(num));

	(void)got;
	standby->is_done = true;
	http_server_stop(standby->daemon->server);
}

static void
on_hup(void *arg)
{
	(void)arg;
	log_info("reload", "result=kept reason=\"this daemon stands by\"");
}

/*
 * A start that waits for another machine is not one that failed: systemd is told
 * that this one has done its part.
 */
static void
tick(void *arg)
{
	struct standby *standby = arg;
	char text[300], state[340];

	if (standby->is_ready || !waits_for(standby, text, sizeof(text)))
		return;
	standby->is_ready = true;
	snprintf(state, sizeof(state), "READY=1\nSTATUS=%s", text);
	status_notify(state);
}

static bool
start_server(struct standby *standby, struct error *err)
{
	struct daemon *daemon = standby->daemon;
	const struct http_handler handler = { .begin = begin,
		.dispatch = dispatch,
		.stream = stream,
		.failed = failed,
		.problem = problem,
		.finished = finished,
		.session_free = nothing,
		.tick = tick,
		.turn_over = nothing,
		.arg = standby,
		.spool_dir = daemon->config->data };

	daemon->server = http_server_new(daemon->listener, daemon->tls,
	    daemon->config->connections, &handler, err);
	return daemon->server != NULL &&
	    daemon_on_signals(daemon, on_hup, err) &&
	    reload_serve(daemon, ask, err) &&
	    http_server_on_readable(daemon->server, standby->done, on_done,
		standby, err);
}

/* Have the thread end; a database, or a signer, that hangs is not waited for. */
static void
end_thread(struct standby *standby)
{
	char text[300] = "the database does not answer";
	struct timespec until;
	const bool waits = waits_for(standby, text, sizeof(text));

	__atomic_store_n(&standby->is_ending, true, __ATOMIC_RELEASE);
	clock_gettime(CLOCK_REALTIME, &until);
	if (standby->is_done || !waits)
		until.tv_sec += LIMIT_SECONDS_STOP_CLOSE;
	if (pthread_timedjoin_np(standby->thread, NULL, &until) == 0)
		return;
	log_warning("stopped", "result=cut reason=%s", log_text(text));
	log_flush();
	signer_end();
	_exit(0);
}

/* Serve beside the thread until one of them ends. */
static bool
serve(struct standby *standby, struct error *err)
{
	bool ok;

	if (!start_server(standby, err))
		return false;
	standby->is_ready = !standby->writes;
	if (standby->writes) {
		log_info("standby", "result=writes");
	} else {
		log_info("standby", "size=%llu",
		    (unsigned long long)journal_size(
			standby->follower.journal));
		status_notify("READY=1\nSTATUS=standing by");
	}
	if (pthread_create(&standby->thread, NULL, run_thread, standby) != 0)
		return error_set_outside(err, "standby: no thread");
	ok = http_server_run(standby->daemon->server, err);
	end_thread(standby);
	if (ok && standby->err.kind != ERROR_NONE) {
		*err = standby->err;
		ok = false;
	}
	return ok;
}

/*
 * Take part.  Was this daemon the last that wrote, or did nobody ever?  Then it goes
 * on: its lock says that the process that wrote has ended.
 */
static bool
was_last(const struct data_place *place, bool *was, struct error *err)
{
	struct backend *backend = data_members(place, err);
	struct postgres_lease lease;
	bool ok;

	if (backend == NULL)
		return false;
	ok = data_take_part(backend, err) &&
	    postgres_lease(backend, &lease, err);
	*was = ok && (lease.is_ours || lease.epoch == 0);
	backend->table->close(backend);
	return ok;
}

bool
standby_run(struct daemon *daemon, standby_open *open, void *arg, bool *ended,
    struct error *err)
{
	const struct data_place place = config_place(daemon->config);
	struct standby standby = { .daemon = daemon,
		.open = open,
		.arg = arg,
		.began_ms = time_monotonic_ms(),
		.mutex = PTHREAD_MUTEX_INITIALIZER };
	bool ok;

	*ended = false;
	if ((standby.done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) < 0)
		return error_set_errno(err, "standby");
	/* Until this function returns. */
	/* cppcheck-suppress autoVariables */
	daemon->standby = &standby;
	ok = was_last(&place, &standby.writes, err) &&
	    (standby.writes || begin_following(&standby, err)) &&
	    serve(&standby, err);
	*ended = ok && daemon->is_stopping;
	http_server_free(daemon->server);
	daemon->server = NULL;
	daemon->standby = NULL;
	follower_close(&standby.follower);
	close(standby.done);
	pthread_mutex_destroy(&standby.mutex);
	return ok;
}
