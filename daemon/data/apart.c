/*
 * Comparing the target of a backup with what it would destroy (apart.h).
 */
#include "daemon/data/apart.h"

#include "base/file.h"
#include "base/folder.h"
#include "record/data.h"

/*
 * Folders of the target that are written to, so none may be a folder of the
 * data folder: a folder of the target could be a link into the data folder, or
 * a mount of one, whose ".." leads elsewhere.
 */
static const char *
written(unsigned i)
{
	/* The target itself, and the folder of "valised export". */
	static const char *const others[] = { ".", "tile" };

	if (i >= DATA_PARTS)
		return others[i - DATA_PARTS];
	return data_about(i)->is_folder ? data_name(i) : NULL;
}

enum { WRITTEN = DATA_PARTS + 2 };

bool
apart_not_within(const char *path, const char *folder, struct error *err)
{
	bool within;

	return folder_is_within(path, folder, &within, err) &&
	    (!within ||
		error_set(err, ERROR_USAGE,
		    "%s is in, or the same as, %s, which it would damage: name"
		    " a folder that is apart from it",
		    path, folder));
}

bool
apart_check(const char *target, const char *data, struct error *err)
{
	char path[FILE_PATH], folder[FILE_PATH];

	if (!folder_apart(target, data, err))
		return false;
	for (unsigned i = 0; i < WRITTEN; i++) {
		if (written(i) == NULL)
			continue;
		if (!file_join(path, target, written(i), err))
			return false;
		for (unsigned k = 0; k < WRITTEN && file_exists(path); k++)
			if (written(k) != NULL &&
			    (!file_join(folder, data, written(k), err) ||
				!apart_not_within(path, folder, err)))
				return false;
	}
	return true;
}
