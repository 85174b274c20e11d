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

static bool
no_answer(struct error *err, const char *document, const char *what)
{
	return error_set_code(err, ERROR_UNTRUSTED, ANSWER_DIFFERS,
	    "the daemon's list is not an answer: %s %s", document, what);
}

/* --- The rows. --- */

/* Append the path of a page of the list, with its filters. */
static bool
list_path(const struct list_filters *filters, const char *cursor,
    struct buf *out, struct error *err)
{
	const struct {
		const char *key, *value;
	} all[] = { { "type", filters->type },
		{ "status", filters->all_versions ? NULL : filters->status },
		{ "since", filters->all_versions ? NULL : filters->since },
		{ "cursor", cursor } };
	bool first = true, ok;

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
			return no_answer(err, name,
			    "is out of order, or there"
			    " twice");
		document_type(name, type);
		if ((filters->type != NULL &&
			strcmp(filters->type, type) != 0) ||
		    (!filters->all_versions &&
			!list_has_status(row, filters->status)))
			return no_answer(err, name, "was not asked for");
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

/* What to do with the rows of a page. */
typedef bool take_rows(void *arg, json_t *rows, struct error *err);

/* Get all pages, one after another. */
static bool
each_page(struct session *session, const struct list_filters *filters,
    take_rows *take, void *arg, struct error *err)
{
	char cursor[DOCUMENT_NAME] = "", last[DOCUMENT_NAME] = "";
	struct buf met = BUF(LIMIT_ACTS_BYTES);

	do {
		struct buf path = BUF(2048);
		json_t *page = NULL;
		bool ok;

		ok = list_path(filters, cursor, &path, err) &&
		    session_json(session, (const char *)path.data, &page,
			err) &&
		    check_rows(filters, json_object_get(page, "documents"),
			last, err);
		buf_free(&path);
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

/* A take_rows. */
static bool
add_rows(void *arg, json_t *rows, struct error *err)
{
	return json_array_extend(arg, rows) == 0 ||
	    error_set_errno(err, "list");
}

bool
all_documents(struct session *session, json_t *all, struct error *err)
{
	const struct list_filters none = { .since_ms = INT64_MIN };

	return each_page(session, &none, add_rows, all, err);
}

/* --- What of them is proved. --- */

struct proving {
	struct session *session;
	const struct list_filters *filters;
	bool all; /* prove each row, else only those that are kept */
	/* the journal's size that was seen when the rows were asked for */
	uint64_t from;
	json_t *rows; /* the rows that are printed */
};

/* Does the row name the version in force?  An older daemon's names none. */
static bool
is_in_force_as(const struct document_acts *acts, const json_t *row)
{
	const struct ledger_version *now = ledger_now_in_force(&acts->doc);
	const json_t *in_force = json_object_get(row, "in-force");
	struct digest digest;

	if (in_force == NULL || now == NULL)
		return in_force == NULL || json_is_null(in_force);
	return json_integer_value(json_object_get(in_force, "version")) ==
	    now->number &&
	    digest_parse(span_of_str(json_text(in_force, "digest")), &digest) &&
	    digest_eq(&digest, &now->digest);
}

static bool
is_as(const struct document_acts *acts, const json_t *row)
{
	const struct ledger_version *newest = acts_version(acts, 0);
	struct digest digest;

	return newest != NULL &&
	    json_integer_value(json_object_get(row, "version")) ==
	    newest->number &&
	    strcmp(json_text(row, "status"),
		status_name(ledger_status(&acts->doc))) == 0 &&
	    digest_parse(span_of_str(json_text(row, "digest")), &digest) &&
	    digest_eq(&digest, &newest->digest) && is_in_force_as(acts, row);
}

/*
 * True if the document was in the row's state at any time since the rows were
 * asked for. They were answered after that, and before its acts were.
 */
static bool
was_as(const struct document_acts *acts, uint64_t from, const json_t *row)
{
	struct document_acts then;
	struct error ignored = { 0 };
	bool found = false;

	acts_begin(acts->doc.name, &then);
	for (size_t i = 0; !found && i < acts->num; i++) {
		const struct act_line *line = &acts->list[i];

		found = line->index >= from && is_as(&then, row);
		if (!acts_add(&then, line->index,
			span_sub(buf_span(&acts->lines), line->at, line->len),
			&ignored))
			break;
	}
	found = found || is_as(&then, row);
	acts_free(&then);
	return found;
}

/* An older daemon tells one title only. */
static bool
has_same_title(const json_t *proved, const json_t *row)
{
	const json_t *titles = json_object_get(row, "titles");

	return strcmp(json_text(proved, "title"), json_text(row, "title")) ==
	    0 &&
	    (titles == NULL ||
		json_equal(titles, json_object_get(proved, "titles")) != 0);
}

/* Add a row for each version, made from the proved acts. */
static bool
put_versions(struct proving *to, const struct document_acts *acts,
    const json_t *row, struct error *err)
{
	char titles[TITLE_TEXT];
	json_t *document;
	bool ok;

	title_of_row(row, titles);
	document = json_of_document(acts->doc.name, titles,
	    ledger_status(&acts->doc), json_of_versions(&acts->doc));
	ok = document != NULL ? list_add_versions(to->session->context,
				    to->filters, document, to->rows, err)
			      : error_set_errno(err, "list");
	json_decref(document);
	return ok;
}

/* Add a row made from the proved acts in place of the daemon's. */
static bool
put_proved(struct proving *to, const struct document_acts *acts, json_t *row,
    struct error *err)
{
	const struct ledger_version *newest = acts_version(acts, 0);
	const struct ledger_version *now = ledger_now_in_force(&acts->doc);
	char title[TITLE_TEXT];
	json_t *json;
	const bool same = is_as(acts, row);
	const bool known = title_of_version(to->session->context,
	    acts->doc.name, newest, title);

	if (to->filters->all_versions)
		return put_versions(to, acts, row, err);
	if (newest->time_ms < to->filters->since_ms)
		return no_answer(err, acts->doc.name, "was not asked for");
	if (!known)
		title_of_row(row, title);
	json = json_of_row(&acts->doc, title);
	if (same && known && !has_same_title(json, row)) {
		json_decref(json);
		return no_answer(err, acts->doc.name,
		    "has another title than its version.yaml");
	}
	/* It is not meant, or changed since. */
	if (json != NULL &&
	    !list_takes(to->session->context, to->filters, json,
		now != NULL ? now->office : NULL)) {
		json_decref(json);
		return true;
	}
	json_object_set_new(json, "proved", json_true());
	json_object_set_new(json, "title-proved", json_boolean(known));
	return json_array_append_new(to->rows, json) == 0 ||
	    error_set_errno(err, "list");
}

static bool
put_unproved(struct proving *to, json_t *row, struct error *err)
{
	if (!list_takes(to->session->context, to->filters, row, NULL))
		return true;
	return (json_object_set_new(row, "proved", json_false()) == 0 &&
		   json_object_set_new(row, "title-proved", json_false()) ==
		       0 &&
		   json_array_append(to->rows, row) == 0) ||
	    error_set_errno(err, "list");
}

/*
 * Prove a row. If it does not match what is kept, ask: the document changed, or
 * the daemon lies.
 */
static bool
prove_row(struct proving *to, json_t *row, struct error *err)
{
	const char *document = json_text(row, "document");
	struct document_acts acts;
	bool ok = true, fresh;

	acts_load(to->session->context, document, &acts);
	fresh = acts.size >= to->from && is_as(&acts, row);
	if (!to->all && !to->filters->all_versions && !fresh &&
	    !list_cannot_tell(to->session->context, to->filters, row) &&
	    (acts.doc.num_versions == 0 || is_as(&acts, row))) {
		acts_free(&acts);
		return put_unproved(to, row, err);
	}
	if (!fresh) {
		acts_free(&acts);
		ok = acts_update(to->session, document, &acts, err);
		if (ok && !was_as(&acts, to->from, row))
			ok = no_answer(err, document, "is not as its acts say");
	}
	ok = ok && put_proved(to, &acts, row, err);
	acts_free(&acts);
	return ok;
}

static bool
is_filtered(const struct list_filters *filters)
{
	return filters->type != NULL || filters->status != NULL ||
	    filters->since != NULL || filters->office != NULL ||
	    filters->party != NULL || filters->words.len > 0;
}

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
	struct proving proving;
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
		ok = ok && prove_row(&to->proving, row, err);
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
		to.proving = (struct proving){ .session = &session,
			.filters = filters,
			.all = proved,
			.from = session.seen.size };
		ok = each_page(&session, filters, list_rows, &to, err);
		if (ok && context->json)
			ok = print_json(to.all, session.seen.size, err);
		else if (ok)
			list_end(&printing, is_filtered(filters));
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
	json_t *all;
};

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
	    time_ms >= to->filters->since_ms &&
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

static bool
list_local(struct context *context, const struct list_filters *filters,
    struct error *err)
{
	struct list_table printing = { .local = true,
		.language = context->language };
	char dir[FILE_PATH];
	struct gathering to = { .context = context,
		.dir = dir,
		.filters = filters,
		.all = json_array() };
	bool ok;

	ok = local_dir(context, NULL, dir, err) &&
	    list_filters_check(context, filters, dir, err) &&
	    local_each(dir, filters->type, gather_local, &to, err);
	if (ok && context->json)
		ok = print_json(to.all, 0, err);
	else if (ok && (ok = list_print(&printing, to.all, err)))
		list_end(&printing, is_filtered(filters));
	list_free(&printing);
	json_decref(to.all);
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
