/*
 * bags.h - the waybills that were handed in, so that what came by bag can be
 * deposited in the name of who signed the waybill.
 *
 * Derived, and bounded: whoever brings a bag can hand its waybill in again.
 */
#ifndef DAEMON_SPOOL_BAGS_H
#define DAEMON_SPOOL_BAGS_H

#include "bag/waybill.h"
#include "base/file.h"
#include "document/container.h"

struct bags;

/*
 * Take over what an earlier run kept in a folder, made if need be.  A file that
 * is damaged goes, with a line in the log; one that cannot be read stays.
 */
struct bags *bags_new(const char *dir, struct error *err);
void bags_free(struct bags *bags);
/*
 * Keep a waybill by the SHA-256 of its text: zip is the body of a POST
 * /v1/bags, which has it, its signature and its slips.
 */
bool bags_keep(struct bags *bags, const struct digest *digest,
    const struct waybill *waybill, struct span zip, struct error *err) MUST_USE;

/* Whom a waybill names. */
struct dispatcher {
	char office[LIMIT_OFFICE_BYTES + 1], person[LIMIT_EMAIL_BYTES + 1];
};
/*
 * ERROR_CONFLICT  it was never handed in, is forgotten, or is damaged
 * ERROR_SYSTEM    its file cannot be read now
 */
bool bags_find(struct bags *bags, const struct digest *waybill,
    struct dispatcher *out, struct error *err);
/*
 * What was kept of it; the caller frees it.  Nothing says yet that the
 * signature is good.  Errors as bags_find().
 */
struct container *bags_read(struct bags *bags, const struct digest *waybill,
    struct error *err);

#endif
