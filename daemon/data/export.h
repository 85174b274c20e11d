/*
 * export.h - exporting the journal as a static C2SP tlog-tiles tree, for other
 * programs.  The data folder is only read.
 */
#ifndef DAEMON_DATA_EXPORT_H
#define DAEMON_DATA_EXPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "record/data.h"

/*
 * Write checkpoint and tile/… into dir, which is made or brought up to date:
 * existing full tiles stay.  *size gets the size of the checkpoint.
 *
 * ERROR_CONFLICT   dir has a tile with other bytes: another journal's, or a
 *  fork's
 * ERROR_UNTRUSTED  the journal is damaged
 */
bool export_tiles(const struct data_place *place, const char *dir,
    uint64_t *size, struct error *err) MUST_USE;

#endif
