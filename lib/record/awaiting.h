/*
 * awaiting.h - whose signatures a document still waits for, by a policy and the
 * document's acts: the daemon's by the policy in force, the command's by the one
 * that its office accepted.
 */
#ifndef RECORD_AWAITING_H
#define RECORD_AWAITING_H

#include "policy/policy.h"
#include "record/ledger.h"

struct awaiting {
	enum signing signing; /* to put the version in force, or to end it */
	const struct ledger_version *version;
	/* Each party of the quorum: how many persons have signed, of how many. */
	struct {
		const char *party; /* the policy's */
		unsigned has, needs;
	} parties[POLICY_PARTIES];
	size_t num;
};

/*
 * Does the document wait for signatures that put its newest version in force
 * or, with SIGNING_TERMINATION, for those that end the one in force, once
 * somebody has begun? What out has is borrowed.
 */
bool awaiting_of(const struct policy *policy, const struct ledger_document *doc,
    enum signing signing, struct awaiting *out);
/*
 * Is this person's among them: with full powers now, of a party of which
 * signatures are missing, and not given yet?
 */
bool awaiting_person(const struct awaiting *awaiting,
    const struct policy *policy, const struct office *office,
    const char *person, const char *document, int64_t now_at);
/* Does the document wait for this person, in either way? */
bool awaiting_either(const struct policy *policy, const struct office *office,
    const char *person, const struct ledger_document *doc, int64_t now_at);

#endif
