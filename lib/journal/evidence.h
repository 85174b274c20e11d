/*
 * evidence.h - two signed checkpoints that should not both exist, in a file
 * that anybody can check with the journal's public key alone
 * (docs/formats.md, "Evidence").
 */
#ifndef JOURNAL_EVIDENCE_H
#define JOURNAL_EVIDENCE_H

#include "journal/merkle.h"
#include "journal/note.h"

struct evidence {
	struct buf seen, shown; /* signed notes, BUF(LIMIT_NOTE_FILE) */
	/*
	 * The root that shown's history has at the smaller size, and the proof
	 * that it has it.  For notes of two sizes.
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
/* out is EVIDENCE before, and to be freed whatever comes of it. */
bool evidence_parse(struct span text, struct evidence *out,
    struct error *err) MUST_USE;
void evidence_free(struct evidence *evidence);

/*
 * Does it prove to anybody that the holder of the journal's keys signed two
 * histories?  text says what it shows, either way.
 *
 * ERROR_UNTRUSTED  it proves nothing: a note is not theirs, a proof is wrong
 */
bool evidence_verify(const struct evidence *evidence,
    const struct note_keys *keys, bool *proves, char text[400],
    struct error *err) MUST_USE;

#endif
