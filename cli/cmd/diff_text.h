/*
 * diff_text.h - how two texts differ, on standard output; by libgit2, so that
 * it reads as git's.
 */
#ifndef CLI_CMD_DIFF_TEXT_H
#define CLI_CMD_DIFF_TEXT_H

#include <jansson.h>

#include "base/bytes.h"

enum { DIFF_COLUMN = 36 }; /* the narrowest width of two columns */

/*
 * Print the difference of lines, or of words in their lines: "[-gone-]{+new+}",
 * or in colour.
 */
bool diff_texts(const char *name, struct span a, struct span b, bool words,
    bool colour, struct error *err) MUST_USE;
/*
 * The same as a JSON array: "kind" ("same", "added", "removed", "hunk", "note")
 * and "text" of each line, or of each word. The caller decrefs it. NULL, and
 * err, if memory is short, or a text is not UTF-8.
 */
json_t *diff_texts_json(const char *name, struct span a, struct span b,
    bool words, struct error *err) MUST_USE;
/*
 * The articles of two texts, beside each other: an array of pairs of texts.
 */
json_t *diff_articles_json(struct span left, struct span right,
    struct error *err) MUST_USE;
/*
 * Print two texts beside each other, article by article; width is that of both
 * columns.
 */
bool diff_beside(const char *left_name, struct span left,
    const char *right_name, struct span right, unsigned width,
    struct error *err) MUST_USE;
/*
 * Get the text of the PDF that is open as fd, by pdftotext. ERROR_NOT_FOUND if
 * that is not installed.
 */
bool diff_pdf_text(int fd, struct buf *out, struct error *err) MUST_USE;

#endif
