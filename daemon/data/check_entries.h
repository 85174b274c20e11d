/*
 * check_entries.h - the check of the journal's entries, one after another, and
 * of the commits that they name (fsck.h).
 */
#ifndef DAEMON_DATA_CHECK_ENTRIES_H
#define DAEMON_DATA_CHECK_ENTRIES_H

#include "daemon/data/findings.h"

/*
 * Check that an entry's commit exists, says what the entry says, and follows
 * the commit of the entry before (LEDGER_NONE: it is the first). bytes gets the
 * commit.
 *
 * Returns false if it cannot be read; that was told.
 */
bool fsck_check_commit(struct fsck *fsck, uint64_t index,
    const struct entry *entry, uint64_t before, struct buf *bytes);
/* A delivered_find(): it reads the entry.  arg is the struct fsck. */
bool fsck_find_delivered(void *arg, uint64_t index, bool *is_there,
    uint64_t *check, struct error *err) MUST_USE;
/*
 * Give every entry to the audit, and so to its ledger.  Returns false only if
 * the check could not be done.
 */
bool fsck_check_entries(struct fsck *fsck, struct error *err) MUST_USE;

#endif
