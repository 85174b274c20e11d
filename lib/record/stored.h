/*
 * stored.h - a version as it lies in the store.
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
 * The container that is the tree of a commit.  Its texts stay in the store,
 * with the digests that version.yaml tells: member_hash() is for who doubts
 * them.
 */
struct container *stored_version(struct store *store, const struct oid *commit,
    struct error *err);
/* The same, to be judged and not written: its texts are read and hashed. */
struct container *stored_to_judge(struct store *store, const struct oid *commit,
    struct error *err);
/*
 * To be written and judged by whoever took its pack in: its files are read
 * once, and have the digests of their bytes; git's names are not computed.
 */
struct container *stored_to_copy(struct store *store, const struct oid *commit,
    struct error *err);

/*
 * The entries of these indices, for a verdict; the caller frees them.
 *
 * ERROR_SYSTEM  the journal does not read, or there is no memory
 */
struct verdict_act *stored_acts(const struct journal *journal,
    const uint64_t indices[], size_t num, struct error *err);

/*
 * What "git verify-commit" asks, without gpgsm: is this signature (DER) over a
 * commit's content the depositary's by that policy, good at the time that it
 * names, which is the commit's?  revocation may be NULL: then whether it was
 * revoked is not asked.  out is for cades_free(), whatever comes of it.
 *
 * ERROR_UNTRUSTED, ERROR_MALFORMED  it is not
 */
bool commit_judge(struct cert_cache *certs, const struct policy *policy,
    const struct revocation *revocation, struct span content, struct span der,
    struct cades *out, struct error *err) MUST_USE;

#endif
