/*
 * Sets of object names (oids.h).
 */
#include "git/oids.h"

#include <stdlib.h>
#include <string.h>

static int
compare_oids(const void *a, const void *b)
{
	return memcmp(a, b, OID_BYTES);
}

bool
oids_set_of(const struct git_oids *oids, struct oids_set *out,
    struct error *err)
{
	*out =
	    (struct oids_set){ calloc(oids->num + 1, sizeof(struct oid)), 0 };
	if (out->list == NULL)
		return error_set_errno(err, "git request");
	if (oids->num > 0)
		memcpy(out->list, oids->list, oids->num * sizeof(struct oid));
	qsort(out->list, oids->num, sizeof(struct oid), compare_oids);
	for (size_t i = 0; i < oids->num; i++)
		if (out->num == 0 ||
		    !oid_eq(&out->list[out->num - 1], &out->list[i]))
			out->list[out->num++] = out->list[i];
	return true;
}

bool
oids_set_has(const struct oids_set *set, const struct oid *oid)
{
	return bsearch(oid, set->list, set->num, sizeof(*oid), compare_oids) !=
	    NULL;
}

/* Returns the place of a name in the hash table, or the free place for it. */
static size_t
place_of(const struct oids_met *objects, const struct oid *oid)
{
	size_t i;

	memcpy(&i, oid->bytes, sizeof(i));
	for (i %= objects->places;
	     objects->taken[i] && !oid_eq(&objects->seen[i], oid);)
		i = (i + 1) % objects->places;
	return i;
}

/* Double the hash table.  False: no memory. */
static bool
grow(struct oids_met *objects)
{
	struct oids_met more = *objects;

	more.places = objects->places == 0 ? 1024 : objects->places * 2;
	more.seen = calloc(more.places, sizeof(*more.seen));
	more.taken = calloc(more.places, sizeof(*more.taken));
	if (more.seen == NULL || more.taken == NULL) {
		free(more.seen);
		free(more.taken);
		return false;
	}
	for (size_t i = 0; i < objects->places; i++)
		if (objects->taken[i]) {
			const size_t to = place_of(&more, &objects->seen[i]);

			more.seen[to] = objects->seen[i];
			more.taken[to] = true;
		}
	free(objects->seen);
	free(objects->taken);
	*objects = more;
	return true;
}

bool
oids_meet(struct oids_met *objects, const struct oid *oid, bool *first)
{
	size_t place;

	if (objects->num_seen * 2 >= objects->places && !grow(objects))
		return false;
	place = place_of(objects, oid);
	*first = !objects->taken[place];
	if (*first) {
		objects->seen[place] = *oid;
		objects->taken[place] = true;
		objects->num_seen++;
	}
	return true;
}

bool
oids_take(struct oids_met *objects, const struct oid *oid)
{
	bool first;

	if (!oids_meet(objects, oid, &first))
		return false;
	if (!first)
		return true;
	if (objects->num == objects->room) {
		const size_t room =
		    objects->room == 0 ? 256 : objects->room * 2;
		struct oid *all = realloc(objects->list, room * sizeof(*all));

		if (all == NULL)
			return false;
		objects->list = all;
		objects->room = room;
	}
	objects->list[objects->num++] = *oid;
	return true;
}

void
oids_met_free(struct oids_met *met)
{
	free(met->list);
	free(met->seen);
	free(met->taken);
	*met = (struct oids_met){ 0 };
}
