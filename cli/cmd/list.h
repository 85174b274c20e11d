/*
 * list.h - which rows "valise list" shows, and the table of them.
 */
#ifndef CLI_CMD_LIST_H
#define CLI_CMD_LIST_H

#include <jansson.h>

#include "cli/options.h"
#include "cli/output.h"
#include "cli/pager.h"
#include "client/context.h"

/* --- The filters (list_filter.c). --- */

/* NULL: any.  The texts are the options'. */
struct list_filters {
	const char *type, *status, *since, *office, *party;
	int64_t since_ms; /* INT64_MIN: no filter */
	struct buf words; /* of --search, folded; empty: any */
	bool all_versions;
};

/* Call list_filters_free() even after a failure. */
bool list_filters_read(const struct options_given *given,
    struct list_filters *out, struct error *err) MUST_USE;
void list_filters_free(struct list_filters *filters);
/*
 * Check them by what there is: types, by the newest accepted policy or, without
 * a line, in dir; offices and parties, by any accepted policy.
 *
 * ERROR_USAGE  one is not there; the error names those that are
 */
bool list_filters_check(struct context *context,
    const struct list_filters *filters, const char *dir,
    struct error *err) MUST_USE;
/* True by the row's version, or by the one in force. */
bool list_has_status(const json_t *row, const char *status);
/* Is an office the one that is meant, or one of the party's? */
bool list_is_by(struct context *context, const struct list_filters *filters,
    const char *name);
/* Does a row's name or title, in any language, have the words? */
bool list_has_words(const struct list_filters *filters, const json_t *row);

/* --- Rows (list_rows.c). --- */

/* in_force_office deposited the version in force; NULL: there is none. */
bool list_takes(struct context *context, const struct list_filters *filters,
    const json_t *row, const char *in_force_office);
/* True if a daemon's row alone does not say whose its version in force is. */
bool list_cannot_tell(struct context *context,
    const struct list_filters *filters, const json_t *row);
/* The office of a document's version in force, or NULL. */
const char *list_office_in_force(const json_t *document);
/*
 * Append a row for each version of a document, as "show --json" has it, that is
 * meant.
 */
bool list_add_versions(struct context *context,
    const struct list_filters *filters, const json_t *document, json_t *rows,
    struct error *err) MUST_USE;

/* --- The table (list_print.c). --- */

/* The table as it is printed, a page after another. */
struct list_table {
	struct table *table; /* NULL: nothing was printed yet */
	bool local;
	const char *language; /* of the titles */
	bool some, titles;    /* one is not proved; or all but its title */
	struct pager pager;
};

/*
 * Print more rows, which have "proved" and "title-proved"; the columns are as
 * wide as the widest up to here.  The pager begins with the first.
 */
bool list_print(struct list_table *to, const json_t *rows,
    struct error *err) MUST_USE;
/* Say what the words of the table mean, or that there was none. */
void list_end(struct list_table *to, bool is_filtered);
void list_free(struct list_table *table);

#endif
