/*
 * check_versions.h - a check of every version and of every object of the
 * store, on all threads (fsck.h).
 */
#ifndef DAEMON_DATA_CHECK_VERSIONS_H
#define DAEMON_DATA_CHECK_VERSIONS_H

#include "daemon/data/findings.h"

/*
 * Judge the versions that the audit's ledger has, look at the signature of
 * each commit, and then at the objects.  False only where it could not look.
 */
bool fsck_check_versions(struct fsck *fsck, struct error *err) MUST_USE;

#endif
