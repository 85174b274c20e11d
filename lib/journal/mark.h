/*
 * mark.h - the mark of a proposal: that this journal's depositary made it.
 *
 * Where others can write to the storage of the log, an unsigned proposal that is
 * found there may be anybody's.  So the signer marks what the depositary
 * proposes: HMAC-SHA-256 (RFC 2104) over the size before, the size after and the
 * root, under a key that follows from the journal's private key.  Who has that
 * key can make the mark again, another machine included.
 */
#ifndef JOURNAL_MARK_H
#define JOURNAL_MARK_H

#include "journal/journal.h"

/* Make the key of marks. */
bool mark_key(const struct note_signer *journal, struct digest *out,
    struct error *err) MUST_USE;
/* Make the mark of the proposal that goes from size prior to this head. */
bool mark_make(const struct digest *key, uint64_t prior,
    const struct head *head, struct digest *out, struct error *err) MUST_USE;

#endif
