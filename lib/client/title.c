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
    const struct ledger_version *version, char out[LIMIT_TITLE_BYTES + 1])
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
		text_set(out, LIMIT_TITLE_BYTES + 1, version_title(it, "en"));
		known = true;
	}
	version_free(it);
	buf_free(&yaml);
	return known;
}

bool
title_of_document(struct session *session, const struct document_acts *acts,
    char out[LIMIT_TITLE_BYTES + 1], bool *known, struct error *err)
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
			text_cut(out, LIMIT_TITLE_BYTES + 1,
			    json_text(row, "title"));
	json_decref(json);
	buf_free(&path);
	return ok;
}
