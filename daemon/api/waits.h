/*
 * waits.h - the jobs that wait for the writer of the journal, and a signer or a
 * record that does not answer, whoever writes to it or reads.
 *
 * A request is answered with 503 once the signer has owed an answer for
 * LIMIT_SECONDS_SIGNER, or the record (a disk, or a database that waits for a
 * standby of its own) for LIMIT_SECONDS_RECORD, whatever becomes of its act: who
 * asks again gets the receipt of what was journaled.  After
 * LIMIT_SECONDS_SIGNER_DEAD of the signer the daemon ends; for the record it
 * waits as long as it takes.
 */
#ifndef DAEMON_API_WAITS_H
#define DAEMON_API_WAITS_H

#include <pthread.h>

#include "base/error.h"

struct api;
struct job;

/* Who does not answer. */
enum waits_silent { WAITS_NONE, WAITS_SIGNER, WAITS_RECORD };

struct waits {
	pthread_mutex_t mutex;
	struct job *first;
	enum waits_silent told; /* in the log */
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
 * Called once a second: answer the jobs that wait if one of them does not, and
 * log that, and that all answers again.
 */
void waits_look(struct api *api);
/*
 * Do the signer and the record answer?
 *
 * ERROR_UNAVAILABLE  it has owed an answer for too long
 */
bool waits_writer_answers(const struct api *api, struct error *err) MUST_USE;

#endif
