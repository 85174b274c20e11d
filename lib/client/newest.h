/*
 * newest.h - the newest version of a document, onto which the next one comes:
 * who deposited it, and who of another party has signed it, which the next one
 * would end.
 */
#ifndef CLIENT_NEWEST_H
#define CLIENT_NEWEST_H

#include "client/session.h"

struct newest {
	unsigned version; /* 0: there is no version */
	struct digest digest;
	char person[LIMIT_EMAIL_BYTES + 1], office[POLICY_NAME];
	int64_t time_ms; /* when it was deposited */
	bool seen;       /* by this state folder (context_has_seen()) */
	bool in_force;   /* it is in force: a next version does not end it */
	/* signatures of other parties, and the first of them: */
	size_t num_others;
	char signer[LIMIT_EMAIL_BYTES + 1], signer_office[POLICY_NAME];
};

/*
 * Find it by the journal's own entries, proved. office is the one that wants to
 * deposit.
 */
bool newest_find(struct session *session, const struct policy *policy,
    const struct office *office, const char *document, struct newest *out,
    struct error *err) MUST_USE;
/* Find it by a copy, which may not be the newest any more. */
void newest_of_copy(const struct verdict *verdict, const struct office *office,
    struct newest *out);

/*
 * Check that this office has seen what its next version would replace. onto is
 * the version that the depositor names after having looked, or 0.
 *
 * ERROR_CONFLICT  VERSION_NOT_SEEN: it has not
 */
bool newest_check_seen(const struct newest *newest, const char *document,
    unsigned onto, struct error *err) MUST_USE;
/*
 * Check that the next version may follow. onto is the version whose signing the
 * depositor agrees to end, or 0. The daemon checks it too; this saves sending.
 *
 * ERROR_CONFLICT  onto is another version, or is 0 and must not be
 */
bool newest_check_onto(const struct context *context,
    const struct newest *newest, const char *document, unsigned onto,
    struct error *err) MUST_USE;

#endif
