/*
 * greet_parts.h - what the door (door.c) and the handshake threads (greet.c)
 * share.
 */
#ifndef DAEMON_HTTP_GREET_PARTS_H
#define DAEMON_HTTP_GREET_PARTS_H

#include <netinet/in.h>
#include <pthread.h>

#include "daemon/http/greet.h"
#include "daemon/http/pool.h"

/* At most so many handshake threads; and so often each thread turns. */
enum { GREET_THREADS = 4, GREET_TURN_MS = 500 };

union address {
	struct sockaddr any;
	struct sockaddr_in ip4;
	struct sockaddr_in6 ip6;
};

/* What a connection waits for. */
enum state {
	ARMED,  /* the door waits for its client */
	QUEUED, /* it waits for a handshake thread */
	BUSY,   /* a handshake thread has it */
};

/* A connection that has shown no certificate yet. */
struct greeting {
	struct pool_entry entry; /* in one of the two pools */
	TAILQ_ENTRY(greeting) all, queue;
	int fd;
	SSL *ssl; /* NULL until a handshake thread has had it */
	union address address;
	int64_t until_ms;
	enum state state;
	bool greeted;  /* its ClientHello has come */
	bool low_mark; /* SO_RCVLOWAT was set */
	/*
	 * Its certificate was refused, and it was told so.  It is left open
	 * until it goes, so that it reads that: in TLS 1.3 a client is done
	 * before the server has judged its certificate (RFC 8446 section
	 * 4.4.2.4), and sends its request, which a closed socket answers with a
	 * reset.  A browser then shows "not connected" instead of the reason.
	 */
	bool refused;
	size_t num_dropped; /* bytes that came since */
	bool gone;          /* it is in no list: who has it frees it */
	/* If gone: why. */
	bool late;
	enum http_limit limit;
};

TAILQ_HEAD(greetings, greeting);

struct greet {
	int listener, epoll, bell;
	const struct http_handler *handler;
	greet_done *done;
	greet_room *room;
	size_t files; /* no more are silent: others need files, too */
	void *arg;
	pthread_mutex_t mutex; /* of what follows, up to the threads */
	pthread_cond_t wake;
	SSL_CTX *tls;
	struct pool *silent, *shaking;
	struct greetings all; /* in the order in which they connected */
	struct greetings queue;
	unsigned num_calls; /* threads to wake for it */
	bool stopping;
	/* The door's own. */
	struct greetings dead; /* gone, and freed after each batch of events */
	bool listening;
	int64_t turned_ms;

	pthread_t door, threads[GREET_THREADS];
	unsigned num_threads, num_started; /* handshake threads */
	bool has_door;
	bool turned[GREET_THREADS + 1]; /* atomic; the last is the door's */
};

/* The function of the door's thread; arg is the greet. */
void *greet_run_door(void *arg);
/* Take it out of all lists; the lock is held. */
void greet_leave(struct greet *greet, struct greeting *g);
/* Close and free one that is in no list any more, and tell why. */
void greet_bury(const struct greet *greet, struct greeting *g);
/*
 * Have the door wait for the client: op is one of epoll_ctl(2), what EPOLLIN or
 * EPOLLOUT; the lock is held.
 */
bool greet_arm(const struct greet *greet, struct greeting *g, int op,
    uint32_t what) MUST_USE;
/* Returns the client's IP address, in out, or "". */
const char *greet_address(const struct greeting *g, char out[INET6_ADDRSTRLEN]);
/* A thread has turned: this is its place in turned. */
void greet_turn(bool *turned);

#endif
