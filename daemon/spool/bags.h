/*
 * bags.h - the waybills that were handed in, so that acts that come by a bag
 * can be made in the name of the waybill's signer.
 *
 * They may be lost, and their number is bounded: the bearer of a bag can hand
 * its waybill in again.  A new one that finds no room replaces the oldest of the
 * office that has most.
 */
#ifndef DAEMON_SPOOL_BAGS_H
#define DAEMON_SPOOL_BAGS_H

#include "backend/backend.h"
#include "bag/waybill.h"
#include "base/file.h"
#include "document/container.h"

struct bags;

/*
 * Open a folder, which is made if need be, with what an earlier run kept in it.
 * A damaged file is removed and logged; one that cannot be read now stays.
 */
struct bags *bags_new(const char *dir, struct error *err);
void bags_free(struct bags *bags);
/*
 * Keep a waybill, by the SHA-256 of its text. zip is the body of a POST
 * /v1/bags: the waybill, its signature and its slips.
 */
bool bags_keep(struct bags *bags, const struct digest *digest,
    const struct waybill *waybill, struct span zip, struct error *err) MUST_USE;

/* The office and person who signed a waybill. */
struct dispatcher {
	char office[LIMIT_OFFICE_BYTES + 1], person[LIMIT_EMAIL_BYTES + 1];
};
/*
 * Find who signed a waybill.
 *
 * ERROR_CONFLICT  it was never handed in, was replaced, or is damaged
 * ERROR_SYSTEM    its file cannot be read now
 */
bool bags_find(struct bags *bags, const struct digest *waybill,
    struct dispatcher *out, struct error *err);
/*
 * Returns the files that were handed in with a waybill, which the caller frees.
 * Its signature has not been judged.  Errors as bags_find().
 */
struct container *bags_read(struct bags *bags, const struct digest *waybill,
    struct error *err);

/*
 * Parse the ZIP that was handed in with a waybill, which the caller frees. folder
 * is for a file without a name.  Nothing has been judged.
 *
 * ERROR_MALFORMED  it is not that of this waybill
 */
struct container *bags_parse(struct span zip, const char *folder,
    const struct digest *waybill, struct error *err);

/* --- Where several daemons share a record. --- */

/* Is what somebody else kept of this waybill good? */
typedef bool bags_check(void *arg, const struct digest *waybill,
    const struct container *files, struct error *err);

/* What is in a folder that another daemon may use: for bags_share() alone. */
struct bags *bags_at(const char *dir, struct error *err);
/*
 * Compare what is kept of a waybill with the exhibits of a backend, bring it to
 * where it is not, and add to *out.
 */
bool bags_share(struct bags *bags, struct backend *backend,
    const struct digest *waybill, enum exhibits_way way, bags_check *check,
    void *arg, struct exhibits_shared *out, struct error *err) MUST_USE;

#endif
