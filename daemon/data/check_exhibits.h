/*
 * check_exhibits.h - the check of what a database has beside its record, but for
 * the lines of witnesses (fsck.h).
 */
#ifndef DAEMON_DATA_CHECK_EXHIBITS_H
#define DAEMON_DATA_CHECK_EXHIBITS_H

#include "daemon/data/findings.h"

/* The library must have followed the journal. */
bool fsck_check_exhibits(struct fsck *fsck, struct error *err) MUST_USE;

#endif
