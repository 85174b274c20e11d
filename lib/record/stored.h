/*
 * stored.h - reading a version out of the store.
 */
#ifndef RECORD_STORED_H
#define RECORD_STORED_H

#include "document/container.h"
#include "journal/journal.h"
#include "pki/cades.h"
#include "pki/standing.h"
#include "policy/policy.h"
#include "store/store.h"
#include "verdict/verdict.h"

/*
 * Returns the container that a commit's tree is.  Its texts stay in the store,
 * with the digests that version.yaml gives; a caller that does not trust these
 * uses member_hash().
 */
struct container *stored_version(struct store *store, const struct oid *commit,
    struct error *err);
/*
 * The same for a caller that judges the version and does not write it: its
 * texts are read and hashed.
 */
struct container *stored_to_judge(struct store *store, const struct oid *commit,
    struct error *err);
/*
 * The same for a caller that took its pack in, and will judge and write the
 * version: its files are read once and get the digests of their bytes; git's
 * names are not computed again.
 */
struct container *stored_to_copy(struct store *store, const struct oid *commit,
    struct error *err);

/*
 * Returns the entries of these indices, for a verdict; the caller frees the
 * array.
 *
 * ERROR_SYSTEM  the journal cannot be read, or there is no memory
 */
struct verdict_act *stored_acts(const struct journal *journal,
    const uint64_t indices[], size_t num, struct error *err);

/*
 * Judge the signature of a commit, as "git verify-commit" would with gpgsm: is
 * this signature (DER) over the commit's content made by the depositary of that
 * policy, and was its certificate good at the time that it names, which is the
 * commit's?  If revocation is NULL, revocation is not checked. out must be
 * given to cades_free() whether this succeeds or not.
 *
 * ERROR_UNTRUSTED, ERROR_MALFORMED  the signature is not accepted
 */
bool commit_judge(struct cert_cache *certs, const struct policy *policy,
    const struct revocation *revocation, struct span content, struct span der,
    struct cades *out, struct error *err) MUST_USE;

#endif
