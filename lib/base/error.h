/*
 * error.h - why an operation failed, in terms its caller can act on.
 *
 * A function that can fail returns bool and takes a struct error * last; it
 * fills that in exactly when it returns false.  The kind alone decides what
 * happens next (exit status, HTTP status, retry or not).  The detail is one
 * line for a person: it names the value at fault and the bound it broke.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/banned.h"

enum error_kind {
	ERROR_NONE,
	ERROR_UNTRUSTED,   /* well formed, but a signature or proof fails */
	ERROR_USAGE,       /* the request makes no sense */
	ERROR_REFUSED,     /* the policy does not allow it */
	ERROR_NOT_FOUND,   /* no such document, version or key */
	ERROR_CONFLICT,    /* the log has moved on: read it and try again */
	ERROR_UNAVAILABLE, /* nobody answers: try again later */
	ERROR_SYSTEM,      /* disk, memory, crypto library */
	ERROR_MALFORMED,   /* the bytes break their specification */
	ERROR_LIMIT,       /* over a bound in limits.h */
	/* as UNAVAILABLE, but in HTTP: the server's disk is full */
	ERROR_FULL,
};

struct error {
	enum error_kind kind;
	/*
	 * After how many seconds it may be different (Retry-After, RFC 9110
	 * section 10.2.3); 0: nobody said.
	 */
	unsigned retry_s;
	bool is_full; /* a call failed since a disk or quota is full */
	bool
	    is_of_machine; /* a call failed by what the machine lacks or does */
	/*
	 * The system or who uses it is at fault, and not this program: then an
	 * ERROR_SYSTEM is not called an internal failure.
	 */
	bool is_outside;
	char code[32];    /* its code (base/codes.def), or empty */
	char detail[512]; /* NUL-terminated; cut short if longer */
};

#define PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define MUST_USE          __attribute__((warn_unused_result))

/*
 * Record a failure.  Always returns false, so that a check is two lines:
 *
 *	if (count > LIMIT_COUNT)
 *		return error_set(err, ERROR_LIMIT, "count is %zu", count);
 */
bool error_set(struct error *err, enum error_kind kind, const char *fmt, ...)
    PRINTF(3, 4);

/*
 * As error_set(), with ERROR_SYSTEM and ": " strerror(errno) appended; is_full
 * is set after ENOSPC and EDQUOT, is_of_machine after errors that say nothing of
 * what was asked for (EIO, EMFILE, ENOMEM and the like); is_outside unless the
 * call itself was wrong.
 */
bool error_set_errno(struct error *err, const char *fmt, ...) PRINTF(2, 3);

/* As error_set(), with ERROR_SYSTEM and is_outside: a damaged file, no memory. */
bool error_set_outside(struct error *err, const char *fmt, ...) PRINTF(2, 3);
/* Set is_outside.  Returns false. */
bool error_outside(struct error *err);

/*
 * As error_set(), with the newest OpenSSL reason; empties OpenSSL's queue.  With
 * ERROR_SYSTEM is_of_machine is set: at what is well formed OpenSSL fails where
 * there is no memory, which it does not always say.
 */
bool error_set_openssl(struct error *err, enum error_kind kind, const char *fmt,
    ...) PRINTF(3, 4);

/*
 * Make it ERROR_FULL if is_full is set, else ERROR_UNAVAILABLE: nothing was
 * changed, and the same may work later.  Returns false.
 */
bool error_make_unavailable(struct error *err);

/* Put "text: " in front of the detail, on the way up.  Returns false. */
bool error_context(struct error *err, const char *fmt, ...) PRINTF(2, 3);

/* As error_set(), with a code of its own (base/codes.def). */
bool error_set_code(struct error *err, enum error_kind kind, const char *code,
    const char *fmt, ...) PRINTF(4, 5);

/* It is no use to ask the same again. */
#define ERROR_NO_RETRY UINT32_MAX

/* Set after how many seconds to ask again.  Returns false. */
bool error_retry(struct error *err, unsigned seconds);

/*
 * The error's code for a problem document (RFC 9457 section 3.1): its own, or
 * else the name of its kind, "CONFLICT".
 */
const char *error_code(const struct error *err);
/* True if that is its code. */
bool error_is(const struct error *err, const char *code);

/* The kind that has this exit status; ERROR_SYSTEM if none has. */
enum error_kind error_kind_of_exit(int status);

/* The exit status, HTTP status and title of a kind. Only error.c has them. */
int error_exit_status(enum error_kind kind);
int error_http_status(enum error_kind kind);
const char *error_title(enum error_kind kind);
/* What an exit status means, for the manuals; NULL: no program ends with it. */
const char *error_exit_meaning(int status);
/* The title as a person reads it: "System error" where is_outside is set. */
const char *error_words(const struct error *err);

#endif
