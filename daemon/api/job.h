/*
 * job.h - a request being worked on; what the files of daemon/api share.
 */
#ifndef DAEMON_API_JOB_H
#define DAEMON_API_JOB_H

#include <jansson.h>

#include "daemon/api/api.h"
#include "daemon/api/handshakes.h"
#include "daemon/api/limited.h"
#include "daemon/api/repeats.h"
#include "daemon/api/waits.h"
#include "daemon/api/workers.h"
#include "daemon/spool/bags.h"
#include "daemon/spool/cache.h"
#include "daemon/spool/room.h"
#include "daemon/spool/uploads.h"
#include "document/title_text.h"

enum { SEGMENTS = 8 };

/* The person who makes the request, by the certificate of the connection. */
struct principal {
	char person[LIMIT_EMAIL_BYTES + 1];
	/* Of policy, which owns it; NULL for a monitor (access_admits()). */
	const struct office *office;
	struct judged_by by;
};

struct job;
struct page;
/*
 * Run a job, on a worker.  False: err is the answer.  True: it was answered, or
 * waits for an act.
 */
typedef bool job_run(struct job *job, struct error *err);

/* What the caller must be allowed, checked before the body is read. */
enum need { NEED_NOTHING, NEED_READ, NEED_DEPOSIT, NEED_SIGN, NEED_TERMINATE };

struct route {
	const char *method;
	/* '*' matches one segment, "**" all that follow. */
	const char *path;
	enum need need;
	job_run *run;
	/* The folder of a bag from which it takes files with "?bag=WAYBILL". */
	const char *bag;
};

struct job {
	struct api *api;
	/* NULL: it was answered before its act was decided (waits.h). */
	struct http_request *request;
	/*
	 * The only identity that a job has; actor.h says in whose name it acts.
	 */
	struct principal connected;
	const struct page *page; /* the one that is asked for, or NULL */
	const struct route *route;
	job_run *run; /* of the route */
	struct span segments[SEGMENTS];
	size_t num_segments;
	char document[DOCUMENT_NAME];
	char type[LIMIT_SLUG_BYTES + 1];
	unsigned version; /* 0: the newest */
	bool in_force;    /* in its place: the one in force now */
	unsigned tries;
	int status; /* of a problem, if not that of its kind; or 0 */
	/* The upload that this request uses alone, or empty (uploads.c). */
	char upload[UPLOAD_ID];
	uint64_t upload_offset;
	struct digest upload_sha256;
	bool uses_upload, upload_damaged;
	/* What its body has on the disk; an upload has its own hold. */
	struct room_hold hold;
	bool made_room; /* it failed once since the disk was full */
	void (*end)(struct job *job); /* releases the upload; or NULL */
	/* The act that the answer waits for; finish answers after it. */
	struct act_request act;
	void (*finish)(struct job *job);
	/* From "?bag=": the waybill that lists what this request brings. */
	struct digest waybill;
	bool by_bag;
	/* For events: the index of the next entry to look at. */
	uint64_t cursor;
	/* Where an answer in parts goes on; freed with the job.  Or NULL. */
	void *state;
	/* For a delivery: the copy to send after it was journaled, or -1. */
	int copy_fd;
	struct repeats_key delivery; /* and what it is known by */
	struct turn turn;
	struct job *prev_wait, *next_wait; /* waits.h */
};

struct refusals;
struct upkeep;

struct api {
	const struct config *config;
	const struct record *record;
	char spool[FILE_PATH]; /* the folder where bodies are written */
	struct registrar *registrar;
	struct cert_cache *certs;
	struct http_server *server;
	struct cache *cache;
	struct room *room;
	struct uploads *uploads;
	struct bags *bags;
	struct seal *seal;           /* or NULL: acts wait for nothing */
	const struct second *second; /* or NULL: there is no stand-by */
	const char *differs;
	struct upkeep *upkeep; /* or NULL while it has not begun */
	struct refusals *refusals;
	struct repeats *repeats;
	struct handshakes handshakes;
	struct limited limited;
	struct tally *watchers; /* streams of events, by office */
	struct workers *workers;
	uint64_t held; /* atomic: bytes of answers that are being sent */
	struct waits waits;
};

/* Answer; the job is freed. */
void job_answer(struct job *job);
void job_problem(struct job *job, const struct error *err);
/* Send a part of a stream; the job stays with its request. */
void job_stream(struct job *job);
/*
 * Send a part of an answer that is sent as it is made; the job is run again for
 * the next, unless this is the last.  If it fails later, the answer ends in its
 * middle.
 */
void job_part(struct job *job, bool last);
/*
 * Is the part as long as one should be, or the job's turn over?  A part is
 * large while readers are quick, so that most answers are one, and small once
 * slow ones hold LIMIT_PARTS_BYTES together.
 */
bool job_part_is_over(const struct job *job);
/* What a request held is sent, or will not be. */
void job_let_go(struct api *api, const struct http_request *request);
/*
 * May a person's act be made now (seal.h, waits.h)?  Asked by job_submit() too, which
 * answers with the error.
 *
 * ERROR_UNAVAILABLE  it may not
 */
bool job_may_act(const struct job *job, struct error *err) MUST_USE;
/* Refuse before the body is read, on the loop's thread. */
enum http_next job_refuse_now(struct job *job, const struct error *err);
/* Answer with JSON, which is taken over. */
void job_json(struct job *job, int status, json_t *json);
/*
 * Set which part of a file is sent, by Range and If-Range: status, extent and
 * fields.  Returns true for a range under an If-Range that matches etag.
 */
bool job_range(struct job *job, uint64_t size, const char *etag);
/*
 * Append the body as it came to out, whose maximum is the bound.
 *
 * ERROR_LIMIT  the body is larger
 */
bool job_read_body(const struct job *job, struct buf *out,
    struct error *err) MUST_USE;
/* Submit job->act, and call finish once it is committed. */
void job_submit(struct job *job, void (*finish)(struct job *job));
/*
 * Returns the folder of a bag from which the job's route takes files, or NULL
 * if it takes none.
 */
const char *job_bag_folder(const struct job *job);
/*
 * May the job's answer deliver these (repeats.h)?  If not, it is 429, and
 * Retry-After says when.
 *
 * ERROR_UNAVAILABLE  it may not
 */
bool job_may_repeat(struct job *job, const struct repeats_delivery deliveries[],
    const struct repeats_key keys[], size_t num, struct error *err) MUST_USE;
/* Fill in a JSON answer on the loop's thread, where there is no job yet. */
void job_fill_json(struct http_response *response, int status, json_t *json);
/* Fill in an error (RFC 9457); status 0: that of its kind. */
void job_fill_problem(struct http_request *request, int status,
    const struct error *err);
void job_free(struct job *job);
/*
 * Queue a job for a worker, in its caller's turn; if too many wait that is the
 * answer.
 */
void job_enqueue(struct job *job);
/* Run a job, on a worker. */
void job_run_turn(void *job);

/* access.c: authenticate the caller, by the connection's certificate. */
bool access_authenticate(struct api *api, struct http_request *request,
    struct principal *out, struct error *err) MUST_USE;
void access_session_free(void *session);
/*
 * access.c: write the name of the peer's office, or the address of a monitor,
 * or "" if it may do nothing; and make its session.
 */
void access_greet(struct api *api, X509 *peer, void **session,
    char office[HTTP_OFFICE]);
/* access.c: keep what the authenticated caller names in Valise-Accepted. */
void access_note_accepted(struct api *api, struct http_request *request);
/* access.c: decide by the policy whether the caller may use the route. */
struct decision access_decide(const struct job *job);
/*
 * access.c: a monitor, who is of no office, may use the routes that need no
 * worker, /health and /metrics, and no other.
 */
bool access_admits(const struct job *job, struct error *err) MUST_USE;
/* Is it the depositary's office, or a monitor? */
bool access_may_monitor(const struct principal *who);

/* disk.c */
struct room *disk_room_new(struct api *api, struct error *err);
/* Before more of a request's body is written; on the loop's thread. */
bool disk_take(void *arg, struct http_request *request, size_t more,
    struct error *err) MUST_USE;
/* The request is answered: its body is not needed any more. */
void disk_give(struct job *job);
/*
 * The job failed since the disk is full: make the cache smaller.  Returns
 * whether it may be run again.
 */
bool disk_make_room(struct job *job, const struct error *why);
/* What there is of the disk, for /health; the caller owns it. */
json_t *disk_health(struct api *api);
/* Append it, for /metrics. */
bool disk_metrics(struct api *api, struct buf *out, struct error *err) MUST_USE;

/* health.c */
enum http_next health_answer(struct job *job);
enum http_next health_answer_metrics(struct job *job);

/*
 * refusals.c: each refusal gets an entry, up to a number an hour; more are
 * counted.
 */
struct refusals *refusals_new(struct error *err);
void refusals_free(struct refusals *refusals);
/* Journal the counts of hours that are over, or all. */
void refusals_flush(struct api *api, bool all);
/* Journal a refusal by policy of the person who connected, then answer it. */
void job_refuse(struct job *job, const char *wanted, const char *rule);

/* acts.c */
/* Answer with the receipt of the entry of the act that was committed. */
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
/* pages.c: the register, which is not there if valised.yaml says so */
const struct page *register_find(const struct job *job);
/* Answer with job->page, at once: nothing is read for it. */
job_run run_page;
/* uploads.c */
job_run run_upload_options, run_upload_create, run_upload_state,
    run_upload_delete, run_upload_patch;
/* Reserve an upload to write to, or to deposit; it is released with the job. */
enum http_next upload_begin(struct job *job, uint64_t *max_body);
bool upload_use(struct job *job, const char *id, struct error *err) MUST_USE;
/*
 * Does the upload have the digest that its client announced?  It is read for
 * that, so on a worker.
 */
bool upload_check(struct job *job, struct error *err) MUST_USE;
void upload_end(struct job *job);
/* git.c */
job_run run_git_refs, run_git_upload, run_pack;
/* daemon/api/documents.c */
job_run run_document, run_fetch, run_version;
/*
 * Get the titles, read from the store once; "" if they are damaged.  The ledger
 * is locked for reading, and the lock may be released meanwhile.
 *
 * ERROR_UNAVAILABLE  the store does not answer
 */
bool documents_title(const struct job *job, const struct ledger_document *doc,
    char out[TITLE_TEXT], struct error *err) MUST_USE;
/* daemon/api/entries.c, list.c: answers in parts */
job_run run_entries, run_list;
/* journal.c */
job_run run_receipt, run_checkpoint, run_tile, run_cosign, run_key, run_policy,
    run_crls;
/* Read a number of the query, which stays as it is if none is given. */
bool job_query_number(const struct job *job, const char *name, uint64_t *out,
    struct error *err) MUST_USE;
/*
 * Choose the head that is asked for ("at"), whose entries the ledger has. old
 * is the size that the caller has seen, or UINT64_MAX.
 */
bool journal_choose_head(const struct job *job, uint64_t old, struct head *out,
    struct error *err) MUST_USE;
/*
 * Get the head to which receipts of entries up to index lead: the first that a
 * quorum of witnesses cosigned, else that of the newest entry's batch.
 */
bool api_head_for(const struct record *record,
    const struct witnesses *witnesses, uint64_t index, struct head *out,
    struct error *err) MUST_USE;
/* Append a head's note, with the cosignatures known by now. */
bool api_append_note(const struct record *record, const struct head *head,
    struct buf *out, struct error *err) MUST_USE;
/*
 * Answer on the loop's thread, if nothing must be read for it.  Returns whether
 * it did.
 */
bool documents_answer_now(struct job *job);
/* Is the copy built, so that run_fetch() does not block? */
bool documents_fetch_is_ready(struct job *job);

#endif
