/*
 * list.h - lists that grow by one item, up to a bound.
 *
 * A list is a pointer to its first item (NULL: there is none) beside a count,
 * both in the struct that owns it. It is freed with free().
 */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <stddef.h>

#include "base/error.h"

/*
 * Add a zeroed item of so many bytes at the end, and count it. list is the
 * address of the pointer to the first item; earlier items may move. what is
 * what the items are: "titles". On failure, NULL, the list is as it was.
 *
 * ERROR_LIMIT  it has max items
 */
void *list_add(void *list, size_t *num, size_t bytes, size_t max,
    const char *what, struct error *err) MUST_USE;

#endif
