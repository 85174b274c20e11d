/*
 * opening.h - opening a journal and its ledger by the file that the last
 * process left in journal/ledger (ledger_file.h), and checking that file in the
 * background while both are in use.
 */
#ifndef RECORD_OPENING_H
#define RECORD_OPENING_H

#include "record/ledger_file.h"

struct opening {
	struct journal *journal;
	struct ledger *ledger;
	struct journal_mended mended;
	/*
	 * The state in the file that was used; size 0: all entries were read.
	 */
	struct journal_from from;
	struct digest sum;
	/* Why the file could not be used, if there was one; else ERROR_NONE. */
	struct error dropped;
};

/*
 * Open both to write (journal_open_on()): by the file in dir if it is good,
 * else by reading all entries, after which a new file is written. whole: do not
 * use the file.
 *
 * ERROR_UNTRUSTED  as journal_open()
 */
bool opening_run(struct backend *backend, const char *dir,
    const struct note_keys *keys, const struct head *signer, bool whole,
    struct opening *out, struct error *err) MUST_USE;
/*
 * Read all entries again while others use the journal, and check that they are
 * those that were signed and that the ledger's file follows from them.  If this
 * fails the file is removed, so that the next start reads all entries.  If
 * *stop becomes true it ends early and returns true.
 *
 * ERROR_UNTRUSTED  the entries or the file are wrong: trust neither any more
 */
bool opening_check(const char *dir, const struct opening *opening,
    const bool *stop, struct journal_mended *mended,
    struct error *err) MUST_USE;

#endif
