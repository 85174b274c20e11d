/*
 * export.h - the journal as a static C2SP tlog-tiles tree, for other
 * programs; the data folder is only read.
 */
#ifndef DAEMON_DATA_EXPORT_H
#define DAEMON_DATA_EXPORT_H

#include "journal/journal.h"

/* Its journal's keys: vkey is the newest, journal/keys has those before. */
bool export_keys(const char *data, struct note_keys *out,
    struct error *err) MUST_USE;
/* A data folder's journal, read only (journal_view()). */
struct journal *export_open(const char *data, journal_visitor *visit, void *arg,
    struct journal_mended *mended, struct error *err);

/*
 * Write checkpoint and tile/… into dir, which is made or brought up to date:
 * full tiles that are there already stay.  *size gets the checkpoint's.
 *
 * ERROR_CONFLICT   dir has a tile with other bytes: another journal's, or a
 * fork ERROR_UNTRUSTED  the journal is damaged
 */
bool export_tiles(const char *data, const char *dir, uint64_t *size,
    struct error *err) MUST_USE;

#endif
