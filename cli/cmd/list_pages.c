/*
 * The daemon's list, page by page (list.h).
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/cmd/list.h"
#include "cli/commands.h"
#include "client/known.h"

/* Append the path of a page of the list, with its filters. */
static bool
list_path(const struct list_filters *filters, const char *cursor,
    unsigned limit, struct buf *out, struct error *err)
{
	char number[16] = "";
	const struct {
		const char *key, *value;
	} all[] = { { "type", filters->type },
		{ "status", filters->all_versions ? NULL : filters->status },
		{ "since", filters->all_versions ? NULL : filters->since },
		{ "limit", number }, { "cursor", cursor } };
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

/*
 * Check a page: each document once, in order, and only rows that were asked
 * for.
 */
static bool
check_rows(const struct list_filters *filters, const json_t *rows,
    char last[DOCUMENT_NAME], struct error *err)
{
	const json_t *row;
	size_t i;

	json_array_foreach (rows, i, row) {
		const char *name = json_text(row, "document");
		char type[LIMIT_SLUG_BYTES + 1];

		if (!document_name_check(span_of_str(name), err))
			return error_context(err, "the daemon's list");
		if (strcmp(name, last) <= 0)
			return list_no_answer(err, name,
			    "is out of order, or there"
			    " twice");
		document_type(name, type);
		if ((filters->type != NULL &&
			strcmp(filters->type, type) != 0) ||
		    (!filters->all_versions &&
			!list_has_status(row, filters->status)))
			return list_no_answer(err, name, "was not asked for");
		text_set(last, DOCUMENT_NAME, name);
	}
	return true;
}

/* Append the name of each row, as far as there is room. */
static void
add_names(const json_t *rows, struct buf *out)
{
	struct error ignored = { 0 };
	const json_t *row;
	size_t i;

	json_array_foreach (rows, i, row)
		if (!buf_printf(out, &ignored, "%s\n",
			json_text(row, "document")))
			return;
}

/* Ask for a page, and check it: last is the name of the last row before. */
static bool
ask_page(struct session *session, const struct list_filters *filters,
    const char *cursor, unsigned limit, char last[DOCUMENT_NAME], json_t **page,
    struct error *err)
{
	struct buf path = BUF(LIMIT_HTTP_TARGET);
	const bool ok = list_path(filters, cursor, limit, &path, err) &&
	    session_json(session, (const char *)path.data, page, err) &&
	    check_rows(filters, json_object_get(*page, "documents"), last, err);

	buf_free(&path);
	return ok;
}

bool
list_each_page(struct session *session, const struct list_filters *filters,
    list_take_rows *take, void *arg, struct error *err)
{
	char cursor[DOCUMENT_NAME] = "", last[DOCUMENT_NAME] = "";
	struct buf met = BUF(LIMIT_ACTS_BYTES);

	do {
		json_t *page = NULL;
		bool ok;

		ok = ask_page(session, filters, cursor, 0, last, &page, err);
		/* A cursor that does not move on would never end. */
		if (ok && strcmp(json_text(page, "cursor"), cursor) <= 0 &&
		    json_text(page, "cursor")[0] != '\0')
			ok = error_set(err, ERROR_MALFORMED,
			    "the daemon's list goes round in circles");
		ok = ok &&
		    text_take(cursor, sizeof(cursor), json_text(page, "cursor"),
			err) &&
		    take(arg, json_object_get(page, "documents"), err);
		if (ok)
			add_names(json_object_get(page, "documents"), &met);
		json_decref(page);
		if (!ok) {
			buf_free(&met);
			return false;
		}
	} while (cursor[0] != '\0');
	known_remember(session->context, buf_span(&met));
	buf_free(&met);
	return true;
}

/* Returns a page's JSON; rows is taken over.  NULL: there is no memory. */
static json_t *
json_of_page(const struct session *session, const json_t *page, json_t *rows)
{
	json_t *count = json_object_get(page, "count");
	json_t *cursor = json_object_get(page, "cursor");

	return json_pack("{s:o, s:o, s:o, s:I}", "documents", rows, "cursor",
	    json_is_string(cursor) ? json_incref(cursor) : json_null(), "count",
	    json_is_integer(count) ? json_incref(count) : json_null(), "size",
	    (json_int_t)session->seen.size);
}

bool
list_page(struct session *session, const struct list_filters *filters,
    const char *cursor, unsigned limit, bool prove_all, json_t **out,
    struct error *err)
{
	struct list_proving proving;
	char last[DOCUMENT_NAME] = "";
	json_t *page = NULL, *row;
	size_t i;
	bool ok;

	list_proving_begin(session, filters, prove_all, json_array(), &proving);
	ok = ask_page(session, filters, cursor, limit, last, &page, err);
	json_array_foreach (json_object_get(page, "documents"), i, row)
		ok = ok && list_prove_row(&proving, row, err);
	*out = ok ? json_of_page(session, page, proving.rows) : NULL;
	if (!ok)
		json_decref(proving.rows);
	json_decref(page);
	return ok && (*out != NULL || error_set_errno(err, "list"));
}

/* A list_take_rows. */
static bool
add_rows(void *arg, json_t *rows, struct error *err)
{
	return json_array_extend(arg, rows) == 0 ||
	    error_set_errno(err, "list");
}

bool
all_documents(struct session *session, json_t *all, struct error *err)
{
	const struct list_filters none = LIST_FILTERS;

	return list_each_page(session, &none, add_rows, all, err);
}
