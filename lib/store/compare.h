/*
 * compare.h - the difference of two texts, line by line, as git shows it.
 */
#ifndef STORE_COMPARE_H
#define STORE_COMPARE_H

#include "base/bytes.h"

enum compare_kind {
	COMPARE_SAME,
	COMPARE_ADDED,
	COMPARE_REMOVED,
	COMPARE_HUNK, /* "@@ -1,4 +1,4 @@", before a group of lines */
	COMPARE_NOTE, /* a remark by git, such as on a missing last newline */
};

/*
 * Called for each line of the difference, in order; text includes its newline.
 */
typedef bool compare_visitor(void *arg, enum compare_kind kind,
    struct span text, struct error *err);
/*
 * Compare a with b as texts, whatever bytes are in them, and give visit each
 * line that differs, with context lines around it. name is the name of the text
 * in git's remarks.
 *
 * ERROR_SYSTEM  no memory; other errors are those of visit
 */
bool compare_texts(const char *name, struct span a, struct span b,
    unsigned context, compare_visitor *visit, void *arg,
    struct error *err) MUST_USE;

#endif
