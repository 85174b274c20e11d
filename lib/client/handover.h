/*
 * handover.h - the daemon's proof that another key signs the journal after the
 * newest that is known: an entry that this one signed names it, the last one of
 * a checkpoint that a quorum of witnesses cosigned.
 *
 * docs/formats.md, "The journal's key".
 */
#ifndef CLIENT_HANDOVER_H
#define CLIENT_HANDOVER_H

#include "journal/cosignatures.h"
#include "journal/proof.h"

struct handover {
	struct proof proof; /* of the "key" entry, the last one of our key */
	struct checkpoint end;
	struct note_key next;
	/* Of an accepted policy's witnesses: */
	size_t cosigned, witnesses;
	unsigned quorum;
};

#define HANDOVER ((struct handover){ .proof = PROOF })

/*
 * Parse the daemon's answer; the newest key that we know must have signed it.
 * out must be HANDOVER before, and be freed whether this succeeds or not.
 *
 * ERROR_MALFORMED  it is no proof
 * ERROR_UNTRUSTED  it is not signed by these keys; or its entry names no key,
 *                   or is not the last one
 */
bool handover_parse(struct span answer, const struct note_keys *keys,
    struct handover *out, struct error *err) MUST_USE;
/*
 * Count these witnesses under it.
 *
 * ERROR_UNTRUSTED  a line by one of them does not verify
 */
bool handover_count(struct handover *handover,
    const struct witnesses *witnesses, struct error *err) MUST_USE;
/*
 * True if a quorum of those that were counted cosigned it. A policy that asks
 * for none vouches for no key.
 */
bool handover_is_vouched_for(const struct handover *handover);
void handover_free(struct handover *handover);

#endif
