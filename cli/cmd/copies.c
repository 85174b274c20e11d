/*
 * The files that "valise verify" is given (copies.h).
 */
#include "cli/cmd/copies.h"

#include <errno.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/text.h"

enum { PIECE = 64 * 1024 };

static bool
add(struct copies *copies, const char *path, struct error *err)
{
	if (copies->num == copies->room) {
		const size_t room = copies->room * 2 + 64;
		char **paths = realloc(copies->paths, room * sizeof(*paths));

		if (paths == NULL)
			return error_set_errno(err, "%s", path);
		copies->paths = paths;
		copies->room = room;
	}
	if ((copies->paths[copies->num] = strdup(path)) == NULL)
		return error_set_errno(err, "%s", path);
	copies->num++;
	return true;
}

static int
by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static bool
is_copy(const FTSENT *file)
{
	const size_t len = file->fts_namelen;

	return file->fts_info == FTS_F && len > 6 &&
	    strcmp(file->fts_name + len - 6, ".asice") == 0;
}

static bool
add_folder(struct copies *copies, const char *dir, struct error *err)
{
	char root[FILE_PATH];
	char *roots[] = { root, NULL };
	FTS *tree;
	const size_t before = copies->num;
	const FTSENT *file;
	bool ok = true;

	if (!text_take(root, sizeof(root), dir, err))
		return false;
	tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
	if (tree == NULL)
		return error_set_errno(err, "%s", dir);
	/* What cannot be read gets its error in its place among the others. */
	while (ok && (errno = 0, file = fts_read(tree)) != NULL)
		if (is_copy(file) || file->fts_info == FTS_DNR ||
		    file->fts_info == FTS_ERR || file->fts_info == FTS_NS)
			ok = add(copies, file->fts_path, err);
	if (ok && errno != 0)
		ok = error_set_errno(err, "%s", dir);
	fts_close(tree);
	return ok && (copies->num > before || add(copies, dir, err));
}

bool
copies_gather(struct copies *copies, char *names[], size_t num,
    struct error *err)
{
	struct stat st;

	for (size_t i = 0; i < num; i++)
		if (stat(names[i], &st) == 0 && S_ISDIR(st.st_mode)
			? !add_folder(copies, names[i], err)
			: !add(copies, names[i], err))
			return false;
	return true;
}

void
copies_free(struct copies *copies)
{
	for (size_t i = 0; i < copies->num; i++)
		free(copies->paths[i]);
	free(copies->paths);
	*copies = (struct copies){ 0 };
}

/* Read up to len bytes; fewer at the end alone.  -1 on failure. */
static ssize_t
read_piece(int fd, uint8_t *piece, size_t len)
{
	size_t have = 0;

	while (have < len) {
		const ssize_t n = read(fd, piece + have, len - have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		have += (size_t)n;
	}
	return (ssize_t)have;
}

/* Write what comes to a file, as far as it may be a container. */
static bool
copy_stream(int from, int to, const char *path, struct error *err)
{
	static const uint8_t zip[] = { 'P', 'K', 3, 4 };
	uint8_t piece[PIECE];
	uint64_t size = 0;
	ssize_t n;

	while ((n = read_piece(from, piece, sizeof(piece))) > 0) {
		if (size == 0 &&
		    ((size_t)n < sizeof(zip) ||
			memcmp(piece, zip, sizeof(zip)) != 0))
			n = (size_t)n < sizeof(zip) ? n : (ssize_t)sizeof(zip);
		if ((size += (uint64_t)n) > LIMIT_CONTAINER_BYTES)
			return error_set(err, ERROR_LIMIT,
			    "%s: more than %llu bytes come out of it, and no"
			    " copy is so large",
			    path, (unsigned long long)LIMIT_CONTAINER_BYTES);
		if (!file_pwrite(to, (struct span){ piece, (size_t)n },
			(off_t)(size - (uint64_t)n), err))
			return error_context(err, "%s", path);
		if ((size_t)n < sizeof(piece))
			return true;
	}
	return n == 0 || error_set_errno(err, "%s", path);
}

int
copies_open(const struct context *context, const char *path, struct error *err)
{
	const bool standard = strcmp(path, "-") == 0;
	const int from = standard ? dup(STDIN_FILENO) : file_open(path, err);
	struct stat st;
	int to;

	if (from < 0) {
		if (standard)
			error_set_errno(err, "standard input");
		return -1;
	}
	if (fstat(from, &st) == 0 && S_ISREG(st.st_mode))
		return from;
	if (S_ISDIR(st.st_mode)) {
		error_set(err, ERROR_NOT_FOUND,
		    "%s: no file in it is called *.asice", path);
		close(from);
		return -1;
	}
	to = context_temporary(context, err);
	if (to >= 0 && !copy_stream(from, to, path, err)) {
		close(to);
		to = -1;
	}
	close(from);
	return to;
}
