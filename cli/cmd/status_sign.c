/*
 * What waits for this person's signature (status.h).
 */
#include <string.h>

#include "base/time.h"
#include "cli/cmd/list.h"
#include "cli/cmd/status.h"
#include "cli/commands.h"
#include "client/acts.h"
#include "client/title.h"
#include "record/awaiting.h"

/* May this person sign documents of this one's type at all? */
static bool
may_sign(const struct status_signing *of, const char *document)
{
	const int64_t now_at = time_now_ms() / 1000;
	char type[LIMIT_SLUG_BYTES + 1];

	document_type(document, type);
	return policy_decide_sign(of->policy, of->office, of->person, type,
		   SIGNING_APPROVAL, now_at)
		   .allowed ||
	    policy_decide_sign(of->policy, of->office, of->person, type,
		SIGNING_TERMINATION, now_at)
		.allowed;
}

/* Who has signed of each party, of how many. */
static json_t *
json_of_parties(const struct awaiting *awaiting)
{
	json_t *parties = json_array();

	for (size_t i = 0; i < awaiting->num; i++)
		json_array_append_new(parties,
		    json_pack("{s:s, s:I, s:I}", "party",
			awaiting->parties[i].party, "signed",
			(json_int_t)awaiting->parties[i].has, "needed",
			(json_int_t)awaiting->parties[i].needs));
	return parties;
}

/* title is the daemon's, or NULL; one that passed through here is better. */
static bool
add(const struct status_signing *of, const struct document_acts *acts,
    const char *title, json_t *out, struct error *err)
{
	static const enum signing both[] = { SIGNING_APPROVAL,
		SIGNING_TERMINATION };

	for (size_t i = 0; i < 2; i++) {
		char titles[TITLE_TEXT], known[LIMIT_TITLE_BYTES + 1];
		struct awaiting awaiting;
		struct as_of as_of;
		json_t *json;

		if (!awaiting_of(of->policy, &acts->doc, both[i], &awaiting) ||
		    !awaiting_person(&awaiting, of->policy, of->office,
			of->person, acts->doc.name, time_now_ms() / 1000))
			continue;
		as_of_document(acts, &as_of);
		if (title_of_version(of->context, acts->doc.name,
			awaiting.version, titles)) {
			title_text_pick(titles, of->context->language, known);
			title = known;
		}
		json = json_pack("{s:s, s:I, s:s, s:s, s:s*, s:o, s:o, s:o}",
		    "document", acts->doc.name, "version",
		    (json_int_t)awaiting.version->number, "status",
		    status_name(awaiting.version->status), "command",
		    both[i] == SIGNING_APPROVAL ? "sign" : "terminate", "title",
		    title, "digest", json_of_digest(&awaiting.version->digest),
		    "parties", json_of_parties(&awaiting), "as-of",
		    as_of_json(&as_of));
		if (json == NULL || json_array_append_new(out, json) != 0)
			return error_set(err, ERROR_SYSTEM,
			    "what waits for a signature: no memory");
	}
	return true;
}

/* --- With a line. --- */

/* Are these acts those that lead to the row? Then none is asked for. */
static bool
is_row(const struct document_acts *acts, const json_t *row)
{
	const struct ledger_version *newest = acts_version(acts, 0);
	struct digest digest;

	return newest != NULL && json_is_object(row) &&
	    json_integer_value(json_object_get(row, "version")) ==
	    newest->number &&
	    strcmp(json_text(row, "status"),
		status_name(ledger_status(&acts->doc))) == 0 &&
	    digest_parse(span_of_str(json_text(row, "digest")), &digest) &&
	    digest_eq(&digest, &newest->digest);
}

static bool
is_open(const char *status)
{
	return strcmp(status, status_name(STATUS_DRAFT)) == 0 ||
	    strcmp(status, status_name(STATUS_SIGNED_IN_PART)) == 0;
}

/* Each document by its name, with its row: those that are to be signed. */
static bool
find_rows(const struct status_signing *of, json_t *found, struct error *err)
{
	struct list_filters filters = LIST_FILTERS;
	json_t *rows = json_array(), *row;
	bool ok;
	size_t i;

	filters.waits = true;
	ok = list_all_rows(of->session, &filters, rows, err);
	json_array_foreach (rows, i, row)
		if (ok && is_open(json_text(row, "status")) &&
		    may_sign(of, json_text(row, "document")))
			json_object_set(found, json_text(row, "document"), row);
	json_decref(rows);
	return ok;
}

/* An entry_visitor: a termination was begun; its row would not tell. */
static bool
visit_termination(void *arg, uint64_t index, const struct entry *entry,
    struct span line, struct error *err)
{
	json_t *found = arg;

	(void)index, (void)line;
	return json_object_set_new(found, entry->document, json_null()) == 0 ||
	    error_set(err, ERROR_SYSTEM, "terminations: no memory");
}

static bool
add_asked(const struct status_signing *of, const char *document,
    const json_t *row, json_t *out, struct error *err)
{
	const char *title =
	    json_is_object(row) ? json_text(row, "title") : NULL;
	struct document_acts acts;
	bool ok = true;

	acts_load(of->context, document, &acts);
	if (!is_row(&acts, row)) {
		acts_free(&acts);
		ok = acts_update(of->session, document, &acts, err);
	}
	ok = ok && add(of, &acts, title, out, err);
	acts_free(&acts);
	return ok;
}

static bool
ask(const struct status_signing *of, json_t *out, struct error *err)
{
	const struct entry_filter terminations = { .act = act_name(
						       ACT_TERMINATE) };
	json_t *found = json_object();
	const char *document;
	json_t *row;
	bool ok;

	ok = find_rows(of, found, err) &&
	    session_entries(of->session, &terminations, visit_termination,
		found, err);
	json_object_foreach (found, document, row)
		if (ok && may_sign(of, document))
			ok = add_asked(of, document, row, out, err);
	json_decref(found);
	return ok;
}

/* --- Without. --- */

struct keeping {
	const struct status_signing *of;
	json_t *out;
};

/* An acts_visitor. */
static bool
add_kept(void *arg, const char *document, struct error *err)
{
	struct keeping *to = arg;
	struct document_acts acts;
	bool ok;

	acts_load(to->of->context, document, &acts);
	ok = add(to->of, &acts, NULL, to->out, err);
	acts_free(&acts);
	return ok;
}

bool
status_to_sign(const struct status_signing *of, json_t *out, struct error *err)
{
	struct keeping to = { of, out };
	bool may = false;

	for (size_t i = 0; i < of->policy->num_types; i++) {
		char document[DOCUMENT_NAME];

		snprintf(document, sizeof(document), "%s/any",
		    of->policy->types[i].name);
		may = may || may_sign(of, document);
	}
	if (!may)
		return true;
	return of->session != NULL
	    ? ask(of, out, err)
	    : acts_each_kept(of->context, add_kept, &to, err);
}
