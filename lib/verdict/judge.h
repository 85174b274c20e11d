/*
 * judge.h - what the parts of the verdict share; for this folder only.
 */
#ifndef VERDICT_JUDGE_H
#define VERDICT_JUDGE_H

#include "verdict/verdict.h"

struct judge {
	const struct verdict_request *request;
	struct verdict *out;
	struct error *err; /* set when a step fails, which ends the judgement */
	bool in_force, terminated; /* by a "force" and its quorum */
	/*
	 * The lists that judge its signatures, and those that only the
	 * container names.
	 */
	const struct revocation *revocation;
	struct crl_entries *own;
	/* The "dispatch" entries that the container's receipts prove. */
	struct verdict_act *dispatches;
	size_t num_dispatches;
};

/* Add a finding.  False if there is no memory (err is set). */
bool judge_find(struct judge *judge, enum finding_code code, const char *about,
    const char *fmt, ...) PRINTF(4, 5) MUST_USE;
/* Name the policy's rule that decided the newest finding.  True. */
bool judge_set_rule(struct judge *judge, const char *rule);
/* The finding that an error of lib/pki or lib/document stands for. */
bool judge_find_error(struct judge *judge, enum finding_code fallback,
    const char *about, const struct error *why) MUST_USE;

/* The steps. Each returns false to end the judgement. */
bool judge_receipts(struct judge *judge) MUST_USE;
bool judge_signatures(struct judge *judge) MUST_USE;
bool judge_journal(struct judge *judge) MUST_USE;
/* Parts of that one: each act has its signature, and follows what it may. */
bool judge_acts_have_signatures(struct judge *judge) MUST_USE;
bool judge_course(struct judge *judge) MUST_USE;

/*
 * Find out when the act of this signature was sent. sent_ms becomes the time of
 * dispatch, if a slip, a signed waybill and its "dispatch" entry prove that;
 * else the time of its entry. person and office are the signature's, policy
 * that of its act.
 */
bool judge_dispatch(struct judge *judge, const char *path,
    struct verdict_signature *signature, struct policy *policy) MUST_USE;
/* Check that no slip or waybill lies there of a signature that is missing. */
bool judge_stray_slips(struct judge *judge) MUST_USE;

/* The act that a signature made, or NULL. */
const struct verdict_act *judge_act_of(const struct judge *judge,
    const struct verdict_signature *signature);
/*
 * True if the signatures that count, of acts up to that index, make the quorum.
 * It is judged by the policy of the last of them. A live signature, which has
 * no act yet, comes after all: UINT64_MAX.
 */
bool judge_quorum(const struct judge *judge, enum signing signing,
    uint64_t until, char rule[POLICY_RULE]);
/* The newest act, or NULL. */
const struct verdict_act *judge_newest(const struct judge *judge);

#endif
