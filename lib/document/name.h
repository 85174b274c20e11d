/*
 * name.h - documents are named TYPE/SLUG, their versions TYPE/SLUG@N.
 */
#ifndef DOCUMENT_NAME_H
#define DOCUMENT_NAME_H

#include <limits.h>

#include "base/bytes.h"
#include "base/limits.h"

#define DOCUMENT_NAME (2 * LIMIT_SLUG_BYTES + 2)

/*
 * Check a document's name: two slugs (text_is_slug()). ERROR_USAGE says what a
 * name looks like.
 */
bool document_name_check(struct span name, struct error *err) MUST_USE;
/* The type of a checked name. */
void document_type(const char *name, char out[LIMIT_SLUG_BYTES + 1]);
/* Parse "TYPE/SLUG" or "TYPE/SLUG@N"; *version is 0 if no version is named. */
bool document_parse(const char *text, char name[DOCUMENT_NAME],
    unsigned *version, struct error *err) MUST_USE;
/*
 * Of document_parse_which(), in place of a version's number: the version in
 * force; and what is meant where none is named, that one or else the newest.
 */
#define DOCUMENT_IN_FORCE UINT_MAX
#define DOCUMENT_PLAIN    (UINT_MAX - 1)
/*
 * Parse also "TYPE/SLUG@latest", which is version 0, and "TYPE/SLUG@in-force".
 */
bool document_parse_which(const char *text, char name[DOCUMENT_NAME],
    unsigned *version, struct error *err) MUST_USE;
/* Names of documents, each once. The caller frees list with free(). */
struct document_names {
	char (*list)[DOCUMENT_NAME];
	size_t num;
};

/*
 * Add a checked name unless it is there.
 *
 * ERROR_LIMIT  there are max others
 */
bool document_names_add(struct document_names *names, const char *name,
    size_t max, struct error *err) MUST_USE;
/* Parse a version's number: 1 to 999999. */
bool document_version_parse(struct span text, unsigned *out) MUST_USE;

#endif
