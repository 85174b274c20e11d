/*
 * ledger_file.h - the ledger as a file beside the journal (docs/formats.md,
 * "Journal files", "ledger"): so that a start need not read all entries again.
 *
 * It says of which size and root of the journal it follows, and has its own
 * SHA-256.  That it follows is not proved by it: whoever takes it has all
 * entries read again beside what it does meanwhile (record/opening.h).
 */
#ifndef RECORD_LEDGER_FILE_H
#define RECORD_LEDGER_FILE_H

#include "journal/journal.h"
#include "record/ledger.h"

/*
 * Append all of the ledger, which follows from a journal of its size and this
 * root: always the same bytes for the same entries.
 */
bool ledger_file_encode(const struct ledger *ledger, const struct digest *root,
    struct buf *out, struct error *err) MUST_USE;
/*
 * The ledger that these bytes are of, and the journal's size and root.
 *
 * ERROR_UNTRUSTED  damaged, or made by another program
 */
struct ledger *ledger_file_parse(struct span bytes, struct journal_from *from,
    struct error *err);

/*
 * Put it into path, durably, or leave what is there.  The thread that applies
 * entries, with no lock held.
 */
bool ledger_file_write(const char *path, const struct journal *journal,
    struct ledger *ledger, struct error *err) MUST_USE;
/* *sum is the file's own SHA-256. */
struct ledger *ledger_file_read(const char *path, struct journal_from *from,
    struct digest *sum, struct error *err);

#endif
