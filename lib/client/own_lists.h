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

/* The code of the finding, warning and error. */
#define CRL_WITHHELD "CRL_WITHHELD"

/* Sets of lists as `crl` entries name them, oldest first; all borrowed. */
struct named_lists {
	struct {
		uint64_t index;
		struct digest digest;
		struct crls *crls; /* NULL: it is not to be had */
	} * list;
	size_t num, room;
};

/* Learn what the journal names by now (lists.h), and take all of it. */
bool named_lists_learn(struct session *session, struct named_lists *out,
    struct error *err) MUST_USE;
void named_lists_free(struct named_lists *named);
/* The entry that first names a list; AUDIT_NO_ENTRY: none. */
uint64_t named_lists_entry(const struct named_lists *named,
    const struct crl *crl);
/* Does a list tell what none of these tells?  By the CAs of the policy. */
bool named_lists_lack(const struct named_lists *named,
    const struct policy *policy, const struct crl *crl, bool *lack,
    struct error *err) MUST_USE;

/*
 * Keep each list of bytes that a CA of the policy signed and that is not from
 * the future; *num is how many there were of these.
 *
 * ERROR_MALFORMED  there is no list in it
 * ERROR_UNTRUSTED  none is such a one: err says why of the first
 * ERROR_LIMIT      there are more than LIMIT_LISTS
 */
bool own_lists_keep(struct context *context, const struct policy *policy,
    struct span bytes, size_t *num, struct error *err) MUST_USE;
/* All that are kept, for crls_free(). */
struct crls *own_lists(const struct context *context, struct error *err);
/* One is withheld no more. */
void own_lists_forget(const struct context *context, const struct crl *crl);
/* "of CA "iom" of 2026-11-26T05:00:00Z" */
void own_lists_name(const struct policy *policy, struct crls *of,
    struct crl *crl, char out[160]);

#endif
