/*
 * states.h - the states of a document and its versions: which act may follow
 * which, and to which status it leads.  Used by the ledger; see
 * docs/formats.md, "Statuses".
 *
 *    deposit    makes the next version, unless the document is terminated.  A
 *               draft before it, signed in part or not, is withdrawn.
 *    sign       of the newest version, unless the document is terminated.
 *    terminate  of the version in force.
 *    force      right after the signature that makes the quorum.  After a
 *               "sign": the version is in force; the one in force before is
 *               superseded, and a termination begun on it ends with it.
 *               After a "terminate": the version ends, and a newer draft lapses.
 */
#ifndef RECORD_STATES_H
#define RECORD_STATES_H

#include "record/ledger.h"
#include "record/names.h"

/* Begin a document without a version; its name stays the caller's. */
void states_begin(struct ledger_document *doc, const char *name);
/*
 * Apply an act on a document; persons and offices are kept in names.  On
 * failure the document may have changed.
 *
 * ERROR_UNTRUSTED  the act contradicts those before it
 * ERROR_SYSTEM     there is no memory
 */
bool states_apply(struct ledger_document *doc, struct names *names,
    uint64_t index, const struct entry *entry, struct error *err) MUST_USE;
/*
 * Copy the newest version's titles, and the languages of its texts; if that
 * fails both are left empty.
 */
void states_set_title(struct ledger_document *doc, const char *title,
    const char *languages);
/*
 * Room for so many indices in version->acts, which keeps those that it has.
 * That of the first, which most versions have alone, is among the names.
 * num_acts is the caller's to set.  NULL if there is no memory.
 */
uint64_t *states_acts(struct ledger_version *version, struct names *names,
    uint32_t num);
/* Free the document's lists; doc itself is the caller's. */
void states_free(struct ledger_document *doc);

#endif
