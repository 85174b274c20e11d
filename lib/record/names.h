/*
 * names.h - texts, each stored once and numbered from 1: documents, persons and
 * offices.  A text does not move until names_free().
 *
 * One thread may write, or many read.
 */
#ifndef RECORD_NAMES_H
#define RECORD_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct names_chunk;

/* A zeroed struct has no names. */
struct names {
	uint32_t *list; /* by number - 1: where the text is in the chunks */
	size_t num, room;
	uint32_t *table; /* hash table of numbers; 0: free */
	size_t places;
	char **chunks;              /* hold the texts */
	size_t num_chunks, used;    /* bytes of the last one */
	struct names_chunk *blocks; /* hold what names_room() gave */
};

void names_free(struct names *names);
/*
 * Returns the name's number, a new one if the name is new; 0 if there is no
 * memory.
 */
uint32_t names_add(struct names *names, const char *text);
/* Returns the name's number, 0 if there is no such name. */
uint32_t names_number(const struct names *names, const char *text);
/* Returns the text of a number; "" for 0. */
const char *names_text(const struct names *names, uint32_t number);
/*
 * Add a name if it is new.  Returns its stored text; NULL if there is no
 * memory.
 */
const char *names_keep(struct names *names, const char *text);
/*
 * Room for small things that stay as long as the names, without what malloc()
 * adds to each; bytes is a multiple of 8.  NULL if there is no memory.
 */
void *names_room(struct names *names, size_t bytes);

#endif
