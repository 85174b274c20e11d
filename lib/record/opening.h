/*
 * opening.h - a journal and its ledger, opened by what the last one to have
 * them left in journal/ledger (ledger_file.h); and the check of all of it that
 * goes on beside whoever uses them.
 */
#ifndef RECORD_OPENING_H
#define RECORD_OPENING_H

#include "record/ledger_file.h"

struct opening {
	struct journal *journal;
	struct ledger *ledger;
	struct journal_mended mended;
	/* Of the file that the ledger is from; size 0: all entries were read. */
	struct journal_from from;
	struct digest sum;
	/* Why the file was not taken, if there was one; or no error. */
	struct error dropped;
};

/*
 * Open both, to write (journal_open_on()), by the file in dir where that is
 * good, else by all entries, and with a new file.  whole: without looking at it.
 *
 * ERROR_UNTRUSTED  as journal_open()
 */
bool opening_run(struct backend *backend, const char *dir,
    const struct note_keys *keys, const struct head *signer, bool whole,
    struct opening *out, struct error *err) MUST_USE;
/*
 * Read all entries again, beside whoever uses the journal: that they are those
 * that were signed, and that the ledger's file followed from them.  Where it
 * says no, the file is gone, so that the next to open reads all entries.  With
 * *stop it ends early, and that is no failure.
 *
 * ERROR_UNTRUSTED  they are not, or it did not: trust nothing of it any more
 */
bool opening_check(const char *dir, const struct opening *opening,
    const bool *stop, struct journal_mended *mended,
    struct error *err) MUST_USE;

#endif
