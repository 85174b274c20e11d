/*
 * Opening a journal with its ledger, by the ledger's file where that is good,
 * and checking that file afterwards (opening.h).
 */
#include "record/opening.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"

static bool
ledger_path(const char *dir, char out[FILE_PATH], struct error *err)
{
	return file_join(out, dir, "ledger", err);
}

/*
 * Open both by the ledger's file.  Returns false, with the reason, if the file
 * cannot be used; then nothing is open.
 */
static bool
open_by_file(struct backend *backend, const char *dir, const char *path,
    const struct note_keys *keys, const struct head *signer,
    struct opening *out, struct error *err)
{
	out->ledger = ledger_file_read(path, &out->from, &out->sum, err);
	out->journal = out->ledger == NULL
	    ? NULL
	    : journal_open_on(backend, dir, keys, signer, &out->from,
		  ledger_visit, out->ledger, &out->mended, err);
	if (out->journal != NULL)
		return true;
	ledger_free(out->ledger);
	out->ledger = NULL;
	out->from = (struct journal_from){ .size = 0 };
	return false;
}

/* Open both by reading all entries, and write a new file. */
static bool
open_whole(struct backend *backend, const char *dir, const char *path,
    const struct note_keys *keys, const struct head *signer,
    struct opening *out, struct error *err)
{
	struct ledger_columns columns;
	struct error why = { 0 };

	out->ledger = ledger_file_columns(path, &columns, err)
	    ? ledger_new_on(&columns, err)
	    : NULL;
	out->journal = out->ledger == NULL
	    ? NULL
	    : journal_open_on(backend, dir, keys, signer, NULL, ledger_visit,
		  out->ledger, &out->mended, err);
	if (out->journal == NULL) {
		ledger_free(out->ledger);
		out->ledger = NULL;
		return false;
	}
	/*
	 * Without a new file the next start only takes longer.  While something
	 * waits for its signature the ledger is ahead of the journal.
	 */
	if (ledger_size(out->ledger) == journal_size(out->journal) &&
	    !ledger_file_write(path, out->journal, out->ledger, &why) &&
	    out->dropped.kind == ERROR_NONE)
		out->dropped = why;
	return true;
}

bool
opening_run(struct backend *backend, const char *dir,
    const struct note_keys *keys, const struct head *signer, bool whole,
    struct opening *out, struct error *err)
{
	char path[FILE_PATH];

	*out = (struct opening){ .journal = NULL };
	if (!ledger_path(dir, path, err))
		return false;
	return (!whole && file_exists(path) &&
		   open_by_file(backend, dir, path, keys, signer, out,
		       &out->dropped)) ||
	    open_whole(backend, dir, path, keys, signer, out, err);
}

/* --- Checking. --- */

struct checking {
	const struct opening *opening;
	/* Computed from the entries so far; NULL once it was compared. */
	struct ledger *ledger;
	bool differs;
};

/*
 * The ledger of the entries so far must encode to the very bytes of the file.
 */
static bool
compare(struct checking *checking, struct error *err)
{
	const struct opening *opening = checking->opening;
	struct buf bytes = BUF(SIZE_MAX);
	struct digest sum;
	bool ok = ledger_file_encode(checking->ledger, &opening->from.root,
	    &bytes, err);

	if (ok) {
		sum = sha256_of(
		    span_sub(buf_span(&bytes), 0, bytes.len - sizeof(sum)));
		checking->differs = !digest_eq(&sum, &opening->sum) ||
		    ledger_columns_differ(checking->ledger);
	}
	buf_free(&bytes);
	ledger_free(checking->ledger);
	checking->ledger = NULL;
	return ok;
}

/* Apply an entry; compare when the file's size is reached. */
static bool
check_entry(void *arg, uint64_t index, struct span line, struct error *err)
{
	struct checking *checking = arg;

	return (index != checking->opening->from.size ||
		   checking->ledger == NULL || compare(checking, err)) &&
	    (checking->ledger == NULL ||
		ledger_visit(checking->ledger, index, line, err));
}

bool
opening_check(const char *dir, const struct opening *opening, const bool *stop,
    struct journal_mended *mended, struct error *err)
{
	struct checking checking = { .opening = opening };
	char path[FILE_PATH];
	bool ok;

	if (!ledger_path(dir, path, err))
		return false;
	if (opening->from.size > 0 &&
	    (checking.ledger = ledger_new_beside(opening->ledger, err)) == NULL)
		return false;
	ok = journal_check(opening->journal, check_entry, &checking, stop,
	    mended, err);
	/* No entry came after those of the file. */
	if (ok && checking.ledger != NULL &&
	    ledger_size(checking.ledger) == opening->from.size)
		ok = compare(&checking, err);
	ledger_free(checking.ledger);
	if (ok && checking.differs)
		ok = error_set(err, ERROR_UNTRUSTED,
		    "journal/ledger does not follow from the journal's"
		    " entries: it is dropped, and made anew at the next"
		    " start");
	if (!ok && err->kind == ERROR_UNTRUSTED)
		unlink(path);
	return ok;
}
