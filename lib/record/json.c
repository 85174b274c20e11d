/*
 * What the daemon and the command both tell as JSON.
 */
#include "record/json.h"

#include "base/time.h"

json_t *
json_of_digest(const struct digest *digest)
{
	char hex[DIGEST_HEX];

	digest_hex(digest, hex);
	return json_string(hex);
}

json_t *
json_of_ms(int64_t ms)
{
	char text[TIME_TEXT];

	time_format_ms(ms, text);
	return json_string(text);
}

const char *
json_text(const json_t *json, const char *key)
{
	const char *text = json_string_value(json_object_get(json, key));

	return text != NULL ? text : "";
}

static json_t *
json_signatures(const struct ledger_version *version)
{
	json_t *all = json_array();

	for (size_t i = 0; i < version->num_signers; i++) {
		const struct ledger_signer *one = &version->signers[i];

		json_array_append_new(all,
		    json_pack("{s:s, s:s, s:s, s:o, s:I}", "act",
			act_name(one->terminates ? ACT_TERMINATE : ACT_SIGN),
			"person", one->person, "office", one->office, "time",
			json_of_ms(one->time_ms), "entry",
			(json_int_t)one->index));
	}
	return all;
}

/* The newer draft that ended the signing of a version, or null. */
static json_t *
json_withdrawn(const struct ledger_version *by)
{
	return by == NULL
	    ? json_null()
	    : json_pack("{s:i, s:s, s:s, s:o, s:I}", "version", (int)by->number,
		  "person", by->person, "office", by->office, "time",
		  json_of_ms(by->time_ms), "entry", (json_int_t)by->acts[0]);
}

json_t *
json_of_version(const struct ledger_document *doc,
    const struct ledger_version *version)
{
	return json_pack("{s:i, s:s, s:o, s:o, s:s, s:s, s:o, s:I, s:o, s:o}",
	    "version", (int)version->number, "status",
	    status_name(version->status), "digest",
	    json_of_digest(&version->digest), "contents",
	    json_of_digest(&version->contents), "person", version->person,
	    "office", version->office, "time", json_of_ms(version->time_ms),
	    "entry", (json_int_t)version->acts[0], "signatures",
	    json_signatures(version), "withdrawn",
	    json_withdrawn(ledger_withdrawn_by(doc, version)));
}
