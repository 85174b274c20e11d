/*
 * The server: event loops, one thread each, to which the handshake threads hand
 * new connections; and what there is once, on the thread of http_server_run():
 * the clock and the signals (server.h).
 */
#include "daemon/http/server.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <event2/event.h>
#include <openssl/rand.h>

#include "base/limits.h"
#include "base/time.h"
#include "daemon/http/conn.h"
#include "daemon/http/greet.h"
#include "daemon/http/mailbox.h"
#include "daemon/http/tally.h"

enum { LOOPS = 8, HOOKS = 8 };

/* An event loop.  Only its own thread touches it, except its mailbox. */
struct loop_thread {
	struct loop loop;
	struct event *on_bell, *on_tick;
	struct http_server *server;
	pthread_t thread;
	bool failed; /* its thread's own until that has ended */
	bool turned; /* atomic: since the server last looked */
};

struct hook {
	void (*fn)(void *arg);
	void *arg;
};

/* A descriptor that is waited for. */
struct once {
	struct event *event;
	void (*fn)(void *arg, int fd);
	void *arg;
	int fd;
	struct once **from, *next; /* in the server's list */
};

struct http_server {
	struct event_base *base;
	struct http_handler handler;
	struct greet *greet;
	struct tally *tally; /* of the connections */
	size_t max;
	struct event *on_tick, *on_ended;
	struct event *hooks[HOOKS];
	size_t num_hooks;
	struct once *once;
	struct loop_thread loops[LOOPS];
	size_t num_loops;
	size_t num_ended;    /* atomic */
	int ended;           /* an eventfd: a loop has ended */
	struct hook turning; /* called while every loop turns */
	bool stopping;
};

/*
 * Returns an event base without locks, for one thread; NULL if there is no
 * memory.
 */
static struct event_base *
new_base(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base = NULL;

	if (config != NULL &&
	    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK) == 0)
		base = event_base_new_with_config(config);
	if (config != NULL)
		event_config_free(config);
	return base;
}

/* --- One loop. --- */

static void
answer_all(struct loop *loop, struct http_request *answers)
{
	struct http_request *next;

	for (; answers != NULL; answers = next) {
		next = answers->next;
		conn_answer(loop, answers);
	}
}

/* Begin the connections that were handed over. */
static void
begin_all(struct loop *loop, struct arrival *arrivals)
{
	struct arrival *next;

	for (; arrivals != NULL; arrivals = next) {
		next = arrivals->next;
		conn_begin(loop, arrivals);
		free(arrivals);
	}
}

/* When stopping: end the loop once everything under way is answered. */
static void
end_if_idle(struct loop *loop)
{
	conn_expire(loop);
	if (loop->stopping && !conn_any_busy(loop))
		event_base_loopbreak(loop->base);
}

/* Act on everything in the mailbox. */
static void
take_mail(struct loop *loop)
{
	struct mail mail;

	mailbox_take(loop->mailbox, &mail);
	begin_all(loop, mail.arrivals);
	answer_all(loop, mail.answers);
	conn_feed_streams(loop, mail.streams);
	if (mail.stop && !loop->stopping) {
		loop->stopping = true;
		loop->stop_s = loop->now_s;
		end_if_idle(loop);
	}
}

static void
on_bell(evutil_socket_t bell, short what, void *arg)
{
	(void)bell, (void)what;
	take_mail(arg);
}

static void
on_loop_tick(evutil_socket_t fd, short what, void *arg)
{
	struct loop_thread *thread = arg;
	struct loop *loop = &thread->loop;

	(void)fd, (void)what;
	loop->now_s = time_monotonic_ms() / 1000;
	take_mail(loop);
	conn_tell_working(loop);
	end_if_idle(loop);
	__atomic_store_n(&thread->turned, true, __ATOMIC_RELAXED);
}

/* Make a loop with its events. */
static bool
loop_open(struct loop_thread *thread, struct http_server *server,
    struct error *err)
{
	const struct timeval second = { .tv_sec = 1 };
	struct loop *loop = &thread->loop;

	thread->server = server;
	loop->handler = &server->handler;
	loop->tally = server->tally;
	loop->now_s = time_monotonic_ms() / 1000;
	if (RAND_bytes((unsigned char *)&loop->next_id,
		sizeof(loop->next_id)) != 1)
		return error_set_openssl(err, ERROR_SYSTEM, "random bytes");
	if ((loop->mailbox = mailbox_new(err)) == NULL)
		return false;
	if ((loop->piece = malloc(HTTP_PIECE)) == NULL)
		return error_set_errno(err, "event loop");
	if ((loop->base = new_base()) != NULL) {
		thread->on_bell =
		    event_new(loop->base, mailbox_bell(loop->mailbox),
			EV_READ | EV_PERSIST, on_bell, loop);
		thread->on_tick =
		    event_new(loop->base, -1, EV_PERSIST, on_loop_tick, thread);
	}
	return (thread->on_bell != NULL && thread->on_tick != NULL &&
		   event_add(thread->on_bell, NULL) == 0 &&
		   event_add(thread->on_tick, &second) == 0) ||
	    error_set(err, ERROR_SYSTEM, "libevent");
}

static void
loop_close(struct loop_thread *thread)
{
	struct loop *loop = &thread->loop;

	conn_end_all(loop);
	if (thread->on_bell != NULL)
		event_free(thread->on_bell);
	if (thread->on_tick != NULL)
		event_free(thread->on_tick);
	if (loop->base != NULL)
		event_base_free(loop->base);
	mailbox_free(loop->mailbox);
	free(loop->piece);
}

/* The function of a loop's thread. */
static void *
run_loop(void *arg)
{
	struct loop_thread *thread = arg;
	struct http_server *server = thread->server;
	struct loop *loop = &thread->loop;
	const uint64_t one = 1;
	ssize_t rung;

	while (!thread->failed && !event_base_got_break(loop->base)) {
		thread->failed = event_base_loop(loop->base, EVLOOP_ONCE) != 0;
		conn_empty_grave(loop);
		server->handler.turn_over(server->handler.arg);
	}
	__atomic_add_fetch(&server->num_ended, 1, __ATOMIC_RELEASE);
	rung = write(server->ended, &one, sizeof(one));
	(void)rung; /* the next tick reads it too */
	return NULL;
}

/* --- All loops. --- */

unsigned
http_server_left(const struct http_server *server)
{
	unsigned num = 0;

	for (size_t i = 0; i < server->num_loops; i++)
		num += server->loops[i].loop.num_working;
	return num;
}

unsigned
http_server_connections(const struct http_server *server)
{
	unsigned num = 0;

	for (size_t i = 0; i < server->num_loops; i++)
		num += conn_count(&server->loops[i].loop);
	return num;
}

/* Returns the loop with the fewest connections. */
static struct loop *
choose_loop(struct http_server *server)
{
	struct loop *best = &server->loops[0].loop;

	for (size_t i = 1; i < server->num_loops; i++)
		if (conn_count(&server->loops[i].loop) < conn_count(best))
			best = &server->loops[i].loop;
	return best;
}

static void
tell_limited(const struct http_server *server, enum http_limit limit,
    const char *office)
{
	const struct http_handler *handler = &server->handler;

	if (handler->limited != NULL)
		handler->limited(handler->arg, limit, office);
}

/*
 * Take a place among the connections.  Returns 0, or the status that the
 * connection is to be turned away with.
 */
static int
take_place(struct http_server *server, const char *office,
    struct tally_share **out)
{
	switch (tally_take(server->tally, office, out)) {
	case TALLY_TAKEN:
		break;
	case TALLY_OWN:
		tell_limited(server, HTTP_LIMIT_OFFICE_CONNECTIONS, office);
		return 429;
	case TALLY_ALL:
		tell_limited(server, HTTP_LIMIT_CONNECTIONS, office);
		return 503;
	}
	return 0;
}

static size_t
room_left(void *arg)
{
	const struct http_server *server = arg;
	const size_t num = http_server_connections(server);

	return num < server->max ? server->max - num : 0;
}

/*
 * A handshake is over: give the connection to a loop.  Runs on a handshake
 * thread.
 */
static void
welcome(void *arg, int fd, SSL *ssl)
{
	struct http_server *server = arg;
	const struct http_handler *handler = &server->handler;
	struct loop *loop = choose_loop(server);
	struct arrival arrival = { .ssl = ssl, .fd = fd };
	char office[HTTP_OFFICE] = "";

	if (handler->greeted != NULL)
		handler->greeted(handler->arg, SSL_get0_peer_certificate(ssl),
		    &arrival.session, office);
	arrival.turned_away = take_place(server, office, &arrival.share);
	conn_expect(loop);
	if (mailbox_arrive(loop->mailbox, &arrival))
		return;
	conn_forget(loop);
	tally_give(server->tally, arrival.share);
	if (arrival.session != NULL)
		handler->session_free(arrival.session);
	SSL_free(ssl);
	close(fd);
}

/* If all loops have ended, or one has failed, http_server_run() returns. */
static void
look_for_ended(struct http_server *server)
{
	const size_t num =
	    __atomic_load_n(&server->num_ended, __ATOMIC_ACQUIRE);

	if (num == server->num_loops || (num > 0 && !server->stopping))
		event_base_loopbreak(server->base);
}

static void
on_ended(evutil_socket_t fd, short what, void *arg)
{
	uint64_t count;
	const ssize_t done = read((int)fd, &count, sizeof(count));

	(void)what, (void)done;
	look_for_ended(arg);
}

/* Have all loops, and the handshakes, turned since this returned true? */
static bool
all_turned(struct http_server *server)
{
	for (size_t i = 0; i < server->num_loops; i++)
		if (!__atomic_load_n(&server->loops[i].turned,
			__ATOMIC_RELAXED))
			return false;
	if (!greet_turned(server->greet))
		return false;
	for (size_t i = 0; i < server->num_loops; i++)
		__atomic_store_n(&server->loops[i].turned, false,
		    __ATOMIC_RELAXED);
	return true;
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct http_server *server = arg;

	(void)fd, (void)what;
	if (server->turning.fn != NULL && all_turned(server))
		server->turning.fn(server->turning.arg);
	server->handler.tick(server->handler.arg);
	look_for_ended(server);
}

void
http_reply(struct http_request *request)
{
	mailbox_answer(request->mailbox, request);
}

void
http_server_wake_streams(struct http_server *server)
{
	for (size_t i = 0; i < server->num_loops; i++)
		if (conn_has_streams(&server->loops[i].loop))
			mailbox_streams(server->loops[i].loop.mailbox);
}

void
http_server_stop(struct http_server *server)
{
	server->stopping = true;
	greet_stop(server->greet);
	for (size_t i = 0; i < server->num_loops; i++)
		mailbox_stop(server->loops[i].loop.mailbox);
}

void
http_server_set_tls(struct http_server *server, void *tls)
{
	greet_set_tls(server->greet, tls);
}

/* One for each processor of this process, at most LOOPS. */
static size_t
count_loops(void)
{
	cpu_set_t processors;
	int num = 1;

	if (sched_getaffinity(0, sizeof(processors), &processors) == 0)
		num = CPU_COUNT(&processors);
	return num < 1 ? 1 : num > LOOPS ? LOOPS : (size_t)num;
}

/* Make the events of the server's own thread. */
static bool
make_events(struct http_server *server, struct error *err)
{
	const struct timeval second = { .tv_sec = 1 };

	server->base = new_base();
	server->ended = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (server->base != NULL && server->ended >= 0) {
		server->on_ended = event_new(server->base, server->ended,
		    EV_READ | EV_PERSIST, on_ended, server);
		server->on_tick =
		    event_new(server->base, -1, EV_PERSIST, on_tick, server);
	}
	return (server->on_ended != NULL && server->on_tick != NULL &&
		   event_add(server->on_ended, NULL) == 0 &&
		   event_add(server->on_tick, &second) == 0) ||
	    error_set(err, ERROR_SYSTEM, "libevent");
}

struct http_server *
http_server_new(int fd, void *tls, size_t max,
    const struct http_handler *handler, struct error *err)
{
	struct http_server *server = calloc(1, sizeof(*server));
	const size_t num_loops = count_loops();
	bool ok;

	if (server == NULL) {
		error_set_errno(err, "server");
		return NULL;
	}
	server->handler = *handler;
	server->max = max;
	ok = make_events(server, err) &&
	    (server->tally = tally_new(max, err)) != NULL &&
	    (server->greet = greet_new(fd, tls, max, &server->handler, welcome,
		 room_left, server, err)) != NULL;
	while (ok && server->num_loops < num_loops)
		ok =
		    loop_open(&server->loops[server->num_loops++], server, err);
	if (!ok) {
		http_server_free(server);
		return NULL;
	}
	return server;
}

static bool
start_loops(struct http_server *server, struct error *err)
{
	for (size_t i = 0; i < server->num_loops; i++) {
		struct loop_thread *thread = &server->loops[i];

		if (pthread_create(&thread->thread, NULL, run_loop, thread) !=
		    0)
			return error_set_outside(err, "event loops: no thread");
	}
	return true;
}

bool
http_server_run(struct http_server *server, struct error *err)
{
	bool ok = true;

	if (!start_loops(server, err) || !greet_start(server->greet, err))
		return false;
	if (event_base_dispatch(server->base) != 0 ||
	    __atomic_load_n(&server->num_ended, __ATOMIC_ACQUIRE) <
		server->num_loops)
		return error_set(err, ERROR_SYSTEM, "event loop");
	for (size_t i = 0; i < server->num_loops; i++) {
		pthread_join(server->loops[i].thread, NULL);
		ok = ok && !server->loops[i].failed;
	}
	return ok || error_set(err, ERROR_SYSTEM, "event loop");
}

static void
on_hook(evutil_socket_t what_for, short what, void *arg)
{
	struct hook *hook = arg;

	(void)what_for, (void)what;
	hook->fn(hook->arg);
}

/* Call fn for a signal (EV_SIGNAL) or a descriptor (EV_READ). */
static bool
add_hook(struct http_server *server, int what_for, short what,
    void (*fn)(void *arg), void *arg, struct error *err)
{
	struct hook *hook = calloc(1, sizeof(*hook));
	struct event *event;

	if (hook == NULL || server->num_hooks == HOOKS) {
		free(hook);
		return error_set(err, ERROR_SYSTEM, "event");
	}
	*hook = (struct hook){ fn, arg };
	event = event_new(server->base, what_for, (short)(what | EV_PERSIST),
	    on_hook, hook);
	if (event == NULL || event_add(event, NULL) != 0) {
		free(hook);
		return error_set(err, ERROR_SYSTEM, "event");
	}
	server->hooks[server->num_hooks++] = event;
	return true;
}

bool
http_server_on_signal(struct http_server *server, int signal,
    void (*fn)(void *arg), void *arg, struct error *err)
{
	return add_hook(server, signal, EV_SIGNAL, fn, arg, err);
}

bool
http_server_on_readable(struct http_server *server, int fd,
    void (*fn)(void *arg), void *arg, struct error *err)
{
	return add_hook(server, fd, EV_READ, fn, arg, err);
}

static void
free_once(struct once *once)
{
	*once->from = once->next;
	if (once->next != NULL)
		once->next->from = once->from;
	if (once->event != NULL)
		event_free(once->event);
	free(once);
}

static void
on_once(evutil_socket_t fd, short what, void *arg)
{
	const struct once once = *(struct once *)arg;

	(void)fd, (void)what;
	free_once(arg);
	once.fn(once.arg, once.fd);
}

bool
http_server_once_readable(struct http_server *server, int fd, unsigned ms,
    void (*fn)(void *arg, int fd), void *arg, struct error *err)
{
	const struct timeval after = { .tv_sec = ms / 1000,
		.tv_usec = ms % 1000 * 1000 };
	struct once *once = calloc(1, sizeof(*once));

	if (once == NULL)
		return error_set_errno(err, "event");
	*once = (struct once){ .fn = fn,
		.arg = arg,
		.fd = fd,
		.from = &server->once,
		.next = server->once };
	if (once->next != NULL)
		once->next->from = &once->next;
	server->once = once;
	once->event = event_new(server->base, fd, EV_READ, on_once, once);
	if (once->event != NULL && event_add(once->event, &after) == 0)
		return true;
	free_once(once);
	return error_set(err, ERROR_SYSTEM, "event");
}

void
http_server_on_turning(struct http_server *server, void (*fn)(void *arg),
    void *arg)
{
	server->turning = (struct hook){ fn, arg };
}

void
http_server_free(struct http_server *server)
{
	if (server == NULL)
		return;
	greet_free(server->greet);
	for (size_t i = 0; i < server->num_loops; i++)
		loop_close(&server->loops[i]);
	tally_free(server->tally);
	while (server->once != NULL) {
		close(server->once->fd);
		free_once(server->once);
	}
	for (size_t i = 0; i < server->num_hooks; i++) {
		free(event_get_callback_arg(server->hooks[i]));
		event_free(server->hooks[i]);
	}
	if (server->on_ended != NULL)
		event_free(server->on_ended);
	if (server->on_tick != NULL)
		event_free(server->on_tick);
	if (server->base != NULL)
		event_base_free(server->base);
	if (server->ended >= 0)
		close(server->ended);
	free(server);
}
