/*
 * Repairing what follows from the record (fsck.h).
 */
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "daemon/data/export.h"
#include "daemon/data/fsck.h"
#include "daemon/signer/memory.h"
#include "record/refs.h"

static void
say_mended(void *arg, const struct ref_told *told)
{
	(void)arg;
	printf("%s %s\n", told->should == NULL ? "dropped" : "moved",
	    told->ref);
}

/* Repair the journal's files and the branches. */
static bool
mend(const char *data, struct error *err)
{
	struct journal_mended mended;
	struct journal *journal = NULL;
	struct store *store = NULL;
	struct ledger *ledger = ledger_new(err);
	struct note_keys keys;
	char path[FILE_PATH];
	struct head head;
	bool ok;

	ok = ledger != NULL && export_keys(data, &keys, err) &&
	    signer_remembered(data, &head, err) &&
	    file_join(path, data, "journal", err) &&
	    (journal = journal_open(path, &keys, &head, ledger_visit, ledger,
		 &mended, err)) != NULL &&
	    file_join(path, data, "store.git", err) &&
	    (store = store_open(path, err)) != NULL &&
	    refs_follow(store, ledger, true, say_mended, NULL, err);
	if (ok && mended.hashes_rebuilt > 0)
		printf("made %llu hashes anew\n",
		    (unsigned long long)mended.hashes_rebuilt);
	if (ok && mended.heads_completed > 0)
		printf("completed journal/heads\n");
	store_free(store);
	journal_free(journal);
	ledger_free(ledger);
	return ok;
}

bool
fsck_repair(const char *data, struct error *err)
{
	char path[FILE_PATH];
	bool ok;
	int lock;

	if (!file_join(path, data, "lock", err) ||
	    (lock = file_lock(path, err)) < 0)
		return error_context(err, "stop the daemon first");
	ok = mend(data, err);
	close(lock);
	return ok;
}
