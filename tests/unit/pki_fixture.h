/*
 * pki_fixture.h - certificates, keys and CRLs made on the spot.
 */
#ifndef TESTS_PKI_FIXTURE_H
#define TESTS_PKI_FIXTURE_H

#include "pki/cades.h"
#include "pki/trust.h"

struct fixture_cert {
	const char *email, *unit;
	const char *key_usage; /* as in openssl.cnf */
	const char *extended;  /* or NULL */
	const char *key;       /* "P-256", "P-384", "P-521", "RSA-3072", … */
	int64_t from_at, until_at;
	EVP_PKEY *with_key; /* use this one instead of a new one */
	long serial;        /* 0: the next */
	const char *points; /* crlDistributionPoints, as in openssl.cnf */
	const char *names;  /* subjectAltName, as there; or NULL: the e-mail */
};

#define FIXTURE_FROM  INT64_C(1600000000) /* 2020-09-13 */
#define FIXTURE_UNTIL INT64_C(2500000000)

/* Make a CA of its own, or a certificate by one. */
struct identity fixture_ca(const char *name);
struct identity fixture_issue(const struct identity *ca,
    const struct fixture_cert *what);
/* Make the two certificates of a person. */
struct identity fixture_signer(const struct identity *ca, const char *email,
    const char *unit);
struct identity fixture_connector(const struct identity *ca, const char *email,
    const char *unit);

/* Make an office's certificate, to encrypt to. */
struct identity fixture_encrypter(const struct identity *ca, const char *email);

/* Append the DER of a CRL; revoked may be NULL. */
void fixture_crl(const struct identity *ca, int64_t this_at, int64_t next_at,
    const struct cert *revoked, int64_t revoked_at, struct buf *out);
/*
 * A list with everything that a list may have; members that are 0 or NULL are
 * left out.
 */
struct fixture_list {
	const struct identity *ca;
	int64_t this_at, next_at, expired_at;
	long number;
	const char *scope;         /* as in openssl.cnf */
	bool is_delta, is_strange; /* strange: an unknown critical extension */
	bool is_unsorted;          /* the entries keep their order below */
	struct {
		const struct cert *cert;
		int64_t at, invalid_at;
		int reason; /* CRLReason; 0: none */
		bool is_strange;
	} revoked[3];
};
void fixture_list(const struct fixture_list *what, struct buf *out);

void fixture_pem(const struct cert *cert, struct buf *out);

#endif
