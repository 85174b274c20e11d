/*
 * seal.h - may the depositary seal now?  Its certificate must be the one that
 * the policy speaks of, and good by all lists that the journal names or that are
 * held: an act that is sealed with one that has ended or is revoked, or of which
 * nobody can tell, is worth nothing to the offices, for good.
 */
#ifndef DAEMON_WRITER_SEAL_H
#define DAEMON_WRITER_SEAL_H

#include "daemon/writer/act.h"
#include "pki/cert.h"

struct seal;

/* What is added where a certificate's dates are at fault. */
#define SEAL_CLOCK                                                             \
	", which is now by this machine's clock: set that if it is wrong"      \
	" (timedatectl)"

/*
 * Judge a certificate as the depositary's, at a time (UTC seconds): issuer,
 * dates, revocation, e-mail address, purpose and key.  TRUST_UNKNOWN: no list
 * tells, and nothing else is wrong with it.
 */
void seal_judge(const struct policy *policy,
    const struct revocation *revocation, const struct cert *cert, int64_t at,
    struct trust_result *out);

/* Make one for a certificate, of which a reference is kept. */
struct seal *seal_new(struct cert *cert, struct error *err);
void seal_free(struct seal *seal);
/* Judge this one from now on.  For any thread. */
void seal_renew(struct seal *seal, struct cert *cert);
/* Its certificate, borrowed.  For the thread that renews it. */
const struct cert *seal_cert(const struct seal *seal);
/* Is it this one?  The same. */
bool seal_has(const struct seal *seal, const struct cert *cert);

/*
 * Judge the certificate by the policy and lists of now.  The answer is kept for
 * the second.  For any thread.
 *
 * ERROR_UNAVAILABLE  no act may be made; the sentence says why, and what to do
 */
bool seal_is_good(struct seal *seal, const struct library *library,
    const struct judged_by *now, struct error *err) MUST_USE;
/*
 * Is it an act of a person, which waits for a good seal?  Policies, lists, keys,
 * starts and refusals do not.
 */
bool seal_is_for(enum act act);

#endif
