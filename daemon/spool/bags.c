/*
 * The waybills that were handed in, kept as files of the spool (bags.h).
 */
#include "daemon/spool/bags.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bag/slip.h"
#include "base/list.h"
#include "base/text.h"
#include "daemon/log.h"

struct kept {
	struct digest digest;
	struct dispatcher by;
	uint64_t order; /* of being handed in: the oldest has the lowest */
	uint64_t round; /* the last in which its office was counted */
};

struct bags {
	char dir[FILE_PATH];
	pthread_mutex_t mutex;
	struct kept *list;
	size_t num;
	uint64_t order, round;
};

#define ENDING ".zip"

static bool
path_of(const struct bags *bags, const struct digest *digest,
    char out[FILE_PATH], struct error *err)
{
	char name[DIGEST_HEX + 8], hex[DIGEST_HEX];

	digest_hex(digest, hex);
	snprintf(name, sizeof(name), "%s" ENDING, hex);
	return file_join(out, bags->dir, name, err);
}

/* The lock is held, or no other thread exists yet. */
static const struct kept *
find(const struct bags *bags, const struct digest *digest)
{
	for (size_t i = 0; i < bags->num; i++)
		if (digest_eq(&bags->list[i].digest, digest))
			return &bags->list[i];
	return NULL;
}

/* The oldest of an office, and how many it has. */
static struct kept *
oldest_of(struct bags *bags, const char *office, size_t *num)
{
	struct kept *found = NULL;

	*num = 0;
	for (size_t i = 0; i < bags->num; i++) {
		struct kept *one = &bags->list[i];

		if (strcmp(one->by.office, office) != 0)
			continue;
		one->round = bags->round;
		(*num)++;
		if (found == NULL || one->order < found->order)
			found = one;
	}
	return found;
}

/*
 * When the list is full a new one replaces the oldest of the office that has
 * most: who hands in many loses its own.
 */
static struct kept *
to_replace(struct bags *bags)
{
	struct kept *found = NULL;
	size_t most = 0, num;

	bags->round++;
	for (size_t i = 0; i < bags->num; i++) {
		struct kept *oldest;

		if (bags->list[i].round == bags->round)
			continue;
		oldest = oldest_of(bags, bags->list[i].by.office, &num);
		if (num > most) {
			most = num;
			found = oldest;
		}
	}
	return found;
}

/* The lock is held, or no other thread exists yet. */
static bool
add(struct bags *bags, const struct digest *digest,
    const struct waybill *waybill, struct error *err)
{
	struct error ignored = { 0 };
	struct kept *one;
	char path[FILE_PATH];

	if (bags->num < LIMIT_WAYBILLS) {
		one = list_add(&bags->list, &bags->num, sizeof(*bags->list),
		    LIMIT_WAYBILLS, "waybills", err);
		if (one == NULL)
			return false;
	} else {
		one = to_replace(bags);
		if (path_of(bags, &one->digest, path, &ignored))
			unlink(path);
	}
	*one = (struct kept){ .digest = *digest, .order = bags->order++ };
	text_set(one->by.office, sizeof(one->by.office), waybill->from);
	text_set(one->by.person, sizeof(one->by.person), waybill->person);
	return true;
}

/* Read what was handed in with the waybill of that digest. */
static struct container *
read_zip(int fd, const struct digest *digest, struct error *err)
{
	struct container *files =
	    container_read_files_within(fd, &files_of_bag, err);
	const struct member *yaml;
	struct digest found;

	if (files == NULL)
		return NULL;
	yaml = container_find(files, PATH_WAYBILL);
	if (yaml != NULL)
		found = sha256_of(member_bytes(yaml));
	if (yaml != NULL && digest_eq(&found, digest) &&
	    container_find(files, PATH_WAYBILL_SIGNATURE) != NULL)
		return files;
	container_free(files);
	error_set(err, ERROR_MALFORMED,
	    "it has not the waybill of its name, and its signature");
	return NULL;
}

/*
 * Read the file of the waybill with that digest.
 *
 * ERROR_NOT_FOUND  there is no file
 * ERROR_MALFORMED  it is not what was handed in: a crash left half of it
 *  others           it could not be read now, but may be good
 */
static struct container *
read_file(const struct bags *bags, const struct digest *digest,
    struct error *err)
{
	char path[FILE_PATH];
	struct container *files;
	int fd;

	if (!path_of(bags, digest, path, err))
		return NULL;
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0) {
		const bool is_none = errno == ENOENT;

		error_set_errno(err, "%s", path);
		if (is_none)
			err->kind = ERROR_NOT_FOUND;
		return NULL;
	}
	files = read_zip(fd, digest, err);
	close(fd);
	if (files == NULL)
		error_context(err, "%s", path);
	return files;
}

struct container *
bags_parse(struct span zip, const char *folder, const struct digest *waybill,
    struct error *err)
{
	struct container *files = NULL;
	const int fd = file_temporary(folder, err);

	if (fd < 0)
		return NULL;
	if (file_pwrite(fd, zip, 0, err))
		files = read_zip(fd, waybill, err);
	close(fd);
	return files;
}

/* Put a file that an earlier run left into the list. */
static bool
load_one(struct bags *bags, const struct digest *digest, struct error *err)
{
	struct container *files = read_file(bags, digest, err);
	struct waybill *waybill = files != NULL
	    ? waybill_parse(member_bytes(container_find(files, PATH_WAYBILL)),
		  err)
	    : NULL;
	const bool ok = waybill != NULL && add(bags, digest, waybill, err);

	waybill_free(waybill);
	container_free(files);
	return ok;
}

/*
 * Load a file by its name.  One that a crash left half, or that an earlier
 * version wrote, is removed.  One that cannot be read now stays, and is read
 * when somebody names its waybill.
 */
static void
load_name(struct bags *bags, const char *name)
{
	struct error err = { 0 }, ignored = { 0 };
	struct digest digest;
	char path[FILE_PATH];

	if (name[0] == '.' || !file_join(path, bags->dir, name, &ignored))
		return;
	if (strlen(name) != DIGEST_HEX - 1 + strlen(ENDING) ||
	    strcmp(name + DIGEST_HEX - 1, ENDING) != 0 ||
	    !digest_parse(span_of(name, DIGEST_HEX - 1), &digest) ||
	    bags->num == LIMIT_WAYBILLS)
		unlink(path);
	else if (!load_one(bags, &digest, &err)) {
		log_warning("waybill", "result=%s reason=%s",
		    err.kind == ERROR_MALFORMED ? "dropped" : "not_read",
		    log_text(err.detail));
		if (err.kind == ERROR_MALFORMED)
			unlink(path);
	}
}

struct bags *
bags_at(const char *dir, struct error *err)
{
	struct bags *bags = calloc(1, sizeof(*bags));

	if (bags == NULL) {
		error_set_errno(err, "bags");
		return NULL;
	}
	pthread_mutex_init(&bags->mutex, NULL);
	text_set(bags->dir, sizeof(bags->dir), dir);
	return bags;
}

struct bags *
bags_new(const char *dir, struct error *err)
{
	struct bags *bags = bags_at(dir, err);
	const struct dirent *entry;
	DIR *folder = NULL;

	if (bags == NULL)
		return NULL;
	if (!file_make_dirs(dir, 0700, err) ||
	    (folder = opendir(dir)) == NULL) {
		if (err->kind == ERROR_NONE)
			error_set_errno(err, "%s", dir);
		bags_free(bags);
		return NULL;
	}
	while ((entry = readdir(folder)) != NULL)
		load_name(bags, entry->d_name);
	closedir(folder);
	return bags;
}

void
bags_free(struct bags *bags)
{
	if (bags == NULL)
		return;
	pthread_mutex_destroy(&bags->mutex);
	free(bags->list);
	free(bags);
}

bool
bags_keep(struct bags *bags, const struct digest *digest,
    const struct waybill *waybill, struct span zip, struct error *err)
{
	char path[FILE_PATH];
	bool ok;

	if (!path_of(bags, digest, path, err) ||
	    !file_write_quick(path, zip, 0600, err))
		return false;
	pthread_mutex_lock(&bags->mutex);
	ok = find(bags, digest) != NULL || add(bags, digest, waybill, err);
	pthread_mutex_unlock(&bags->mutex);
	return ok;
}

/* Set err: the waybill is not here, and what to do.  Returns false. */
static bool
tell_missing(struct error *err)
{
	if (err->kind == ERROR_NOT_FOUND)
		return error_set(err, ERROR_CONFLICT,
		    "that waybill was not handed in: hand it in first");
	if (err->kind == ERROR_MALFORMED)
		return error_set(err, ERROR_CONFLICT,
		    "what was kept of that waybill is damaged: hand it in"
		    " again");
	return false;
}

bool
bags_find(struct bags *bags, const struct digest *digest,
    struct dispatcher *out, struct error *err)
{
	const struct kept *kept;
	bool ok;

	pthread_mutex_lock(&bags->mutex);
	ok = find(bags, digest) != NULL || load_one(bags, digest, err);
	kept = find(bags, digest);
	if (kept != NULL)
		*out = kept->by;
	pthread_mutex_unlock(&bags->mutex);
	return ok || tell_missing(err);
}

struct container *
bags_read(struct bags *bags, const struct digest *digest, struct error *err)
{
	struct container *files = read_file(bags, digest, err);

	if (files == NULL)
		tell_missing(err);
	return files;
}

/* --- Sharing. --- */

struct sharing {
	struct bags *bags;
	const struct digest *waybill;
	bags_check *check;
	void *arg;
	struct exhibits_shared *out;
	struct buf own;   /* what this folder has; empty: nothing */
	struct buf found; /* the first good one that the backend has */
	bool is_there;    /* the backend has our own */
};

/* Is an exhibit good?  Its reason does not matter: another may be. */
static bool
is_good(const struct sharing *it, struct span zip)
{
	struct error why = { 0 };
	struct container *files =
	    bags_parse(zip, it->bags->dir, it->waybill, &why);
	const bool ok =
	    files != NULL && it->check(it->arg, it->waybill, files, &why);

	container_free(files);
	return ok;
}

/* An exhibit_visitor. */
static bool
look_at(void *arg, const struct exhibit *exhibit, struct error *err)
{
	struct sharing *it = arg;

	if (exhibit->is_damaged) {
		it->out->refused++;
		return true;
	}
	if (it->own.len > 0 && span_eq(exhibit->bytes, buf_span(&it->own))) {
		it->is_there = true;
		return true;
	}
	if (!is_good(it, exhibit->bytes)) {
		it->out->refused++;
		return true;
	}
	return it->found.len > 0 || buf_append(&it->found, exhibit->bytes, err);
}

/* Get what this folder has of the waybill; nothing, if it is not good. */
static bool
read_own(struct sharing *it, struct error *err)
{
	struct error why = { 0 };
	struct container *files = read_file(it->bags, it->waybill, &why);
	char path[FILE_PATH];

	container_free(files);
	if (files != NULL)
		return path_of(it->bags, it->waybill, path, err) &&
		    file_read(path, it->own.max, &it->own, err);
	if (why.kind == ERROR_NOT_FOUND || why.kind == ERROR_MALFORMED)
		return true;
	*err = why;
	return false;
}

/* Keep what the backend has. */
static bool
take_found(const struct sharing *it, struct error *err)
{
	struct bags *bags = it->bags;
	char path[FILE_PATH];
	bool ok;

	if (!path_of(bags, it->waybill, path, err) ||
	    !file_write_quick(path, buf_span(&it->found), 0600, err))
		return false;
	pthread_mutex_lock(&bags->mutex);
	ok =
	    find(bags, it->waybill) != NULL || load_one(bags, it->waybill, err);
	pthread_mutex_unlock(&bags->mutex);
	return ok;
}

/* Bring it to where it is not. */
static bool
bring(const struct sharing *it, struct backend *backend, enum exhibits_way way,
    struct error *err)
{
	const struct exhibit exhibit = { .kind = EXHIBIT_WAYBILL,
		.name = digest_span(it->waybill),
		.bytes = buf_span(&it->own) };

	if (it->own.len == 0 && it->found.len > 0) {
		it->out->taken++;
		return (way & EXHIBITS_TAKE) == 0 || take_found(it, err);
	}
	if (it->own.len > 0 && !it->is_there && it->found.len == 0) {
		it->out->given++;
		return (way & EXHIBITS_GIVE) == 0 ||
		    backend->table->add_exhibits(backend, &exhibit, 1, err);
	}
	return true;
}

bool
bags_share(struct bags *bags, struct backend *backend,
    const struct digest *waybill, enum exhibits_way way, bags_check *check,
    void *arg, struct exhibits_shared *out, struct error *err)
{
	const size_t most = exhibit_limit(EXHIBIT_WAYBILL);
	const struct span name = digest_span(waybill);
	struct sharing it = { .bags = bags,
		.waybill = waybill,
		.check = check,
		.arg = arg,
		.out = out,
		.own = BUF(most),
		.found = BUF(most) };
	bool ok;

	if (backend->table->each_exhibit == NULL)
		return true;
	ok = read_own(&it, err) &&
	    backend->table->each_exhibit(backend, EXHIBIT_WAYBILL, &name,
		look_at, &it, err) &&
	    bring(&it, backend, way, err);
	buf_free(&it.own);
	buf_free(&it.found);
	return ok;
}
