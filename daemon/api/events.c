/*
 * Server-sent events
 * (https://html.spec.whatwg.org/multipage/server-sent-events.html): each entry
 * that the caller may see, when it is committed.  An event's id is its index in
 * the journal: a client that was cut off sends the last one in Last-Event-ID,
 * and misses nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "daemon/api/job.h"

enum { LOOK_AT = 100000, TELL = 256 }; /* entries in one part of the stream */

static uint64_t
size_now(struct job *job)
{
	struct ledger *ledger = job->api->record->ledger;
	uint64_t size;

	ledger_read_lock(ledger);
	size = ledger_size(ledger);
	ledger_unlock(ledger);
	return size;
}

/*
 * Read where to begin: after the client's last event, else with the next entry.
 */
static bool
read_cursor(struct job *job, struct error *err)
{
	const struct http_head *head = &job->request->head;
	const uint64_t size = size_now(job);
	char from[24];
	uint64_t last;

	job->cursor = size;
	if (!http_query(head, "from", from, sizeof(from)) ||
	    (from[0] != '\0' && !span_to_u64(span_of_str(from), &job->cursor)))
		return error_set(err, ERROR_USAGE, "from is an entry's index");
	if (head->last_event_id[0] != '\0') {
		if (!span_to_u64(span_of_str(head->last_event_id), &last) ||
		    last >= INT64_MAX)
			return error_set(err, ERROR_USAGE,
			    "Last-Event-ID is an entry's index");
		job->cursor = last + 1;
	}
	return job->cursor <= size ||
	    error_set(err, ERROR_CONFLICT,
		"the journal has %llu entries, and no entry %llu: what you saw"
		" is of another history",
		(unsigned long long)size, (unsigned long long)job->cursor - 1);
}

/*
 * Choose the next entries that the caller may see; the cursor moves behind all
 * that were looked at.
 */
static size_t
choose(struct job *job, uint64_t out[TELL])
{
	const struct sight sight =
	    sight_of(job->connected.by.policy, job->connected.office);
	struct ledger *ledger = job->api->record->ledger;
	size_t num = 0;

	ledger_read_lock(ledger);
	for (unsigned i = 0;
	     i < LOOK_AT && num < TELL && job->cursor < ledger_size(ledger);
	     i++, job->cursor++)
		if (ledger_visible(ledger, &sight, job->cursor))
			out[num++] = job->cursor;
	ledger_unlock(ledger);
	return num;
}

static bool
append_event(struct job *job, uint64_t index, struct buf *out,
    struct error *err)
{
	struct ledger *ledger = job->api->record->ledger;
	struct buf line = BUF(LIMIT_ENTRY_BYTES);
	const char *act;
	bool ok;

	ledger_read_lock(ledger);
	act = act_name(ledger_entry(ledger, index).act);
	ledger_unlock(ledger);
	ok = journal_entry(job->api->record->journal, index, &line, err) &&
	    buf_printf(out, err,
		"id: %llu\nevent: %s\ndata: ", (unsigned long long)index,
		act) &&
	    buf_append(out, buf_span(&line), err) &&
	    buf_append_str(out, "\n\n", err);
	buf_free(&line);
	return ok;
}

bool
run_events(struct job *job, struct error *err)
{
	struct http_response *response = &job->request->response;
	uint64_t indices[TELL];
	size_t num;

	if (!response->stream) {
		if (!read_cursor(job, err) ||
		    !buf_append_str(&response->body, "retry: 2000\n\n", err))
			return false;
		response->status = 200;
		response->type = "text/event-stream";
		response->stream = true;
	}
	num = choose(job, indices);
	for (size_t i = 0; i < num; i++) {
		if (response->body.len > LIMIT_EVENTS_BYTES) {
			/* The rest goes into the next part. */
			job->cursor = indices[i];
			break;
		}
		if (!append_event(job, indices[i], &response->body, err)) {
			/*
			 * The stream's head was sent, so an error can only end
			 * the stream.
			 */
			*err = (struct error){ 0 };
			response->close = true;
			break;
		}
	}
	job_stream(job);
	return true;
}

enum http_next
events_next(struct job *job, bool idle)
{
	struct buf *body = &job->request->response.body;
	struct error err = { 0 };
	char now[TIME_TEXT];

	if (job->cursor < size_now(job))
		return HTTP_WORK;
	if (!idle)
		return HTTP_READ;
	/* Send a comment, so that both ends notice a dead connection. */
	time_format_at(time_now_ms() / 1000, now);
	return buf_printf(body, &err, ": %s\n\n", now) ? HTTP_ANSWER
						       : HTTP_READ;
}
