/*
 * GET /health and GET /metrics, answered on the loop's thread.
 */
#include "daemon/api/job.h"

#include <string.h>
#include <sys/statvfs.h>

#include "daemon/metrics.h"
#include "daemon/upkeep/upkeep.h"
#include "daemon/writer/second.h"
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

/* Add a warning to those that the upkeep tells. */
static void
add_warning(json_t *health, const char *text)
{
	json_t *all = json_object_get(health, "warnings");

	if (all == NULL) {
		all = json_array();
		json_object_set_new(health, "warnings", all);
	}
	json_array_append_new(all, json_string(text));
	json_object_set_new(health, "status", json_string("warning"));
}

/* Where there is a stand-by: how it is, and what is not in force here. */
static void
tell_standby(const struct api *api, json_t *health)
{
	char text[200];

	if (api->second == NULL)
		return;
	json_object_set_new(health, "role", json_string("writer"));
	if (second_warns(api->second, text, sizeof(text)))
		add_warning(health, text);
	if (api->differs[0] != '\0')
		add_warning(health, api->differs);
}

/*
 * The same, and which policy each office has accepted by its own word. answers:
 * the record does; else nothing is told that would have to be read.
 */
static json_t *
tell_all(const struct job *job, bool answers)
{
	json_t *health = upkeep_health(job->api->upkeep);
	json_t *accepted = json_array();
	struct error ignored = { 0 };

	if (accepted_each(job->api->record->accepted, job->api->record,
		job->connected.by.policy,
		answers ? ACCEPTED_READ : ACCEPTED_KNOWN, add_accepted,
		accepted, &ignored))
		json_object_set(health, "accepted", accepted);
	json_decref(accepted);
	json_object_set_new(health, "disk", disk_health(job->api));
	tell_standby(job->api, health);
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
	struct error err = { 0 };
	const bool answers = waits_writer_answers(api, &err);
	json_t *health =
	    api->upkeep != NULL && access_may_monitor(&job->connected)
	    ? tell_all(job, answers)
	    : json_pack("{s:s}", "status", "ok");

	if (!answers) {
		json_object_set_new(health, "status", json_string("failing"));
		json_object_set_new(health, "reason", json_string(err.detail));
	}
	job_fill_json(&job->request->response, answers ? 200 : 503, health);
	return HTTP_ANSWER;
}

/* --- Metrics. --- */

/* How much of each office waits; [i] is of office i of the policy. */
struct waiting {
	const struct policy *policy;
	uint64_t num[LIMIT_OFFICES];
};

static void
count_waiting(void *arg, const char *name, unsigned num)
{
	struct waiting *waiting = arg;
	const struct office *office = policy_office(waiting->policy, name);

	if (office != NULL)
		waiting->num[office - waiting->policy->offices] += num;
}

static bool
put_waiting(const struct waiting *waiting, const char *name, const char *help,
    struct buf *out, struct error *err)
{
	bool ok = metrics_head(out, name, "gauge", help, err);
	char label[METRIC_LABEL];

	for (size_t i = 0; ok && i < waiting->policy->num_offices; i++)
		ok = buf_printf(out, err, "%s{office=\"%s\"} %llu\n", name,
		    metrics_label(waiting->policy->offices[i].name, label),
		    (unsigned long long)waiting->num[i]);
	return ok;
}

/* What waits for a worker, and for the writer of the journal. */
static bool
put_queues(struct api *api, const struct policy *policy, struct buf *out,
    struct error *err)
{
	struct waiting requests = { .policy = policy },
		       acts = { .policy = policy };

	workers_each_office(api->workers, count_waiting, &requests);
	registrar_waiting(api->registrar, count_waiting, &acts);
	return put_waiting(&requests, "valise_waiting_requests",
		   "Requests that wait for a worker.", out, err) &&
	    put_waiting(&acts, "valise_waiting_acts",
		"Acts that wait for the writer of the journal.", out, err);
}

static void
look_at_disk(const char *data, const struct journal *journal)
{
	struct statvfs disk;
	uint64_t has, wanted;

	journal_reserve(journal, &has, &wanted);
	metrics_set(METRIC_RESERVE, (int64_t)has);
	metrics_set(METRIC_RESERVE_WANTED, (int64_t)wanted);
	if (statvfs(data, &disk) != 0)
		return;
	metrics_set(METRIC_DISK_FREE, (int64_t)(disk.f_bavail * disk.f_frsize));
	metrics_set(METRIC_DISK_SIZE, (int64_t)(disk.f_blocks * disk.f_frsize));
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
	look_at_disk(job->api->config->data, job->api->record->journal);
	return metrics_encode(&response->body, &err) &&
		disk_metrics(job->api, &response->body, &err) &&
		put_queues(job->api, job->connected.by.policy, &response->body,
		    &err) &&
		(job->api->upkeep == NULL ||
		    upkeep_metrics(job->api->upkeep, &response->body, &err))
	    ? HTTP_ANSWER
	    : job_refuse_now(job, &err);
}
