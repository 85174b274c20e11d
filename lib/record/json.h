/*
 * json.h - what the daemon and the command both tell as JSON, in one form.
 *
 * Each value is the caller's; NULL if memory is short, which json_pack() and
 * json_array_append_new() take as a failure of their own.
 */
#ifndef RECORD_JSON_H
#define RECORD_JSON_H

#include <jansson.h>

#include "record/ledger.h"

json_t *json_of_digest(const struct digest *digest); /* 64 hex digits */
json_t *json_of_ms(int64_t ms); /* RFC 3339, of milliseconds since 1970 */

/* What an object has under this key, borrowed; "" where that is no text. */
const char *json_text(const json_t *json, const char *key);

/* "title", "code", "exit" and "detail" of an error (RFC 9457). */
json_t *json_of_error(const struct error *err);

/* An act on a version as JSON has it: borrowed text. */
struct json_act {
	const char *act, *person, *office;
	int64_t time_ms;
	uint64_t entry;
};
json_t *json_of_act(const struct json_act *act);
/* The same of the deposit of version number, which withdrew another. */
json_t *json_of_withdrawal(unsigned number, const struct json_act *deposit);

/*
 * A version, whoever tells of it: the daemon, or a local copy.  signatures and
 * withdrawn are taken over.
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
/* A version of doc, its signatures and what withdrew it (docs/formats.md). */
json_t *json_of_version(const struct ledger_document *doc,
    const struct ledger_version *version);

/* A document; versions is an array, and taken over. */
json_t *json_of_document(const char *document, const char *title,
    enum status status, json_t *versions);
/* The versions of a document, oldest first. */
json_t *json_of_versions(const struct ledger_document *doc);
/* A row of the list of documents. */
json_t *json_of_row(const char *document, const char *title, unsigned version,
    enum status status, const struct digest *digest);
/* The same of a document's JSON. */
json_t *json_row_of(const json_t *document);

#endif
