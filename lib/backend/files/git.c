/*
 * The repository itself: making an empty one, and opening it by libgit2. That
 * costs as much as judging a hundred signatures, since libgit2 reads all CAs of
 * the machine when it begins: a repository that is as we made it is opened by
 * libgit2 only for what it alone does.
 */
#include <string.h>
#include <sys/stat.h>

#include "backend/files/private.h"

enum { OPEN_PACKS = 16 }; /* open files of libgit2, besides ours */

#define DESCRIPTION "Documents kept by Valise; written by valised only.\n"
#define HEAD_PREFIX "ref: refs/heads/"
/*
 * For a repack by hand: do not make deltas of large texts, do not prune.
 */
#define CONFIG                                                                 \
	"[core]\n"                                                             \
	"\tbare = true\n"                                                      \
	"\trepositoryformatversion = 0\n"                                      \
	"\tfilemode = true\n"                                                  \
	"\tbigFileThreshold = 1m\n"                                            \
	"[gc]\n"                                                               \
	"\tauto = 0\n"                                                         \
	"\tpruneExpire = never\n"                                              \
	"[receive]\n"                                                          \
	"\tdenyNonFastForwards = true\n"

/* Folders of a repository, where one may be missing. */
static const char *const folders[] = { "objects/info", "objects/pack",
	"refs/heads", "refs/tags" };

static bool
create_file(const char *path, const char *name, const char *text,
    struct error *err)
{
	char file[FILE_PATH];

	return file_join(file, path, name, err) &&
	    file_create(file, span_of_str(text), 0644, err);
}

bool
files_create(const char *path, struct error *err)
{
	char folder[FILE_PATH];
	bool ok = true;

	for (size_t i = 0; ok && i < sizeof(folders) / sizeof(folders[0]); i++)
		ok = file_join(folder, path, folders[i], err) &&
		    file_make_dirs(folder, 0755, err);
	return ok && create_file(path, "description", DESCRIPTION, err) &&
	    create_file(path, "config", CONFIG, err) &&
	    create_file(path, "HEAD", HEAD_PREFIX "master\n", err);
}

/* Read a small file of the repository; false if it is larger, or not there. */
static bool
read_small(const char *path, const char *name, struct buf *out)
{
	struct error ignored = { 0 };
	char file[FILE_PATH];

	return file_join(file, path, name, &ignored) &&
	    file_read(file, out->max, out, &ignored);
}

static bool
is_folder(const char *path, const char *name)
{
	struct error ignored = { 0 };
	char folder[FILE_PATH];
	struct stat st;

	return file_join(folder, path, name, &ignored) &&
	    stat(folder, &st) == 0 && S_ISDIR(st.st_mode);
}

/*
 * Would libgit2 open it? Of one that somebody changed it says itself what is
 * wrong.
 */
static bool
is_as_made(const char *path)
{
	struct buf config = BUF(sizeof(CONFIG) - 1), head = BUF(4096);
	struct span rest, line;
	bool ok;

	ok = read_small(path, "config", &config) &&
	    span_is(buf_span(&config), CONFIG) &&
	    read_small(path, "HEAD", &head) && is_folder(path, "objects") &&
	    is_folder(path, "refs");
	rest = buf_span(&head);
	ok = ok && span_take_line(&rest, &line) && rest.len == 0 &&
	    span_starts(line, HEAD_PREFIX) &&
	    line.len > sizeof(HEAD_PREFIX) - 1 &&
	    memchr(line.data, '\0', line.len) == NULL;
	buf_free(&config);
	buf_free(&head);
	return ok;
}

static void
begin(void)
{
	git_libgit2_init();
	/*
	 * Do not read the machine's and the users' git configuration: it is not
	 * meant for this repository.
	 */
	for (int level = GIT_CONFIG_LEVEL_PROGRAMDATA;
	     level <= GIT_CONFIG_LEVEL_GLOBAL; level++)
		git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, level, "");
	/*
	 * libgit2 keeps a joined and deleted pack open; this limits how many.
	 */
	git_libgit2_opts(GIT_OPT_SET_MWINDOW_FILE_LIMIT, (size_t)OPEN_PACKS);
}

bool
files_git_failed(struct error *err, const char *what)
{
	const git_error *last = git_error_last();

	return error_set(err, ERROR_SYSTEM, "%s: %s", what,
	    last != NULL && last->message != NULL ? last->message
						  : "no reason given");
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

static bool
open_repository(struct files *files, bool is_view, struct error *err)
{
	return (git_repository_open_bare(&files->repository, files->path) ==
		       0 &&
		   (is_view || open_durable(files, files->path))) ||
	    files_git_failed(err, files->path);
}

bool
files_git(struct files *files, struct error *err)
{
	bool ok = true;

	pthread_mutex_lock(&files->opening);
	if (!files->is_open) {
		if (!files->is_begun)
			begin();
		files->is_begun = true;
		ok = open_repository(files, files->packs.is_view, err);
		files->is_open = ok;
	}
	pthread_mutex_unlock(&files->opening);
	return ok;
}

bool
files_git_if_changed(struct files *files, struct error *err)
{
	return is_as_made(files->path) || files_git(files, err);
}

void
files_git_close(struct files *files)
{
	git_repository_free(files->repository);
	git_repository_free(files->durable);
	if (files->is_begun)
		git_libgit2_shutdown();
}
