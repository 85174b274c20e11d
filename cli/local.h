/*
 * local.h - the local copy: what an office has read, in a folder of its own,
 * to open and read without a line (valise(1), "THE LOCAL COPY").
 *
 *	DIR/TYPE/SLUG/SLUG-vN.asice   each version, a copy that proves itself
 *	DIR/TYPE/SLUG/newest/         the files of the newest one, and its receipt
 *	DIR/store.git                 the same as git has it, after a pull
 *
 * Nothing is in it that was not judged VALID; all of it can be judged again.
 */
#ifndef CLI_LOCAL_H
#define CLI_LOCAL_H

#include <jansson.h>

#include "cli/session.h"

/*
 * The folder: given, or the one that was used last; remembered.
 *
 * ERROR_USAGE  none was given, and none was ever used
 */
bool local_dir(struct context *context, const char *given, char out[FILE_PATH],
    struct error *err) MUST_USE;

struct copy;
/*
 * Put a copy in its place: whole, or not at all.  *newer: nothing had it.  It
 * is not flushed: local_flush() does that, once for all.
 */
bool local_place(const char *dir, const struct copy *copy, bool *newer,
    struct error *err) MUST_USE;

bool local_flush(const char *dir, struct error *err) MUST_USE;

/* The versions that are there; the caller frees *versions.  None: *num is 0. */
bool local_versions(const char *dir, const char *document,
    unsigned **versions, size_t *num, struct error *err) MUST_USE;
/* Open and judge one; 0 is the newest.  ERROR_NOT_FOUND if it is not there. */
bool local_open(struct context *context, const char *dir,
    const char *document, unsigned version, struct copy *out,
    struct error *err) MUST_USE;

/* Each document, by name. */
typedef bool local_visitor(void *arg, const char *document,
    struct error *err);
bool local_each(const char *dir, const char *type, local_visitor *visit,
    void *arg, struct error *err) MUST_USE;

/* A document as "valise show --json" prints it, from its copies. */
json_t *local_document(struct context *context, const char *dir,
    const char *document, struct error *err);
/* The acts that its copies prove, in order; "" for every document. */
bool local_entries(struct context *context, const char *dir,
    const char *document, entry_visitor *visit, void *arg,
    struct error *err) MUST_USE;

/* Write a copy's container to what a person named (base/outfile.h). */
bool copy_write(const struct context *context, const struct copy *copy,
    const char *path, struct error *err) MUST_USE;
/* Into a folder that is not there yet; of all files, or without META-INF. */
bool copy_extract(const struct container *container, const char *dir,
    bool texts_only, struct error *err) MUST_USE;

#endif
