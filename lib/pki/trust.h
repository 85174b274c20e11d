/*
 * trust.h - is a certificate one that a CA of the policy issued, and had it
 * begun and not ended at a given time?  Whether it was revoked by then is
 * pki/standing.h's to say.
 *
 * Source: RFC 5280 section 6.  Certificates are issued directly by a CA that
 * the policy names; there are no chains to build and nothing is fetched.
 */
#ifndef PKI_TRUST_H
#define PKI_TRUST_H

#include "pki/crl.h"

/* The CAs of one policy.  Safe between threads once filled. */
struct trust;

struct trust *trust_new(struct error *err);
void trust_free(struct trust *trust);
/*
 * Take in the CA certificates of PEM text under a name. An old and a new one
 * are in one file while both are in use.
 *
 * ERROR_MALFORMED  not certificates
 * ERROR_UNTRUSTED  not a CA's, weak, or the name is there already
 * ERROR_LIMIT      more than LIMIT_CA_CERTS
 */
bool trust_add_ca(struct trust *trust, const char *name, struct span pem,
    struct error *err) MUST_USE;
/* The first certificate of the CA of that name; NULL if there is none. */
const struct cert *trust_ca(const struct trust *trust, const char *name);

/* Certificate number i of that name, of those in its file; NULL at the end. */
const struct cert *trust_ca_at(const struct trust *trust, const char *name,
    size_t i);
/* Append all of them as PEM; nothing if there is none. */
bool trust_append_pem(const struct trust *trust, const char *name,
    struct buf *out, struct error *err) MUST_USE;
/* The name of CA number i, from 0 on; NULL after the last. */
const char *trust_ca_name(const struct trust *trust, size_t place);
/* True if a CA of these, by name and key, signed the list. */
bool trust_signed(const struct trust *trust, struct crls *crls,
    struct crl *crl);
/* True if the CA of that name did. */
bool trust_ca_signed(const struct trust *trust, const char *name,
    struct crls *crls, struct crl *crl);
/*
 * The newest complete list of a CA that trust names, by its signature, of those
 * made at a time or before; NULL if there is none.
 */
const struct crl *trust_newest(const struct trust *trust, const char *ca,
    struct crls *crls, int64_t until);
/*
 * When the last of its complete lists ends, of those made at that time or
 * before; false if there is none.
 */
bool trust_next_update(const struct trust *trust, const char *ca,
    struct crls *crls, int64_t until, int64_t *out);

/* Get the thisUpdate of its newest complete list; false if it has none. */
bool trust_this_update(const struct trust *trust, const char *ca,
    struct crls *crls, int64_t *out);
/*
 * A CA whose newest list in crls is missing, or older than in the set that was
 * in use before, at that time; NULL if there is none. A list that was in use
 * before its own thisUpdate has a wrong date, and is not compared.
 */
const char *trust_list_older(const struct trust *trust, struct crls *crls,
    struct crls *before, int64_t at);

/* Lists that are known, except the one of that digest, if it is not NULL. */
struct known_lists {
	struct crls *const *sets;
	size_t num;
	const struct digest *but;
	/*
	 * One made after this time makes none that was made before it old: its
	 * date may be wrong.
	 */
	int64_t until;
};
/* True if a complete list is newer than all known ones of its CA and scope. */
bool trust_list_newest(const struct trust *trust, const struct crl *crl,
    const struct known_lists *known);
/*
 * True if a list tells something that no known one tells. It is the newest of
 * its scope; or it lists a certificate that no list of its CA has, or from an
 * earlier date, or for good where theirs is a hold: a listing counts whenever
 * it was issued. The caller checks the list's signature; those of the known
 * ones are checked here.
 */
bool trust_list_adds(const struct trust *trust, const struct crl *crl,
    const struct known_lists *known);
/* True for the second of these reasons, whatever the list's date. */
bool trust_list_names_more(const struct trust *trust, const struct crl *crl,
    const struct known_lists *known);

enum trust_state {
	TRUST_GOOD,
	/* good, but its CA says later that it was revoked before */
	TRUST_DOUBTED,
	TRUST_UNTRUSTED, /* no CA of the policy issued it */
	TRUST_EXPIRED,   /* not valid yet, or not any more, at that time */
	TRUST_REVOKED,   /* revoked at that time or before */
	TRUST_UNKNOWN,   /* no CRL tells, or none of that time */
	/* a list under a policy that is not accepted here might tell */
	TRUST_UNJUDGED,
	TRUST_STATES,
};

struct trust_result {
	enum trust_state state;
	const char *ca; /* its name in the policy, or NULL */
	/* Untrusted: the CA that it names as its issuer all the same; or NULL. */
	const char *named;
	char text[240]; /* for a person */
	/* Good, and no later list can change that. */
	bool is_final;
	/*
	 * Of a revoked, doubted or unjudged one: the `crl` entry that says so.
	 */
	uint64_t index;
};

/*
 * Find the CA that issued it, and whether it was valid at that time (UTC
 * seconds). Revocation is not asked: TRUST_GOOD, TRUST_UNTRUSTED or
 * TRUST_EXPIRED.
 */
void trust_issued(struct trust *trust, const struct cert *cert, int64_t at,
    struct trust_result *out);

#endif
