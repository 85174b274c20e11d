/*
 * cosignatures.h - the cosignatures that witnesses handed in, which the journal
 * keeps in the file of that name (docs/formats.md, "Journal files").
 *
 * Each line of the file is a checkpoint's size, a space, and the line of a
 * witness as it stands under the note.  Where several machines reach the record
 * the lines are exhibits of its backend too (cosignatures_share()).  All
 * functions are safe between threads.
 */
#ifndef JOURNAL_COSIGNATURES_H
#define JOURNAL_COSIGNATURES_H

#include "backend/backend.h"
#include "journal/note.h"

/*
 * The witnesses that count, and how many of them are enough. quorum 0: no
 * witness is needed.
 */
struct witnesses {
	size_t num;
	struct note_key keys[LIMIT_WITNESSES];
	char names[LIMIT_WITNESSES][LIMIT_OFFICE_BYTES + 1];
	unsigned quorum;
};

struct cosignatures;

/*
 * Open the file to write; it is made if it is not there.  A last line that a
 * crash tore is cut off.
 */
struct cosignatures *cosignatures_open(const char *path, struct error *err);
/*
 * Leave out the lines that are damaged; the file before stays beside it, as
 * PATH.before. *dropped gets how many.
 */
bool cosignatures_mend(const char *path, size_t *dropped,
    struct error *err) MUST_USE;
/* Open the file to read while another process writes; nothing is cut off. */
struct cosignatures *cosignatures_view(const char *path, struct error *err);

/* Did a witness sign the head of this size so?  The line has its LF. */
typedef bool cosignature_check(void *arg, uint64_t size, struct span line);

/*
 * Compare with the lines that a backend has, and bring each to where it is not;
 * those of the backend are trusted only if check() says so.  After
 * EXHIBITS_BOTH cosignatures_add() adds to both.  What was opened to read
 * takes lines into memory alone.  Nothing is done with a backend that keeps no
 * exhibits.
 */
bool cosignatures_share(struct cosignatures *all, struct backend *backend,
    enum exhibits_way way, cosignature_check *check, void *arg,
    struct exhibits_shared *out, struct error *err) MUST_USE;
/* Visit each line, in the order of sizes. */
void cosignatures_each(struct cosignatures *all,
    void (*visit)(void *arg, uint64_t size, struct span line), void *arg);
void cosignatures_free(struct cosignatures *all);

/*
 * Store the line of a witness; it is durable when this returns true.  A second
 * line of the same witness for the same size is ignored.
 *
 * ERROR_UNAVAILABLE  the backend by which lines are shared does not answer
 */
bool cosignatures_add(struct cosignatures *all, uint64_t size, struct span line,
    struct error *err) MUST_USE;
/* Append the lines that stand under the note of this size. */
bool cosignatures_append(struct cosignatures *all, uint64_t size,
    struct buf *out, struct error *err) MUST_USE;

/* Returns how many of the witnesses cosigned this size. */
unsigned cosignatures_count(struct cosignatures *all,
    const struct witnesses *witnesses, uint64_t size);
/* Returns the smallest size, from or larger, that a quorum cosigned, or 0. */
uint64_t cosignatures_first(struct cosignatures *all,
    const struct witnesses *witnesses, uint64_t from);
/* Returns the largest size that a quorum cosigned, or 0. */
uint64_t cosignatures_last(struct cosignatures *all,
    const struct witnesses *witnesses);
/*
 * Returns the size beyond after that some witnesses but not yet a quorum
 * cosigned, where one more cosignature helps most, or 0.  Witnesses come at
 * different times to a journal that grows: if each were given the newest size,
 * no two would sign the same one.
 */
uint64_t cosignatures_pending(struct cosignatures *all,
    const struct witnesses *witnesses, uint64_t after);

#endif
