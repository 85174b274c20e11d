/*
 * Exporting the journal as a static tree of tiles (export.h).
 */
#include "daemon/data/export.h"

#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "record/data.h"

/*
 * Write a tile.  Tiles never change: if it exists with other bytes it is of
 * another history.
 */
static bool
write_tile(const struct journal *journal, const char *dir,
    const struct tile *tile, struct error *err)
{
	struct buf bytes = BUF(TILE_WIDTH * (LIMIT_ENTRY_BYTES + 2)),
		   there = BUF(TILE_WIDTH * (LIMIT_ENTRY_BYTES + 2));
	char name[TILE_PATH], path[FILE_PATH], folder[FILE_PATH];
	bool ok;

	tile_path(tile, name);
	if (snprintf(path, sizeof(path), "%s/tile/%s", dir, name) >=
	    (int)sizeof(path))
		return error_set(err, ERROR_LIMIT, "%s: too long", dir);
	text_set(folder, sizeof(folder), path);
	*strrchr(folder, '/') = '\0';
	ok = journal_tile(journal, tile, &bytes, err);
	if (ok && file_exists(path))
		ok = file_read(path, there.max, &there, err) &&
		    (span_eq(buf_span(&bytes), buf_span(&there)) ||
			error_set(err, ERROR_CONFLICT,
			    "%s has other bytes: it is of another journal, or"
			    " of another history of this one",
			    path));
	else
		ok = ok && file_make_dirs(folder, 0755, err) &&
		    file_write_quick(path, buf_span(&bytes), 0444, err);
	buf_free(&bytes);
	buf_free(&there);
	return ok;
}

/* Write all tiles of a level, or all bundles. */
static bool
write_level(const struct journal *journal, const char *dir, bool bundles,
    unsigned level, struct error *err)
{
	for (uint64_t n = 0;; n++) {
		struct tile tile = tile_at(journal_size(journal), level, n);

		if (tile.width == 0)
			return true;
		tile.is_bundle = bundles;
		if (!write_tile(journal, dir, &tile, err))
			return false;
	}
}

bool
export_tiles(const struct data_place *place, const char *dir, uint64_t *size,
    struct error *err)
{
	struct journal_mended mended;
	struct journal *journal = data_view(place, NULL, NULL, &mended, err);
	struct buf note = BUF(LIMIT_NOTE_FILE);
	char path[FILE_PATH];
	struct head head;
	bool ok;

	if (journal == NULL)
		return false;
	head = journal_head(journal);
	*size = head.size;
	ok = mended.hashes_rebuilt == 0 ||
	    error_set(err, ERROR_UNTRUSTED,
		"journal/hashes or journal/nodes are damaged; \"valised fsck"
		" --repair\" makes them anew");
	if (ok && head.size == 0)
		ok = error_set(err, ERROR_NOT_FOUND,
		    "the journal is empty: the daemon never started on it");
	ok = ok && write_level(journal, dir, true, 0, err);
	for (unsigned l = 0; ok && l < TILE_LEVELS; l++)
		ok = write_level(journal, dir, false, l, err);
	/*
	 * Write the checkpoint last, when everything that it covers is there.
	 */
	ok = ok && journal_note(journal, &head, &note, err) &&
	    file_join(path, dir, "checkpoint", err) &&
	    file_make_dirs(dir, 0755, err) &&
	    file_write(path, buf_span(&note), 0644, err);
	buf_free(&note);
	journal_free(journal);
	return ok;
}
