/*
 * acts.h - what deposits (deposit.c) and signatures (sign.c) have in common:
 * asking for the verdict, and what becomes of it.  All run on a worker.
 */
#ifndef DAEMON_API_ACTS_H
#define DAEMON_API_ACTS_H

#include "daemon/api/actor.h"
#include "verdict/verdict.h"

/*
 * Returns the request to judge an act: what it claims to be, for whom, and by
 * which policy and lists.  It borrows what it is given; live is the ID of the
 * signature that the act brings.
 */
struct verdict_request acts_request(const struct job *job,
    const struct actor *actor, struct container *container,
    const struct verdict_library *library, enum verdict_expect expect,
    const char *live);
/*
 * The verdict says no: answer with a refusal by policy, which is journaled (true
 * then), or say what is wrong.  wanted is the act's name in the entry.
 */
bool acts_refuse(struct job *job, const struct verdict *verdict,
    const char *wanted, struct error *err) MUST_USE;
/* Fill in the entry of the act; last is the document's entry before it. */
void acts_describe(struct job *job, const struct actor *actor,
    const struct verdict *verdict, const struct verdict_signature *signature,
    uint64_t last);
/*
 * Hash and encode the act on this worker, and hand it to the registrar, which
 * journals it and answers.
 */
bool acts_hand_in(struct job *job, struct error *err) MUST_USE;
/*
 * A bearer who may not read documents of this type is not told the state of
 * one: the sender's act was refused, and the sender can ask why.  Returns false,
 * with err as the bearer may see it.
 */
bool acts_tell_bearer(const struct job *job, struct error *err) MUST_USE;

#endif
