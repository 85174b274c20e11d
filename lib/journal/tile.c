/*
 * The paths of tiles and entry bundles: parsing them, and which of them a
 * journal has (tile.h).
 */
#include "journal/tile.h"

#include <stdio.h>
#include <string.h>

static bool
bad(struct error *err, const char *what)
{
	return error_set(err, ERROR_NOT_FOUND, "there is no such tile: %s",
	    what);
}

/*
 * Take a number in groups of three digits, all but the last after an 'x'; no
 * other spelling is accepted.
 */
static bool
take_number(struct span *path, uint64_t *out)
{
	struct span group;
	bool more, first = true;

	*out = 0;
	do {
		if (!span_take_until(path, '/', &group)) {
			group = *path;
			*path = span_of(NULL, 0);
		}
		more = group.len > 0 && group.data[0] == 'x';
		if (more)
			group = span_sub(group, 1, group.len - 1);
		/* "000.p": the last group of a partial tile's number. */
		if (!more && group.len == 5 &&
		    memcmp(group.data + 3, ".p", 2) == 0)
			group.len = 3;
		if (group.len != 3 || *out > UINT64_MAX / 1000000)
			return false;
		for (size_t i = 0; i < 3; i++) {
			if (group.data[i] < '0' || group.data[i] > '9')
				return false;
			*out = *out * 10 + (uint64_t)(group.data[i] - '0');
		}
		if (first && more && *out == 0)
			return false;
		first = false;
	} while (more);
	return true;
}

bool
tile_parse(struct span path, struct tile *out, struct error *err)
{
	struct tile tile = { .width = TILE_WIDTH };
	struct tile same;
	struct span level;
	char spelt[TILE_PATH];
	const struct span whole = path;
	uint64_t number;

	if (!span_take_until(&path, '/', &level))
		return bad(err, "no level");
	tile.is_bundle = span_is(level, "entries");
	if (!tile.is_bundle) {
		if (!span_to_u64(level, &number) || number >= 64)
			return bad(err, "its level is not 0 to 63");
		tile.level = (unsigned)number;
	}
	if (!take_number(&path, &tile.number))
		return bad(err, "its number is not groups of three digits");
	if (path.len > 0) {
		if (!span_to_u64(path, &number) || number < 1 ||
		    number >= TILE_WIDTH)
			return bad(err, "its width is not 1 to 255");
		tile.width = (unsigned)number;
	}
	/*
	 * There is one spelling: the tile's path is written again and compared.
	 */
	same = tile;
	tile_path(&same, spelt);
	if (!span_is(whole, spelt))
		return bad(err, "its name is not spelt as tlog-tiles has it");
	*out = tile;
	return true;
}

void
tile_path(const struct tile *tile, char out[TILE_PATH])
{
	uint64_t scale = 1;
	int used;

	used = tile->is_bundle ? snprintf(out, TILE_PATH, "entries")
			       : snprintf(out, TILE_PATH, "%u", tile->level);
	while (tile->number / scale >= 1000)
		scale *= 1000;
	for (; scale > 0; scale /= 1000)
		used += snprintf(out + used, TILE_PATH - (size_t)used,
		    scale > 1 ? "/x%03u" : "/%03u",
		    (unsigned)(tile->number / scale % 1000));
	if (tile->width != TILE_WIDTH)
		snprintf(out + used, TILE_PATH - (size_t)used, ".p/%u",
		    tile->width);
}

/* Returns how many hashes a level has in a journal of this size. */
static uint64_t
hashes_of(uint64_t size, unsigned level)
{
	return level >= TILE_LEVELS ? 0 : size >> (8 * level);
}

struct tile
tile_at(uint64_t size, unsigned level, uint64_t number)
{
	const uint64_t num = hashes_of(size, level);
	struct tile tile = { .level = level, .number = number };

	if (num / TILE_WIDTH > number)
		tile.width = TILE_WIDTH;
	else if (num / TILE_WIDTH == number)
		tile.width = (unsigned)(num % TILE_WIDTH);
	return tile;
}

bool
tile_is_there(const struct tile *tile, uint64_t size)
{
	return tile->width <= tile_at(size, tile->level, tile->number).width;
}
