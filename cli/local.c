#include "cli/local.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/folder.h"
#include "base/outfile.h"
#include "base/text.h"
#include "cli/commands.h"

/* --- Writing copies. --- */

static bool
copy_bytes(int from, int to, uint64_t size, struct error *err)
{
	uint8_t piece[65536];
	uint64_t at = 0;

	while (at < size) {
		const size_t n = size - at < sizeof(piece) ?
		    (size_t)(size - at) :
		    sizeof(piece);

		if (!file_pread(from, piece, n, (off_t)at, err) ||
		    !file_pwrite(to, span_of(piece, n), (off_t)at, err))
			return false;
		at += n;
	}
	return true;
}

/* Whole, or not at all: our own file in the local copy, flushed with it. */
static bool
write_copy(const struct copy *copy, const char *path, struct error *err)
{
	char tmp[FILE_PATH];
	bool ok;
	int fd;

	snprintf(tmp, sizeof(tmp), "%s.XXXXXX", path);
	if ((fd = mkostemp(tmp, O_CLOEXEC)) < 0)
		return error_set_errno(err, "%s", path);
	ok = copy_bytes(copy->fd, fd, copy->size, err);
	if (ok && (fchmod(fd, 0644) != 0 || rename(tmp, path) != 0))
		ok = error_set_errno(err, "%s", path);
	close(fd);
	if (!ok)
		unlink(tmp);
	return ok;
}

bool
copy_write(const struct context *context, const struct copy *copy,
    const char *path, struct error *err)
{
	struct outfile output;

	if (!outfile_open(&output, path, context->state, err))
		return false;
	if (!copy_bytes(copy->fd, output.fd, copy->size, err)) {
		outfile_drop(&output);
		return error_context(err, "%s", path);
	}
	return outfile_finish(&output, 0644, err);
}

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

static bool
extract_member(const struct member *member, const char *dir,
    struct error *err)
{
	char path[FILE_PATH], folder[FILE_PATH];
	struct extracting out = { .fd = -1 };
	bool ok;

	if (!file_join(path, dir, member->path, err))
		return false;
	snprintf(folder, sizeof(folder), "%s", path);
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

/* Into a folder that was not there, and appears with all in it. */
bool
copy_extract(const struct container *container, const char *dir,
    bool texts_only, struct error *err)
{
	char tmp[FILE_PATH];
	struct stat st;
	bool ok = true;

	/* A link to nothing is something too. */
	if (lstat(dir, &st) == 0)
		return error_set(err, ERROR_CONFLICT,
		    "%s is there already: name a new folder", dir);
	snprintf(tmp, sizeof(tmp), "%s.XXXXXX", dir);
	if (mkdtemp(tmp) == NULL)
		return error_set_errno(err, "%s", dir);
	for (size_t i = 0; ok && i < container->num; i++)
		if (!texts_only ||
		    (!path_is_meta(container->members[i].path) &&
			strcmp(container->members[i].path, "mimetype") != 0))
			ok = extract_member(&container->members[i], tmp, err);
	if (ok && (chmod(tmp, 0755) != 0 || rename(tmp, dir) != 0))
		ok = error_set_errno(err, "%s", dir);
	if (!ok)
		remove_members(container, tmp);
	return ok;
}

/* --- The folder. --- */

bool
local_dir(struct context *context, const char *given, char out[FILE_PATH],
    struct error *err)
{
	struct buf text = BUF(FILE_PATH - 1);
	char path[FILE_PATH];
	bool in_state, ok;

	if (!context_path(context, "copy", path, err))
		return false;
	if (given != NULL) {
		if (!folder_is_within(given, context->state, &in_state, err))
			return false;
		if (in_state)
			return error_set(err, ERROR_USAGE,
			    "%s is in, or the same as, %s, where this office"
			    " keeps what it has seen: name another folder",
			    given, context->state);
		if (!file_make_dirs(given, 0755, err))
			return false;
		if (realpath(given, out) == NULL)
			return error_set_errno(err, "%s", given);
		return file_write(path, span_of_str(out), 0600, err);
	}
	ok = file_exists(path) && file_read(path, text.max, &text, err) &&
	    span_to_str(buf_span(&text), out, FILE_PATH);
	buf_free(&text);
	return ok ||
	    error_set(err, ERROR_USAGE,
		"there is no local copy yet: \"valise pull DIR\", or \"valise"
		" bag open --into DIR\", makes one");
}

static bool
document_dir(const char *dir, const char *document, char out[FILE_PATH],
    struct error *err)
{
	return file_join(out, dir, document, err);
}

static bool
version_file(const char *dir, const char *document, unsigned version,
    char out[FILE_PATH], struct error *err)
{
	char name[2 * DOCUMENT_NAME + 24];

	snprintf(name, sizeof(name), "%s/%s-v%u.asice", document,
	    strchr(document, '/') + 1, version);
	return file_join(out, dir, name, err);
}

static void
remove_tree(const char *path, unsigned depth)
{
	struct error ignored = { 0 };
	const struct dirent *entry;
	char below[FILE_PATH];
	DIR *folder;

	if (depth < 6 && (folder = opendir(path)) != NULL) {
		while ((entry = readdir(folder)) != NULL) {
			if (strcmp(entry->d_name, ".") == 0 ||
			    strcmp(entry->d_name, "..") == 0 ||
			    !file_join(below, path, entry->d_name, &ignored))
				continue;
			if (unlink(below) != 0)
				remove_tree(below, depth + 1);
		}
		closedir(folder);
	}
	rmdir(path);
}

/* The receipt of the newest act, by its index. */
static const struct member *
newest_receipt(const struct container *container)
{
	const struct member *newest = NULL;
	unsigned long long best = 0, index;

	for (size_t i = 0; i < container->num; i++) {
		const char *path = container->members[i].path;

		if (path_is_receipt(path) &&
		    sscanf(path, PATH_RECEIPT, &index) == 1 &&
		    (newest == NULL || index > best)) {
			newest = &container->members[i];
			best = index;
		}
	}
	return newest;
}

/* The folder of the newest version changes as a whole. */
static bool
place_newest(const char *folder, const struct container *container,
    struct error *err)
{
	const struct member *receipt = newest_receipt(container);
	char newest[FILE_PATH], made[FILE_PATH], path[FILE_PATH];
	bool ok;

	if (!file_join(newest, folder, "newest", err) ||
	    !file_join(made, folder, ".newest", err))
		return false;
	remove_tree(made, 0);
	ok = copy_extract(container, made, true, err) &&
	    (receipt == NULL ||
		(file_join(path, made, "receipt.tlog-proof", err) &&
		    file_write_quick(path, member_bytes(receipt), 0644, err)));
	if (!ok)
		return false;
	if (file_exists(newest) ?
		renameat2(AT_FDCWD, made, AT_FDCWD, newest, RENAME_EXCHANGE) != 0 :
		rename(made, newest) != 0)
		return error_set_errno(err, "%s", newest);
	remove_tree(made, 0);
	return true;
}

static bool
same_file(const struct copy *copy, const char *path)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint8_t a[65536], b[65536];
	struct error ignored = { 0 };
	struct stat st;
	bool same = fd >= 0 && fstat(fd, &st) == 0 &&
	    (uint64_t)st.st_size == copy->size;

	for (uint64_t at = 0; same && at < copy->size;) {
		const uint64_t left = copy->size - at;
		const size_t n = left < sizeof(a) ? (size_t)left : sizeof(a);

		same = file_pread(fd, a, n, (off_t)at, &ignored) &&
		    file_pread(copy->fd, b, n, (off_t)at, &ignored) &&
		    memcmp(a, b, n) == 0;
		at += n;
	}
	if (fd >= 0)
		close(fd);
	return same;
}

bool
local_place(const char *dir, const struct copy *copy, bool *newer,
    struct error *err)
{
	const struct version *version = copy->verdict.version;
	char folder[FILE_PATH], path[FILE_PATH], newest[FILE_PATH];
	unsigned *all = NULL;
	size_t num = 0;
	bool ok;

	ok = document_dir(dir, version->document, folder, err) &&
	    file_make_dirs(folder, 0755, err) &&
	    version_file(dir, version->document, version->number, path, err) &&
	    file_join(newest, folder, "newest", err) &&
	    local_versions(dir, version->document, &all, &num, err);
	*newer = ok && !same_file(copy, path);
	if (ok && *newer)
		ok = write_copy(copy, path, err);
	if (ok && (*newer || !file_exists(newest)) &&
	    (num == 0 || all[num - 1] <= version->number))
		ok = place_newest(folder, copy->container, err);
	free(all);
	return ok;
}

bool
local_flush(const char *dir, struct error *err)
{
	const int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const bool ok = fd >= 0 && syncfs(fd) == 0;

	if (!ok)
		error_set_errno(err, "%s", dir);
	if (fd >= 0)
		close(fd);
	return ok;
}

/* --- Reading it. --- */

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
	if (!document_dir(dir, document, folder, err))
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
		    !document_version_parse(
			span_of(name + len + 2, n - len - 8), &number))
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
local_open(struct context *context, const char *dir, const char *document,
    unsigned version, struct copy *out, struct error *err)
{
	char path[FILE_PATH];
	unsigned *all;
	size_t num;
	bool ok;

	*out = (struct copy){ .fd = -1 };
	if (!local_versions(dir, document, &all, &num, err))
		return false;
	if (version == 0 && num > 0)
		version = all[num - 1];
	free(all);
	if (num == 0)
		return error_set(err, ERROR_NOT_FOUND,
		    "%s is not in the local copy, %s", document, dir);
	if (!version_file(dir, document, version, path, err))
		return false;
	if ((out->fd = open_file(path, err)) < 0)
		return err->kind == ERROR_NOT_FOUND ?
		    error_set(err, ERROR_NOT_FOUND,
			"%s@%u is not in the local copy, %s", document,
			version, dir) :
		    false;
	out->size = (uint64_t)lseek(out->fd, 0, SEEK_END);
	ok = copy_judge(context, out->fd, out, err);
	if (ok && out->verdict.version != NULL &&
	    (strcmp(out->verdict.version->document, document) != 0 ||
		out->verdict.version->number != version))
		ok = error_set_code(err, ERROR_UNTRUSTED, "VERSION_DIFFERS",
		    "%s is of %s@%u", path, out->verdict.version->document,
		    out->verdict.version->number);
	return ok;
}

struct names {
	char **list;
	size_t num;
};

/* The folders within one, whose names could be of ours. */
static bool
read_names(const char *path, struct names *out, struct error *err)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;

	if (folder == NULL)
		return errno == ENOENT || error_set_errno(err, "%s", path);
	while ((entry = readdir(folder)) != NULL) {
		char **all;

		if (!text_is_slug(span_of_str(entry->d_name)))
			continue;
		all = realloc(out->list, (out->num + 1) * sizeof(char *));
		if (all != NULL)
			out->list = all;
		if (all == NULL ||
		    (all[out->num] = strdup(entry->d_name)) == NULL) {
			closedir(folder);
			return error_set_errno(err, "%s", path);
		}
		out->num++;
	}
	closedir(folder);
	return true;
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
free_names(struct names *names)
{
	for (size_t i = 0; i < names->num; i++)
		free(names->list[i]);
	free(names->list);
}

static bool
each_of_type(const char *dir, const char *type, local_visitor *visit,
    void *arg, struct error *err)
{
	struct names slugs = { NULL, 0 };
	char path[FILE_PATH];
	bool ok;

	ok = file_join(path, dir, type, err) && read_names(path, &slugs, err);
	if (slugs.num > 0)
		qsort(slugs.list, slugs.num, sizeof(char *), compare_names);
	for (size_t i = 0; ok && i < slugs.num; i++) {
		char name[DOCUMENT_NAME];

		if (snprintf(name, sizeof(name), "%s/%s", type,
			slugs.list[i]) < (int)sizeof(name) &&
		    document_name_check(span_of_str(name), err))
			ok = visit(arg, name, err);
		else
			*err = (struct error){ 0 };
	}
	free_names(&slugs);
	return ok;
}

bool
local_each(const char *dir, const char *type, local_visitor *visit,
    void *arg, struct error *err)
{
	struct names types = { NULL, 0 };
	bool ok;

	if (type != NULL)
		return each_of_type(dir, type, visit, arg, err);
	ok = read_names(dir, &types, err);
	if (types.num > 0)
		qsort(types.list, types.num, sizeof(char *), compare_names);
	for (size_t i = 0; ok && i < types.num; i++)
		ok = each_of_type(dir, types.list[i], visit, arg, err);
	free_names(&types);
	return ok;
}
