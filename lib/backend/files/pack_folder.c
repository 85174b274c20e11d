/*
 * The folder of packs: loading those that are in it, and sweeping what a crash
 * left (packs.h).
 */
#include <dirent.h>
#include <string.h>
#include <unistd.h>

#include "backend/files/packs.h"
#include "base/file.h"

static bool
is_loaded(const struct packs *packs, const char *name)
{
	for (size_t i = 0; i < packs->num; i++)
		if (strcmp(packs->list[i]->name, name) == 0)
			return true;
	return false;
}

/* Get NAME if the file is pack-NAME.SUFFIX. */
static bool
take_name(const char *file, const char *suffix, char name[OID_HEX])
{
	return strlen(file) == 45 + strlen(suffix) &&
	    strncmp(file, "pack-", 5) == 0 && strcmp(file + 45, suffix) == 0 &&
	    span_to_str(span_of(file + 5, 40), name, OID_HEX);
}

/* Is there pack-NAME.SUFFIX? */
static bool
is_beside(const struct packs *packs, const char *name, const char *suffix)
{
	struct error ignored = { 0 };
	char path[FILE_PATH];

	return packs_path(packs, name, suffix, path, &ignored) &&
	    file_exists(path);
}

/*
 * Remove a .keep or .new without a pack.  Both are made before their pack, so a
 * crash may leave them alone.
 */
static void
sweep_beside(const struct packs *packs, const char *file)
{
	struct error ignored = { 0 };
	char path[FILE_PATH], name[OID_HEX];

	if ((take_name(file, ".keep", name) || take_name(file, ".new", name)) &&
	    !is_beside(packs, name, "pack") &&
	    file_join(path, packs->dir, file, &ignored))
		unlink(path);
}

/* A pack cannot be loaded: may its index be made anew? */
static bool
note_unread(struct packs *packs, const char *name, struct error *err)
{
	if (!packs->is_ours || err->kind != ERROR_UNTRUSTED ||
	    !is_beside(packs, name, "pack"))
		return false;
	*err = (struct error){ 0 };
	return buf_printf(&packs->unread, err, "%s\n", name);
}

/* Load the pack of this index, unless that was done. */
static bool
load_one(struct packs *packs, const char *file, bool *missed, struct error *err)
{
	char name[OID_HEX];

	/* A pack without an index is not there for git. */
	if (packs->is_ours && take_name(file, ".pack", name) &&
	    !is_beside(packs, name, "idx"))
		return buf_printf(&packs->unread, err, "%s\n", name);
	if (!take_name(file, ".idx", name) || is_loaded(packs, name) ||
	    packs_load(packs, name, err))
		return true;
	*missed = true;
	return note_unread(packs, name, err) || packs->is_view;
}

/*
 * Load the packs of a folder that are not loaded yet.  *missed tells whether
 * one of them was gone meanwhile.
 */
static bool
load_all(struct packs *packs, DIR *folder, bool *missed, struct error *err)
{
	const struct dirent *entry;
	bool ok = true;

	while (ok && (entry = readdir(folder)) != NULL) {
		char path[FILE_PATH];

		/*
		 * Remove what a crash left half made; it has no index, or a
		 * temporary name.
		 */
		if (!packs->is_view && strncmp(entry->d_name, "tmp-", 4) == 0 &&
		    file_join(path, packs->dir, entry->d_name, err))
			unlink(path);
		if (!packs->is_view)
			sweep_beside(packs, entry->d_name);
		ok = load_one(packs, entry->d_name, missed, err);
	}
	return ok;
}

bool
packs_open(struct packs *packs, const char *dir, struct error *err)
{
	bool ok = true, missed = true;
	DIR *folder;

	snprintf(packs->dir, sizeof(packs->dir), "%s", dir);
	/*
	 * Another process may join packs while we list them: then we list them
	 * again.
	 */
	for (unsigned i = 0; ok && missed && i < 3; i++) {
		missed = false;
		packs->unread.len = 0;
		if ((folder = opendir(dir)) == NULL)
			return error_set_errno(err, "%s", dir);
		ok = load_all(packs, folder, &missed, err);
		closedir(folder);
	}
	return ok;
}
