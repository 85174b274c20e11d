/*
 * evidence.h - two signed checkpoints that cannot both belong to one history,
 * in a file that anybody can check with the journal's public key alone
 * (docs/formats.md, "Evidence").
 */
#ifndef JOURNAL_EVIDENCE_H
#define JOURNAL_EVIDENCE_H

#include "journal/journal.h"
#include "journal/merkle.h"
#include "journal/note.h"

struct evidence {
	struct buf seen, shown; /* signed notes, BUF(LIMIT_NOTE_FILE) */
	/*
	 * For checkpoints of two sizes: the root that the history of shown has
	 * at the smaller size, and the consistency proof of that.
	 */
	bool has_root;
	struct digest root;
	struct merkle_proof proof;
};

#define EVIDENCE                                                               \
	((struct evidence){ .seen = BUF(LIMIT_NOTE_FILE),                      \
	    .shown = BUF(LIMIT_NOTE_FILE) })

bool evidence_encode(const struct evidence *evidence, struct buf *out,
    struct error *err) MUST_USE;
/*
 * Parse a file of evidence. out must be EVIDENCE before, and be freed whether
 * this succeeds or not.
 */
bool evidence_parse(struct span text, struct evidence *out,
    struct error *err) MUST_USE;
void evidence_free(struct evidence *evidence);

/*
 * Does the evidence prove that the holder of the journal's keys signed two
 * histories?  *proves gets the answer, and text an explanation of either
 * answer.
 *
 * ERROR_UNTRUSTED  it proves nothing: a note has no valid signature by keys, or
 *  the proof is wrong
 */
bool evidence_verify(const struct evidence *evidence,
    const struct note_keys *keys, bool *proves, char text[400],
    struct error *err) MUST_USE;

/* --- Where several daemons share a record. --- */

/*
 * Does a journal lack the checkpoint that was seen, though its keys signed that?
 * *stands gets the answer.  Once the record has it, nothing is wrong any more.
 *
 * ERROR_UNTRUSTED, ERROR_MALFORMED  it is no evidence of this journal
 */
bool evidence_stands(struct span text, const struct journal *journal,
    bool *stands, struct error *err) MUST_USE;
/* Add evidence to the exhibits of a backend that keeps some. */
bool evidence_give(struct backend *backend, struct span text,
    struct error *err) MUST_USE;
/* Find evidence there that stands; out is empty if there is none. */
bool evidence_find(struct backend *backend, const struct journal *journal,
    struct buf *out, struct error *err) MUST_USE;

#endif
