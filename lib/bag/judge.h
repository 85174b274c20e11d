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
	const char *office, *person; /* who signed, as the YAML says */
	/* when it was dispatched, or received, as it says */
	int64_t said_at;
	/*
	 * 0, or when it is handed in. A certificate that is revoked by then may
	 * have been somebody else's at the time that the YAML names.
	 */
	int64_t handed_in_at;
	/* it is handed in just now: who is on a list from the future is out */
	bool is_live;
};

/*
 * Check that it is signed as a proof of origin by that person of that office,
 * within five minutes of the time it says, with a certificate that was good
 * then and is not revoked now. revocation may be NULL: then revocation is not
 * checked.
 *
 * ERROR_UNTRUSTED  it is not; the code is a finding's, as in a verdict
 */
bool bag_judge(struct cert_cache *certs, struct policy *policy,
    const struct revocation *revocation, const struct bag_signature *it,
    struct error *err) MUST_USE;

#endif
