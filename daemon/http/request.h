/*
 * request.h - a request, its answer, and the handler that makes the one into
 * the other.
 *
 * The server knows of heads, bodies, files and time limits, and nothing of
 * documents.  A handler answers at once, or takes the request away and answers
 * later, from any thread, with http_reply().
 */
#ifndef DAEMON_HTTP_REQUEST_H
#define DAEMON_HTTP_REQUEST_H

#include <openssl/x509.h>

#include "base/bytes.h"
#include "daemon/http/head.h"

struct conn;
struct mailbox;

#define HTTP_REQUEST_ID 17

struct http_response {
	int status;
	const char *type;   /* a literal */
	char headers[4096]; /* further fields, each "Name: value\r\n" */
	struct buf body;
	int fd; /* or -1: [from, to) of a file is the body */
	uint64_t from, to;
	bool close;  /* the connection ends after it */
	bool stream; /* body is the first part: stream() has more */
};

#define HTTP_RESPONSE                                                          \
	((struct http_response){ .fd = -1, .body = BUF(SIZE_MAX) })

struct http_request {
	struct http_head head;
	char id[HTTP_REQUEST_ID]; /* 16 hex digits, in the log and the answer */
	char person[LIMIT_EMAIL_BYTES + 1]; /* the handler's, for its log */
	X509 *peer; /* the client's certificate; a reference */
	/*
	 * The body: [spool_at, + body_len) of a file.  It has no name, unless
	 * begin() gave one of its own, or is -1.
	 */
	int spool;
	bool spool_is_spare; /* the loop keeps the file for another body */
	uint64_t spool_at, body_len;
	bool takes_gzip; /* the handler's: else it is 415 */
	bool watches;    /* the handler's: it counts these */
	int64_t began_ms;
	struct http_response response;
	void *job;      /* the handler's */
	void **session; /* the handler's, kept with the connection */
	/*
	 * The server's own.  conn is NULL once its client is gone; only the
	 * thread of its loop, which has the mailbox, reads or changes it.
	 */
	struct mailbox *mailbox;
	struct conn *conn;
	struct http_request *next;
};

/* What to do with a request whose head is read and whose body is not. */
enum http_next {
	HTTP_ANSWER, /* its response is the answer */
	HTTP_READ,   /* read the body, of *max_body at most, then dispatch */
	HTTP_WORK,   /* dispatch now; a body is not believed and dropped */
};

/*
 * begin() to finished() are called on the thread of the request's loop, and
 * for the requests of other loops on other threads at the same time.
 */
struct http_handler {
	enum http_next (*begin)(void *arg, struct http_request *request,
	    uint64_t *max_body);
	/* The request is whole and the handler's; http_reply() gives it back. */
	void (*dispatch)(void *arg, struct http_request *request);
	/*
	 * A stream's parts so far are out; there may be more, or it has been
	 * idle for a while.  HTTP_READ: there is none yet; HTTP_ANSWER: its
	 * response's body is the next; HTTP_WORK: dispatch it again for that.
	 * With response.close the next part is the last.
	 */
	enum http_next (
	    *stream)(void *arg, struct http_request *request, bool idle);
	/* Its content cannot be kept, and it is refused: for the log. */
	void (*failed)(void *arg, const struct http_request *request,
	    const struct error *err);
	/* Fill in the response to what is refused before it is dispatched. */
	void (*problem)(void *arg, struct http_request *request, int status,
	    const struct error *err);
	/* An answer has gone out, or the client has: for the log. */
	void (*finished)(void *arg, const struct http_request *request,
	    bool sent);
	void (*session_free)(void *session);
	/* Once a second, on the thread of http_server_run(). */
	void (*tick)(void *arg);
	/* After each batch of events, on the thread of its loop. */
	void (*turn_over)(void *arg);
	void *arg;
	const char *spool_dir;
};

#endif
