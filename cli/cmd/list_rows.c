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
	int64_t time_ms;

	return list_has_status(row, filters->status) &&
	    time_parse_ms(span_of_str(json_text(row, "time")), &time_ms) &&
	    list_is_within(filters, time_ms) && list_has_words(filters, row) &&
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

bool
list_has_language(const struct context *context,
    const struct list_filters *filters, const json_t *row, bool unless)
{
	struct buf yaml = BUF(LIMIT_VERSION_BYTES);
	char languages[LANGUAGES_TEXT];
	struct error ignored = { 0 };
	struct version *version = NULL;
	struct digest digest;
	bool has = unless;

	if (filters->language == NULL)
		return true;
	if (digest_parse(span_of_str(json_text(row, "digest")), &digest) &&
	    context_known_version(context, &digest, &yaml))
		version = version_parse(buf_span(&yaml), &ignored);
	if (version != NULL) {
		languages_text_of(version, languages, sizeof(languages));
		has = languages_text_has(languages, filters->language);
	}
	version_free(version);
	buf_free(&yaml);
	return has;
}

void
list_mark_unread(const struct context *context, json_t *row)
{
	struct digest digest;

	json_object_set_new(row, "unread",
	    json_boolean(
		!digest_parse(span_of_str(json_text(row, "digest")), &digest) ||
		!context_has_seen(context, &digest)));
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
	if (row != NULL) {
		json_object_set_new(row, "title-proved", json_boolean(known));
		list_mark_unread(context, row);
	}
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
		    list_has_language(context, filters, row, false) &&
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

/* --- Their order. --- */

struct keyed {
	const struct sorting *sorting;
	json_t *row;
	const char *name;
	json_int_t version;
	struct sort_key key;
};

static enum status
status_of(const json_t *row)
{
	const char *text = json_text(row, "status");
	enum status status = STATUS_DRAFT;

	while (status < STATUS_LAPSED && strcmp(status_name(status), text) != 0)
		status++;
	return status;
}

static void
key_of(const struct sorting *sorting, json_t *row, struct keyed *out)
{
	char titles[TITLE_TEXT];
	int64_t time_ms = 0;

	title_of_row(row, titles);
	if (!time_parse_ms(span_of_str(json_text(row, "time")), &time_ms))
		time_ms = 0;
	*out = (struct keyed){ .sorting = sorting,
		.row = row,
		.name = json_text(row, "document"),
		.version =
		    json_integer_value(json_object_get(row, "version")) };
	sorting_key(sorting, out->name, titles, status_of(row), time_ms,
	    &out->key);
}

static int
compare_keyed(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;
	const int order =
	    sorting_order(x->sorting, &x->key, x->name, &y->key, y->name);

	/* Versions of one document follow each other. */
	return order != 0
	    ? order
	    : (x->version > y->version) - (x->version < y->version);
}

void
list_cursor_of(const struct list_filters *filters, json_t *row,
    char out[SORTING_CURSOR])
{
	struct keyed keyed;

	key_of(&filters->sorting, row, &keyed);
	sorting_cursor_write(&filters->sorting, &keyed.key, keyed.name, out);
}

int
list_order(const struct list_filters *filters, json_t *row,
    const struct sort_key *key, const char *name)
{
	struct keyed keyed;

	key_of(&filters->sorting, row, &keyed);
	return sorting_order(&filters->sorting, &keyed.key, keyed.name, key,
	    name);
}

bool
list_sort(const struct list_filters *filters, json_t *rows, struct error *err)
{
	const size_t num = json_array_size(rows);
	struct keyed *all;
	bool ok = true;

	if (filters->sort == NULL || num == 0)
		return true;
	if ((all = calloc(num, sizeof(*all))) == NULL)
		return error_set_errno(err, "list");
	for (size_t i = 0; i < num; i++)
		key_of(&filters->sorting, json_incref(json_array_get(rows, i)),
		    &all[i]);
	qsort(all, num, sizeof(*all), compare_keyed);
	json_array_clear(rows);
	for (size_t i = 0; i < num; i++)
		ok = json_array_append_new(rows, all[i].row) == 0 && ok;
	free(all);
	return ok || error_set_errno(err, "list");
}
