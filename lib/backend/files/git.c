/*
 * The repository itself: making an empty one, and opening it by libgit2. That
 * costs as much as judging a hundred signatures, since libgit2 reads all CAs of
 * the machine when it begins, and libgit2 does not outlive a failed malloc: a
 * repository that is as we made it is opened by libgit2 only to read objects
 * that somebody else packed.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "backend/files/private.h"

enum { OPEN_PACKS = 16 }; /* open files of libgit2, besides ours */

#define DESCRIPTION "Documents kept by Valise; written by valised only.\n"
/*
 * For a repack by hand: do not make deltas, do not prune. The packs of a data
 * folder are kept from it anyway (guard.c).
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
	"[repack]\n"                                                           \
	"\tpackKeptObjects = false\n"                                          \
	"[receive]\n"                                                          \
	"\tdenyNonFastForwards = true\n"

#define ATTRIBUTES "* -delta\n"

/* Folders of a repository, where one may be missing. */
static const char *const folders[] = { "info", "objects/info", "objects/pack",
	"refs/heads", "refs/tags" };

const struct files_constant files_constants[FILES_CONSTANTS] = {
	{ "config", CONFIG },
	{ "info/attributes", ATTRIBUTES },
};

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
	    create_file(path, "HEAD", FILES_HEAD_PREFIX "master\n", err);
}

bool
files_create_ours(const char *path, struct error *err)
{
	return files_create(path, err) &&
	    create_file(path, "info/attributes", ATTRIBUTES, err);
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
	    span_starts(line, FILES_HEAD_PREFIX) &&
	    line.len > sizeof(FILES_HEAD_PREFIX) - 1 &&
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

/* Does text end so?  The message of a failed call ends with strerror(errno). */
static bool
ends_with(const char *text, const char *end)
{
	const size_t len = strlen(text), end_len = strlen(end);

	return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

bool
files_git_failed(struct error *err, const char *what)
{
	const git_error *last = git_error_last();
	const bool is_known = last != NULL && last->message != NULL;

	error_set_outside(err, "%s: %s", what,
	    is_known ? last->message : "no reason given");
	if (is_known && last->klass == GIT_ERROR_OS) {
		err->is_full = ends_with(last->message, strerror(ENOSPC)) ||
		    ends_with(last->message, strerror(EDQUOT));
		err->is_of_machine = !err->is_full;
	}
	return false;
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
		ok = git_repository_open_bare(&files->repository,
			 files->path) == 0 ||
		    files_git_failed(err, files->path);
		files->is_open = ok;
	}
	pthread_mutex_unlock(&files->opening);
	return ok;
}

bool
files_git_if_changed(struct files *files, struct error *err)
{
	return files->packs.is_ours || is_as_made(files->path) ||
	    files_git(files, err);
}

void
files_git_close(struct files *files)
{
	git_repository_free(files->repository);
	if (files->is_begun)
		git_libgit2_shutdown();
}
