/*
 * What a connection goes through: the phase that begins, the request that goes
 * to the handler or is over, and its own end (conn_parts.h).
 */
#include "daemon/http/conn_parts.h"

#include <stdlib.h>

#include "base/limits.h"
#include "daemon/http/answer.h"
#include "daemon/http/tally.h"

void
conn_enter(struct conn *c, enum phase phase, int seconds)
{
	c->phase = phase;
	c->moved = 0;
	c->since_s = c->loop->now_s;
	c->until_s = c->since_s + seconds;
}

void
conn_free_request(struct loop *loop, struct http_request *request)
{
	if (request->spool >= 0 && request->spool_is_spare) {
		spool_give(&loop->spool, request->spool, request->body_len);
		request->spool = -1;
	}
	http_request_free(request);
}

void
conn_finish(struct conn *c, bool sent)
{
	struct loop *loop = c->loop;

	if (c->request == NULL)
		return;
	loop->handler->finished(loop->handler->arg, c->request, sent);
	conn_free_request(loop, c->request);
	c->request = NULL;
	c->begun = false;
}

void
conn_expect(struct loop *loop)
{
	__atomic_add_fetch(&loop->num_conns, 1, __ATOMIC_RELAXED);
}

void
conn_forget(struct loop *loop)
{
	__atomic_sub_fetch(&loop->num_conns, 1, __ATOMIC_RELAXED);
}

unsigned
conn_count(const struct loop *loop)
{
	return __atomic_load_n(&loop->num_conns, __ATOMIC_RELAXED);
}

bool
conn_has_streams(const struct loop *loop)
{
	return __atomic_load_n(&loop->num_streams, __ATOMIC_SEQ_CST) > 0;
}

/*
 * A connection is freed after the batch of events, since one of them may still
 * point to it.
 */
void
conn_bury(struct conn *c)
{
	struct loop *loop = c->loop;

	if (c->phase == DEAD)
		return;
	/* The handler's answer will find no connection. */
	if (c->phase == WORK)
		c->away->conn = NULL;
	else
		conn_finish(c, false);
	c->phase = DEAD;
	wire_wait(&c->wire, 0);
	if (c->next != NULL)
		c->next->prev = c->prev;
	if (c->prev != NULL)
		c->prev->next = c->next;
	else
		loop->all = c->next;
	if (c->streaming)
		__atomic_sub_fetch(&loop->num_streams, 1, __ATOMIC_SEQ_CST);
	if (c->turned_away != 0)
		loop->num_unwanted--;
	tally_give(loop->tally, c->share);
	conn_forget(loop);
	c->next = loop->grave;
	loop->grave = c;
}

void
conn_empty_grave(struct loop *loop)
{
	struct conn *c;

	while ((c = loop->grave) != NULL) {
		loop->grave = c->next;
		wire_close(&c->wire);
		buf_free(&c->in);
		if (c->session != NULL)
			loop->handler->session_free(c->session);
		free(c);
	}
}

void
conn_to_handler(struct conn *c)
{
	struct loop *loop = c->loop;
	struct http_request *request = c->request;

	c->request = NULL;
	c->away = request;
	loop->num_working++;
	conn_enter(c, WORK, 3600);
	c->told_s = loop->now_s;
	loop->handler->dispatch(loop->handler->arg, request);
}
