/*
 * json.h - the JSON that the daemon and the command both write, each form in
 * one place.
 *
 * Each value returned is the caller's to decref; it is NULL if memory is short,
 * which json_pack() and json_array_append_new() take as their own failure.
 */
#ifndef RECORD_JSON_H
#define RECORD_JSON_H

#include <jansson.h>

#include "policy/policy.h"
#include "record/ledger.h"

json_t *json_of_digest(const struct digest *digest); /* 64 hex digits */
json_t *json_of_ms(int64_t ms); /* from milliseconds since 1970 to RFC 3339 */

/*
 * Returns the text of an object's member; it stays the object's.  Returns "" if
 * the member is missing or not a text.
 */
const char *json_text(const json_t *json, const char *key);

/*
 * Returns "title", "code", "exit" and "detail" of an error, as problem+json
 * (RFC 9457).
 */
json_t *json_of_error(const struct error *err);

/* An act on a version; the texts are borrowed. */
struct json_act {
	const char *act, *person, *office;
	int64_t time_ms;
	uint64_t entry;
};
json_t *json_of_act(const struct json_act *act);
/* Returns the deposit of version number, which withdrew an older one. */
json_t *json_of_withdrawal(unsigned number, const struct json_act *deposit);

/*
 * A version, of the daemon's record or of a local copy.  The values signatures
 * and withdrawn are taken over.
 */
struct json_version {
	unsigned number;
	enum status status;
	const struct digest *digest, *contents;
	struct json_act deposit;
	json_t *signatures; /* an array of json_of_act() */
	json_t *withdrawn;  /* json_of_withdrawal(), or null */
};
json_t *json_of_told_version(const struct json_version *version);
/*
 * Returns a version of doc, its signatures and what withdrew it
 * (docs/formats.md).
 */
json_t *json_of_version(const struct ledger_document *doc,
    const struct ledger_version *version);

/*
 * The titles of a version as an object, by their languages; text is
 * document/title_text.h's.
 */
json_t *json_of_titles(const char *text);
/*
 * Returns the title of a row or of a document for who reads this language; it
 * stays the object's.  A row of an older daemon has one alone.
 */
const char *json_title(const json_t *json, const char *language);
/*
 * Returns a document: titles as of json_of_titles(), "title" is the one in
 * English or the first; versions is an array, and is taken over.
 */
json_t *json_of_document(const char *document, const char *titles,
    enum status status, json_t *versions);
/* Returns the array of a document's versions, oldest first. */
json_t *json_of_versions(const struct ledger_document *doc);
/*
 * A row of the list of documents: the newest version, and which one is in force
 * ("in-force", null if there is none).  doc has a version.
 */
json_t *json_of_row(const struct ledger_document *doc, const char *titles);
/* Returns the row of a document, from the document's JSON. */
json_t *json_row_of(const json_t *document);
/* The same of one of its versions, with that version's status. */
json_t *json_row_of_version(const json_t *document, const json_t *version);

/*
 * A policy: its types with the offices that may deposit, read and audit them,
 * and how many persons of which party sign; and who has full powers.
 */
json_t *json_of_policy(const struct policy *policy);

#endif
