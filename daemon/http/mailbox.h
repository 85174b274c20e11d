/*
 * mailbox.h - what other threads tell an event loop: answers, new connections,
 * that there may be more for its streams, and that it shall stop.
 *
 * Any thread puts in; the loop's thread takes all out when the bell, an
 * eventfd, can be read.  Where the bell cannot be rung, the loop's next tick
 * takes it out.
 */
#ifndef DAEMON_HTTP_MAILBOX_H
#define DAEMON_HTTP_MAILBOX_H

#include <openssl/ssl.h>

#include "daemon/http/request.h"

/* A connected socket with its TLS, both the list's. */
struct arrival {
	struct arrival *next;
	SSL *ssl;
	int fd;
};

/* Lists in the order in which they came; of the taker from then on. */
struct mail {
	struct http_request *answers;
	struct arrival *arrivals;
	bool streams; /* there may be more for them */
	bool stop;    /* stays true once it is */
};

struct mailbox;

struct mailbox *mailbox_new(struct error *err);
/* Frees what is still in it.  NULL is fine. */
void mailbox_free(struct mailbox *mailbox);
/* The bell: readable when there is something in it. */
int mailbox_bell(const struct mailbox *mailbox);

void mailbox_answer(struct mailbox *mailbox, struct http_request *request);
/* False, and fd and ssl stay the caller's, if there is no memory. */
bool mailbox_arrive(struct mailbox *mailbox, int fd, SSL *ssl) MUST_USE;
void mailbox_streams(struct mailbox *mailbox);
void mailbox_stop(struct mailbox *mailbox);

/* Silence the bell and take all that there is. */
void mailbox_take(struct mailbox *mailbox, struct mail *out);

#endif
