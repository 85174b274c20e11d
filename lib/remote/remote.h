/*
 * remote.h - the HTTPS client of a daemon: mutual TLS 1.3, one connection
 * kept; requests, files in both directions, problem documents as errors.
 */
#ifndef REMOTE_REMOTE_H
#define REMOTE_REMOTE_H

#include "base/digest.h"
#include "base/limits.h"
#include "remote/events.h"

struct remote;

struct remote_settings {
	const char *address;    /* https://HOST:PORT */
	struct span server_ca;  /* PEM: who may have issued its certificate */
	const char *cert, *key; /* PEM files: to connect with */
	/* Told of bytes done and expected (0: not known), or NULL. */
	void (*progress)(void *arg, uint64_t done, uint64_t total);
	/*
	 * How long a line that broke is waited for, altogether, before it is
	 * given up; counted anew whenever something comes.
	 */
	unsigned patience_ms;
	/* The line broke, and in so long it is tried again; or NULL. */
	void (*waiting)(void *arg, const char *why, unsigned ms);
	void *arg;
};

struct remote *remote_new(const struct remote_settings *settings,
    struct error *err);
void remote_free(struct remote *remote);

struct remote_request {
	const char *method; /* GET, HEAD, PUT, POST, PATCH, DELETE */
	const char *path;   /* "/v1/…", with its query, encoded */
	int body_fd;        /* or -1: sent from body_at on */
	uint64_t body_at, body_len;
	int file_fd; /* or -1: where the answer's body goes, from offset 0 */
	uint64_t resume_at;   /* GET into file_fd: go on from here, */
	const char *if_range; /* if it is still this */
	/* Told of the ETag before any of the body is there; or NULL. */
	void (*tagged)(void *arg, const char *etag);
	void *arg;
	const char *headers[4]; /* more of them: "Name: value" */
	bool once; /* it is not to be repeated where the line breaks */
};

struct remote_answer {
	int status;
	struct buf
	    body; /* where file_fd is -1; freed by remote_answer_free() */
	char etag[160];
	char location[160];
	uint64_t upload_offset; /* of Upload-Offset; UINT64_MAX if absent */
	struct digest policy;   /* of Valise-Policy; zero if absent */
	uint64_t policy_entry;  /* of Valise-Policy-Entry; or UINT64_MAX */
	struct digest crls;     /* of Valise-Crls */
	/* Of Valise-Extension: "OLD HASH…"; or empty. */
	char extension[24 + LIMIT_PROOF_HASHES * 45];
};

/*
 * Where the line breaks, and the daemon was there, the same is asked again a
 * few times, ever later, and a file goes on where it ended; every request may
 * be repeated but those that say so.
 *
 * ERROR_UNAVAILABLE  no connection, or it broke: try again
 * ERROR_UNTRUSTED    the server is not the one that was enrolled
 * otherwise          what the daemon's problem document says; answer->status
 *                    is then set too, and 409 keeps its body
 */
bool remote_do(struct remote *remote, const struct remote_request *request,
    struct remote_answer *answer, struct error *err) MUST_USE;
void remote_answer_free(struct remote_answer *answer);
/*
 * Between one try and the next, for who repeats requests itself: how long the
 * next wait is after so many, 0 if patience is at its end; and to wait.
 */
unsigned remote_next_wait(unsigned tries, unsigned patience_ms);
void remote_wait(unsigned ms);

/*
 * Listen to server-sent events: seen is told of each, until it says no, or
 * the line breaks, which is how this ends by itself.  last_id is the last
 * event's that came before, or empty.
 *
 * ERROR_UNAVAILABLE  the line broke
 * otherwise          seen's, or what the daemon says
 */
bool remote_events(struct remote *remote, const char *path, const char *last_id,
    remote_listener *seen, void *arg, struct error *err) MUST_USE;

/*
 * One exchange with somebody else's server, by its public certificate, or
 * over plain http where what comes is signed anyway: a GET, or a POST of body
 * where it is not NULL.  answer gets what comes, up to its max, and *status.
 *
 * ERROR_UNAVAILABLE  no connection, or it broke
 */
bool remote_exchange(const char *url, const struct span *body,
    struct buf *answer, int *status, struct error *err) MUST_USE;

/* Append text percent-encoded for a query. */
bool remote_encode(struct buf *out, const char *text,
    struct error *err) MUST_USE;

#endif
