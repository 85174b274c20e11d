/*
 * Names in a git repository: single refs.
 */
#include <dirent.h>
#include <string.h>
#include <unistd.h>

#include "backend/files/private.h"

#define HEADS "refs/heads/"

/* Is the file a loose ref as libgit2 writes it: 40 hex digits and a newline? */
static bool
is_whole_ref(const char *path)
{
	struct buf text = BUF(64);
	struct error ignored = { 0 };
	struct span rest, line;
	struct oid oid;
	bool ok;

	ok = file_read(path, text.max, &text, &ignored);
	rest = buf_span(&text);
	ok = ok && span_take_line(&rest, &line) && rest.len == 0 &&
	    span_to_hex(line, oid.bytes, OID_BYTES);
	buf_free(&text);
	return ok;
}

/*
 * Remove the locks and torn refs that a crash left. libgit2 neither waits for a
 * ref's lock nor recognises a stale one, and does not flush what it writes, so
 * a leftover would block the ref for ever.  A document's branch follows from
 * the journal, and is set again if it is missing.
 */
static void
sweep_refs(const char *dir, unsigned depth, bool heads)
{
	DIR *folder = depth < 8 ? opendir(dir) : NULL;
	const struct dirent *entry;
	struct error ignored = { 0 };
	char path[FILE_PATH];

	if (folder == NULL)
		return;
	while ((entry = readdir(folder)) != NULL) {
		const size_t len = strlen(entry->d_name);

		if (entry->d_name[0] == '.' ||
		    !file_join(path, dir, entry->d_name, &ignored))
			continue;
		if (len > 5 && strcmp(entry->d_name + len - 5, ".lock") == 0)
			unlink(path);
		else if (entry->d_type == DT_DIR &&
		    strcmp(entry->d_name, "objects") != 0)
			sweep_refs(path, depth + 1,
			    heads || strcmp(entry->d_name, "heads") == 0);
		else if (heads && entry->d_type == DT_REG &&
		    !is_whole_ref(path))
			unlink(path);
	}
	closedir(folder);
}

void
files_sweep_refs(const char *path)
{
	sweep_refs(path, 0, false);
}

/* A clone checks out the branch that HEAD names; git warns if there is none. */
static bool
point_head_to(struct files *files, const char *branch, struct error *err)
{
	char line[sizeof(FILES_HEAD_PREFIX) + FILES_BRANCH_NAME + 1];
	char head[sizeof(HEADS) + FILES_BRANCH_NAME], now[FILES_BRANCH_NAME];
	char lock[FILE_PATH];
	struct oid oid;
	int fd;

	if (files_head_names(files->path, now)) {
		snprintf(head, sizeof(head), HEADS "%s", now);
		if (files_name_get(&files->backend, head, &oid))
			return true;
	}
	snprintf(line, sizeof(line), FILES_HEAD_PREFIX "%s\n", branch);
	return (fd = files_lock(files, "HEAD", lock, err)) >= 0 &&
	    files_replace(files, "HEAD", lock, fd, span_of_str(line), err);
}

/*
 * Names are written as git writes them, each in a file of its own, flushed: that
 * of a policy follows from nothing else.
 */
bool
files_name_set(struct backend *backend, const char *name, const struct oid *oid,
    struct error *err)
{
	struct files *files = files_of(backend);
	char folder[FILE_PATH], path[FILE_PATH], lock[FILE_PATH];
	char line[OID_HEX + 1];
	int fd;

	oid_hex(oid, line);
	memcpy(line + OID_HEX - 1, "\n", 2);
	if (!file_join(path, files->path, name, err))
		return false;
	file_parent(path, folder);
	if (!file_make_dirs(folder, 0700, err) ||
	    (fd = files_lock(files, name, lock, err)) < 0 ||
	    !files_replace(files, name, lock, fd, span_of_str(line), err))
		return false;
	return strncmp(name, HEADS, strlen(HEADS)) != 0 ||
	    point_head_to(files, name + strlen(HEADS), err);
}

/* What is told of a name without libgit2. */
enum looked {
	REF_FOUND,
	REF_NONE,
	REF_UNCLEAR, /* a symbolic one, for example: libgit2 tells */
};

static enum looked
look_in_packed(const struct files *files, const char *name, struct oid *out)
{
	struct buf text = BUF(FILES_PACKED_REFS);
	struct error ignored = { 0 };
	enum looked result = REF_NONE;
	struct span rest, line, hex;
	char path[FILE_PATH];

	if (!file_join(path, files->path, "packed-refs", &ignored))
		return REF_UNCLEAR;
	if (!file_exists(path))
		return REF_NONE;
	if (!file_read(path, text.max, &text, &ignored))
		result = REF_UNCLEAR;
	rest = buf_span(&text);
	while (result == REF_NONE && span_take_line(&rest, &line))
		if (span_take_until(&line, ' ', &hex) && span_is(line, name))
			result = span_to_hex(hex, out->bytes, OID_BYTES)
			    ? REF_FOUND
			    : REF_UNCLEAR;
	buf_free(&text);
	return result;
}

/* As libgit2 looks: first for a file, then in packed-refs. */
static enum looked
look_up(const struct files *files, const char *name, struct oid *out)
{
	struct buf text = BUF(64);
	struct error ignored = { 0 };
	struct span rest, line;
	char path[FILE_PATH];
	bool whole;

	if (!file_join(path, files->path, name, &ignored))
		return REF_UNCLEAR;
	if (!file_exists(path))
		return look_in_packed(files, name, out);
	whole = file_read(path, text.max, &text, &ignored);
	rest = buf_span(&text);
	whole = whole && span_take_line(&rest, &line) && rest.len == 0 &&
	    span_to_hex(line, out->bytes, OID_BYTES);
	buf_free(&text);
	return whole ? REF_FOUND : REF_UNCLEAR;
}

bool
files_name_get(struct backend *backend, const char *name, struct oid *out)
{
	struct files *files = files_of(backend);
	const enum looked looked = look_up(files, name, out);
	struct error ignored = { 0 };
	git_oid id;

	if (looked != REF_UNCLEAR)
		return looked == REF_FOUND;
	if (files->packs.is_ours || !files_git(files, &ignored) ||
	    git_reference_name_to_id(&id, files->repository, name) != 0)
		return false;
	memcpy(out->bytes, id.id, OID_BYTES);
	return true;
}
