/*
 * title.h - the title of a document.
 */
#ifndef CLIENT_TITLE_H
#define CLIENT_TITLE_H

#include "client/acts.h"

/*
 * Get the title of a version, if its version.yaml passed through here.
 * title_of_document() gets that of the newest version, or the daemon's word for
 * it.
 */
bool title_of_version(const struct context *context, const char *document,
    const struct ledger_version *version, char out[LIMIT_TITLE_BYTES + 1]);
bool title_of_document(struct session *session,
    const struct document_acts *acts, char out[LIMIT_TITLE_BYTES + 1],
    bool *known, struct error *err) MUST_USE;

#endif
