/*
 * The table of routes, and the way of a request from the HTTP server to the
 * workers and back (api.h).
 */
#include "daemon/api/api.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"
#include "daemon/api/job.h"
#include "daemon/http/tally.h"
#include "daemon/log.h"
#include "daemon/metrics.h"
#include "daemon/spool/waybills.h"
#include "daemon/upkeep/upkeep.h"
#include "daemon/writer/second.h"
#include "pki/standing.h"
#include "record/data.h"
#include "record/json.h"

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
	{ "GET", "v1/documents/*/*/versions/*/version.yaml", NEED_READ,
	    run_version, NULL },
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

/* --- Finding the route and the caller. --- */

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

/* Does the path match the route, '*' and "**" included? */
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

static void
take_route(struct job *job, const struct route *route)
{
	job->route = route;
	job->run = route->run;
}

/* Find the route of the path and method. */
static bool
find_route(struct job *job, struct error *err)
{
	static const struct route page_route = { "GET", "", NEED_NOTHING,
		run_page, NULL };
	const char *method = job->request->head.method;
	const bool is_head = strcmp(method, "HEAD") == 0;
	bool path_known = job->page != NULL;

	if (path_known && (is_head || strcmp(method, "GET") == 0)) {
		take_route(job, &page_route);
		return true;
	}
	if (job->num_segments <= SEGMENTS)
		for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]);
		     i++) {
			const struct route *route = &routes[i];

			if (!route_matches(route, job->segments,
				job->num_segments))
				continue;
			path_known = true;
			if (strcmp(route->method, is_head ? "GET" : method) ==
			    0) {
				take_route(job, route);
				return true;
			}
		}
	return error_set(err, path_known ? ERROR_USAGE : ERROR_NOT_FOUND,
	    "there is no %s %s here", method, job->request->head.target);
}

/* Read the document, version and other names in the path. */
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
	if ((job->route->run == run_fetch || job->route->run == run_version) &&
	    span_is(job->segments[5], "in-force")) {
		job->in_force = true;
		return true;
	}
	return document_version_parse(job->segments[5], &job->version) ||
	    error_set(err, ERROR_USAGE, "\"%.*s\" is not a version's number",
		(int)(job->segments[5].len < 40 ? job->segments[5].len : 40),
		(const char *)job->segments[5].data);
}

const char *
job_bag_folder(const struct job *job)
{
	return job->route->bag;
}

/* Read "?bag=WAYBILL", if the route accepts what came by a bag. */
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

/*
 * A worker's run for a refusal that was found on the loop's thread: it is
 * journaled here.
 */
static bool
run_refusal(struct job *job, struct error *err)
{
	const struct decision decision = access_decide(job);

	(void)err;
	job_refuse(job, wanted[job->route->need], decision.rule);
	return true;
}

/* Returns the largest body that the route accepts, in bytes. */
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

/* tus 1.0: each request but OPTIONS must name the version. */
static bool
is_tus(const struct job *job)
{
	return span_starts(span_of_str(job->route->path), "v1/uploads") &&
	    job->route->run != run_upload_options;
}

/* Take a place for a stream of events. */
static bool
begin_watching(struct job *job, struct error *err)
{
	const char *office = job->connected.office->name;
	struct api *api = job->api;

	switch (tally_take(api->watchers, office, &job->request->watches)) {
	case TALLY_TAKEN:
		break;
	case TALLY_OWN:
		job->status = 429;
		limited_tell(&api->limited, HTTP_LIMIT_OFFICE_STREAMS, office);
		return error_set(err, ERROR_UNAVAILABLE,
		    "%s watches as often as it may beside the others: try"
		    " again later",
		    office);
	case TALLY_ALL:
		limited_tell(&api->limited, HTTP_LIMIT_STREAMS, office);
		return error_set(err, ERROR_UNAVAILABLE,
		    "too many are watching: try again later");
	}
	return true;
}

/* Nobody sends a body for an act that would be refused with it. */
static bool
is_act(const struct job *job)
{
	return job->route->need == NEED_DEPOSIT ||
	    job->route->need == NEED_SIGN || job->route->need == NEED_TERMINATE;
}

/* The route is known and the caller may use it: decide how to go on. */
static enum http_next
begin_route(struct job *job, uint64_t *max_body)
{
	struct http_request *request = job->request;
	struct error err = { 0 };
	char upload[UPLOAD_ID];

	if (is_act(job) && !job_may_act(job, &err))
		return job_refuse_now(job, &err);
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
		/*
		 * A used-up upload may have been deposited: a worker looks for
		 * it.
		 */
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
	if (job->route->run == run_events && !begin_watching(job, &err))
		return job_refuse_now(job, &err);
	if (job->route->run == run_document && documents_answer_now(job))
		return HTTP_ANSWER;
	if (job->page != NULL)
		return run_page(job, &err) ? HTTP_ANSWER
					   : job_refuse_now(job, &err);
	return HTTP_WORK;
}

/*
 * Refuse a request that another site's page made the person's browser send. A
 * link may lead to a page of ours: that holds no data, and nothing is journaled
 * of it.
 */
static bool
check_page(const struct job *job, struct error *err)
{
	const struct http_head *head = &job->request->head;

	return http_is_same_origin(head, job->api->config->addresses.all[0]) ||
	    (job->page != NULL && http_is_visit(head)) ||
	    error_set(err, ERROR_REFUSED,
		"a page of another site asked for this (Sec-Fetch-Site,"
		" Origin): only %s itself may",
		job->api->config->addresses.all[0]);
}

/* Find the route; to a monitor all but its two are refused alike. */
static bool
find_admitted_route(struct job *job, struct error *err)
{
	const bool found = find_route(job, err);

	return access_admits(job, err) && found;
}

/* Called for each head: authenticate, find the route, decide what is next. */
static enum http_next
begin(void *arg, struct http_request *request, uint64_t *max_body)
{
	struct api *api = arg;
	struct job *job = calloc(1, sizeof(*job));
	struct error err = { 0 };
	enum http_next next;

	if (job == NULL) {
		error_set_errno(&err, "request");
		job_fill_problem(request, 0, &err);
		return HTTP_ANSWER;
	}
	job->api = api;
	job->request = request;
	job->copy_fd = -1;
	request->job = job;
	job->num_segments = split_path(&request->head, job->segments);
	job->page = register_find(job);
	if (!access_authenticate(api, request, &job->connected, &err) ||
	    !check_page(job, &err) ||
	    (access_note_accepted(api, request), false) ||
	    !find_admitted_route(job, &err) || !read_names(job, &err) ||
	    !read_bag(job, &err)) {
		next = job_refuse_now(job, &err);
	} else if (job->route->run == NULL) {
		next = strcmp(job->route->path, "health") == 0
		    ? health_answer(job)
		    : health_answer_metrics(job);
	} else if (api->second != NULL && !second_holds(api->second, &err)) {
		next = job_refuse_now(job, &err);
	} else if (!access_decide(job).allowed) {
		return HTTP_WORK; /* dispatch() refuses it */
	} else {
		next = begin_route(job, max_body);
	}
	if (next == HTTP_ANSWER) {
		request->job = NULL;
		job_free(job);
	}
	return next;
}

static void
dispatch(void *arg, struct http_request *request)
{
	struct job *job = request->job;
	struct error err = { 0 };

	(void)arg;
	if (!access_decide(job).allowed)
		(void)run_refusal(job, &err);
	else if (job->route->run != run_fetch || !documents_fetch_is_ready(job))
		job_enqueue(job);
	else if (!run_fetch(job, &err))
		job_problem(job, &err);
}

/* End the stream of a caller whose certificate, office or rights ended. */
static enum http_next
stream(void *arg, struct http_request *request, bool idle)
{
	struct job *job = request->job;
	struct error err = { 0 };

	if (access_authenticate(arg, request, &job->connected, &err) &&
	    access_admits(job, &err))
		return request->response.parts ? HTTP_WORK
					       : events_next(job, idle);
	request->response.close = true;
	request->response.cut = request->response.parts;
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
	job_fill_problem(request, status, err);
}

/* Called after each request, to log it and to free what it had. */
static void
finished(void *arg, const struct http_request *request, bool sent)
{
	struct api *api = arg;

	/* The client went away while its body was read, or in a stream. */
	if (request->job != NULL)
		job_free(request->job);
	tally_give(api->watchers, request->watches);
	job_let_go(api, request);
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
refused(void *arg, const struct http_refusal *refusal)
{
	struct api *api = arg;

	handshakes_refused(&api->handshakes, refusal);
}

static void
limited(void *arg, enum http_limit limit, const char *who)
{
	struct api *api = arg;

	limited_tell(&api->limited, limit, who);
}

static void
greeted(void *arg, X509 *peer, void **session, char office[HTTP_OFFICE])
{
	access_greet(arg, peer, session, office);
}

static void
tick(void *arg)
{
	static _Thread_local int64_t last;
	struct api *api = arg;
	const int64_t minute = time_monotonic_ms() / 60000;

	repeats_flush(api->repeats, time_monotonic_ms() / 1000, false);
	waits_look(api);
	if (minute != last) {
		refusals_flush(api, false);
		handshakes_flush(&api->handshakes, false);
		limited_flush(&api->limited, false);
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
		.take_room = disk_take,
		.dispatch = dispatch,
		.stream = stream,
		.failed = failed,
		.problem = problem,
		.finished = finished,
		.refused = refused,
		.limited = limited,
		.greeted = greeted,
		.session_free = access_session_free,
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
api_set_second(struct api *api, const struct second *second,
    const char *differs)
{
	api->second = second;
	api->differs = differs;
}

void
api_set_seal(struct api *api, struct seal *seal)
{
	api->seal = seal;
}

void
api_set_upkeep(struct api *api, struct upkeep *upkeep)
{
	api->upkeep = upkeep;
}

/* Journal a count of deliveries, or of those that were refused. */
static void
submit_count(void *arg, struct act_request *act)
{
	registrar_submit(arg, act);
}

/* At most half of the connections are streams. */
static size_t
max_watchers(const struct config *config)
{
	const size_t half = config->connections / 2;

	return half < LIMIT_WATCHERS ? half : LIMIT_WATCHERS;
}

/*
 * The waybills that were handed in at another daemon of this record are here too,
 * before anybody asks: to look for one later would hold others up.
 */
static bool
share_waybills(const struct api *api, struct error *err)
{
	const struct waybills by = waybills_of(api->record, api->certs,
	    registrar_now(api->registrar).policy);
	struct exhibits_shared shared = { 0 };

	if (!waybills_share(&by, api->bags, store_backend(api->record->store),
		EXHIBITS_BOTH, &shared, err))
		return false;
	if (shared.taken > 0 || shared.given > 0)
		log_info("waybill", "taken=%zu given=%zu", shared.taken,
		    shared.given);
	if (shared.refused > 0)
		log_warning("waybill",
		    "result=refused num=%zu reason=\"what the database has of"
		    " them is not what was handed in\"",
		    shared.refused);
	return true;
}

struct api *
api_new(const struct config *config, struct registrar *registrar,
    struct cert_cache *certs, struct error *err)
{
	struct api *api = calloc(1, sizeof(*api));
	struct repeats_rules rules;
	char dir[FILE_PATH];

	if (api == NULL || (api->refusals = refusals_new(err)) == NULL) {
		if (err->kind == ERROR_NONE)
			error_set_errno(err, "API");
		free(api);
		return NULL;
	}
	waits_init(&api->waits);
	metrics_set(METRIC_START, time_now_ms() / 1000);
	api->handshakes = HANDSHAKES;
	api->limited = LIMITED;
	rules = (struct repeats_rules){ .an_hour = config->repeats,
		.submit = submit_count,
		.arg = registrar };
	api->config = config;
	api->record = registrar_record(registrar);
	api->registrar = registrar;
	api->certs = certs;
	if ((api->watchers = tally_new(max_watchers(config), err)) == NULL ||
	    (api->repeats = repeats_new(&rules, err)) == NULL ||
	    !data_path(config->data, DATA_SPOOL, api->spool, err) ||
	    !data_path(config->data, DATA_CACHE, dir, err) ||
	    (api->cache = cache_new(dir, config->cache_bytes, err)) == NULL ||
	    !data_path(config->data, DATA_UPLOADS, dir, err) ||
	    (api->room = disk_room_new(api, err)) == NULL ||
	    (api->uploads = uploads_new(dir, api->room, err)) == NULL ||
	    !data_path(config->data, DATA_BAGS, dir, err) ||
	    (api->bags = bags_new(dir, err)) == NULL ||
	    !share_waybills(api, err) ||
	    (api->workers = workers_new(config->workers, job_run_turn, err)) ==
		NULL) {
		api_free(api);
		return NULL;
	}
	return api;
}

void
api_stop(struct api *api)
{
	workers_free(api->workers);
	api->workers = NULL;
	refusals_flush(api, true);
	repeats_flush(api->repeats, time_monotonic_ms() / 1000, true);
	handshakes_flush(&api->handshakes, true);
	limited_flush(&api->limited, true);
}

void
api_free(struct api *api)
{
	if (api == NULL)
		return;
	cache_free(api->cache);
	uploads_free(api->uploads);
	room_free(api->room);
	bags_free(api->bags);
	refusals_free(api->refusals);
	tally_free(api->watchers);
	repeats_free(api->repeats);
	waits_free(&api->waits);
	free(api);
}
