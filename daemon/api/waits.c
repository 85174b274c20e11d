/*
 * The list of jobs whose acts are with the registrar (waits.h).
 */
#include "daemon/api/waits.h"

#include <unistd.h>

#include "daemon/api/job.h"
#include "daemon/log.h"

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

bool
waits_signer_answers(const struct api *api, struct error *err)
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

/* Log that the signer does not answer, and that it does again, once each. */
static void
tell(struct waits *waits, bool answers, const struct error *err)
{
	if (answers == !waits->told)
		return;
	waits->told = !answers;
	if (answers)
		log_info("signer", "result=answers");
	else
		log_error("signer", "result=silent reason=%s",
		    log_text(err->detail));
}

void
waits_look(struct api *api)
{
	struct waits *waits = &api->waits;
	struct error err = { 0 };
	const bool answers = waits_signer_answers(api, &err);
	struct job *job;

	tell(waits, answers, &err);
	if (answers)
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
