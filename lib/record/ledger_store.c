/*
 * The ledger's file: reading and writing it as a whole (ledger_file.h).
 */
#include <string.h>

#include "base/file.h"
#include "record/ledger_file.h"

enum { DIGEST = 32 };

/* About 13 bytes an entry and 300 a document. */
#define FILE_BYTES (UINT64_C(1) << 36)

bool
ledger_file_write(const char *path, const struct journal *journal,
    struct ledger *ledger, struct error *err)
{
	struct buf bytes = BUF(FILE_BYTES);
	struct digest root;
	bool ok;

	ledger_read_lock(ledger);
	ok = journal_root_at(journal, ledger_size(ledger), &root, err) &&
	    ledger_file_encode(ledger, &root, &bytes, err);
	ledger_unlock(ledger);
	/*
	 * The next start relies on the derived files, so make them durable
	 * first.
	 */
	ok = ok && journal_sync_derived(journal, err) &&
	    file_write(path, buf_span(&bytes), 0600, err);
	buf_free(&bytes);
	return ok;
}

struct ledger *
ledger_file_read(const char *path, struct journal_from *from,
    struct digest *sum, struct error *err)
{
	struct buf bytes = BUF(FILE_BYTES);
	struct ledger *ledger = NULL;

	if (file_read(path, bytes.max, &bytes, err) &&
	    (ledger = ledger_file_parse(buf_span(&bytes), from, err)) != NULL)
		memcpy(sum->bytes, bytes.data + bytes.len - DIGEST, DIGEST);
	buf_free(&bytes);
	if (ledger == NULL)
		error_context(err, "%s", path);
	return ledger;
}
