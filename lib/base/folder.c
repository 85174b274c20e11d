/*
 * Where a folder lies: we climb from it by ".." to the root, and compare each
 * step with the other folder's device and inode.
 */
#include "base/folder.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

/* As many names as a path can have. */
enum { DEPTH = FILE_PATH / 2 };

/* Cut the last name off a path: "a/b//" is "a", "a" is ".", "/a" is "/". */
static bool
cut_last(char path[FILE_PATH], struct error *err)
{
	size_t len = strlen(path);
	const char *name;

	while (len > 1 && path[len - 1] == '/')
		path[--len] = '\0';
	name = strrchr(path, '/');
	name = name == NULL ? path : name + 1;
	if (strcmp(name, "..") == 0)
		return error_set(err, ERROR_USAGE,
		    "%s: a folder before \"..\" is not there", path);
	len = (size_t)(name - path);
	if (len == 0)
		path[len++] = '.';
	else if (len > 1)
		len--;
	path[len] = '\0';
	return true;
}

/* Open path, or the deepest folder on the way to it that exists. */
static int
open_deepest(const char *path, struct error *err)
{
	char part[FILE_PATH];
	struct stat st;
	int fd;

	if (path[0] == '\0' || strlen(path) >= sizeof(part)) {
		error_set(err, ERROR_USAGE, "\"%s\" is no path", path);
		return -1;
	}
	text_set(part, sizeof(part), path);
	for (unsigned i = 0;; i++) {
		fd = open(part, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (fd >= 0)
			return fd;
		if (i > DEPTH || (errno != ENOENT && errno != ENOTDIR)) {
			error_set_errno(err, "%s", part);
			return -1;
		}
		if (errno == ENOENT && lstat(part, &st) == 0) {
			error_set(err, ERROR_USAGE, "%s is a link to nothing",
			    part);
			return -1;
		}
		if (!cut_last(part, err))
			return -1;
	}
}

bool
folder_is_within(const char *path, const char *folder, bool *within,
    struct error *err)
{
	struct stat top, here, last = { .st_ino = 0 };
	int fd, up;

	*within = false;
	if (stat(folder, &top) != 0)
		return errno == ENOENT || errno == ENOTDIR ||
		    error_set_errno(err, "%s", folder);
	if ((fd = open_deepest(path, err)) < 0)
		return false;
	for (unsigned i = 0; i < DEPTH && fstat(fd, &here) == 0; i++) {
		*within =
		    here.st_dev == top.st_dev && here.st_ino == top.st_ino;
		/* The folder above the root is the root. */
		if (*within ||
		    (i > 0 && here.st_dev == last.st_dev &&
			here.st_ino == last.st_ino)) {
			close(fd);
			return true;
		}
		last = here;
		up = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		close(fd);
		if ((fd = up) < 0)
			break;
	}
	error_set_errno(err, "%s", path);
	if (fd >= 0)
		close(fd);
	return false;
}

bool
folder_apart(const char *path, const char *folder, struct error *err)
{
	bool within, around;

	if (!folder_is_within(path, folder, &within, err) ||
	    !folder_is_within(folder, path, &around, err))
		return false;
	return (!within && !around) ||
	    error_set(err, ERROR_USAGE,
		"%s %s %s: name a folder that is apart from it", path,
		within ? "is in, or the same as," : "is around", folder);
}
