/*
 * check_ends.h - what is after the end of the journal's files, and what is
 * missing there (fsck.h).
 */
#ifndef DAEMON_DATA_CHECK_ENDS_H
#define DAEMON_DATA_CHECK_ENDS_H

#include "daemon/data/findings.h"

/*
 * Compare where entries, heads and the signer's memory end with what was signed.
 * The journal is open. While a daemon writes, only what never changes is
 * compared.
 */
void fsck_check_ends(struct fsck *fsck);
/* Does a daemon have this data folder open? */
bool fsck_is_written(const char *data);
/* Cut off what is after the end of the signer's memory; the lock is held. */
bool fsck_cut_ends(const char *data, struct error *err) MUST_USE;

/*
 * Were heads lost, where the signer's size is signer, and an entry after the
 * newest head is of that time? A crash leaves out those of a moment.
 */
bool fsck_heads_are_lost(const struct head *signer, int64_t entry_ms);

#endif
