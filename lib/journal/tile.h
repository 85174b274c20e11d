/*
 * tile.h - the names of a journal's public resources.
 *
 * Source: C2SP tlog-tiles.  A hash tile holds up to 256 hashes of one tile
 * level, an entry bundle up to 256 entries, each with a u16 length before it.
 * A partial one is the first width of them, and named "….p/WIDTH".
 */
#ifndef JOURNAL_TILE_H
#define JOURNAL_TILE_H

#include "base/bytes.h"

enum { TILE_WIDTH = 256, TILE_LEVELS = 8, TILE_PATH = 64 };

struct tile {
	bool is_bundle;  /* of entries; level is 0 */
	unsigned level;  /* of 8 tree levels each */
	uint64_t number; /* covers hashes [256 * number, …) of its level */
	unsigned width;  /* 1 to 255, or TILE_WIDTH: full */
};

/* "0/x001/067.p/17" or "entries/000": what stands after "tile/". */
bool tile_parse(struct span path, struct tile *out, struct error *err) MUST_USE;
void tile_path(const struct tile *tile, char out[TILE_PATH]);
/* The widest tile there is at that place in a journal of size; width 0: none. */
struct tile tile_at(uint64_t size, unsigned level, uint64_t number);
/* Has a journal of this size all that the tile is to hold? */
bool tile_is_there(const struct tile *tile, uint64_t size);

#endif
