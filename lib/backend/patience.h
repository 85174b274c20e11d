/*
 * patience.h - how long an answer is waited for, where the storage is another
 * process: a database.  It depends on who waits:
 *
 *	a request     LIMIT_SECONDS_RECORD: its caller is told to come again
 *	others        LIMIT_SECONDS_DATABASE: who writes, starts or checks may have
 *	              to end if it gives up
 *	for a COMMIT  as long as it takes: given up, nobody would know what was
 *	              stored
 *
 * The server's own limits (backend/postgres/connect.c) are those of the others.
 */
#ifndef BACKEND_PATIENCE_H
#define BACKEND_PATIENCE_H

#include "backend/backend.h"

enum patience {
	PATIENCE_ANSWER,
	PATIENCE_COMMIT,
};

/* From now on the present thread works for requests, to its end. */
void patience_for_requests(void);
bool patience_is_for_requests(void);
/*
 * Until when the present thread waits for an answer that it asks for now, in
 * monotonic milliseconds; 0: as long as it takes.
 */
int64_t patience_until(enum patience what);
/*
 * Set the error of one that waited since then, in vain.  Returns false.
 *
 * ERROR_UNAVAILABLE  with a time to come again, where a request waits
 */
bool patience_over(int64_t since_ms, struct error *err);
/*
 * Does the storage answer?  One that has not for as long as a request waits is
 * not asked for another.  For any thread.
 *
 * ERROR_UNAVAILABLE  it does not; the same as of patience_over()
 */
bool patience_answers(struct backend *backend, struct error *err) MUST_USE;

#endif
