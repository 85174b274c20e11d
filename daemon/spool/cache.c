/*
 * The cache: built copies on disk, within a limit (cache.h).
 */
#include "daemon/spool/cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"

enum { COPIES = 4096 };

struct copy {
	char name[80];
	/* Used: a counter; the highest is the most recent use. */
	uint64_t size, used;
};

struct cache {
	char dir[FILE_PATH];
	uint64_t max, total, uses;
	pthread_mutex_t mutex;
	struct copy *copies; /* room for COPIES */
	/* Of each copy's name: a look goes through these, not the names. */
	uint32_t hashes[COPIES];
	size_t num;
};

struct cache *
cache_new(const char *dir, uint64_t max_bytes, struct error *err)
{
	struct cache *cache = calloc(1, sizeof(*cache));
	const struct dirent *entry;
	char path[FILE_PATH];
	DIR *folder;

	if (cache == NULL) {
		error_set_errno(err, "cache");
		return NULL;
	}
	text_set(cache->dir, sizeof(cache->dir), dir);
	cache->max = max_bytes;
	pthread_mutex_init(&cache->mutex, NULL);
	cache->copies = calloc(COPIES, sizeof(*cache->copies));
	if (cache->copies == NULL) {
		error_set_errno(err, "cache");
		cache_free(cache);
		return NULL;
	}
	/*
	 * Remove what an earlier run left; it is built again when it is wanted.
	 */
	if ((folder = opendir(dir)) == NULL) {
		error_set_errno(err, "%s", dir);
		cache_free(cache);
		return NULL;
	}
	while ((entry = readdir(folder)) != NULL)
		if (entry->d_name[0] != '.' &&
		    file_join(path, dir, entry->d_name, err))
			unlink(path);
	closedir(folder);
	return cache;
}

void
cache_free(struct cache *cache)
{
	if (cache == NULL)
		return;
	pthread_mutex_destroy(&cache->mutex);
	free(cache->copies);
	free(cache);
}

static bool
path_of(const struct cache *cache, const char *name, char out[FILE_PATH])
{
	struct error ignored = { 0 };

	return file_join(out, cache->dir, name, &ignored);
}

/* FNV-1a. */
static uint32_t
hash_name(const char *name)
{
	uint32_t hash = UINT32_C(2166136261);

	for (; *name != '\0'; name++)
		hash = (hash ^ (uint8_t)*name) * UINT32_C(16777619);
	return hash;
}

static struct copy *
find(struct cache *cache, const char *name)
{
	const uint32_t hash = hash_name(name);

	for (size_t i = 0; i < cache->num; i++)
		if (cache->hashes[i] == hash &&
		    strcmp(cache->copies[i].name, name) == 0)
			return &cache->copies[i];
	return NULL;
}

static void
forget(struct cache *cache, struct copy *copy)
{
	char path[FILE_PATH];

	if (path_of(cache, copy->name, path))
		unlink(path);
	cache->total -= copy->size;
	*copy = cache->copies[--cache->num];
	cache->hashes[copy - cache->copies] = cache->hashes[cache->num];
}

bool
cache_has(struct cache *cache, const char *name)
{
	bool has;

	pthread_mutex_lock(&cache->mutex);
	has = find(cache, name) != NULL;
	pthread_mutex_unlock(&cache->mutex);
	return has;
}

int
cache_open(struct cache *cache, const char *name, uint64_t *size)
{
	char path[FILE_PATH];
	struct copy *copy;
	int fd = -1;

	pthread_mutex_lock(&cache->mutex);
	copy = find(cache, name);
	if (copy != NULL && path_of(cache, name, path)) {
		fd = open(path, O_RDONLY | O_CLOEXEC);
		*size = copy->size;
		copy->used = ++cache->uses;
		if (fd < 0) /* somebody emptied the folder */
			forget(cache, copy);
	}
	pthread_mutex_unlock(&cache->mutex);
	return fd;
}

/* Forget the copy that was not used for longest; there is one. */
static void
forget_oldest(struct cache *cache)
{
	struct copy *oldest = &cache->copies[0];

	for (size_t i = 1; i < cache->num; i++)
		if (cache->copies[i].used < oldest->used)
			oldest = &cache->copies[i];
	forget(cache, oldest);
}

uint64_t
cache_bytes(struct cache *cache)
{
	uint64_t bytes;

	pthread_mutex_lock(&cache->mutex);
	bytes = cache->total;
	pthread_mutex_unlock(&cache->mutex);
	return bytes;
}

void
cache_shrink(struct cache *cache, uint64_t bytes)
{
	uint64_t wanted;

	pthread_mutex_lock(&cache->mutex);
	wanted = cache->total > bytes ? cache->total - bytes : 0;
	while (cache->num > 0 && cache->total > wanted)
		forget_oldest(cache);
	pthread_mutex_unlock(&cache->mutex);
}

void
cache_put(struct cache *cache, const char *name, int fd, uint64_t size)
{
	char path[FILE_PATH], from[64];

	if (size > cache->max || strlen(name) >= sizeof(cache->copies->name) ||
	    !path_of(cache, name, path))
		return;
	snprintf(from, sizeof(from), "/proc/self/fd/%d", fd);
	pthread_mutex_lock(&cache->mutex);
	while (cache->num > 0 &&
	    (cache->total + size > cache->max || cache->num == COPIES))
		forget_oldest(cache);
	/*
	 * Without O_TMPFILE the file cannot be linked, and is built each time.
	 */
	if (find(cache, name) == NULL &&
	    linkat(AT_FDCWD, from, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0) {
		struct copy *copy = &cache->copies[cache->num];

		*copy = (struct copy){ .size = size, .used = ++cache->uses };
		text_set(copy->name, sizeof(copy->name), name);
		cache->hashes[cache->num++] = hash_name(name);
		cache->total += size;
	}
	pthread_mutex_unlock(&cache->mutex);
}
