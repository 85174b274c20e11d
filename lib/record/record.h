/*
 * record.h - the daemon's record while it is open: the journal, its ledger, and
 * the store.  One thread writes (writer/registrar.h); all may read.
 */
#ifndef RECORD_RECORD_H
#define RECORD_RECORD_H

#include "base/file.h"
#include "base/time.h"
#include "journal/cosignatures.h"
#include "journal/journal.h"
#include "record/library.h"
#include "record/opening.h"

struct accepted;

struct record {
	struct opening opening; /* how journal and ledger were opened */
	struct store *store;
	struct journal *journal;
	struct cosignatures *cosignatures;
	size_t cosignatures_dropped; /* damaged lines, at opening */
	struct ledger *ledger;
	struct library *library;
	struct accepted *accepted; /* accepted.h */
	struct note_keys keys;     /* all keys that the journal ever had */
	/* File of record/titles.h; empty: titles are not saved */
	char titles[FILE_PATH];
	char journal_dir[FILE_PATH];
	/* File of record/ledger_file.h; or empty */
	char ledger_path[FILE_PATH];
};

/*
 * Returns the time for an entry made now: never before that of the last entry.
 */
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
