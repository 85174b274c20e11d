/*
 * The door: it accepts connections, waits for what they send, and ends those
 * that must go (greet.h).
 */
#include "daemon/http/greet_parts.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/time.h"

enum { BATCH = 64 }; /* events, or connections accepted, in one turn */

/* --- The lock is held where nothing else is said. --- */

/*
 * End a greeting, on the door's thread; the lock is held.  An event of this
 * batch may point to it, so that it is freed after them; or by the thread that
 * has it.
 */
static void
end(struct greet *greet, struct greeting *g, bool late, enum http_limit limit)
{
	greet_leave(greet, g);
	g->gone = true;
	g->late = late;
	g->limit = limit;
	if (g->state != BUSY)
		TAILQ_INSERT_TAIL(&greet->dead, g, all);
}

static void
bury_dead(struct greet *greet)
{
	struct greeting *g;

	while ((g = TAILQ_FIRST(&greet->dead)) != NULL) {
		TAILQ_REMOVE(&greet->dead, g, all);
		greet_bury(greet, g);
	}
}

/* End those who must go, so that a pool has no more than max. */
static void
make_room(struct greet *greet, const struct pool *pool, size_t max,
    enum http_limit limit)
{
	struct pool_entry *entry;

	/* The entry is the first member. */
	while ((entry = pool_choose(pool, max)) != NULL)
		end(greet, (struct greeting *)(void *)entry, false, limit);
}

static void
enqueue(struct greet *greet, struct greeting *g)
{
	g->state = QUEUED;
	TAILQ_INSERT_TAIL(&greet->queue, g, queue);
	greet->num_calls++;
}

/*
 * Release the lock, and only then wake threads for what was queued: they would
 * wait for the lock otherwise.
 */
static void
unlock_and_call(struct greet *greet)
{
	unsigned num = greet->num_calls;

	greet->num_calls = 0;
	pthread_mutex_unlock(&greet->mutex);
	for (; num > 0; num--)
		pthread_cond_signal(&greet->wake);
}

/* Its ClientHello has come: from now on it is a handshake. */
static void
greet_back(struct greet *greet, struct greeting *g)
{
	const int usual = 1;

	if (g->low_mark)
		setsockopt(g->fd, SOL_SOCKET, SO_RCVLOWAT, &usual,
		    sizeof(usual));
	pool_remove(greet->silent, &g->entry);
	g->greeted = true;
	pool_add(greet->shaking, &g->entry, pool_address(&g->address.any));
	enqueue(greet, g);
	make_room(greet, greet->shaking, LIMIT_HANDSHAKES,
	    HTTP_LIMIT_HANDSHAKES);
}

/*
 * How many bytes must have come before OpenSSL is asked: the first record, if
 * these begin one (RFC 8446 section 5.1).  What cannot be one it refuses.
 */
static size_t
hello_len(const uint8_t *bytes, size_t len)
{
	const size_t header = SSL3_RT_HEADER_LENGTH;
	size_t record;

	if (bytes[0] != SSL3_RT_HANDSHAKE)
		return len;
	if (len < header)
		return header;
	record = (size_t)bytes[3] << 8 | bytes[4];
	return record > SSL3_RT_MAX_PLAIN_LENGTH ? len : header + record;
}

/* A silent one has sent something, or is gone. */
static void
hear(struct greet *greet, struct greeting *g)
{
	uint8_t bytes[SSL3_RT_HEADER_LENGTH + SSL3_RT_MAX_PLAIN_LENGTH];
	const ssize_t n =
	    recv(g->fd, bytes, sizeof(bytes), MSG_PEEK | MSG_DONTWAIT);
	size_t want;
	int mark;

	if (n <= 0 && !(n < 0 && (errno == EAGAIN || errno == EINTR))) {
		end(greet, g, false, HTTP_LIMIT_NONE);
		return;
	}
	want = n > 0 ? hello_len(bytes, (size_t)n) : 1;
	if (n > 0 && (size_t)n >= want) {
		greet_back(greet, g);
		return;
	}
	/* Be woken no more before the rest is there. */
	mark = (int)want;
	g->low_mark = true;
	if (setsockopt(g->fd, SOL_SOCKET, SO_RCVLOWAT, &mark, sizeof(mark)) !=
		0 ||
	    !greet_arm(greet, g, EPOLL_CTL_MOD, EPOLLIN))
		end(greet, g, false, HTTP_LIMIT_NONE);
}

/* Begin a greeting.  False: fd stays the caller's. */
static bool
admit(struct greet *greet, int fd, const union address *address)
{
	const size_t most = LIMIT_SILENT + greet->room(greet->arg);
	const size_t room = most < greet->files ? most : greet->files;
	const struct http_handler *handler = greet->handler;
	struct greeting *g = calloc(1, sizeof(*g));
	char from[INET6_ADDRSTRLEN] = "";
	bool armed, crowded;

	if (g == NULL)
		return false;
	g->fd = fd;
	g->address = *address;
	g->until_ms = time_monotonic_ms() + LIMIT_SECONDS_HANDSHAKE * 1000;
	pthread_mutex_lock(&greet->mutex);
	crowded = pool_count(greet->silent) + pool_count(greet->shaking) >=
	    LIMIT_HANDSHAKES;
	if (crowded)
		greet_address(g, from);
	if ((armed = greet_arm(greet, g, EPOLL_CTL_ADD, EPOLLIN))) {
		TAILQ_INSERT_TAIL(&greet->all, g, all);
		pool_add(greet->silent, &g->entry,
		    pool_address(&g->address.any));
		make_room(greet, greet->silent, room, HTTP_LIMIT_SILENT);
	}
	pthread_mutex_unlock(&greet->mutex);
	if (!armed)
		free(g);
	if (crowded && handler->limited != NULL)
		handler->limited(handler->arg, HTTP_LIMIT_HANDSHAKES, from);
	return armed;
}

/* Wait for the next connection.  The lock is not needed. */
static void
listen_again(struct greet *greet)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLONESHOT };

	greet->listening = epoll_ctl(greet->epoll, EPOLL_CTL_MOD,
			       greet->listener, &event) == 0;
}

/*
 * There are fewer descriptors than there may be silent ones: one of them goes.
 * Returns whether there was one.  The lock is not held, and no event waits.
 */
static bool
end_one_silent(struct greet *greet)
{
	size_t num;

	pthread_mutex_lock(&greet->mutex);
	if ((num = pool_count(greet->silent)) > 0)
		make_room(greet, greet->silent, num - 1, HTTP_LIMIT_SILENT);
	pthread_mutex_unlock(&greet->mutex);
	bury_dead(greet);
	return num > 0;
}

/* Accept a batch of connections.  The lock is not held. */
static void
accept_all(struct greet *greet)
{
	const int yes = 1;

	greet->listening = false;
	for (int i = 0; i < BATCH; i++) {
		union address address = { .any.sa_family = AF_UNSPEC };
		socklen_t len = sizeof(address);
		const int fd = accept4(greet->listener, &address.any, &len,
		    SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0 && (errno == EMFILE || errno == ENFILE) &&
		    end_one_silent(greet))
			continue;
		/*
		 * Without descriptors or memory: listen again in the next
		 * second.
		 */
		if (fd < 0 && errno != EAGAIN && errno != EINTR &&
		    errno != ECONNABORTED)
			return;
		if (fd < 0)
			break;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
		if (!admit(greet, fd, &address))
			close(fd);
	}
	listen_again(greet);
}

/* End those whose time is over. */
static void
expire(struct greet *greet, int64_t now_ms)
{
	struct greeting *g, *next;

	for (g = TAILQ_FIRST(&greet->all); g != NULL && g->until_ms < now_ms;
	     g = next) {
		next = TAILQ_NEXT(g, all);
		if (g->state != BUSY)
			end(greet, g, true, HTTP_LIMIT_NONE);
	}
}

/* Look at what came; returns whether somebody knocks.  The lock is not held. */
static bool
take_events(struct greet *greet, const struct epoll_event *events, int num)
{
	const int64_t now_ms = time_monotonic_ms();
	bool knocks = false;

	pthread_mutex_lock(&greet->mutex);
	for (int i = 0; i < num; i++) {
		struct greeting *g = events[i].data.ptr;

		if (g == NULL)
			knocks = true;
		else if (g->gone)
			continue;
		else if (g->greeted)
			enqueue(greet, g);
		else
			hear(greet, g);
	}
	expire(greet, now_ms);
	unlock_and_call(greet);
	if (!greet->listening && now_ms - greet->turned_ms >= GREET_TURN_MS) {
		greet->turned_ms = now_ms;
		listen_again(greet);
	}
	return knocks;
}

static bool
must_stop(struct greet *greet)
{
	bool stopping;

	pthread_mutex_lock(&greet->mutex);
	stopping = greet->stopping;
	pthread_mutex_unlock(&greet->mutex);
	return stopping;
}

void *
greet_run_door(void *arg)
{
	struct epoll_event events[BATCH];
	struct greet *greet = arg;

	while (!must_stop(greet)) {
		const int num =
		    epoll_wait(greet->epoll, events, BATCH, GREET_TURN_MS);

		if (take_events(greet, events, num < 0 ? 0 : num))
			accept_all(greet);
		bury_dead(greet);
		greet_turn(&greet->turned[GREET_THREADS]);
	}
	return NULL;
}
