/*
 * list.h - the table that "valise list" prints.
 */
#ifndef CLI_CMD_LIST_H
#define CLI_CMD_LIST_H

#include <jansson.h>

#include "cli/output.h"

/* The table as it is printed, a page after another. */
struct list_table {
	struct table *table; /* NULL: nothing was printed yet */
	bool local;
	bool some, titles; /* one is not proved; or all but its title */
};

/*
 * Print more rows, which have "proved" and "title-proved"; the columns are as
 * wide as the widest up to here.
 */
bool list_print(struct list_table *to, const json_t *rows,
    struct error *err) MUST_USE;
/* Say what the words of the table mean, or that there was none. */
void list_end(struct list_table *to, bool is_filtered);
void list_free(struct list_table *table);

#endif
