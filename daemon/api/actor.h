/*
 * actor.h - in whose name an act on a version is made: that of the connection
 * or, if the request names a waybill, that of the waybill's signer.
 *
 * A job knows only the person who connected (job.h), and everything but the
 * judging and journaling of a deposit or signature goes by that.  A waybill
 * lends its signer's name to one act, whose body it must list: so the actor is
 * made and judged for each act, and kept nowhere.
 */
#ifndef DAEMON_API_ACTOR_H
#define DAEMON_API_ACTOR_H

#include "daemon/api/job.h"

struct actor {
	char person[LIMIT_EMAIL_BYTES + 1];
	const struct office *office; /* of by.policy, which owns it */
	struct judged_by by;         /* the policy and CRLs in force now */
	/*
	 * If by_bag: the waybill, when it was signed, and the index of its
	 * entry.
	 */
	bool by_bag;
	struct digest waybill;
	int64_t dispatched_ms;
	uint64_t dispatch;
	/*
	 * The papers as they were handed in, with the act's slip; NULL for an
	 * older bag.
	 */
	struct container *papers;
	const struct member *slip;
	unsigned onto; /* the slip's "onto", or 0 */
};

/*
 * Make the actor of those who connected and hand in their own act.  Runs on a
 * worker.
 *
 * ERROR_REFUSED  their office is not in the policy any more
 */
bool actor_own(const struct job *job, struct actor *out,
    struct error *err) MUST_USE;
/*
 * Make the actor of the waybill that the job names, or of the connection if it
 * names none.  Runs on a worker, after the body was read. out must be given to
 * actor_free() whether this succeeds or not.
 *
 * The signer's certificate is judged again, by the policy and the CRLs of now;
 * and the waybill must list the body in the folder that the job's route takes.
 * If the job has no body (its upload is used up) it must name a version digest
 * that the waybill lists.
 *
 * ERROR_CONFLICT   the waybill was not handed in, or was dropped after its time
 * ERROR_REFUSED    its office is not in the policy any more
 * ERROR_UNTRUSTED  its signer's certificate is not accepted, or the waybill
 *  does not list this body
 */
bool actor_take(const struct job *job, struct actor *out,
    struct error *err) MUST_USE;
void actor_free(struct actor *actor);
/*
 * Put the papers that prove when the signature of that ID was dispatched beside
 * it; remove older papers there if the act did not come by bag.
 */
bool actor_put_papers(const struct actor *actor, struct container *container,
    const char *id, struct error *err) MUST_USE;

#endif
