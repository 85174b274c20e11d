/*
 * How long an answer of the storage is waited for (patience.h).
 */
#include "backend/patience.h"

#include "base/limits.h"
#include "base/time.h"

/* The server's own limit comes first, and says more. */
enum { AFTER_SERVER_S = 5 };

static _Thread_local bool for_requests;

void
patience_for_requests(void)
{
	for_requests = true;
}

bool
patience_is_for_requests(void)
{
	return for_requests;
}

int64_t
patience_until(enum patience what)
{
	const int64_t seconds = for_requests
	    ? LIMIT_SECONDS_RECORD
	    : LIMIT_SECONDS_DATABASE + AFTER_SERVER_S;

	return what == PATIENCE_COMMIT ? 0
				       : time_monotonic_ms() + seconds * 1000;
}

static bool
say_silent(int64_t silent_ms, struct error *err)
{
	error_set(err, ERROR_UNAVAILABLE,
	    "the depositary's database has not answered for %lld seconds: what"
	    " is in it cannot be read, no act is journaled and no copy"
	    " delivered until it does. Try again later",
	    (long long)(silent_ms / 1000));
	return error_retry(err, LIMIT_SECONDS_RECORD);
}

bool
patience_over(int64_t since_ms, struct error *err)
{
	const int64_t silent_ms = time_monotonic_ms() - since_ms;

	return for_requests ? say_silent(silent_ms, err)
			    : error_set(err, ERROR_UNAVAILABLE,
				  "postgresql: no answer within %lld seconds",
				  (long long)(silent_ms / 1000));
}

bool
patience_answers(struct backend *backend, struct error *err)
{
	const int64_t silent_ms = backend->table->silent_ms != NULL
	    ? backend->table->silent_ms(backend)
	    : 0;

	return silent_ms < LIMIT_SECONDS_RECORD * INT64_C(1000) ||
	    say_silent(silent_ms, err);
}
