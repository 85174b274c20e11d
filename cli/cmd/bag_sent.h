/*
 * bag_sent.h - the bags that this office sent, and what became of each.
 *
 * The journal says which were dispatched and which were acknowledged; which of
 * its entries a bag was packed for is kept here, in STATE/bags/sent.
 */
#ifndef CLI_CMD_BAG_SENT_H
#define CLI_CMD_BAG_SENT_H

#include "bag/waybill.h"
#include "client/session.h"

struct bag_sent {
	uint64_t number, entry; /* of the journal: its dispatch */
	int64_t at_ms;
	char to[LIMIT_OFFICE_BYTES + 1];
	struct digest waybill;
	/*
	 * It had what changed in these entries, [from, until), but for what
	 * was acknowledged before.  Both are 0 for one of named documents.
	 */
	uint64_t from, until;
	bool acknowledged, incomplete;
	uint64_t answer; /* the entry of its acknowledgement */
};

struct bags_sent {
	struct bag_sent *list; /* by entry */
	size_t num, room;
};

/*
 * Ask the journal for the bags of this office, and mark what is kept of each.
 * office is this office's name.  Call bags_sent_free() even after a failure.
 */
bool bags_sent_load(struct session *session, const char *office,
    struct bags_sent *out, struct error *err) MUST_USE;
void bags_sent_free(struct bags_sent *sent);

/* How many bags to an office are not acknowledged. */
size_t bags_sent_open(const struct bags_sent *sent, const char *to);
/* Has an office acknowledged a bag that had what this entry changed? */
bool bags_sent_has(const struct bags_sent *sent, const char *to,
    uint64_t index);
/* Is it lost, it seems: a later bag to the same office was acknowledged? */
bool bags_sent_is_missing(const struct bags_sent *sent, size_t i);

/* Keep which entries a bag was packed for. */
bool bags_sent_keep(struct context *context, const struct digest *waybill,
    uint64_t from, uint64_t until, struct error *err) MUST_USE;
/* Keep that a bag did not come whole. */
bool bags_sent_keep_incomplete(struct context *context,
    const struct digest *waybill, struct error *err) MUST_USE;

#endif
