/*
 * JSON that the daemon and the command both write.
 */
#include "record/json.h"

#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "document/title_text.h"

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

json_t *
json_of_error(const struct error *err)
{
	/*
	 * A detail that was cut within a character is not UTF-8, which JSON
	 * must be (RFC 8259 section 8.1).
	 */
	const bool good = text_is_utf8(span_of_str(err->detail));

	return json_pack("{s:s, s:s, s:i, s:s}", "title", error_words(err),
	    "code", error_code(err), "exit", error_exit_status(err->kind),
	    "detail", good ? err->detail : "");
}

json_t *
json_of_act(const struct json_act *act)
{
	return json_pack("{s:s, s:s, s:s, s:o, s:I}", "act", act->act, "person",
	    act->person, "office", act->office, "time",
	    json_of_ms(act->time_ms), "entry", (json_int_t)act->entry);
}

json_t *
json_of_withdrawal(unsigned number, const struct json_act *deposit)
{
	return json_pack("{s:i, s:s, s:s, s:o, s:I}", "version", (int)number,
	    "person", deposit->person, "office", deposit->office, "time",
	    json_of_ms(deposit->time_ms), "entry", (json_int_t)deposit->entry);
}

json_t *
json_of_told_version(const struct json_version *version)
{
	const struct json_act *deposit = &version->deposit;

	return json_pack("{s:i, s:s, s:o, s:o, s:s, s:s, s:o, s:I, s:o, s:o}",
	    "version", (int)version->number, "status",
	    status_name(version->status), "digest",
	    json_of_digest(version->digest), "contents",
	    json_of_digest(version->contents), "person", deposit->person,
	    "office", deposit->office, "time", json_of_ms(deposit->time_ms),
	    "entry", (json_int_t)deposit->entry, "signatures",
	    version->signatures, "withdrawn", version->withdrawn);
}

/* Returns the deposit of a version, as an act. */
static struct json_act
deposit_of(const struct ledger_version *version)
{
	return (struct json_act){ .person = version->person,
		.office = version->office,
		.time_ms = version->time_ms,
		.entry = version->acts[0] };
}

/* Returns the array of a version's signatures. */
static json_t *
json_signatures(const struct ledger_version *version)
{
	json_t *all = json_array();

	for (size_t i = 0; i < version->num_signers; i++) {
		const struct ledger_signer *one = &version->signers[i];
		const struct json_act act = {
			.act = act_name(
			    one->terminates ? ACT_TERMINATE : ACT_SIGN),
			.person = one->person,
			.office = one->office,
			.time_ms = one->time_ms,
			.entry = one->index,
		};

		json_array_append_new(all, json_of_act(&act));
	}
	return all;
}

/*
 * Returns the newer version that ended the signing of a version, as JSON, or
 * null.
 */
static json_t *
json_withdrawn(const struct ledger_version *by)
{
	struct json_act deposit;

	if (by == NULL)
		return json_null();
	deposit = deposit_of(by);
	return json_of_withdrawal(by->number, &deposit);
}

json_t *
json_of_version(const struct ledger_document *doc,
    const struct ledger_version *version)
{
	const struct json_version told = {
		.number = version->number,
		.status = version->status,
		.digest = &version->digest,
		.contents = &version->contents,
		.deposit = deposit_of(version),
		.signatures = json_signatures(version),
		.withdrawn = json_withdrawn(ledger_withdrawn_by(doc, version)),
	};

	return json_of_told_version(&told);
}

json_t *
json_of_versions(const struct ledger_document *doc)
{
	json_t *all = json_array();

	for (size_t i = 0; i < doc->num_versions; i++)
		json_array_append_new(all,
		    json_of_version(doc, &doc->versions[i]));
	return all;
}

/* Returns the version and the digest of a version's JSON. */
static json_t *
json_named(const json_t *version)
{
	return json_pack("{s:O, s:O}", "version",
	    json_object_get(version, "version"), "digest",
	    json_object_get(version, "digest"));
}

/* Returns "in-force" of a document with these versions. */
static json_t *
json_in_force(const json_t *versions)
{
	for (size_t i = json_array_size(versions); i > 0; i--) {
		const json_t *one = json_array_get(versions, i - 1);

		if (strcmp(json_text(one, "status"),
			status_name(STATUS_IN_FORCE)) == 0)
			return json_named(one);
	}
	return json_null();
}

json_t *
json_of_titles(const char *text)
{
	json_t *titles = json_object();
	struct title one;

	while (title_text_take(&text, &one))
		json_object_set_new(titles, one.language,
		    json_string(one.text));
	return titles;
}

const char *
json_title(const json_t *json, const char *language)
{
	const json_t *titles = json_object_get(json, "titles");
	char primary[LIMIT_LANGUAGE_BYTES + 1];
	const char *title = json_text(titles, language);

	if (title[0] != '\0')
		return title;
	snprintf(primary, sizeof(primary), "%.*s", (int)strcspn(language, "-"),
	    language);
	title = json_text(titles, primary);
	return title[0] != '\0' ? title : json_text(json, "title");
}

json_t *
json_of_document(const char *document, const char *titles, enum status status,
    json_t *versions)
{
	char title[LIMIT_TITLE_BYTES + 1];
	json_t *in_force = json_in_force(versions);

	title_text_pick(titles, "en", title);
	return json_pack("{s:s, s:s, s:o, s:s, s:o, s:o}", "document", document,
	    "title", title, "titles", json_of_titles(titles), "status",
	    status_name(status), "in-force", in_force, "versions", versions);
}

json_t *
json_of_row(const struct ledger_document *doc, const char *titles)
{
	char title[LIMIT_TITLE_BYTES + 1];
	const struct ledger_version *newest =
	    &doc->versions[doc->num_versions - 1];
	const struct ledger_version *now = ledger_now_in_force(doc);

	title_text_pick(titles, "en", title);
	return json_pack("{s:s, s:s, s:o, s:i, s:s, s:o, s:o, s:s, s:o}",
	    "document", doc->name, "title", title, "titles",
	    json_of_titles(titles), "version", (int)newest->number, "status",
	    status_name(ledger_status(doc)), "digest",
	    json_of_digest(&newest->digest), "time",
	    json_of_ms(newest->time_ms), "office", newest->office, "in-force",
	    now == NULL ? json_null()
			: json_pack("{s:i, s:o}", "version", (int)now->number,
			      "digest", json_of_digest(&now->digest)));
}

json_t *
json_row_of_version(const json_t *document, const json_t *version)
{
	return json_pack("{s:O, s:O, s:O, s:O, s:O, s:O, s:O, s:O, s:O}",
	    "document", json_object_get(document, "document"), "title",
	    json_object_get(document, "title"), "titles",
	    json_object_get(document, "titles"), "version",
	    json_object_get(version, "version"), "status",
	    json_object_get(version, "status"), "digest",
	    json_object_get(version, "digest"), "time",
	    json_object_get(version, "time"), "office",
	    json_object_get(version, "office"), "in-force",
	    json_object_get(document, "in-force"));
}

json_t *
json_row_of(const json_t *document)
{
	const json_t *versions = json_object_get(document, "versions");
	json_t *row = json_row_of_version(document,
	    json_array_get(versions, json_array_size(versions) - 1));

	if (row != NULL)
		json_object_set(row, "status",
		    json_object_get(document, "status"));
	return row;
}
