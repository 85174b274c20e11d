/*
 * newest/: the files of the newest version, and its receipt, to be opened by
 * any program.
 */
#include "cli/local/private.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NEWEST_RECEIPT "receipt.tlog-proof"

/* Find the receipt of the newest act, by its index. */
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

/* The folder is replaced as a whole. */
static bool
place(const char *dir, const char *folder, const struct container *container,
    struct error *err)
{
	const struct member *receipt = newest_receipt(container);
	char newest[FILE_PATH], made[FILE_PATH], path[FILE_PATH];
	bool ok;

	if (!file_join(newest, folder, "newest", err) ||
	    !file_join(made, folder, ".newest", err))
		return false;
	file_remove_tree(made);
	ok = local_extract(container, made, dir, true, err) &&
	    (receipt == NULL ||
		(file_join(path, made, NEWEST_RECEIPT, err) &&
		    file_write_quick(path, member_bytes(receipt), 0644, err)));
	if (!ok)
		return false;
	if (file_exists(newest) ? renameat2(AT_FDCWD, made, AT_FDCWD, newest,
				      RENAME_EXCHANGE) != 0
				: rename(made, newest) != 0)
		return error_set_errno(err, "%s", newest);
	file_remove_tree(made);
	return true;
}

static bool
has_bytes(const char *newest, const char *name, const struct member *member)
{
	struct error ignored = { 0 };
	struct buf bytes = BUF(LIMIT_VERSION_BYTES + LIMIT_PROOF_FILE);
	char path[FILE_PATH];
	const bool same = member != NULL &&
	    file_join(path, newest, name, &ignored) &&
	    file_read(path, bytes.max, &bytes, &ignored) &&
	    span_eq(buf_span(&bytes), member_bytes(member));

	buf_free(&bytes);
	return same;
}

/*
 * A command may have ended after it placed a copy and before it made newest/.
 */
static bool
is_of(const char *folder, const struct container *container)
{
	struct error ignored = { 0 };
	char newest[FILE_PATH];

	return file_join(newest, folder, "newest", &ignored) &&
	    has_bytes(newest, PATH_VERSION,
		container_find(container, PATH_VERSION)) &&
	    has_bytes(newest, NEWEST_RECEIPT, newest_receipt(container));
}

/* The newest version as it lies in its place. */
static bool
refresh_from_file(const char *dir, const char *document, const char *folder,
    unsigned version, struct error *err)
{
	struct container *container = NULL;
	char path[FILE_PATH];
	bool ok;
	int fd = -1;

	ok = local_version_file(dir, document, version, path, err) &&
	    (fd = file_open(path, err)) >= 0 &&
	    ((container = container_read_to_judge(fd, err)) != NULL ||
		error_context(err, "%s", path)) &&
	    (is_of(folder, container) || place(dir, folder, container, err));
	container_free(container);
	if (fd >= 0)
		close(fd);
	return ok;
}

bool
local_refresh_newest(const char *dir, const char *document,
    const struct container *placed, unsigned version, struct error *err)
{
	char folder[FILE_PATH], path[FILE_PATH];
	unsigned *all = NULL;
	size_t num = 0;
	bool ok;

	ok = local_document_dir(dir, document, folder, err) &&
	    local_versions(dir, document, &all, &num, err);
	if (ok && num == 0) {
		ok = file_join(path, folder, "newest", err);
		if (ok)
			file_remove_tree(path);
	} else if (ok && placed != NULL && all[num - 1] == version) {
		ok = is_of(folder, placed) || place(dir, folder, placed, err);
	} else if (ok) {
		ok =
		    refresh_from_file(dir, document, folder, all[num - 1], err);
	}
	free(all);
	return ok;
}
