#include "daemon/bags.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct kept {
	struct digest digest;
	struct dispatcher by;
};

struct bags {
	char dir[FILE_PATH];
	pthread_mutex_t mutex;
	struct kept list[LIMIT_WAYBILLS]; /* the oldest goes for a new one */
	size_t num, next;
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

/* The lock is held, or nobody else is there yet. */
static const struct kept *
find(const struct bags *bags, const struct digest *digest)
{
	for (size_t i = 0; i < bags->num; i++)
		if (digest_eq(&bags->list[i].digest, digest))
			return &bags->list[i];
	return NULL;
}

/* The lock is held, or nobody else is there yet. */
static void
add(struct bags *bags, const struct digest *digest,
    const struct waybill *waybill)
{
	struct kept *one = &bags->list[bags->next];
	struct error ignored = { 0 };
	char path[FILE_PATH];

	if (bags->num < LIMIT_WAYBILLS)
		bags->num++;
	else if (path_of(bags, &one->digest, path, &ignored))
		unlink(path);
	*one = (struct kept){ .digest = *digest };
	snprintf(one->by.office, sizeof(one->by.office), "%s", waybill->from);
	snprintf(one->by.person, sizeof(one->by.person), "%s", waybill->person);
	bags->next = (bags->next + 1) % LIMIT_WAYBILLS;
}

/* The waybill in a file that is named by its digest, or NULL. */
static struct container *
read_file(const char *path, const struct digest *digest, struct error *err)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct container *files = fd < 0 ? NULL :
					   container_read_files(fd, err);
	const struct member *yaml = files != NULL ?
	    container_find(files, PATH_WAYBILL) :
	    NULL;
	struct digest found = { { 0 } };

	if (fd >= 0)
		close(fd);
	if (yaml != NULL)
		found = sha256_of(member_bytes(yaml));
	if (yaml != NULL && digest_eq(&found, digest) &&
	    container_find(files, PATH_WAYBILL_SIGNATURE) != NULL)
		return files;
	container_free(files);
	return NULL;
}

/* One that a crash left half, or that an earlier program kept, goes. */
static void
load_one(struct bags *bags, const char *name)
{
	struct container *files = NULL;
	struct waybill *waybill = NULL;
	struct error ignored = { 0 };
	struct digest digest;
	char path[FILE_PATH];

	if (name[0] == '.' || !file_join(path, bags->dir, name, &ignored))
		return;
	if (strlen(name) == DIGEST_HEX - 1 + strlen(ENDING) &&
	    strcmp(name + DIGEST_HEX - 1, ENDING) == 0 &&
	    digest_parse(span_of(name, DIGEST_HEX - 1), &digest) &&
	    bags->num < LIMIT_WAYBILLS)
		files = read_file(path, &digest, &ignored);
	if (files != NULL)
		waybill = waybill_parse(
		    member_bytes(container_find(files, PATH_WAYBILL)),
		    &ignored);
	if (waybill != NULL)
		add(bags, &digest, waybill);
	else
		unlink(path);
	free(waybill);
	container_free(files);
}

struct bags *
bags_new(const char *dir, struct error *err)
{
	struct bags *bags = calloc(1, sizeof(*bags));
	const struct dirent *entry;
	DIR *folder = NULL;

	if (bags == NULL) {
		error_set_errno(err, "bags");
		return NULL;
	}
	pthread_mutex_init(&bags->mutex, NULL);
	snprintf(bags->dir, sizeof(bags->dir), "%s", dir);
	if (!file_make_dirs(dir, 0700, err) ||
	    (folder = opendir(dir)) == NULL) {
		if (err->kind == ERROR_NONE)
			error_set_errno(err, "%s", dir);
		bags_free(bags);
		return NULL;
	}
	while ((entry = readdir(folder)) != NULL)
		load_one(bags, entry->d_name);
	closedir(folder);
	return bags;
}

void
bags_free(struct bags *bags)
{
	if (bags == NULL)
		return;
	pthread_mutex_destroy(&bags->mutex);
	free(bags);
}

bool
bags_keep(struct bags *bags, const struct digest *digest,
    const struct waybill *waybill, struct span zip, struct error *err)
{
	char path[FILE_PATH];

	if (!path_of(bags, digest, path, err) ||
	    !file_write_quick(path, zip, 0600, err))
		return false;
	pthread_mutex_lock(&bags->mutex);
	if (find(bags, digest) == NULL)
		add(bags, digest, waybill);
	pthread_mutex_unlock(&bags->mutex);
	return true;
}

bool
bags_find(struct bags *bags, const struct digest *digest,
    struct dispatcher *out)
{
	const struct kept *kept;

	pthread_mutex_lock(&bags->mutex);
	kept = find(bags, digest);
	if (kept != NULL)
		*out = kept->by;
	pthread_mutex_unlock(&bags->mutex);
	return kept != NULL;
}

struct container *
bags_read(struct bags *bags, const struct digest *digest, struct error *err)
{
	struct container *files = NULL;
	struct error ignored = { 0 };
	char path[FILE_PATH];

	if (path_of(bags, digest, path, err))
		files = read_file(path, digest, &ignored);
	if (files == NULL)
		error_set(err, ERROR_CONFLICT,
		    "that waybill was not handed in: hand it in first");
	return files;
}
