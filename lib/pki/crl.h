/*
 * crl.h - revocation lists as X.509 has them: whom a list covers, whom it
 * lists, and what may be concluded for those whom it does not list.
 *
 * Source: RFC 5280 sections 5.2, 5.3 and 6.3.3; X.509 (2019) clause 9.5.2.8
 * (expiredCertsOnCRL).  Nothing is fetched; what a list means for an act of
 * the journal is told by pki/revocation.h.
 */
#ifndef PKI_CRL_H
#define PKI_CRL_H

#include <openssl/x509v3.h>

#include "pki/cert.h"

enum {
	CRL_NUMBER_BYTES = 20, /* RFC 5280 section 5.2.3 */
	CRL_KNOWN = 2 * LIMIT_CA_CERTS,
	CRL_ISSUER_TEXT = 256,
};

struct crl {
	X509_CRL *x509;
	struct digest digest; /* SHA-256 of its DER */
	int64_t this_update_at, next_update_at;
	uint8_t number[CRL_NUMBER_BYTES]; /* big-endian; 0 if it has none */
	/*
	 * Does it tell anything of certificates that it does not list? Not if
	 * it is a delta, a list by reason, or has a critical extension, its own
	 * or an entry's, that is not known here.
	 */
	bool is_complete;
	/* it still lists certificates that expired since then; INT64_MAX */
	int64_t expired_at;
	/* or NULL: it is about every certificate of its CA */
	ISSUING_DIST_POINT *scope;
	X509_REVOKED **entries; /* the entries of x509, by serial number */
	size_t num_entries;
	/*
	 * Which CA certificates signed it, or did not, as remembered; only
	 * crl.c uses it.
	 */
	struct {
		struct digest ca;
		bool is_signed;
	} known[CRL_KNOWN];
	unsigned num_known;
};

/* The lists of some files.  Safe between threads once filled. */
struct crls;

struct crls *crls_new(struct error *err);
void crls_free(struct crls *crls);
/*
 * Take in the one CRL of DER, or every CRL of PEM text; each block is judged
 * by itself.  *num_bad, if it is not NULL, counts those that were left out.
 *
 * ERROR_MALFORMED  none was good: not a CRL, one without thisUpdate or
 *                  nextUpdate, or an indirect one.  err tells the first.
 */
bool crls_add(struct crls *crls, struct span bytes, unsigned *num_bad,
    struct error *err) MUST_USE;
size_t crls_count(const struct crls *crls);
struct crl *crls_at(const struct crls *crls, size_t i);

/*
 * True if it has that CA's name, and that certificate's key signed the list.
 * The answer is remembered, a no as well.
 */
bool crl_is_signed_by(struct crls *crls, struct crl *crl,
    const struct cert *ca);
/* True if that is known already; nothing is computed. */
bool crl_is_known_signed_by(struct crls *crls, const struct crl *crl,
    const struct cert *ca);
/* True if it is of the CA that, by its name, issued the certificate. */
bool crl_is_of(const struct crl *crl, const struct cert *cert);
/* True if the certificate is in its scope (RFC 5280 section 6.3.3 (b)). */
bool crl_covers(const struct crl *crl, const struct cert *cert);
/* True if a is newer, by thisUpdate, then by cRLNumber. */
bool crl_is_newer(const struct crl *a, const struct crl *b);
/* The name of its issuer, for people: RFC 4514, cut to the room. */
void crl_issuer(const struct crl *crl, char out[CRL_ISSUER_TEXT]);
/* Append its DER, or PEM. */
bool crl_encode(const struct crl *crl, struct buf *out,
    struct error *err) MUST_USE;
bool crl_append_pem(const struct crl *crl, struct buf *out,
    struct error *err) MUST_USE;
/* How many bytes its DER has. */
size_t crl_size(const struct crl *crl);
/* True if the issuers of both have one name. */
bool crl_same_issuer(const struct crl *a, const struct crl *b);
/* True if both have the same scope. */
bool crl_same_scope(const struct crl *a, const struct crl *b);

#endif
