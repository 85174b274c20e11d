/*
 * record.h - what the daemon keeps and serves, open: the journal, what follows
 * from it, and the store.  One thread writes (writer/registrar.h); all read.
 */
#ifndef RECORD_RECORD_H
#define RECORD_RECORD_H

#include "base/file.h"
#include "base/time.h"
#include "journal/cosignatures.h"
#include "journal/journal.h"
#include "record/library.h"
#include "record/opening.h"

struct record {
	struct opening opening; /* how the next two came to be */
	struct store *store;
	struct journal *journal;
	struct cosignatures *cosignatures;
	struct ledger *ledger;
	struct library *library;
	struct note_keys keys;  /* that the journal ever had */
	char titles[FILE_PATH]; /* record/titles.h; empty: they are not kept */
	char journal_dir[FILE_PATH];
	char ledger_path[FILE_PATH]; /* record/ledger_file.h; or empty */
};

/* The time of an entry made now: never before the last one's. */
static inline int64_t
record_time_ms(const struct record *record)
{
	const int64_t now = time_now_ms();
	int64_t last;

	ledger_read_lock(record->ledger);
	last = ledger_time_ms(record->ledger);
	ledger_unlock(record->ledger);
	return now > last ? now : last;
}

#endif
