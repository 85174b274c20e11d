/*
 * seal.h - may the depositary seal now?  Its certificate must be good by all
 * lists that the journal names: an act that is sealed with one that is revoked,
 * or of which nobody can tell, is worth nothing to the offices, for good.
 */
#ifndef DAEMON_WRITER_SEAL_H
#define DAEMON_WRITER_SEAL_H

#include "daemon/writer/act.h"
#include "pki/cert.h"

struct seal;

/* Make one for a certificate, of which a reference is kept. */
struct seal *seal_new(struct cert *cert, struct error *err);
void seal_free(struct seal *seal);

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
