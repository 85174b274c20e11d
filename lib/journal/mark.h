/*
 * mark.h - marks: that a proposal is of this journal's depositary, and that a
 * signer of it remembers a head.
 *
 * Where others can write to the storage of the log, an unsigned proposal that is
 * found there may be anybody's.  So the signer marks what the depositary
 * proposes: HMAC-SHA-256 (RFC 2104) over the size before, the size after and the
 * root, under a key that follows from the journal's private key.  Who has that
 * key can make the mark again, another machine included.  In the same way
 * the signer of a stand-by tells the writer what it remembers.
 */
#ifndef JOURNAL_MARK_H
#define JOURNAL_MARK_H

#include "journal/journal.h"

/* Make the key of marks. */
bool mark_key(const struct note_signer *journal, struct digest *out,
    struct error *err) MUST_USE;
enum mark {
	MARK_PROPOSAL, /* it goes from a size to this head */
	MARK_MEMORY,   /* the signer of a place remembers this head */
};

/* Make a mark; number is that size, or place. */
bool mark_make(enum mark kind, const struct digest *key, uint64_t number,
    const struct head *head, struct digest *out, struct error *err) MUST_USE;

#endif
