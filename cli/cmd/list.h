/*
 * list.h - which rows "valise list" shows, and the table of them.
 */
#ifndef CLI_CMD_LIST_H
#define CLI_CMD_LIST_H

#include <jansson.h>

#include "cli/options.h"
#include "cli/output.h"
#include "cli/pager.h"
#include "client/session.h"

/* --- The filters (list_filter.c). --- */

/*
 * NULL: any.  The texts are borrowed: of the options, or of who set them.
 * Begin with LIST_FILTERS.
 */
struct list_filters {
	const char *type, *status, *since, *until, *office, *party;
	/*
	 * of a text of the newest version; sort is "KEY", or "-KEY" for the
	 * other way (record/sorting.h)
	 */
	const char *language, *sort;
	const char *search; /* as it was given */
	struct buf words;   /* the same, folded; empty: any */
	/* the newest version's: [since_ms, until_ms) */
	int64_t since_ms, until_ms;
	bool waits; /* it waits for the signature of who asks */
	bool all_versions;
};
#define LIST_FILTERS                                                           \
	{                                                                      \
		.since_ms = INT64_MIN, .until_ms = INT64_MAX,                  \
		.words = BUF(LIMIT_NOTE_BYTES)                                 \
	}

/* Call list_filters_free() even after a failure. */
bool list_filters_read(const struct options_given *given,
    struct list_filters *out, struct error *err) MUST_USE;
/*
 * Set one of them by its name in the API ("q", "type", "status", "office",
 * "party", "language", "from", "until", "waits", "sort"); an empty value is
 * none.  Then call list_filters_check().
 *
 * ERROR_USAGE  there is no such filter, or the value is not one of its own
 */
bool list_filters_set(struct list_filters *filters, const char *name,
    const char *value, struct error *err) MUST_USE;
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
/* Is any set? */
bool list_is_filtered(const struct list_filters *filters);
/* Is it between "since" and "until"? */
bool list_is_within(const struct list_filters *filters, int64_t time_ms);
/* True by the row's version, or by the one in force. */
bool list_has_status(const json_t *row, const char *status);
/* Is an office the one that is meant, or one of the party's? */
bool list_is_by(struct context *context, const struct list_filters *filters,
    const char *name);
/* Does a row's name or title, in any language, have the words? */
bool list_has_words(const struct list_filters *filters, const json_t *row);

/* --- A page of the daemon's list (list_pages.c). --- */

/*
 * Get the page behind a cursor ("": the first), of at most limit rows (0: as
 * many as the daemon gives), proved as "valise list" does, or each row with
 * prove_all.  out is the caller's:
 *
 *	documents  rows, as "valise list --json" has them; with "waits" where
 *	           the acts are known: does the document wait for the signature
 *	           of who asks?
 *	cursor     of the next page, or null
 *	count      how many the daemon says match, or null if it does not say
 *	size       of the journal that was seen
 *
 * ERROR_USAGE      the daemon does not take the cursor or a filter
 * ERROR_UNTRUSTED  ANSWER_DIFFERS: a row is none that was asked for, or is not
 *                   as its document's acts say
 */
bool list_page(struct session *session, const struct list_filters *filters,
    const char *cursor, unsigned limit, bool prove_all, json_t **out,
    struct error *err) MUST_USE;
/* What to do with the rows of a page. */
typedef bool list_take_rows(void *arg, json_t *rows, struct error *err);
/* Get all pages, one after another. */
bool list_each_page(struct session *session, const struct list_filters *filters,
    list_take_rows *take, void *arg, struct error *err) MUST_USE;
/* The same without a line: all rows of the local copy that are meant. */
bool list_local_rows(struct context *context,
    const struct list_filters *filters, json_t *rows,
    struct error *err) MUST_USE;

/* --- Who asks (list_person.c). --- */

/* By the policy that this office accepted; office NULL: it is not known. */
struct list_person {
	const struct policy *policy;
	const struct office *office;
	char person[LIMIT_EMAIL_BYTES + 1];
};
void list_person_of(struct context *context, struct list_person *out);
/* Does the document, as its acts are known, wait for the person's signature? */
bool list_waits(const struct list_person *of,
    const struct ledger_document *doc);

/* --- What of a row is proved (list_prove.c). --- */

struct list_proving {
	struct session *session;
	const struct list_filters *filters;
	struct list_person person;
	bool all; /* prove each row, else only those that are kept */
	/* the journal's size that was seen when the rows were asked for */
	uint64_t from;
	json_t *rows; /* those that are meant, with "proved" */
};

/* rows is borrowed. */
void list_proving_begin(struct session *session,
    const struct list_filters *filters, bool all, json_t *rows,
    struct list_proving *out);
/*
 * Prove a row. If it does not match what is kept, ask: the document changed, or
 * the daemon lies.
 */
bool list_prove_row(struct list_proving *to, json_t *row,
    struct error *err) MUST_USE;
bool list_no_answer(struct error *err, const char *document, const char *what);

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
