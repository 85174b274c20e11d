/*
 * mailbox.h - messages from other threads to an event loop: answers, new
 * connections, that its streams may have more, and that it must stop.
 *
 * Any thread puts in.  The loop's thread takes all out when the bell, an
 * eventfd, becomes readable.  If the bell cannot be rung, the loop's next tick
 * takes them out.
 */
#ifndef DAEMON_HTTP_MAILBOX_H
#define DAEMON_HTTP_MAILBOX_H

#include <openssl/ssl.h>

#include "daemon/http/request.h"

struct tally_share;

/* A connection whose handshake is over; all that it has belongs to the list. */
struct arrival {
	struct arrival *next;
	SSL *ssl;
	int fd;
	void *session;             /* the handler's; or NULL */
	struct tally_share *share; /* of its office, in the server's tally */
	/* Not 0: its first request gets this status, and it must go. */
	int turned_away;
};

/* Lists in the order of arrival; they become the taker's. */
struct mail {
	struct http_request *answers;
	struct arrival *arrivals;
	bool streams; /* the streams may have more */
	bool stop;    /* stays true once it is set */
};

struct mailbox;

struct mailbox *mailbox_new(struct error *err);
/* Free the mailbox and what is still in it.  NULL is fine. */
void mailbox_free(struct mailbox *mailbox);
/* Returns the bell, a descriptor that is readable when there is mail. */
int mailbox_bell(const struct mailbox *mailbox);

void mailbox_answer(struct mailbox *mailbox, struct http_request *request);
/*
 * Put in a new connection, which is copied.  False if there is no memory: what
 * it has stays the caller's.
 */
bool mailbox_arrive(struct mailbox *mailbox,
    const struct arrival *arrival) MUST_USE;
void mailbox_streams(struct mailbox *mailbox);
void mailbox_stop(struct mailbox *mailbox);

/* Silence the bell and take everything out. */
void mailbox_take(struct mailbox *mailbox, struct mail *out);

#endif
