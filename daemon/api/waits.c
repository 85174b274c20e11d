/*
 * The list of jobs whose acts are with the registrar (waits.h).
 */
#include "daemon/api/waits.h"

#include <string.h>
#include <unistd.h>

#include "backend/patience.h"
#include "daemon/api/job.h"
#include "daemon/log.h"

/* Of an act that waits for the record. */
#define WHAT_WAS_SENT                                                          \
	". What was sent may be journaled then: send it again to hear"

void
waits_init(struct waits *waits)
{
	*waits = (struct waits){ .first = NULL };
	pthread_mutex_init(&waits->mutex, NULL);
}

void
waits_free(struct waits *waits)
{
	pthread_mutex_destroy(&waits->mutex);
}

void
waits_begin(struct job *job)
{
	struct waits *waits = &job->api->waits;

	pthread_mutex_lock(&waits->mutex);
	job->prev_wait = NULL;
	if ((job->next_wait = waits->first) != NULL)
		job->next_wait->prev_wait = job;
	waits->first = job;
	pthread_mutex_unlock(&waits->mutex);
}

/* Take the job out of the list.  The mutex is held. */
static void
take_out(struct waits *waits, struct job *job)
{
	if (job->next_wait != NULL)
		job->next_wait->prev_wait = job->prev_wait;
	if (job->prev_wait != NULL)
		job->prev_wait->next_wait = job->next_wait;
	else
		waits->first = job->next_wait;
}

bool
waits_is_there(const struct job *job)
{
	struct waits *waits = &job->api->waits;
	bool is_there;

	pthread_mutex_lock(&waits->mutex);
	is_there = job->request != NULL;
	pthread_mutex_unlock(&waits->mutex);
	return is_there;
}

bool
waits_end(struct job *job)
{
	struct waits *waits = &job->api->waits;
	bool is_there;

	pthread_mutex_lock(&waits->mutex);
	if ((is_there = job->request != NULL))
		take_out(waits, job);
	pthread_mutex_unlock(&waits->mutex);
	return is_there;
}

/* Answer the request of a job, which then belongs to its act alone. */
static void
let_go(struct job *job, const struct error *err)
{
	struct http_request *request = job->request;
	struct http_response *response = &request->response;

	job->request = NULL;
	request->job = NULL;
	if (response->fd >= 0)
		close(response->fd);
	buf_free(&response->body);
	*response = HTTP_RESPONSE;
	job_fill_problem(request, 0, err);
	http_reply(request);
}

static bool
signer_answers(const struct api *api, struct error *err)
{
	const int64_t silent_s =
	    registrar_signer_silent_ms(api->registrar) / 1000;

	if (silent_s < LIMIT_SECONDS_SIGNER)
		return true;
	error_set(err, ERROR_UNAVAILABLE,
	    "the depositary's signer has not answered for %lld seconds: no act"
	    " is journaled and no copy delivered until it does",
	    (long long)silent_s);
	return error_retry(err, LIMIT_SECONDS_SIGNER);
}

/* Does the record's database answer at all? */
static bool
database_answers(const struct api *api, struct error *err)
{
	size_t len;

	if (patience_answers(store_backend(api->record->store), err))
		return true;
	len = strlen(err->detail);
	snprintf(err->detail + len, sizeof(err->detail) - len, "%s",
	    WHAT_WAS_SENT);
	return false;
}

static bool
record_answers(const struct api *api, struct error *err)
{
	const int64_t silent_s =
	    registrar_record_silent_ms(api->registrar) / 1000;

	if (silent_s < LIMIT_SECONDS_RECORD)
		return database_answers(api, err);
	error_set(err, ERROR_UNAVAILABLE,
	    "the depositary's record (its disk, its database or a standby that"
	    " must have it too) has written nothing for %lld seconds: no act is"
	    " journaled and no copy delivered until it does" WHAT_WAS_SENT,
	    (long long)silent_s);
	return error_retry(err, LIMIT_SECONDS_RECORD);
}

bool
waits_writer_answers(const struct api *api, struct error *err)
{
	return signer_answers(api, err) && record_answers(api, err);
}

/* Log that one of them does not answer, and that it does again, once each. */
static void
tell(struct waits *waits, enum waits_silent silent, const struct error *err)
{
	if (silent == waits->told)
		return;
	if (waits->told == WAITS_SIGNER)
		log_info("signer", "result=answers");
	if (waits->told == WAITS_RECORD)
		log_info("record", "result=answers");
	if (silent == WAITS_SIGNER)
		log_error("signer", "result=silent reason=%s",
		    log_text(err->detail));
	if (silent == WAITS_RECORD)
		log_error("record", "result=silent reason=%s",
		    log_text(err->detail));
	waits->told = silent;
}

void
waits_look(struct api *api)
{
	struct waits *waits = &api->waits;
	struct error err = { 0 };
	const enum waits_silent silent = !signer_answers(api, &err)
	    ? WAITS_SIGNER
	    : !record_answers(api, &err) ? WAITS_RECORD
					 : WAITS_NONE;
	struct job *job;

	tell(waits, silent, &err);
	if (silent == WAITS_NONE)
		return;
	if (registrar_signer_silent_ms(api->registrar) >=
	    LIMIT_SECONDS_SIGNER_DEAD * 1000) {
		error_set(&err, ERROR_SYSTEM,
		    "the signer has not answered for %d seconds: start again",
		    LIMIT_SECONDS_SIGNER_DEAD);
		registrar_fail(api->registrar, &err);
	}
	pthread_mutex_lock(&waits->mutex);
	while ((job = waits->first) != NULL) {
		take_out(waits, job);
		let_go(job, &err);
	}
	pthread_mutex_unlock(&waits->mutex);
}
