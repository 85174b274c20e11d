/*
 * sent.h - an act that an office handed in, and whether a receipt is of it.
 *
 * The depositary answers an act with the receipt of an entry.  That an entry
 * is in the journal says nothing about the act until the two are compared:
 * whoever drops what was sent can answer with the receipt of another entry.
 */
#ifndef RECORD_SENT_H
#define RECORD_SENT_H

#include "document/container.h"
#include "document/name.h"
#include "journal/entry.h"
#include "pki/cades.h"

/* The code of the error where a receipt is of something else. */
#define SENT_DIFFERS "RECEIPT_DIFFERS"

/*
 * What each kind of act fills in (docs/formats.md, "Journal entries"):
 *
 *	deposit, sign, terminate  document, version, digest, manifest, signature
 *	dispatch                  to, number, digest (of the waybill)
 *	acknowledge               to, number, digest, waybill
 *
 * and all of them act, office, person and not_before.
 */
struct sent {
	enum act act;
	char office[LIMIT_OFFICE_BYTES + 1]; /* that signed it */
	char person[LIMIT_EMAIL_BYTES + 1];  /* the same */
	char document[DOCUMENT_NAME];
	uint64_t version;
	struct digest digest, manifest, signature;
	char to[LIMIT_OFFICE_BYTES + 1];
	uint64_t number;
	struct digest waybill;
	/*
	 * The size of the journal that was known when the act was made: its
	 * entry cannot be older.  0 where that is not known.
	 */
	uint64_t not_before;
};

/*
 * Take digest, person, manifest and signature from a container that is
 * deposited, or from the ZIP of a signature or termination.  What else is in
 * out stays.
 *
 * ERROR_MALFORMED  it is not one of these
 * ERROR_UNTRUSTED  its signature is broken
 */
bool sent_read(struct cert_cache *certs, const struct container *zip,
    struct sent *out, struct error *err) MUST_USE;

/*
 * Is this entry, of this index, the one of what was sent?  An act that was
 * sent before and got no answer has its old entry, which passes.
 *
 * ERROR_UNTRUSTED  SENT_DIFFERS: no; the sentence names the field
 */
bool sent_check(const struct sent *sent, const struct entry *entry,
    uint64_t index, struct error *err) MUST_USE;

#endif
