/*
 * second.h - the second memory: a head's signature is given out only when the
 * signer of a stand-by remembers that head too (signers: 2).
 *
 * If a database then loses what it had answered, neither signer signs another
 * history.  Without a stand-by that answers, a writer that needs it (signers: 2)
 * waits, and refuses new acts; one that does not (signers: 1) goes on.
 */
#ifndef DAEMON_WRITER_SECOND_H
#define DAEMON_WRITER_SECOND_H

#include "backend/postgres/postgres.h"
#include "base/time.h"
#include "daemon/signer/signer.h"

struct second {
	struct backend *backend;
	struct signer *signer;
	bool is_needed;
	uint64_t waits_for; /* the size; atomic */
	bool is_away;       /* atomic */
	int64_t away_ms;    /* since when, as time_now_ms() says; atomic */
};

/* A signer_second, whose arg is a struct second. */
bool second_wait(void *second, const struct head *head,
    struct error *err) MUST_USE;
/*
 * Is it away, and needed?  For any thread.
 *
 * ERROR_UNAVAILABLE  it is: acts are not taken
 */
bool second_check(const struct second *second, struct error *err) MUST_USE;
/*
 * Is it sure that no other daemon writes?  Else nothing is shown of the record,
 * which may be older than what an office has seen.  For any thread.
 *
 * ERROR_UNAVAILABLE  it is not, or another one does
 */
bool second_holds(const struct second *second, struct error *err);
/* Is it away, and since when?  For any thread. */
bool second_is_away(const struct second *second, char since[TIME_TEXT]);
/* What there is to warn of; false if nothing.  For any thread. */
bool second_warns(const struct second *second, char *out, size_t room);

#endif
