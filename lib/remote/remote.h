/*
 * remote.h - the HTTPS client of a daemon: mutual TLS 1.3, one connection
 * kept; requests, files in both directions, problem documents as errors.
 */
#ifndef REMOTE_REMOTE_H
#define REMOTE_REMOTE_H

#include <openssl/types.h>

#include "base/digest.h"
#include "base/limits.h"
#include "remote/addresses.h"
#include "remote/events.h"

struct proxy_sources;
struct remote;

struct remote_settings {
	/*
	 * Where the daemon is, borrowed for as long as the client is there. The
	 * one that is asked now is asked first. Where it does not answer, or
	 * stands by, the next is asked, and from then on that one.
	 */
	struct addresses *addresses;
	/* PEM of the CAs that may have issued its certificate */
	struct span server_ca;
	const char *cert, *key; /* PEM files, to connect with */
	/* The key itself, borrowed, if it was loaded from that file; or NULL. */
	EVP_PKEY *own_key;
	/*
	 * The digest of the policy that this office has accepted, told in each
	 * request; it may change between them. NULL or empty: none.
	 */
	const char *accepted;
	/* Called with the bytes done and expected (0: not known); or NULL. */
	void (*progress)(void *arg, uint64_t done, uint64_t total);
	/* Called when the next address is asked, with why; or NULL. */
	void (*moved)(void *arg, const char *why, const char *address);
	/*
	 * Called when another address answered than the one that was told last:
	 * it is to be asked first the next time; or NULL.
	 */
	void (*reached)(void *arg, const char *address);
	/* by which proxy (proxy.h); NULL: by none */
	const struct proxy_sources *proxies;
	/*
	 * For how long a broken line is waited for in all, and one that says
	 * nothing until TLS stands, or after a request without a body (from 3
	 * seconds to a minute of it at a time). It is counted anew whenever
	 * something comes. Several addresses share it.
	 */
	unsigned patience_ms;
	/* for how long any other line may say nothing; 0: a minute */
	unsigned silent_ms;
	/*
	 * Called when the line broke, or the daemon says to come later, with
	 * the time until it is tried again; or NULL.
	 */
	void (*waiting)(void *arg, const char *why, unsigned ms);
	void *arg;
};

struct remote *remote_new(const struct remote_settings *settings,
    struct error *err);
void remote_free(struct remote *remote);

struct remote_request {
	const char *method; /* GET, HEAD, PUT, POST, PATCH, DELETE */
	const char *path;   /* "/v1/…", with its query, encoded */
	/* -1, or a file whose bytes from body_at on are sent */
	int body_fd;
	uint64_t body_at, body_len;
	int file_fd; /* -1, or where the answer's body goes, from offset 0 */
	uint64_t resume_at;   /* GET into file_fd: go on from this offset, */
	const char *if_range; /* if the file is still this one */
	/* Called with the ETag before any of the body is there; or NULL. */
	void (*tagged)(void *arg, const char *etag);
	void *arg;
	/*
	 * So many bytes are judged before the answer. A daemon that is at work
	 * says so every 10 seconds (102), on what is only read too; an older one
	 * has 10 seconds more for each GiB, of what is judged.
	 */
	uint64_t judged;
	const char *headers[4]; /* more header lines: "Name: value" */
	bool once;              /* it must not be repeated if the line breaks */
};

struct remote_answer {
	int status;
	struct buf
	    body; /* the body if file_fd is -1; remote_answer_free() frees it */
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
 * Make a request. If the line breaks after the daemon was reached, the same is
 * asked again a few times, ever later, and a file goes on where it ended. Every
 * request may be repeated, except those that say otherwise.  If the daemon
 * refuses and names a time (Retry-After), it is asked again after that, and err
 * has the time if patience does not last so long.
 *
 * Nothing was done at an address that cannot be connected to, whose server is
 * not the one that was enrolled, or that answers 503 with STANDS_BY; so the next
 * one is asked at once, as it is where nobody answers a request that may be
 * repeated. If none answers, err says why of each.
 *
 * ERROR_UNAVAILABLE  no connection, or it broke: try again
 * ERROR_UNTRUSTED    the server is not the one that was enrolled
 * ERROR_USAGE        it refuses the certificate that is shown to it
 * otherwise the error in the daemon's problem document; answer->status is then
 * set too
 */
bool remote_do(struct remote *remote, const struct remote_request *request,
    struct remote_answer *answer, struct error *err) MUST_USE;
void remote_answer_free(struct remote_answer *answer);
/*
 * For a caller that repeats requests itself: how long the next wait is after so
 * many, 0 if patience is at its end; and the wait.
 */
unsigned remote_next_wait(unsigned tries, unsigned patience_ms);
void remote_wait(unsigned ms);
/*
 * Returns so long or up to a quarter more, by chance: those who were told the
 * same time must not all come at once.
 */
unsigned remote_spread(unsigned ms);

/*
 * Listen to server-sent events. seen is called for each, until it returns false
 * or the line breaks, which is how this ends by itself. last_id is the last
 * event's that came before, or empty.
 *
 * ERROR_UNAVAILABLE  the line broke
 * otherwise seen's error, or the daemon's
 */
bool remote_events(struct remote *remote, const char *path, const char *last_id,
    remote_listener *seen, void *arg, struct error *err) MUST_USE;

/*
 * Make one exchange with somebody else's server, by its public certificate, or
 * over plain HTTP if what comes is signed anyway: a GET, or a POST of body if
 * that is not NULL. proxies is as in struct remote_settings. answer gets what
 * comes, up to its max, and *status.
 *
 * ERROR_UNAVAILABLE  no connection, or it broke
 */
bool remote_exchange(const struct proxy_sources *proxies, const char *url,
    const struct span *body, struct buf *answer, int *status,
    struct error *err) MUST_USE;

/* Append text percent-encoded for a query. */
bool remote_encode(struct buf *out, const char *text,
    struct error *err) MUST_USE;

#endif
