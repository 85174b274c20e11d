/*
 * apart.h - is the target of a backup or export apart from the data folder?
 */
#ifndef DAEMON_DATA_APART_H
#define DAEMON_DATA_APART_H

#include "base/error.h"

/*
 * Refuse a target that is the data folder, lies in it or around it, or has a
 * link into it; folders are compared by device and inode.
 *
 * ERROR_USAGE  they are not apart
 */
bool apart_check(const char *target, const char *data,
    struct error *err) MUST_USE;
/*
 * Refuse a path that is the folder or lies in it.
 *
 * ERROR_USAGE  it does
 */
bool apart_not_within(const char *path, const char *folder,
    struct error *err) MUST_USE;

#endif
