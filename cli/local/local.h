/*
 * local.h - the local copy: what an office has read, in a folder of its own, to
 * open and read without a line (valise(1), "THE LOCAL COPY").
 *
 *         DIR/TYPE/SLUG/SLUG-vN.asice   each version, a copy that proves itself
 * DIR/TYPE/SLUG/newest/         the files of the newest one, and its receipt
 * DIR/TYPE/SLUG/aside/          copies that lost their place, or got none
 * DIR/store.git                 the same as git has it, after a pull
 *
 * Nothing has a place in it that was not judged VALID; all of it can be judged
 * again.  What a bag brought may lead to a checkpoint that nobody could prove
 * yet to be of the history that was seen: such a copy is marked "not proved".
 */
#ifndef CLI_LOCAL_LOCAL_H
#define CLI_LOCAL_LOCAL_H

#include <jansson.h>

#include "base/outfile.h"
#include "client/session.h"

/*
 * Get the folder that is given, which is made if need be, or the one that is
 * remembered.
 *
 * ERROR_USAGE  none was given, and none is remembered
 */
bool local_dir(struct context *context, const char *given, char out[FILE_PATH],
    struct error *err) MUST_USE;
/*
 * Remember a folder, in which there are copies by now, for commands that are
 * given none.  If that fails it is told.
 */
void local_remember(struct context *context, const char *dir);

/* --- What a person names to be written (target.c). --- */

/*
 * Begin to write it (base/outfile.h), before anybody is asked for anything.
 * The caller ends with local_finish() or outfile_drop().  Nothing is destroyed
 * that the office needs: its configuration, keys and certificates, what is in
 * its state folder, and the file that is read (input; NULL: none); they are
 * compared by device and inode.
 *
 * ERROR_USAGE  it would be; or it is "-", standard output, with --json
 */
bool local_begin(struct context *context, const char *path, const char *input,
    struct outfile *out, struct error *err) MUST_USE;
/*
 * A file that is there is left as it is.
 *
 * ERROR_CONFLICT  there is one, and force is not set
 */
bool local_spare_file(const struct outfile *out, bool force,
    struct error *err) MUST_USE;
/*
 * The same, but a copy of this document may be replaced: *version gets its
 * version, or 0 if there is none.
 */
bool local_spare_others(const struct outfile *out, const char *document,
    bool force, unsigned *version, struct error *err) MUST_USE;
/* Put it in place.  What is printed from then on does not follow it. */
bool local_finish(struct outfile *out, const char *path,
    struct error *err) MUST_USE;

/*
 * Is a copy's history, which its receipts lead to, the one that was seen here?
 */
enum local_proof {
	LOCAL_PROVED,
	/* it cannot be told here: the next connection tells */
	LOCAL_NOT_PROVED,
	LOCAL_REFUTED, /* it is another history */
};

/* The result of placing a copy. */
enum placed {
	PLACED_SAME, /* it is there already, or it tells nothing more */
	PLACED_NEW,  /* it was placed */
	PLACED_LESS, /* the copy that is there has more acts, and stays */
	/* it contradicts the copy that is there, or what was seen */
	PLACED_OTHER,
};

struct placing {
	enum placed placed;
	uint64_t missing; /* the first act that is there and not in the copy */
	/* the path of a copy that lost its place, or empty */
	char aside[FILE_PATH];
};

struct copy;
/*
 * Put a copy in its place, whole or not at all. It replaces another copy only
 * if it has all of that one's acts; if the two contradict each other both are
 * kept. Nothing is flushed: file_sync_all() does that once for all.
 */
bool local_place(struct context *context, struct seen *seen, const char *dir,
    const struct copy *copy, enum local_proof proof, struct placing *out,
    struct error *err) MUST_USE;

/*
 * Keep the acts that a proved copy's receipts tell (lib/client/acts.h), as far
 * as they follow those that are kept.
 */
void local_keep_acts(struct context *context, const struct copy *copy);

/* Set JOURNAL_ROLLED_BACK: what PLACED_OTHER means. Returns false. */
bool local_contradicts(const struct copy *copy, const struct placing *placing,
    struct error *err);

/*
 * Look again at the copies that were placed unproved. Those that are of another
 * history than the one seen since then lose their place, and a note says so.
 */
bool local_settle(struct context *context, struct seen *seen, const char *dir,
    struct error *err) MUST_USE;

/*
 * Returns what this office has seen of the journal, for a command without a
 * connection.  It stays valid until local_end().
 */
struct seen *local_seen(struct context *context, struct error *err);
void local_end(struct context *context);
enum local_proof local_proof(struct context *context, const struct copy *copy);

/*
 * The versions that are there, in *versions, which the caller frees; *num is 0
 * if there is none.
 */
bool local_versions(const char *dir, const char *document, unsigned **versions,
    size_t *num, struct error *err) MUST_USE;
/*
 * Open and judge a version; 0 is the newest. A note says if it is not proved.
 *
 * ERROR_NOT_FOUND  it is not there
 */
bool local_open(struct context *context, const char *dir, const char *document,
    unsigned version, struct copy *out, struct error *err) MUST_USE;

/*
 * The same, where version may be DOCUMENT_IN_FORCE or DOCUMENT_PLAIN; tell also
 * what the copy's document is: its newest version here, and, where it was not a
 * number, the one in force.
 *
 * ERROR_NOT_FOUND  it is not there, or none is in force
 */
bool local_open_standing(struct context *context, const char *dir,
    const char *document, unsigned version, struct copy *out,
    struct error *err) MUST_USE;

/*
 * Read the version.yaml of a version that is there, whose digest its copy's
 * verdict told.
 */
struct version *local_version(const char *dir, const char *document,
    unsigned number, const struct digest *digest, struct error *err);

/* Visit each document, by name. */
typedef bool local_visitor(void *arg, const char *document, struct error *err);
bool local_each(const char *dir, const char *type, local_visitor *visit,
    void *arg, struct error *err) MUST_USE;

/* A document as "valise show --json" prints it, made from its copies. */
json_t *local_document(struct context *context, const char *dir,
    const char *document, struct error *err);
/*
 * Visit the acts that the copies prove, in order; "" stands for every document.
 */
bool local_entries(struct context *context, const char *dir,
    const char *document, entry_visitor *visit, void *arg,
    struct error *err) MUST_USE;

bool local_copy_bytes(int from, int to, uint64_t size,
    struct error *err) MUST_USE;
/*
 * Write its files into a folder that is not there yet: all of them, or without
 * META-INF.  It is made in the folder scratch; NULL: beside its place.
 */
bool local_extract(const struct container *container, const char *dir,
    const char *scratch, bool texts_only, struct error *err) MUST_USE;

#endif
