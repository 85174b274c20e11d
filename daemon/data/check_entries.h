/*
 * check_entries.h - a check of the journal's entries, one after another, and
 * of the commits that they name (fsck.h).
 */
#ifndef DAEMON_DATA_CHECK_ENTRIES_H
#define DAEMON_DATA_CHECK_ENTRIES_H

#include "daemon/data/findings.h"

/*
 * An entry's commit is there, says what the entry says, and follows the one
 * that the entry before made (LEDGER_NONE: it is the first).  bytes gets it.
 *
 * False: it cannot be read, and that was told.
 */
bool fsck_check_commit(struct fsck *fsck, uint64_t index,
    const struct entry *entry, uint64_t before, struct buf *bytes);
/*
 * Give every entry to the audit, and so to its ledger.  False only where it
 * could not look.
 */
bool fsck_check_entries(struct fsck *fsck, struct error *err) MUST_USE;

#endif
