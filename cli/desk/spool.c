/*
 * Files that were dropped on a page (spool.h).
 */
#include "cli/desk/spool.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <openssl/rand.h>

#include "base/scratch.h"
#include "base/text.h"

enum { COPIES = 3 }; /* the room that a file needs, in its own size */

struct spool {
	char folder[FILE_PATH]; /* of this run */
	int lock;
	pthread_mutex_t mutex; /* of what follows */
	struct spooled *files;
	size_t num, room;
	size_t num_coming;
	uint64_t bytes;  /* that came, or are announced */
	uint64_t made;   /* of files that commands made */
	uint64_t coming; /* that are announced and did not come yet */
};

struct spool_upload {
	struct spool *spool;
	struct spooled file; /* its size is as announced */
	char path[FILE_PATH];
	int fd;
	uint64_t came;
	struct sha256 hash;
};

struct spool *
spool_new(const char *folder, struct error *err)
{
	struct spool *spool = calloc(1, sizeof(*spool));

	if (spool == NULL || pthread_mutex_init(&spool->mutex, NULL) != 0) {
		free(spool);
		error_set_errno(err, "the desk's files");
		return NULL;
	}
	spool->lock = -1;
	if (file_make_dirs(folder, 0700, err)) {
		scratch_sweep(folder);
		spool->lock = scratch_folder(folder, spool->folder, err);
	}
	if (spool->lock < 0) {
		pthread_mutex_destroy(&spool->mutex);
		free(spool);
		return NULL;
	}
	return spool;
}

void
spool_free(struct spool *spool)
{
	if (spool == NULL)
		return;
	file_remove_tree(spool->folder);
	close(spool->lock);
	pthread_mutex_destroy(&spool->mutex);
	free(spool->files);
	free(spool);
}

const char *
spool_folder(const struct spool *spool)
{
	return spool->folder;
}

/* The name as it would be a version's: NFC, and safe on every system. */
static bool
take_name(const char *name, char out[LIMIT_NAME_BYTES + 1], struct error *err)
{
	struct buf composed = BUF(4 * LIMIT_NAME_BYTES);
	bool ok;

	ok = text_compose(span_of_str(name), &composed, err) &&
	    text_check_name(buf_span(&composed), err) &&
	    span_to_str(buf_span(&composed), out, LIMIT_NAME_BYTES + 1);
	buf_free(&composed);
	return ok;
}

/* Is there room on the disk, beside what others have still to send? */
static bool
check_disk(const struct spool *spool, const char *name, uint64_t size,
    struct error *err)
{
	struct statvfs disk;
	uint64_t available;

	if (fstatvfs(spool->lock, &disk) != 0)
		return error_set_errno(err, "%s", spool->folder);
	available = (uint64_t)disk.f_bavail * disk.f_frsize;
	/* Neither side of it overflows: size is at most 4 GiB. */
	return available / COPIES >= spool->coming + size ||
	    error_set(err, ERROR_FULL,
		"%.120s: it has %llu bytes, and the disk of %.200s has %llu"
		" free, less than three times as many",
		name, (unsigned long long)size, spool->folder,
		(unsigned long long)available);
}

/* With the mutex held. */
static bool
check(const struct spool *spool, const char *name, uint64_t size,
    struct error *err)
{
	if (size > LIMIT_CONTAINER_BYTES)
		return error_set(err, ERROR_LIMIT,
		    "%.120s: it has %llu bytes, and no file here has more"
		    " than %llu",
		    name, (unsigned long long)size,
		    (unsigned long long)LIMIT_CONTAINER_BYTES);
	if (spool->num + spool->num_coming >= LIMIT_DESK_FILES)
		return error_set(err, ERROR_LIMIT,
		    "%.120s: %d files were dropped already, and not used", name,
		    LIMIT_DESK_FILES);
	if (spool->bytes + size > LIMIT_DESK_BYTES)
		return error_set(err, ERROR_LIMIT,
		    "%.120s: with it more than %llu bytes were dropped and not"
		    " used",
		    name, (unsigned long long)LIMIT_DESK_BYTES);
	return check_disk(spool, name, size, err);
}

bool
spool_check(struct spool *spool, const char *name, uint64_t size,
    struct error *err)
{
	char taken[LIMIT_NAME_BYTES + 1];
	bool ok;

	if (!take_name(name, taken, err))
		return false;
	pthread_mutex_lock(&spool->mutex);
	ok = check(spool, taken, size, err);
	pthread_mutex_unlock(&spool->mutex);
	return ok;
}

/* Make a folder with a random name in the run's. */
static bool
make_folder(const struct spool *spool, char id[SPOOL_ID], char path[FILE_PATH],
    struct error *err)
{
	uint8_t bytes[(SPOOL_ID - 1) / 2];

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		return error_set_openssl(err, ERROR_SYSTEM, "no random bytes");
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(id + 2 * i, 3, "%02x", bytes[i]);
	return file_join(path, spool->folder, id, err) &&
	    (mkdir(path, 0700) == 0 || error_set_errno(err, "%s", path));
}

bool
spool_make_folder(struct spool *spool, char id[SPOOL_ID], char path[FILE_PATH],
    struct error *err)
{
	return make_folder(spool, id, path, err);
}

/* Remove what there is of a file, or of a folder that was made. */
static void
remove_id(const struct spool *spool, const char *id)
{
	struct error ignored = { 0 };
	char path[FILE_PATH];

	if (file_join(path, spool->folder, id, &ignored))
		file_remove_tree(path);
}

/* A full disk is told as that. */
static bool
failed(struct error *err)
{
	if (err->is_full)
		err->kind = ERROR_FULL;
	return false;
}

static bool
open_file(struct spool_upload *upload, struct error *err)
{
	char folder[FILE_PATH];

	if (!make_folder(upload->spool, upload->file.id, folder, err))
		return failed(err);
	if (file_join(upload->path, folder, upload->file.name, err)) {
		upload->fd = open(upload->path,
		    O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (upload->fd >= 0)
			return true;
		error_set_errno(err, "%s", upload->file.name);
	}
	remove_id(upload->spool, upload->file.id);
	return failed(err);
}

struct spool_upload *
spool_begin(struct spool *spool, const char *name, uint64_t size,
    struct error *err)
{
	struct spool_upload *upload = calloc(1, sizeof(*upload));
	bool ok;

	if (upload == NULL) {
		error_set_errno(err, "a file");
		return NULL;
	}
	upload->spool = spool;
	upload->fd = -1;
	upload->file.size = size;
	sha256_init(&upload->hash);
	if (!take_name(name, upload->file.name, err)) {
		free(upload);
		return NULL;
	}
	pthread_mutex_lock(&spool->mutex);
	ok = check(spool, upload->file.name, size, err) &&
	    open_file(upload, err);
	if (ok) {
		spool->num_coming++;
		spool->bytes += size;
		spool->coming += size;
	}
	pthread_mutex_unlock(&spool->mutex);
	if (ok)
		return upload;
	free(upload);
	return NULL;
}

bool
spool_write(struct spool_upload *upload, struct span bytes, struct error *err)
{
	struct spool *spool = upload->spool;

	if (bytes.len > upload->file.size - upload->came)
		return error_set(err, ERROR_MALFORMED,
		    "%.120s: more bytes came than the page had announced",
		    upload->file.name);
	if (!file_pwrite(upload->fd, bytes, (off_t)upload->came, err))
		return failed(err) ||
		    error_context(err, "%.120s", upload->file.name);
	sha256_update(&upload->hash, bytes);
	upload->came += bytes.len;
	pthread_mutex_lock(&spool->mutex);
	spool->coming -= bytes.len;
	pthread_mutex_unlock(&spool->mutex);
	return true;
}

/* It comes no more; bytes are those that are not there for it any longer. */
static void
close_upload(struct spool_upload *upload, uint64_t bytes)
{
	struct spool *spool = upload->spool;

	spool->num_coming--;
	spool->coming -= upload->file.size - upload->came;
	spool->bytes -= bytes;
	close(upload->fd);
	free(upload);
}

static bool
add(struct spool *spool, const struct spooled *file, struct error *err)
{
	if (spool->num == spool->room) {
		const size_t room = 2 * spool->room + 16;
		struct spooled *all =
		    realloc(spool->files, room * sizeof(*all));

		if (all == NULL)
			return error_set_errno(err, "a file");
		spool->files = all;
		spool->room = room;
	}
	spool->files[spool->num++] = *file;
	return true;
}

bool
spool_end(struct spool_upload *upload, struct spooled *out, struct error *err)
{
	struct spool *spool = upload->spool;
	bool ok;

	*out = upload->file;
	out->sha256 = sha256_final(&upload->hash);
	ok = upload->came == upload->file.size ||
	    error_set(err, ERROR_MALFORMED, "%.120s: %llu bytes came of %llu",
		upload->file.name, (unsigned long long)upload->came,
		(unsigned long long)upload->file.size);
	pthread_mutex_lock(&spool->mutex);
	ok = ok && add(spool, out, err);
	close_upload(upload, ok ? 0 : out->size);
	pthread_mutex_unlock(&spool->mutex);
	if (!ok)
		remove_id(spool, out->id);
	return ok;
}

void
spool_drop(struct spool_upload *upload)
{
	struct spool *spool;

	if (upload == NULL)
		return;
	spool = upload->spool;
	remove_id(spool, upload->file.id);
	pthread_mutex_lock(&spool->mutex);
	close_upload(upload, upload->file.size);
	pthread_mutex_unlock(&spool->mutex);
}

/* With the mutex held; NULL if there is none. */
static struct spooled *
find(struct spool *spool, const char *id)
{
	for (size_t i = 0; i < spool->num; i++)
		if (strcmp(spool->files[i].id, id) == 0)
			return &spool->files[i];
	return NULL;
}

bool
spool_find(struct spool *spool, const char *id, char path[FILE_PATH],
    struct spooled *out, struct error *err)
{
	char folder[FILE_PATH];
	const struct spooled *file;

	pthread_mutex_lock(&spool->mutex);
	file = find(spool, id);
	if (file != NULL)
		*out = *file;
	pthread_mutex_unlock(&spool->mutex);
	if (file == NULL)
		return error_set(err, ERROR_NOT_FOUND,
		    "the desk has no file \"%.40s\": drop it again", id);
	return file_join(folder, spool->folder, out->id, err) &&
	    file_join(path, folder, out->name, err);
}

void
spool_remove(struct spool *spool, const char *id)
{
	struct spooled *file;
	char own[SPOOL_ID] = "";

	pthread_mutex_lock(&spool->mutex);
	if ((file = find(spool, id)) != NULL) {
		memcpy(own, file->id, sizeof(own));
		*(file->was_made ? &spool->made : &spool->bytes) -= file->size;
		/* The order is that in which they came. */
		memmove(file, file + 1,
		    (size_t)(spool->files + --spool->num - file) *
			sizeof(*file));
	}
	pthread_mutex_unlock(&spool->mutex);
	if (own[0] != '\0')
		remove_id(spool, own);
}

/*
 * The first of those that commands made, if there are too many or too many bytes
 * of them, but not the last; with the mutex.
 */
static bool
find_oldest(const struct spool *spool, char out[SPOOL_ID])
{
	const struct spooled *oldest = NULL;
	size_t num = 0;

	for (size_t i = 0; i < spool->num; i++)
		if (spool->files[i].was_made && num++ == 0)
			oldest = &spool->files[i];
	if (num <= LIMIT_DESK_COPIES &&
	    (num <= 1 || spool->made <= LIMIT_DESK_BYTES))
		return false;
	memcpy(out, oldest->id, SPOOL_ID);
	return true;
}

/* Make room for the newest of those that commands made. */
static void
remove_oldest(struct spool *spool)
{
	char id[SPOOL_ID];
	bool found;

	do {
		pthread_mutex_lock(&spool->mutex);
		found = find_oldest(spool, id);
		pthread_mutex_unlock(&spool->mutex);
		if (found)
			spool_remove(spool, id);
	} while (found);
}

bool
spool_adopt(struct spool *spool, const char *id, const char *name,
    struct error *err)
{
	struct spooled file = { .was_made = true };
	char folder[FILE_PATH], path[FILE_PATH];
	struct stat st;
	bool ok;

	text_set(file.id, sizeof(file.id), id);
	text_set(file.name, sizeof(file.name), name);
	if (!file_join(folder, spool->folder, id, err) ||
	    !file_join(path, folder, name, err))
		return false;
	if (lstat(path, &st) != 0 || !S_ISREG(st.st_mode))
		return error_set(err, ERROR_NOT_FOUND, "%s: no file", path);
	file.size = (uint64_t)st.st_size;
	pthread_mutex_lock(&spool->mutex);
	ok = add(spool, &file, err);
	if (ok)
		spool->made += file.size;
	pthread_mutex_unlock(&spool->mutex);
	remove_oldest(spool);
	return ok;
}

void
spool_remove_folder(struct spool *spool, const char *id)
{
	remove_id(spool, id);
}
