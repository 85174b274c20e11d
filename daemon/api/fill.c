/*
 * What is filled into an answer: JSON, or an error as RFC 9457 has it (job.h).
 */
#include "daemon/api/job.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/log.h"
#include "record/json.h"

enum { RETRY_SECONDS = 2 };

void
job_fill_json(struct http_response *response, int status, json_t *json)
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

/*
 * Name the time after which to ask again (RFC 9110 section 10.2.3); most of what
 * is short, the daemon has again soon.
 */
static void
name_retry(struct http_response *response, const struct error *err)
{
	const size_t used = strlen(response->headers);
	const unsigned seconds =
	    err->retry_s != 0 ? err->retry_s : RETRY_SECONDS;

	if (seconds != ERROR_NO_RETRY &&
	    (response->status == 429 || response->status == 503 ||
		response->status == 507))
		snprintf(response->headers + used,
		    sizeof(response->headers) - used, "Retry-After: %u\r\n",
		    seconds);
}

/* A full disk (RFC 4918 section 11.5): only the operator can make room. */
static void
tell_full(struct error *told)
{
	error_set(told, ERROR_FULL,
	    "the depositary has no room on its disk for this; nothing was"
	    " changed. Try again later; the depositary's operator can make"
	    " room");
	error_retry(told, LIMIT_SECONDS_FULL);
}

/* Answer with an error (RFC 9457); status 0: that of its kind. */
void
job_fill_problem(struct http_request *request, int status,
    const struct error *err)
{
	struct error ignored = { 0 }, told = *err;
	json_t *json, *error;

	if (told.kind == ERROR_SYSTEM && told.is_full)
		error_make_unavailable(&told);
	if (err->kind == ERROR_SYSTEM)
		log_error("request", "id=%s reason=%s", request->id,
		    log_text(err->detail));
	else if (err->kind == ERROR_REFUSED)
		log_gather("refused", "id=%s person=%s reason=%s", request->id,
		    log_text(request->person), log_text(err->detail));
	/*
	 * The reason of a failure within is for the operator's log, not for the
	 * caller.
	 */
	if (told.kind == ERROR_SYSTEM && told.is_of_machine)
		error_set_code(&told, ERROR_UNAVAILABLE, err->code,
		    "the daemon's machine failed in this; its log has the"
		    " reason");
	if (told.kind == ERROR_SYSTEM)
		error_set_code(&told, err->kind, err->code,
		    "the daemon failed; its log has the reason");
	if (told.kind == ERROR_FULL && told.retry_s == 0)
		tell_full(&told);
	if (status == 0)
		status = error_http_status(told.kind);
	json = json_pack("{s:s, s:i}", "title", error_title(told.kind),
	    "status", status);
	error = json_of_error(&told);
	json_object_update(json, error);
	json_decref(error);
	json_object_set_new(json, "request", json_string(request->id));
	job_fill_json(&request->response, status, json);
	request->response.type = "application/problem+json";
	name_retry(&request->response, &told);
	/* git shows its user a server's message only if it is plain text. */
	if (strncmp(request->head.target, "/git/", 5) == 0 &&
	    told.kind != ERROR_SYSTEM) {
		request->response.type = "text/plain; charset=utf-8";
		request->response.body.len = 0;
		if (!buf_printf(&request->response.body, &ignored, "%s\n",
			told.detail))
			request->response.body.len = 0;
	}
}
