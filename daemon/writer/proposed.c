/*
 * Signing what was proposed and never signed (proposed.h).
 */
#include "daemon/writer/proposed.h"

#include "journal/entry.h"

/* A head has the time of its batch, which is that of its last entry. */
bool
proposed_time(const struct journal *journal, struct head *head,
    struct error *err)
{
	struct buf line = BUF(LIMIT_ENTRY_BYTES);
	struct entry entry;
	bool ok;

	ok = journal_entry(journal, head->size - 1, &line, err) &&
	    entry_parse(buf_span(&line), &entry, err);
	if (ok)
		head->time_ms = entry.time_ms;
	buf_free(&line);
	return ok;
}

static bool
sign(struct journal *journal, struct signer *signer, struct head *head,
    struct error *err)
{
	struct merkle_proof proof;

	return proposed_time(journal, head, err) &&
	    journal_prove_consistency(journal, journal_size(journal),
		head->size, &proof, err) &&
	    signer_checkpoint(signer, head, &proof, err) &&
	    journal_commit(journal, head, err);
}

bool
proposed_check(struct signer *signer, uint64_t prior,
    const struct proposed *proposed, struct error *err)
{
	struct digest mark;

	if (!signer_mark(signer, prior, &proposed->head, &mark, err))
		return false;
	return (proposed->is_marked && digest_eq(&mark, &proposed->mark)) ||
	    error_set(err, ERROR_UNTRUSTED,
		"this depositary did not make it: somebody else wrote to the"
		" database. See \"A proposal of somebody else\" in the"
		" operations manual");
}

bool
proposed_stop(const struct journal *journal, const struct error *why)
{
	if (why->kind == ERROR_UNTRUSTED || why->kind == ERROR_REFUSED)
		journal_stop(journal, why->detail);
	return false;
}

bool
proposed_sign(const struct record *record, struct signer *signer, unsigned *num,
    struct error *err)
{
	struct journal *journal = record->journal;
	struct proposed next;

	for (*num = 0; journal_proposed(journal, &next); ++*num)
		if (!proposed_check(signer, journal_size(journal), &next,
			err) ||
		    !sign(journal, signer, &next.head, err)) {
			error_context(err,
			    "what was proposed up to size %llu is not signed",
			    (unsigned long long)next.head.size);
			return proposed_stop(journal, err);
		}
	return true;
}
