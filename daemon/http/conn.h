/*
 * conn.h - the connections of one event loop: the head and body of a request,
 * the answer, and time limits.
 *
 * A connection comes to a loop when its handshake is over (greet.h), and from
 * then on only that loop's thread touches it.
 */
#ifndef DAEMON_HTTP_CONN_H
#define DAEMON_HTTP_CONN_H

#include <openssl/ssl.h>

#include "daemon/http/request.h"
#include "daemon/http/spool.h"

enum { HTTP_PIECE = 65536 };

struct arrival;
struct event_base;
struct mailbox;
struct tally;

/*
 * What a connection needs of its loop.  The owner of the loop fills in the
 * first block.  Other threads may use the two counts only, by the functions
 * below.
 */
struct loop {
	struct event_base *base;
	struct mailbox *mailbox; /* where the handler's answers arrive */
	struct tally *tally;     /* the server's, of connections */
	const struct http_handler *handler;
	uint8_t *piece;   /* HTTP_PIECE bytes, for what is read or sent next */
	uint64_t next_id; /* for the id of the next request; random at first */
	int64_t now_s;    /* monotonic seconds at the last tick */
	/*
	 * Since stop_s idle connections are ended, and those that send a body;
	 * the others when they become idle, or when their time is over.
	 */
	bool stopping;
	int64_t stop_s;

	struct spool spool;
	struct conn *all;
	/* Ended connections, freed by conn_empty_grave(). */
	struct conn *grave;
	unsigned num_working;  /* requests that the handler has */
	unsigned num_unwanted; /* connections that must go */
	unsigned num_conns;    /* atomic; with those that were expected */
	unsigned num_streams;  /* atomic */
};

/*
 * For any thread.  Count a connection that is on its way to the loop, so that
 * not all new ones go to the same loop; or stop counting it, if it does not
 * come.
 */
void conn_expect(struct loop *loop);
void conn_forget(struct loop *loop);
unsigned conn_count(const struct loop *loop);
/*
 * For any thread: may a stream be waiting for more?  Never false for a stream
 * that has not been told all that the handler knew before the call.
 */
bool conn_has_streams(const struct loop *loop);

/*
 * Begin an expected connection.  What it has is taken over, and closed if it
 * cannot begin.
 */
void conn_begin(struct loop *loop, const struct arrival *arrival);
/* The handler has returned a request: send its response. */
void conn_answer(struct loop *loop, struct http_request *request);
/*
 * Ask the handler for the next part of each waiting stream: of all if there may
 * be more, else of those that have been idle for a while.
 */
void conn_feed_streams(struct loop *loop, bool more);
/*
 * Tell who waits for what they sent in to be judged, and who asks for it, that it
 * is at work (102 Processing, RFC 9110 section 15.2, RFC 2518 section 10.1).
 */
void conn_tell_working(struct loop *loop);
/*
 * End the connections whose time is over; when the loop is stopping, idle ones
 * too.
 */
void conn_expire(struct loop *loop);
/*
 * For a loop that is stopping: must it still be waited for?  A request at work
 * has LIMIT_SECONDS_STOP_WORK, an answer LIMIT_SECONDS_STOP_ANSWER.
 */
bool conn_any_busy(const struct loop *loop);
/*
 * Free the connections that ended; to be called after each batch of events,
 * since until then one of these may point to a connection.
 */
void conn_empty_grave(struct loop *loop);
/* End all connections. */
void conn_end_all(struct loop *loop);

#endif
