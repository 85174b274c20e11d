/*
 * place.h - may an act come next, as its document stands?  If another act on
 * the document comes first, the check is made again (registrar.h), so nothing
 * slips in between.
 */
#ifndef DAEMON_API_PLACE_H
#define DAEMON_API_PLACE_H

#include "policy/policy.h"
#include "record/snapshot.h"

/* Who deposits, and the version whose signing this may end. */
struct place_deposit {
	const struct policy *policy;
	const struct office *office;
	unsigned version;
	/*
	 * The depositor knows that this ends the signing of that version,
	 * whoever has signed it by then; or 0.
	 */
	unsigned onto;
};

/*
 * Check a deposit; now is of the newest version.
 *
 * ERROR_USAGE     onto is not the version before
 * ERROR_CONFLICT  it is not the next version; or the document is terminated; or
 *  another party has signed the newest version, which this
 *  would end, and onto does not say so
 */
bool place_check_deposit(const char *document,
    const struct place_deposit *deposit, const struct snapshot *now,
    struct error *err) MUST_USE;

/*
 * Check a signature; now is of the version to be signed.
 *
 * ERROR_NOT_FOUND  there is no such version
 * ERROR_CONFLICT   the version accepts no signatures
 */
bool place_check_sign(const char *document, unsigned version,
    const struct snapshot *now, struct error *err) MUST_USE;

/*
 * Check a termination; now is of the version in force, or terminated.
 *
 * ERROR_NOT_FOUND  there is no such document
 * ERROR_CONFLICT   that version is not in force
 */
bool place_check_end(const char *document, unsigned version,
    const struct snapshot *now, struct error *err) MUST_USE;

/*
 * Has a copy of the version room for the receipts of one more signature: its
 * own, that of a "force", and that of a waybill?
 *
 * ERROR_LIMIT  verifiers would refuse the copy as too large
 */
bool place_check_room(const char *document, const struct snapshot *now,
    struct error *err) MUST_USE;

#endif
