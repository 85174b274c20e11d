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

/* A version of doc, its signatures and what withdrew it (docs/formats.md). */
json_t *json_of_version(const struct ledger_document *doc,
    const struct ledger_version *version);

#endif
