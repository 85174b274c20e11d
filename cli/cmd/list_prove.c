/*
 * Which rows of the daemon's list are proved (list.h): each row that the acts
 * on its document prove is made anew from them.
 */
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "cli/cmd/list.h"
#include "cli/commands.h"
#include "client/acts.h"

bool
list_no_answer(struct error *err, const char *document, const char *what)
{
	return error_set_code(err, ERROR_UNTRUSTED, ANSWER_DIFFERS,
	    "the daemon's list is not an answer: %s %s", document, what);
}

void
list_proving_begin(struct session *session, const struct list_filters *filters,
    bool all, json_t *rows, struct list_proving *out)
{
	*out = (struct list_proving){ .session = session,
		.filters = filters,
		.all = all,
		.from = session->seen.size,
		.rows = rows };
	list_person_of(session->context, &out->person);
}

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
put_versions(struct list_proving *to, const struct document_acts *acts,
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
put_proved(struct list_proving *to, const struct document_acts *acts,
    json_t *row, struct error *err)
{
	const struct ledger_version *newest = acts_version(acts, 0);
	const struct ledger_version *now = ledger_now_in_force(&acts->doc);
	char title[TITLE_TEXT];
	json_t *json;
	const bool same = is_as(acts, row);
	const bool waits = list_waits(&to->person, &acts->doc);
	const bool known = title_of_version(to->session->context,
	    acts->doc.name, newest, title);

	if (to->filters->waits && !waits)
		return true;
	if (to->filters->all_versions)
		return put_versions(to, acts, row, err);
	/* A newer version may have come since. */
	if (!list_is_within(to->filters, newest->time_ms))
		return !same ||
		    list_no_answer(err, acts->doc.name, "was not asked for");
	if (!known)
		title_of_row(row, title);
	json = json_of_row(&acts->doc, title);
	if (same && known && !has_same_title(json, row)) {
		json_decref(json);
		return list_no_answer(err, acts->doc.name,
		    "has another title than its version.yaml");
	}
	/* It is not meant, or changed since. */
	if (json != NULL &&
	    (!list_takes(to->session->context, to->filters, json,
		 now != NULL ? now->office : NULL) ||
		!list_has_language(to->session->context, to->filters, json,
		    true))) {
		json_decref(json);
		return true;
	}
	json_object_set_new(json, "waits", json_boolean(waits));
	json_object_set_new(json, "proved", json_true());
	json_object_set_new(json, "title-proved", json_boolean(known));
	list_mark_unread(to->session->context, json);
	return json_array_append_new(to->rows, json) == 0 ||
	    error_set_errno(err, "list");
}

static bool
put_unproved(struct list_proving *to, json_t *row, struct error *err)
{
	if (!list_takes(to->session->context, to->filters, row, NULL) ||
	    !list_has_language(to->session->context, to->filters, row, true))
		return true;
	list_mark_unread(to->session->context, row);
	return (json_object_set_new(row, "proved", json_false()) == 0 &&
		   json_object_set_new(row, "title-proved", json_false()) ==
		       0 &&
		   json_array_append(to->rows, row) == 0) ||
	    error_set_errno(err, "list");
}

/* What is to be done about a row, by the acts of it that are kept. */
enum row_state { ROW_PROVED, ROW_UNPROVED, ROW_TO_ASK };

static enum row_state
look_at(const struct list_proving *to, const struct document_acts *acts,
    const json_t *row)
{
	const struct list_filters *filters = to->filters;

	if (acts->size >= to->from && is_as(acts, row))
		return ROW_PROVED;
	return !to->all && !filters->all_versions && !filters->waits &&
		!list_cannot_tell(to->session->context, filters, row) &&
		(acts->doc.num_versions == 0 || is_as(acts, row))
	    ? ROW_UNPROVED
	    : ROW_TO_ASK;
}

/* Prove one row, of which the acts are to be looked at (again). */
static bool
prove_row(struct list_proving *to, json_t *row, struct error *err)
{
	const char *document = json_text(row, "document");
	struct document_acts acts;
	enum row_state state;
	bool ok = true;

	acts_load(to->session->context, document, &acts);
	state = look_at(to, &acts, row);
	if (state == ROW_UNPROVED) {
		acts_free(&acts);
		return put_unproved(to, row, err);
	}
	if (state == ROW_TO_ASK) {
		acts_free(&acts);
		ok = acts_update(to->session, document, &acts, err);
		if (ok && !was_as(&acts, to->from, row))
			ok = list_no_answer(err, document,
			    "is not as its acts say");
	}
	ok = ok && put_proved(to, &acts, row, err);
	acts_free(&acts);
	return ok;
}

/*
 * Look at all rows, and ask for the acts of those that need it at once, where
 * that is quicker. "unproved", of one byte a row, tells which stay as they are:
 * their acts need not be read a second time.
 */
static bool
look_ahead(struct list_proving *to, const json_t *rows, bool *unproved,
    struct error *err)
{
	const char **names = calloc(json_array_size(rows) + 1, sizeof(*names));
	size_t i, num = 0;
	const json_t *row;

	if (names == NULL)
		return error_set_errno(err, "list");
	json_array_foreach (rows, i, row) {
		struct document_acts acts;
		enum row_state state;

		acts_load(to->session->context, json_text(row, "document"),
		    &acts);
		state = look_at(to, &acts, row);
		acts_free(&acts);
		unproved[i] = state == ROW_UNPROVED;
		if (state == ROW_TO_ASK)
			names[num++] = json_text(row, "document");
	}
	acts_update_many(to->session, names, num);
	free(names);
	return true;
}

bool
list_prove_rows(struct list_proving *to, json_t *rows, struct error *err)
{
	bool *unproved = calloc(json_array_size(rows) + 1, sizeof(*unproved));
	json_t *row;
	size_t i;
	bool ok;

	acts_update_begin(to->session);
	ok = unproved != NULL ? look_ahead(to, rows, unproved, err)
			      : error_set_errno(err, "list");
	json_array_foreach (rows, i, row)
		ok = ok &&
		    (unproved[i] ? put_unproved(to, row, err)
				 : prove_row(to, row, err));
	acts_update_end(to->session);
	free(unproved);
	return ok;
}
