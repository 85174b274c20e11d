/*
 * title_text.h - the titles of a version as one text: lines "LANG=TITLE" in the
 * order of version.yaml, each but the last with a line feed behind it; and the
 * languages of its texts.
 */
#ifndef DOCUMENT_TITLE_TEXT_H
#define DOCUMENT_TITLE_TEXT_H

#include "document/version.h"

/* Room for all titles that a version may have, and a NUL. */
#define TITLE_TEXT                                                             \
	(LIMIT_LANGUAGES * (LIMIT_LANGUAGE_BYTES + LIMIT_TITLE_BYTES + 2))

/* Write a version's titles; "" if they do not fit into room. */
void title_text_of(const struct version *version, char *out, size_t room);
/* True if it is such a text, with a title at least. */
bool title_text_is(struct span text);
/*
 * Take the first line off; false at the end.  The texts are cut if they are too
 * long.
 */
bool title_text_take(const char **text, struct title *out);
/*
 * Copy the title in a language ("lo", "pt-br"), else in one with the same
 * primary subtag (RFC 4647 section 3.4), else in English, else the first one.
 */
void title_text_pick(const char *text, const char *language,
    char out[LIMIT_TITLE_BYTES + 1]);

/*
 * The languages of a version's texts, "en,lo": each once, in the order of
 * version.yaml; "" if they do not fit into room, or there are no texts.
 */
#define LANGUAGES_TEXT (LIMIT_LANGUAGES * (LIMIT_LANGUAGE_BYTES + 1))
void languages_text_of(const struct version *version, char *out, size_t room);
bool languages_text_is(struct span text);
/* Is this one of them? "pt" is found in "pt-br" too (RFC 4647, basic). */
bool languages_text_has(const char *text, const char *language);

#endif
