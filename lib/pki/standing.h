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
 * Judge cert at a time (UTC seconds).  revocation is what the journal's lists
 * tell; NULL where there are none: then what is good else is TRUST_UNKNOWN.
 */
void standing_judge(struct trust *trust, const struct revocation *revocation,
    const struct cert *cert, int64_t at, struct trust_result *out);
/* Does it hold?  Doubted it does, with a warning. */
bool standing_is_good(const struct trust_result *result);

#endif
