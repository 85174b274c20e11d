/*
 * entry.h - one act, as a leaf of the journal.
 *
 * An entry is one line of JSON as RFC 8785 writes it: printable ASCII, no final
 * newline (docs/formats.md, "Journal entries").  There is one spelling: a line
 * that parses encodes to the same bytes again.  So this module does not use
 * jansson, which accepts several spellings.
 */
#ifndef JOURNAL_ENTRY_H
#define JOURNAL_ENTRY_H

#include "base/digest.h"
#include "base/limits.h"
#include "journal/note.h"

enum act {
	ACT_OTHER, /* an act of a later format: shown, not understood */
	ACT_START,
	ACT_POLICY,
	ACT_CRL,
	ACT_DEPOSIT,
	ACT_SIGN,
	ACT_FORCE,
	ACT_TERMINATE,
	ACT_DELIVER,
	ACT_REFUSE,
	ACT_KEY,
	ACT_DISPATCH,    /* a bag's waybill was handed in */
	ACT_ACKNOWLEDGE, /* the addressee's answer to a bag */
	ACT_DELIVERIES, /* how often a version left again, under its `deliver` */
	ACTS,
};

enum entry_field {
	ENTRY_ACT,
	ENTRY_CHANGED,
	ENTRY_COMMIT,
	ENTRY_CONTENTS,
	ENTRY_CRLS,
	ENTRY_DIGEST,
	ENTRY_DISPATCHED,
	ENTRY_DOCUMENT,
	ENTRY_KEY,
	ENTRY_MANIFEST,
	ENTRY_NUMBER,
	ENTRY_OFFICE,
	ENTRY_PERSON,
	ENTRY_POLICY,
	ENTRY_PRIOR,
	ENTRY_RULE,
	ENTRY_SALT,
	ENTRY_SIGNATURE,
	ENTRY_SIGNATURES,
	ENTRY_SOFTWARE,
	ENTRY_TIME,
	ENTRY_TIMES,
	ENTRY_TO,
	ENTRY_VALISE,
	ENTRY_VERSION,
	ENTRY_WANTED,
	ENTRY_WAYBILL,
	ENTRY_FIELDS,
};

/*
 * An entry.  A member whose bit in has is not set is absent and has no meaning.
 */
struct entry {
	uint32_t has; /* bits 1 << enum entry_field */
	enum act act;
	char act_name[32];
	int64_t time_ms;
	uint8_t salt[16];
	uint8_t commit[20];
	struct digest policy, crls, digest, contents, manifest, signature;
	char document[2 * LIMIT_SLUG_BYTES + 2];
	char office[LIMIT_OFFICE_BYTES + 1];
	char person[LIMIT_EMAIL_BYTES + 1];
	char key[NOTE_KEY_TEXT]; /* the journal key of the next signer */
	char rule[256], wanted[32], software[64];
	/*
	 * For bags: the addressee; the waybill; and the time in the time-stamp,
	 * if the bag came with one.
	 */
	char to[LIMIT_OFFICE_BYTES + 1];
	struct digest waybill;
	int64_t dispatched_ms;
	uint64_t valise, version, prior, times, number;
	size_t num_signatures;
	struct digest signatures[LIMIT_SIGNATURES];
	/* Names of the changed texts, each ended by a newline */
	char changed[2048];
};

bool entry_has(const struct entry *entry, enum entry_field field);
const char *act_name(enum act act);
const char *entry_field_name(enum entry_field field);
enum act act_of(struct span name); /* returns ACT_OTHER for an unknown name */

/*
 * Append the entry's line.  The members that its act needs must be there; if
 * one is missing that is a bug of ours, and asserted.
 */
bool entry_encode(const struct entry *entry, struct buf *out,
    struct error *err) MUST_USE;

/*
 * Parse a leaf.  Members of out whose bit in has is not set are left untouched.
 *
 * ERROR_MALFORMED  the line is not in that form, or has a field too many or too
 *  few
 */
bool entry_parse(struct span line, struct entry *out,
    struct error *err) MUST_USE;

#endif
