/*
 * list - the register of documents: the daemon's rows, marked as proved or not.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "cli/cmd/list.h"
#include "cli/commands.h"
#include "cli/local/local.h"
#include "client/acts.h"
#include "client/known.h"

/*
 * cursor is the next page's, or "" (there is none); size the journal's that was
 * seen, count the daemon's word for how many match; 0 and -1: nobody said.
 */
static bool
print_json(json_t *all, const char *cursor, uint64_t size, json_int_t count,
    struct error *err)
{
	json_t *json = json_pack("{s:O, s:s?}", "documents", all, "cursor",
	    cursor[0] != '\0' ? cursor : NULL);

	if (size != 0)
		json_object_set_new(json, "size",
		    json_integer((json_int_t)size));
	if (count >= 0)
		json_object_set_new(json, "count", json_integer(count));
	return output_json(json, err);
}

/* Leave the first so many rows; 0: all. */
static void
cut_rows(json_t *rows, unsigned limit)
{
	while (limit != 0 && json_array_size(rows) > limit)
		json_array_remove(rows, json_array_size(rows) - 1);
}

/* --- With a line. --- */

struct listing {
	struct list_proving proving;
	struct list_pages pages;
	struct list_table *printing; /* NULL: rows are gathered in all */
	json_t *all;
	struct buf met; /* names of documents, by name */
	size_t num;     /* rows so far */
};

/* Note the name of each row, as far as there is room. */
static void
note_names(struct listing *to, const json_t *rows)
{
	struct error ignored = { 0 };
	const json_t *row;
	size_t i;

	if (to->pages.met != NULL)
		return;
	json_array_foreach (rows, i, row)
		if (!buf_printf(&to->met, &ignored, "%s\n",
			json_text(row, "document")))
			return;
}

/* Are there as many rows as are wanted? */
static bool
is_enough(const struct listing *to)
{
	const struct list_filters *filters = to->proving.filters;

	/* An older daemon does not sort: the first may be its last. */
	return filters->limit != 0 && to->num >= filters->limit &&
	    (filters->sort == NULL || to->pages.count >= 0);
}

/* Mark each row of a page, and print it before the next one is asked for. */
static bool
take_rows(struct listing *to, json_t *said, struct error *err)
{
	const struct list_filters *filters = to->proving.filters;
	json_t *rows = json_array();
	bool ok;

	to->proving.rows = rows;
	ok = list_prove_rows(&to->proving, said, err);
	if (ok && to->printing != NULL && filters->limit != 0)
		cut_rows(rows, filters->limit - (unsigned)to->num);
	to->num += json_array_size(rows);
	ok = ok &&
	    (to->printing != NULL ? list_print(to->printing, rows, err)
				  : json_array_extend(to->all, rows) == 0 ||
			error_set_errno(err, "list"));
	json_decref(rows);
	return ok;
}

/* Take the pages, until the last or until there are enough. */
static bool
take_pages(struct listing *to, struct error *err)
{
	json_t *rows;
	bool ok;

	do {
		ok = list_pages_next(&to->pages, &rows, err) &&
		    take_rows(to, rows, err);
		if (ok)
			note_names(to, rows);
	} while (ok && to->pages.cursor[0] != '\0' && !is_enough(to));
	if (ok)
		known_remember(to->proving.session->context,
		    buf_span(&to->met));
	return ok;
}

/*
 * Print what is not printed yet, and what the words in it mean; cursor is the
 * next page's, or "" though there may be more.
 */
static bool
print_end(struct listing *to, struct list_table *table, const char *cursor,
    bool more, struct error *err)
{
	const struct session *session = to->proving.session;
	const struct list_filters *filters = to->proving.filters;

	if (session->context->json)
		return print_json(to->all, cursor, session->seen.size,
		    to->pages.count, err);
	if (to->printing == NULL && !list_print(table, to->all, err))
		return false;
	list_end(table, list_is_filtered(filters));
	if (more && to->pages.count >= 0)
		output_note("the first %u of %lld, as the daemon counts them",
		    filters->limit, to->pages.count);
	else if (more)
		output_note("the first %u; there are more", filters->limit);
	return true;
}

/* End a list in the order that was asked for. */
static bool
end_in_order(struct listing *to, struct list_table *table, struct error *err)
{
	const struct list_filters *filters = to->proving.filters;
	const bool more = filters->limit != 0 &&
	    (to->pages.cursor[0] != '\0' || to->num > filters->limit);
	char cursor[SORTING_CURSOR] = "";

	if (!list_sort(filters, to->all, err))
		return false;
	cut_rows(to->all, filters->limit);
	/* Of the last page too many rows may have been taken. */
	if (more && to->num <= filters->limit)
		text_set(cursor, sizeof(cursor), to->pages.cursor);
	else if (more && to->pages.count >= 0 && json_array_size(to->all) > 0)
		list_cursor_of(filters,
		    json_array_get(to->all, json_array_size(to->all) - 1),
		    cursor);
	return print_end(to, table, cursor, more, err);
}

/* The list in the order of --mine-first. */
static bool
list_mine(struct listing *to, struct list_table *table, struct error *err)
{
	const struct list_filters *filters = to->proving.filters;
	char cursor[LIST_MINE_CURSOR];
	json_t *rows = json_array();
	bool ok;

	ok = list_mine_rows(to->proving.session, filters, rows, cursor,
		 &to->pages.count, err) &&
	    take_rows(to, rows, err) &&
	    print_end(to, table, cursor, cursor[0] != '\0', err);
	json_decref(rows);
	return ok;
}

static bool
list_line(struct context *context, const struct list_filters *filters,
    bool proved, struct error *err)
{
	struct session session;
	struct list_table table = { .language = context->language };
	struct listing to = { .all = json_array(),
		.met = BUF(LIMIT_ACTS_BYTES),
		.printing = context->json || filters->sort != NULL ||
			filters->mine_first
		    ? NULL
		    : &table };
	bool ok = session_open(context, &session, err);

	if (ok) {
		list_proving_begin(&session, filters, proved, NULL,
		    &to.proving);
		/* All of them are asked for by name, so that none is missed. */
		to.pages = (struct list_pages){ .session = &session,
			.filters = filters,
			.sorted = filters->limit != 0,
			.limit = filters->limit < LIMIT_LIST_PAGE
			    ? filters->limit
			    : LIMIT_LIST_PAGE };
		ok = filters->mine_first ? list_mine(&to, &table, err)
					 : (filters->cursor == NULL ||
					       list_pages_begin_at(&to.pages,
						   filters->cursor, err)) &&
			take_pages(&to, err) && end_in_order(&to, &table, err);
		list_pages_end(&to.pages);
		session_close(&session);
	}
	list_free(&table);
	buf_free(&to.met);
	json_decref(to.all);
	return ok;
}

/* --- Without a line. --- */

struct gathering {
	struct context *context;
	const char *dir;
	const struct list_filters *filters;
	struct list_person person;
	json_t *all;
};

/* Does it wait for this person's signature, by the acts that are kept? */
static bool
waits_here(const struct gathering *to, const char *document)
{
	struct document_acts acts;
	bool waits;

	acts_load(to->context, document, &acts);
	waits = list_waits(&to->person, &acts.doc);
	acts_free(&acts);
	return waits;
}

/* Add the row of a document by its newest version in the local copy. */
static bool
gather_local(void *arg, const char *document, struct error *err)
{
	struct gathering *to = arg;
	json_t *row;
	json_t *json = local_document(to->context, to->dir, document, err);

	if (json == NULL)
		return false;
	if (to->filters->waits && !waits_here(to, document)) {
		json_decref(json);
		return true;
	}
	if (to->filters->all_versions) {
		const bool ok = list_add_versions(to->context, to->filters,
		    json, to->all, err);

		json_decref(json);
		return ok;
	}
	row = json_row_of(json);
	if (row != NULL &&
	    list_takes(to->context, to->filters, row,
		list_office_in_force(json)) &&
	    list_has_language(to->context, to->filters, row, false)) {
		json_object_set(row, "proved", json_object_get(json, "proved"));
		json_object_set_new(row, "title-proved", json_true());
		list_mark_unread(to->context, row);
		if (to->filters->mine_first)
			json_object_set_new(row, "waits",
			    json_boolean(waits_here(to, document)));
		json_object_set(row, "as-of", json_object_get(json, "as-of"));
		json_array_append(to->all, row);
	}
	json_decref(row);
	json_decref(json);
	return true;
}

bool
list_local_rows(struct context *context, const struct list_filters *filters,
    json_t *rows, struct error *err)
{
	char dir[FILE_PATH];
	struct gathering to = { .context = context,
		.dir = dir,
		.filters = filters,
		.all = rows };

	list_person_of(context, &to.person);
	return local_dir(context, NULL, dir, err) &&
	    list_filters_check(context, filters, dir, err) &&
	    local_each(dir, filters->type, gather_local, &to, err) &&
	    list_sort(filters, rows, err);
}

static bool
list_local(struct context *context, const struct list_filters *filters,
    struct error *err)
{
	struct list_table printing = { .local = true,
		.language = context->language };
	json_t *all = json_array();
	bool ok = list_local_rows(context, filters, all, err);
	const size_t num = json_array_size(all);

	if (ok && filters->mine_first)
		list_mine_order(all);
	cut_rows(all, filters->limit);
	if (ok && context->json)
		ok = print_json(all, "", 0, (json_int_t)num, err);
	else if (ok && (ok = list_print(&printing, all, err))) {
		list_end(&printing, list_is_filtered(filters));
		if (num > json_array_size(all))
			output_note("the first %u of %zu", filters->limit, num);
	}
	list_free(&printing);
	json_decref(all);
	return ok;
}

bool
cmd_list(struct context *context, const struct options_given *given,
    struct error *err)
{
	const bool proved = options_has(given, OPTION_PROVED);
	struct list_filters filters;
	bool ok;

	ok = list_filters_read(given, &filters, err) &&
	    (!proved || arguments_need_line(context, "--proved", err)) &&
	    (filters.cursor == NULL ||
		arguments_need_line(context, "--cursor", err)) &&
	    context_load(context, err) &&
	    (context->local
		    ? list_local(context, &filters, err)
		    : list_filters_check(context, &filters, NULL, err) &&
			list_line(context, &filters, proved, err));
	return ok;
}
