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
#include "record/sorting.h"
#include "record/words.h"

/* --- The filters (list_filter.c). --- */

/*
 * NULL: any.  The texts are borrowed: of the options, or of who set them.
 * Begin with LIST_FILTERS.
 */
struct list_filters {
	const char *type, *status, *since, *until, *office, *party;
	const char *document; /* this one alone; no option sets it */
	const char *language; /* of a text of the newest version */
	const char *search;   /* as it was given, and parsed */
	struct words words;
	const char *sort; /* the same */
	struct sorting sorting;
	/* the newest version's: [since_ms, until_ms) */
	int64_t since_ms, until_ms;
	bool waits;         /* it waits for the signature of who asks */
	unsigned limit;     /* so many rows; 0: all */
	const char *cursor; /* NULL: from the first; it needs the limit */
	bool all_versions;
	bool mine_first; /* the order of list_mine_rows() */
};
#define LIST_FILTERS                                                           \
	{                                                                      \
		.since_ms = INT64_MIN, .until_ms = INT64_MAX                   \
	}

bool list_filters_read(const struct options_given *given,
    struct list_filters *out, struct error *err) MUST_USE;
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

/* --- The daemon's list, page by page (list_pages.c). --- */

/*
 * The pages of a list, from the first or from a cursor on.  All zero but for
 * what is set; list_pages_end() it.
 */
struct list_pages {
	struct session *session;
	const struct list_filters *filters;
	unsigned limit; /* rows of a page; 0: as many as the daemon gives */
	/* in the order that is asked for; else by name, and none is missed */
	bool sorted;
	char cursor[SORTING_CURSOR]; /* of the next page; "": there is none */
	/* Of the answers so far: */
	json_t *page;       /* the last one */
	unsigned num_empty; /* how many of the last ones had no row */
	char last[DOCUMENT_NAME];
	json_t *met; /* documents, where they are not by name */
	/* how many match by the daemon's word; -1: an older one does not say */
	json_int_t count;
};

/*
 * Ask for the next page; rows is borrowed until the next call.
 *
 * ERROR_USAGE      the daemon does not take the cursor or a filter; or it is
 *                   older, and does not know languages
 * ERROR_UNTRUSTED  ANSWER_DIFFERS: a row is none that was asked for
 */
bool list_pages_next(struct list_pages *pages, json_t **rows,
    struct error *err) MUST_USE;
void list_pages_end(struct list_pages *pages);
/* Before the first: begin behind a cursor, which the daemon checks. */
bool list_pages_begin_at(struct list_pages *pages, const char *cursor,
    struct error *err) MUST_USE;
/*
 * Append the rows of all pages, by name, as the daemon answers them: an older
 * one gives more than the filters ask for.
 */
bool list_all_rows(struct session *session, const struct list_filters *filters,
    json_t *all, struct error *err) MUST_USE;

/*
 * Without a line: all rows of the local copy that are meant, in the order that
 * is asked for.
 */
bool list_local_rows(struct context *context,
    const struct list_filters *filters, json_t *rows,
    struct error *err) MUST_USE;

/*
 * --- What a person is to look at first (list_mine.c). ---
 *
 * Append a page of the daemon's rows, with "unread" and "waits": those that
 * wait for the person's signature first, then those whose newest version was
 * not opened here, then the others, each in the order that is asked for.
 * cursor gets the next page's, or ""; count how many there are by the daemon's
 * word, or -1.
 *
 * ERROR_USAGE  the cursor of the filters is none of this order
 */
enum { LIST_MINE_CURSOR = SORTING_CURSOR + 8 };
bool list_mine_rows(struct session *session, const struct list_filters *filters,
    json_t *rows, char cursor[LIST_MINE_CURSOR], json_int_t *count,
    struct error *err) MUST_USE;
/* Put rows that have "unread" and "waits" in that order. */
void list_mine_order(json_t *rows);

/* --- What is unread, from one list to the next (list_unread.c). --- */

enum { LIST_UNREAD_KEPT = 32 };
struct list_unread {
	struct digest policy;
	/* All whose newest version is older were opened, but for these. */
	int64_t until_at;
	char names[LIST_UNREAD_KEPT][DOCUMENT_NAME];
	size_t num;
};
/* False: nothing is kept that is good for this session. */
bool list_unread_load(const struct session *session, struct list_unread *out);
/* Keep that these rows are all that is unread of what came before a time. */
void list_unread_keep(const struct session *session, int64_t until_at,
    const json_t *unread);
void list_unread_forget(const struct session *session);

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
 * Prove a page's rows. Where one does not match what is kept, ask: the document
 * changed, or the daemon lies.
 */
bool list_prove_rows(struct list_proving *to, json_t *rows,
    struct error *err) MUST_USE;
bool list_no_answer(struct error *err, const char *document, const char *what);

/* --- Rows (list_rows.c). --- */

/*
 * Is the row one that is meant, but for "waits" and the language?
 * in_force_office deposited the version in force; NULL: there is none.
 */
bool list_takes(struct context *context, const struct list_filters *filters,
    const json_t *row, const char *in_force_office);
/* True if a daemon's row alone does not say whose its version in force is. */
bool list_cannot_tell(struct context *context,
    const struct list_filters *filters, const json_t *row);
/*
 * Has the row's version a text in the language that is asked for? By its
 * version.yaml, if that passed through here; else unless.
 */
bool list_has_language(const struct context *context,
    const struct list_filters *filters, const json_t *row, bool unless);
/* Put rows in the order that is asked for. */
bool list_sort(const struct list_filters *filters, json_t *rows,
    struct error *err) MUST_USE;
/* The cursor of a page that begins behind a row, in the order asked for. */
void list_cursor_of(const struct list_filters *filters, json_t *row,
    char out[SORTING_CURSOR]);
/* Less than, equal to, or greater than 0: a row against a cursor's place. */
int list_order(const struct list_filters *filters, json_t *row,
    const struct sort_key *key, const char *name);
/* The office of a document's version in force, or NULL. */
const char *list_office_in_force(const json_t *document);
/*
 * Set "unread": the row's version was neither deposited, fetched nor shown here
 * (context_has_seen()).
 */
void list_mark_unread(const struct context *context, json_t *row);
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
