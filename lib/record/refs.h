/*
 * refs.h - a branch for each document, where the journal says that it is.
 *
 * Branches are for git commands run in store.git; Valise itself asks the
 * ledger.  So they may be behind, and are written all at once (refs_write()).
 */
#ifndef RECORD_REFS_H
#define RECORD_REFS_H

#include "record/ledger.h"

/* A branch that is not where the journal says. */
struct ref_told {
	const char *ref, *document; /* "refs/heads/TYPE/SLUG", "TYPE/SLUG" */
	const struct oid *is;       /* NULL: there is none */
	const struct oid *should;   /* NULL: there is no such document */
};

/*
 * Compare the branches with the ledger: each that is elsewhere, missing, or of
 * no document is told.  mend writes all of them anew if one was told or is a
 * file of its own, and lets the packs go (store_release()).
 */
bool refs_follow(struct store *store, struct ledger *ledger, bool mend,
    void (*tell)(void *arg, const struct ref_told *told), void *arg,
    struct error *err) MUST_USE;

/*
 * Write all branches, then let the packs go.  The thread that writes the store
 * and the ledger; the ledger's lock is taken and let go.
 */
bool refs_write(struct store *store, struct ledger *ledger,
    struct error *err) MUST_USE;

#endif
