/*
 * text.h - text from outside: UTF-8, and names that mean one thing everywhere.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/bytes.h"

/* Valid UTF-8 (RFC 3629), no NUL. */
bool text_is_utf8(struct span text);

/*
 * One line that a person can be shown as it stands: UTF-8 in NFC, no control,
 * format, bidirectional, invisible or unassigned characters.
 */
bool text_is_line(struct span text);

/*
 * A path of at most LIMIT_PATH_LEVELS names, each safe on every system that
 * the parties use (docs/formats.md, "File names").
 *
 * ERROR_MALFORMED  says which rule the path breaks
 * ERROR_LIMIT      too long, too deep
 */
bool text_check_path(struct span path, struct error *err) MUST_USE;
/* The same of one component. */
bool text_check_name(struct span name, struct error *err) MUST_USE;

/*
 * Append text in NFC (UAX #15): as it is typed here, whatever a system or a
 * browser made of it.
 *
 * ERROR_MALFORMED  it is not UTF-8
 */
bool text_compose(struct span text, struct buf *out,
    struct error *err) MUST_USE;
/* A name that no system sees as equal to another: NFC, then case folded. */
bool text_fold(struct span path, struct buf *out, struct error *err) MUST_USE;

/* [a-z0-9], single inner hyphens, 2 to LIMIT_SLUG_BYTES, not CON, AUX, … */
bool text_is_slug(struct span text);

/* An rfc822Name as Valise takes it: printable ASCII, lower case, one '@'. */
bool text_is_email(struct span text);

/* Copy, cut to room, with '?' for what is not printable ASCII. */
void text_copy_ascii(char *out, size_t room, const char *text);

/* RFC 5646: letters, digits and hyphens, lower case, 2 to 35. */
bool text_is_language(struct span text);

/* type/subtype, lower case, no parameters. */
bool text_is_media(struct span text);

/*
 * Text into an array of room bytes, its NUL counted.
 *
 * text_take()  of others: ERROR_LIMIT if it is too long
 * text_set()   the caller has checked that it fits: else the program is wrong,
 *              and ends
 * text_cut()   for a person to read: what does not fit is cut off after the last
 *              whole character, with "…" in its place; text_cutf() the same of a
 *              format
 */
bool text_take(char *out, size_t room, const char *text,
    struct error *err) MUST_USE;
void text_set(char *out, size_t room, const char *text);
void text_cut(char *out, size_t room, const char *text);
void text_cutf(char *out, size_t room, const char *fmt, ...) PRINTF(3, 4);

/* "*@mofa.example" against a name: one '*' at most, at the front. */
bool text_matches(const char *pattern, const char *text);

/* The candidate that was probably meant, or NULL if none is near. */
const char *text_nearest(const char *word, const char *const candidates[],
    size_t num_candidates);

/*
 * Append text for a terminal: what could move the cursor or hide text is
 * written as \u{XXXX}, what is not UTF-8 as \xXX.
 */
bool text_append_printable(struct buf *out, struct span text,
    struct error *err) MUST_USE;

#endif
