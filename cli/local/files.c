/*
 * The files of the local copy: where each is, writing one, judging one
 * (private.h).
 */
#include "cli/local/private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/scratch.h"
#include "base/text.h"
#include "cli/commands.h"

struct extracting {
	int fd;
	off_t at;
};

static bool
write_piece(void *arg, struct span bytes, struct error *err)
{
	struct extracting *out = arg;

	if (!file_pwrite(out->fd, bytes, out->at, err))
		return false;
	out->at += (off_t)bytes.len;
	return true;
}

/* Write a member as a file below dir. */
static bool
extract_member(const struct member *member, const char *dir, struct error *err)
{
	char path[FILE_PATH], folder[FILE_PATH];
	struct extracting out = { .fd = -1 };
	bool ok;

	if (!file_join(path, dir, member->path, err))
		return false;
	text_set(folder, sizeof(folder), path);
	*strrchr(folder, '/') = '\0';
	if (!file_make_dirs(folder, 0755, err))
		return false;
	out.fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (out.fd < 0)
		return error_set_errno(err, "%s", path);
	ok = member_stream(member, write_piece, &out, err);
	close(out.fd);
	return ok;
}

/* Remove the files that were written, and their folders. */
static void
remove_members(const struct container *container, const char *dir)
{
	struct error ignored = { 0 };
	char path[FILE_PATH];

	for (size_t i = 0; i < container->num; i++)
		if (file_join(path, dir, container->members[i].path,
			&ignored)) {
			char *slash;

			unlink(path);
			while ((slash = strrchr(path, '/')) != NULL &&
			    strlen(path) > strlen(dir)) {
				*slash = '\0';
				rmdir(path);
			}
		}
}

/* What the umask leaves to a new folder. */
static mode_t
folder_mode(void)
{
	const mode_t mask = umask(0);

	umask(mask);
	return 0777 & ~mask;
}

/* Write into a folder that is new, and that appears with all files in it. */
bool
local_extract(const struct container *container, const char *dir,
    const char *scratch, bool texts_only, struct error *err)
{
	char tmp[FILE_PATH], parent[FILE_PATH];
	struct stat st;
	bool ok = true;
	int lock;

	/* A link to nothing is in the way too. */
	if (lstat(dir, &st) == 0)
		return error_set(err, ERROR_CONFLICT,
		    "%s is there already: name a new folder", dir);
	file_parent(dir, parent);
	if (scratch == NULL)
		scratch_sweep(parent);
	lock = scratch_folder(scratch != NULL ? scratch : parent, tmp, err);
	if (lock < 0)
		return error_context(err, "%s", dir);
	for (size_t i = 0; ok && i < container->num; i++)
		if (!texts_only ||
		    (!path_is_meta(container->members[i].path) &&
			strcmp(container->members[i].path, "mimetype") != 0))
			ok = extract_member(&container->members[i], tmp, err);
	if (ok && (fchmod(lock, folder_mode()) != 0 || rename(tmp, dir) != 0))
		ok = error_set_errno(err, "%s", dir);
	if (!ok)
		remove_members(container, tmp);
	close(lock);
	return ok;
}

bool
local_copy_bytes(int from, int to, uint64_t size, struct error *err)
{
	uint8_t piece[65536];
	uint64_t at = 0;

	while (at < size) {
		const size_t n = size - at < sizeof(piece) ? (size_t)(size - at)
							   : sizeof(piece);

		if (!file_pread(from, piece, n, (off_t)at, err) ||
		    !file_pwrite(to, span_of(piece, n), (off_t)at, err))
			return false;
		at += n;
	}
	return true;
}

bool
local_document_dir(const char *dir, const char *document, char out[FILE_PATH],
    struct error *err)
{
	return file_join(out, dir, document, err);
}

bool
local_version_file(const char *dir, const char *document, unsigned version,
    char out[FILE_PATH], struct error *err)
{
	char name[2 * DOCUMENT_NAME + 24];

	snprintf(name, sizeof(name), "%s/%s-v%u.asice", document,
	    strchr(document, '/') + 1, version);
	return file_join(out, dir, name, err);
}

static int
compare_numbers(const void *a, const void *b)
{
	const unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

	return (x > y) - (x < y);
}

bool
local_versions(const char *dir, const char *document, unsigned **versions,
    size_t *num, struct error *err)
{
	const char *slug = strchr(document, '/') + 1;
	const size_t len = strlen(slug);
	const struct dirent *entry;
	char folder[FILE_PATH];
	DIR *opened;

	*versions = NULL;
	*num = 0;
	if (!local_document_dir(dir, document, folder, err))
		return false;
	if ((opened = opendir(folder)) == NULL)
		return errno == ENOENT || error_set_errno(err, "%s", folder);
	while ((entry = readdir(opened)) != NULL) {
		const char *name = entry->d_name;
		const size_t n = strlen(name);
		unsigned number, *all;

		if (n < len + 9 || strncmp(name, slug, len) != 0 ||
		    strncmp(name + len, "-v", 2) != 0 ||
		    strcmp(name + n - 6, ".asice") != 0 ||
		    !document_version_parse(span_of(name + len + 2,
						n - len - 8),
			&number))
			continue;
		if ((all = realloc(*versions, (*num + 1) * sizeof(*all))) ==
		    NULL) {
			closedir(opened);
			free(*versions);
			*versions = NULL;
			return error_set_errno(err, "%s", folder);
		}
		*versions = all;
		all[(*num)++] = number;
	}
	closedir(opened);
	if (*num > 0)
		qsort(*versions, *num, sizeof(**versions), compare_numbers);
	return true;
}

bool
local_judge(struct context *context, const char *path, struct copy *out,
    struct error *err)
{
	*out = (struct copy){ .fd = file_open(path, err) };
	if (out->fd < 0)
		return false;
	out->size = (uint64_t)lseek(out->fd, 0, SEEK_END);
	return copy_judge(context, out->fd, out, err);
}
