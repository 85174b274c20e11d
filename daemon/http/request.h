/*
 * request.h - a request, its answer, and the handler that turns one into the
 * other.
 *
 * The server knows about heads, bodies, files and time limits, and nothing
 * about documents.  A handler answers at once, or takes the request away and
 * answers later, from any thread, with http_reply().
 */
#ifndef DAEMON_HTTP_REQUEST_H
#define DAEMON_HTTP_REQUEST_H

#include <openssl/x509.h>

#include "base/bytes.h"
#include "daemon/http/head.h"

struct conn;
struct mailbox;
struct tally_share;

#define HTTP_REQUEST_ID 17
/* Room for the name of an office, or of a person who is of none. */
#define HTTP_OFFICE (LIMIT_EMAIL_BYTES + 1)

struct http_response {
	int status;
	const char *type;   /* a string literal */
	char headers[4096]; /* more fields, each "Name: value\r\n" */
	/*
	 * headers say how it may be kept and read; all other answers are
	 * "no-store" and "nosniff".
	 */
	bool is_page;
	struct buf body;
	int fd; /* or -1; else bytes [from, to) of this file are the body */
	uint64_t from, to;
	bool close;  /* end the connection after it */
	bool stream; /* body is the first part; stream() gives the others */
	/*
	 * The answer is sent as it is made, chunked (RFC 9112 section 7.1):
	 * body is a part, and stream() gives the next one until last is set.
	 */
	bool parts, last;
	bool cut; /* end the connection: what was begun cannot be completed */
};

#define HTTP_RESPONSE                                                          \
	((struct http_response){ .fd = -1, .body = BUF(SIZE_MAX) })

struct http_request {
	struct http_head head;
	/* 16 hex digits, in the log and in the answer. */
	char id[HTTP_REQUEST_ID];
	/* Set by the handler, for its log. */
	char person[LIMIT_EMAIL_BYTES + 1];
	X509 *peer; /* the client's certificate; holds a reference */
	/*
	 * The body: bytes [spool_at, spool_at + body_len) of a file, or -1.
	 * The file has no name, unless begin() set one of the handler's own.
	 */
	int spool;
	bool spool_is_spare; /* the loop keeps the file for another body */
	uint64_t spool_at, body_len;
	/* Set by the handler; otherwise gzip is refused with 415. */
	bool takes_gzip;
	struct tally_share *watches; /* set by the handler; or NULL */
	uint64_t held; /* the handler's count of bytes that it waits to send */
	int64_t began_ms;
	struct http_response response;
	void *job;      /* the handler's own */
	void **session; /* the handler's own; lives as long as the connection */
	/*
	 * The server's own. conn becomes NULL when the client is gone; only the
	 * thread of the loop that owns mailbox reads or changes it.
	 */
	struct mailbox *mailbox;
	struct conn *conn;
	struct http_request *next;
};

/* What to do after the head of a request was read. */
enum http_next {
	HTTP_ANSWER, /* send its response */
	HTTP_READ,   /* read a body of at most *max_body bytes, then dispatch */
	/* Dispatch at once; a body is dropped, and the connection ends. */
	HTTP_WORK,
};

/*
 * Why the server refused a TLS handshake.  Whether a certificate was revoked is
 * not asked there, but at each request.
 */
enum http_refused {
	HTTP_REFUSED_EXPIRED,
	HTTP_REFUSED_NOT_YET_VALID,
	HTTP_REFUSED_UNKNOWN_CA,
	HTTP_REFUSED_NO_CERTIFICATE,
	HTTP_REFUSED_WRONG_PURPOSE,
	HTTP_REFUSED_PROTOCOL,  /* no TLS, or one before 1.3 */
	HTTP_REFUSED_BY_CLIENT, /* the client sent an alert */
	HTTP_REFUSED_OTHER,
	HTTP_REFUSALS
};

/* Its name in the log and in the metrics. */
static inline const char *
http_refused_name(enum http_refused reason)
{
	static const char *const names[HTTP_REFUSALS] = { "expired",
		"not-yet-valid", "unknown-ca", "no-certificate",
		"wrong-purpose", "protocol", "by-client", "other" };

	return names[reason];
}

struct http_refusal {
	enum http_refused reason;
	const char *text; /* in OpenSSL's words, or ours */
	X509 *cert;       /* the one that the client showed, or NULL */
	const char *from; /* the client's IP address, or "" */
};

/* What there is only so much of, and is taken. */
enum http_limit {
	HTTP_LIMIT_NONE,
	HTTP_LIMIT_HANDSHAKES,  /* of who has shown no certificate yet */
	HTTP_LIMIT_SILENT,      /* of those, who has sent nothing and must go */
	HTTP_LIMIT_CONNECTIONS, /* of all */
	HTTP_LIMIT_OFFICE_CONNECTIONS,
	HTTP_LIMIT_STREAMS, /* of events, of all */
	HTTP_LIMIT_OFFICE_STREAMS,
	HTTP_LIMIT_REPEATS, /* of deliveries to an office, an hour */
	HTTP_LIMITS
};

/* Its name in the log and in the metrics. */
static inline const char *
http_limit_name(enum http_limit limit)
{
	static const char *const names[HTTP_LIMITS] = { "", "handshakes",
		"silent", "connections", "office-connections", "streams",
		"office-streams", "repeats" };

	return names[limit];
}

/*
 * The functions from begin() to finished() are called on the thread of the
 * request's loop; for requests of other loops other threads call them at the
 * same time.
 */
struct http_handler {
	enum http_next (*begin)(void *arg, struct http_request *request,
	    uint64_t *max_body);
	/*
	 * Called before more of a body is written; may be NULL.  False: the
	 * request is refused with err, and what came of it stays.
	 */
	bool (*take_room)(void *arg, struct http_request *request, size_t more,
	    struct error *err);
	/*
	 * The request is complete and becomes the handler's; http_reply() gives
	 * it back.
	 */
	void (*dispatch)(void *arg, struct http_request *request);
	/*
	 * The parts of a stream so far were sent; there may be more, or the
	 * stream has been idle for a while.  Returns HTTP_READ if there is no
	 * part yet, HTTP_ANSWER if the response's body is the next part,
	 * HTTP_WORK to have it dispatched again.  A part with response.close is
	 * the last.
	 */
	enum http_next (
	    *stream)(void *arg, struct http_request *request, bool idle);
	/*
	 * The request is refused because its content cannot be stored; for the
	 * log.
	 */
	void (*failed)(void *arg, const struct http_request *request,
	    const struct error *err);
	/*
	 * Fill in the response to a request that is refused before it is
	 * dispatched.
	 */
	void (*problem)(void *arg, struct http_request *request, int status,
	    const struct error *err);
	/*
	 * The answer was sent, or the client went away (sent is false); for the
	 * log.
	 */
	void (*finished)(void *arg, const struct http_request *request,
	    bool sent);
	/*
	 * A handshake failed; for the log.  May be NULL.  Called on any
	 * handshake thread, as often as strangers like.
	 */
	void (*refused)(void *arg, const struct http_refusal *refusal);
	/*
	 * Somebody meets a limit: has to go, is turned away, or is one too
	 * many; for the log. who is an IP address or, where an office is known, its
	 * name.  May be NULL.  Called on any thread, as often as strangers
	 * like.
	 */
	void (*limited)(void *arg, enum http_limit limit, const char *who);
	/*
	 * A handshake is over: write the name of the peer's office into office,
	 * or "" if it has none, and what is known of the connection from now on
	 * to *session.  May be NULL: all are of "".  Called on any handshake
	 * thread.
	 */
	void (*greeted)(void *arg, X509 *peer, void **session,
	    char office[HTTP_OFFICE]);
	void (*session_free)(void *session);
	/* Called once a second, on the thread of http_server_run(). */
	void (*tick)(void *arg);
	/* Called after each batch of events, on the thread of the loop. */
	void (*turn_over)(void *arg);
	void *arg;
	const char *spool_dir;
};

#endif
