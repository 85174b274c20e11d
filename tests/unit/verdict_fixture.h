/*
 * verdict_fixture.h - a copy that is good, or has one thing wrong, in a world of
 * two CAs, persons, and the project's own policy.
 */
#ifndef TESTS_VERDICT_FIXTURE_H
#define TESTS_VERDICT_FIXTURE_H

#include "pki_fixture.h"
#include "verdict/verdict.h"

#define NOW INT64_C(1790000000) /* 2026-09-21 */

/* What is wrong, and where in the making of it. */
enum wrong {
	NOTHING,
	NO_VERSION,
	GARBLED_VERSION,
	OTHER_DOCUMENT,
	NO_TEXT,
	ALTERED_TEXT,
	MEDIA_NOT_ALLOWED,
	LANGUAGE_MISSING,
	EXTRA_TEXT,
	EXTRA_META,
	NO_MANIFEST,
	ALTERED_MANIFEST,
	MANIFEST_OF_ANOTHER,
	MANIFEST_SHORT,
	MANIFEST_LONG,
	ID_OF_ANOTHER,
	NO_SIGNATURE,
	GARBLED_SIGNATURE,
	SIGNATURE_OF_OTHER_BYTES,
	WEAK_KEY,
	COMMITMENT_ORIGIN_INSTEAD,
	SIGNED_YESTERDAY,
	SIGNED_TOMORROW,
	CA_UNKNOWN,
	CERT_EXPIRED,
	CERT_REVOKED,
	CERT_REVOKED_LATER,
	CERT_DOUBTED,
	LIST_WITHHELD,
	LIST_WITHHELD_OF_NOBODY,
	CERT_TO_CONNECT,
	OFFICE_UNKNOWN,
	ORIGIN_OF_ANOTHER,
	SIGNED_BY_ONE_TWICE,
	POWERS_OF_NOBODY,
	POWERS_ENDED,
	OFFICE_MAY_NOT,
	FORCE_WITHOUT_QUORUM,
	NO_SEAL,
	SEAL_OF_ANOTHER,
	SEAL_SHORT,
	CONTENTS_OF_ANOTHER,
	RECEIPT_OF_ANOTHER,
	RECEIPT_OF_NEWER_KEY,
	RECEIPT_GARBLED,
	RECEIPT_OF_ANOTHER_VERSION,
	RECEIPT_RENAMED,
	NO_RECEIPTS,
	NO_DEPOSIT_RECEIPT,
	NO_SIGN_RECEIPT,
	NO_FORCE_RECEIPT,
	SIGNATURE_DROPPED,
	POLICY_NOT_ACCEPTED,
	NO_CRLS,
	CRL_STALE,
	CRL_OF_ANOTHER,
	WITNESSED_BY_ONE,
	COSIGNATURE_OF_OTHER_BYTES,
	WRONGS,
};

extern struct wrong_world {
	struct identity mofa, iom, stranger_ca;
	struct identity depositor, minister, chief, depositary;
	struct policy *policy;
	struct crls *crls, *later; /* of an entry after all acts, or NULL */
	struct crl_entries *named;
	struct crls *withheld;
	struct cert_cache *certs;
	struct note_signer journal, newer_key, other_journal,
	    witness_signers[2];
	struct witnesses witnesses;
	enum wrong wrong;
} wrong_world;

void wrong_set_up(void);
void wrong_tear_down(void);
/* Make a copy with what wrong_world.wrong says; the caller frees it. */
struct container *wrong_copy(void);
void wrong_judge(struct container *c, struct verdict *out);
/* How many entries the journal has of it. */
size_t wrong_num_acts(void);

#endif
