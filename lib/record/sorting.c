/*
 * The orders of documents, and cursors (sorting.h).
 */
#include "record/sorting.h"

#include <string.h>

#include "base/collate.h"
#include "base/text.h"
#include "document/title_text.h"

static const char *const keys[] = {
	[SORT_NAME] = "name",
	[SORT_TITLE] = "title",
	[SORT_DATE] = "date",
	[SORT_STATUS] = "status",
	[SORT_TYPE] = "type",
};

bool
sorting_parse(const char *text, struct sorting *out, struct error *err)
{
	const bool descending = text[0] == '-';
	const char *const key = text + descending;
	const size_t len = strcspn(key, ":");
	const char *const language = key[len] == ':' ? key + len + 1 : NULL;

	*out = (struct sorting){ .descending = descending };
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strlen(keys[i]) != len || strncmp(keys[i], key, len) != 0)
			continue;
		out->by = (enum sort_by)i;
		if (language == NULL)
			return true;
		if (out->by != SORT_TITLE ||
		    !text_is_language(span_of_str(language)))
			break;
		text_set(out->language, sizeof(out->language), language);
		return true;
	}
	return error_set(err, ERROR_USAGE,
	    "\"%.60s\" is no order: name, title, title:LANGUAGE, date, status"
	    " or type; \"-date\" is the newest first",
	    text);
}

void
sorting_write(const struct sorting *sorting, char out[SORTING_TEXT])
{
	snprintf(out, SORTING_TEXT, "%s%s%s%s", sorting->descending ? "-" : "",
	    keys[sorting->by], sorting->language[0] != '\0' ? ":" : "",
	    sorting->language);
}

static void
title_key(const struct sorting *sorting, const char *titles,
    struct sort_key *out)
{
	UNINITIALIZED char title[LIMIT_TITLE_BYTES + 1];
	struct buf key = BUF(SIZE_MAX);
	struct error ignored = { 0 };

	title_text_pick(titles,
	    sorting->language[0] != '\0' ? sorting->language : "en", title);
	if (collate_key(span_of_str(title), &key, &ignored)) {
		out->len = key.len < SORTING_KEY ? key.len : SORTING_KEY;
		if (out->len > 0)
			memcpy(out->bytes, key.data, out->len);
	}
	buf_free(&key);
}

static void
type_key(const char *name, struct sort_key *out)
{
	char type[LIMIT_SLUG_BYTES + 1];

	document_type(name, type);
	out->len = strlen(type);
	memcpy(out->bytes, type, out->len);
}

/* Big-endian, so that it is compared as bytes; no document is before 1970. */
static void
time_key(int64_t time_ms, struct sort_key *out)
{
	const uint64_t ms = time_ms < 0 ? 0 : (uint64_t)time_ms;

	out->len = sizeof(ms);
	for (size_t i = 0; i < sizeof(ms); i++)
		out->bytes[i] = (uint8_t)(ms >> (56 - 8 * i));
}

void
sorting_key(const struct sorting *sorting, const char *name, const char *titles,
    enum status status, int64_t time_ms, struct sort_key *out)
{
	out->len = 0;
	switch (sorting->by) {
	case SORT_NAME:
		break;
	case SORT_TITLE:
		title_key(sorting, titles, out);
		break;
	case SORT_DATE:
		time_key(time_ms, out);
		break;
	case SORT_STATUS:
		out->len = 1;
		out->bytes[0] = (uint8_t)status;
		break;
	case SORT_TYPE:
		type_key(name, out);
		break;
	}
}

int
sorting_order(const struct sorting *sorting, const struct sort_key *a,
    const char *a_name, const struct sort_key *b, const char *b_name)
{
	const int order =
	    span_order(span_of(a->bytes, a->len), span_of(b->bytes, b->len));

	if (order != 0)
		return sorting->descending ? -order : order;
	/* Equal ones follow by name, either way; -name turns the names. */
	return sorting->descending && sorting->by == SORT_NAME
	    ? strcmp(b_name, a_name)
	    : strcmp(a_name, b_name);
}

/* --- Cursors. --- */

static bool
is_by_name(const struct sorting *sorting)
{
	return sorting->by == SORT_NAME && !sorting->descending;
}

void
sorting_cursor_write(const struct sorting *sorting, const struct sort_key *key,
    const char *name, char out[SORTING_CURSOR])
{
	char order[SORTING_TEXT], hex[2 * SORTING_KEY + 1];

	if (is_by_name(sorting)) {
		text_set(out, SORTING_CURSOR, name);
		return;
	}
	sorting_write(sorting, order);
	hex_encode(span_of(key->bytes, key->len), hex);
	snprintf(out, SORTING_CURSOR, "%s~%s~%s", order, hex, name);
}

/* Is it a key that such a document could have had? */
static bool
key_is(const struct sorting *sorting, const struct sort_key *key,
    const char *name)
{
	struct sort_key due = { 0 };

	switch (sorting->by) {
	case SORT_DATE:
		return key->len == sizeof(uint64_t);
	case SORT_STATUS:
		return key->len == 1 && key->bytes[0] <= STATUS_LAPSED;
	case SORT_TITLE:
		return true;
	case SORT_NAME:
	case SORT_TYPE:
		break;
	}
	sorting_key(sorting, name, "", STATUS_DRAFT, 0, &due);
	return span_eq(span_of(key->bytes, key->len),
	    span_of(due.bytes, due.len));
}

static bool
parse_keyed(struct span rest, const struct sorting *sorting,
    struct sort_key *key, char name[DOCUMENT_NAME])
{
	char order[SORTING_TEXT];
	struct span part;

	sorting_write(sorting, order);
	if (!span_take_until(&rest, '~', &part) || !span_is(part, order) ||
	    !span_take_until(&rest, '~', &part) || part.len % 2 != 0 ||
	    part.len / 2 > SORTING_KEY)
		return false;
	key->len = part.len / 2;
	return span_to_hex(part, key->bytes, key->len) &&
	    span_to_str(rest, name, DOCUMENT_NAME);
}

bool
sorting_cursor_parse(const char *text, const struct sorting *sorting,
    struct sort_key *key, char name[DOCUMENT_NAME], struct error *err)
{
	const struct span all = span_of_str(text);
	struct error ignored = { 0 };

	key->len = 0;
	name[0] = '\0';
	return ((is_by_name(sorting) ? span_to_str(all, name, DOCUMENT_NAME)
				     : parse_keyed(all, sorting, key, name)) &&
		   document_name_check(span_of_str(name), &ignored) &&
		   key_is(sorting, key, name)) ||
	    error_set(err, ERROR_USAGE,
		"the cursor is not one of this order: begin with the first"
		" page");
}
