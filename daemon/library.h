/*
 * library.h - every policy and set of CRLs there ever was, from the store.
 *
 * Kept for good once loaded: what is borrowed stays.  Safe between threads.
 */
#ifndef DAEMON_LIBRARY_H
#define DAEMON_LIBRARY_H

#include "store/store.h"
#include "verdict/verdict.h"

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

/* NULL if the store never had it. */
struct policy *library_policy(struct library *library,
    const struct digest *digest);
const struct crl_set *library_crls(struct library *library,
    const struct digest *digest);
/* The same for a verdict, which judges a seal by the newest CRLs. */
struct verdict_library library_for_verdict(struct library *library,
    struct crls *newest);
/* Take over what was read from a folder; the one kept is returned. */
struct policy *library_add_policy(struct library *library,
    struct policy *policy, struct error *err);
const struct crl_set *library_add_crls(struct library *library,
    struct crl_set *set, struct error *err);

struct crl_set *crl_set_load(struct container *files, struct error *err);
/* The same of files that are parsed already; both are taken over. */
struct crl_set *crl_set_of(struct container *files, struct crls *crls,
    struct error *err);
void crl_set_free(struct crl_set *set);

#endif
