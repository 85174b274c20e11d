/*
 * Repairing what follows from the record (fsck.h).
 */
#include <stdio.h>
#include <unistd.h>

#include "daemon/data/check_ends.h"
#include "daemon/data/fsck.h"
#include "daemon/owner.h"
#include "daemon/signer/memory.h"
#include "record/data.h"
#include "record/refs.h"

static void
say_mended(void *arg, const struct ref_told *told)
{
	(void)arg;
	printf("%s %s\n", told->should == NULL ? "dropped" : "moved",
	    told->ref);
}

/* A note_visitor. */
static void
say_made(void *arg, const char *code, const char *about, const char *text,
    bool is_mended)
{
	(void)arg, (void)code;
	if (is_mended)
		printf("mended %s: %s\n", about, text);
}

/* A library_ref_visitor. */
static void
say_ref(void *arg, const char *ref, bool is_there)
{
	(void)arg;
	if (is_there)
		printf("moved %s\n", ref);
}

/* Repair the journal's files and the branches. */
static bool
mend(const struct data_place *place, struct error *err)
{
	struct journal_mended mended;
	struct record record;
	struct head head;
	bool ok;

	if (!fsck_cut_ends(place->folder, err) ||
	    !signer_remembered(place->folder, &head, err) ||
	    !data_open(place, &head, true, &record, err))
		return false;
	mended = record.opening.mended;
	ok = store_look(record.store, LOOK_AND_MEND, say_made, NULL, err) &&
	    library_look_at_refs(record.library, record.ledger, true, say_ref,
		NULL, err) &&
	    refs_follow(record.store, record.ledger, true, say_mended, NULL,
		err);
	if (ok && mended.hashes_rebuilt > 0)
		printf("made %llu hashes anew\n",
		    (unsigned long long)mended.hashes_rebuilt);
	if (ok && mended.heads_completed > 0)
		printf("completed journal/heads\n");
	data_close(&record);
	return ok;
}

bool
fsck_repair(const struct data_place *place, struct error *err)
{
	bool ok;
	int lock;

	if (!owner_check(place->folder, err))
		return false;
	if ((lock = data_lock(place->folder, err)) < 0)
		return error_context(err, "stop the daemon first");
	ok = mend(place, err);
	close(lock);
	return ok;
}
