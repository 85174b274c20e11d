/*
 * Names: their texts in chunks, a list by number, and a hash table of numbers
 * that is at most two thirds full (names.h).
 */
#include "record/names.h"

#include <stdlib.h>
#include <string.h>

enum { CHUNK_BITS = 14, CHUNK_BYTES = 1 << CHUNK_BITS, NAMES_MIN = 64 };

struct names_chunk {
	struct names_chunk *next;
	size_t used, room;
	char bytes[];
};

static void
free_chunks(struct names_chunk *first)
{
	struct names_chunk *next;

	for (struct names_chunk *one = first; one != NULL; one = next) {
		next = one->next;
		free(one);
	}
}

void
names_free(struct names *names)
{
	for (size_t i = 0; i < names->num_chunks; i++)
		free(names->chunks[i]);
	free(names->chunks);
	free_chunks(names->blocks);
	free(names->list);
	free(names->table);
	*names = (struct names){ .num = 0 };
}

/*
 * FNV-1a.  A stranger cannot choose many names to collide: they are ours to
 * choose, or policy bounds their number.
 */
static size_t
hash(const char *text)
{
	uint64_t value = UINT64_C(14695981039346656037);

	for (; *text != '\0'; text++)
		value = (value ^ (uint8_t)*text) * UINT64_C(1099511628211);
	return (size_t)value;
}

static const char *
text_at(const struct names *names, uint32_t at)
{
	return names->chunks[at >> CHUNK_BITS] + at % CHUNK_BYTES;
}

/* Returns the place of a text in the table, which holds its number, or 0. */
static uint32_t *
find_place(const struct names *names, const char *text)
{
	size_t i = hash(text) % names->places;

	while (names->table[i] != 0 &&
	    strcmp(text_at(names, names->list[names->table[i] - 1]), text) != 0)
		i = (i + 1) % names->places;
	return &names->table[i];
}

uint32_t
names_number(const struct names *names, const char *text)
{
	return names->num == 0 ? 0 : *find_place(names, text);
}

const char *
names_text(const struct names *names, uint32_t number)
{
	return number == 0 ? "" : text_at(names, names->list[number - 1]);
}

/* Grow by a quarter, not by two: there are as many names as documents. */
static bool
grow(struct names *names)
{
	const size_t room = names->room == 0 ? NAMES_MIN
					     : names->room + names->room / 4,
		     places = room + room / 2;
	uint32_t *list = realloc(names->list, room * sizeof(*list));
	uint32_t *table;

	if (list == NULL)
		return false;
	names->list = list;
	if ((table = calloc(places, sizeof(*table))) == NULL)
		return false;
	free(names->table);
	names->table = table;
	names->places = places;
	names->room = room;
	for (size_t i = 0; i < names->num; i++)
		*find_place(names, text_at(names, list[i])) = (uint32_t)i + 1;
	return true;
}

/* Returns room for len bytes that never move; NULL if there is no memory. */
static char *
take_room(struct names_chunk **chunks, size_t len)
{
	struct names_chunk *chunk = *chunks;
	const size_t room = len > CHUNK_BYTES ? len : CHUNK_BYTES;

	if (chunk == NULL || chunk->room - chunk->used < len) {
		if ((chunk = malloc(sizeof(*chunk) + room)) == NULL)
			return NULL;
		chunk->next = *chunks;
		chunk->used = 0;
		chunk->room = room;
		*chunks = chunk;
	}
	chunk->used += len;
	return chunk->bytes + chunk->used - len;
}

/*
 * Make room for a text of len bytes in the last chunk; a long text has one of
 * its own.
 */
static bool
make_room(struct names *names, size_t len)
{
	const size_t num = names->num_chunks;
	char **all;

	if (num > 0 && names->used + len <= CHUNK_BYTES)
		return true;
	if (num > UINT32_MAX >> CHUNK_BITS ||
	    (all = realloc(names->chunks, (num + 1) * sizeof(char *))) == NULL)
		return false;
	names->chunks = all;
	if ((all[num] = malloc(len > CHUNK_BYTES ? len : CHUNK_BYTES)) == NULL)
		return false;
	names->num_chunks = num + 1;
	names->used = 0;
	return true;
}

uint32_t
names_add(struct names *names, const char *text)
{
	const size_t len = strlen(text) + 1;
	uint32_t *place;

	if (names->num > 0 && *(place = find_place(names, text)) != 0)
		return *place;
	if (names->num == UINT32_MAX ||
	    (names->num == names->room && !grow(names)) ||
	    !make_room(names, len))
		return 0;
	memcpy(names->chunks[names->num_chunks - 1] + names->used, text, len);
	place = find_place(names, text);
	names->list[names->num] =
	    (uint32_t)((names->num_chunks - 1) << CHUNK_BITS | names->used);
	names->used += len;
	return *place = (uint32_t)++names->num;
}

const char *
names_keep(struct names *names, const char *text)
{
	const uint32_t number = names_add(names, text);

	return number == 0 ? NULL : names_text(names, number);
}

void *
names_room(struct names *names, size_t bytes)
{
	return take_room(&names->blocks, bytes);
}
