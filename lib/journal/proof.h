/*
 * proof.h - a receipt: the proof that an entry is in the journal.
 *
 * Source: C2SP tlog-proof v1.  The "extra" line carries the entry itself, so
 * that a verifier needs only the receipt and the journal's public key.
 */
#ifndef JOURNAL_PROOF_H
#define JOURNAL_PROOF_H

#include "journal/merkle.h"
#include "journal/note.h"

struct proof {
	uint64_t index;
	struct merkle_proof path;
	struct buf entry; /* the leaf's bytes; proof_free() */
	struct buf note;  /* the signed checkpoint, cosignatures included */
};

#define PROOF                                                                  \
	((struct proof){ .entry = BUF(LIMIT_ENTRY_BYTES),                      \
	    .note = BUF(LIMIT_NOTE_FILE) })

/* Append the proof's text. */
bool proof_encode(const struct proof *proof, struct buf *out,
    struct error *err) MUST_USE;
/*
 * Parse a receipt. out must be PROOF before, and be freed whether this succeeds
 * or not.
 */
bool proof_parse(struct span text, struct proof *out,
    struct error *err) MUST_USE;
/*
 * Verify that the entry stands at its index in the journal of these keys.
 * checkpoint gets the content of the note.
 *
 * ERROR_UNTRUSTED  the note is another journal's, or the proof does not lead to
 *  its root
 */
bool proof_verify(const struct proof *proof, const struct note_keys *keys,
    struct checkpoint *checkpoint, struct error *err) MUST_USE;
void proof_free(struct proof *proof);

#endif
