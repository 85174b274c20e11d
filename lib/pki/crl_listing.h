/*
 * crl_listing.h - the certificates that a revocation list lists.
 *
 * Source: RFC 5280 section 5.3.
 */
#ifndef PKI_CRL_LISTING_H
#define PKI_CRL_LISTING_H

#include "pki/crl.h"

/* A certificate on a list. */
struct crl_listing {
	bool is_hold;
	int64_t revoked_at; /* revocationDate */
	/* the revocationDate, or an earlier invalidityDate */
	int64_t since_at;
};

/*
 * Find a certificate on the list. False if it is not listed; removeFromCRL is
 * no listing. If it is listed more than once: the earliest times, and a hold
 * only if each is a hold.
 */
bool crl_lists(const struct crl *crl, const struct cert *cert,
    struct crl_listing *out);
/* As crl_lists(), by what cert_issuer_serial() tells. */
bool crl_lists_serial(const struct crl *crl, const struct digest *issuer,
    const char *serial, struct crl_listing *out);
/*
 * Go through the listings of a list, from 0 on: is number i on the other list
 * too, from no later date, and no hold if the first is none? True for
 * removeFromCRL.
 */
size_t crl_num_listings(const struct crl *crl);
bool crl_lists_as(const struct crl *other, const struct crl *crl, size_t i);

#endif
