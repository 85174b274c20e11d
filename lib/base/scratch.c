/*
 * Files and folders that are being made (scratch.h).
 */
#include "base/scratch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAMED ".tmp-valise-"

/* file_write() takes no longer than this. */
enum { QUICK_SECONDS = 60 * 60 };

static bool
make_name(char out[FILE_PATH], const char *folder, struct error *err)
{
	return file_join(out, folder, NAMED "XXXXXX", err);
}

/*
 * Lock what was just made.  False if somebody who swept was faster, and it is
 * gone.  Where nothing can be locked nobody sweeps.
 */
static bool
lock_made(int fd)
{
	struct stat st;
	int rc;

	while ((rc = flock(fd, LOCK_EX)) != 0 && errno == EINTR)
		;
	return rc != 0 || (fstat(fd, &st) == 0 && st.st_nlink > 0);
}

static bool
open_named(struct scratch *out, const char *folder, struct error *err)
{
	do {
		if (out->fd >= 0)
			close(out->fd);
		if (!make_name(out->path, folder, err))
			return false;
		out->fd = mkostemp(out->path, O_CLOEXEC);
		if (out->fd < 0) {
			out->path[0] = '\0';
			return error_set_errno(err, "%s", folder);
		}
	} while (!lock_made(out->fd));
	return true;
}

bool
scratch_open(struct scratch *out, const char *folder, struct error *err)
{
	*out = (struct scratch){ .fd = -1 };
	/* It gets its name by the link in /proc. */
	if (access("/proc/self/fd", X_OK) == 0)
		out->fd = open(folder, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
	if (out->fd >= 0) {
		(void)flock(out->fd, LOCK_EX);
		return true;
	}
	return open_named(out, folder, err);
}

/* Give a nameless file a name that is free. errno tells why not. */
static bool
link_nameless(int fd, const char *path)
{
	char self[48];

	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, self, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0;
}

/* Give a nameless file a name of ours. */
static bool
name_it(struct scratch *scratch, const char *folder, struct error *err)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz012345";
	uint8_t random[6];

	do {
		if (!make_name(scratch->path, folder, err))
			return false;
		/* mkstemp(3) makes files, and cannot link one. */
		if (getrandom(random, sizeof(random), 0) != sizeof(random))
			return error_set_errno(err, "random bytes");
		for (size_t i = 0; i < sizeof(random); i++)
			strrchr(scratch->path, '-')[i + 1] =
			    letters[random[i] % 32];
		if (link_nameless(scratch->fd, scratch->path))
			return true;
	} while (errno == EEXIST);
	scratch->path[0] = '\0';
	return error_set_errno(err, "%s", folder);
}

static bool
is_taken(const char *path, struct error *err)
{
	return error_set(err, ERROR_CONFLICT, "%s is there already", path);
}

/* Rename it, unless the name is taken. */
static bool
rename_to_free(struct scratch *scratch, const char *path, struct error *err)
{
	struct stat st;

	if (link(scratch->path, path) == 0) {
		unlink(scratch->path);
	} else {
		if (errno == EEXIST)
			return is_taken(path, err);
		/* A file system that has no links. */
		if (lstat(path, &st) == 0)
			return is_taken(path, err);
		if (rename(scratch->path, path) != 0)
			return error_set_errno(err, "%s", path);
	}
	scratch->path[0] = '\0';
	return true;
}

bool
scratch_place(struct scratch *scratch, const char *path, bool replace,
    struct error *err)
{
	char folder[FILE_PATH];

	if (scratch->path[0] == '\0') {
		if (link_nameless(scratch->fd, path))
			return true;
		if (errno != EEXIST)
			return error_set_errno(err, "%s", path);
		if (!replace)
			return is_taken(path, err);
		file_parent(path, folder);
		if (!name_it(scratch, folder, err))
			return false;
	}
	if (!replace)
		return rename_to_free(scratch, path, err);
	if (rename(scratch->path, path) != 0)
		return error_set_errno(err, "%s", path);
	scratch->path[0] = '\0';
	return true;
}

void
scratch_drop(struct scratch *scratch)
{
	if (scratch->path[0] != '\0')
		unlink(scratch->path);
	if (scratch->fd >= 0)
		close(scratch->fd);
	*scratch = (struct scratch){ .fd = -1 };
}

int
scratch_folder(const char *folder, char out[FILE_PATH], struct error *err)
{
	int fd = -1;

	do {
		if (fd >= 0)
			close(fd);
		if (!make_name(out, folder, err))
			return -1;
		if (mkdtemp(out) == NULL) {
			error_set_errno(err, "%s", folder);
			return -1;
		}
		fd = open(out, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	} while (fd >= 0 ? !lock_made(fd) : errno == ENOENT);
	if (fd < 0) {
		error_set_errno(err, "%s", out);
		rmdir(out);
	}
	return fd;
}

/* Does nobody hold the lock of it any more? */
static bool
is_dead(int at, const char *name)
{
	const int fd = openat(at, name,
	    O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC);
	const bool dead = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0;
	struct stat st;

	/*
	 * A program that made it just now, and waits for the lock, sees that it
	 * is gone.
	 */
	if (dead && fstat(fd, &st) == 0)
		unlinkat(at, name, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0);
	if (fd >= 0)
		close(fd);
	return dead;
}

void
scratch_sweep(const char *folder)
{
	static const size_t named = sizeof(NAMED) - 1;
	static const size_t quick = sizeof(SCRATCH_QUICK) - 1;
	struct error ignored = { 0 };
	const struct dirent *entry;
	char path[FILE_PATH];
	DIR *opened = opendir(folder);

	if (opened == NULL)
		return;
	while ((entry = readdir(opened)) != NULL) {
		const char *name = entry->d_name;
		const int at = dirfd(opened);

		if (strncmp(name, NAMED, named) == 0 &&
		    strlen(name) == named + 6) {
			if (is_dead(at, name) &&
			    file_join(path, folder, name, &ignored))
				file_remove_tree(path);
		} else if (strncmp(name, SCRATCH_QUICK, quick) == 0 &&
		    strlen(name) == quick + 6 &&
		    file_is_older(at, name, QUICK_SECONDS)) {
			unlinkat(at, name, 0);
		}
	}
	closedir(opened);
}
