/*
 * The log's reserve: a file whose only use is the room that it takes.  When the
 * disk is full the log cuts it short, a step at a time, and has that room for
 * its own files.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "backend/files/private.h"

enum {
	STEP = 1 << 20,     /* given up at once */
	AHEAD = 256 * 1024, /* allocated beyond what is needed */
	PART = 4,           /* of a small disk no more than a quarter */
};

void
files_reserve_init(struct reserve *reserve)
{
	pthread_mutex_init(&reserve->mutex, NULL);
	reserve->fd = -1;
}

void
files_reserve_close(struct reserve *reserve)
{
	if (reserve->fd >= 0)
		close(reserve->fd);
	pthread_mutex_destroy(&reserve->mutex);
}

/* Open the file, which is made if need be; the mutex is held. */
static bool
open_reserve(struct files *files, struct error *err)
{
	struct reserve *reserve = &files->reserve;
	char path[FILE_PATH];
	struct stat st;

	if (reserve->fd >= 0)
		return true;
	if (!file_join(path, files->log, "reserve", err))
		return false;
	reserve->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (reserve->fd < 0)
		return error_set_errno(err, "%s", path);
	/* What is there may have holes, if it was copied: count its blocks. */
	if (fstat(reserve->fd, &st) == 0) {
		reserve->has = (uint64_t)st.st_blocks * 512;
		if (reserve->has > (uint64_t)st.st_size)
			reserve->has = (uint64_t)st.st_size;
	}
	return true;
}

/* Half of what is free, so that others have some, too. */
static uint64_t
may_grow(const struct reserve *reserve)
{
	const uint64_t wants = reserve->wanted - reserve->has;
	struct statvfs disk;
	uint64_t free_bytes;

	if (fstatvfs(reserve->fd, &disk) != 0)
		return wants;
	free_bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
	return wants <= free_bytes / 2 ? wants : free_bytes / 2;
}

/* Returns how much of a disk of this size is kept back. */
static uint64_t
bounded(const struct reserve *reserve, uint64_t bytes)
{
	struct statvfs disk;
	uint64_t part;

	if (reserve->fd < 0 || fstatvfs(reserve->fd, &disk) != 0)
		return bytes;
	part = (uint64_t)disk.f_blocks * disk.f_frsize / PART;
	return bytes < part ? bytes : part;
}

/* Make the file as long as it should be, or as there is room for. */
static bool
grow(struct reserve *reserve, struct error *err)
{
	const uint64_t more = may_grow(reserve);

	if (more == 0)
		return true;
	if (fallocate(reserve->fd, 0, 0, (off_t)(reserve->has + more)) == 0) {
		reserve->has += more;
		return true;
	}
	error_set_errno(err, "journal/reserve");
	/* Some file systems keep what they had found until then. */
	if (ftruncate(reserve->fd, (off_t)reserve->has) != 0)
		return false;
	return err->is_full;
}

bool
files_keep_reserve(struct backend *backend, uint64_t bytes, struct error *err)
{
	struct files *files = files_of(backend);
	struct reserve *reserve = &files->reserve;
	struct error why = { 0 };
	bool ok;

	pthread_mutex_lock(&reserve->mutex);
	ok = open_reserve(files, &why);
	bytes = bounded(reserve, bytes);
	reserve->wanted = bytes;
	if (ok && reserve->has > bytes) {
		ok = ftruncate(reserve->fd, (off_t)bytes) == 0 ||
		    error_set_errno(&why, "journal/reserve");
		if (ok)
			reserve->has = bytes;
	}
	ok = ok && (reserve->has == bytes || grow(reserve, &why));
	pthread_mutex_unlock(&reserve->mutex);
	if (!ok)
		*err = why;
	return ok;
}

void
files_reserve(struct backend *backend, uint64_t *has, uint64_t *wanted)
{
	struct reserve *reserve = &files_of(backend)->reserve;

	pthread_mutex_lock(&reserve->mutex);
	*has = reserve->has;
	*wanted = reserve->wanted;
	pthread_mutex_unlock(&reserve->mutex);
}

bool
files_use_reserve(struct backend *backend, uint64_t bytes)
{
	struct reserve *reserve = &files_of(backend)->reserve;
	const uint64_t step = bytes > STEP ? bytes : STEP;
	bool used = false;

	pthread_mutex_lock(&reserve->mutex);
	if (reserve->fd >= 0 && reserve->has > 0) {
		const uint64_t left =
		    reserve->has > step ? reserve->has - step : 0;

		used = ftruncate(reserve->fd, (off_t)left) == 0;
		if (used)
			reserve->has = left;
	}
	pthread_mutex_unlock(&reserve->mutex);
	return used;
}

bool
files_allocate(struct files *files, int fd, uint64_t to, uint64_t *room,
    struct error *err)
{
	const uint64_t from = *room;
	struct error why = { 0 };

	if (to <= from)
		return true;
	/* Ahead, if there is so much: most batches then need no call. */
	if (file_allocate(fd, from, to + AHEAD - from, &why)) {
		*room = to + AHEAD;
		return true;
	}
	while (!file_allocate(fd, from, to - from, &why))
		if (!why.is_full ||
		    !files_use_reserve(&files->backend, to - from)) {
			*err = why;
			return false;
		}
	*room = to;
	return true;
}
