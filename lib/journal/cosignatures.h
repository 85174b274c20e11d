/*
 * cosignatures.h - the cosignatures that witnesses handed in: the journal's
 * file of that name (docs/formats.md, "Journal files").
 *
 * A line of it is a checkpoint's size, a space, and the witness's line as it
 * stands under the note.  Safe between threads.
 */
#ifndef JOURNAL_COSIGNATURES_H
#define JOURNAL_COSIGNATURES_H

#include "journal/note.h"

/* Who counts, and how many of them are enough; quorum 0: nobody is asked. */
struct witnesses {
	size_t num;
	struct note_key keys[LIMIT_WITNESSES];
	char names[LIMIT_WITNESSES][LIMIT_OFFICE_BYTES + 1];
	unsigned quorum;
};

struct cosignatures;

/* Made if it is not there.  A last line that a crash tore is cut. */
struct cosignatures *cosignatures_open(const char *path, struct error *err);
/* To read beside whoever writes; nothing is cut. */
struct cosignatures *cosignatures_view(const char *path, struct error *err);
/* Each line, by size. */
void cosignatures_each(struct cosignatures *all,
    void (*visit)(void *arg, uint64_t size, struct span line), void *arg);
void cosignatures_free(struct cosignatures *all);

/*
 * Keep the line of a witness, durable after true.  A second one of it for the
 * same size is not kept.
 */
bool cosignatures_add(struct cosignatures *all, uint64_t size, struct span line,
    struct error *err) MUST_USE;
/* Append the lines that stand under the note of this size. */
bool cosignatures_append(struct cosignatures *all, uint64_t size,
    struct buf *out, struct error *err) MUST_USE;

/* How many of the witnesses cosigned this size. */
unsigned cosignatures_count(struct cosignatures *all,
    const struct witnesses *witnesses, uint64_t size);
/* The first size from which on a quorum cosigned, or 0. */
uint64_t cosignatures_first(struct cosignatures *all,
    const struct witnesses *witnesses, uint64_t from);
/* The last size that a quorum cosigned, or 0. */
uint64_t cosignatures_last(struct cosignatures *all,
    const struct witnesses *witnesses);
/*
 * The size beyond after that some have cosigned and a quorum has not: where
 * one more helps most, or 0.  Witnesses come at different times to a journal
 * that grows: without it no two would sign the same.
 */
uint64_t cosignatures_pending(struct cosignatures *all,
    const struct witnesses *witnesses, uint64_t after);

#endif
