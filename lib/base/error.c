/*
 * Filling in errors, and the one table from kinds to exits and HTTP statuses
 * (error.h).
 */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>

/*
 * Exit 1 is a clear "no"; above it, no answer was reached (as in diff(1)).  The
 * manuals' tables are made from this one, or tested to be the same.
 */
static const struct {
	const char *name;
	const char *title; /* RFC 9457 section 3.1.3 */
	int exit_status;
	int http_status;
	const char *meaning; /* of the exit status; NULL: another kind has it */
} kinds[] = {
	[ERROR_NONE] = { "OK", "Success", 0, 200, "done; valid" },
	[ERROR_UNTRUSTED] = { "UNTRUSTED", "Verification failed", 1, 422,
	    "a clear no, or no clear yes: something does not verify, differs,"
	    " or is damaged" },
	[ERROR_USAGE] = { "USAGE", "Invalid request", 2, 400,
	    "the request makes no sense, or nobody said yes to it" },
	[ERROR_REFUSED] = { "REFUSED", "Refused by policy", 3, 403,
	    "the policy refuses it" },
	[ERROR_NOT_FOUND] = { "NOT_FOUND", "Not found", 4, 404,
	    "no such document, version or file" },
	[ERROR_CONFLICT] = { "CONFLICT", "Conflict", 5, 409,
	    "it cannot follow what is there: the document, or the file, has"
	    " moved on" },
	[ERROR_UNAVAILABLE] = { "UNAVAILABLE", "Not available", 6, 503,
	    "the daemon does not answer, or cannot do it now: try again" },
	[ERROR_SYSTEM] = { "SYSTEM", "Internal failure", 7, 500,
	    "a file, disk, memory, key, library or module failed" },
	[ERROR_MALFORMED] = { "MALFORMED", "Malformed input", 8, 422,
	    "the bytes break their format" },
	[ERROR_LIMIT] = { "LIMIT", "Limit exceeded", 9, 413,
	    "something is over a limit" },
	[ERROR_FULL] = { "UNAVAILABLE", "Insufficient storage", 6, 507 },
};

int
error_exit_status(enum error_kind kind)
{
	return kinds[kind].exit_status;
}

int
error_http_status(enum error_kind kind)
{
	return kinds[kind].http_status;
}

const char *
error_title(enum error_kind kind)
{
	return kinds[kind].title;
}

const char *
error_exit_meaning(int status)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].exit_status == status)
			return kinds[i].meaning;
	return NULL;
}

const char *
error_words(const struct error *err)
{
	return err->kind == ERROR_SYSTEM && err->is_outside
	    ? "System error"
	    : error_title(err->kind);
}

static void
clear(struct error *err)
{
	err->retry_s = 0;
	err->is_full = err->is_of_machine = err->is_outside = false;
	err->code[0] = '\0';
}

static void set_detail(struct error *err, const char *fmt, va_list args)
    PRINTF(2, 0);

static void
set_detail(struct error *err, const char *fmt, va_list args)
{
	if (vsnprintf(err->detail, sizeof(err->detail), fmt, args) < 0)
		err->detail[0] = '\0';
}

static void
append_detail(struct error *err, const char *reason)
{
	const size_t len = strlen(err->detail);

	snprintf(err->detail + len, sizeof(err->detail) - len, ": %s", reason);
}

bool
error_set(struct error *err, enum error_kind kind, const char *fmt, ...)
{
	va_list args;

	err->kind = kind;
	clear(err);
	va_start(args, fmt);
	set_detail(err, fmt, args);
	va_end(args);
	return false;
}

bool
error_set_code(struct error *err, enum error_kind kind, const char *code,
    const char *fmt, ...)
{
	va_list args;

	err->kind = kind;
	clear(err);
	snprintf(err->code, sizeof(err->code), "%s", code);
	va_start(args, fmt);
	set_detail(err, fmt, args);
	va_end(args);
	return false;
}

bool
error_retry(struct error *err, unsigned seconds)
{
	err->retry_s = seconds;
	return false;
}

const char *
error_code(const struct error *err)
{
	return err->code[0] != '\0' ? err->code : kinds[err->kind].name;
}

bool
error_is(const struct error *err, const char *code)
{
	return strcmp(error_code(err), code) == 0;
}

enum error_kind
error_kind_of_exit(int status)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].exit_status == status)
			return (enum error_kind)i;
	return ERROR_SYSTEM;
}

/* What to do about a failure of a file, where that is not plain; or NULL. */
static const char *
next_step(int code)
{
	switch (code) {
	case ENOSPC:
		return "make room on that disk, then do it again";
	case EACCES:
		return "this user may not: see the owner and mode of it, and of"
		       " the folders that it is in (namei -l)";
	case EDQUOT:
		return "make room within that user's quota, then do it again";
	case EROFS:
		return "that disk is read-only: see the kernel's log (dmesg)"
		       " for why";
	default:
		return NULL;
	}
}

static bool
is_of_machine(int error)
{
	static const int machine[] = { EIO, EMFILE, ENFILE, ENOMEM, EAGAIN,
		EINTR, EROFS, EACCES, EFBIG, EMLINK, ENOBUFS };

	for (size_t i = 0; i < sizeof(machine) / sizeof(machine[0]); i++)
		if (error == machine[i])
			return true;
	return false;
}

bool
error_set_errno(struct error *err, const char *fmt, ...)
{
	const int saved = errno;
	va_list args;

	err->kind = ERROR_SYSTEM;
	clear(err);
	err->is_full = saved == ENOSPC || saved == EDQUOT;
	err->is_of_machine = is_of_machine(saved);
	err->is_outside = saved != EINVAL && saved != EBADF && saved != EFAULT;
	va_start(args, fmt);
	set_detail(err, fmt, args);
	va_end(args);
	append_detail(err, strerror(saved));
	if (next_step(saved) != NULL)
		append_detail(err, next_step(saved));
	return false;
}

bool
error_set_outside(struct error *err, const char *fmt, ...)
{
	va_list args;

	err->kind = ERROR_SYSTEM;
	clear(err);
	va_start(args, fmt);
	set_detail(err, fmt, args);
	va_end(args);
	return error_outside(err);
}

bool
error_outside(struct error *err)
{
	err->is_outside = true;
	return false;
}

bool
error_set_openssl(struct error *err, enum error_kind kind, const char *fmt, ...)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());
	va_list args;

	err->kind = kind;
	clear(err);
	va_start(args, fmt);
	set_detail(err, fmt, args);
	va_end(args);
	append_detail(err, reason != NULL ? reason : "no reason given");
	err->is_of_machine = err->is_outside = kind == ERROR_SYSTEM;
	ERR_clear_error();
	return false;
}

bool
error_make_unavailable(struct error *err)
{
	err->kind = err->is_full ? ERROR_FULL : ERROR_UNAVAILABLE;
	return false;
}

bool
error_context(struct error *err, const char *fmt, ...)
{
	char inner[sizeof(err->detail)];
	va_list args;

	memcpy(inner, err->detail, sizeof(inner));
	va_start(args, fmt);
	set_detail(err, fmt, args);
	va_end(args);
	append_detail(err, inner);
	return false;
}
