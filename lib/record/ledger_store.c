/*
 * The ledger's file: reading and writing it as a whole (ledger_file.h).
 */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "record/index.h"
#include "record/ledger_file.h"
#include "record/ledger_private.h"

enum { DIGEST = 32 };

/* Some 300 bytes a document. */
#define FILE_BYTES (UINT64_C(1) << 36)

bool
ledger_file_write(const char *path, const struct journal *journal,
    struct ledger *ledger, struct error *err)
{
	struct buf bytes = BUF(FILE_BYTES);
	struct digest root;
	bool ok;

	ledger_write_lock(ledger);
	ok = column_flush(ledger->index, err) &&
	    column_flush(ledger->commits.column, err);
	ledger_unlock(ledger);
	ledger_read_lock(ledger);
	ok = ok && journal_root_at(journal, ledger_size(ledger), &root, err) &&
	    ledger_file_encode(ledger, &root, &bytes, err);
	ledger_unlock(ledger);
	/*
	 * The next start relies on the derived files, so make them durable
	 * first.
	 */
	ok = ok && journal_sync_derived(journal, err) &&
	    column_sync(ledger->index, err) &&
	    column_sync(ledger->commits.column, err) &&
	    file_write(path, buf_span(&bytes), 0600, err);
	buf_free(&bytes);
	return ok;
}

/* The path of a file beside path. */
static bool
path_beside(const char *path, const char *name, char out[FILE_PATH],
    struct error *err)
{
	char dir[FILE_PATH];
	char *slash;

	if (snprintf(dir, sizeof(dir), "%s", path) >= (int)sizeof(dir))
		return error_set(err, ERROR_LIMIT, "%s: too long", path);
	if ((slash = strrchr(dir, '/')) != NULL)
		*slash = '\0';
	return file_join(out, slash != NULL ? dir : ".", name, err);
}

static struct column *
open_beside(const char *path, const char *name, size_t record_bytes,
    struct error *err)
{
	char file[FILE_PATH];

	return path_beside(path, name, file, err)
	    ? column_open(file, record_bytes, err)
	    : NULL;
}

bool
ledger_file_compare(const char *path, struct span bytes,
    const struct journal *journal, const struct ledger *ledger,
    struct error *err)
{
	struct buf right = BUF(FILE_BYTES);
	char index[FILE_PATH], commits[FILE_PATH];
	struct digest root;
	bool ok = path_beside(path, "index", index, err) &&
	    path_beside(path, "commits", commits, err) &&
	    journal_root_at(journal, ledger_size(ledger), &root, err) &&
	    ledger_file_encode(ledger, &root, &right, err);

	if (ok && !span_eq(buf_span(&right), bytes))
		ok = error_set(err, ERROR_UNTRUSTED,
		    "it does not follow from the entries");
	if (ok &&
	    (!column_is_in(ledger->index, index) ||
		!column_is_in(ledger->commits.column, commits)))
		ok = error_set(err, ERROR_UNTRUSTED,
		    "what it keeps of each entry does not follow from them");
	buf_free(&right);
	return ok;
}

bool
ledger_file_columns(const char *path, struct ledger_columns *out,
    struct error *err)
{
	out->index = open_beside(path, "index", INDEX_RECORD, err);
	out->commits = out->index == NULL
	    ? NULL
	    : open_beside(path, "commits", COMMIT_RECORD, err);
	if (out->commits != NULL)
		return true;
	column_free(out->index);
	out->index = NULL;
	return false;
}

struct ledger *
ledger_file_read(const char *path, struct journal_from *from,
    struct digest *sum, struct error *err)
{
	struct buf bytes = BUF(FILE_BYTES);
	struct ledger_columns columns;
	struct ledger *ledger = NULL;

	if (file_read(path, bytes.max, &bytes, err) &&
	    ledger_file_columns(path, &columns, err) &&
	    (ledger = ledger_file_parse(buf_span(&bytes), &columns, from,
		 err)) != NULL)
		memcpy(sum->bytes, bytes.data + bytes.len - DIGEST, DIGEST);
	buf_free(&bytes);
	if (ledger == NULL)
		error_context(err, "%s", path);
	return ledger;
}
