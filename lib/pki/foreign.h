/*
 * foreign.h - what the CMS signatures of other makers say.
 *
 * Source: RFC 5652; ETSI EN 319 122-1.  Looser in form than pki/cades.h:
 * attached, BER, several signers, any name, no commitment; as strict about
 * what is signed.  It is shown to a person and never taken in.
 */
#ifndef PKI_FOREIGN_H
#define PKI_FOREIGN_H

#include "base/bytes.h"
#include "base/digest.h"
#include "pki/cades.h"

enum foreign_state {
	FOREIGN_INTACT,
	/* what would decide is not in it, or not known here */
	FOREIGN_UNCHECKED,
	FOREIGN_OVER_LIMIT, /* it met a limit of ours */
	FOREIGN_BROKEN,     /* not over these bytes, or not by that key */
};

/* One signer of a CMS. */
struct foreign_signer {
	enum foreign_state state;
	char why[200];  /* why it is broken or unchecked, for a person */
	char name[300]; /* an e-mail address, else the subject, or empty */
	struct digest signature; /* SHA-256 of the signature value */
	/* the signing-time that it says, or INT64_MIN */
	int64_t signing_at;
	enum commitment commitment;
	/* timestamps over the signature that are intact */
	unsigned num_timestamps;
	char unchecked[400]; /* attributes that were not looked at, or empty */
};

typedef bool foreign_visitor(void *arg, const struct foreign_signer *signer,
    struct error *err);

/*
 * Call told for each signer of a CMS over content; content that the CMS itself
 * has is not looked at.
 *
 * ERROR_MALFORMED  SIGNATURE_FORM: not a CMS SignedData with a signer
 * ERROR_LIMIT      over LIMIT_FOREIGN_CMS_BYTES, or more signers or digests
 *                   than LIMIT_FOREIGN_SIGNERS: told was not called
 */
bool foreign_verify(struct span cms, struct span content,
    foreign_visitor *visit, void *arg, struct error *err) MUST_USE;
/*
 * cades_verify_timestamp() for a token of unknown size.
 *
 * ERROR_MALFORMED  besides: not of one signer (RFC 3161 section 2.4.2)
 * ERROR_UNTRUSTED  NOT_CHECKED: its digest, algorithm or key is of a kind that
 *                  is not known here
 * ERROR_LIMIT      as above
 */
bool foreign_verify_timestamp(struct span token, struct span content,
    struct error *err) MUST_USE;

#endif
