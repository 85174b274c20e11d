/*
 * snapshot.h - a document as it stands, copied out of the ledger's lock, and a
 * version of it out of the store.
 */
#ifndef RECORD_SNAPSHOT_H
#define RECORD_SNAPSHOT_H

#include <limits.h>

#include "record/ledger.h"
#include "store/store.h"

struct snapshot {
	uint64_t last;
	unsigned num_versions, version; /* version: the one asked for, or 0 */
	enum status status;             /* of the newest */
	struct ledger_version asked;    /* without its lists */
	uint64_t deposit_index;
	/* Its entries; the "dispatch" ones of the waybills by which they came. */
	uint64_t *acts, *dispatches;
	size_t num_acts, num_dispatches;
	struct digest newest_digest;
	/* Who deposited the version after the one asked for; or empty. */
	char next_person[LIMIT_EMAIL_BYTES + 1], next_office[POLICY_NAME];
	/* One person's signature on it, and on its termination, if any. */
	struct ledger_signer mine, my_end;
	bool has_mine, has_my_end;
	struct ledger_signer *signers;
	size_t num_signers;
};

/* For version: the one in force, or terminated. */
#define SNAPSHOT_IN_FORCE UINT_MAX

/*
 * version 0 is the newest; mine and my_end are person's; out is for
 * snapshot_free() after true.
 */
bool snapshot_take(struct ledger *ledger, const char *document,
    unsigned version, const char *person, struct snapshot *out,
    struct error *err) MUST_USE;
/* Its lists; the rest stays.  One of zeros is fine. */
void snapshot_free(struct snapshot *snapshot);
/* stored_version(), where what fails is the store's fault and not theirs. */
struct container *snapshot_load(struct store *store, const struct oid *commit,
    struct error *err);

#endif
