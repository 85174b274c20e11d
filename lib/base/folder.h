/*
 * folder.h - where a folder lies, by device and inode: links, "..", and two
 * names of one folder do not hide it.
 */
#ifndef BASE_FOLDER_H
#define BASE_FOLDER_H

#include <stdbool.h>

#include "base/error.h"

/*
 * Set *within to whether path is folder, lies anywhere below it, or will once
 * it is made. path need not exist yet; a folder that does not exist has nothing
 * within it.
 *
 * ERROR_USAGE   path is a link to nothing, or names ".." below a folder that
 *                   does not exist: nobody can say where it will be
 * ERROR_SYSTEM  a part of the path cannot be looked at
 */
bool folder_is_within(const char *path, const char *folder, bool *within,
    struct error *err) MUST_USE;

/*
 * Check that neither folder is the other one or within it.
 *
 * ERROR_USAGE   they are not apart
 */
bool folder_apart(const char *path, const char *folder,
    struct error *err) MUST_USE;

#endif
