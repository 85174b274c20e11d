/*
 * The table of requests, and their way from the HTTP server to the workers and
 * back (api.h).
 */
#include "daemon/api/api.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "base/time.h"
#include "daemon/api/job.h"
#include "daemon/log.h"
#include "daemon/metrics.h"
#include "daemon/upkeep/upkeep.h"
#include "pki/standing.h"
#include "record/json.h"

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

static const struct route routes[] = {
	{ "PUT", "v1/documents/*/*/versions/*", NEED_DEPOSIT, run_deposit,
	    BAG_DEPOSITS },
	{ "POST", "v1/documents/*/*/versions/*/signatures", NEED_SIGN, run_sign,
	    BAG_SIGNATURES },
	{ "POST", "v1/documents/*/*/termination", NEED_TERMINATE, run_terminate,
	    NULL },
	{ "GET", "v1/documents", NEED_NOTHING, run_list, NULL },
	{ "GET", "v1/documents/*/*", NEED_READ, run_document, NULL },
	{ "GET", "v1/documents/*/*/versions/*", NEED_READ, run_fetch, NULL },
	{ "GET", "v1/journal/entries", NEED_NOTHING, run_entries, NULL },
	{ "GET", "v1/journal/entries/*/receipt", NEED_NOTHING, run_receipt,
	    NULL },
	{ "GET", "v1/journal/checkpoint", NEED_NOTHING, run_checkpoint, NULL },
	{ "GET", "v1/journal/keys/*", NEED_NOTHING, run_key, NULL },
	{ "GET", "v1/journal/tile/**", NEED_NOTHING, run_tile, NULL },
	{ "POST", "v1/journal/add-cosignature", NEED_NOTHING, run_cosign,
	    NULL },
	{ "GET", "v1/policy", NEED_NOTHING, run_policy, NULL },
	{ "GET", "v1/policy/*", NEED_NOTHING, run_policy, NULL },
	{ "GET", "v1/crls/*", NEED_NOTHING, run_crls, NULL },
	{ "POST", "v1/crls", NEED_NOTHING, run_hand_in, NULL },
	{ "POST", "v1/bags", NEED_NOTHING, run_bag, NULL },
	{ "GET", "v1/events", NEED_NOTHING, run_events, NULL },
	{ "OPTIONS", "v1/uploads", NEED_NOTHING, run_upload_options, NULL },
	{ "POST", "v1/uploads", NEED_NOTHING, run_upload_create, NULL },
	{ "GET", "v1/uploads/*", NEED_NOTHING, run_upload_state, NULL },
	{ "PATCH", "v1/uploads/*", NEED_NOTHING, run_upload_patch, NULL },
	{ "DELETE", "v1/uploads/*", NEED_NOTHING, run_upload_delete, NULL },
	{ "GET", "git/info/refs", NEED_NOTHING, run_git_refs, NULL },
	{ "POST", "git/git-upload-pack", NEED_NOTHING, run_git_upload, NULL },
	{ "GET", "v1/packs/*", NEED_NOTHING, run_pack, NULL },
	{ "GET", "health", NEED_NOTHING, NULL, NULL },
	{ "GET", "metrics", NEED_NOTHING, NULL, NULL },
};

/* --- Refusals: an entry each, up to so many an hour, then counted. --- */

enum { REFUSERS = 1024 };

struct refuser {
	char person[LIMIT_EMAIL_BYTES + 1];
	int64_t hour;
	unsigned entries;
	uint64_t counted;
	struct act_request last; /* what a counted entry tells of */
};

struct refusals {
	pthread_mutex_t mutex;
	struct refuser list[REFUSERS];
};

static void
free_act(struct act_request *act)
{
	free(act);
}

/* One entry for all that were only counted. */
static void
journal_counted(struct api *api, struct refuser *refuser)
{
	struct act_request *act;

	if (refuser->counted == 0 || (act = malloc(sizeof(*act))) == NULL)
		return;
	*act = refuser->last;
	act->times = refuser->counted;
	act->done = free_act;
	refuser->counted = 0;
	registrar_submit(api->registrar, act);
}

/* True: this one gets an entry of its own. */
static bool
count_refusal(struct api *api, const struct act_request *act)
{
	const int64_t hour = time_now_ms() / 3600000;
	struct refuser *found = NULL, *free_one = NULL;
	bool own = true;

	pthread_mutex_lock(&api->refusals->mutex);
	for (size_t i = 0; i < REFUSERS && found == NULL; i++) {
		struct refuser *one = &api->refusals->list[i];

		if (strcmp(one->person, act->person) == 0)
			found = one;
		else if (free_one == NULL &&
		    (one->person[0] == '\0' || one->hour != hour))
			free_one = one;
	}
	if (found == NULL && (found = free_one) != NULL) {
		journal_counted(api, found);
		*found = (struct refuser){ .hour = hour };
		text_set(found->person, sizeof(found->person), act->person);
	}
	if (found != NULL && found->hour != hour) {
		journal_counted(api, found);
		found->hour = hour;
		found->entries = 0;
	}
	if (found != NULL && ++found->entries > LIMIT_REFUSALS_AN_HOUR) {
		found->counted++;
		found->last = *act;
		own = false;
	}
	pthread_mutex_unlock(&api->refusals->mutex);
	return own;
}

static void
flush_refusals(struct api *api, bool all)
{
	const int64_t hour = time_now_ms() / 3600000;

	pthread_mutex_lock(&api->refusals->mutex);
	for (size_t i = 0; i < REFUSERS; i++)
		if (all || api->refusals->list[i].hour != hour)
			journal_counted(api, &api->refusals->list[i]);
	pthread_mutex_unlock(&api->refusals->mutex);
}

/* --- Answers. --- */

static void
free_job(struct job *job)
{
	act_clear(&job->act);
	upload_end(job);
	if (job->copy_fd >= 0)
		close(job->copy_fd);
	free(job);
}

void
job_answer(struct job *job)
{
	struct http_request *request = job->request;

	request->job = NULL;
	/* A whole answer in the place of a stream's next part ends it. */
	if (request->response.stream)
		request->response.close = true;
	free_job(job);
	http_reply(request);
}

void
job_stream(struct job *job)
{
	http_reply(job->request);
}

static void
fill_json(struct http_response *response, int status, json_t *json)
{
	char *text = json_dumps(json, JSON_COMPACT);
	struct error err = { 0 };

	response->status = status;
	response->type = "application/json";
	if (text == NULL || !buf_append_str(&response->body, text, &err) ||
	    !buf_append_str(&response->body, "\n", &err))
		response->status = 500;
	free(text);
	json_decref(json);
}

void
job_json(struct job *job, int status, json_t *json)
{
	fill_json(&job->request->response, status, json);
	job_answer(job);
}

/* Answer with an error (RFC 9457); status 0 is that of its kind. */
static void
fill_problem(struct http_request *request, int status, const struct error *err)
{
	struct error ignored = { 0 }, told = *err;
	json_t *json, *error;

	if (status == 0)
		status = error_http_status(err->kind);
	if (err->kind == ERROR_SYSTEM)
		log_error("request", "id=%s reason=%s", request->id,
		    log_text(err->detail));
	/* What failed within is the operator's to read, not the caller's. */
	if (err->kind == ERROR_SYSTEM)
		error_set_code(&told, err->kind, err->code,
		    "the daemon failed; its log has the reason");
	json = json_pack("{s:s, s:i}", "title", error_title(err->kind),
	    "status", status);
	error = json_of_error(&told);
	json_object_update(json, error);
	json_decref(error);
	json_object_set_new(json, "request", json_string(request->id));
	fill_json(&request->response, status, json);
	request->response.type = "application/problem+json";
	/* git shows its user what a server says as plain text only. */
	if (strncmp(request->head.target, "/git/", 5) == 0 &&
	    err->kind != ERROR_SYSTEM) {
		request->response.type = "text/plain; charset=utf-8";
		request->response.body.len = 0;
		if (!buf_printf(&request->response.body, &ignored, "%s\n",
			err->detail))
			request->response.body.len = 0;
	}
}

void
job_problem(struct job *job, const struct error *err)
{
	fill_problem(job->request, job->status, err);
	job_answer(job);
}

enum http_next
job_refuse_now(struct job *job, const struct error *err)
{
	fill_problem(job->request, job->status, err);
	return HTTP_ANSWER;
}

/* --- Workers. --- */

static void
enqueue(struct api *api, struct job *job)
{
	bool full;

	job->next = NULL;
	pthread_mutex_lock(&api->mutex);
	full = api->num_waiting >= LIMIT_JOBS;
	if (!full) {
		*api->end = job;
		api->end = &job->next;
		api->num_waiting++;
		pthread_cond_signal(&api->wake);
	}
	pthread_mutex_unlock(&api->mutex);
	if (full) {
		struct error err = { 0 };

		error_set(&err, ERROR_UNAVAILABLE,
		    "too many requests are waiting: try again later");
		job_problem(job, &err);
	}
}

static void *
run_worker(void *arg)
{
	struct api *api = arg;

	for (;;) {
		struct error err = { 0 };
		struct job *job;

		pthread_mutex_lock(&api->mutex);
		while (api->first == NULL && !api->stopping)
			pthread_cond_wait(&api->wake, &api->mutex);
		job = api->first;
		if (job != NULL) {
			api->first = job->next;
			if (api->first == NULL)
				api->end = &api->first;
			api->num_waiting--;
		}
		pthread_mutex_unlock(&api->mutex);
		if (job == NULL)
			return NULL;
		if (!job->route->run(job, &err))
			job_problem(job, &err);
	}
}

/* On the registrar's thread. */
static void
act_decided(struct act_request *act)
{
	struct job *job = act->arg;
	struct error err = { 0 };

	switch (act->result) {
	case ACT_DONE:
		job->finish(job);
		return;
	case ACT_AGAIN:
		act_clear(act);
		if (++job->tries < 100) {
			enqueue(job->api, job);
			return;
		}
		error_set(&err, ERROR_UNAVAILABLE,
		    "the document changes all the time: try again later");
		job_problem(job, &err);
		return;
	case ACT_FAILED:
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

void
job_submit(struct job *job, void (*finish)(struct job *job))
{
	job->finish = finish;
	job->act.done = act_decided;
	job->act.arg = job;
	registrar_submit(job->api->registrar, &job->act);
}

static void
finish_refusal(struct job *job)
{
	struct error err = { 0 };
	struct dispatcher by;

	/* Whom the rule refused: by bag, not who hands it in. */
	if (!job->by_bag ||
	    !bags_find(job->api->bags, &job->waybill, &by, &err)) {
		text_set(by.person, sizeof(by.person), job->connected.person);
		text_set(by.office, sizeof(by.office),
		    job->connected.office->name);
	}
	error_set(&err, ERROR_REFUSED, "%s of %s may not %s %s (%s)", by.person,
	    by.office, job->act.wanted,
	    job->act.document[0] != '\0' ? job->act.document : "this",
	    job->act.rule);
	job_problem(job, &err);
}

/* Where it came by bag the rule refused another than who is refused. */
static void
set_rule(const struct job *job, const char *rule, char out[POLICY_RULE])
{
	struct error ignored = { 0 };
	struct dispatcher by;

	if (job->by_bag &&
	    bags_find(job->api->bags, &job->waybill, &by, &ignored))
		text_cutf(out, POLICY_RULE, "%.150s; by bag, for %.100s", rule,
		    by.person);
	else
		text_cut(out, POLICY_RULE, rule);
}

void
job_refuse(struct job *job, const char *wanted, const char *rule)
{
	struct act_request *act = &job->act;

	act_clear(act);
	*act = (struct act_request){ .act = ACT_REFUSE, .times = 1 };
	text_set(act->document, sizeof(act->document), job->document);
	text_set(act->person, sizeof(act->person), job->connected.person);
	text_set(act->office, sizeof(act->office), job->connected.office->name);
	text_set(act->wanted, sizeof(act->wanted), wanted);
	set_rule(job, rule, act->rule);
	if (count_refusal(job->api, act))
		job_submit(job, finish_refusal);
	else
		finish_refusal(job);
}

/* --- Who asks, and for what. --- */

/* What a connection is known to be; judged anew whenever that could change. */
struct session {
	struct cert *cert;
	struct principal who;
	int64_t judged_s; /* who is as of this second; 0: nobody yet */
};

static struct session *
session_of(struct http_request *request, struct error *err)
{
	struct session *session = *request->session;

	if (session != NULL)
		return session;
	if ((session = calloc(1, sizeof(*session))) == NULL) {
		error_set_errno(err, "session");
		return NULL;
	}
	if ((session->cert = cert_of_x509(request->peer, err)) == NULL) {
		free(session);
		return NULL;
	}
	*request->session = session;
	/* cppcheck-suppress memleak ; the connection's, see free_session() */
	return session;
}

static void
free_session(void *arg)
{
	struct session *session = arg;

	cert_free(session->cert);
	free(session);
}

static bool
judge_peer(const struct revocation *revocation, const struct cert *cert,
    int64_t now_s, struct principal *out, struct error *err)
{
	struct trust_result trust;
	char why[POLICY_RULE];

	standing_judge(out->by.policy->trust, revocation, cert, now_s, &trust);
	if (!standing_is_good(&trust))
		return error_set(err, ERROR_REFUSED, "your certificate: %s",
		    trust.text);
	if (!cert->can_connect)
		return error_set(err, ERROR_REFUSED,
		    "your certificate is not for connecting (keyUsage"
		    " digitalSignature, EKU clientAuth, not nonRepudiation)");
	out->office = policy_office_of(out->by.policy, cert, trust.ca, why);
	if (out->office == NULL)
		return error_set(err, ERROR_REFUSED, "%s", why);
	text_set(out->person, sizeof(out->person), cert->email);
	return true;
}

/* At every request: a connection outlives neither policy, CRL nor expiry. */
static bool
authenticate(struct api *api, struct http_request *request,
    struct principal *out, struct error *err)
{
	const struct judged_by now = registrar_now(api->registrar);
	const int64_t now_s = time_now_ms() / 1000;
	struct session *session = session_of(request, err);

	if (session == NULL)
		return false;
	if (session->judged_s != now_s ||
	    session->who.by.policy != now.policy ||
	    session->who.by.crls != now.crls) {
		session->judged_s = 0;
		session->who.by = now;
		if (!judge_peer(library_revocation(api->record->library),
			session->cert, now_s, &session->who, err))
			return false;
		session->judged_s = now_s;
	}
	*out = session->who;
	text_set(request->person, sizeof(request->person), out->person);
	return true;
}

static size_t
split_path(const struct http_head *head, struct span segments[SEGMENTS])
{
	struct span rest = http_path(head), first;
	size_t num = 0;

	if (!span_take(&rest, 1, &first))
		return 0;
	while (num < SEGMENTS) {
		if (!span_take_until(&rest, '/', &segments[num])) {
			segments[num] = rest;
			return num + 1;
		}
		num++;
	}
	return SEGMENTS + 1;
}

static bool
route_matches(const struct route *route, const struct span segments[],
    size_t num)
{
	struct span rest = span_of_str(route->path), want;
	bool more = true;

	for (size_t i = 0; i < num; i++) {
		if (!more)
			return false;
		more = span_take_until(&rest, '/', &want);
		if (!more)
			want = rest;
		if (span_is(want, "**"))
			return true;
		if (span_is(want, "*") ? segments[i].len == 0
				       : !span_eq(want, segments[i]))
			return false;
	}
	return !more;
}

static const struct route *
find_route(struct job *job, struct error *err)
{
	const char *method = job->request->head.method;
	const bool is_head = strcmp(method, "HEAD") == 0;
	bool path_known = false;

	if (job->num_segments <= SEGMENTS)
		for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]);
		     i++) {
			const struct route *route = &routes[i];

			if (!route_matches(route, job->segments,
				job->num_segments))
				continue;
			path_known = true;
			if (strcmp(route->method, is_head ? "GET" : method) ==
			    0)
				return route;
		}
	error_set(err, path_known ? ERROR_USAGE : ERROR_NOT_FOUND,
	    "there is no %s %s here", method, job->request->head.target);
	return NULL;
}

static bool
read_names(struct job *job, struct error *err)
{
	struct buf name = BUF(DOCUMENT_NAME);
	bool ok;

	if (job->num_segments < 4 || !span_is(job->segments[1], "documents"))
		return true;
	ok = (buf_append(&name, job->segments[2], err) &&
		 buf_append_str(&name, "/", err) &&
		 buf_append(&name, job->segments[3], err)) ||
	    error_set(err, ERROR_USAGE, "the document's name is too long");
	ok = ok && document_name_check(buf_span(&name), err) &&
	    span_to_str(buf_span(&name), job->document, sizeof(job->document));
	buf_free(&name);
	if (!ok)
		return false;
	document_type(job->document, job->type);
	if (job->num_segments < 6 || span_is(job->segments[5], "latest"))
		return true;
	return document_version_parse(job->segments[5], &job->version) ||
	    error_set(err, ERROR_USAGE, "\"%.*s\" is not a version's number",
		(int)(job->segments[5].len < 40 ? job->segments[5].len : 40),
		(const char *)job->segments[5].data);
}

/* By type, before existence: an answer never tells whether a document is. */
static struct decision
decide_for(const struct job *job, const struct office *office,
    const char *person)
{
	const struct policy *policy = job->connected.by.policy;
	struct decision decision = { .allowed = true };

	switch (job->route->need) {
	case NEED_NOTHING:
		break;
	case NEED_READ:
		return policy_decide(policy, office, RIGHT_READ, job->type);
	case NEED_DEPOSIT:
		return policy_decide(policy, office, RIGHT_DEPOSIT, job->type);
	case NEED_SIGN:
	case NEED_TERMINATE:
		decision = policy_decide(policy, office, RIGHT_READ, job->type);
		return decision.allowed
		    ? policy_decide_sign(policy, office, person, job->type,
			  job->route->need == NEED_SIGN ? SIGNING_APPROVAL
							: SIGNING_TERMINATION,
			  time_now_ms() / 1000)
		    : decision;
	}
	return decision;
}

/*
 * What comes by bag needs the rights of who signed the waybill, and its bearer
 * needs none.  This only spares both a body that would be refused: who that is
 * and what the waybill lists is judged with the body (actor.h).
 */
static struct decision
decide(const struct job *job)
{
	struct error ignored = { 0 };
	const struct office *office;
	struct dispatcher by;

	if (!job->by_bag)
		return decide_for(job, job->connected.office,
		    job->connected.person);
	office = bags_find(job->api->bags, &job->waybill, &by, &ignored)
	    ? policy_office(job->connected.by.policy, by.office)
	    : NULL;
	return office != NULL ? decide_for(job, office, by.person)
			      : (struct decision){ .allowed = true };
}

const char *
job_bag_folder(const struct job *job)
{
	return job->route->bag;
}

/* "?bag=WAYBILL", where the route takes what came by one. */
static bool
read_bag(struct job *job, struct error *err)
{
	const struct http_head *head = &job->request->head;
	struct dispatcher ignored;
	char hex[DIGEST_HEX];

	if (!http_has_query(head, "bag"))
		return true;
	if (job->route->bag == NULL)
		return error_set(err, ERROR_USAGE,
		    "bag=WAYBILL is for the deposits and signatures that a"
		    " waybill lists, and for nothing else");
	if (!http_query(head, "bag", hex, sizeof(hex)) ||
	    !digest_parse(span_of_str(hex), &job->waybill))
		return error_set(err, ERROR_USAGE, "bag=WAYBILL: its SHA-256");
	job->by_bag = true;
	return bags_find(job->api->bags, &job->waybill, &ignored, err);
}

static const char *const wanted[] = {
	[NEED_NOTHING] = "",
	[NEED_READ] = "read",
	[NEED_DEPOSIT] = "deposit",
	[NEED_SIGN] = "sign",
	[NEED_TERMINATE] = "terminate",
};

/* A refusal found on the loop's thread, journaled from there. */
static bool
run_refusal(struct job *job, struct error *err)
{
	const struct decision decision = decide(job);

	(void)err;
	job_refuse(job, wanted[job->route->need], decision.rule);
	return true;
}

static uint64_t
max_body_of(const struct job *job)
{
	const struct document_type *type =
	    policy_type(job->connected.by.policy, job->type);
	uint64_t max;

	if (job->route->run == run_git_upload)
		return LIMIT_GIT_BODY;
	if (job->route->run == run_bag)
		return LIMIT_WAYBILL_BYTES + LIMIT_META_BYTES;
	if (job->route->run == run_hand_in)
		return LIMIT_CRL_BYTES;
	if (job->route->need == NEED_NOTHING)
		return LIMIT_NOTE_FILE;
	if (job->route->need == NEED_SIGN || job->route->need == NEED_TERMINATE)
		return LIMIT_SIGN_BODY_BYTES;
	max = type->limit_text * (type->limit_texts + LIMIT_ANNEXES) +
	    LIMIT_META_TOTAL;
	return max < LIMIT_CONTAINER_BYTES ? max : LIMIT_CONTAINER_BYTES;
}

static bool
is_depositary(const struct principal *who)
{
	return strcmp(who->office->name, who->by.policy->depositary.office) ==
	    0;
}

/* That it lives is for every office; how it is, for the depositary's. */
static enum http_next
answer_health(struct job *job)
{
	struct api *api = job->api;

	fill_json(&job->request->response, 200,
	    api->upkeep != NULL && is_depositary(&job->connected)
		? upkeep_health(api->upkeep)
		: json_pack("{s:s}", "status", "ok"));
	return HTTP_ANSWER;
}

static enum http_next
answer_metrics(struct job *job)
{
	struct http_response *response = &job->request->response;
	struct error err = { 0 };

	if (!is_depositary(&job->connected)) {
		error_set(&err, ERROR_REFUSED,
		    "only the depositary's office (%s) may read this",
		    job->connected.by.policy->depositary.office);
		return job_refuse_now(job, &err);
	}
	metrics_set(METRIC_CONNECTIONS,
	    http_server_connections(job->api->server));
	response->status = 200;
	response->type = "text/plain; version=0.0.4; charset=utf-8";
	return metrics_encode(&response->body, &err)
	    ? HTTP_ANSWER
	    : job_refuse_now(job, &err);
}

/* tus 1.0: a client says which version it speaks, but to OPTIONS. */
static bool
is_tus(const struct job *job)
{
	return span_starts(span_of_str(job->route->path), "v1/uploads") &&
	    job->route->run != run_upload_options;
}

static void
forget_watcher(struct api *api)
{
	__atomic_sub_fetch(&api->num_watchers, 1, __ATOMIC_RELAXED);
}

/* A request whose route is known and that may be made. */
static enum http_next
begin_route(struct job *job, uint64_t *max_body)
{
	struct http_request *request = job->request;
	struct api *api = job->api;
	struct error err = { 0 };
	char upload[UPLOAD_ID];

	if (is_tus(job) && strcmp(request->head.tus_resumable, "1.0.0") != 0) {
		error_set(&err, ERROR_USAGE,
		    "this server speaks tus 1.0.0 (Tus-Resumable)");
		snprintf(request->response.headers,
		    sizeof(request->response.headers),
		    "Tus-Version: 1.0.0\r\n");
		job->status = 412;
		return job_refuse_now(job, &err);
	}
	if (job->route->run == run_upload_patch)
		return upload_begin(job, max_body);
	if (job->route->run == run_deposit) {
		if (!http_query(&request->head, "upload", upload,
			sizeof(upload))) {
			error_set(&err, ERROR_USAGE, "upload=ID: no such id");
			return job_refuse_now(job, &err);
		}
		/* One that is used up may have been deposited: it is looked. */
		if (upload[0] != '\0')
			return upload_use(job, upload, &err) ||
				err.kind == ERROR_NOT_FOUND
			    ? HTTP_WORK
			    : job_refuse_now(job, &err);
	}
	if (strcmp(job->route->method, "PUT") == 0 ||
	    strcmp(job->route->method, "POST") == 0) {
		*max_body = max_body_of(job);
		request->takes_gzip = job->route->run == run_git_upload;
		return HTTP_READ;
	}
	if (job->route->run == run_events) {
		if (__atomic_fetch_add(&api->num_watchers, 1,
			__ATOMIC_RELAXED) >= LIMIT_WATCHERS) {
			forget_watcher(api);
			error_set(&err, ERROR_UNAVAILABLE,
			    "too many are watching: try again later");
			return job_refuse_now(job, &err);
		}
		request->watches = true;
	}
	if (job->route->run == run_document && answer_document_now(job))
		return HTTP_ANSWER;
	return HTTP_WORK;
}

/* The person's browser may have been made to ask by a page of somebody else. */
static bool
check_page(const struct job *job, struct error *err)
{
	return http_is_same_origin(&job->request->head,
		   job->api->config->address) ||
	    error_set(err, ERROR_REFUSED,
		"a page of another site asked for this (Sec-Fetch-Site,"
		" Origin): only %s itself may",
		job->api->config->address);
}

static enum http_next
begin(void *arg, struct http_request *request, uint64_t *max_body)
{
	struct api *api = arg;
	struct job *job = calloc(1, sizeof(*job));
	struct error err = { 0 };
	enum http_next next;

	if (job == NULL) {
		error_set_errno(&err, "request");
		fill_problem(request, 0, &err);
		return HTTP_ANSWER;
	}
	job->api = api;
	job->request = request;
	job->copy_fd = -1;
	request->job = job;
	job->num_segments = split_path(&request->head, job->segments);
	if (!authenticate(api, request, &job->connected, &err) ||
	    !check_page(job, &err) ||
	    (job->route = find_route(job, &err)) == NULL ||
	    !read_names(job, &err) || !read_bag(job, &err)) {
		next = job_refuse_now(job, &err);
	} else if (job->route->run == NULL) {
		next = strcmp(job->route->path, "health") == 0
		    ? answer_health(job)
		    : answer_metrics(job);
	} else if (!decide(job).allowed) {
		return HTTP_WORK; /* dispatch refuses it */
	} else {
		next = begin_route(job, max_body);
	}
	if (next == HTTP_ANSWER) {
		request->job = NULL;
		free_job(job);
	}
	return next;
}

static void
dispatch(void *arg, struct http_request *request)
{
	struct api *api = arg;
	struct job *job = request->job;
	struct error err = { 0 };

	if (!decide(job).allowed)
		(void)run_refusal(job, &err);
	else if (job->route->run != run_fetch || !fetch_is_ready(job))
		enqueue(api, job);
	else if (!run_fetch(job, &err))
		job_problem(job, &err);
}

/* Whose certificate, office or rights ended is told no more. */
static enum http_next
stream(void *arg, struct http_request *request, bool idle)
{
	struct job *job = request->job;
	struct error err = { 0 };

	if (authenticate(arg, request, &job->connected, &err))
		return events_next(job, idle);
	request->response.close = true;
	if (!buf_printf(&request->response.body, &err,
		"event: end\ndata: %s\n\n", err.detail))
		request->response.body.len = 0;
	return HTTP_ANSWER;
}

static void
failed(void *arg, const struct http_request *request, const struct error *err)
{
	(void)arg;
	log_error("request", "id=%s reason=%s", request->id,
	    log_text(err->detail));
}

static void
problem(void *arg, struct http_request *request, int status,
    const struct error *err)
{
	(void)arg;
	fill_problem(request, status, err);
}

static void
finished(void *arg, const struct http_request *request, bool sent)
{
	struct api *api = arg;

	/* The client went away while its body was being read, or its stream. */
	if (request->job != NULL)
		free_job(request->job);
	if (request->watches)
		forget_watcher(api);
	metrics_answer(request->response.status);
	metrics_time(METRIC_REQUEST,
	    (time_monotonic_ms() - request->began_ms) * 1000);
	log_gather("request",
	    "id=%s person=%s method=%s target=%s status=%d ms=%lld sent=%s",
	    request->id, log_text(request->person),
	    log_text(request->head.method), log_text(request->head.target),
	    request->response.status,
	    (long long)(time_monotonic_ms() - request->began_ms),
	    sent ? "yes" : "no");
}

static void
tick(void *arg)
{
	static _Thread_local int64_t last;
	struct api *api = arg;
	const int64_t minute = time_monotonic_ms() / 60000;

	if (minute != last) {
		flush_refusals(api, false);
		uploads_expire(api->uploads);
	}
	last = minute;
}

static void
turn_over(void *arg)
{
	(void)arg;
	log_flush();
}

struct http_handler
api_handler(struct api *api)
{
	return (struct http_handler){ .begin = begin,
		.dispatch = dispatch,
		.stream = stream,
		.failed = failed,
		.problem = problem,
		.finished = finished,
		.session_free = free_session,
		.tick = tick,
		.turn_over = turn_over,
		.arg = api,
		.spool_dir = api->spool };
}

static void
wake_streams(void *server)
{
	http_server_wake_streams(server);
}

void
api_set_server(struct api *api, struct http_server *server)
{
	api->server = server;
	registrar_on_growth(api->registrar, wake_streams, server);
}

void
api_set_upkeep(struct api *api, struct upkeep *upkeep)
{
	api->upkeep = upkeep;
}

struct api *
api_new(const struct config *config, struct registrar *registrar,
    struct cert_cache *certs, struct error *err)
{
	struct api *api = calloc(1, sizeof(*api));
	char dir[FILE_PATH];

	if (api == NULL ||
	    (api->refusals = calloc(1, sizeof(*api->refusals))) == NULL) {
		error_set_errno(err, "API");
		free(api);
		return NULL;
	}
	pthread_mutex_init(&api->refusals->mutex, NULL);
	pthread_mutex_init(&api->mutex, NULL);
	pthread_cond_init(&api->wake, NULL);
	api->config = config;
	api->record = registrar_record(registrar);
	api->registrar = registrar;
	api->certs = certs;
	api->end = &api->first;
	if (!config_data(config, "spool", api->spool, err) ||
	    !config_data(config, "cache", dir, err) ||
	    (api->cache = cache_new(dir, config->cache_bytes, err)) == NULL ||
	    !config_data(config, "spool/uploads", dir, err) ||
	    (api->uploads = uploads_new(dir, err)) == NULL ||
	    !config_data(config, "spool/bags", dir, err) ||
	    (api->bags = bags_new(dir, err)) == NULL) {
		api_free(api);
		return NULL;
	}
	while (api->num_threads < config->workers) {
		if (pthread_create(&api->threads[api->num_threads], NULL,
			run_worker, api) != 0) {
			error_set(err, ERROR_SYSTEM, "workers: no thread");
			api_stop(api);
			api_free(api);
			return NULL;
		}
		api->num_threads++;
	}
	return api;
}

void
api_stop(struct api *api)
{
	pthread_mutex_lock(&api->mutex);
	api->stopping = true;
	pthread_cond_broadcast(&api->wake);
	pthread_mutex_unlock(&api->mutex);
	for (unsigned i = 0; i < api->num_threads; i++)
		pthread_join(api->threads[i], NULL);
	api->num_threads = 0;
	flush_refusals(api, true);
}

void
api_free(struct api *api)
{
	if (api == NULL)
		return;
	cache_free(api->cache);
	uploads_free(api->uploads);
	bags_free(api->bags);
	pthread_mutex_destroy(&api->mutex);
	pthread_cond_destroy(&api->wake);
	free(api->refusals);
	free(api);
}
