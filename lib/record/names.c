/*
 * Names: their texts in chunks, a list by number, and a hash table of numbers
 * that is at most half full (names.h).
 */
#include "record/names.h"

#include <stdlib.h>
#include <string.h>

enum { CHUNK_BYTES = 16 * 1024, NAMES_MIN = 64 };

struct names_chunk {
	struct names_chunk *next;
	size_t used, room;
	char bytes[];
};

void
names_free(struct names *names)
{
	struct names_chunk *next;

	for (struct names_chunk *one = names->chunks; one != NULL; one = next) {
		next = one->next;
		free(one);
	}
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

/* Returns the place of a text in the table, which holds its number, or 0. */
static uint32_t *
find_place(const struct names *names, const char *text)
{
	size_t i = hash(text) % names->places;

	while (names->table[i] != 0 &&
	    strcmp(names->list[names->table[i] - 1], text) != 0)
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
	return number == 0 ? "" : names->list[number - 1];
}

/* Grow by half, not by two: there are as many names as documents. */
static bool
grow(struct names *names)
{
	const size_t room =
	    names->room == 0 ? NAMES_MIN : names->room + names->room / 2;
	const char **list = realloc(names->list, room * sizeof(char *));
	uint32_t *table;

	if (list == NULL)
		return false;
	names->list = list;
	if ((table = calloc(room * 2, sizeof(*table))) == NULL)
		return false;
	free(names->table);
	names->table = table;
	names->places = room * 2;
	names->room = room;
	for (size_t i = 0; i < names->num; i++)
		*find_place(names, list[i]) = (uint32_t)i + 1;
	return true;
}

/* Returns room for len bytes that never move; NULL if there is no memory. */
static char *
take_room(struct names *names, size_t len)
{
	struct names_chunk *chunk = names->chunks;
	const size_t room = len > CHUNK_BYTES ? len : CHUNK_BYTES;

	if (chunk == NULL || chunk->room - chunk->used < len) {
		if ((chunk = malloc(sizeof(*chunk) + room)) == NULL)
			return NULL;
		chunk->next = names->chunks;
		chunk->used = 0;
		chunk->room = room;
		names->chunks = chunk;
	}
	chunk->used += len;
	return chunk->bytes + chunk->used - len;
}

uint32_t
names_add(struct names *names, const char *text)
{
	const size_t len = strlen(text) + 1;
	uint32_t *place;
	char *bytes;

	if (names->num > 0 && *(place = find_place(names, text)) != 0)
		return *place;
	if (names->num == UINT32_MAX ||
	    (names->num == names->room && !grow(names)) ||
	    (bytes = take_room(names, len)) == NULL)
		return 0;
	memcpy(bytes, text, len);
	place = find_place(names, text);
	names->list[names->num] = bytes;
	return *place = (uint32_t)++names->num;
}

const char *
names_keep(struct names *names, const char *text)
{
	const uint32_t number = names_add(names, text);

	return number == 0 ? NULL : names->list[number - 1];
}
