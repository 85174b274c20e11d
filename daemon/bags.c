#include "daemon/bags.h"

#include <dirent.h>
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

static bool
path_of(const struct bags *bags, const struct digest *digest,
    const char *ending, char out[FILE_PATH], struct error *err)
{
	char name[DIGEST_HEX + 8], hex[DIGEST_HEX];

	digest_hex(digest, hex);
	snprintf(name, sizeof(name), "%s.%s", hex, ending);
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

static void
remove_files(const struct bags *bags, const struct digest *digest)
{
	struct error ignored = { 0 };
	char path[FILE_PATH];

	if (path_of(bags, digest, "yaml", path, &ignored))
		unlink(path);
	if (path_of(bags, digest, "p7s", path, &ignored))
		unlink(path);
}

/* The lock is held, or nobody else is there yet. */
static void
add(struct bags *bags, const struct digest *digest,
    const struct waybill *waybill)
{
	struct kept *one = &bags->list[bags->next];

	if (bags->num == LIMIT_WAYBILLS)
		remove_files(bags, &one->digest);
	else
		bags->num++;
	*one = (struct kept){ .digest = *digest };
	snprintf(one->by.office, sizeof(one->by.office), "%s", waybill->from);
	snprintf(one->by.person, sizeof(one->by.person), "%s", waybill->person);
	bags->next = (bags->next + 1) % LIMIT_WAYBILLS;
}

/* One that a crash left half, or without a signature, is handed in again. */
static void
load_one(struct bags *bags, const char *name)
{
	struct buf text = BUF(LIMIT_WAYBILL_BYTES);
	struct waybill *waybill = NULL;
	struct error ignored = { 0 };
	struct digest digest;
	char path[FILE_PATH], p7s[FILE_PATH];

	if (strlen(name) != 69 || strcmp(name + 64, ".yaml") != 0 ||
	    !file_join(path, bags->dir, name, &ignored) ||
	    !file_read(path, text.max, &text, &ignored)) {
		buf_free(&text);
		return;
	}
	digest = sha256_of(buf_span(&text));
	if (bags->num < LIMIT_WAYBILLS && find(bags, &digest) == NULL &&
	    path_of(bags, &digest, "p7s", p7s, &ignored) &&
	    access(p7s, R_OK) == 0)
		waybill = waybill_parse(buf_span(&text), &ignored);
	if (waybill != NULL)
		add(bags, &digest, waybill);
	else
		unlink(path);
	free(waybill);
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
	pthread_mutex_destroy(&bags->mutex);
	free(bags);
}

bool
bags_keep(struct bags *bags, struct span yaml, struct span p7s,
    struct error *err)
{
	const struct digest digest = sha256_of(yaml);
	struct waybill *waybill = waybill_parse(yaml, err);
	char path[FILE_PATH];
	bool ok;

	/* The waybill last: where it is there, so is its signature. */
	ok = waybill != NULL && path_of(bags, &digest, "p7s", path, err) &&
	    file_write_quick(path, p7s, 0600, err) &&
	    path_of(bags, &digest, "yaml", path, err) &&
	    file_write_quick(path, yaml, 0600, err);
	pthread_mutex_lock(&bags->mutex);
	if (ok && find(bags, &digest) == NULL)
		add(bags, &digest, waybill);
	pthread_mutex_unlock(&bags->mutex);
	free(waybill);
	return ok;
}

static bool
unknown(struct error *err)
{
	return error_set(err, ERROR_CONFLICT,
	    "that waybill was not handed in: hand it in first");
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

bool
bags_read(struct bags *bags, const struct digest *digest, struct buf *yaml,
    struct buf *p7s, struct error *err)
{
	struct digest found;
	char path[FILE_PATH];

	if (!path_of(bags, digest, "yaml", path, err))
		return false;
	if (!file_read(path, yaml->max, yaml, err) ||
	    !path_of(bags, digest, "p7s", path, err) ||
	    !file_read(path, p7s->max, p7s, err))
		return unknown(err);
	found = sha256_of(buf_span(yaml));
	return digest_eq(&found, digest) || unknown(err);
}
