/*
 * conn.h - the connections of one event loop: TLS, the head and body of a
 * request, the answer, the time limits.
 *
 * A connection belongs to the loop that it began on, and is touched by that
 * loop's thread only.
 */
#ifndef DAEMON_HTTP_CONN_H
#define DAEMON_HTTP_CONN_H

#include <openssl/ssl.h>

#include "daemon/http/request.h"
#include "daemon/http/spool.h"

enum { HTTP_PIECE = 65536 };

struct event_base;
struct mailbox;

/*
 * What a connection needs of its loop, whose owner fills in the first block.
 * Other threads may read or change the two counts only, by the functions below.
 */
struct loop {
	struct event_base *base;
	struct mailbox *mailbox; /* to which the handler's answers come */
	const struct http_handler *handler;
	uint8_t *piece;   /* HTTP_PIECE bytes, for what is read or sent next */
	uint64_t next_id; /* of a request; random at first */
	int64_t now_s;    /* monotonic, as of the last tick */
	bool stopping;    /* idle connections end, and the others when idle */

	struct spool spool;
	struct conn *all;
	struct conn *grave;   /* ended: freed by conn_empty_grave() */
	unsigned num_working; /* requests that are with the handler */
	unsigned num_conns;   /* atomic; those on their way to it, too */
	unsigned num_streams; /* atomic */
};

/*
 * Any thread: one is on its way to the loop and counts, so that many do not go
 * to the same; or it will not come.
 */
void conn_expect(struct loop *loop);
void conn_forget(struct loop *loop);
unsigned conn_count(const struct loop *loop);
/*
 * Any thread: may a stream wait for more?  Never false for one that has not
 * been told of what the handler knew before.
 */
bool conn_has_streams(const struct loop *loop);

/*
 * Begin, for one that was expected, with the handshake on a connected,
 * non-blocking socket.  fd and ssl are the connection's from now on; if it
 * returns false they are the caller's.
 */
bool conn_begin(struct loop *loop, int fd, SSL *ssl) MUST_USE;
/* The handler has given a request back: send its response. */
void conn_answer(struct loop *loop, struct http_request *request);
/*
 * Ask the handler for the next part of each stream that waits for one: all of
 * them if there may be more, else those that have been idle for a while.
 */
void conn_feed_streams(struct loop *loop, bool more);
/* End the connections whose time is over, and at a stop the idle ones. */
void conn_expire(struct loop *loop);
/* Is a body being read, a request at work, or an answer being sent? */
bool conn_any_busy(const struct loop *loop);
/* After each batch of events: until then one of them may still name it. */
void conn_empty_grave(struct loop *loop);
/* End all connections. */
void conn_end_all(struct loop *loop);

#endif
