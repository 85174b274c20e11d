/*
 * The check of the journal's entries (check_entries.h).
 */
#include "daemon/data/check_entries.h"

#include <stdlib.h>
#include <string.h>

#include "store/commit.h"

bool
fsck_check_commit(struct fsck *fsck, uint64_t index, const struct entry *entry,
    uint64_t before, struct buf *bytes)
{
	struct store_commit commit;
	struct error why = { 0 };
	char hex[DIGEST_HEX];
	struct oid oid;

	memcpy(oid.bytes, entry->commit, OID_BYTES);
	digest_hex(&entry->contents, hex);
	if (!store_read(fsck->store, &oid, OBJECT_COMMIT, bytes, &why) ||
	    !store_parse_commit(buf_span(bytes), &commit, &why)) {
		FIND(fsck, "COMMIT_MISSING", index, entry->document,
		    "its commit cannot be read: %s; the texts of this version"
		    " may be lost here, the offices have copies",
		    why.detail);
		return false;
	}
	if (strcmp(commit.contents, hex) != 0)
		FIND(fsck, "COMMIT_DIFFERS", index, entry->document,
		    "its commit tells of other contents");
	else if (before != LEDGER_NONE &&
	    (!commit.has_parent ||
		ledger_of_commit(audit_ledger(fsck->audit), &commit.parent) !=
		    before))
		FIND(fsck, "COMMIT_DIFFERS", index, entry->document,
		    "its commit does not follow the one before it");
	return true;
}

/*
 * Check the commit of an entry that the ledger did not apply: it must follow
 * the document's newest commit.  The others are checked with their version.
 */
static void
check_commit_alone(struct fsck *fsck, uint64_t index, const struct entry *entry)
{
	struct ledger *ledger = audit_ledger(fsck->audit);
	const struct ledger_document *doc =
	    ledger_find(ledger, entry->document);
	struct buf bytes = BUF(LIMIT_META_BYTES);

	if (doc == NULL || doc->last != index)
		fsck_check_commit(fsck, index, entry,
		    doc != NULL ? ledger_of_commit(ledger, &doc->tip)
				: LEDGER_NONE,
		    &bytes);
	buf_free(&bytes);
}

bool
fsck_find_delivered(void *arg, uint64_t index, bool *is_there, uint64_t *check,
    struct error *err)
{
	const struct fsck *fsck = arg;
	struct buf line = BUF(LIMIT_ENTRY_BYTES);
	struct entry *entry = malloc(sizeof(*entry));
	struct error why = { 0 };
	bool ok;

	ok = (entry != NULL || error_set_errno(err, "fsck")) &&
	    journal_entry(fsck->journal, index, &line, err);
	/* That it does not parse was told when its turn came. */
	*is_there = ok && entry_parse(buf_span(&line), entry, &why) &&
	    entry->act == ACT_DELIVER;
	if (*is_there)
		*check = delivered_check(entry);
	buf_free(&line);
	free(entry);
	return ok;
}

/* Parse an entry and give it to the audit; a journal_visitor. */
static bool
check_entry(struct fsck *fsck, uint64_t index, struct span line,
    struct error *err)
{
	struct entry *entry = malloc(sizeof(*entry));
	struct error why = { 0 };
	bool ok = true;

	if (entry == NULL)
		return error_set_errno(err, "fsck");
	if (!entry_parse(line, entry, &why)) {
		FIND(fsck, "ENTRY_MALFORMED", index, "", "%s", why.detail);
	} else {
		ok = audit_entry(fsck->audit, index, entry, err);
		if (ok && entry_has(entry, ENTRY_COMMIT))
			check_commit_alone(fsck, index, entry);
	}
	free(entry);
	return ok;
}

bool
fsck_check_entries(struct fsck *fsck, struct error *err)
{
	const uint64_t size = journal_size(fsck->journal);
	bool ok = true;

	for (uint64_t n = 0; ok && n * TILE_WIDTH < size && !fsck_stopped(fsck);
	     n++) {
		struct buf bytes = BUF(TILE_WIDTH * (LIMIT_ENTRY_BYTES + 2));
		struct tile tile = tile_at(size, 0, n);
		uint64_t index = n * TILE_WIDTH;
		struct span rest, line;
		uint16_t len;

		tile.is_bundle = true;
		ok = journal_tile(fsck->journal, &tile, &bytes, err);
		rest = buf_span(&bytes);
		while (ok && span_take_u16(&rest, &len) &&
		    span_take(&rest, len, &line))
			ok = check_entry(fsck, index++, line, err);
		buf_free(&bytes);
	}
	return ok;
}
