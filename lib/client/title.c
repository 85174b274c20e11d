/*
 * Titles, which the entries of the journal do not have (title.h).
 */
#include "client/title.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "record/json.h"

bool
title_of_version(const struct context *context, const char *document,
    const struct ledger_version *version, char out[TITLE_TEXT])
{
	struct buf yaml = BUF(LIMIT_VERSION_BYTES);
	struct version *it = NULL;
	struct error ignored = { 0 };
	bool known = false;

	if (context_known_version(context, &version->digest, &yaml))
		it = version_parse(buf_span(&yaml), &ignored);
	/*
	 * The digest of version.yaml is proved; whether it is of this document,
	 * it says itself.
	 */
	if (it != NULL && strcmp(it->document, document) == 0) {
		title_text_of(it, out, TITLE_TEXT);
		known = true;
	}
	version_free(it);
	buf_free(&yaml);
	return known;
}

void
title_of_row(const json_t *row, char out[TITLE_TEXT])
{
	json_t *titles = json_object_get(row, "titles"), *one;
	struct buf text = BUF(TITLE_TEXT - 1);
	struct error ignored = { 0 };
	const char *language;
	bool ok = true;

	if (json_object_size(titles) == 0)
		ok = buf_printf(&text, &ignored, "en=%s",
		    json_text(row, "title"));
	json_object_foreach (titles, language, one) {
		const char *title = json_string_value(one);

		ok = ok && title != NULL &&
		    buf_printf(&text, &ignored, "%s%s=%s",
			text.len > 0 ? "\n" : "", language, title);
	}
	if (!ok || !title_text_is(buf_span(&text)) ||
	    !span_to_str(buf_span(&text), out, TITLE_TEXT))
		out[0] = '\0';
	buf_free(&text);
}

bool
title_of_document(struct session *session, const struct document_acts *acts,
    char out[TITLE_TEXT], bool *known, struct error *err)
{
	struct buf path = BUF(1024);
	json_t *json = NULL;
	const json_t *row;
	size_t i;
	bool ok;

	out[0] = '\0';
	*known = title_of_version(session->context, acts->doc.name,
	    acts_version(acts, 0), out);
	if (*known)
		return true;
	ok = buf_append_str(&path, "/v1/documents?document=", err) &&
	    remote_encode(&path, acts->doc.name, err) &&
	    buf_append_u8(&path, 0, err) &&
	    session_json(session, (const char *)path.data, &json, err);
	json_array_foreach (json_object_get(json, "documents"), i, row)
		if (strcmp(json_text(row, "document"), acts->doc.name) == 0)
			title_of_row(row, out);
	json_decref(json);
	buf_free(&path);
	return ok;
}
