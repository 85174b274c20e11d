/*
 * job.h - a request at work; what the files of daemon/api share.
 */
#ifndef DAEMON_API_JOB_H
#define DAEMON_API_JOB_H

#include <jansson.h>
#include <pthread.h>

#include "daemon/api/api.h"
#include "daemon/spool/bags.h"
#include "daemon/spool/cache.h"
#include "daemon/spool/uploads.h"

enum { SEGMENTS = 8 };

/* Who asks: by the certificate of the connection, at this request. */
struct principal {
	char person[LIMIT_EMAIL_BYTES + 1];
	const struct office *office; /* of policy, which stays */
	struct judged_by by;
};

struct job;
/* Runs on a worker; false: err is the answer. True: answered, or waiting. */
typedef bool job_run(struct job *job, struct error *err);

/* What a route needs of its caller, checked before its body is read. */
enum need { NEED_NOTHING, NEED_READ, NEED_DEPOSIT, NEED_SIGN, NEED_TERMINATE };

struct route {
	const char *method;
	const char
	    *path; /* '*' stands for a segment, "**" for all that follow */
	enum need need;
	job_run *run;
	/* With "?bag=WAYBILL" it takes what that lists in this folder. */
	const char *bag;
};

struct job {
	struct api *api;
	struct http_request *request;
	/* The only identity that a job has; in whose name it acts: actor.h. */
	struct principal connected;
	const struct route *route;
	job_run *run; /* the route's */
	struct span segments[SEGMENTS];
	size_t num_segments;
	char document[DOCUMENT_NAME];
	char type[LIMIT_SLUG_BYTES + 1];
	unsigned version; /* 0: latest */
	unsigned tries;
	int status; /* of a problem, where its kind's would not do; or 0 */
	/* The upload that this request has alone, or empty (uploads.c). */
	char upload[UPLOAD_ID];
	uint64_t upload_offset;
	struct digest upload_sha256;
	bool uses_upload, upload_damaged;
	void (*end)(struct job *job); /* lets the upload go; or NULL */
	/* The act that the answer waits for, and what then answers. */
	struct act_request act;
	void (*finish)(struct job *job);
	/* "?bag=": the waybill that lists what this request brings. */
	struct digest waybill;
	bool by_bag;
	/* events: the next entry to tell of. */
	uint64_t cursor;
	/* deliver: the copy that goes out then. */
	int copy_fd;
	struct job *next;
};

struct refusals;
struct upkeep;

struct api {
	const struct config *config;
	const struct record *record;
	char spool[FILE_PATH]; /* where bodies are written */
	struct registrar *registrar;
	struct cert_cache *certs;
	struct http_server *server;
	struct cache *cache;
	struct uploads *uploads;
	struct bags *bags;
	struct upkeep *upkeep; /* or NULL: it is not at work yet */
	struct refusals *refusals;
	/* Jobs for the workers. */
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	struct job *first, **end;
	size_t num_waiting;
	unsigned num_watchers; /* atomic */
	bool stopping;
	pthread_t threads[64];
	unsigned num_threads;
};

/* Give the answer; the job is gone. */
void job_answer(struct job *job);
void job_problem(struct job *job, const struct error *err);
/* Give a part of a stream; the job stays with its request. */
void job_stream(struct job *job);
/* On the loop's thread, before the body: the answer is that. */
enum http_next job_refuse_now(struct job *job, const struct error *err);
/* json is taken over. */
void job_json(struct job *job, int status, json_t *json);
/*
 * What of a file goes out, by Range and If-Range: status, extent and fields.
 * True if it is a range under If-Range: of the same thing as before.
 */
bool job_range(struct job *job, uint64_t size, const char *etag);
/*
 * Append the body, as it came, to out, whose maximum is the caller's bound.
 *
 * ERROR_LIMIT  it is over that
 */
bool job_read_body(const struct job *job, struct buf *out,
    struct error *err) MUST_USE;
/* Wait for job->act to be committed, then finish. */
void job_submit(struct job *job, void (*finish)(struct job *job));
/*
 * The folder of a bag whose files this job's route takes by a waybill, or NULL:
 * it takes none.
 */
const char *job_bag_folder(const struct job *job);
/* The same without a job that was taken: on the loop's thread. */
void job_fill_json(struct http_response *response, int status, json_t *json);
/* An error (RFC 9457); status 0 is that of its kind. */
void job_fill_problem(struct http_request *request, int status,
    const struct error *err);
void job_free(struct job *job);
/* For a worker; the queue may be full, which is then the answer. */
void job_enqueue(struct api *api, struct job *job);
/* A worker's thread; arg is the api. */
void *job_worker(void *arg);

/* access.c: who asks, by the connection's certificate. */
bool access_authenticate(struct api *api, struct http_request *request,
    struct principal *out, struct error *err) MUST_USE;
void access_session_free(void *session);
/* What the policy says of this person and what the route needs. */
struct decision access_decide(const struct job *job);
bool access_is_depositary(const struct principal *who);

/* health.c */
enum http_next health_answer(struct job *job);
enum http_next health_answer_metrics(struct job *job);

/* refusals.c: an entry each, up to so many an hour, then counted. */
struct refusals *refusals_new(struct error *err);
void refusals_free(struct refusals *refusals);
/* Journal what was only counted: of hours that are over, or all. */
void refusals_flush(struct api *api, bool all);
/* A refusal by policy: journaled as of who connected, then answered. */
void job_refuse(struct job *job, const char *wanted, const char *rule);

/* acts.c */
/* The receipt of an entry is the answer; of the act that was committed. */
void job_receipt(struct job *job, int status, uint64_t index);
void job_finish_act(struct job *job);
job_run run_deposit, run_sign, run_terminate;
/* bags.c */
job_run run_bag;
/* crls.c */
job_run run_hand_in;
/* events.c */
job_run run_events;
enum http_next events_next(struct job *job, bool idle);
/* uploads.c */
job_run run_upload_options, run_upload_create, run_upload_state,
    run_upload_delete, run_upload_patch;
/* Have an upload to write to, or to deposit; it is let go with the job. */
enum http_next upload_begin(struct job *job, uint64_t *max_body);
bool upload_use(struct job *job, const char *id, struct error *err) MUST_USE;
/* Is it what its client said?  It is read for that: on a worker. */
bool upload_check(struct job *job, struct error *err) MUST_USE;
void upload_end(struct job *job);
/* git.c */
job_run run_git_refs, run_git_upload, run_pack;
/* daemon/api/documents.c */
job_run run_list, run_document, run_fetch;
/* journal.c */
job_run run_entries, run_receipt, run_checkpoint, run_tile, run_cosign, run_key,
    run_policy, run_crls;
/*
 * The head to which the receipts of entries up to index lead: the first that
 * a quorum of witnesses cosigned, else the newest one's batch.
 */
bool api_head_for(const struct record *record,
    const struct witnesses *witnesses, uint64_t index, struct head *out,
    struct error *err) MUST_USE;
/* A head's note, with the cosignatures that there are by now. */
bool api_append_note(const struct record *record, const struct head *head,
    struct buf *out, struct error *err) MUST_USE;
/* The answer at once, on the loop's thread, if nothing must be read for it. */
bool documents_answer_now(struct job *job);
/* Is the copy built, so that run_fetch() does not block? */
bool documents_fetch_is_ready(struct job *job);

#endif
