/*
 * A request being worked on: its answers, the workers that run it, and the act
 * that it waits for (job.h).
 */
#include "daemon/api/job.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/patience.h"
#include "base/time.h"
#include "daemon/metrics.h"
#include "daemon/upkeep/upkeep.h"
#include "daemon/writer/seal.h"
#include "daemon/writer/second.h"
#include "pki/standing.h"

/* What a large body costs is not known before it is read to its end. */
enum { LONG_BODY_BYTES = 4 * 1024 * 1024 };

void
job_free(struct job *job)
{
	act_clear(&job->act);
	if (job->end != NULL)
		job->end(job);
	disk_give(job);
	if (job->copy_fd >= 0)
		close(job->copy_fd);
	free(job->state);
	free(job);
}

static const char *
office_of(const struct job *job)
{
	return job->connected.office != NULL ? job->connected.office->name : "";
}

/* The person is charged for the bytes of the answer, or of its part. */
static void
charge(const struct job *job)
{
	const struct http_response *response = &job->request->response;
	const uint64_t bytes = response->fd >= 0 ? response->to - response->from
						 : response->body.len;

	if (!workers_note(bytes))
		workers_charge(job->api->workers, office_of(job),
		    job->connected.person, bytes);
}

void
job_answer(struct job *job)
{
	struct http_request *request = job->request;

	charge(job);
	request->job = NULL;
	/* A whole answer in place of the next part ends the stream. */
	if (request->response.stream)
		request->response.close = true;
	job_free(job);
	http_reply(request);
}

void
job_stream(struct job *job)
{
	charge(job);
	http_reply(job->request);
}

bool
job_part_is_over(const struct job *job)
{
	const uint64_t held =
	    __atomic_load_n(&job->api->held, __ATOMIC_RELAXED);
	const size_t most =
	    held < LIMIT_PARTS_BYTES ? LIMIT_PART_BYTES : LIMIT_SMALL_PART;

	return job->request->response.body.len >= most || workers_is_over();
}

void
job_let_go(struct api *api, const struct http_request *request)
{
	__atomic_sub_fetch(&api->held, request->held, __ATOMIC_RELAXED);
}

/* Count the part instead of the one before. */
static void
hold(const struct job *job)
{
	struct http_request *request = job->request;

	__atomic_add_fetch(&job->api->held,
	    request->response.body.len - request->held, __ATOMIC_RELAXED);
	request->held = request->response.body.len;
}

void
job_part(struct job *job, bool last)
{
	struct http_response *response = &job->request->response;

	hold(job);
	if (last && !response->parts) {
		job_answer(job);
		return;
	}
	response->parts = true;
	response->last = last;
	if (last)
		job_answer(job);
	else
		job_stream(job);
}

void
job_json(struct job *job, int status, json_t *json)
{
	job_fill_json(&job->request->response, status, json);
	job_answer(job);
}

void
job_problem(struct job *job, const struct error *err)
{
	/* A part of the answer was sent: the rest will not come. */
	job->request->response.cut = job->request->response.parts;
	job_fill_problem(job->request, job->status, err);
	job_answer(job);
}

enum http_next
job_refuse_now(struct job *job, const struct error *err)
{
	job_fill_problem(job->request, job->status, err);
	return HTTP_ANSWER;
}

/* A body that is judged at once and written: nothing can interrupt that. */
static bool
is_long(const struct job *job)
{
	return job->request->body_len >= LONG_BODY_BYTES;
}

/* What every command asks for must be answered whatever else is going on. */
static enum lane
lane_of(const struct job *job)
{
	return job->run == run_checkpoint || job->run == run_receipt
	    ? LANE_QUICK
	    : LANE_COMMON;
}

void
job_enqueue(struct job *job)
{
	struct error err = { 0 };

	job->turn.arg = job;
	job->turn.is_long = is_long(job);
	switch (workers_put(job->api->workers, lane_of(job), &job->turn,
	    office_of(job), job->connected.person)) {
	case TURNS_WAITS:
		return;
	case TURNS_OFFICE_IS_FULL:
		job->status = 429;
		error_set(&err, ERROR_UNAVAILABLE,
		    "%d requests of %s wait already: try again later",
		    LIMIT_JOBS_OF_OFFICE, office_of(job));
		break;
	case TURNS_ALL_IS_FULL:
		error_set(&err, ERROR_UNAVAILABLE,
		    "too many requests are waiting: try again later");
		break;
	}
	job_problem(job, &err);
}

/*
 * What was not found, or not verified by it, may be what a database did not give
 * that does not answer.
 */
static void
look_for_silence(const struct job *job, struct error *err)
{
	struct error why = { 0 };

	if ((err->kind == ERROR_NOT_FOUND || err->kind == ERROR_UNTRUSTED) &&
	    !patience_answers(store_backend(job->api->record->store), &why))
		*err = why;
}

void
job_run_turn(void *arg)
{
	struct job *job = arg;
	struct error err = { 0 };

	patience_for_requests();
	workers_note(job->request->body_len);
	/* Its next turn goes on with this one. */
	job->turn.again = true;
	if (job->run(job, &err))
		return;
	if (disk_make_room(job, &err)) {
		err = (struct error){ 0 };
		if (job->run(job, &err))
			return;
	}
	look_for_silence(job, &err);
	job_problem(job, &err);
}

/* Called on the registrar's thread. */
static void
act_decided(struct act_request *act)
{
	struct job *job = act->arg;
	struct error err = { 0 };

	if (!waits_end(job)) {
		job_free(job);
		return;
	}
	switch (act->result) {
	case ACT_DONE:
		job->finish(job);
		return;
	case ACT_AGAIN:
		act_clear(act);
		if (++job->tries < 100) {
			job_enqueue(job);
			return;
		}
		error_set(&err, ERROR_UNAVAILABLE,
		    "the document changes all the time: try again later");
		job_problem(job, &err);
		return;
	case ACT_FAILED:
		if (disk_make_room(job, &act->err))
			job_enqueue(job);
		else
			job_problem(job, &act->err);
		return;
	}
}

bool
job_read_body(const struct job *job, struct buf *out, struct error *err)
{
	const struct http_request *request = job->request;

	return file_stream(request->spool, request->spool_at, request->body_len,
	    sink_to_buf, out, err);
}

bool
job_may_act(const struct job *job, struct error *err)
{
	const struct judged_by now = registrar_now(job->api->registrar);

	return (job->api->seal == NULL ||
		   seal_is_good(job->api->seal, job->api->record->library, &now,
		       err)) &&
	    (job->api->second == NULL || second_check(job->api->second, err)) &&
	    waits_writer_answers(job->api, err);
}

void
job_submit(struct job *job, void (*finish)(struct job *job))
{
	struct error err = { 0 };

	if (seal_is_for(job->act.act) && !job_may_act(job, &err)) {
		job_problem(job, &err);
		return;
	}
	job->finish = finish;
	job->act.done = act_decided;
	job->act.arg = job;
	waits_begin(job);
	registrar_submit(job->api->registrar, &job->act);
}

bool
job_may_repeat(struct job *job, const struct repeats_delivery deliveries[],
    const struct repeats_key keys[], size_t num, struct error *err)
{
	if (repeats_allow(job->api->repeats, deliveries, keys, num,
		time_monotonic_ms() / 1000, err))
		return true;
	limited_tell(&job->api->limited, HTTP_LIMIT_REPEATS,
	    deliveries[0].office);
	job->status = 429;
	job->request->response.headers[0] = '\0';
	return false;
}

bool
job_range(struct job *job, uint64_t size, const char *etag)
{
	struct http_response *response = &job->request->response;
	const struct http_head *head = &job->request->head;
	size_t used = strlen(response->headers);
	/*
	 * A range is good only of the same bytes: send all if they changed (RFC
	 * 9110 section 13.1.5).
	 */
	const bool ranged =
	    head->range[0] != '\0' && strcmp(head->if_range, etag) == 0;

	response->status = 200;
	response->from = 0;
	response->to = size;
	if (head->range[0] != '\0' && (head->if_range[0] == '\0' || ranged))
		response->status = http_range(head->range, size,
		    &response->from, &response->to);
	used += (size_t)snprintf(response->headers + used,
	    sizeof(response->headers) - used,
	    "ETag: %s\r\nAccept-Ranges: bytes\r\n", etag);
	if (response->status == 206)
		snprintf(response->headers + used,
		    sizeof(response->headers) - used,
		    "Content-Range: bytes %llu-%llu/%llu\r\n",
		    (unsigned long long)response->from,
		    (unsigned long long)response->to - 1,
		    (unsigned long long)size);
	else if (response->status == 416)
		snprintf(response->headers + used,
		    sizeof(response->headers) - used,
		    "Content-Range: bytes */%llu\r\n",
		    (unsigned long long)size);
	if (response->status == 416)
		response->to = response->from = 0;
	return ranged;
}
