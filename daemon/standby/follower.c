/*
 * Following the record of another daemon (follower.h).
 */
#include "daemon/standby/follower.h"

#include "base/time.h"
#include "daemon/writer/proposed.h"

/* A database may lose what it was told, and the writer waits for it. */
enum { TELL_AGAIN_MS = 5000 };

/* Tell the writer that this head is remembered here; *was_told: it knew that. */
static bool
tell(struct follower *follower, const struct head *head, bool *was_told,
    struct error *err)
{
	const uint64_t place = postgres_place(follower->backend);
	struct digest mark;

	follower->told_ms = 0;
	if (!signer_tell_memory(follower->signer, place, head, &mark, err) ||
	    !postgres_remember(follower->backend, head, &mark, was_told, err))
		return false;
	follower->told_ms = time_monotonic_ms();
	return true;
}

/* Tell it again, if it was not told, or some time ago. */
static bool
tell_again(struct follower *follower, struct error *err)
{
	const struct head head = journal_head(follower->journal);
	bool was_told;

	return (follower->told_ms > 0 &&
		   time_monotonic_ms() - follower->told_ms < TELL_AGAIN_MS) ||
	    tell(follower, &head, &was_told, err);
}

/*
 * Tell a head that this signer has just remembered for the first time.  If the
 * writer was told so before, another signer did, and both count as one: then one
 * that forgot would not be missed.
 */
static bool
tell_first(struct follower *follower, const struct head *head,
    struct error *err)
{
	bool was_told;

	return tell(follower, head, &was_told, err) &&
	    (!was_told ||
		error_set(err, ERROR_REFUSED,
		    "another daemon has told, in this one's name, that it"
		    " remembers size %llu: a copy of this data folder stands"
		    " by, here or on a machine of the same name, or this folder"
		    " was put back to an older state. Each daemon has a folder"
		    " of its own: remove one of both, and make another by"
		    " \"valised init --join\" (\"A stand-by\" in the operations"
		    " manual)",
		    (unsigned long long)head->size));
}

bool
follower_open(const struct data_place *place, struct signer *signer,
    struct follower *out, struct error *err)
{
	struct journal_mended mended;
	struct note_key key;
	struct head head;
	bool was_told;

	*out = (struct follower){ .signer = signer };
	/* The writer may wait for what was remembered here before a restart. */
	return signer_state(signer, &head, &key, err) &&
	    (out->journal = data_follow(place, &head, &mended, &out->backend,
		 err)) != NULL &&
	    tell(out, &head, &was_told, err);
}

void
follower_close(struct follower *follower)
{
	journal_free(follower->journal);
	*follower = (struct follower){ .signer = follower->signer };
}

static bool
remember(struct follower *follower, struct head *head, struct error *err)
{
	struct journal *journal = follower->journal;
	struct merkle_proof proof;

	if (!journal_prove_consistency(journal, journal_size(journal),
		head->size, &proof, err) ||
	    !signer_checkpoint(follower->signer, head, &proof, err))
		return false;
	journal_followed(journal, head);
	return tell_first(follower, head, err);
}

bool
follower_step(struct follower *follower, bool *moved, struct error *err)
{
	struct journal *journal = follower->journal;
	struct proposed next;
	bool is_signed;

	*moved = false;
	/* Of what the writer waits for, nothing may be passed over. */
	if (!tell_again(follower, err) ||
	    !journal_next(journal, &next, &is_signed, err))
		return false;
	if (next.head.size == 0)
		return true;
	/* What is not this depositary's is not even read. */
	if (!is_signed &&
	    !proposed_check(follower->signer, journal_size(journal), &next,
		err))
		return false;
	/* No signature covers the time that stands beside a head. */
	if (!journal_follow(journal, &next, err) ||
	    (!is_signed &&
		!postgres_ascertain(follower->backend, &next.head, err)) ||
	    !proposed_time(journal, &next.head, err))
		return false;
	*moved = true;
	return remember(follower, &next.head, err);
}
