/*
 * waybills.h - the waybills of a record's bags that several daemons share: which
 * ones there are, and whether what a database has of one is good.
 */
#ifndef DAEMON_SPOOL_WAYBILLS_H
#define DAEMON_SPOOL_WAYBILLS_H

#include "daemon/spool/bags.h"
#include "record/record.h"

/* What waybills are judged by. */
struct waybills {
	const struct journal *journal;
	struct ledger *ledger;
	struct library *library;
	struct cert_cache *certs;
	struct policy *policy;
};

struct waybills waybills_of(const struct record *record,
    struct cert_cache *certs, struct policy *policy);

/* Does the journal say that it was dispatched? */
bool waybills_are_dispatched(const struct waybills *waybills,
    const struct digest *waybill);
/*
 * A bags_check, whose arg is a struct waybills: is its signature that of whom it
 * names, and are its slips those that it lists?
 */
bool waybills_judge(void *waybills, const struct digest *waybill,
    const struct container *files, struct error *err) MUST_USE;
/* Visit the waybills of the LIMIT_WAYBILLS newest dispatches, oldest first. */
typedef bool waybill_visitor(void *arg, const struct digest *waybill,
    struct error *err);
bool waybills_each(const struct waybills *waybills, waybill_visitor *visit,
    void *arg, struct error *err) MUST_USE;
/*
 * Compare those of the LIMIT_WAYBILLS newest dispatches with the exhibits of a
 * backend, and bring each to where it is not.
 */
bool waybills_share(const struct waybills *waybills, struct bags *bags,
    struct backend *backend, enum exhibits_way way, struct exhibits_shared *out,
    struct error *err) MUST_USE;

#endif
