/* local_private.h - what the parts of local share, and nobody else includes. */
#ifndef CLI_LOCAL_PRIVATE_H
#define CLI_LOCAL_PRIVATE_H

#include "cli/commands.h"
#include "cli/local/local.h"

bool local_document_dir(const char *dir, const char *document,
    char out[FILE_PATH], struct error *err) MUST_USE;
bool local_version_file(const char *dir, const char *document, unsigned version,
    char out[FILE_PATH], struct error *err) MUST_USE;

/*
 * Open and judge a file of the local copy. Call copy_free() even after a
 * failure.
 */
bool local_judge(struct context *context, const char *path, struct copy *out,
    struct error *err) MUST_USE;

/* As local_open(), without a note. */
bool local_open_quietly(struct context *context, const char *dir,
    const char *document, unsigned version, struct copy *out,
    struct error *err) MUST_USE;

/* Print a note if the copy is VALID and not proved. */
void local_tell_unproved(struct context *context, const char *document,
    const struct copy *copy);

/* --- newest/ (local_newest.c). --- */

/*
 * Make newest/ that of the newest version, where it is not.  placed: the copy
 * of this version, if it just got its place; or NULL.
 */
bool local_refresh_newest(const char *dir, const char *document,
    const struct container *placed, unsigned version,
    struct error *err) MUST_USE;

/* --- What a copy's receipts prove (local_acts.c). --- */

struct copy_acts {
	struct copy_act {
		uint64_t index;
		struct digest leaf;
	} * list; /* sorted by index */
	size_t num;
};

enum relation {
	ACTS_SAME,  /* the same acts */
	ACTS_MORE,  /* the first has all of the second's, and more */
	ACTS_LESS,  /* the second has all of the first's, and more */
	ACTS_OTHER, /* each has one that the other has not */
};

/*
 * Get the acts on this version that the journal's keys prove. Call
 * copy_acts_free().
 */
bool copy_acts_read(const struct container *container, const char *document,
    unsigned version, const struct note_keys *keys, struct copy_acts *out,
    struct error *err) MUST_USE;
void copy_acts_free(struct copy_acts *acts);
/* missing gets the first act that second has and first has not. */
enum relation copy_acts_compare(const struct copy_acts *first,
    const struct copy_acts *second, uint64_t *missing);

/* Is the history that these receipts lead to the one that was seen here? */
enum local_proof local_proof_of(struct seen *seen,
    const struct container *container);

#endif
