/*
 * collate.h - a key by which titles of several languages are sorted, without
 * the tables of a locale: the same everywhere, and for years.
 *
 * It is no full collation (UTS #10).  What it does is what a reader misses
 * first: case and accents do not count, and a Thai or Lao vowel that is written
 * before its consonant counts after it, as in these languages' dictionaries;
 * their tone marks do not count.  Scripts follow in the order of Unicode.
 */
#ifndef BASE_COLLATE_H
#define BASE_COLLATE_H

#include "base/bytes.h"

/*
 * Append the key of a text: keys are compared as bytes.
 *
 * ERROR_MALFORMED  it is not UTF-8
 */
bool collate_key(struct span text, struct buf *out, struct error *err) MUST_USE;

#endif
