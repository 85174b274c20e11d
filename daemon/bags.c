#include "daemon/bags.h"

#include <dirent.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct kept {
	struct digest digest;
	struct waybill *waybill;
};

struct bags {
	char dir[FILE_PATH];
	pthread_mutex_t mutex;
	struct kept list[LIMIT_WAYBILLS]; /* the oldest goes for a new one */
	size_t num, next;
};

static bool
path_of(const struct bags *bags, const struct digest *digest,
    char out[FILE_PATH], struct error *err)
{
	char name[DIGEST_HEX + 8], hex[DIGEST_HEX];

	digest_hex(digest, hex);
	snprintf(name, sizeof(name), "%s.yaml", hex);
	return file_join(out, bags->dir, name, err);
}

static const struct waybill *
find(const struct bags *bags, const struct digest *digest)
{
	for (size_t i = 0; i < bags->num; i++)
		if (digest_eq(&bags->list[i].digest, digest))
			return bags->list[i].waybill;
	return NULL;
}

/* The lock is held, or nobody else is there yet. */
static void
add(struct bags *bags, const struct digest *digest, struct waybill *waybill)
{
	struct kept *one = &bags->list[bags->next];
	struct error ignored = { 0 };
	char path[FILE_PATH];

	if (bags->num == LIMIT_WAYBILLS) {
		if (path_of(bags, &one->digest, path, &ignored))
			unlink(path);
		free(one->waybill);
	} else {
		bags->num++;
	}
	*one = (struct kept){ *digest, waybill };
	bags->next = (bags->next + 1) % LIMIT_WAYBILLS;
}

static void
load_one(struct bags *bags, const char *name)
{
	struct buf text = BUF(LIMIT_WAYBILL_BYTES);
	struct waybill *waybill = NULL;
	struct error ignored = { 0 };
	struct digest digest;
	char path[FILE_PATH];

	if (strlen(name) != 69 || strcmp(name + 64, ".yaml") != 0 ||
	    !file_join(path, bags->dir, name, &ignored) ||
	    !file_read(path, text.max, &text, &ignored)) {
		buf_free(&text);
		return;
	}
	digest = sha256_of(buf_span(&text));
	/* One that a crash left half is handed in again. */
	if (bags->num < LIMIT_WAYBILLS && find(bags, &digest) == NULL)
		waybill = waybill_parse(buf_span(&text), &ignored);
	if (waybill != NULL)
		add(bags, &digest, waybill);
	buf_free(&text);
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
	for (size_t i = 0; i < bags->num; i++)
		free(bags->list[i].waybill);
	pthread_mutex_destroy(&bags->mutex);
	free(bags);
}

bool
bags_keep(struct bags *bags, struct span text, struct error *err)
{
	const struct digest digest = sha256_of(text);
	struct waybill *waybill = waybill_parse(text, err);
	char path[FILE_PATH];
	bool ok;

	ok = waybill != NULL && path_of(bags, &digest, path, err) &&
	    file_write_quick(path, text, 0600, err);
	pthread_mutex_lock(&bags->mutex);
	if (ok && find(bags, &digest) == NULL) {
		add(bags, &digest, waybill);
		waybill = NULL;
	}
	pthread_mutex_unlock(&bags->mutex);
	free(waybill);
	return ok;
}

bool
bags_find(struct bags *bags, const struct digest *digest,
    struct stand_in *out)
{
	const struct waybill *waybill;

	pthread_mutex_lock(&bags->mutex);
	waybill = find(bags, digest);
	if (waybill != NULL) {
		snprintf(out->office, sizeof(out->office), "%s",
		    waybill->from);
		snprintf(out->person, sizeof(out->person), "%s",
		    waybill->person);
		out->dispatched_at = waybill->dispatched_at;
	}
	pthread_mutex_unlock(&bags->mutex);
	return waybill != NULL;
}

bool
bags_list(struct bags *bags, const struct digest *digest, const char *folder,
    const struct digest *sha256)
{
	const struct waybill *waybill;
	bool found = false;

	pthread_mutex_lock(&bags->mutex);
	waybill = find(bags, digest);
	for (size_t i = 0; waybill != NULL && i < waybill->num && !found; i++)
		found = strncmp(waybill->files[i].path, folder,
			    strlen(folder)) == 0 &&
		    digest_eq(&waybill->files[i].sha256, sha256);
	pthread_mutex_unlock(&bags->mutex);
	return found;
}
