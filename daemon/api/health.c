/*
 * GET /health and GET /metrics, answered on the loop's thread.
 */
#include "daemon/api/job.h"

#include "daemon/metrics.h"
#include "daemon/upkeep/upkeep.h"

/*
 * Any office may ask whether the daemon lives; the details are for the
 * depositary's offices.
 */
enum http_next
health_answer(struct job *job)
{
	struct api *api = job->api;

	job_fill_json(&job->request->response, 200,
	    api->upkeep != NULL && access_is_depositary(&job->connected)
		? upkeep_health(api->upkeep)
		: json_pack("{s:s}", "status", "ok"));
	return HTTP_ANSWER;
}

enum http_next
health_answer_metrics(struct job *job)
{
	struct http_response *response = &job->request->response;
	struct error err = { 0 };

	if (!access_is_depositary(&job->connected)) {
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
