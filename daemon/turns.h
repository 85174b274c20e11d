/*
 * turns.h - who is served next: offices in turn, and within an office its
 * persons in turn, each by what it has used.
 *
 * A party is an office, or a person of one.  What a party used, in
 * microseconds, is charged after each turn; the party that used least is served
 * next.  One that comes, or comes back, begins where those are that wait or are
 * served: it is owed nothing for the time in which it asked for nothing.
 *
 * No office holds more than half of the places while another waits, nor more
 * than half with turns that cannot be interrupted, whoever waits.
 *
 * Nothing here is locked: that is the caller's.
 */
#ifndef DAEMON_TURNS_H
#define DAEMON_TURNS_H

#include "base/error.h"

struct turns;
struct party;

/*
 * One turn.  The caller owns it, and sets the first block.
 */
struct turn {
	void *arg; /* the caller's own */
	/* It keeps its place until its end, however long that takes. */
	bool is_long;
	/* It goes on with what had a turn before: no limit refuses it. */
	bool again;

	/* Used here only. */
	bool begun; /* it was interrupted */
	struct party *person;
	struct turn *next;
};

enum turns_put {
	TURNS_WAITS,
	TURNS_OFFICE_IS_FULL, /* as many of this office wait as may */
	TURNS_ALL_IS_FULL,    /* so many wait in all, or there is no memory */
};

struct turns_limits {
	unsigned places;    /* turns that may be held at once */
	unsigned waiting;   /* in all */
	unsigned of_office; /* waiting, of one office */
	unsigned begun;     /* interrupted turns of one office */
};

struct turns *turns_new(const struct turns_limits *limits, struct error *err);
/* Free it; nothing waits, and nothing is held.  NULL is fine. */
void turns_free(struct turns *turns);
/* Let a new turn of this person wait. */
enum turns_put turns_put(struct turns *turns, struct turn *turn,
    const char *office, const char *person);
/*
 * Returns the turn that is next, whose party holds a place from now on; NULL if
 * there is none, or no place for it.
 */
struct turn *turns_take(struct turns *turns);
/* The same of those for which may returns true. */
struct turn *turns_take_if(struct turns *turns,
    bool (*may)(const void *arg, const struct turn *turn), const void *arg);
/*
 * A turn that held a place is over, and used so much.  It may be a copy of the
 * one that was taken.
 */
void turns_end(struct turns *turns, const struct turn *turn, int64_t used_us);
/*
 * The same, but the turn is not over: it waits to go on, before its person's
 * others.  So many of an office may wait like that: then none of it begins.
 */
void turns_interrupt(struct turns *turns, struct turn *turn, int64_t used_us);
/*
 * Charge a person for what was used without a place.  Nothing is noted while
 * nobody waits or holds a place.
 */
void turns_charge(struct turns *turns, const char *office, const char *person,
    int64_t used_us);
/* Returns how many turns wait. */
unsigned turns_waiting(const struct turns *turns);
/* Call seen for each office of which turns wait, with their number. */
void turns_each_office(const struct turns *turns,
    void (*seen)(void *arg, const char *office, unsigned waiting), void *arg);

#endif
