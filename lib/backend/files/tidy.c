/*
 * Joining small packs into one: a step, which copies a bounded number of bytes,
 * beside the threads that read and write.  The list of packs is locked only to
 * take in the new pack and to take out the old ones.
 */
#include <stdlib.h>

#include "backend/files/private.h"

enum {
	PACK_SMALL = 64 * 1024 * 1024, /* larger packs are never joined */
	/* The most bytes that a step copies, unless two packs have more. */
	STEP_BYTES = 64 * 1024 * 1024,
};

bool
packfile_has_deltas(const struct packfile *pack)
{
	/*
	 * Only a repack by hand makes deltas that name their base; our packs
	 * have none.
	 */
	for (uint32_t i = 0; i < pack->num; i++) {
		uint8_t byte = 0;
		struct error ignored = { 0 };
		const struct pack_entry entry = packfile_entry(pack, i);

		if (!file_pread(pack->fd, &byte, 1, (off_t)entry.at,
			&ignored) ||
		    (byte >> 4 & 7) > OBJECT_BLOB)
			return true;
	}
	return false;
}

static int
compare_sizes(const void *a, const void *b)
{
	const struct packfile *x = *(struct packfile *const *)a;
	const struct packfile *y = *(struct packfile *const *)b;

	return (x->size > y->size) - (x->size < y->size);
}

/* The packs to be joined, held. */
struct joining {
	struct packfile **packs;
	size_t num;
};

/* Keep those that may be joined, the smallest first. */
static void
keep_small(struct joining *all)
{
	size_t num = 0;

	for (size_t i = 0; i < all->num; i++)
		if (all->packs[i]->size < PACK_SMALL &&
		    !packfile_has_deltas(all->packs[i]))
			all->packs[num++] = all->packs[i];
		else
			packs_release(all->packs[i]);
	all->num = num;
	qsort(all->packs, num, sizeof(struct packfile *), compare_sizes);
}

/* Keep as many as are wanted, with no more bytes than a step may copy. */
static void
keep_a_step(struct joining *all, size_t wanted)
{
	uint64_t bytes = 0;
	size_t num = 0;

	while (num < all->num && num < wanted &&
	    (num < 2 || bytes + all->packs[num]->size <= STEP_BYTES))
		bytes += all->packs[num++]->size;
	for (size_t i = num; i < all->num; i++)
		packs_release(all->packs[i]);
	all->num = num;
}

/*
 * Choose the smallest packs, so that half of enough are left.  Packs that were
 * joined before are large and seldom among them.  None are chosen while few may
 * be joined.
 */
static bool
choose(struct packs *packs, size_t enough, struct joining *out,
    struct error *err)
{
	size_t num;

	if (!packs_hold_all(packs, &out->packs, &out->num, err))
		return false;
	num = out->num;
	if (num > enough)
		keep_small(out);
	keep_a_step(out,
	    num > enough && out->num > enough / 4 ? num - enough / 2 : 0);
	return true;
}

/* The old packs go when the new one is durable and open. */
static bool
join(struct backend *backend, const struct joining *joining, struct error *err)
{
	struct packs *packs = &files_of(backend)->packs;
	struct object_set *pack = packer_new(backend, err);
	bool ok = pack != NULL, is_new = false;

	for (size_t i = 0; ok && i < joining->num; i++)
		ok = packer_copy(pack, joining->packs[i], err);
	for (size_t i = 0; ok && i < joining->num; i++)
		is_new = packs_is_new(packs, joining->packs[i]) || is_new;
	if (ok)
		packer_set_new(pack, is_new);
	ok = ok && packer_finish(pack, err);
	if (ok)
		packs_remove(packs, joining->packs, joining->num,
		    packer_name(pack));
	packer_free(pack);
	return ok;
}

bool
files_tidy(struct backend *backend, size_t enough, unsigned *joined,
    struct error *err)
{
	struct joining joining;
	bool ok = true;

	*joined = 0;
	if (!choose(&files_of(backend)->packs, enough, &joining, err))
		return false;
	if (joining.num >= 2 && (ok = join(backend, &joining, err)))
		*joined = (unsigned)joining.num;
	packs_release_list(joining.packs, joining.num);
	return ok;
}
