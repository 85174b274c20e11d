/*
 * refs.h - a branch for each document, where the journal says that it is.
 */
#ifndef RECORD_REFS_H
#define RECORD_REFS_H

#include "record/ledger.h"

/*
 * Compare the branches with the ledger: each that is elsewhere, missing, or of
 * no document (a stray) is told; mend puts it right.
 */
bool refs_follow(struct store *store, struct ledger *ledger, bool mend,
    void (*tell)(void *arg, const char *name, bool is_stray), void *arg,
    struct error *err) MUST_USE;

#endif
