/*
 * title.h - the titles of a document.
 */
#ifndef CLIENT_TITLE_H
#define CLIENT_TITLE_H

#include <jansson.h>

#include "client/acts.h"
#include "document/title_text.h"

/*
 * Get the titles of a version (document/title_text.h), if its version.yaml
 * passed through here.  title_of_document() gets those of the newest version,
 * or the daemon's word for them.
 */
bool title_of_version(const struct context *context, const char *document,
    const struct ledger_version *version, char out[TITLE_TEXT]);
bool title_of_document(struct session *session,
    const struct document_acts *acts, char out[TITLE_TEXT], bool *known,
    struct error *err) MUST_USE;
/*
 * Write the titles of a daemon's row, or its one title as if it were in English:
 * "" if they are not such as a version may have.
 */
void title_of_row(const json_t *row, char out[TITLE_TEXT]);

#endif
