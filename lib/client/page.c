/*
 * Parsing a page of entries (page.h).
 */
#include "client/page.h"

#include <stdlib.h>

#include "base/limits.h"

void
page_free(struct page *page)
{
	for (size_t i = 0; i < page->num; i++)
		json_decref(page->lines[i]);
	free(page->lines);
}

bool
page_read(struct span text, const struct note_keys *keys, struct page *out,
    struct error *err)
{
	struct span line;
	const json_t *last, *note, *next;

	*out = (struct page){ .next = UINT64_MAX };
	out->lines = calloc(LIMIT_ENTRIES_PAGE + 1, sizeof(json_t *));
	if (out->lines == NULL)
		return error_set_errno(err, "entries");
	while (span_take_line(&text, &line)) {
		if (out->num > LIMIT_ENTRIES_PAGE)
			return error_set(err, ERROR_LIMIT,
			    "the daemon sent too many entries");
		out->lines[out->num] = json_loadb((const char *)line.data,
		    line.len, JSON_REJECT_DUPLICATES, NULL);
		if (out->lines[out->num] == NULL)
			return error_set(err, ERROR_MALFORMED,
			    "the daemon's entries are not JSON lines");
		out->num++;
	}
	if (out->num == 0)
		return error_set(err, ERROR_MALFORMED,
		    "the daemon's entries end without a checkpoint");
	last = out->lines[out->num - 1];
	note = json_object_get(last, "checkpoint");
	next = json_object_get(last, "next");
	if (!json_is_string(note))
		return error_set(err, ERROR_MALFORMED,
		    "the daemon's entries end without a checkpoint");
	if (json_is_integer(next) && json_integer_value(next) >= 0)
		out->next = (uint64_t)json_integer_value(next);
	out->note = json_string_value(note);
	return note_open(span_of_str(out->note), keys, &out->checkpoint, err);
}
