/*
 * A queue of two levels, offices and their persons, in which who used least is
 * next: start-time fair queueing, with the cost charged when it is known
 * (turns.h).
 */
#include "daemon/turns.h"

#include <stdlib.h>
#include <string.h>

struct party {
	struct party *next;
	struct party *office;      /* of a person; NULL for an office */
	struct party *persons;     /* of an office */
	struct turn *first, **end; /* of a person */
	unsigned waiting, held;    /* turns of it */
	unsigned held_long;        /* an office's */
	unsigned begun;            /* an office's, that wait */
	int64_t used_us;
	/* Of its persons: no new one begins with less. */
	int64_t floor_us;
	char name[];
};

struct turns {
	struct turns_limits limits;
	struct party *offices;
	int64_t floor_us;
	unsigned waiting, held;
};

struct turns *
turns_new(const struct turns_limits *limits, struct error *err)
{
	struct turns *turns = calloc(1, sizeof(*turns));

	if (turns == NULL) {
		error_set_errno(err, "turns");
		return NULL;
	}
	turns->limits = *limits;
	return turns;
}

/* Free the parties of a list, and their persons. */
static void
free_all(struct party **list)
{
	struct party *one;

	while ((one = *list) != NULL) {
		*list = one->next;
		free_all(&one->persons);
		free(one);
	}
}

void
turns_free(struct turns *turns)
{
	if (turns == NULL)
		return;
	free_all(&turns->offices);
	free(turns);
}

static bool
is_active(const struct party *party)
{
	return party->waiting > 0 || party->held > 0;
}

static struct party *
find(struct party *list, const char *name)
{
	while (list != NULL && strcmp(list->name, name) != 0)
		list = list->next;
	return list;
}

/* Free the parties that ask for nothing and have no debt. */
static void
forget(struct party **list, int64_t floor_us)
{
	struct party **at = list;

	while (*at != NULL) {
		struct party *one = *at;

		if (is_active(one) || one->used_us > floor_us) {
			at = &one->next;
			continue;
		}
		*at = one->next;
		free_all(&one->persons);
		free(one);
	}
}

/* Returns a party of the list, made if it is new; NULL without memory. */
static struct party *
party_of(struct party **list, const char *name, struct party *office,
    int64_t floor_us)
{
	struct party *one = find(*list, name);
	const size_t size = strlen(name) + 1;

	if (one == NULL) {
		if ((one = calloc(1, sizeof(*one) + size)) == NULL)
			return NULL;
		memcpy(one->name, name, size);
		one->office = office;
		one->end = &one->first;
		one->next = *list;
		*list = one;
	}
	if (!is_active(one) && one->used_us < floor_us)
		one->used_us = floor_us;
	return one;
}

static struct party *
person_of(struct turns *turns, const char *office, const char *person)
{
	struct party *of =
	    party_of(&turns->offices, office, NULL, turns->floor_us);

	return of != NULL ? party_of(&of->persons, person, of, of->floor_us)
			  : NULL;
}

/* Put it last of its person's, or first if it has begun. */
static void
put(struct turns *turns, struct turn *turn)
{
	struct party *person = turn->person;

	turn->next = NULL;
	if (turn->begun) {
		turn->next = person->first;
		person->first = turn;
		if (turn->next == NULL)
			person->end = &turn->next;
		person->office->begun++;
	} else {
		*person->end = turn;
		person->end = &turn->next;
	}
	person->waiting++;
	person->office->waiting++;
	turns->waiting++;
}

enum turns_put
turns_put(struct turns *turns, struct turn *turn, const char *office,
    const char *person)
{
	const struct party *of = find(turns->offices, office);

	turn->begun = false;
	if (!turn->again && of != NULL &&
	    of->waiting >= turns->limits.of_office)
		return TURNS_OFFICE_IS_FULL;
	if ((!turn->again && turns->waiting >= turns->limits.waiting) ||
	    (turn->person = person_of(turns, office, person)) == NULL)
		return TURNS_ALL_IS_FULL;
	put(turns, turn);
	return TURNS_WAITS;
}

static unsigned
half(const struct turns *turns)
{
	return turns->limits.places < 2 ? 1 : turns->limits.places / 2;
}

/* May the office hold one more place, as others wait or not? */
static bool
has_room(const struct turns *turns, const struct party *office)
{
	return office->held < half(turns) || turns->waiting == office->waiting;
}

/* What the caller allows; may be none. */
struct choice {
	bool (*may)(const void *arg, const struct turn *turn);
	const void *arg;
};

/* May this turn be the next of its office? */
static bool
may_begin(const struct turns *turns, const struct choice *choice,
    const struct party *office, const struct turn *turn)
{
	if (turn->begun)
		return true;
	return (choice->may == NULL || choice->may(choice->arg, turn)) &&
	    office->begun < turns->limits.begun &&
	    (!turn->is_long || office->held_long < half(turns));
}

/* Returns the place of the person's first turn that may begin, or NULL. */
static struct turn **
first_of(const struct turns *turns, const struct choice *choice,
    struct party *person)
{
	struct turn **at = &person->first;

	while (*at != NULL && !may_begin(turns, choice, person->office, *at))
		at = &(*at)->next;
	return *at != NULL ? at : NULL;
}

/* Returns who of the office is next, and *at its turn's place; or NULL. */
static struct party *
choose_person(const struct turns *turns, const struct choice *choice,
    struct party *office, struct turn ***at)
{
	struct party *best = NULL;

	for (struct party *one = office->persons; one != NULL;
	     one = one->next) {
		struct turn **place;

		if (one->waiting == 0 ||
		    (best != NULL && best->used_us <= one->used_us) ||
		    (place = first_of(turns, choice, one)) == NULL)
			continue;
		best = one;
		*at = place;
	}
	return best;
}

/* Take a turn out of its person's queue. */
static struct turn *
take_out(struct turns *turns, struct party *person, struct turn **at)
{
	struct party *office = person->office;
	struct turn *turn = *at;

	if ((*at = turn->next) == NULL)
		person->end = at;
	turn->next = NULL;
	person->waiting--;
	office->waiting--;
	turns->waiting--;
	if (turn->begun)
		office->begun--;
	person->held++;
	office->held++;
	turns->held++;
	if (turn->is_long)
		office->held_long++;
	return turn;
}

struct turn *
turns_take(struct turns *turns)
{
	return turns_take_if(turns, NULL, NULL);
}

struct turn *
turns_take_if(struct turns *turns,
    bool (*may)(const void *arg, const struct turn *turn), const void *arg)
{
	const struct choice choice = { may, arg };
	struct party *best = NULL, *office = NULL;
	struct turn **at = NULL;

	if (turns->held >= turns->limits.places)
		return NULL;
	for (struct party *one = turns->offices; one != NULL; one = one->next) {
		struct party *person;
		struct turn **place;

		if (one->waiting == 0 || !has_room(turns, one) ||
		    (office != NULL && office->used_us <= one->used_us) ||
		    (person = choose_person(turns, &choice, one, &place)) ==
			NULL)
			continue;
		office = one;
		best = person;
		at = place;
	}
	if (office == NULL)
		return NULL;
	/* Who comes now has used as much as the one that is served. */
	if (office->used_us > turns->floor_us)
		turns->floor_us = office->used_us;
	if (best->used_us > office->floor_us)
		office->floor_us = best->used_us;
	return take_out(turns, best, at);
}

static void
charge(struct party *person, int64_t used_us)
{
	person->used_us += used_us;
	person->office->used_us += used_us;
}

void
turns_end(struct turns *turns, const struct turn *turn, int64_t used_us)
{
	struct party *person = turn->person, *office = person->office;

	charge(person, used_us);
	person->held--;
	office->held--;
	turns->held--;
	if (turn->is_long)
		office->held_long--;
	/* Nobody is left: all begin alike. */
	if (turns->waiting + turns->held == 0) {
		free_all(&turns->offices);
		turns->floor_us = 0;
		return;
	}
	if (!is_active(person))
		forget(&office->persons, office->floor_us);
	if (!is_active(office))
		forget(&turns->offices, turns->floor_us);
}

void
turns_interrupt(struct turns *turns, struct turn *turn, int64_t used_us)
{
	/* First this: a party that has nothing left is forgotten. */
	turn->begun = true;
	put(turns, turn);
	turns_end(turns, turn, used_us);
}

void
turns_charge(struct turns *turns, const char *office, const char *person,
    int64_t used_us)
{
	struct party *one;

	if (turns->waiting + turns->held > 0 &&
	    (one = person_of(turns, office, person)) != NULL)
		charge(one, used_us);
}

unsigned
turns_waiting(const struct turns *turns)
{
	return turns->waiting;
}

void
turns_each_office(const struct turns *turns,
    void (*seen)(void *arg, const char *office, unsigned waiting), void *arg)
{
	for (const struct party *one = turns->offices; one != NULL;
	     one = one->next)
		if (one->waiting > 0)
			seen(arg, one->name, one->waiting);
}
