/*
 * GET /v1/documents: the documents that may be read, a page of them, as they are
 * found.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "daemon/api/job.h"
#include "record/json.h"
#include "record/order.h"

enum { LOOK_AT = 2000 }; /* documents with the ledger locked */

struct listing {
	char type[LIMIT_SLUG_BYTES + 1], status[32], cursor[DOCUMENT_NAME];
	char document[DOCUMENT_NAME];
	int64_t since_ms;
	/* Of the answer under way: its rows so far, and the last one's name. */
	unsigned num;
	char last[DOCUMENT_NAME];
	bool more, all; /* there are others; this is the end */
};

static bool
read_listing(const struct job *job, struct listing *out, struct error *err)
{
	const struct http_head *head = &job->request->head;
	char since[TIME_TEXT];
	int64_t at;

	out->since_ms = INT64_MIN;
	if (!http_query(head, "type", out->type, sizeof(out->type)) ||
	    !http_query(head, "status", out->status, sizeof(out->status)) ||
	    !http_query(head, "cursor", out->cursor, sizeof(out->cursor)) ||
	    !http_query(head, "document", out->document,
		sizeof(out->document)) ||
	    !http_query(head, "since", since, sizeof(since)))
		return error_set(err, ERROR_USAGE,
		    "a filter is there twice, too long, or broken");
	if (since[0] == '\0')
		return true;
	if (!time_parse_at(span_of_str(since), &at) &&
	    !time_parse_date(span_of_str(since), &at))
		return error_set(err, ERROR_USAGE,
		    "\"%s\" is neither a date nor a time", since);
	out->since_ms = at * 1000;
	return true;
}

/* A status finds a document by its newest version or by the one in force. */
static bool
has_status(const struct ledger_document *doc, const char *status)
{
	return strcmp(status, status_name(ledger_status(doc))) == 0 ||
	    (strcmp(status, status_name(STATUS_IN_FORCE)) == 0 &&
		ledger_now_in_force(doc) != NULL);
}

static bool
is_listed(const struct listing *listing, const struct sight *sight,
    const struct ledger_document *doc)
{
	return sight_reads(sight, doc->name) &&
	    (listing->status[0] == '\0' || has_status(doc, listing->status)) &&
	    doc->versions[doc->num_versions - 1].time_ms >= listing->since_ms;
}

/* Is it of the type, or the document, that is asked for? */
static bool
is_within(const struct listing *listing, const char *name)
{
	const size_t len = strlen(listing->type);

	return (len == 0 ||
		   (strncmp(name, listing->type, len) == 0 &&
		       name[len] == '/')) &&
	    (listing->document[0] == '\0' ||
		strcmp(name, listing->document) == 0);
}

/*
 * Returns the first document that is asked for after the cursor, or NULL. The
 * others follow it in the order of names.
 */
static struct ledger_document *
first_listed(const struct order *order, const struct listing *listing,
    struct order_cursor *at)
{
	char from[DOCUMENT_NAME + 2] = "";

	if (listing->document[0] != '\0')
		text_set(from, sizeof(from), listing->document);
	else if (listing->type[0] != '\0')
		snprintf(from, sizeof(from), "%s/", listing->type);
	if (strcmp(listing->cursor, from) >= 0) {
		*at = order_after(order, listing->cursor);
		return order_next(order, at);
	}
	*at = order_from(order, from);
	return order_next(order, at);
}

/* Append the row of a document, with the ledger locked for reading. */
static bool
append_row(const struct job *job, struct listing *listing,
    const struct ledger_document *doc, struct buf *out, struct error *err)
{
	char title[TITLE_TEXT];
	json_t *row;
	char *text;
	bool ok;

	text_set(listing->last, sizeof(listing->last), doc->name);
	/* Reading a title may release the lock.  Documents are never freed. */
	if (doc->title[0] == '\0')
		documents_title(job, doc, title);
	row = json_of_row(doc, doc->title[0] != '\0' ? doc->title : title);
	text = json_dumps(row, JSON_COMPACT);
	ok = text != NULL
	    ? buf_printf(out, err, "%s%s", listing->num++ > 0 ? "," : "", text)
	    : error_set_errno(err, "JSON");
	free(text);
	json_decref(row);
	return ok;
}

/* Append rows of the next documents, and note how far it came. */
static bool
append_rows(const struct job *job, struct listing *listing, struct buf *out,
    struct error *err)
{
	const struct sight sight =
	    sight_of(job->connected.by.policy, job->connected.office);
	struct ledger *ledger = job->api->record->ledger;
	const struct order *order = ledger_order(ledger);
	struct ledger_document *doc;
	struct order_cursor at;
	bool ok = true;

	ledger_read_lock(ledger);
	doc = first_listed(order, listing, &at);
	for (unsigned i = 0; ok; i++, doc = order_next(order, &at)) {
		if (doc == NULL || !is_within(listing, doc->name)) {
			listing->all = true;
			break;
		}
		if (i >= LOOK_AT || job_part_is_over(job))
			break;
		/* The next time goes on behind it. */
		text_set(listing->cursor, sizeof(listing->cursor), doc->name);
		if (!is_listed(listing, &sight, doc))
			continue;
		if (listing->num == LIMIT_LIST_PAGE) {
			listing->more = listing->all = true;
			break;
		}
		/* The place among them may move, if its title is read. */
		if (doc->title[0] != '\0') {
			ok = append_row(job, listing, doc, out, err);
			continue;
		}
		ok = append_row(job, listing, doc, out, err);
		at = order_after(order, listing->last);
	}
	ledger_unlock(ledger);
	return ok;
}

/* Append the end of the answer: where the next page begins, or null. */
static bool
append_end(const struct listing *listing, struct buf *out, struct error *err)
{
	return listing->more
	    ? buf_printf(out, err, "],\"cursor\":\"%s\"}\n", listing->last)
	    : buf_append_str(out, "],\"cursor\":null}\n", err);
}

bool
run_list(struct job *job, struct error *err)
{
	struct http_response *response = &job->request->response;
	struct listing *listing = job->state;
	struct buf *out = &response->body;
	bool ok = true;

	if (listing == NULL) {
		listing = job->state = calloc(1, sizeof(*listing));
		ok = (listing != NULL || error_set_errno(err, "list")) &&
		    read_listing(job, listing, err) &&
		    buf_append_str(out, "{\"documents\":[", err);
	}
	response->status = 200;
	response->type = "application/json";
	while (ok && !listing->all && !job_part_is_over(job))
		ok = append_rows(job, listing, out, err);
	if (!ok || (listing->all && !append_end(listing, out, err))) {
		out->len = 0;
		return false;
	}
	job_part(job, listing->all);
	return true;
}
