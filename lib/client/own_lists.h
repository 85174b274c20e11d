/*
 * own_lists.h - revocation lists: those that this office has by itself, and those
 * that the journal names.
 *
 *	STATE/KEYID/own-crls/DIGEST.crl  one list, DER, by the SHA-256 of it
 *
 * A list of one's own is kept until the journal names it, or others that tell
 * all that it tells.  Until then it is withheld: an office that is not told of
 * it judges otherwise.
 */
#ifndef CLIENT_OWN_LISTS_H
#define CLIENT_OWN_LISTS_H

#include "client/session.h"

/* The code of the finding, of the warning and of the error. */
#define CRL_WITHHELD "CRL_WITHHELD"

/* The sets of lists that `crl` entries name, oldest first. All is borrowed. */
struct named_lists {
	struct {
		uint64_t index;
		struct digest digest;
		struct crls *crls; /* NULL: it cannot be had */
	} * list;
	size_t num, room;
};

/* Learn which sets the journal names by now (lists.h), and get all of them. */
bool named_lists_learn(struct session *session, struct named_lists *out,
    struct error *err) MUST_USE;
void named_lists_free(struct named_lists *named);
/* The entry that names a list first; AUDIT_NO_ENTRY if none does. */
uint64_t named_lists_entry(const struct named_lists *named,
    const struct crl *crl);
/*
 * Does a list tell something that none of these tells, by the CAs of the
 * policy?
 */
bool named_lists_lack(const struct named_lists *named,
    const struct policy *policy, const struct crl *crl, bool *lack,
    struct error *err) MUST_USE;

/*
 * Keep those lists of some bytes that a CA of the policy signed and that are
 * not from the future, that is, over an hour from now. *num is how many of
 * these there were. Those from the future are added to ahead, if it is not
 * NULL.
 *
 * ERROR_MALFORMED  there is no list in the bytes
 * ERROR_UNTRUSTED  there is no such list: err says why of the first
 * ERROR_LIMIT      there are more than LIMIT_LISTS
 */
bool own_lists_keep(struct context *context, const struct policy *policy,
    struct span bytes, size_t *num, struct crls *ahead,
    struct error *err) MUST_USE;
/* All lists that are kept, for crls_free(). */
struct crls *own_lists(const struct context *context, struct error *err);
/* Forget a list that the journal names now. */
void own_lists_forget(const struct context *context, const struct crl *crl);
/* Name a list: "of CA "iom" of 2026-11-26T05:00:00Z". */
void own_lists_name(const struct policy *policy, struct crls *of,
    struct crl *crl, char out[160]);

#endif
