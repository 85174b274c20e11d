/*
 * place.h - may an act come next, as its document stands?  What is judged here
 * is judged again if another act on the document comes first (registrar.h), so
 * nothing slips in between.
 */
#ifndef DAEMON_API_PLACE_H
#define DAEMON_API_PLACE_H

#include "policy/policy.h"
#include "record/snapshot.h"

/* Whose deposit, and onto which version's signatures it may come. */
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
 * now is of the newest version.
 *
 * ERROR_USAGE     onto is not the version before
 * ERROR_CONFLICT  not the next version; or the document is terminated; or
 *                 another party has signed the newest version, which this
 *                 would end, and onto does not say so
 */
bool place_check_deposit(const char *document,
    const struct place_deposit *deposit, const struct snapshot *now,
    struct error *err) MUST_USE;

/*
 * now is of the version that is to be signed.
 *
 * ERROR_NOT_FOUND  there is no such version
 * ERROR_CONFLICT   it takes no signatures
 */
bool place_check_sign(const char *document, unsigned version,
    const struct snapshot *now, struct error *err) MUST_USE;

/*
 * A termination of version; now is of the one in force, or terminated.
 *
 * ERROR_NOT_FOUND  there is no document
 * ERROR_CONFLICT   that version is not in force
 */
bool place_check_end(const char *document, unsigned version,
    const struct snapshot *now, struct error *err) MUST_USE;

/*
 * Has a copy of the version room for the receipts of one more signature: its
 * own, that of a "force", and that of a waybill?
 *
 * ERROR_LIMIT  nobody could verify the copy any more
 */
bool place_check_room(const char *document, const struct snapshot *now,
    struct error *err) MUST_USE;

#endif
