/*
 * Fuzz target: the fields of a request for a page of the register or the desk.
 */
#include <string.h>

#include "fuzz.h"
#include "pages/pages.h"

/* In place of those that the build makes of web/. */
const struct page pages_all[] = { { "/", "text/html", "\"one\"", "\"two\"",
    { NULL, 0 }, { NULL, 0 } } };
const size_t pages_num = 1;

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[8193];
	bool is_there;

	if (size >= sizeof(text))
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	is_there = strstr(text, "\"one\"") != NULL ||
	    strstr(text, "\"two\"") != NULL || strchr(text, '*') != NULL;
	if (pages_is_known(&pages_all[0], text) && !is_there)
		__builtin_trap();
	if (pages_takes_gzip(text) && strcasestr(text, "gzip") == NULL)
		__builtin_trap();
	if (pages_find(span_of(data, size)) != NULL &&
	    !(size == 1 && data[0] == '/'))
		__builtin_trap();
	return 0;
}
