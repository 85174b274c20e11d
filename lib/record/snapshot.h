/*
 * snapshot.h - a copy of a document's state, to use without the ledger's lock,
 * and of a version's files.
 */
#ifndef RECORD_SNAPSHOT_H
#define RECORD_SNAPSHOT_H

#include <limits.h>

#include "record/ledger.h"
#include "store/store.h"

struct snapshot {
	uint64_t last;
	/* Version: the number asked for, or 0. */
	unsigned num_versions, version;
	enum status status; /* of the newest version */
	/* The version asked for, without its lists. */
	struct ledger_version asked;
	uint64_t deposit_index;
	/*
	 * Indices of its entries, and of the "dispatch" entries of the waybills
	 * by which they came.
	 */
	uint64_t *acts, *dispatches;
	size_t num_acts, num_dispatches;
	struct digest newest_digest;
	/* The depositor of the version after the one asked for; or empty. */
	char next_person[LIMIT_EMAIL_BYTES + 1], next_office[POLICY_NAME];
	/*
	 * The asking person's signature on the version, and on its termination,
	 * if any.
	 */
	struct ledger_signer mine, my_end;
	bool has_mine, has_my_end;
	struct ledger_signer *signers;
	size_t num_signers;
};

/* As version: the one in force, or terminated. */
#define SNAPSHOT_IN_FORCE UINT_MAX

/*
 * Copy the state of a document. version 0 is the newest; mine and my_end are
 * those of person.  If this succeeds, out must be given to snapshot_free().
 */
bool snapshot_take(struct ledger *ledger, const char *document,
    unsigned version, const char *person, struct snapshot *out,
    struct error *err) MUST_USE;
/* Free the lists; the other members stay.  A zeroed snapshot is fine. */
void snapshot_free(struct snapshot *snapshot);
/*
 * Load a version by stored_version(), but tell a failure as the store's
 * (ERROR_SYSTEM), not as the caller's.
 */
struct container *snapshot_load(struct store *store, const struct oid *commit,
    struct error *err);

#endif
