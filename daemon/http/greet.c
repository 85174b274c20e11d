/*
 * The handshake threads, and the end of what never became a connection
 * (greet.h).
 */
#include "daemon/http/greet_parts.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <openssl/err.h>

#include "base/limits.h"
#include "daemon/http/tls.h"

#define NS_PER_MS 1000000L
#define NS_PER_S  1000000000L

/* --- The end of a greeting. --- */

const char *
greet_address(const struct greeting *g, char out[INET6_ADDRSTRLEN])
{
	out[0] = '\0';
	if (g->address.any.sa_family == AF_INET)
		inet_ntop(AF_INET, &g->address.ip4.sin_addr, out,
		    INET6_ADDRSTRLEN);
	else if (g->address.any.sa_family == AF_INET6)
		inet_ntop(AF_INET6, &g->address.ip6.sin6_addr, out,
		    INET6_ADDRSTRLEN);
	return out;
}

/* Was it the certificate, or that there was none? */
static bool
is_of_certificate(enum http_refused reason)
{
	return reason == HTTP_REFUSED_EXPIRED ||
	    reason == HTTP_REFUSED_NOT_YET_VALID ||
	    reason == HTTP_REFUSED_UNKNOWN_CA ||
	    reason == HTTP_REFUSED_NO_CERTIFICATE ||
	    reason == HTTP_REFUSED_WRONG_PURPOSE;
}

/*
 * Tell the handler why a handshake failed, or that its time was over.  Returns
 * whether it failed because of its certificate.
 */
static bool
tell_refusal(const struct greet *greet, const struct greeting *g, bool late)
{
	const struct http_handler *handler = greet->handler;
	char from[INET6_ADDRSTRLEN];
	struct http_refusal refusal;

	if (!http_tls_refusal(g->ssl, late, &refusal))
		return false;
	refusal.from = greet_address(g, from);
	if (handler->refused != NULL)
		handler->refused(handler->arg, &refusal);
	return is_of_certificate(refusal.reason);
}

void
greet_bury(const struct greet *greet, struct greeting *g)
{
	const struct http_handler *handler = greet->handler;
	const struct linger at_once = { .l_onoff = 1 };
	char from[INET6_ADDRSTRLEN];

	if (g->gone && g->late && !g->refused) {
		(void)tell_refusal(greet, g, true);
	} else if (g->gone && g->limit != HTTP_LIMIT_NONE) {
		if (handler->limited != NULL)
			handler->limited(handler->arg, g->limit,
			    greet_address(g, from));
		/* A reset leaves nothing of it in the kernel. */
		setsockopt(g->fd, SOL_SOCKET, SO_LINGER, &at_once,
		    sizeof(at_once));
	}
	SSL_free(g->ssl);
	close(g->fd);
	free(g);
}

void
greet_leave(struct greet *greet, struct greeting *g)
{
	if (g->gone)
		return;
	pool_remove(g->greeted ? greet->shaking : greet->silent, &g->entry);
	TAILQ_REMOVE(&greet->all, g, all);
	if (g->state == QUEUED)
		TAILQ_REMOVE(&greet->queue, g, queue);
}

bool
greet_arm(const struct greet *greet, struct greeting *g, int op,
    uint32_t events)
{
	struct epoll_event event = { .events = events | EPOLLONESHOT,
		.data.ptr = g };

	g->state = ARMED;
	return epoll_ctl(greet->epoll, op, g->fd, &event) == 0;
}

/* --- The handshake threads. --- */

static bool
begin_tls(struct greeting *g, SSL_CTX *tls)
{
	if ((g->ssl = SSL_new(tls)) == NULL || SSL_set_fd(g->ssl, g->fd) != 1)
		return false;
	SSL_set_accept_state(g->ssl);
	/*
	 * Read a record by one system call, not its header by one of its own.
	 */
	SSL_set_read_ahead(g->ssl, 1);
	return true;
}

/*
 * Take the next step of a handshake.  Returns what to wait for, 0 if it is
 * over, -1 if it failed.
 */
static int
shake(struct greeting *g, SSL_CTX *tls)
{
	int result;

	ERR_clear_error();
	if (g->ssl == NULL && !begin_tls(g, tls))
		return -1;
	if ((result = SSL_accept(g->ssl)) > 0)
		return 0;
	switch (SSL_get_error(g->ssl, result)) {
	case SSL_ERROR_WANT_READ:
		return EPOLLIN;
	case SSL_ERROR_WANT_WRITE:
		return EPOLLOUT;
	default:
		return -1;
	}
}

/* A handshake failed.  Returns what to wait for; -1: for nothing. */
static int
refuse(const struct greet *greet, struct greeting *g)
{
	g->refused = tell_refusal(greet, g, false);
	SSL_free(g->ssl);
	g->ssl = NULL;
	return g->refused ? EPOLLIN : -1;
}

/* Drop what it sends.  Returns what to wait for; -1: it is gone. */
static int
drop(struct greeting *g)
{
	uint8_t bytes[4096];
	ssize_t n;

	while ((n = recv(g->fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
		if ((g->num_dropped += (size_t)n) > LIMIT_HTTP_DRAIN)
			return -1;
	return n < 0 && (errno == EAGAIN || errno == EINTR) ? EPOLLIN : -1;
}

/* Let a handshake have a step.  The lock is not held. */
static void
work(struct greet *greet, struct greeting *g, SSL_CTX *tls)
{
	int next = g->refused ? drop(g) : shake(g, tls);

	if (next < 0 && g->ssl != NULL)
		next = refuse(greet, g);
	pthread_mutex_lock(&greet->mutex);
	if (next > 0 && !g->gone &&
	    greet_arm(greet, g, EPOLL_CTL_MOD, (uint32_t)next)) {
		pthread_mutex_unlock(&greet->mutex);
		return;
	}
	greet_leave(greet, g);
	pthread_mutex_unlock(&greet->mutex);
	if (next == 0) {
		epoll_ctl(greet->epoll, EPOLL_CTL_DEL, g->fd, NULL);
		greet->done(greet->arg, g->fd, g->ssl);
		free(g);
	} else {
		greet_bury(greet, g);
	}
}

/*
 * Wait for work; NULL when none has come for a while, or the thread must end.
 * The lock is held.
 */
static struct greeting *
next_greeting(struct greet *greet)
{
	struct greeting *g = TAILQ_FIRST(&greet->queue);
	struct timespec until;

	if (g == NULL && !greet->stopping) {
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += GREET_TURN_MS * NS_PER_MS;
		until.tv_sec += until.tv_nsec / NS_PER_S;
		until.tv_nsec %= NS_PER_S;
		pthread_cond_timedwait(&greet->wake, &greet->mutex, &until);
		g = TAILQ_FIRST(&greet->queue);
	}
	if (g != NULL) {
		TAILQ_REMOVE(&greet->queue, g, queue);
		g->state = BUSY;
	}
	return g;
}

void
greet_turn(bool *turned)
{
	__atomic_store_n(turned, true, __ATOMIC_RELAXED);
}

struct thread_start {
	struct greet *greet;
	bool *turned;
};

/* The function of a handshake thread. */
static void *
run_thread(void *arg)
{
	const struct thread_start start = *(struct thread_start *)arg;
	struct greet *greet = start.greet;

	free(arg);
	pthread_mutex_lock(&greet->mutex);
	while (!greet->stopping) {
		struct greeting *g = next_greeting(greet);

		greet_turn(start.turned);
		if (g != NULL) {
			SSL_CTX *tls = greet->tls;

			SSL_CTX_up_ref(tls);
			pthread_mutex_unlock(&greet->mutex);
			work(greet, g, tls);
			SSL_CTX_free(tls);
			pthread_mutex_lock(&greet->mutex);
		}
	}
	pthread_mutex_unlock(&greet->mutex);
	return NULL;
}

/* --- All. --- */

/* Half of the processors, so that a flood does not get all of them. */
static unsigned
count_threads(void)
{
	cpu_set_t processors;
	int num = 1;

	if (sched_getaffinity(0, sizeof(processors), &processors) == 0)
		num = CPU_COUNT(&processors) / 2;
	return num < 1            ? 1
	    : num > GREET_THREADS ? GREET_THREADS
				  : (unsigned)num;
}

static bool
make_events(struct greet *greet, struct error *err)
{
	struct epoll_event knock = { .events = EPOLLIN | EPOLLONESHOT };
	/* A ring is nobody's: it only has the door look whether to stop. */
	struct epoll_event ring = { .events = EPOLLIN };

	greet->epoll = epoll_create1(EPOLL_CLOEXEC);
	greet->bell = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	greet->listening = true;
	return (greet->epoll >= 0 && greet->bell >= 0 &&
		   epoll_ctl(greet->epoll, EPOLL_CTL_ADD, greet->listener,
		       &knock) == 0 &&
		   epoll_ctl(greet->epoll, EPOLL_CTL_ADD, greet->bell, &ring) ==
		       0) ||
	    error_set_errno(err, "epoll");
}

/* Three quarters of the files that there may be. */
static size_t
count_files(void)
{
	struct rlimit files;

	return getrlimit(RLIMIT_NOFILE, &files) == 0
	    ? (size_t)(files.rlim_cur - files.rlim_cur / 4)
	    : LIMIT_SILENT;
}

static void
make_locks(struct greet *greet)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&greet->wake, &attr);
	pthread_condattr_destroy(&attr);
	pthread_mutex_init(&greet->mutex, NULL);
}

struct greet *
greet_new(int fd, SSL_CTX *tls, size_t max, const struct http_handler *handler,
    greet_done *done, greet_room *room, void *arg, struct error *err)
{
	struct greet *greet = calloc(1, sizeof(*greet));

	if (greet == NULL) {
		error_set_errno(err, "handshakes");
		return NULL;
	}
	*greet = (struct greet){ .listener = fd,
		.epoll = -1,
		.bell = -1,
		.handler = handler,
		.done = done,
		.room = room,
		.arg = arg,
		.tls = tls,
		.files = count_files(),
		.num_threads = count_threads() };
	SSL_CTX_up_ref(tls);
	make_locks(greet);
	TAILQ_INIT(&greet->all);
	TAILQ_INIT(&greet->queue);
	TAILQ_INIT(&greet->dead);
	if (!make_events(greet, err) ||
	    (greet->silent = pool_new(LIMIT_SILENT + max, err)) == NULL ||
	    (greet->shaking = pool_new(LIMIT_HANDSHAKES, err)) == NULL) {
		greet_free(greet);
		return NULL;
	}
	return greet;
}

static bool
start_thread(struct greet *greet, unsigned i)
{
	struct thread_start *start = malloc(sizeof(*start));

	if (start == NULL)
		return false;
	*start = (struct thread_start){ greet, &greet->turned[i] };
	if (pthread_create(&greet->threads[i], NULL, run_thread, start) == 0)
		return true;
	free(start);
	return false;
}

bool
greet_start(struct greet *greet, struct error *err)
{
	while (greet->num_started < greet->num_threads) {
		if (!start_thread(greet, greet->num_started))
			return error_set_outside(err, "handshakes: no thread");
		greet->num_started++;
	}
	greet->has_door =
	    pthread_create(&greet->door, NULL, greet_run_door, greet) == 0;
	return greet->has_door ||
	    error_set_outside(err, "handshakes: no thread");
}

void
greet_stop(struct greet *greet)
{
	const uint64_t one = 1;
	struct greeting *g;
	ssize_t rung;

	pthread_mutex_lock(&greet->mutex);
	greet->stopping = true;
	pthread_cond_broadcast(&greet->wake);
	pthread_mutex_unlock(&greet->mutex);
	rung = write(greet->bell, &one, sizeof(one));
	(void)rung; /* the door looks each second */
	for (; greet->num_started > 0; greet->num_started--)
		pthread_join(greet->threads[greet->num_started - 1], NULL);
	if (greet->has_door)
		pthread_join(greet->door, NULL);
	greet->has_door = false;
	while ((g = TAILQ_FIRST(&greet->all)) != NULL) {
		greet_leave(greet, g);
		greet_bury(greet, g);
	}
}

void
greet_set_tls(struct greet *greet, SSL_CTX *tls)
{
	SSL_CTX *old;

	SSL_CTX_up_ref(tls);
	pthread_mutex_lock(&greet->mutex);
	old = greet->tls;
	greet->tls = tls;
	pthread_mutex_unlock(&greet->mutex);
	SSL_CTX_free(old);
}

bool
greet_turned(struct greet *greet)
{
	for (unsigned i = 0; i <= GREET_THREADS; i++)
		if ((i < greet->num_threads || i == GREET_THREADS) &&
		    !__atomic_load_n(&greet->turned[i], __ATOMIC_RELAXED))
			return false;
	for (unsigned i = 0; i <= GREET_THREADS; i++)
		__atomic_store_n(&greet->turned[i], false, __ATOMIC_RELAXED);
	return true;
}

void
greet_free(struct greet *greet)
{
	if (greet == NULL)
		return;
	greet_stop(greet);
	pool_free(greet->silent);
	pool_free(greet->shaking);
	if (greet->epoll >= 0)
		close(greet->epoll);
	if (greet->bell >= 0)
		close(greet->bell);
	SSL_CTX_free(greet->tls);
	pthread_cond_destroy(&greet->wake);
	pthread_mutex_destroy(&greet->mutex);
	free(greet);
}
