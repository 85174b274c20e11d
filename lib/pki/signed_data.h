/*
 * signed_data.h - the one form of CMS SignedData that is a signature of ours.
 *
 * Source: RFC 5652 section 5; RFC 5035 section 5; RFC 5126 section 5.11.1;
 * RFC 6211; RFC 4055 and 5758 (algorithms); ETSI EN 319 122-1 clauses 5 and 6.
 * All of it is read here, byte by byte, before OpenSSL sees any: what was
 * signed can then be read in one way only, and there is no place for words
 * that nobody looks at.
 *
 *	version           1, or 3 where the signer is named by its key's ID
 *	digestAlgorithms  one, the SignerInfo's
 *	encapContentInfo  id-data, without content
 *	certificates      in DER's order; CRLs too, which are never believed
 *	signerInfos       one:
 *	  signed attributes, each once with one value, in DER's order:
 *	    content-type, message-digest, signing-time,
 *	    signing-certificate-v2 (one ESSCertIDv2; SHA-256, 384 or 512),
 *	    commitment-type (without qualifiers; or none),
 *	    CMSAlgorithmProtection (the SignerInfo's two algorithms; or none)
 *	  unsigned attributes: none, or one signature-time-stamp
 */
#ifndef PKI_SIGNED_DATA_H
#define PKI_SIGNED_DATA_H

#include "base/limits.h"
#include "pki/der.h"

enum signature_kind { SIGNATURE_ECDSA, SIGNATURE_RSA, SIGNATURE_PSS };

/* All spans lie within the bytes that were parsed. */
struct signed_data {
	struct span certs[LIMIT_CERTS_IN_CMS]; /* the DER of each certificate */
	size_t num_certs;
	/* the ID of the signer's certificate: these two TLVs, or */
	struct span issuer, serial;
	struct span key_id;       /* its subjectKeyIdentifier */
	unsigned digest_bits;     /* 256, 384, 512 */
	enum signature_kind kind; /* what its algorithm is for */
	int64_t signing_at;       /* UTC seconds */
	unsigned ess_bits;        /* the hash in signing-certificate-v2 */
	struct span ess_hash;
	/* its issuer and serial number; or empty */
	struct span ess_issuer, ess_serial;
	struct span commitment; /* the OBJECT IDENTIFIER's TLV, or empty */
	/* the digest of the content, as it was signed */
	struct span message_digest;
	/* the signed attributes, as they are in the CMS: [0] */
	struct span attributes;
	struct span signature; /* the signature's value */
	/* tokens over that value, DER */
	struct span timestamps[LIMIT_TIMESTAMPS];
	size_t num_timestamps;
};

/*
 * Parse cms, all of which must be DER in the form above.
 *
 * First that it is a SignedData with one SignerInfo, then its two algorithms,
 * then its attributes.
 *
 * ERROR_MALFORMED  SIGNATURE_FORM  not in that form; an attribute that may not
 *                                  be there is named by its OID
 * ERROR_UNTRUSTED  SIGNATURE_WEAK  an algorithm that is not accepted
 * ERROR_LIMIT      more certificates or timestamps than the limit
 */
bool signed_data_parse(struct span cms, struct signed_data *out,
    struct error *err) MUST_USE;

/*
 * The value of a digest's AlgorithmIdentifier: its bits, or 0 of a digest that
 * is not accepted.  RFC 5754 section 2: parameters are absent or NULL.
 */
unsigned signed_data_digest_bits(struct span algorithm);

#endif
