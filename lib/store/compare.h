/*
 * compare.h - how two texts differ line by line, as git tells it.
 */
#ifndef STORE_COMPARE_H
#define STORE_COMPARE_H

#include "base/bytes.h"

enum compare_kind {
	COMPARE_SAME,
	COMPARE_ADDED,
	COMPARE_REMOVED,
	COMPARE_HUNK, /* "@@ -1,4 +1,4 @@" before lines that belong together */
	COMPARE_NOTE, /* git's own words, such as on a missing last newline */
};

/* Told of each line of the difference in turn; text is with its newline. */
typedef bool compare_visitor(void *arg, enum compare_kind kind,
    struct span text, struct error *err);
/*
 * Compare a with b, whatever bytes are in them, and tell each line that
 * differs with so many lines of context around it.  name is what git calls
 * the text.
 *
 * ERROR_SYSTEM  no memory; otherwise what visit says
 */
bool compare_texts(const char *name, struct span a, struct span b,
    unsigned context, compare_visitor *visit, void *arg,
    struct error *err) MUST_USE;

#endif
