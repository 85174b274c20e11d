/*
 * standing.h - was a certificate good at a given time: issued by a CA of the
 * policy, valid, and not revoked?
 *
 * The one answer for who connects, who signs and who seals, at the daemon and
 * at every office (docs/formats.md, "Revocation").
 */
#ifndef PKI_STANDING_H
#define PKI_STANDING_H

#include "pki/revocation.h"

/*
 * Judge cert at a time (UTC seconds). revocation knows what the journal's lists
 * tell. If it is NULL, a certificate that is good otherwise is TRUST_UNKNOWN.
 */
void standing_judge(struct trust *trust, const struct revocation *revocation,
    const struct cert *cert, int64_t at, struct trust_result *out);
/*
 * The same of somebody who acts now: who is on a list from the future is kept
 * out, though it is not in force yet (revocation_keeps_out()); and who is
 * doubted is revoked, since only a list from the future can have cleared them.
 */
void standing_judge_live(struct trust *trust,
    const struct revocation *revocation, const struct cert *cert, int64_t at,
    struct trust_result *out);
/* True if it is good; also if it is doubted, which is a warning. */
bool standing_is_good(const struct trust_result *result);

#endif
