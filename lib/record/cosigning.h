/*
 * cosigning.h - judging lines of witnesses that somebody else kept: those that a
 * database has (journal/cosignatures.h).
 */
#ifndef RECORD_COSIGNING_H
#define RECORD_COSIGNING_H

#include "record/record.h"

/* What lines are judged by; one of zeros knows no witness. */
struct cosigning {
	const struct journal *journal;
	/*
	 * All witnesses that a policy of these ever named count, once there is
	 * a line to judge; NULL: keys says who counts.
	 */
	const struct ledger *ledger;
	struct library *library;
	struct note_key *keys;
	size_t num;
};

/* Free the keys that were taken from policies. */
void cosigning_free(struct cosigning *cosigning);

/*
 * A cosignature_check, whose arg is a struct cosigning: is it the line of one of
 * these witnesses over the root that the journal has at this size?
 */
bool cosigning_check(void *cosigning, uint64_t size, struct span line);

/*
 * Bring the lines of a record's database and those of its data folder together
 * (EXHIBITS_BOTH), when it was opened to write.
 */
bool cosigning_share(const struct record *record, struct exhibits_shared *out,
    struct error *err) MUST_USE;

#endif
