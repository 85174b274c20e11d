/*
 * sent.h - an act that an office handed in, and the check that a receipt is of
 * this act.
 *
 * The depositary answers an act with the receipt of an entry.  A valid receipt
 * alone says nothing about the act: a depositary that drops the act could
 * answer with the receipt of another entry.  So the two are compared.
 */
#ifndef RECORD_SENT_H
#define RECORD_SENT_H

#include "document/container.h"
#include "document/name.h"
#include "journal/entry.h"
#include "pki/cades.h"

/* The error's code if the receipt is of another act. */
#define SENT_DIFFERS "RECEIPT_DIFFERS"

/*
 * An act that was handed in.  Each kind of act sets its members
 * (docs/formats.md, "Journal entries"):
 *
 *	deposit, sign, terminate  document, version, digest, manifest, signature
 *	dispatch                  to, number, digest (of the waybill)
 *	acknowledge               to, number, digest, waybill
 *
 * and all of them set act, office, person and not_before.
 */
struct sent {
	enum act act;
	char office[LIMIT_OFFICE_BYTES + 1]; /* of the signer */
	char person[LIMIT_EMAIL_BYTES + 1];  /* of the signer */
	char document[DOCUMENT_NAME];
	uint64_t version;
	struct digest digest, manifest, signature;
	char to[LIMIT_OFFICE_BYTES + 1];
	uint64_t number;
	struct digest waybill;
	/*
	 * The size of the journal that the office knew when it made the act:
	 * the act's entry cannot be older. 0 if not known.
	 */
	uint64_t not_before;
};

/*
 * Read digest, person, manifest and signature from a container to deposit, or
 * from the ZIP of a signature or termination.  Other members of out are left.
 *
 * ERROR_MALFORMED  it is neither of these
 * ERROR_UNTRUSTED  its signature does not verify
 */
bool sent_read(struct cert_cache *certs, const struct container *zip,
    struct sent *out, struct error *err) MUST_USE;

/*
 * Check that the entry at this index is of this act.  An act that was sent
 * before and got no answer has an older entry, which is accepted.
 *
 * ERROR_UNTRUSTED  code SENT_DIFFERS: it is not; the detail names the field
 */
bool sent_check(const struct sent *sent, const struct entry *entry,
    uint64_t index, struct error *err) MUST_USE;

#endif
