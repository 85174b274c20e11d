/*
 * witness_answer.h - what a witness that was asked answers (C2SP tlog-witness,
 * add-checkpoint).
 */
#ifndef DAEMON_UPKEEP_WITNESS_ANSWER_H
#define DAEMON_UPKEEP_WITNESS_ANSWER_H

#include "journal/note.h"

/*
 * Status 200: lines of cosignatures.  They are put under note, which is of the
 * checkpoint that was sent; out gets the line of that key, within note.
 *
 * ERROR_UNTRUSTED  none is by the key, or one does not verify
 */
bool witness_take_lines(struct buf *note, struct span lines,
    const struct note_key *key, struct cosignature *out,
    struct error *err) MUST_USE;
/*
 * Status 409: the size that the witness knows, on the first line.
 *
 * ERROR_MALFORMED  it is no number
 */
bool witness_take_size(struct span text, uint64_t *out,
    struct error *err) MUST_USE;

#endif
