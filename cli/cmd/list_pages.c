/*
 * The daemon's list, page by page (list.h).
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/cmd/list.h"
#include "cli/commands.h"
#include "client/known.h"

/* So many pages without a row may follow each other. */
enum { EMPTY_MAX = 16 };

/* Append the path of the next page, with its filters. */
static bool
list_path(const struct list_pages *pages, struct buf *out, struct error *err)
{
	const struct list_filters *filters = pages->filters;
	char number[16] = "";
	/* What is asked of each version, the daemon tells of the newest. */
	const bool newest = !filters->all_versions;
	/* It says how many there are only if it knows languages. */
	const unsigned limit = pages->limit == 0 && filters->language != NULL
	    ? LIMIT_LIST_PAGE
	    : pages->limit;
	const struct {
		const char *key, *value;
	} all[] = { { "document", filters->document },
		{ "type", filters->type },
		{ "status", newest ? filters->status : NULL },
		{ "since", newest ? filters->since : NULL },
		{ "until", newest ? filters->until : NULL },
		{ "office", newest ? filters->office : NULL },
		{ "party", newest ? filters->party : NULL },
		{ "language", newest ? filters->language : NULL },
		{ "q", newest ? filters->search : NULL },
		{ "waits", filters->waits ? "me" : NULL },
		{ "sort", pages->sorted ? filters->sort : NULL },
		{ "limit", number }, { "cursor", pages->cursor } };
	bool first = true, ok;

	if (limit != 0)
		snprintf(number, sizeof(number), "%u", limit);
	ok = buf_append_str(out, "/v1/documents", err);
	for (size_t i = 0; ok && i < sizeof(all) / sizeof(all[0]); i++) {
		if (all[i].value == NULL || all[i].value[0] == '\0')
			continue;
		ok = buf_printf(out, err, "%c%s=", first ? '?' : '&',
			 all[i].key) &&
		    remote_encode(out, all[i].value, err);
		first = false;
	}
	return ok && buf_append_u8(out, 0, err);
}

static bool
is_by_name(const struct list_pages *pages)
{
	const struct sorting *sorting = &pages->filters->sorting;

	return !pages->sorted ||
	    (sorting->by == SORT_NAME && !sorting->descending);
}

/* Check that a row is one that was asked for. */
static bool
check_row(const struct list_filters *filters, const json_t *row,
    struct error *err)
{
	const char *name = json_text(row, "document");
	char type[LIMIT_SLUG_BYTES + 1];

	if (!document_name_check(span_of_str(name), err))
		return error_context(err, "the daemon's list");
	document_type(name, type);
	return ((filters->document == NULL ||
		    strcmp(filters->document, name) == 0) &&
		   (filters->type == NULL ||
		       strcmp(filters->type, type) == 0) &&
		   (filters->all_versions ||
		       list_has_status(row, filters->status))) ||
	    list_no_answer(err, name, "was not asked for");
}

/* By name: each document once, in order. */
static bool
check_ordered(struct list_pages *pages, const json_t *rows, struct error *err)
{
	const json_t *row;
	size_t i;

	json_array_foreach (rows, i, row) {
		if (!check_row(pages->filters, row, err))
			return false;
		if (strcmp(json_text(row, "document"), pages->last) <= 0)
			return list_no_answer(err, json_text(row, "document"),
			    "is out of order, or there twice");
		text_set(pages->last, sizeof(pages->last),
		    json_text(row, "document"));
	}
	return true;
}

/* In another order a document that changed may come again: it is left out. */
static bool
drop_repeated(struct list_pages *pages, json_t *rows, struct error *err)
{
	const size_t num = json_array_size(rows);

	if (pages->met == NULL && (pages->met = json_object()) == NULL)
		return error_set_errno(err, "list");
	for (size_t i = 0; i < json_array_size(rows);) {
		const json_t *row = json_array_get(rows, i);
		const char *name = json_text(row, "document");

		if (!check_row(pages->filters, row, err))
			return false;
		if (json_object_get(pages->met, name) != NULL) {
			json_array_remove(rows, i);
			continue;
		}
		if (json_object_set_new(pages->met, name, json_true()) != 0)
			return error_set_errno(err, "list");
		i++;
	}
	return num == 0 || json_array_size(rows) > 0 ||
	    error_set(err, ERROR_MALFORMED,
		"the daemon's list goes round in circles");
}

/*
 * Take the cursor, of a page with so many rows.  One that does not move on would
 * never end, nor would pages without a row; a document that changed while the
 * daemon made a page may be the only one that it lacks.
 */
static bool
take_cursor(struct list_pages *pages, size_t num, struct error *err)
{
	const char *next = json_text(pages->page, "cursor");

	pages->num_empty = num == 0 ? pages->num_empty + 1 : 0;
	if (next[0] != '\0' &&
	    (pages->num_empty > EMPTY_MAX ||
		(is_by_name(pages) ? strcmp(next, pages->cursor) <= 0
				   : strcmp(next, pages->cursor) == 0)))
		return error_set(err, ERROR_MALFORMED,
		    "the daemon's list goes round in circles");
	return text_take(pages->cursor, sizeof(pages->cursor), next, err);
}

/* An older daemon ignores what it does not know; the rest is checked here. */
static bool
check_age(struct list_pages *pages, struct error *err)
{
	const json_t *count = json_object_get(pages->page, "count");

	pages->count = json_is_integer(count) ? json_integer_value(count) : -1;
	return pages->count >= 0 || pages->filters->language == NULL ||
	    pages->filters->all_versions ||
	    error_set(err, ERROR_USAGE,
		"this daemon is older and cannot tell the documents of a"
		" language");
}

bool
list_pages_next(struct list_pages *pages, json_t **rows, struct error *err)
{
	struct buf path = BUF(LIMIT_HTTP_TARGET);
	bool ok;

	json_decref(pages->page);
	pages->page = NULL;
	ok = list_path(pages, &path, err) &&
	    session_json(pages->session, (const char *)path.data, &pages->page,
		err) &&
	    check_age(pages, err);
	buf_free(&path);
	*rows = json_object_get(pages->page, "documents");
	return ok &&
	    (is_by_name(pages) ? check_ordered(pages, *rows, err)
			       : drop_repeated(pages, *rows, err)) &&
	    take_cursor(pages, json_array_size(*rows), err);
}

void
list_pages_end(struct list_pages *pages)
{
	json_decref(pages->page);
	json_decref(pages->met);
	pages->page = pages->met = NULL;
}

bool
list_all_rows(struct session *session, const struct list_filters *filters,
    json_t *all, struct error *err)
{
	struct list_pages pages = { .session = session, .filters = filters };
	json_t *rows;
	bool ok;

	do
		ok = list_pages_next(&pages, &rows, err) &&
		    (json_array_extend(all, rows) == 0 ||
			error_set_errno(err, "list"));
	while (ok && pages.cursor[0] != '\0');
	list_pages_end(&pages);
	return ok;
}

bool
all_documents(struct session *session, json_t *all, struct error *err)
{
	const struct list_filters none = LIST_FILTERS;

	return list_all_rows(session, &none, all, err);
}

bool
list_pages_begin_at(struct list_pages *pages, const char *cursor,
    struct error *err)
{
	if (strlen(cursor) >= sizeof(pages->cursor))
		return error_set(err, ERROR_USAGE,
		    "the cursor is none: begin with the first page");
	text_set(pages->cursor, sizeof(pages->cursor), cursor);
	if (is_by_name(pages) && strlen(cursor) < sizeof(pages->last))
		text_set(pages->last, sizeof(pages->last), cursor);
	return true;
}
