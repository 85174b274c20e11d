/*
 * Removing what dead runs left half made (sweep.h).
 */
#include "client/sweep.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/scratch.h"
#include "client/outbox.h"

enum { DAY = 24 * 60 * 60, WEEK = 7 * DAY };

#define SWEPT "swept" /* its time is when all folders were swept */

/* What has come of downloads (lib/client/download.c). */
static void
sweep_partial(const char *path)
{
	const struct dirent *entry;
	DIR *folder = opendir(path);

	if (folder == NULL)
		return;
	while ((entry = readdir(folder)) != NULL) {
		const int at = dirfd(folder);
		int fd;

		if (!file_is_older(at, entry->d_name, WEEK) ||
		    (fd = openat(at, entry->d_name,
			 O_RDONLY | O_NOFOLLOW | O_CLOEXEC)) < 0)
			continue;
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			unlinkat(at, entry->d_name, 0);
		close(fd);
	}
	closedir(folder);
}

/* Has a day gone by since this was asked and answered so? */
static bool
is_due(const struct context *context)
{
	struct error ignored = { 0 };
	char path[FILE_PATH];

	return context_path(context, SWEPT, path, &ignored) &&
	    (!file_exists(path) || file_is_older(AT_FDCWD, path, DAY)) &&
	    file_write_quick(path, span_of(NULL, 0), 0600, &ignored);
}

void
sweep_state(const struct context *context)
{
	static const char *const folders[] = { "acts", "bags", "crls",
		"own-crls", "partial", "policies", "versions" };
	struct error ignored = { 0 };
	char path[FILE_PATH];

	scratch_sweep(context->state);
	outbox_sweep(context);
	if (!is_due(context))
		return;
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		if (context_path(context, folders[i], path, &ignored))
			scratch_sweep(path);
	if (context_path(context, "partial", path, &ignored))
		sweep_partial(path);
}
