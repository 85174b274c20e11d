/*
 * names.h - texts, each kept once and known by a number from 1: documents,
 * persons and offices.  A text stays where it is until names_free().
 *
 * One writer, or many readers.
 */
#ifndef RECORD_NAMES_H
#define RECORD_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct names_chunk;

/* Zeroed is empty. */
struct names {
	const char **list;
	size_t num, room;
	uint32_t *table; /* numbers, by the hash of their text; 0 is free */
	size_t places;
	struct names_chunk *chunks; /* where the texts are */
};

void names_free(struct names *names);
/* Its number, a new one if it has none; 0 if there is no memory. */
uint32_t names_add(struct names *names, const char *text);
/* 0 if it has none. */
uint32_t names_number(const struct names *names, const char *text);
/* "" for 0. */
const char *names_text(const struct names *names, uint32_t number);
/* The text of a name that is added if it is new; NULL if there is no memory. */
const char *names_keep(struct names *names, const char *text);

#endif
