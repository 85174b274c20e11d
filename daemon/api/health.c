/*
 * GET /health and GET /metrics, answered on the loop's thread.
 */
#include "daemon/api/job.h"

#include "daemon/metrics.h"
#include "daemon/upkeep/upkeep.h"
#include "record/accepted.h"

static void
add_accepted(void *arg, const struct accepted_by *by)
{
	char seen[TIME_TEXT], hex[DIGEST_HEX];

	if (by->person == NULL) {
		json_array_append_new(arg,
		    json_pack("{s:s, s:n, s:n, s:n, s:n, s:b}", "office",
			by->office, "person", "policy", "entry", "seen",
			"newest", false));
		return;
	}
	digest_hex(&by->policy, hex);
	time_format_at(by->at, seen);
	json_array_append_new(arg,
	    json_pack("{s:s, s:s, s:s, s:o, s:s, s:b}", "office", by->office,
		"person", by->person, "policy", hex, "entry",
		by->entry != LEDGER_NONE ? json_integer((json_int_t)by->entry)
					 : json_null(),
		"seen", seen, "newest", by->is_newest));
}

/* The same, and which policy each office has accepted by its own word. */
static json_t *
tell_all(const struct job *job)
{
	json_t *health = upkeep_health(job->api->upkeep);
	json_t *accepted = json_array();
	struct error ignored = { 0 };

	if (accepted_each(job->api->record->accepted, job->api->record,
		job->connected.by.policy, add_accepted, accepted, &ignored))
		json_object_set(health, "accepted", accepted);
	json_decref(accepted);
	return health;
}

/*
 * Any office may ask whether the daemon lives; the details are for the
 * depositary's office and for monitors.
 */
enum http_next
health_answer(struct job *job)
{
	struct api *api = job->api;

	job_fill_json(&job->request->response, 200,
	    api->upkeep != NULL && access_may_monitor(&job->connected)
		? tell_all(job)
		: json_pack("{s:s}", "status", "ok"));
	return HTTP_ANSWER;
}

enum http_next
health_answer_metrics(struct job *job)
{
	struct http_response *response = &job->request->response;
	struct error err = { 0 };

	if (!access_may_monitor(&job->connected)) {
		error_set(&err, ERROR_REFUSED,
		    "only the depositary's office (%s) and monitors"
		    " (valised.yaml) may read this",
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
