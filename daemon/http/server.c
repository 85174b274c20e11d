/*
 * The event loop: it takes connections, and hears of answers, the clock and
 * signals.
 */
#include "daemon/http/server.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>
#include <openssl/rand.h>

#include "base/limits.h"
#include "base/time.h"
#include "daemon/http/answer.h"
#include "daemon/http/conn.h"

struct http_server {
	struct loop loop;
	struct http_handler handler;
	SSL_CTX *tls;
	int bell;
	struct event *on_listener, *on_bell, *on_tick;
	struct event *signals[8];
	size_t num_signals;
	pthread_mutex_t mutex;
	struct http_request *done; /* replies from other threads */
	bool streams_due;          /* the same */
};

struct signal_hook {
	void (*fn)(void *arg);
	void *arg;
};

/* An accepted socket becomes a connection, or is closed. */
static void
begin(struct http_server *server, int fd)
{
	const int yes = 1;
	SSL *ssl;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	if ((ssl = SSL_new(server->tls)) == NULL ||
	    !conn_begin(&server->loop, fd, ssl)) {
		SSL_free(ssl);
		close(fd);
	}
}

static void
on_listener(evutil_socket_t listener, short what, void *arg)
{
	struct http_server *server = arg;

	(void)what;
	for (int i = 0; i < 32 && server->loop.num_conns < LIMIT_CONNECTIONS;
	     i++) {
		const int fd =
		    accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0) {
			/* Out of descriptors: the tick listens again. */
			if (errno != EAGAIN && errno != EINTR &&
			    errno != ECONNABORTED)
				event_del(server->on_listener);
			return;
		}
		begin(server, fd);
	}
	if (server->loop.num_conns >= LIMIT_CONNECTIONS)
		event_del(server->on_listener);
	conn_empty_grave(&server->loop);
}

void
http_reply(struct http_server *server, struct http_request *request)
{
	const uint64_t one = 1;
	ssize_t rung = 0;
	bool first;

	pthread_mutex_lock(&server->mutex);
	first = server->done == NULL;
	request->next = server->done;
	server->done = request;
	pthread_mutex_unlock(&server->mutex);
	/* Where it cannot ring, the next tick looks. */
	if (first)
		rung = write(server->bell, &one, sizeof(one));
	(void)rung;
}

static void
answer_all(struct http_server *server)
{
	struct http_request *done, *next;

	pthread_mutex_lock(&server->mutex);
	done = server->done;
	server->done = NULL;
	pthread_mutex_unlock(&server->mutex);
	for (; done != NULL; done = next) {
		next = done->next;
		conn_answer(&server->loop, done);
	}
}

void
http_server_wake_streams(struct http_server *server)
{
	const uint64_t one = 1;
	ssize_t rung = 0;
	bool first;

	pthread_mutex_lock(&server->mutex);
	first = !server->streams_due;
	server->streams_due = true;
	pthread_mutex_unlock(&server->mutex);
	if (first)
		rung = write(server->bell, &one, sizeof(one));
	(void)rung;
}

static void
feed_streams(struct http_server *server)
{
	bool due;

	pthread_mutex_lock(&server->mutex);
	due = server->streams_due;
	server->streams_due = false;
	pthread_mutex_unlock(&server->mutex);
	conn_feed_streams(&server->loop, due);
}

static void
on_bell(evutil_socket_t bell, short what, void *arg)
{
	uint64_t count;

	(void)what;
	if (read((int)bell, &count, sizeof(count)) != sizeof(count))
		return;
	answer_all(arg);
	feed_streams(arg);
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct http_server *server = arg;
	struct loop *loop = &server->loop;

	(void)fd, (void)what;
	loop->now_s = time_monotonic_ms() / 1000;
	answer_all(server);
	feed_streams(server);
	conn_expire(loop);
	if (!loop->stopping && loop->num_conns < LIMIT_CONNECTIONS)
		event_add(server->on_listener, NULL);
	server->handler.tick(server->handler.arg);
	if (loop->stopping && !conn_any_busy(loop))
		event_base_loopbreak(loop->base);
}

void
http_server_stop(struct http_server *server)
{
	server->loop.stopping = true;
	event_del(server->on_listener);
	/* Not at once: what is under way is answered first. */
	on_tick(-1, 0, server);
}

void
http_server_set_tls(struct http_server *server, void *tls)
{
	SSL_CTX_free(server->tls);
	server->tls = tls;
	SSL_CTX_up_ref(server->tls);
}

struct http_server *
http_server_new(int fd, void *tls, const struct http_handler *handler,
    struct error *err)
{
	struct http_server *server = calloc(1, sizeof(*server));
	struct event_config *config = event_config_new();
	const struct timeval second = { .tv_sec = 1 };

	if (server == NULL || config == NULL) {
		error_set_errno(err, "server");
		free(server);
		return NULL;
	}
	server->handler = *handler;
	server->loop.handler = &server->handler;
	server->tls = tls;
	SSL_CTX_up_ref(server->tls);
	server->loop.now_s = time_monotonic_ms() / 1000;
	if (RAND_bytes((unsigned char *)&server->loop.next_id,
		sizeof(server->loop.next_id)) != 1)
		server->loop.next_id = (uint64_t)time_now_ms() << 20;
	pthread_mutex_init(&server->mutex, NULL);
	event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
	server->loop.base = event_base_new_with_config(config);
	event_config_free(config);
	server->bell = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	server->loop.piece = malloc(HTTP_PIECE);
	if (server->loop.base != NULL && server->bell >= 0) {
		server->on_listener = event_new(server->loop.base, fd,
		    EV_READ | EV_PERSIST, on_listener, server);
		server->on_bell = event_new(server->loop.base, server->bell,
		    EV_READ | EV_PERSIST, on_bell, server);
		server->on_tick = event_new(server->loop.base, -1, EV_PERSIST,
		    on_tick, server);
	}
	if (server->loop.piece == NULL || server->on_listener == NULL ||
	    server->on_bell == NULL || server->on_tick == NULL ||
	    event_add(server->on_listener, NULL) != 0 ||
	    event_add(server->on_bell, NULL) != 0 ||
	    event_add(server->on_tick, &second) != 0) {
		error_set(err, ERROR_SYSTEM, "libevent");
		http_server_free(server);
		return NULL;
	}
	return server;
}

bool
http_server_run(struct http_server *server, struct error *err)
{
	while (!event_base_got_break(server->loop.base)) {
		if (event_base_loop(server->loop.base, EVLOOP_ONCE) != 0)
			return error_set(err, ERROR_SYSTEM, "event loop");
		conn_empty_grave(&server->loop);
		server->handler.turn_over(server->handler.arg);
	}
	return true;
}

static void
on_signal(evutil_socket_t signal, short what, void *arg)
{
	struct signal_hook *hook = arg;

	(void)signal, (void)what;
	hook->fn(hook->arg);
}

bool
http_server_on_signal(struct http_server *server, int signal,
    void (*fn)(void *arg), void *arg, struct error *err)
{
	struct signal_hook *hook = calloc(1, sizeof(*hook));
	struct event *event;

	if (hook == NULL || server->num_signals == 8) {
		free(hook);
		return error_set(err, ERROR_SYSTEM, "signal");
	}
	*hook = (struct signal_hook){ fn, arg };
	event = evsignal_new(server->loop.base, signal, on_signal, hook);
	if (event == NULL || event_add(event, NULL) != 0) {
		free(hook);
		return error_set(err, ERROR_SYSTEM, "signal");
	}
	server->signals[server->num_signals++] = event;
	return true;
}

unsigned
http_server_connections(const struct http_server *server)
{
	return server->loop.num_conns;
}

void
http_server_free(struct http_server *server)
{
	struct http_request *next;

	if (server == NULL)
		return;
	conn_end_all(&server->loop);
	for (struct http_request *r = server->done; r != NULL; r = next) {
		next = r->next;
		http_request_free(r);
	}
	for (size_t i = 0; i < server->num_signals; i++) {
		free(event_get_callback_arg(server->signals[i]));
		event_free(server->signals[i]);
	}
	if (server->on_listener != NULL)
		event_free(server->on_listener);
	if (server->on_bell != NULL)
		event_free(server->on_bell);
	if (server->on_tick != NULL)
		event_free(server->on_tick);
	if (server->loop.base != NULL)
		event_base_free(server->loop.base);
	if (server->bell >= 0)
		close(server->bell);
	free(server->loop.piece);
	SSL_CTX_free(server->tls);
	pthread_mutex_destroy(&server->mutex);
	free(server);
}
