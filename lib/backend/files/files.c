/*
 * A git repository as a backend: opening it, and its table of functions.
 */
#include <stdlib.h>
#include <string.h>

#include "backend/files/private.h"
#include "base/text.h"

static void
close_files(struct backend *backend)
{
	struct files *files = files_of(backend);

	files_close_log(files);
	files_reserve_close(&files->reserve);
	packs_close(&files->packs);
	files_free_notes(files);
	files_git_close(files);
	pthread_mutex_destroy(&files->mutex);
	pthread_mutex_destroy(&files->opening);
	free(files);
}

static void
keep(struct backend *backend)
{
	files_of(backend)->packs.marks = true;
}

static void
release_kept(struct backend *backend)
{
	packs_release_all(&files_of(backend)->packs);
}

/* Is the object in a pack that is new? */
static bool
is_kept(struct backend *backend, const struct oid *oid)
{
	struct error ignored = { 0 };
	struct place place;
	bool kept;

	if (!packs_find(&files_of(backend)->packs, oid, &place, &ignored))
		return false;
	kept = packs_is_new(&files_of(backend)->packs, place.pack);
	packs_release(place.pack);
	return kept;
}

/* A file is near enough. */
static void
ahead(struct backend *backend, const struct oid oids[], size_t num)
{
	(void)backend, (void)oids, (void)num;
}

static const struct backend_table table = {
	.close = close_files,
	.claim = files_claim,
	.renew = files_renew,
	.propose = files_propose,
	.publish = files_publish,
	.flush_heads = files_flush_heads,
	.num_heads = files_num_heads,
	.head = files_head,
	.read = files_read,
	.log_bytes = files_log_bytes,
	.recover = files_recover,
	.settle = files_settle,
	.proposed = files_proposed,
	.stop = files_stop,
	.keep_reserve = files_keep_reserve,
	.reserve = files_reserve,
	.use_reserve = files_use_reserve,
	.has = files_has,
	.has_each = files_has_each,
	.find = files_find,
	.release = files_release,
	.ahead = ahead,
	.stream = files_stream,
	.vouch = files_vouch,
	.each = files_each,
	.begin = packer_new,
	.drop = packer_free,
	.finish = packer_finish,
	.take = packer_take,
	.is_there = packer_has,
	.object_begin = packer_begin,
	.object_piece = packer_piece,
	.object_end = packer_end,
	.object_undo = packer_undo,
	.name_get = files_name_get,
	.name_set = files_name_set,
	.each_branch = files_each_branch,
	.set_branches = files_set_branches,
	.keep = keep,
	.release_kept = release_kept,
	.is_kept = is_kept,
	.tidy = files_tidy,
	.check = files_check,
	.look = files_look,
};

/* Open the git repository and its packs. */
static bool
open_repository(struct files *files, const char *path, bool is_view,
    struct error *err)
{
	char dir[FILE_PATH];

	text_set(files->path, sizeof(files->path), path);
	/* Only looking at all of it tells. */
	files->is_foreign = is_view;
	if (!is_view)
		files_sweep_refs(path);
	return files_git_if_changed(files, err) &&
	    file_join(dir, path, "objects/pack", err) &&
	    (is_view || file_make_dirs(dir, 0700, err)) &&
	    packs_open(&files->packs, dir, err) &&
	    (is_view || !files->packs.is_ours || files_guard(files, err));
}

/*
 * Open a repository, a log, or both; is_view changes nothing on disk. is_ours:
 * they are a data folder's.
 */
static struct backend *
open_files(const char *repository, const char *log, bool is_view, bool is_ours,
    struct error *err)
{
	struct files *files = calloc(1, sizeof(*files));

	if (files == NULL) {
		error_set_errno(err, "store");
		return NULL;
	}
	files->backend.table = &table;
	files->entries = files->heads = -1;
	pthread_mutex_init(&files->mutex, NULL);
	pthread_mutex_init(&files->opening, NULL);
	files_reserve_init(&files->reserve);
	packs_init(&files->packs, is_view, is_ours);
	if ((repository == NULL ||
		open_repository(files, repository, is_view, err)) &&
	    (log == NULL || files_open_log(files, log, is_view, err)))
		return &files->backend;
	close_files(&files->backend);
	return NULL;
}

struct backend *
files_open(const char *repository, const char *log, struct error *err)
{
	return open_files(repository, log, false, false, err);
}

struct backend *
files_view(const char *repository, const char *log, struct error *err)
{
	return open_files(repository, log, true, false, err);
}

struct backend *
files_open_ours(const char *repository, const char *log, bool is_view,
    struct error *err)
{
	return open_files(repository, log, is_view, true, err);
}
