/*
 * actor.h - in whose name an act on a version is made: that of who connected
 * or, where the request names a waybill, that of who signed it.
 *
 * A job knows only who connected (job.h), and everything that is neither the
 * judging nor the journaling of a deposit or signature goes by that.  A waybill
 * lends its signer's name to one act, whose body it must list: the actor is
 * made and judged here each time, and kept nowhere.
 */
#ifndef DAEMON_API_ACTOR_H
#define DAEMON_API_ACTOR_H

#include "daemon/api/job.h"

struct actor {
	char person[LIMIT_EMAIL_BYTES + 1];
	const struct office *office; /* of by.policy, which stays */
	struct judged_by by;         /* what is in force now */
	/* The waybill, when it was signed, and its entry; or by_bag is false. */
	bool by_bag;
	struct digest waybill;
	int64_t dispatched_ms;
	uint64_t dispatch;
	/* As it was handed in, and the act's slip; NULL of an older bag. */
	struct container *papers;
	const struct member *slip;
	unsigned onto; /* as the slip says, or 0 */
};

/*
 * Who connected: what they hand in themselves.  On a worker.
 *
 * ERROR_REFUSED  their office is none any more
 */
bool actor_own(const struct job *job, struct actor *out,
    struct error *err) MUST_USE;
/*
 * The signer of the waybill that the job names, or who connected where it names
 * none.  On a worker, once the body is there.  It is for actor_free() whatever
 * comes of it.
 *
 * The signer's certificate is judged again, by the policy and the CRLs of now;
 * and the waybill must list the body, as what the job's route takes.  A job
 * without a body (its upload is used up) must name a version digest that the
 * waybill lists.
 *
 * ERROR_CONFLICT   the waybill was not handed in, or is forgotten
 * ERROR_REFUSED    its office is none any more
 * ERROR_UNTRUSTED  its signer's certificate, or it does not list this
 */
bool actor_take(const struct job *job, struct actor *out,
    struct error *err) MUST_USE;
void actor_free(struct actor *actor);
/*
 * Put what proves when it was dispatched beside the signature of that ID, and
 * nothing there where nothing does.
 */
bool actor_put_papers(const struct actor *actor, struct container *container,
    const char *id, struct error *err) MUST_USE;

#endif
