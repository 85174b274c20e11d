/*
 * succession.h - which policy followed which, and which of them judge here.
 *
 * The journal has an entry for each policy (docs/formats.md, "policy"): it is
 * in force from that index up to the next such entry.  An office accepts
 * entries and not digests, since a policy that was put aside can come back.
 * One that it did not accept judges nothing, and its range is nobody else's.
 */
#ifndef POLICY_SUCCESSION_H
#define POLICY_SUCCESSION_H

#include "base/digest.h"

#define SUCCESSION_NONE UINT64_MAX

struct policy_entry {
	uint64_t index;
	struct digest digest;
	bool accepted;
};

/* The policies that were in force. All zero: nothing is known yet. */
struct succession {
	struct policy_entry *list; /* all entries that were proved, by index */
	size_t num;
	/*
	 * Policies that were accepted before their entry was seen, because they
	 * came by mail, say.
	 */
	struct digest awaited[8];
	size_t num_awaited;
	/*
	 * A pin, as older programs kept it: which policy the office accepted
	 * from which size of the journal on.  It counts until the entries are
	 * known.
	 */
	struct policy_pin {
		uint64_t size;
		struct digest digest;
	} * pins;
	size_t num_pins;
};

void succession_free(struct succession *succession);
bool succession_copy(const struct succession *from, struct succession *out,
    struct error *err) MUST_USE;

/*
 * May this policy judge the act of this index? Everything that judges an act on
 * behalf of an office asks this, and nothing else.
 */
bool succession_judges(const struct succession *succession,
    const struct digest *digest, uint64_t index);

/* The policy in force, as far as is known; or NULL. */
const struct policy_entry *succession_newest(
    const struct succession *succession);
/* The newest that was accepted, by which a daemon must judge; or NULL. */
const struct digest *succession_pinned(const struct succession *succession);
/*
 * The newest entry of a policy, or the one at an index; NULL if there is none.
 */
const struct policy_entry *succession_find(const struct succession *succession,
    const struct digest *digest, uint64_t index);
/* The first index that the policy of this entry does not judge any more. */
uint64_t succession_end(const struct succession *succession,
    const struct policy_entry *entry);

/*
 * Take in the next policy entry. prior is the entry that it names as the one
 * before it, or SUCCESSION_NONE. It is accepted if its policy is awaited, or is
 * the pinned one.
 *
 * ERROR_UNTRUSTED  ENTRY_WITHHELD: an entry between it and the newest was
 *                   hidden
 * ERROR_LIMIT      more than LIMIT_POLICY_ENTRIES
 */
bool succession_add(struct succession *succession, uint64_t index,
    const struct digest *digest, uint64_t prior, struct error *err) MUST_USE;
/* All entries are known now: turn the pins into accepted entries. */
void succession_settle(struct succession *succession);

/* Accept the entry that succession_find() finds; false if there is none. */
bool succession_accept(struct succession *succession,
    const struct digest *digest, uint64_t index) MUST_USE;
/*
 * Accept the next entry of this policy.
 *
 * ERROR_LIMIT  too many are awaited already
 */
bool succession_await(struct succession *succession,
    const struct digest *digest, struct error *err) MUST_USE;
/*
 * All entries are known now: a policy that is awaited and was accepted before
 * is not awaited any more, lest an old one be brought back. False if there was
 * no such policy.
 */
bool succession_stop_waiting(struct succession *succession);

/*
 * The digest of the first num entries, for the telephone: SHA-256 of their
 * "INDEX DIGEST" lines. Which were accepted is no part of it.
 */
struct digest succession_digest(const struct succession *succession,
    size_t num);

/* Append "INDEX DIGEST". */
bool succession_parse_entry(struct span text, struct policy_entry *out,
    struct error *err) MUST_USE;
/*
 * A file of an office's state: lines "INDEX DIGEST accepted" or "… seen", then
 * "awaited DIGEST". out must be all zero.
 *
 * ERROR_SYSTEM  it is damaged, or there is no memory
 * ERROR_LIMIT   more than LIMIT_POLICY_ENTRIES
 */
bool succession_parse(struct span text, struct succession *out,
    struct error *err) MUST_USE;
/* Parse lines "SIZE DIGEST", as pins were kept; at most LIMIT_PINS. */
bool succession_parse_pins(struct span text, struct succession *out,
    struct error *err) MUST_USE;
bool succession_encode(const struct succession *succession, struct buf *out,
    struct error *err) MUST_USE;

#endif
