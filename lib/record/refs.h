/*
 * refs.h - one branch for each document, pointing to the commit that the
 * journal names.
 *
 * Branches are for git commands run in store.git; Valise itself asks the
 * ledger.  So they may be behind, and are written all at once (refs_write()).
 */
#ifndef RECORD_REFS_H
#define RECORD_REFS_H

#include "record/ledger.h"

/* A branch that does not point to the journal's commit. */
struct ref_told {
	const char *ref, *document; /* "refs/heads/TYPE/SLUG", "TYPE/SLUG" */
	/* Where it points; NULL: there is no branch. */
	const struct oid *is;
	/* The journal's commit; NULL: there is no such document. */
	const struct oid *should;
};

/*
 * Compare the branches with the ledger and tell each that points elsewhere, is
 * missing, or belongs to no document. mend: if one was told, or is stored as a
 * loose ref, write all branches again and release the packs (store_release()).
 */
bool refs_follow(struct store *store, struct ledger *ledger, bool mend,
    void (*tell)(void *arg, const struct ref_told *told), void *arg,
    struct error *err) MUST_USE;

/*
 * Write all branches, then release the packs.  To be called by the thread that
 * writes the store and the ledger, without the ledger's lock.
 */
bool refs_write(struct store *store, struct ledger *ledger,
    struct error *err) MUST_USE;

#endif
