/*
 * crl_entries.h - which lists of revocations the journal names, and by whose
 * CAs each of them is verified: what of the journal a verdict needs beside the
 * copy.
 *
 * A `crl` entry names a set of lists, which are verified with the CA
 * certificates of the policy in force.  A `policy` entry names the set of
 * before it once more, for the CAs of the new policy.  Whoever took in the same
 * entries judges alike.
 */
#ifndef VERDICT_CRL_ENTRIES_H
#define VERDICT_CRL_ENTRIES_H

#include "journal/entry.h"
#include "pki/standing.h"

struct verdict_library;

/* Safe between threads: one may take in an entry while others judge. */
struct crl_entries;

struct crl_entries *crl_entries_new(struct error *err);
void crl_entries_free(struct crl_entries *entries);
/* Make another that knows the same, to take in what only one copy tells. */
struct crl_entries *crl_entries_copy(const struct crl_entries *from,
    struct error *err);

/*
 * Take in an entry, in the journal's order: a `crl` or a `policy` entry, or any
 * that names a set (its `crls`) under a policy. Others are passed over. The
 * library lends policies and sets; it need not have them. A policy that is not
 * accepted judges none of its lists, and from a set that cannot be had on,
 * these entries are not complete.
 */
bool crl_entries_take(struct crl_entries *entries,
    const struct verdict_library *library, uint64_t index,
    const struct entry *entry, struct error *err) MUST_USE;

/*
 * Take in lists that no known entry names, as if the journal had begun with
 * them: for a reader that knows nothing of the journal yet.
 */
bool crl_entries_take_lists(struct crl_entries *entries, struct crls *lists,
    const struct trust *trust, struct error *err) MUST_USE;

/* True if that set is among those that were named. */
bool crl_entries_have(const struct crl_entries *entries,
    const struct digest *set);
/* The index of the first entry whose set could not be had; UINT64_MAX. */
uint64_t crl_entries_missing(const struct crl_entries *entries);
/* Hold lists beside those that are named (revocation_hold()). */
void crl_entries_hold(struct crl_entries *entries, struct crls *held);
const struct revocation *crl_entries_revocation(
    const struct crl_entries *entries);

#endif
