/*
 * newest.h - the newest version of a document, onto which the next one comes:
 * who deposited it, and who of another party has signed it, which the next one
 * would end.
 */
#ifndef CLIENT_NEWEST_H
#define CLIENT_NEWEST_H

#include "client/session.h"

struct newest {
	unsigned version; /* 0: there is none */
	struct digest digest;
	char person[LIMIT_EMAIL_BYTES + 1], office[POLICY_NAME];
	bool in_force;     /* a next version does not end it */
	size_t num_others; /* signatures of other parties, and the first: */
	char signer[LIMIT_EMAIL_BYTES + 1], signer_office[POLICY_NAME];
};

/* By the journal's own entries, proved.  office: who wants to deposit. */
bool newest_find(struct session *session, const struct policy *policy,
    const struct office *office, const char *document, struct newest *out,
    struct error *err) MUST_USE;
/* By a copy, which may not be the newest any more. */
void newest_of_copy(const struct verdict *verdict, const struct office *office,
    struct newest *out);

/*
 * May the next version come onto it?  onto is the version whose signing the
 * depositor says that it may end, or 0.  The daemon judges it too; this spares
 * the sending.
 *
 * ERROR_CONFLICT  onto is another version, or does not say so and should
 */
bool newest_check_onto(const struct context *context,
    const struct newest *newest, const char *document, unsigned onto,
    struct error *err) MUST_USE;

#endif
