/*
 * Names in a git repository: single refs, read and written by libgit2.
 */
#include <dirent.h>
#include <string.h>
#include <unistd.h>

#include "backend/files/private.h"

bool
files_git_failed(struct error *err, const char *what)
{
	const git_error *last = git_error_last();

	return error_set(err, ERROR_SYSTEM, "%s: %s", what,
	    last != NULL && last->message != NULL ? last->message
						  : "no reason given");
}

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

/*
 * Open the repository a second time, for refs that must be flushed: libgit2
 * reads that option once, when it first uses its refs.
 */
static bool
open_durable(struct files *files, const char *path)
{
	git_refdb *refdb = NULL;
	bool ok;

	git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, 1);
	ok = git_repository_open_bare(&files->durable, path) == 0 &&
	    git_repository_refdb(&refdb, files->durable) == 0;
	git_refdb_free(refdb);
	git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, 0);
	return ok;
}

bool
files_open_refs(struct files *files, bool is_view, struct error *err)
{
	return (git_repository_open_bare(&files->repository, files->path) ==
		       0 &&
		   (is_view || open_durable(files, files->path))) ||
	    files_git_failed(err, files->path);
}

void
files_close_refs(struct files *files)
{
	git_repository_free(files->repository);
	git_repository_free(files->durable);
}

bool
files_name_set(struct backend *backend, const char *name, const struct oid *oid,
    struct error *err)
{
	struct files *files = files_of(backend);
	git_reference *ref = NULL;
	git_oid id;
	bool ok;

	memcpy(id.id, oid->bytes, OID_BYTES);
	/*
	 * A branch can be restored from the journal; the other refs cannot, so
	 * they are flushed.
	 */
	ok = git_reference_create(&ref,
		 strncmp(name, "refs/heads/", 11) == 0 ? files->repository
						       : files->durable,
		 name, &id, 1, NULL) == 0 ||
	    files_git_failed(err, name);
	/* A clone checks out the first branch; git warns if HEAD names none. */
	if (ok && strncmp(name, "refs/heads/", 11) == 0 &&
	    git_repository_head_unborn(files->repository) == 1)
		ok = git_repository_set_head(files->repository, name) == 0 ||
		    files_git_failed(err, "HEAD");
	git_reference_free(ref);
	return ok;
}

bool
files_name_get(struct backend *backend, const char *name, struct oid *out)
{
	git_oid id;

	if (git_reference_name_to_id(&id, files_of(backend)->repository,
		name) != 0)
		return false;
	memcpy(out->bytes, id.id, OID_BYTES);
	return true;
}
