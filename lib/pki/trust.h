/*
 * trust.h - is a certificate one that a CA of the policy issued, and was it
 * good at a given time?
 *
 * Source: RFC 5280 section 6.  Certificates are issued directly by a CA that
 * the policy names; there are no chains to build and nothing is fetched.
 */
#ifndef PKI_TRUST_H
#define PKI_TRUST_H

#include "pki/cert.h"

/* The CAs of one policy.  Safe between threads once filled. */
struct trust;

struct trust *trust_new(struct error *err);
void trust_free(struct trust *trust);
/*
 * Take in the CA certificate of PEM text under a name.
 *
 * ERROR_MALFORMED  not a certificate
 * ERROR_UNTRUSTED  not a CA's, weak, or there already
 */
bool trust_add_ca(struct trust *trust, const char *name, struct span pem,
    struct error *err) MUST_USE;
/* NULL if there is none of that name. */
const struct cert *trust_ca(const struct trust *trust, const char *name);

/* The name of a CA by its place, from 0 on; NULL after the last. */
const char *trust_ca_name(const struct trust *trust, size_t place);

/* A set of revocation lists.  Safe between threads once filled. */
struct crls;

struct crls *crls_new(struct error *err);
void crls_free(struct crls *crls);
/*
 * Take in every CRL of PEM text, or the one of DER.
 *
 * ERROR_MALFORMED  not a CRL, or one that covers only part of its CA's
 *                  certificates (delta, indirect, by reason or kind)
 */
bool crls_add(struct crls *crls, struct span bytes,
    struct error *err) MUST_USE;
size_t crls_count(const struct crls *crls);
/* The newest list of a CA that trust names, by its own signature. */
bool crls_next_update(const struct crls *crls, const struct trust *trust,
    const char *ca, int64_t *out);

/* The thisUpdate of the newest one; false if it has none of that CA. */
bool crls_this_update(struct crls *crls, const struct trust *trust,
    const char *ca, int64_t *out);

enum trust_state {
	TRUST_GOOD,
	TRUST_UNTRUSTED, /* no CA of the policy issued it */
	TRUST_EXPIRED,   /* not yet, or no longer, valid at that time */
	TRUST_REVOKED,   /* at or before that time */
	TRUST_UNKNOWN,   /* no CRL tells: none, or a stale one */
};

struct trust_result {
	enum trust_state state;
	const char *ca; /* its name in the policy, or NULL */
	char text[160]; /* for a person */
};

/*
 * Judge cert at a time (UTC seconds).  lists are looked through in order; a
 * list serves if it was issued since that time, or was in force at it.  A
 * revocation in any of them counts.  NULL in lists is skipped.
 */
void trust_judge(struct trust *trust, const struct cert *cert, int64_t at,
    struct crls *const lists[], size_t num_lists, struct trust_result *out);

#endif
