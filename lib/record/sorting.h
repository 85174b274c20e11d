/*
 * sorting.h - the orders in which documents are listed, and the place in one of
 * them at which a page begins.
 */
#ifndef RECORD_SORTING_H
#define RECORD_SORTING_H

#include "base/bytes.h"
#include "base/limits.h"
#include "document/name.h"
#include "record/ledger.h"

enum sort_by { SORT_NAME, SORT_TITLE, SORT_DATE, SORT_STATUS, SORT_TYPE };

/* All zero: by name, ascending. */
struct sorting {
	enum sort_by by;
	bool descending;
	/* of the titles, else as title_text_pick() picks them */
	char language[LIMIT_LANGUAGE_BYTES + 1];
};

/*
 * "name", "title", "date" (of the newest version), "status" (as the states
 * follow each other) or "type"; "-" before it: descending; "title:LANGUAGE": in
 * that language, else in English.  sorting_write() writes the one spelling of
 * each.
 *
 * ERROR_USAGE  it is none of them
 */
bool sorting_parse(const char *text, struct sorting *out,
    struct error *err) MUST_USE;
enum { SORTING_TEXT = 8 + LIMIT_LANGUAGE_BYTES + 1 };
void sorting_write(const struct sorting *sorting, char out[SORTING_TEXT]);

/* What is compared of a document; its name decides between equal keys. */
enum { SORTING_KEY = 240 }; /* more of a title does not count */
struct sort_key {
	size_t len;
	uint8_t bytes[SORTING_KEY];
};
void sorting_key(const struct sorting *sorting, const char *name,
    const char *titles, enum status status, int64_t time_ms,
    struct sort_key *out);
/* Less than, equal to, or greater than 0, as strcmp(). */
int sorting_order(const struct sorting *sorting, const struct sort_key *a,
    const char *a_name, const struct sort_key *b, const char *b_name);

/*
 * A cursor says after which document a page begins: its order, the key that the
 * document had, and its name.  So it stays right when that document changes, or
 * others come.  By name, ascending, it is the name.
 *
 * sorting_cursor_parse()  ERROR_USAGE: it is none, or of another order
 */
enum { SORTING_CURSOR = SORTING_TEXT + 2 * SORTING_KEY + DOCUMENT_NAME + 2 };
void sorting_cursor_write(const struct sorting *sorting,
    const struct sort_key *key, const char *name, char out[SORTING_CURSOR]);
bool sorting_cursor_parse(const char *text, const struct sorting *sorting,
    struct sort_key *key, char name[DOCUMENT_NAME], struct error *err) MUST_USE;

#endif
