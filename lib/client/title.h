/*
 * title.h - the title of a document.
 */
#ifndef CLIENT_TITLE_H
#define CLIENT_TITLE_H

#include "client/acts.h"

/*
 * The title of a version, where its version.yaml passed through here; or of the
 * newest one, by the daemon's word where it did not.
 */
bool version_title_known(const struct context *context, const char *document,
    const struct ledger_version *version, char out[LIMIT_TITLE_BYTES + 1]);
bool document_title(struct session *session, const struct document_acts *acts,
    char out[LIMIT_TITLE_BYTES + 1], bool *known, struct error *err) MUST_USE;

#endif
