/*
 * words.h - which documents somebody means who types a few words.
 */
#ifndef RECORD_WORDS_H
#define RECORD_WORDS_H

#include "base/bytes.h"
#include "base/limits.h"

/* The words, folded (text_fold()), in any order.  All zero: any document. */
struct words {
	/* Folding may make a letter longer, at most so many times. */
	uint8_t text[LIMIT_QUERY_BYTES * 18];
	struct words_one {
		size_t at, len; /* in text */
	} list[LIMIT_QUERY_WORDS];
	size_t num;
};

/*
 * Parse words with blanks between them.
 *
 * ERROR_USAGE  not UTF-8, over LIMIT_QUERY_BYTES, or over LIMIT_QUERY_WORDS
 */
bool words_parse(struct span text, struct words *out,
    struct error *err) MUST_USE;

/*
 * Is each of the words in the name, or in a title in any language
 * (document/title_text.h)?  scratch is used for what is compared: give the same
 * one for many documents.
 */
bool words_match(const struct words *words, const char *name,
    const char *titles, struct buf *scratch);

#endif
