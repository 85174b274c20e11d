/*
 * ledger_file.h - the ledger as a file beside the journal (docs/formats.md,
 * "Journal files", "ledger"), so that a start need not read all entries again.
 * What it keeps of each entry and commit is in files of their own beside it,
 * "index" and "commits", and their sums in this one.
 *
 * The file names the size and root of the journal that it follows from, and
 * ends with its own SHA-256.  That does not prove that it follows from them:
 * whoever uses it has all entries read again in the background
 * (record/opening.h).
 */
#ifndef RECORD_LEDGER_FILE_H
#define RECORD_LEDGER_FILE_H

#include "journal/journal.h"
#include "record/ledger.h"

/*
 * Append the whole ledger, which follows from a journal of its size and this
 * root.  The same entries always give the same bytes.
 */
bool ledger_file_encode(const struct ledger *ledger, const struct digest *root,
    struct buf *out, struct error *err) MUST_USE;
/*
 * Parse these bytes, which belong to these columns: returns the ledger; from
 * gets the journal's size and root.  The ledger owns the columns from here on;
 * on failure they are freed.
 *
 * ERROR_UNTRUSTED  the file is damaged, or was made by another program
 */
struct ledger *ledger_file_parse(struct span bytes,
    const struct ledger_columns *columns, struct journal_from *from,
    struct error *err);

/* Is it a ledger's file of this version?  *size gets the journal's. */
bool ledger_file_begins(struct span bytes, uint64_t *size);
/*
 * Compare the file that had these bytes, and the files of its columns, with a
 * ledger of the same size, which was made from all entries.  Nothing is
 * written: a daemon may be at them.
 *
 * ERROR_UNTRUSTED  they differ
 */
bool ledger_file_compare(const char *path, struct span bytes,
    const struct journal *journal, const struct ledger *ledger,
    struct error *err) MUST_USE;

/* The files of its columns beside it, made if they are not there. */
bool ledger_file_columns(const char *path, struct ledger_columns *out,
    struct error *err) MUST_USE;

/*
 * Write the ledger to path, durably, or leave the old file.  To be called by
 * the thread that applies entries, without the lock.
 */
bool ledger_file_write(const char *path, const struct journal *journal,
    struct ledger *ledger, struct error *err) MUST_USE;
/* Read and parse the file; *sum gets its own SHA-256. */
struct ledger *ledger_file_read(const char *path, struct journal_from *from,
    struct digest *sum, struct error *err);

#endif
