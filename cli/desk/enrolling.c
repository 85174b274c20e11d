/*
 * Keeping the files of an enrolment, and finding those of one that was killed
 * (enrolling.h).
 */
#include "cli/desk/enrolling.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "base/limits.h"
#include "base/scratch.h"
#include "base/text.h"

/*
 * So many files an enrolment has at most, so often one is set aside, and so many
 * bytes their names have.
 */
enum { FILES = 8, ASIDES = 1000, LIST_BYTES = 64 * 1024 };

/* One of its files. */
struct kept {
	char path[FILE_PATH];
	char aside[FILE_PATH]; /* where another one went; or empty */
	bool made;             /* by an enrolment, this one or the one before */
};

struct enrolling {
	char folder[FILE_PATH];
	char list_path[FILE_PATH];
	int lock;           /* of the list, open to write */
	struct buf list;    /* a name a line, with its newline */
	struct kept *files; /* FILES of them */
	size_t num;
	bool resumed;
};

static bool
add_suffix(const char *path, const char *suffix, char out[FILE_PATH],
    struct error *err)
{
	const size_t len = strlen(path), more = strlen(suffix);

	if (len + more >= FILE_PATH)
		return error_set(err, ERROR_LIMIT,
		    "%.200s…: the path is too long", path);
	memcpy(out, path, len);
	memcpy(out + len, suffix, more + 1);
	return true;
}

static bool
name_list(const char *config, char out[FILE_PATH], struct error *err)
{
	return add_suffix(config, ".enrolling", out, err);
}

/* Is it the file of that name that is locked, and not one that was removed? */
static bool
is_current(int fd, const char *path)
{
	struct stat ours, named;

	return fstat(fd, &ours) == 0 && stat(path, &named) == 0 &&
	    ours.st_dev == named.st_dev && ours.st_ino == named.st_ino;
}

/* Lock the list, and read it; a line without an end was cut, and made nothing. */
static bool
open_list(struct enrolling *enrolling, struct error *err)
{
	struct buf *list = &enrolling->list;

	do {
		if (enrolling->lock >= 0)
			close(enrolling->lock);
		enrolling->lock = file_lock(enrolling->list_path, err);
		if (enrolling->lock < 0 && err->kind == ERROR_CONFLICT)
			return error_set(err, ERROR_CONFLICT,
			    "another enrolment goes on: answer its dialog, or"
			    " wait for its end");
		if (enrolling->lock < 0)
			return false;
	} while (!is_current(enrolling->lock, enrolling->list_path));
	if (!file_read(enrolling->list_path, LIST_BYTES, list, err))
		return false;
	while (list->len > 0 && list->data[list->len - 1] != '\n')
		list->len--;
	return true;
}

struct enrolling *
enrolling_begin(const char *config, struct error *err)
{
	struct enrolling *enrolling = calloc(1, sizeof(*enrolling));

	if (enrolling == NULL) {
		error_set_errno(err, "an enrolment");
		return NULL;
	}
	enrolling->lock = -1;
	enrolling->list = BUF(LIST_BYTES);
	file_parent(config, enrolling->folder);
	enrolling->files = calloc(FILES, sizeof(*enrolling->files));
	if (enrolling->files == NULL) {
		error_set_errno(err, "an enrolment");
		enrolling_free(enrolling);
		return NULL;
	}
	if (!name_list(config, enrolling->list_path, err) ||
	    !file_make_dirs(enrolling->folder, 0700, err) ||
	    !open_list(enrolling, err)) {
		enrolling_free(enrolling);
		return NULL;
	}
	/* What was being written when it was killed. */
	scratch_sweep(enrolling->folder);
	return enrolling;
}

void
enrolling_free(struct enrolling *enrolling)
{
	if (enrolling == NULL)
		return;
	if (enrolling->lock >= 0)
		close(enrolling->lock);
	buf_free(&enrolling->list);
	free(enrolling->files);
	free(enrolling);
}

int
enrolling_lock(const struct enrolling *enrolling)
{
	return enrolling->lock;
}

static bool
is_listed(const struct enrolling *enrolling, const char *name)
{
	struct span rest = buf_span(&enrolling->list), line;

	while (span_take_line(&rest, &line))
		if (span_eq(line, span_of_str(name)))
			return true;
	return false;
}

/* Add a name to the list, for good, before there is a file of that name. */
static bool
list_name(struct enrolling *enrolling, const char *name, struct error *err)
{
	const size_t at = enrolling->list.len;

	return buf_printf(&enrolling->list, err, "%s\n", name) &&
	    file_pwrite(enrolling->lock,
		span_of(enrolling->list.data + at, enrolling->list.len - at),
		(off_t)at, err) &&
	    (ftruncate(enrolling->lock, (off_t)enrolling->list.len) == 0 ||
		error_set_errno(err, "%s", enrolling->list_path)) &&
	    (fsync(enrolling->lock) == 0 ||
		error_set_errno(err, "%s", enrolling->list_path)) &&
	    file_sync_dir(enrolling->folder, err);
}

/* Is there such a file, with those bytes? */
static bool
is_same(const char *path, struct span bytes)
{
	struct buf there = BUF(LIMIT_KEY_BYTES);
	struct error ignored = { 0 };
	const bool same = file_read(path, LIMIT_KEY_BYTES, &there, &ignored) &&
	    there.len == bytes.len &&
	    CRYPTO_memcmp(there.data, bytes.data, bytes.len) == 0;

	if (there.len > 0)
		OPENSSL_cleanse(there.data, there.len);
	buf_free(&there);
	return same;
}

/* Is there anything of that name, also a link to what is not there now? */
static bool
is_taken(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

/*
 * Give a file another name, that no file has.  It is listed too: if this one is
 * killed as well, the next still tells of it.
 */
static bool
set_aside(struct enrolling *enrolling, const char *name, struct kept *kept,
    struct error *err)
{
	char aside[LIMIT_NAME_BYTES + 1];

	for (unsigned i = 1; i <= ASIDES; i++) {
		snprintf(aside, sizeof(aside), "%.200s.left-%u", name, i);
		if (!file_join(kept->aside, enrolling->folder, aside, err) ||
		    (!is_listed(enrolling, aside) && !is_taken(kept->aside) &&
			!list_name(enrolling, aside, err)))
			return false;
		if (link(kept->path, kept->aside) == 0)
			return unlink(kept->path) == 0 ||
			    error_set_errno(err, "%s", kept->path);
	}
	kept->aside[0] = '\0';
	return error_set(err, ERROR_CONFLICT,
	    "%s was left by an enrolment that was cut off, is another file,"
	    " and could not be set aside: move it away, and enrol again",
	    kept->path);
}

/* Another file of that name is there. */
static bool
make_way(struct enrolling *enrolling, const char *name, struct kept *kept,
    struct error *err)
{
	if (is_listed(enrolling, name))
		return set_aside(enrolling, name, kept, err);
	return error_set(err, ERROR_CONFLICT,
	    "%s is there, is another file, and was not made here: move it"
	    " away, and enrol again",
	    kept->path);
}

bool
enrolling_keep(struct enrolling *enrolling, const char *name, struct span bytes,
    char path[FILE_PATH], struct error *err)
{
	struct kept *kept = &enrolling->files[enrolling->num];

	if (enrolling->num == FILES)
		return error_set(err, ERROR_LIMIT, "more than %d files", FILES);
	*kept = (struct kept){ .made = false };
	if (!file_join(kept->path, enrolling->folder, name, err) ||
	    !text_take(path, FILE_PATH, kept->path, err))
		return false;
	if (is_same(path, bytes)) {
		kept->made = is_listed(enrolling, name);
		enrolling->resumed = enrolling->resumed || kept->made;
		enrolling->num++;
		return true;
	}
	if (is_taken(path) && !make_way(enrolling, name, kept, err))
		return false;
	/* From here on what was there is back if this fails. */
	enrolling->num++;
	kept->made =
	    (is_listed(enrolling, name) || list_name(enrolling, name, err)) &&
	    file_create(path, bytes, 0600, err);
	return kept->made;
}

static void
undo(const struct kept *kept)
{
	if (kept->made)
		unlink(kept->path);
	if (kept->aside[0] != '\0' && link(kept->aside, kept->path) == 0)
		unlink(kept->aside);
}

/* Is it one of those that were kept, or set aside, now? */
static bool
is_kept(const struct enrolling *enrolling, const char *path)
{
	for (size_t i = 0; i < enrolling->num; i++)
		if (strcmp(enrolling->files[i].path, path) == 0 ||
		    strcmp(enrolling->files[i].aside, path) == 0)
			return true;
	return false;
}

/* The files of the enrolment before that this one did not use. */
static json_t *
find_unused(const struct enrolling *enrolling)
{
	struct span rest = buf_span(&enrolling->list), line;
	char name[LIMIT_NAME_BYTES + 1], path[FILE_PATH];
	struct error ignored = { 0 };
	json_t *out = json_array();

	for (size_t i = 0; i < enrolling->num; i++)
		if (enrolling->files[i].aside[0] != '\0')
			json_array_append_new(out,
			    json_string(enrolling->files[i].aside));
	while (span_take_line(&rest, &line))
		if (span_to_str(line, name, sizeof(name)) &&
		    file_join(path, enrolling->folder, name, &ignored) &&
		    file_exists(path) && !is_kept(enrolling, path))
			json_array_append_new(out, json_string(path));
	return out;
}

void
enrolling_end(struct enrolling *enrolling, bool enrolled, json_t *out)
{
	json_t *unused = find_unused(enrolling);
	const bool any = json_array_size(unused) > 0;

	for (size_t i = 0; !enrolled && i < enrolling->num; i++)
		undo(&enrolling->files[i]);
	/* What was set aside is there again, and is still an enrolment's. */
	if (enrolled || !any)
		unlink(enrolling->list_path);
	if (enrolled && enrolling->resumed)
		json_object_set_new(out, "resumed", json_true());
	if (enrolled && any)
		json_object_set(out, "unused", unused);
	json_decref(unused);
}

bool
enrolling_was_cut(const char *config)
{
	struct error ignored = { 0 };
	char path[FILE_PATH];

	return name_list(config, path, &ignored) && file_exists(path);
}

void
enrolling_forget(const char *config)
{
	struct error ignored = { 0 };
	char path[FILE_PATH];

	if (name_list(config, path, &ignored))
		unlink(path);
}
