/*
 * tile.h - the names of a journal's public resources.
 *
 * Source: C2SP tlog-tiles.  A hash tile holds up to 256 hashes of one tile
 * level, an entry bundle up to 256 entries, each after its length as u16.  A
 * partial tile holds the first width of them, and its name ends in ".p/WIDTH".
 */
#ifndef JOURNAL_TILE_H
#define JOURNAL_TILE_H

#include "base/bytes.h"

enum { TILE_WIDTH = 256, TILE_LEVELS = 8, TILE_PATH = 64 };

struct tile {
	bool is_bundle;  /* an entry bundle; level is 0 */
	unsigned level;  /* tile level; each spans 8 levels of the tree */
	uint64_t number; /* covers hashes [256 * number, …) of its level */
	unsigned width;  /* 1 to 255, or TILE_WIDTH: full */
};

/* Parse what follows "tile/" in a path: "0/x001/067.p/17" or "entries/000". */
bool tile_parse(struct span path, struct tile *out, struct error *err) MUST_USE;
void tile_path(const struct tile *tile, char out[TILE_PATH]);
/*
 * Returns the widest tile at that place in a journal of this size; its width is
 * 0 if there is none.
 */
struct tile tile_at(uint64_t size, unsigned level, uint64_t number);
/* Does a journal of this size have all hashes or entries of the tile? */
bool tile_is_there(const struct tile *tile, uint64_t size);

#endif
