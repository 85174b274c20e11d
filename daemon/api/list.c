/*
 * GET /v1/documents: the documents that may be read, a page of them.
 *
 * Page after page by name is answered as the rows are found. If another order
 * is asked for, or how many there are, all documents are looked at first.
 */
#include <stdlib.h>
#include <string.h>

#include "base/pace.h"
#include "base/text.h"
#include "daemon/api/listing.h"
#include "record/json.h"

enum { LOOK_AT = 2000 }; /* documents with the ledger locked */

/* An answer under way. */
struct list {
	struct listing asked;
	/* By name: the document behind which to go on. */
	char behind[DOCUMENT_NAME];
	/* In another order: what was found, and how far it is answered. */
	struct ledger_document **found;
	size_t num_found, at;
	uint64_t count; /* how many match */
	/* The rows so far, and the cursor of the next page. */
	unsigned num;
	char cursor[SORTING_CURSOR];
	bool all; /* this is the end */
};

/*
 * Have a document's titles in memory, as far as they are asked for. Reading
 * them releases the lock, and the place among the others is found again.
 * Documents are never freed.
 */
static bool
know_titles(const struct job *job, const struct list *list,
    const struct ledger_document *doc, struct order_cursor *at,
    struct error *err)
{
	UNINITIALIZED char title[TITLE_TEXT];

	if (!listing_needs_titles(&list->asked, doc))
		return true;
	if (!documents_title(job, doc, title, err))
		return false;
	*at = order_after(ledger_order(job->api->record->ledger), doc->name);
	return true;
}

/* Append the row of a document, with the ledger locked for reading. */
static bool
append_row(const struct job *job, struct list *list,
    const struct ledger_document *doc, struct buf *out, struct error *err)
{
	UNINITIALIZED char title[TITLE_TEXT];
	json_t *row;
	char *text;
	bool ok;

	/* Reading a title may release the lock.  Documents are never freed. */
	if (doc->title[0] == '\0' && !documents_title(job, doc, title, err))
		return false;
	row = json_of_row(doc, doc->title[0] != '\0' ? doc->title : title);
	if (row != NULL && listing_waits(&list->asked, doc))
		json_object_set_new(row, "waits", json_true());
	text = json_dumps(row, JSON_COMPACT);
	ok = text != NULL
	    ? buf_printf(out, err, "%s%s", list->num++ > 0 ? "," : "", text)
	    : error_set_errno(err, "JSON");
	free(text);
	json_decref(row);
	return ok;
}

/* --- By name, as they are found. --- */

/* Append rows of the next documents, and note how far it came. */
static bool
append_next(const struct job *job, struct list *list, struct buf *scratch,
    struct buf *out, struct error *err)
{
	struct ledger *ledger = job->api->record->ledger;
	const struct order *order = ledger_order(ledger);
	struct ledger_document *doc;
	struct order_cursor at;
	bool ok = true, read;

	ledger_read_lock(ledger);
	doc = listing_first(&list->asked, order, list->behind, &at);
	for (unsigned i = 0; ok; i++, doc = order_next(order, &at)) {
		if (doc == NULL ||
		    !listing_is_within(&list->asked, doc->name)) {
			list->cursor[0] = '\0';
			list->all = true;
			break;
		}
		if (i >= LOOK_AT || job_part_is_over(job))
			break;
		/* The next time goes on behind it. */
		text_set(list->behind, sizeof(list->behind), doc->name);
		if (!(ok = know_titles(job, list, doc, &at, err)))
			break;
		if (!listing_matches(&list->asked, doc, scratch))
			continue;
		if (list->num == list->asked.limit) {
			list->all = true; /* and the cursor is the last row's */
			break;
		}
		text_set(list->cursor, sizeof(list->cursor), doc->name);
		/* The place among them may move, if its title is read. */
		read = doc->title[0] == '\0';
		ok = append_row(job, list, doc, out, err);
		if (read)
			at = order_after(order, doc->name);
	}
	ledger_unlock(ledger);
	return ok;
}

/* --- In any order, once all were looked at. --- */

/* One of the documents that come first. */
struct place {
	struct ledger_document *doc;
	struct sort_key key;
};

/* The first of them, one more than a page has: a heap, the last on top. */
struct choice {
	struct place *places;
	struct place **heap;
	size_t num, room;
};

static int
order_of(const struct listing *asked, const struct place *a,
    const struct place *b)
{
	return sorting_order(&asked->sorting, &a->key, a->doc->name, &b->key,
	    b->doc->name);
}

/* Let a place of the heap sink below those that come after it. */
static void
sink(const struct listing *asked, struct choice *choice, size_t at)
{
	struct place **heap = choice->heap;

	for (size_t child; (child = 2 * at + 1) < choice->num; at = child) {
		struct place *moved = heap[at];

		if (child + 1 < choice->num &&
		    order_of(asked, heap[child + 1], heap[child]) > 0)
			child++;
		if (order_of(asked, moved, heap[child]) >= 0)
			break;
		heap[at] = heap[child];
		heap[child] = moved;
	}
}

/* Take in a document if it comes before the last of those that are there. */
static void
choose(const struct listing *asked, struct choice *choice,
    struct ledger_document *doc)
{
	const struct ledger_version *newest =
	    &doc->versions[doc->num_versions - 1];
	UNINITIALIZED struct place one;
	struct place **heap = choice->heap;

	one.doc = doc;
	sorting_key(&asked->sorting, doc->name, doc->title, ledger_status(doc),
	    newest->time_ms, &one.key);
	if (asked->after_name[0] != '\0' &&
	    sorting_order(&asked->sorting, &one.key, doc->name, &asked->after,
		asked->after_name) <= 0)
		return;
	if (choice->num == choice->room) {
		if (order_of(asked, &one, heap[0]) >= 0)
			return;
		*heap[0] = one;
		sink(asked, choice, 0);
		return;
	}
	choice->places[choice->num] = one;
	heap[choice->num] = &choice->places[choice->num];
	for (size_t at = choice->num++; at > 0; at = (at - 1) / 2) {
		struct place *above = heap[(at - 1) / 2];

		if (order_of(asked, heap[at], above) <= 0)
			break;
		heap[(at - 1) / 2] = heap[at];
		heap[at] = above;
	}
}

/*
 * Look at the next documents; behind gets the name of the last.  *more: there are
 * others.
 */
static bool
look_on(const struct job *job, struct list *list, struct choice *choice,
    char behind[DOCUMENT_NAME], struct buf *scratch, bool *more,
    struct error *err)
{
	struct ledger *ledger = job->api->record->ledger;
	const struct order *order = ledger_order(ledger);
	const struct ledger_document *last = NULL;
	struct ledger_document *doc;
	struct order_cursor at;
	bool ok = true;

	ledger_read_lock(ledger);
	doc = listing_first(&list->asked, order, behind, &at);
	for (unsigned i = 0; i == 0 || (i < LOOK_AT && !workers_is_over());
	     i++, doc = order_next(order, &at)) {
		*more =
		    doc != NULL && listing_is_within(&list->asked, doc->name);
		if (!*more || !(ok = know_titles(job, list, doc, &at, err)))
			break;
		if (listing_matches(&list->asked, doc, scratch)) {
			list->count++;
			choose(&list->asked, choice, doc);
		}
		last = doc;
	}
	if (last != NULL)
		text_set(behind, DOCUMENT_NAME, last->name);
	ledger_unlock(ledger);
	return ok;
}

/* Put those that were chosen in their order, and note the cursor behind them. */
static void
settle(struct list *list, struct choice *choice)
{
	const struct listing *asked = &list->asked;
	size_t num = choice->num;

	while (choice->num > 0) {
		struct place *last = choice->heap[0];

		choice->heap[0] = choice->heap[--choice->num];
		sink(asked, choice, 0);
		if (choice->num < asked->limit)
			list->found[choice->num] = last->doc;
		if (num > asked->limit && choice->num + 1 == asked->limit)
			sorting_cursor_write(&asked->sorting, &last->key,
			    last->doc->name, list->cursor);
	}
	list->num_found = num > asked->limit ? asked->limit : num;
}

/* Find the documents of the page, and count all. */
static bool
find(const struct job *job, struct list *list, struct buf *scratch,
    struct error *err)
{
	const size_t room = (size_t)list->asked.limit + 1;
	struct choice choice = { .room = room,
		.places = calloc(room, sizeof(*choice.places)),
		.heap = calloc(room, sizeof(struct place *)) };
	char behind[DOCUMENT_NAME] = "";
	bool ok = (choice.places != NULL && choice.heap != NULL) ||
	    error_set_errno(err, "list");
	bool more = true;

	while (ok && more) {
		ok = look_on(job, list, &choice, behind, scratch, &more, err);
		pace_point();
	}
	if (ok)
		settle(list, &choice);
	free(choice.places);
	free(choice.heap);
	return ok;
}

/* Append rows of the next of those that were found. */
static bool
append_found(const struct job *job, struct list *list, struct buf *out,
    struct error *err)
{
	struct ledger *ledger = job->api->record->ledger;
	bool ok = true;

	ledger_read_lock(ledger);
	while (ok && list->at < list->num_found && !job_part_is_over(job)) {
		const struct ledger_document *doc = list->found[list->at++];

		/* It may have changed since it was found. */
		if (listing_takes(&list->asked, doc))
			ok = append_row(job, list, doc, out, err);
	}
	ledger_unlock(ledger);
	list->all = list->at == list->num_found;
	return ok;
}

/* --- The answer. --- */

/* Append the end of the answer: where the next page begins, or null. */
static bool
append_end(const struct list *list, struct buf *out, struct error *err)
{
	const bool more = list->cursor[0] != '\0';

	return buf_printf(out, err, "],\"cursor\":%s%s%s", more ? "\"" : "",
		   more ? list->cursor : "null", more ? "\"" : "") &&
	    (!list->asked.counted ||
		buf_printf(out, err, ",\"count\":%llu",
		    (unsigned long long)list->count)) &&
	    buf_append_str(out, "}\n", err);
}

/* Returns an answer that has begun, in one piece: it is freed with the job. */
static struct list *
begin(const struct job *job, struct buf *out, struct error *err)
{
	struct listing asked;
	struct list *list;
	size_t room;

	if (!listing_read(job, &asked, err))
		return NULL;
	room = asked.counted ? asked.limit : 0;
	list = calloc(1, sizeof(*list) + room * sizeof(*list->found));
	if (list == NULL) {
		error_set_errno(err, "list");
		return NULL;
	}
	list->asked = asked;
	list->found = (struct ledger_document **)(list + 1);
	text_set(list->behind, sizeof(list->behind), asked.after_name);
	if (!buf_append_str(out, "{\"documents\":[", err)) {
		free(list);
		return NULL;
	}
	return list;
}

bool
run_list(struct job *job, struct error *err)
{
	struct http_response *response = &job->request->response;
	struct buf scratch = BUF(SIZE_MAX);
	struct list *list = job->state;
	struct buf *out = &response->body;
	bool ok = true;

	if (list == NULL) {
		list = job->state = begin(job, out, err);
		ok = list != NULL &&
		    (!list->asked.counted || find(job, list, &scratch, err));
	}
	response->status = 200;
	response->type = "application/json";
	while (ok && !list->all && !job_part_is_over(job))
		ok = list->asked.counted
		    ? append_found(job, list, out, err)
		    : append_next(job, list, &scratch, out, err);
	buf_free(&scratch);
	if (!ok || (list->all && !append_end(list, out, err))) {
		out->len = 0;
		return false;
	}
	job_part(job, list->all);
	return true;
}
