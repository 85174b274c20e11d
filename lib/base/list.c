/*
 * Growing a list (list.h).
 */
#include "base/list.h"

#include <stdlib.h>
#include <string.h>

void *
list_add(void *list, size_t *num, size_t bytes, size_t max, const char *what,
    struct error *err)
{
	char *items, *grown, *added;

	if (*num >= max) {
		error_set(err, ERROR_LIMIT, "more than %zu %s", max, what);
		return NULL;
	}
	/* Whatever the items are: their pointer is read as bytes. */
	memcpy(&items, list, sizeof(items));
	if ((grown = realloc(items, (*num + 1) * bytes)) == NULL) {
		error_set_errno(err, "%s", what);
		return NULL;
	}
	memcpy(list, &grown, sizeof(grown));
	added = grown + *num * bytes;
	memset(added, 0, bytes);
	(*num)++;
	return added;
}
