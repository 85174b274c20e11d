/*
 * bags.h - the waybills that were handed in, so that what came by bag can be
 * deposited in the name of who signed the waybill.
 *
 * Derived, and bounded: whoever brings a bag can hand its waybill in again.
 */
#ifndef DAEMON_BAGS_H
#define DAEMON_BAGS_H

#include "bag/waybill.h"
#include "base/file.h"

struct bags;

/* Take over what an earlier run kept in a folder, made if need be. */
struct bags *bags_new(const char *dir, struct error *err);
void bags_free(struct bags *bags);
/* Keep a waybill by the SHA-256 of its text. */
bool bags_keep(struct bags *bags, struct span text, struct error *err)
    MUST_USE;

/* Who signed it, and when; false if it was never handed in. */
struct stand_in {
	char office[LIMIT_OFFICE_BYTES + 1], person[LIMIT_EMAIL_BYTES + 1];
	int64_t dispatched_at;
};
bool bags_find(struct bags *bags, const struct digest *waybill,
    struct stand_in *out);
/* Does it list a file below folder that has this SHA-256? */
bool bags_list(struct bags *bags, const struct digest *waybill,
    const char *folder, const struct digest *sha256);

#endif
