/*
 * judge.h - is a waybill, or an acknowledgement, signed by whom it names?  The
 * same for the daemon and for the command, with or without a line.
 */
#ifndef BAG_JUDGE_H
#define BAG_JUDGE_H

#include "pki/cades.h"
#include "pki/standing.h"
#include "policy/policy.h"

struct bag_signature {
	struct span yaml, p7s;
	const char *office, *person; /* as the yaml says */
	int64_t said_at;             /* dispatched, or received: the same */
	/*
	 * 0, or when it is handed in: whose certificate is revoked by then may
	 * not be whose key it still was when it says that it was signed.
	 */
	int64_t handed_in_at;
};

/*
 * A proof of origin by that person of that office, made within five minutes of
 * the time it says, with a certificate that was good then and is not revoked
 * now.  revocation may be NULL: then that is not asked.
 *
 * ERROR_UNTRUSTED  it is not; the code is a finding's, as in a verdict
 */
bool bag_judge(struct cert_cache *certs, struct policy *policy,
    const struct revocation *revocation, const struct bag_signature *it,
    struct error *err) MUST_USE;

#endif
