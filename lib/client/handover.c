/*
 * The proof of the key that follows (handover.h).
 */
#include "client/handover.h"

#include "journal/entry.h"

bool
handover_parse(struct span answer, const struct note_keys *keys,
    struct handover *out, struct error *err)
{
	struct entry entry;

	if (!proof_parse(answer, &out->proof, err) ||
	    !proof_verify(&out->proof, keys, &out->end, err) ||
	    !entry_parse(buf_span(&out->proof.entry), &entry, err))
		return false;
	if (entry.act != ACT_KEY || out->proof.index + 1 != out->end.size)
		return error_set(err, ERROR_UNTRUSTED,
		    "the daemon's proof of its new key is none");
	return note_key_parse(span_of_str(entry.key), NOTE_JOURNAL, &out->next,
	    err);
}

bool
handover_count(struct handover *handover, const struct witnesses *witnesses,
    struct error *err)
{
	struct cosignature lines[LIMIT_WITNESSES];

	handover->quorum = witnesses->quorum;
	handover->witnesses = witnesses->num;
	return note_cosignatures(buf_span(&handover->proof.note),
	    witnesses->keys, witnesses->num, lines, &handover->cosigned, err);
}

bool
handover_is_vouched_for(const struct handover *handover)
{
	return handover->quorum > 0 && handover->cosigned >= handover->quorum;
}

void
handover_free(struct handover *handover)
{
	proof_free(&handover->proof);
}
