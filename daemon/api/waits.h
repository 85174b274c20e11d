/*
 * waits.h - the jobs that wait for the writer of the journal, and a signer that
 * does not answer.
 *
 * A request is answered with 503 once the signer has owed an answer for
 * LIMIT_SECONDS_SIGNER, whatever becomes of its act: who asks again gets the
 * receipt of what was journaled.  After LIMIT_SECONDS_SIGNER_DEAD the daemon
 * ends.
 */
#ifndef DAEMON_API_WAITS_H
#define DAEMON_API_WAITS_H

#include <pthread.h>

#include "base/error.h"

struct api;
struct job;

struct waits {
	pthread_mutex_t mutex;
	struct job *first;
	bool told; /* that the signer does not answer */
};

void waits_init(struct waits *waits);
void waits_free(struct waits *waits);
/* From now on another thread may answer the job's request. */
void waits_begin(struct job *job);
/*
 * The act was decided.  False: the request was answered meanwhile, and all that
 * is left to do is to free the job.
 */
bool waits_end(struct job *job) MUST_USE;
/* Is the request of the job still to be answered? */
bool waits_is_there(const struct job *job);
/*
 * Called once a second: answer the jobs that wait if the signer does not, and
 * log that, and that it answers again.
 */
void waits_look(struct api *api);
/*
 * Does the signer answer?
 *
 * ERROR_UNAVAILABLE  it has owed an answer for too long
 */
bool waits_signer_answers(const struct api *api, struct error *err) MUST_USE;

#endif
