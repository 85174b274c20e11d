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
};

/* Add a finding.  False if there is no memory (err is set). */
bool judge_find(struct judge *judge, enum finding_code code, const char *about,
    const char *fmt, ...) PRINTF(4, 5) MUST_USE;
/* The finding that an error of lib/pki or lib/document stands for. */
bool judge_find_error(struct judge *judge, enum finding_code fallback,
    const char *about, const struct error *why) MUST_USE;

/* Each is one step; false ends the judgement. */
bool judge_texts(struct judge *judge) MUST_USE;
bool judge_receipts(struct judge *judge) MUST_USE;
bool judge_signatures(struct judge *judge) MUST_USE;
bool judge_journal(struct judge *judge) MUST_USE;

/* The act that a signature is, or NULL. */
const struct verdict_act *judge_act_of(const struct judge *judge,
    const struct verdict_signature *signature);
/* Does the "force" at that place of the acts end the version? */
bool judge_ends(const struct verdict *verdict, size_t act);
/* The newest act, or NULL. */
const struct verdict_act *judge_newest(const struct judge *judge);

#endif
