/*
 * The branches of the repository.  They are read as git reads them, packed and
 * loose, and written all at once as one packed-refs file (gitformat: "#
 * pack-refs with: peeled fully-peeled sorted"). libgit2 would lock each ref to
 * write that file; we know all of them, so one lock is enough.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/files/private.h"

#define HEADS  "refs/heads/"
#define HEADER "# pack-refs with:"

enum { DEPTH = 8 };

/*
 * A line of packed-refs that is not a branch, and the line with the object that
 * its tag peels to.
 */
struct other {
	struct span name, line, peeled;
};

struct packed {
	struct buf text;
	bool fully_peeled;
	struct branch *heads;
	struct other *others;
	size_t num_heads, num_others;
};

static void
packed_free(struct packed *packed)
{
	buf_free(&packed->text);
	free(packed->heads);
	free(packed->others);
	*packed = (struct packed){ .text = BUF(0) };
}

/* Parse one line.  The end of line after the name is overwritten with a NUL. */
static bool
add_ref(struct packed *packed, struct span line, struct error *err)
{
	struct span rest = line, hex;
	struct branch head = { .name = NULL };

	if (!span_take(&rest, 2 * OID_BYTES, &hex) ||
	    !span_to_hex(hex, head.oid.bytes, OID_BYTES) ||
	    !span_starts(rest, " ") || rest.len < 2)
		return error_set(err, ERROR_UNTRUSTED,
		    "packed-refs is damaged");
	rest = span_sub(rest, 1, rest.len - 1);
	if (!span_starts(rest, HEADS)) {
		packed->others[packed->num_others++] =
		    (struct other){ .name = rest, .line = line };
		return true;
	}
	((uint8_t *)(uintptr_t)rest.data)[rest.len] = '\0';
	head.name = (const char *)rest.data + strlen(HEADS);
	packed->heads[packed->num_heads++] = head;
	return true;
}

static int
compare_heads(const void *a, const void *b)
{
	return strcmp(((const struct branch *)a)->name,
	    ((const struct branch *)b)->name);
}

static int
compare_others(const void *a, const void *b)
{
	return span_order(((const struct other *)a)->name,
	    ((const struct other *)b)->name);
}

/* Parse packed->text into branches and other lines, both sorted by name. */
static bool
parse_packed(struct packed *packed, struct error *err)
{
	struct span rest = buf_span(&packed->text), line;
	size_t num = 1;
	bool is_last_other = false, ok = true;

	for (size_t i = 0; i < rest.len; i++)
		num += rest.data[i] == '\n';
	packed->heads = calloc(num, sizeof(*packed->heads));
	packed->others = calloc(num, sizeof(*packed->others));
	if (packed->heads == NULL || packed->others == NULL)
		return error_set_errno(err, "packed-refs");
	packed->fully_peeled = rest.len == 0;
	while (ok && span_take_line(&rest, &line)) {
		if (span_starts(line, "#")) {
			packed->fully_peeled = packed->fully_peeled ||
			    memmem(line.data, line.len, " fully-peeled",
				sizeof(" fully-peeled") - 1) != NULL;
		} else if (span_starts(line, "^")) {
			if (is_last_other)
				packed->others[packed->num_others - 1].peeled =
				    line;
		} else {
			const size_t before = packed->num_others;

			ok = add_ref(packed, line, err);
			is_last_other = packed->num_others > before;
		}
	}
	if (ok && rest.len > 0)
		ok =
		    error_set(err, ERROR_UNTRUSTED, "packed-refs is cut short");
	for (size_t i = 1; i < packed->num_heads; i++)
		if (compare_heads(&packed->heads[i - 1], &packed->heads[i]) >
		    0) {
			qsort(packed->heads, packed->num_heads,
			    sizeof(*packed->heads), compare_heads);
			break;
		}
	qsort(packed->others, packed->num_others, sizeof(*packed->others),
	    compare_others);
	return ok;
}

/* Read and parse packed-refs; there may be no such file. */
static bool
read_packed(struct files *files, struct packed *out, struct error *err)
{
	char path[FILE_PATH];

	*out = (struct packed){ .text = BUF(FILES_PACKED_REFS) };
	if (!file_join(path, files->path, "packed-refs", err))
		return false;
	if (file_exists(path) &&
	    !file_read(path, out->text.max, &out->text, err))
		return false;
	if (parse_packed(out, err))
		return true;
	return error_context(err, "%s", path);
}

/* --- Loose branches: git or an earlier version wrote them, we do not. --- */

struct loose {
	struct branch *list;
	size_t num;
};

/*
 * Read a loose ref.  Returns an all-zero name if the file is not a plain ref;
 * no commit has that name.
 */
static struct oid
read_loose(const char *path)
{
	struct buf text = BUF(64);
	struct error ignored = { 0 };
	struct oid oid = { { 0 } };
	struct span rest, line;

	if (file_read(path, text.max, &text, &ignored)) {
		rest = buf_span(&text);
		if (!span_take_line(&rest, &line) || rest.len > 0 ||
		    !span_to_hex(line, oid.bytes, OID_BYTES))
			oid = (struct oid){ { 0 } };
	}
	buf_free(&text);
	return oid;
}

/* Append the loose branch in the file path to the list. */
static bool
add_loose(struct loose *loose, const char *name, const char *path,
    struct error *err)
{
	struct branch *all =
	    realloc(loose->list, (loose->num + 1) * sizeof(*all));
	char *copy = all == NULL ? NULL : strdup(name);

	if (all != NULL)
		loose->list = all;
	if (copy == NULL)
		return error_set_errno(err, "refs");
	all[loose->num++] = (struct branch){ copy, read_loose(path) };
	return true;
}

/*
 * Walk below a folder of loose refs. name is the path below refs/heads, "" for
 * all of it.  If loose is NULL, every file found is removed.
 */
static bool
walk_loose(const char *dir, const char *name, unsigned depth,
    struct loose *loose, struct error *err)
{
	DIR *folder = depth < DEPTH ? opendir(dir) : NULL;
	const struct dirent *entry;
	char path[FILE_PATH], below[FILE_PATH];
	bool ok = true;

	if (folder == NULL)
		return true;
	while (ok && (entry = readdir(folder)) != NULL) {
		const size_t len = strlen(entry->d_name);

		if (entry->d_name[0] == '.' ||
		    (len > 5 && strcmp(entry->d_name + len - 5, ".lock") == 0))
			continue;
		ok = file_join(path, dir, entry->d_name, err) &&
		    (name[0] == '\0'
			    ? snprintf(below, sizeof(below), "%s",
				  entry->d_name) > 0
			    : file_join(below, name, entry->d_name, err));
		if (!ok)
			break;
		if (entry->d_type == DT_DIR) {
			ok = walk_loose(path, below, depth + 1, loose, err);
			/* git creates the folder again when it needs it. */
			if (loose == NULL)
				rmdir(path);
		} else if (loose != NULL) {
			ok = add_loose(loose, below, path, err);
		} else if (unlink(path) != 0) {
			ok = error_set_errno(err, "%s", path);
		}
	}
	closedir(folder);
	return ok;
}

/* Read all loose branches, sorted by name. */
static bool
read_all_loose(struct files *files, struct loose *out, struct error *err)
{
	char dir[FILE_PATH];

	*out = (struct loose){ NULL, 0 };
	if (!file_join(dir, files->path, "refs/heads", err) ||
	    !walk_loose(dir, "", 0, out, err))
		return false;
	if (out->num > 0)
		qsort(out->list, out->num, sizeof(*out->list), compare_heads);
	return true;
}

static void
loose_free(struct loose *loose)
{
	for (size_t i = 0; i < loose->num; i++)
		free((void *)(uintptr_t)loose->list[i].name);
	free(loose->list);
}

bool
files_each_branch(struct backend *backend, branch_visitor *visit, void *arg,
    size_t *num_strays, struct error *err)
{
	struct files *files = files_of(backend);
	struct packed packed;
	struct loose loose = { NULL, 0 };
	size_t i = 0, j = 0;
	bool ok;

	/*
	 * Read loose refs first: one that git packs meanwhile is then seen
	 * twice, not missed.
	 */
	ok = read_all_loose(files, &loose, err);
	ok = read_packed(files, &packed, err) && ok;
	while (ok && (i < packed.num_heads || j < loose.num)) {
		const int order = i == packed.num_heads ? 1
		    : j == loose.num
		    ? -1
		    : compare_heads(&packed.heads[i], &loose.list[j]);

		/*
		 * A loose ref takes precedence over a packed one of the same
		 * name.
		 */
		ok = visit(arg, order < 0 ? &packed.heads[i] : &loose.list[j],
		    err);
		i += order <= 0;
		j += order >= 0;
	}
	*num_strays = loose.num;
	loose_free(&loose);
	packed_free(&packed);
	return ok;
}

/* --- Writing. --- */

int
files_lock(struct files *files, const char *name, char path[FILE_PATH],
    struct error *err)
{
	char lock[FILES_BRANCH_NAME];
	int fd;

	if (snprintf(lock, sizeof(lock), "%s.lock", name) >=
	    (int)sizeof(lock)) {
		error_set(err, ERROR_LIMIT, "%s: too long", name);
		return -1;
	}
	if (!file_join(path, files->path, lock, err))
		return -1;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0 && errno == EEXIST)
		error_set(err, ERROR_UNAVAILABLE,
		    "%s is there: a git command is at work, or was ended",
		    path);
	else if (fd < 0)
		error_set_errno(err, "%s", path);
	return fd;
}

bool
files_replace(struct files *files, const char *name, const char *lock, int fd,
    struct span bytes, struct error *err)
{
	char path[FILE_PATH], folder[FILE_PATH];
	bool ok;

	ok = file_join(path, files->path, name, err) &&
	    file_pwrite(fd, bytes, 0, err);
	if (ok && fsync(fd) != 0)
		ok = error_set_errno(err, "flush");
	close(fd);
	if (ok && rename(lock, path) != 0)
		ok = error_set_errno(err, "%s", path);
	if (!ok) {
		unlink(lock);
		return false;
	}
	file_parent(path, folder);
	return file_sync_dir(folder, err);
}

static bool
append_other(struct buf *out, const struct other *other, struct error *err)
{
	return buf_append(out, other->line, err) &&
	    buf_append_str(out, "\n", err) &&
	    (other->peeled.len == 0 ||
		(buf_append(out, other->peeled, err) &&
		    buf_append_str(out, "\n", err)));
}

static bool
append_head(struct buf *out, const struct branch *head, struct error *err)
{
	char line[OID_HEX + sizeof(HEADS)];

	oid_hex(&head->oid, line);
	memcpy(line + OID_HEX - 1, " " HEADS, sizeof(HEADS));
	return buf_append(out, span_of(line, OID_HEX - 1 + sizeof(HEADS)),
		   err) &&
	    buf_append_str(out, head->name, err) &&
	    buf_append_str(out, "\n", err);
}

/* Encode packed-refs: these branches, and the other lines of the old file. */
static bool
encode(const struct packed *old, const struct branch heads[], size_t num,
    struct buf *out, struct error *err)
{
	size_t i = 0;
	bool ok;

	ok = buf_append_str(out,
	    old->fully_peeled ? HEADER " peeled fully-peeled sorted \n"
			      : HEADER " sorted \n",
	    err);
	for (; ok && i < old->num_others &&
	     compare_others(&old->others[i],
		 &(struct other){ .name = span_of_str(HEADS) }) < 0;
	     i++)
		ok = append_other(out, &old->others[i], err);
	for (size_t n = 0; ok && n < num; n++)
		ok = append_head(out, &heads[n], err);
	for (; ok && i < old->num_others; i++)
		ok = append_other(out, &old->others[i], err);
	return ok;
}

bool
files_head_names(const char *path, char name[FILES_BRANCH_NAME])
{
	struct buf text = BUF(4096);
	struct error ignored = { 0 };
	char file[FILE_PATH];
	struct span rest, line;
	bool is;

	is = file_join(file, path, "HEAD", &ignored) &&
	    file_read(file, text.max, &text, &ignored);
	rest = buf_span(&text);
	is = is && span_take_line(&rest, &line) && rest.len == 0 &&
	    span_starts(line, FILES_HEAD_PREFIX) &&
	    line.len > sizeof(FILES_HEAD_PREFIX) - 1 &&
	    memchr(line.data, '\0', line.len) == NULL &&
	    span_to_str(span_sub(line, sizeof(FILES_HEAD_PREFIX) - 1,
			    line.len - (sizeof(FILES_HEAD_PREFIX) - 1)),
		name, FILES_BRANCH_NAME);
	buf_free(&text);
	return is;
}

/*
 * Point HEAD to a branch: a clone checks out what HEAD names, and git warns if
 * that is not a branch.
 */
static bool
point_head(struct files *files, const struct branch heads[], size_t num,
    bool mend, bool *is_wrong, struct error *err)
{
	char lock[FILE_PATH], name[FILES_BRANCH_NAME];
	char line[sizeof(FILES_HEAD_PREFIX) + FILES_BRANCH_NAME + 1];
	const bool is_symbolic = files_head_names(files->path, name);
	int fd;

	/* A person may have put the HEAD of their own repository anywhere. */
	*is_wrong = is_symbolic ? num > 0 &&
		bsearch(&(struct branch){ .name = name }, heads, num,
		    sizeof(*heads), compare_heads) == NULL
				: files->packs.is_ours;
	if (!*is_wrong || !mend)
		return true;
	snprintf(line, sizeof(line), FILES_HEAD_PREFIX "%s\n",
	    num > 0 ? heads[0].name : "master");
	return (fd = files_lock(files, "HEAD", lock, err)) >= 0 &&
	    files_replace(files, "HEAD", lock, fd, span_of_str(line), err);
}

bool
files_branches_are_read(struct files *files)
{
	struct packed packed;
	struct error why = { 0 };
	const bool are = read_packed(files, &packed, &why);

	packed_free(&packed);
	return are || why.kind != ERROR_UNTRUSTED;
}

bool
files_point_head(struct files *files, bool mend, bool *is_wrong,
    struct error *err)
{
	struct packed packed;
	struct loose loose = { NULL, 0 };
	bool ok;

	*is_wrong = false;
	/* A damaged file is told of by itself (files_branches_are_read()). */
	if (!files_branches_are_read(files))
		return true;
	ok = read_packed(files, &packed, err) &&
	    read_all_loose(files, &loose, err);
	/* Of loose branches, which we do not write, HEAD may name any. */
	if (ok)
		ok = point_head(files, packed.heads,
		    loose.num > 0 ? 0 : packed.num_heads, mend, is_wrong, err);
	loose_free(&loose);
	packed_free(&packed);
	return ok;
}

bool
files_set_branches(struct backend *backend, const struct branch heads[],
    size_t num, struct error *err)
{
	struct files *files = files_of(backend);
	struct packed old;
	struct buf out = BUF(FILES_PACKED_REFS);
	char lock[FILE_PATH], dir[FILE_PATH];
	const int fd = files_lock(files, "packed-refs", lock, err);
	bool ok, is_wrong;

	if (fd < 0)
		return false;
	ok = read_packed(files, &old, err) &&
	    encode(&old, heads, num, &out, err);
	if (ok) {
		ok = files_replace(files, "packed-refs", lock, fd,
		    buf_span(&out), err);
	} else {
		close(fd);
		unlink(lock);
	}
	packed_free(&old);
	buf_free(&out);
	/* A loose branch would take precedence over the packed one. */
	return ok && file_join(dir, files->path, "refs/heads", err) &&
	    walk_loose(dir, "", 0, NULL, err) &&
	    point_head(files, heads, num, true, &is_wrong, err);
}
