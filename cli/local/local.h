/*
 * local.h - the local copy: what an office has read, in a folder of its own,
 * to open and read without a line (valise(1), "THE LOCAL COPY").
 *
 *	DIR/TYPE/SLUG/SLUG-vN.asice   each version, a copy that proves itself
 *	DIR/TYPE/SLUG/newest/         the files of the newest one, and its receipt
 *	DIR/TYPE/SLUG/aside/          copies that lost their place, or got none
 *	DIR/store.git                 the same as git has it, after a pull
 *
 * Nothing has a place in it that was not judged VALID; all of it can be judged
 * again.  What a bag brought may lead to a checkpoint that nobody could prove
 * yet to be of the history that was seen: such a copy is marked "not proved".
 */
#ifndef CLI_LOCAL_LOCAL_H
#define CLI_LOCAL_LOCAL_H

#include <jansson.h>

#include "client/session.h"

/*
 * The folder: given, or the one that was used last; remembered.
 *
 * ERROR_USAGE  none was given, and none was ever used
 */
bool local_dir(struct context *context, const char *given, char out[FILE_PATH],
    struct error *err) MUST_USE;

/* Is the history that a copy's receipts lead to the one that was seen here? */
enum local_proof {
	LOCAL_PROVED,
	LOCAL_NOT_PROVED, /* nobody here can tell: the next connection does */
	LOCAL_REFUTED,    /* it is another one */
};

/* What became of a copy that was to be placed. */
enum placed {
	PLACED_SAME,  /* it is there already, or tells nothing more */
	PLACED_NEW,   /* it is there now */
	PLACED_LESS,  /* what is there has more acts, and stays */
	PLACED_OTHER, /* it contradicts what is there, or what was seen */
};

struct placing {
	enum placed placed;
	uint64_t missing; /* the first act that is there, and not in the copy */
	char aside[FILE_PATH]; /* where one that lost its place is; or empty */
};

struct copy;
/*
 * Put a copy in its place: whole, or not at all.  It replaces another one only
 * if it has all of that one's acts; of two that contradict each other both are
 * kept.  It is not flushed: file_sync_all() does that, once for all.
 */
bool local_place(struct context *context, struct seen *seen, const char *dir,
    const struct copy *copy, enum local_proof proof, struct placing *out,
    struct error *err) MUST_USE;

/*
 * Keep the acts that a proved copy's receipts tell (lib/client/acts.h), as far as they
 * follow on what is kept.
 */
void local_keep_acts(struct context *context, const struct copy *copy);

/* JOURNAL_ROLLED_BACK: what PLACED_OTHER means.  False. */
bool local_contradicts(const struct copy *copy, const struct placing *placing,
    struct error *err);

/*
 * Look again at the copies that were placed unproved: those of another history
 * than the one that was seen meanwhile lose their place, with a word.
 */
bool local_settle(struct context *context, struct seen *seen, const char *dir,
    struct error *err) MUST_USE;

/* What was seen here, for who has no line; kept until local_end(). */
struct seen *local_seen(struct context *context, struct error *err);
void local_end(struct context *context);
enum local_proof local_proof(struct context *context, const struct copy *copy);

/* The versions that are there; the caller frees *versions.  None: *num is 0. */
bool local_versions(const char *dir, const char *document, unsigned **versions,
    size_t *num, struct error *err) MUST_USE;
/*
 * Open and judge one; 0 is the newest.  It is told if it is not proved.
 *
 * ERROR_NOT_FOUND  it is not there
 */
bool local_open(struct context *context, const char *dir, const char *document,
    unsigned version, struct copy *out, struct error *err) MUST_USE;

/* Each document, by name. */
typedef bool local_visitor(void *arg, const char *document, struct error *err);
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
