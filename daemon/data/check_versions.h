/*
 * check_versions.h - the check of every version and of every object of the
 * store, on all threads (fsck.h).
 */
#ifndef DAEMON_DATA_CHECK_VERSIONS_H
#define DAEMON_DATA_CHECK_VERSIONS_H

#include "daemon/data/findings.h"

/*
 * Judge the versions of the audit's ledger, check the signature of each commit,
 * and then the objects.  Returns false only if the check could not be done.
 */
bool fsck_check_versions(struct fsck *fsck, struct error *err) MUST_USE;

#endif
