/*
 * cades.h - CAdES baseline B signatures, made and verified.
 *
 * Source: RFC 5652; ETSI EN 319 122-1 clause 5; RFC 5035 (ESS).  Detached;
 * exactly one SignerInfo; signed attributes with content-type,
 * message-digest, signing-time, signing-certificate-v2 and, but for a git
 * commit, a commitment type.  CMS_verify() alone lets eight things through
 * that this refuses; each has a row in tests/unit/test_cades.c.
 */
#ifndef PKI_CADES_H
#define PKI_CADES_H

#include "pki/identity.h"

/* EN 319 122-1 clause 5.2.3; RFC 5126 section 5.11.1. */
enum commitment {
	COMMITMENT_NONE,
	COMMITMENT_ORIGIN,
	COMMITMENT_RECEIPT,
	COMMITMENT_APPROVAL,
	COMMITMENT_OTHER,
};

const char *commitment_name(enum commitment commitment);
/*
 * The commitment that an OBJECT IDENTIFIER's TLV names; COMMITMENT_NONE of an
 * empty span.
 */
enum commitment commitment_of(struct span oid);

/*
 * Append to out the DER of a signature over content, once it verifies.
 *
 * ERROR_UNTRUSTED  its key cannot sign here (cert_check_key())
 * ERROR_SYSTEM     the crypto library refused, or made what does not verify
 */
bool cades_sign(const struct identity *signer, struct span content,
    enum commitment commitment, int64_t signing_at, struct buf *out,
    struct error *err) MUST_USE;

struct cades {
	/* the signer's certificate; cades_free() frees it */
	struct cert *cert;
	struct digest signature; /* SHA-256 of the signature value */
	int64_t signing_at;
	enum commitment commitment;
};

/*
 * Verify that signature is over content, in the form above, by the key of the
 * certificate that it names. Whose certificate that is, and whether it may
 * sign, is not judged here.
 *
 * ERROR_MALFORMED  SIGNATURE_FORM: not of that form
 * ERROR_UNTRUSTED  SIGNATURE_WEAK: an algorithm or key that is not accepted
 * ERROR_UNTRUSTED  SIGNATURE_BROKEN: not over these bytes, or not by that key
 */
bool cades_verify(struct cert_cache *certs, struct span signature,
    struct span content, struct cades *out, struct error *err) MUST_USE;
void cades_free(struct cades *cades);

/* Verify an RFC 3161 token over content: its imprint and signature only. */
bool cades_verify_timestamp(struct span token, struct span content,
    struct error *err) MUST_USE;
/*
 * Check that a TSTInfo, which a token has signed, in DER or BER, is over
 * content.
 */
bool cades_check_imprint(struct span tst_info, struct span content,
    struct error *err) MUST_USE;

#endif
