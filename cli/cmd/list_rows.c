/*
 * The rows of "valise list" for each version of a document, and which rows are
 * meant (list.h).
 */
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "cli/cmd/list.h"
#include "client/title.h"

bool
list_takes(struct context *context, const struct list_filters *filters,
    const json_t *row, const char *in_force_office)
{
	return list_has_status(row, filters->status) &&
	    list_has_words(filters, row) &&
	    (list_is_by(context, filters, json_text(row, "office")) ||
		(in_force_office != NULL &&
		    list_is_by(context, filters, in_force_office)));
}

bool
list_cannot_tell(struct context *context, const struct list_filters *filters,
    const json_t *row)
{
	const json_t *in_force = json_object_get(row, "in-force");
	const char *office = json_text(row, "office");

	if (filters->office == NULL && filters->party == NULL)
		return false;
	/* The row of an older daemon names no office. */
	return office[0] == '\0' ||
	    (!list_is_by(context, filters, office) &&
		json_is_object(in_force) &&
		json_integer_value(json_object_get(in_force, "version")) !=
		    json_integer_value(json_object_get(row, "version")));
}

const char *
list_office_in_force(const json_t *document)
{
	const json_t *versions = json_object_get(document, "versions"), *one;
	size_t i;

	json_array_foreach (versions, i, one)
		if (strcmp(json_text(one, "status"),
			status_name(STATUS_IN_FORCE)) == 0)
			return json_text(one, "office");
	return NULL;
}

/* Get the titles of a version, if its version.yaml passed through here. */
static bool
titles_of(const struct context *context, const char *document,
    const json_t *version, char out[TITLE_TEXT])
{
	struct ledger_version wanted = { 0 };

	out[0] = '\0';
	return digest_parse(span_of_str(json_text(version, "digest")),
		   &wanted.digest) &&
	    title_of_version(context, document, &wanted, out);
}

/* Returns the row of one version. */
static json_t *
row_of(const struct context *context, const json_t *document,
    const json_t *version, bool is_newest)
{
	char titles[TITLE_TEXT], title[LIMIT_TITLE_BYTES + 1];
	const bool known = titles_of(context, json_text(document, "document"),
	    version, titles);
	json_t *row;

	row = json_row_of_version(document, version);
	/* What is not known of an older version nobody tells. */
	if (row != NULL && (known || !is_newest)) {
		title_text_pick(titles, "en", title);
		json_object_set_new(row, "title", json_string(title));
		json_object_set_new(row, "titles", json_of_titles(titles));
	}
	if (row != NULL)
		json_object_set_new(row, "title-proved", json_boolean(known));
	return row;
}

bool
list_add_versions(struct context *context, const struct list_filters *filters,
    const json_t *document, json_t *rows, struct error *err)
{
	const json_t *versions = json_object_get(document, "versions"), *one;
	const size_t num = json_array_size(versions);
	bool ok = true;
	size_t i;

	json_array_foreach (versions, i, one) {
		json_t *row = row_of(context, document, one, i + 1 == num);
		const json_t *proved = json_object_get(one, "proved");
		int64_t time_ms;

		ok = ok && row != NULL &&
		    json_object_set_new(row, "proved",
			json_boolean(!json_is_false(proved))) == 0;
		/* In this list each version stands for itself. */
		if (ok &&
		    time_parse_ms(span_of_str(json_text(row, "time")),
			&time_ms) &&
		    list_is_within(filters, time_ms) &&
		    (filters->status == NULL ||
			strcmp(filters->status, json_text(row, "status")) ==
			    0) &&
		    list_has_words(filters, row) &&
		    list_is_by(context, filters, json_text(row, "office"))) {
			if (json_object_get(document, "as-of") != NULL)
				json_object_set(row, "as-of",
				    json_object_get(document, "as-of"));
			ok = json_array_append(rows, row) == 0;
		}
		json_decref(row);
	}
	return ok || error_set_errno(err, "list");
}
