/*
 * Joining small packs into one.
 */
#include <stdlib.h>

#include "backend/files/private.h"

enum { PACK_SMALL = 64 * 1024 * 1024 }; /* larger packs are never joined */

static bool
has_deltas(const struct packfile *pack)
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

/*
 * Join the smallest packs until half of enough are left.  Packs that were
 * joined before are large and seldom among them, so that no caller waits for a
 * long copy.
 */
bool
files_tidy(struct backend *backend, size_t enough, unsigned *joined,
    struct error *err)
{
	struct packs *packs = &files_of(backend)->packs;
	struct packfile **small;
	struct object_set *pack = NULL;
	size_t num = 0, chosen = 0, wanted;
	bool ok = true, kept = false;

	*joined = 0;
	/*
	 * The caller is the writer's thread, the only one that changes the
	 * list.
	 */
	if (packs->num <= enough)
		return true;
	wanted = packs->num - enough / 2;
	small = calloc(packs->num, sizeof(struct packfile *));
	if (small == NULL)
		return error_set_errno(err, "packs");
	for (size_t i = 0; i < packs->num; i++)
		if (packs->list[i]->size < PACK_SMALL)
			small[num++] = packs->list[i];
	qsort(small, num, sizeof(struct packfile *), compare_sizes);
	for (size_t i = 0; i < num && chosen < wanted; i++)
		if (!has_deltas(small[i]))
			small[chosen++] = small[i];
	if (chosen > enough / 4) {
		pack = packer_new(backend, err);
		ok = pack != NULL;
		for (size_t i = 0; ok && i < chosen; i++) {
			kept = kept || small[i]->kept;
			ok = packer_copy(pack, small[i], err);
		}
		if (ok)
			packer_set_kept(pack, kept);
		/*
		 * Remove the old packs after the new one is durable and open.
		 */
		ok = ok && packer_finish(pack, err);
		packer_free(pack);
		if (ok) {
			packs_remove(packs, small, chosen);
			*joined = (unsigned)chosen;
		}
	}
	free(small);
	return ok;
}
