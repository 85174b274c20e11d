/*
 * The list of packs while threads read and join them: who holds a pack, which
 * packs are new, visiting their objects, and taking packs away.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/files/packs.h"
#include "base/file.h"

bool
packs_hold_all(struct packs *packs, struct packfile ***out, size_t *num,
    struct error *err)
{
	struct packfile **list;

	pthread_rwlock_rdlock(&packs->lock);
	*num = packs->num;
	list = calloc(*num + 1, sizeof(struct packfile *));
	for (size_t i = 0; list != NULL && i < *num; i++) {
		list[i] = packs->list[i];
		__atomic_add_fetch(&list[i]->refs, 1, __ATOMIC_RELAXED);
	}
	pthread_rwlock_unlock(&packs->lock);
	*out = list;
	return list != NULL || error_set_errno(err, "packs");
}

void
packs_release_list(struct packfile **list, size_t num)
{
	for (size_t i = 0; i < num; i++)
		packs_release(list[i]);
	free(list);
}

bool
packs_is_new(struct packs *packs, const struct packfile *pack)
{
	bool is_new;

	pthread_rwlock_rdlock(&packs->lock);
	is_new = pack->is_new;
	pthread_rwlock_unlock(&packs->lock);
	return is_new;
}

bool
packs_make_beside(const struct packs *packs, const char *name,
    const char *suffix, const char *index, struct error *err)
{
	char path[FILE_PATH];
	int fd;

	if (!packs_path(packs, name, suffix, path, err))
		return false;
	if (link(index, path) == 0 || errno == EEXIST)
		return true;
	/* This file system has no hard links. */
	if ((fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600)) < 0)
		return error_set_errno(err, "%s", path);
	close(fd);
	return true;
}

/* Return false if it is not in the list. */
static bool
take_out(struct packs *packs, const struct packfile *pack)
{
	bool found = false;

	pthread_rwlock_wrlock(&packs->lock);
	for (size_t i = 0; !found && i < packs->num; i++)
		if (packs->list[i] == pack) {
			packs->list[i] = packs->list[--packs->num];
			found = true;
		}
	pthread_rwlock_unlock(&packs->lock);
	return found;
}

/* Unlink a file of the pack. */
static void
unlink_part(const struct packs *packs, const struct packfile *pack,
    const char *suffix)
{
	struct error ignored = { 0 };
	char path[FILE_PATH];

	if (packs_path(packs, pack->name, suffix, path, &ignored))
		unlink(path);
}

void
packs_remove(struct packs *packs, struct packfile *const gone[], size_t num,
    const char *except)
{
	struct error ignored = { 0 };
	bool is_durable;

	for (size_t i = 0; i < num; i++) {
		gone[i]->is_gone = take_out(packs, gone[i]);
		if (gone[i]->is_gone && strcmp(gone[i]->name, except) != 0)
			unlink_part(packs, gone[i], "idx");
	}
	/*
	 * Git and a start ignore a pack without an index, and take an index
	 * without its pack as damage: no power cut may leave one.
	 */
	is_durable = file_sync_dir(packs->dir, &ignored);
	for (size_t i = 0; i < num; i++) {
		if (!gone[i]->is_gone)
			continue;
		if (is_durable && strcmp(gone[i]->name, except) != 0) {
			unlink_part(packs, gone[i], "pack");
			unlink_part(packs, gone[i], "keep");
			unlink_part(packs, gone[i], "new");
		}
		packs_release(gone[i]);
	}
}

void
packs_release_all(struct packs *packs)
{
	char path[FILE_PATH];
	struct error ignored = { 0 };

	pthread_rwlock_wrlock(&packs->lock);
	for (size_t i = 0; i < packs->num; i++) {
		struct packfile *pack = packs->list[i];

		if (!pack->is_new ||
		    !packs_path(packs, pack->name, "new", path, &ignored))
			continue;
		unlink(path);
		pack->is_new = false;
	}
	pthread_rwlock_unlock(&packs->lock);
}

bool
packs_each(struct packs *packs, place_visitor *visit, void *arg,
    struct error *err)
{
	struct packfile **list;
	size_t num;
	bool ok = packs_hold_all(packs, &list, &num, err);

	if (!ok)
		return false;
	for (size_t i = 0; ok && i < num; i++) {
		struct packfile *pack = list[i];

		for (uint32_t n = 0; ok && n < pack->num; n++) {
			const struct pack_entry entry = packfile_entry(pack, n);
			struct place place = { .pack = pack,
				.at = entry.at,
				.entry = n };

			ok = place_read_header(&place, err) &&
			    visit(arg, &entry.oid, &place, err);
		}
	}
	packs_release_list(list, num);
	return ok;
}
