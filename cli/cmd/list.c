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

/* size is the journal's that was seen; 0 without a line. */
static bool
print_json(json_t *all, uint64_t size, struct error *err)
{
	json_t *json = json_pack("{s:O, s:n}", "documents", all, "cursor");

	if (size != 0)
		json_object_set_new(json, "size",
		    json_integer((json_int_t)size));
	return output_json(json, err);
}

/* --- With a line. --- */

struct listing {
	struct list_proving proving;
	struct list_table *printing; /* NULL: all go to one JSON object */
	json_t *all;
};

/* Mark each row of a page, and print it before the next one is asked for. */
static bool
list_rows(void *arg, json_t *said, struct error *err)
{
	struct listing *to = arg;
	json_t *row;
	size_t i;
	bool ok = true;

	to->proving.rows = to->printing != NULL ? json_array() : to->all;
	json_array_foreach (said, i, row)
		ok = ok && list_prove_row(&to->proving, row, err);
	if (to->printing == NULL)
		return ok;
	ok = ok && list_print(to->printing, to->proving.rows, err);
	json_decref(to->proving.rows);
	return ok;
}

static bool
list_line(struct context *context, const struct list_filters *filters,
    bool proved, struct error *err)
{
	struct session session;
	struct list_table printing = { .language = context->language };
	struct listing to = { .all = json_array(),
		.printing = context->json ? NULL : &printing };
	bool ok = session_open(context, &session, err);

	if (ok) {
		list_proving_begin(&session, filters, proved, to.all,
		    &to.proving);
		ok = list_each_page(&session, filters, list_rows, &to, err);
		if (ok && context->json)
			ok = print_json(to.all, session.seen.size, err);
		else if (ok)
			list_end(&printing, list_is_filtered(filters));
		session_close(&session);
	}
	list_free(&printing);
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
	const json_t *newest;
	json_t *row;
	json_t *json = local_document(to->context, to->dir, document, err);
	int64_t time_ms;
	size_t num;

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
	num = json_array_size(json_object_get(json, "versions"));
	newest = json_array_get(json_object_get(json, "versions"), num - 1);
	row = json_row_of(json);
	if (row != NULL &&
	    time_parse_ms(span_of_str(json_text(newest, "time")), &time_ms) &&
	    list_is_within(to->filters, time_ms) &&
	    list_takes(to->context, to->filters, row,
		list_office_in_force(json))) {
		json_object_set(row, "proved", json_object_get(json, "proved"));
		json_object_set_new(row, "title-proved", json_true());
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
	    local_each(dir, filters->type, gather_local, &to, err);
}

static bool
list_local(struct context *context, const struct list_filters *filters,
    struct error *err)
{
	struct list_table printing = { .local = true,
		.language = context->language };
	json_t *all = json_array();
	bool ok = list_local_rows(context, filters, all, err);

	if (ok && context->json)
		ok = print_json(all, 0, err);
	else if (ok && (ok = list_print(&printing, all, err)))
		list_end(&printing, list_is_filtered(filters));
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
	    context_load(context, err) &&
	    (context->local
		    ? list_local(context, &filters, err)
		    : list_filters_check(context, &filters, NULL, err) &&
			list_line(context, &filters, proved, err));
	list_filters_free(&filters);
	return ok;
}
