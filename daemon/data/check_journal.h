/*
 * check_journal.h - the check of the journal's entries, its signed heads, the
 * signer's memory and the cosignatures of witnesses (fsck.h).
 */
#ifndef DAEMON_DATA_CHECK_JOURNAL_H
#define DAEMON_DATA_CHECK_JOURNAL_H

#include "daemon/data/findings.h"

/*
 * Check the entries, which fill the audit's ledger, and at the same time the
 * heads, on the other threads.  False only if the check could not be done.
 */
bool fsck_check_journal(struct fsck *fsck, struct error *err) MUST_USE;
/*
 * Check the cosignatures, those that a database has too; the library must have
 * followed the journal.
 */
bool fsck_check_cosignatures(struct fsck *fsck, struct error *err) MUST_USE;

#endif
