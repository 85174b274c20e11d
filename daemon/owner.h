/*
 * owner.h - the user that the daemon must run as: the owner of its data folder.
 */
#ifndef DAEMON_OWNER_H
#define DAEMON_OWNER_H

#include "base/error.h"

/*
 * May this process write to the data folder, or make it?  Root may, and what it
 * makes there its owner could not read later.  A folder that is to be made has
 * the owner of the one that it is in.
 *
 * ERROR_USAGE  no: the sentence says which user to be
 */
bool owner_check(const char *data, struct error *err) MUST_USE;

#endif
