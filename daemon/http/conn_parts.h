/*
 * conn_parts.h - what reading requests (conn.c), sending answers
 * (conn_send.c) and the life of a connection (conn_life.c) share.
 */
#ifndef DAEMON_HTTP_CONN_PARTS_H
#define DAEMON_HTTP_CONN_PARTS_H

#include "daemon/http/body.h"
#include "daemon/http/conn.h"
#include "daemon/http/wire.h"

enum phase { HEAD, BODY, WORK, WRITE, STREAM, DRAIN, DEAD };

struct conn {
	struct loop *loop;
	struct wire wire;
	enum phase phase;
	struct conn *prev, *next;
	struct buf in; /* bytes not parsed yet; empty while idle */
	size_t scanned;
	struct http_request *request; /* the request, except in WORK */
	/* In WORK: the request, which the handler has. */
	struct http_request *away;
	struct http_body body;
	bool close;
	bool begun;     /* the head of this answer was sent: parts follow */
	bool streaming; /* and it is a stream, which may wait for more */
	void *session;  /* the handler's */
	struct tally_share *share;
	int turned_away; /* the status of its only answer; or 0 */
	uint64_t moved;  /* bytes moved in this phase */
	int64_t told_s;  /* in WORK: when it was last told of it */
	int64_t since_s, until_s;
};

/* Begin a phase that may last so many seconds. */
void conn_enter(struct conn *c, enum phase phase, int seconds);
/* End it; it is freed after the batch of events. */
void conn_bury(struct conn *c);
/* Tell the handler that the request is over, and free it. */
void conn_finish(struct conn *c, bool sent);
/* Free a request, whose spool file goes back to the loop. */
void conn_free_request(struct loop *loop, struct http_request *request);
/* Give the request to the handler; it comes back by conn_answer(). */
void conn_to_handler(struct conn *c);

/* From now on the answer in c->request->response is written. */
void conn_send_answer(struct conn *c);
/*
 * Write some of it.  Returns > 0 after progress, 0 if it would block, < 0 at the
 * end of the connection.
 */
int conn_send_step(struct conn *c);
/* Ask the handler for the next part of a stream. */
void conn_send_part(struct conn *c, bool idle);

#endif
