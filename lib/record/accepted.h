/*
 * accepted.h - which policy each person's program says that its office has
 * accepted (docs/formats.md, "HTTP": Valise-Accepted).
 *
 * It is their word, kept so that an administrator knows whom to wait for before
 * the journal's key is replaced.  No verdict and no decision follows from it.
 * All functions are safe between threads.
 */
#ifndef RECORD_ACCEPTED_H
#define RECORD_ACCEPTED_H

#include "policy/policy.h"
#include "record/record.h"

struct accepted;

/* Read the file; nothing is known if it is missing or damaged. */
struct accepted *accepted_open(const char *path, struct error *err);
void accepted_free(struct accepted *all);

/*
 * Take in what a person named, at this time in seconds.  At most LIMIT_ACCEPTED
 * persons are known: whoever was not seen for longest makes room.
 */
void accepted_note(struct accepted *all, const char *office, const char *person,
    const struct digest *policy, int64_t at);
/* Write the file durably, if anything changed since it was read or written. */
bool accepted_store(struct accepted *all, struct error *err) MUST_USE;

/* What is known of a person; or of an office of which nobody is known. */
struct accepted_by {
	const char *office, *person; /* person: NULL, nobody is known */
	struct digest policy;
	uint64_t
	    entry;  /* the newest of that policy; LEDGER_NONE: there is none */
	int64_t at; /* when it was last named, in seconds */
	bool is_newest; /* it is the policy in force by the journal */
};
enum accepted_look {
	ACCEPTED_READ, /* entries that are not known are read */
	ACCEPTED_KNOWN /* none is: what has them may not answer */
};
/*
 * Visit what is known of each office of a policy, in its order. Entries are
 * looked up among the newest LIMIT_ACCEPTED_LOOKS of policies.
 */
bool accepted_each(struct accepted *all, const struct record *record,
    const struct policy *policy, enum accepted_look look,
    void (*visit)(void *arg, const struct accepted_by *by), void *arg,
    struct error *err) MUST_USE;
/* Read these entries, so that they are known. */
bool accepted_learn(struct accepted *all, const struct record *record,
    struct error *err) MUST_USE;

#endif
