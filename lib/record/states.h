/*
 * states.h - the states of a document and its versions: what each act may
 * follow, and where it leads.  The ledger's own; docs/formats.md, "Statuses".
 *
 *   deposit    the next number, unless the document is terminated.  A draft
 *              before it, signed in part or not, is withdrawn.
 *   sign       the newest version, unless the document is terminated.
 *   terminate  the version in force.
 *   force      right after the signature that makes the quorum.  After a
 *              "sign": the version is in force, and one that was is
 *              superseded, with a termination that was begun.  After a
 *              "terminate": it ends, and a newer draft lapses.
 */
#ifndef RECORD_STATES_H
#define RECORD_STATES_H

#include "record/ledger.h"
#include "record/names.h"

/* A document without a version; its name stays the caller's. */
void states_begin(struct ledger_document *doc, const char *name);
/*
 * Take in an act on a document; persons and offices are kept in names.  On failure the document may have changed.
 *
 * ERROR_UNTRUSTED  it contradicts what came before
 * ERROR_SYSTEM     there is no memory
 */
bool states_apply(struct ledger_document *doc, struct names *names,
    uint64_t index, const struct entry *entry, struct error *err) MUST_USE;
/* The newest version's title, copied; a failure leaves it empty. */
void states_set_title(struct ledger_document *doc, const char *title);
/* Free what it has; doc itself is the caller's. */
void states_free(struct ledger_document *doc);

#endif
