/*
 * folder.h - where a folder lies, by device and inode: links, "..", and two
 * names of one folder do not hide it.
 */
#ifndef BASE_FOLDER_H
#define BASE_FOLDER_H

#include <stdbool.h>

#include "base/error.h"

/*
 * Set *within to whether path is folder, or lies anywhere below it, or would
 * once it is made: path need not be there yet, and a folder that is not there
 * has nothing within it.
 *
 * ERROR_USAGE   path is a link to nothing, or names ".." below a folder that
 *               is not there: nobody can say where it will be
 * ERROR_SYSTEM  a part of it cannot be looked at
 */
bool folder_is_within(const char *path, const char *folder, bool *within,
    struct error *err) MUST_USE;

/*
 * Neither is the other, nor within it.
 *
 * ERROR_USAGE   they are not apart
 */
bool folder_apart(const char *path, const char *folder,
    struct error *err) MUST_USE;

#endif
