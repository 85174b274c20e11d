/*
 * titles.h - a file with the titles of documents, beside the journal, which
 * does not contain them: to read them from the texts of a thousand versions
 * takes 200 ms.
 *
 * The file can be made again from the journal and the store.  If it is missing,
 * damaged, or of another journal it is ignored: each title is then read from
 * the text when it is asked for.
 */
#ifndef RECORD_TITLES_H
#define RECORD_TITLES_H

#include "journal/journal.h"
#include "record/ledger.h"

/*
 * Write all known titles to path, or leave the old file.  The file is not
 * flushed: damage by a power cut is detected when it is read.  To be called by
 * the writer's thread, without the ledger's lock.
 */
bool titles_write(const char *path, const struct journal *journal,
    struct ledger *ledger, struct error *err) MUST_USE;
/*
 * Set the titles of documents whose newest version is still the one in the
 * file.  *num gets their number; false, with the reason, if there are none.
 */
bool titles_read(const char *path, const struct journal *journal,
    struct ledger *ledger, size_t *num, struct error *err) MUST_USE;

#endif
