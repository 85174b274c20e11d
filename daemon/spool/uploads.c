/*
 * Uploads on disk, within each office's limits (uploads.h).
 */
#include "daemon/spool/uploads.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/rand.h>

#include "base/text.h"
#include "base/time.h"
#include "daemon/log.h"

struct upload {
	struct upload_info info;
	struct room_hold hold;
	bool busy;
};

struct uploads {
	char dir[FILE_PATH];
	struct room *room; /* or NULL */
	pthread_mutex_t mutex;
	struct upload *list;
	size_t num, space;
};

static bool
path_of(const struct uploads *uploads, const char *id, const char *suffix,
    char out[FILE_PATH], struct error *err)
{
	char name[UPLOAD_ID + 8];

	snprintf(name, sizeof(name), "%s%s", id, suffix);
	return file_join(out, uploads->dir, name, err);
}

static void
unlink_both(const struct uploads *uploads, const char *id)
{
	struct error ignored = { 0 };
	char path[FILE_PATH];

	if (path_of(uploads, id, ".info", path, &ignored))
		unlink(path);
	if (path_of(uploads, id, "", path, &ignored))
		unlink(path);
}

/* Count what there is of it. */
static void
count(const struct uploads *uploads, struct upload *upload)
{
	if (uploads->room != NULL)
		room_set(uploads->room, &upload->hold, upload->info.office,
		    upload->info.offset);
}

static bool
add(struct uploads *uploads, const struct upload_info *info, struct error *err)
{
	if (uploads->num == uploads->space) {
		const size_t space =
		    uploads->space == 0 ? 16 : uploads->space * 2;
		struct upload *all =
		    realloc(uploads->list, space * sizeof(*all));

		if (all == NULL)
			return error_set_errno(err, "upload");
		uploads->list = all;
		uploads->space = space;
	}
	uploads->list[uploads->num] = (struct upload){ .info = *info };
	count(uploads, &uploads->list[uploads->num++]);
	return true;
}

/* Returns the upload of that id, of this person unless NULL; or NULL. */
static struct upload *
find(struct uploads *uploads, struct span id, const char *person)
{
	for (size_t i = 0; i < uploads->num; i++)
		if (span_is(id, uploads->list[i].info.id) &&
		    (person == NULL ||
			strcmp(uploads->list[i].info.person, person) == 0))
			return &uploads->list[i];
	return NULL;
}

/* --- Loading what an earlier run left. --- */

/*
 * Read an upload's info.  With ERROR_NOT_FOUND and ERROR_MALFORMED the upload
 * is useless; after other errors it may be good but cannot be read now.
 */
static bool
read_info(const struct uploads *uploads, const char *id,
    struct upload_info *out, struct error *err)
{
	struct buf text = BUF(4096);
	char path[FILE_PATH];
	struct stat st;
	bool ok;

	*out = (struct upload_info){ .offset = 0 };
	ok = text_take(out->id, sizeof(out->id), id, err) &&
	    path_of(uploads, id, ".info", path, err) &&
	    file_read(path, text.max, &text, err) &&
	    (upload_info_parse(buf_span(&text), out) ||
		error_set(err, ERROR_MALFORMED, "%s: damaged", path)) &&
	    path_of(uploads, id, "", path, err);
	buf_free(&text);
	if (!ok)
		return false;
	if (stat(path, &st) != 0) {
		const bool is_none = errno == ENOENT;

		error_set_errno(err, "%s", path);
		if (is_none)
			err->kind = ERROR_NOT_FOUND;
		return false;
	}
	out->offset = (uint64_t)st.st_size;
	out->expires = st.st_mtime + LIMIT_UPLOAD_SECONDS;
	return out->offset <= out->length ||
	    error_set(err, ERROR_MALFORMED, "%s: longer than it shall be",
		path);
}

/*
 * Load an upload.  What a crash left half is removed; what cannot be read now
 * stays.
 */
static bool
load_one(struct uploads *uploads, const char *id, struct error *err)
{
	struct upload_info info;
	struct error why = { 0 };

	if (read_info(uploads, id, &info, &why))
		return add(uploads, &info, err);
	if (why.kind == ERROR_NOT_FOUND || why.kind == ERROR_MALFORMED)
		unlink_both(uploads, id);
	else
		log_warning("upload", "result=not_read reason=%s",
		    log_text(why.detail));
	return true;
}

static bool
load(struct uploads *uploads, struct error *err)
{
	DIR *folder = opendir(uploads->dir);
	const struct dirent *entry;
	bool ok = true;

	if (folder == NULL)
		return error_set_errno(err, "%s", uploads->dir);
	while (ok && (entry = readdir(folder)) != NULL) {
		uint8_t bytes[16];
		char id[UPLOAD_ID];

		if (span_to_str(span_of(entry->d_name,
				    strnlen(entry->d_name, 32)),
			id, sizeof(id)) &&
		    span_to_hex(span_of_str(id), bytes, sizeof(bytes)) &&
		    strcmp(entry->d_name + 32, ".info") == 0)
			ok = load_one(uploads, id, err);
	}
	closedir(folder);
	return ok;
}

struct uploads *
uploads_new(const char *dir, struct room *room, struct error *err)
{
	struct uploads *uploads = calloc(1, sizeof(*uploads));

	if (uploads == NULL) {
		error_set_errno(err, "uploads");
		return NULL;
	}
	pthread_mutex_init(&uploads->mutex, NULL);
	uploads->room = room;
	text_set(uploads->dir, sizeof(uploads->dir), dir);
	if (!file_make_dirs(dir, 0700, err) || !load(uploads, err)) {
		uploads_free(uploads);
		return NULL;
	}
	return uploads;
}

void
uploads_free(struct uploads *uploads)
{
	if (uploads == NULL)
		return;
	pthread_mutex_destroy(&uploads->mutex);
	free(uploads->list);
	free(uploads);
}

/* --- While the daemon runs. --- */

static bool
check_room(const struct uploads *uploads, const struct upload_info *info,
    struct error *err)
{
	uint64_t bytes = info->length;
	unsigned num = 0;

	for (size_t i = 0; i < uploads->num; i++)
		if (strcmp(uploads->list[i].info.office, info->office) == 0) {
			num++;
			bytes += uploads->list[i].info.length;
		}
	if (num >= LIMIT_UPLOADS)
		return error_set(err, ERROR_LIMIT,
		    "%s has %u unfinished uploads, which is all that it may"
		    " have: finish or delete one",
		    info->office, num);
	if (info->length > LIMIT_CONTAINER_BYTES || bytes > LIMIT_UPLOAD_BYTES)
		return error_set(err, ERROR_LIMIT,
		    "the unfinished uploads of %s would be of %llu bytes; they"
		    " may be of %llu",
		    info->office, (unsigned long long)bytes,
		    (unsigned long long)LIMIT_UPLOAD_BYTES);
	return true;
}

/*
 * Make the info last: an upload without one was never begun.  Nothing is
 * flushed: damage is found when the upload is used.
 */
static bool
make_files(const struct uploads *uploads, const struct upload_info *info,
    struct error *err)
{
	struct buf text = BUF(4096);
	char path[FILE_PATH];
	bool ok;

	ok = path_of(uploads, info->id, "", path, err) &&
	    file_write_quick(path, span_of(NULL, 0), 0600, err) &&
	    upload_info_encode(info, &text, err) &&
	    path_of(uploads, info->id, ".info", path, err) &&
	    file_write_quick(path, buf_span(&text), 0600, err);
	buf_free(&text);
	if (!ok)
		unlink_both(uploads, info->id);
	return ok;
}

bool
uploads_create(struct uploads *uploads, struct upload_info *info,
    struct error *err)
{
	uint8_t id[16];
	bool ok;

	if (RAND_bytes(id, sizeof(id)) != 1)
		return error_set_openssl(err, ERROR_SYSTEM, "random bytes");
	hex_encode(span_of(id, sizeof(id)), info->id);
	info->offset = 0;
	info->expires = time_now_ms() / 1000 + LIMIT_UPLOAD_SECONDS;
	pthread_mutex_lock(&uploads->mutex);
	ok = check_room(uploads, info, err) && add(uploads, info, err);
	if (ok)
		uploads->list[uploads->num - 1].busy = true;
	pthread_mutex_unlock(&uploads->mutex);
	/*
	 * The files are made without the lock: the loop's thread must not wait
	 * for a disk.
	 */
	if (ok && !make_files(uploads, info, err)) {
		uploads_remove(uploads, info->id);
		return false;
	}
	if (ok)
		uploads_leave(uploads, info->id, 0);
	return ok;
}

static bool
not_there(struct error *err)
{
	return error_set(err, ERROR_NOT_FOUND,
	    "you have no such upload: it was finished, or its time is over");
}

bool
uploads_find(struct uploads *uploads, struct span id, const char *person,
    struct upload_info *out, struct error *err)
{
	const struct upload *upload;

	pthread_mutex_lock(&uploads->mutex);
	upload = find(uploads, id, person);
	if (upload != NULL)
		*out = upload->info;
	pthread_mutex_unlock(&uploads->mutex);
	return upload != NULL || not_there(err);
}

int
uploads_enter(struct uploads *uploads, struct span id, const char *person,
    struct upload_info *out, struct error *err)
{
	struct upload *upload;
	char path[FILE_PATH];
	int fd = -1;

	pthread_mutex_lock(&uploads->mutex);
	upload = find(uploads, id, person);
	if (upload == NULL)
		not_there(err);
	else if (upload->busy)
		error_set(err, ERROR_CONFLICT,
		    "another connection of yours is at work on this upload:"
		    " wait until it has ended");
	else if (path_of(uploads, upload->info.id, "", path, err) &&
	    (fd = open(path, O_RDWR | O_CLOEXEC)) < 0)
		error_set_errno(err, "upload");
	if (fd >= 0) {
		upload->busy = true;
		*out = upload->info;
	}
	pthread_mutex_unlock(&uploads->mutex);
	return fd;
}

void
uploads_leave(struct uploads *uploads, const char *id, uint64_t offset)
{
	struct upload *upload;

	pthread_mutex_lock(&uploads->mutex);
	upload = find(uploads, span_of_str(id), NULL);
	if (upload != NULL) {
		upload->busy = false;
		if (offset > upload->info.offset)
			upload->info.expires =
			    time_now_ms() / 1000 + LIMIT_UPLOAD_SECONDS;
		upload->info.offset = offset;
		count(uploads, upload);
	}
	pthread_mutex_unlock(&uploads->mutex);
}

static void
drop(struct uploads *uploads, struct upload *upload)
{
	unlink_both(uploads, upload->info.id);
	if (uploads->room != NULL)
		room_give(uploads->room, &upload->hold);
	*upload = uploads->list[--uploads->num];
}

void
uploads_remove(struct uploads *uploads, const char *id)
{
	struct upload *upload;

	pthread_mutex_lock(&uploads->mutex);
	upload = find(uploads, span_of_str(id), NULL);
	if (upload != NULL)
		drop(uploads, upload);
	pthread_mutex_unlock(&uploads->mutex);
}

void
uploads_expire(struct uploads *uploads)
{
	const int64_t now = time_now_ms() / 1000;

	pthread_mutex_lock(&uploads->mutex);
	for (size_t i = uploads->num; i > 0; i--)
		if (!uploads->list[i - 1].busy &&
		    uploads->list[i - 1].info.expires <= now)
			drop(uploads, &uploads->list[i - 1]);
	pthread_mutex_unlock(&uploads->mutex);
}

bool
uploads_give_way(struct uploads *uploads)
{
	const int64_t before = time_now_ms() / 1000 + LIMIT_UPLOAD_SECONDS -
	    LIMIT_UPLOAD_STALE_SECONDS;
	struct upload *oldest = NULL;

	pthread_mutex_lock(&uploads->mutex);
	for (size_t i = 0; i < uploads->num; i++) {
		struct upload *one = &uploads->list[i];

		if (!one->busy && one->info.expires <= before &&
		    (oldest == NULL ||
			one->info.expires < oldest->info.expires))
			oldest = one;
	}
	if (oldest != NULL) {
		log_warning("upload", "result=gave_way office=%s bytes=%llu",
		    oldest->info.office,
		    (unsigned long long)oldest->info.offset);
		drop(uploads, oldest);
	}
	pthread_mutex_unlock(&uploads->mutex);
	return oldest != NULL;
}
