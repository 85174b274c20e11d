/*
 * library.h - every policy and every set of CRLs that the store has, loaded
 * when needed.
 *
 * What is loaded is kept until the library is freed, so borrowed pointers stay
 * valid.  All functions are safe between threads.
 */
#ifndef RECORD_LIBRARY_H
#define RECORD_LIBRARY_H

#include "record/ledger.h"
#include "record/stored.h"

#define REF_POLICY "refs/valise/policy"
#define REF_CRLS   "refs/valise/crls"

struct crl_set {
	struct digest digest;
	struct container *files;
	struct crls *crls;
};

struct library;

struct library *library_new(struct store *store, struct error *err);
void library_free(struct library *library);

/*
 * Returns a policy or a set, which stays the library's; NULL if the store does
 * not have it.
 */
struct policy *library_policy(struct library *library,
    const struct digest *digest);
const struct crl_set *library_crls(struct library *library,
    const struct digest *digest);
/*
 * Take in the next entry of the journal, if it names a policy or CRLs. By these
 * entries the daemon judges who was revoked.
 */
bool library_follow(struct library *library, uint64_t index,
    const struct entry *entry, struct error *err) MUST_USE;
/* The same for all entries of a journal so far, found through its ledger. */
bool library_follow_all(struct library *library, const struct journal *journal,
    const struct ledger *ledger, struct error *err) MUST_USE;
/*
 * Tell of a ref that does not lead to what the newest entry names: it was lost,
 * or put back to an older commit. is_there: the store has that commit. mend: the
 * ref is set to it.
 */
typedef void library_ref_visitor(void *arg, const char *ref, bool is_there);
bool library_look_at_refs(struct library *library, const struct ledger *ledger,
    bool mend, library_ref_visitor *tell, void *arg,
    struct error *err) MUST_USE;
/*
 * Hold lists that no entry names: they keep out whom they name, and judge
 * nothing else. They are taken over; NULL: none.
 */
void library_hold(struct library *library, struct crls *held);
const struct revocation *library_revocation(const struct library *library);
struct verdict_library library_for_verdict(struct library *library);
/*
 * Keep a policy that was read from a folder; it is taken over.  Returns the one
 * that is kept, which may be an older equal one.
 */
struct policy *library_add_policy(struct library *library,
    struct policy *policy, struct error *err);
const struct crl_set *library_add_crls(struct library *library,
    struct crl_set *set, struct error *err);

struct crl_set *crl_set_load(struct container *files, struct error *err);
/* Returns a set of files that were parsed before; both are taken over. */
struct crl_set *crl_set_of(struct container *files, struct crls *crls,
    struct error *err);
void crl_set_free(struct crl_set *set);

#endif
