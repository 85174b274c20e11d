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

/* All zero: nothing is known yet. */
struct succession {
	struct policy_entry *list; /* all that were proved, by index */
	size_t num;
	/* Accepted before their entry was seen: it came by mail, say. */
	struct digest awaited[8];
	size_t num_awaited;
	/*
	 * What an office accepted, as it was kept before: from which size of
	 * the journal on.  It counts until the entries are known.
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
 * May this policy judge the act of this index?  Everything that judges an act
 * on behalf of an office asks this, and nothing else.
 */
bool succession_judges(const struct succession *succession,
    const struct digest *digest, uint64_t index);

/* The policy in force, as far as is known; NULL if none is. */
const struct policy_entry *succession_newest(
    const struct succession *succession);
/* The newest that was accepted, by which a daemon is to judge; or NULL. */
const struct digest *succession_pinned(const struct succession *succession);
/* The newest entry of a policy, or the one at an index; NULL if it is none. */
const struct policy_entry *succession_find(const struct succession *succession,
    const struct digest *digest, uint64_t index);
/* The first index that an entry's policy does not judge any more. */
uint64_t succession_end(const struct succession *succession,
    const struct policy_entry *entry);

/*
 * Take in the next policy entry.  prior is the one that it names as the one
 * before it, or SUCCESSION_NONE.  It is accepted where its policy is awaited,
 * or is the pinned one.
 *
 * ERROR_UNTRUSTED  ENTRY_WITHHELD: one between it and the newest was hidden
 * ERROR_LIMIT      more than LIMIT_POLICY_ENTRIES
 */
bool succession_add(struct succession *succession, uint64_t index,
    const struct digest *digest, uint64_t prior, struct error *err) MUST_USE;
/* All entries are known now: what was kept as pins is made of them. */
void succession_settle(struct succession *succession);

/* Accept succession_find()'s entry; false if there is none. */
bool succession_accept(struct succession *succession,
    const struct digest *digest, uint64_t index) MUST_USE;
/*
 * Accept the next entry of this policy.
 *
 * ERROR_LIMIT  so many are awaited already
 */
bool succession_await(struct succession *succession,
    const struct digest *digest, struct error *err) MUST_USE;
/*
 * All entries are known: what is awaited, and has one that was accepted, is
 * awaited no more, lest it be brought back.  False if there was no such.
 */
bool succession_stop_waiting(struct succession *succession);

/*
 * The digest of the first num entries, for the telephone: SHA-256 of
 * "INDEX DIGEST" lines.  What was accepted is no part of it.
 */
struct digest succession_digest(const struct succession *succession,
    size_t num);

/* "INDEX DIGEST". */
bool succession_parse_entry(struct span text, struct policy_entry *out,
    struct error *err) MUST_USE;
/*
 * As a file of an office's state: "INDEX DIGEST accepted" or "… seen" lines,
 * then "awaited DIGEST" ones.  out is all zero before.
 *
 * ERROR_SYSTEM  it is damaged, or there is no memory
 * ERROR_LIMIT   more than LIMIT_POLICY_ENTRIES
 */
bool succession_parse(struct span text, struct succession *out,
    struct error *err) MUST_USE;
/* "SIZE DIGEST" lines, as pins were kept before; at most LIMIT_PINS. */
bool succession_parse_pins(struct span text, struct succession *out,
    struct error *err) MUST_USE;
bool succession_encode(const struct succession *succession, struct buf *out,
    struct error *err) MUST_USE;

#endif
