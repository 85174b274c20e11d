/*
 * Fuzz target: the orders of a list, and the cursors that lead on in them.
 */
#include <string.h>

#include "fuzz.h"
#include "record/sorting.h"

/*
 * The first line is an order, the rest a cursor in it.  What is taken is
 * written as it was read, or as another spelling that is read as the same.
 */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[2 * SORTING_CURSOR], *cursor;
	char order[SORTING_TEXT], again[SORTING_CURSOR], name[DOCUMENT_NAME];
	struct sorting sorting = { SORT_NAME }, same = { SORT_NAME };
	struct sort_key key;
	struct error err = { 0 };
	bool ok;

	if (size >= sizeof(text))
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if ((cursor = strchr(text, '\n')) == NULL)
		return 0;
	*cursor++ = '\0';
	ok = sorting_parse(text, &sorting, &err);
	FUZZ_CHECK(ok, err);
	if (!ok)
		return 0;
	sorting_write(&sorting, order);
	if (!sorting_parse(order, &same, &err) || same.by != sorting.by ||
	    same.descending != sorting.descending ||
	    strcmp(same.language, sorting.language) != 0)
		__builtin_trap();
	ok = sorting_cursor_parse(cursor, &sorting, &key, name, &err);
	FUZZ_CHECK(ok, err);
	if (!ok)
		return 0;
	sorting_cursor_write(&sorting, &key, name, again);
	if (!sorting_cursor_parse(again, &sorting, &key, name, &err))
		__builtin_trap();
	return 0;
}
