/*
 * Reading containers, sets of files and folders (container.h).
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <zip.h>

#include "base/file.h"
#include "base/pace.h"
#include "base/text.h"
#include "document/container.h"
#include "document/termination.h"
#include "document/zip.h"

/* The content and its digest, if the ZIP has the same. */
static bool
take_over(struct member *member, struct container *written)
{
	struct member *known =
	    written != NULL ? container_find(written, member->path) : NULL;

	if (known == NULL || !known->hashed || known->crc != member->crc ||
	    known->size != member->size)
		return false;
	member->sha256 = known->sha256;
	member->hashed = true;
	if (known->bytes.max == 0)
		return false;
	member->source = &member_in_memory;
	member->bytes = known->bytes;
	member->packed_bytes = known->packed_bytes;
	known->bytes = known->packed_bytes = BUF(0);
	return true;
}

/* The most bytes of a member that is judged as a whole; 0: it is not. */
static uint64_t
limit_of(const char *path)
{
	if (path_is_meta(path))
		return LIMIT_META_BYTES;
	return strcmp(path, PATH_VERSION) == 0 ||
		strcmp(path, PATH_MIMETYPE) == 0 ||
		strcmp(path, PATH_TERMINATION) == 0
	    ? LIMIT_VERSION_BYTES
	    : 0;
}

/* What is read into memory is within one bound, before any of it is read. */
static bool
check_small(const struct zip_member zips[], size_t num, struct error *err)
{
	uint64_t total = 0;

	for (size_t i = 0; i < num; i++) {
		const uint64_t limit = limit_of(zips[i].path);

		if (limit == 0)
			continue;
		total += zips[i].size;
		if (zips[i].size > limit || total > LIMIT_META_TOTAL)
			return error_set(err, ERROR_LIMIT,
			    "%s: %llu bytes, limit %llu, all together %d",
			    zips[i].path, (unsigned long long)zips[i].size,
			    (unsigned long long)limit, LIMIT_META_TOTAL);
	}
	return true;
}

static bool
has_version(const struct zip_member zips[], size_t num)
{
	for (size_t i = 0; i < num; i++)
		if (strcmp(zips[i].path, PATH_VERSION) == 0)
			return true;
	return false;
}

static bool
take_members(struct container *container, int fd,
    const struct zip_member zips[], size_t num, bool to_judge,
    struct container *written, struct error *err)
{
	const struct zip_member *last = &zips[num - 1];
	const bool is_ours = has_version(zips, num);
	struct zip_window *window =
	    zip_window_new(fd, last->at + last->packed, err);
	bool ok = window != NULL && check_small(zips, num, err);

	for (size_t i = 0; ok && i < num; i++) {
		struct member member = member_of_zip(&zips[i], fd, to_judge);
		const uint64_t limit = limit_of(member.path);

		if (!take_over(&member, written) && limit > 0 &&
		    (is_ours || strcmp(member.path, PATH_MIMETYPE) == 0)) {
			member.bytes = BUF((size_t)limit);
			ok = zip_window_load(window, &zips[i], &member.bytes,
			    err);
		}
		ok = ok && container_add(container, &member, err);
		if (!ok)
			member_clear(&member);
		pace_point();
	}
	zip_window_free(window);
	return ok;
}

/* EN 319 162-1 clause 4.4.2: mimetype is first, stored, without a newline. */
static bool
check_mimetype(const struct container *container,
    const struct zip_member *first, struct error *err)
{
	const struct member *member = container_find(container, PATH_MIMETYPE);

	return (strcmp(first->path, PATH_MIMETYPE) == 0 && !first->deflated &&
		   member != NULL &&
		   span_is(member_bytes(member), CONTAINER_MIMETYPE)) ||
	    error_set(err, ERROR_MALFORMED,
		"not an ASiC-E container: its first member is not \"mimetype\","
		" stored, with \"" CONTAINER_MIMETYPE "\"");
}

static struct container *
read_container(int fd, bool to_judge, struct container *written,
    struct error *err)
{
	struct container *container = container_new(err);
	struct zip_member *zips = NULL;
	size_t num = 0;
	bool ok;

	ok = container != NULL && zip_read(fd, ZIP_OURS, &zips, &num, err) &&
	    take_members(container, fd, zips, num, to_judge, written, err) &&
	    check_mimetype(container, &zips[0], err);
	free(zips);
	if (!ok) {
		container_free(container);
		return NULL;
	}
	return container;
}

struct container *
container_read(int fd, struct error *err)
{
	return read_container(fd, false, NULL, err);
}

struct container *
container_read_to_judge(int fd, struct error *err)
{
	return container_read_back(fd, NULL, err);
}

struct container *
container_read_back(int fd, struct container *written, struct error *err)
{
	struct container *container = read_container(fd, true, written, err);

	if (container != NULL && written != NULL) {
		container->version = written->version;
		written->version = NULL;
	}
	return container;
}

static const struct file_bounds files_of_policy = { LIMIT_POLICY_FILES,
	LIMIT_CRL_BYTES, LIMIT_POLICY_ZIP_BYTES };
const struct file_bounds files_of_signature = { 3, LIMIT_META_BYTES,
	LIMIT_META_BYTES + LIMIT_SIGNATURE_BYTES + LIMIT_VERSION_BYTES };

static bool
check_files(const struct zip_member zips[], size_t num,
    const struct file_bounds *bounds, struct error *err)
{
	uint64_t total = 0;

	if (num > bounds->num)
		return error_set(err, ERROR_LIMIT, "%zu files, limit %zu", num,
		    bounds->num);
	for (size_t i = 0; i < num; i++) {
		total += zips[i].size;
		if (total > bounds->all)
			return error_set(err, ERROR_LIMIT, "over %llu bytes",
			    (unsigned long long)bounds->all);
		if (zips[i].size > bounds->one)
			return error_set(err, ERROR_LIMIT,
			    "%s: %llu bytes, limit %llu", zips[i].path,
			    (unsigned long long)zips[i].size,
			    (unsigned long long)bounds->one);
	}
	return true;
}

static struct container *
read_files(int fd, bool to_judge, const struct file_bounds *bounds,
    struct error *err)
{
	bool (*const put)(struct container *, const char *, struct span,
	    struct error *) = to_judge ? container_put_to_judge : container_put;
	struct container *container = container_new(err);
	struct zip_member *zips = NULL;
	size_t num = 0;
	bool ok;

	ok = container != NULL && zip_read(fd, ZIP_PLAIN, &zips, &num, err) &&
	    check_files(zips, num, bounds, err);
	for (size_t i = 0; ok && i < num; i++) {
		struct buf bytes = BUF((size_t)bounds->one);

		/* They are deflated anew. */
		ok = zip_stream(fd, &zips[i], sink_to_buf, &bytes, err) &&
		    put(container, zips[i].path, buf_span(&bytes), err);
		buf_free(&bytes);
	}
	free(zips);
	if (!ok) {
		container_free(container);
		return NULL;
	}
	return container;
}

struct container *
container_read_files(int fd, struct error *err)
{
	return read_files(fd, false, &files_of_policy, err);
}

struct container *
container_read_files_to_judge(int fd, struct error *err)
{
	return read_files(fd, true, &files_of_policy, err);
}

struct container *
container_read_files_within(int fd, const struct file_bounds *bounds,
    struct error *err)
{
	return read_files(fd, true, bounds, err);
}

static bool read_folder(struct container *container, const char *dir,
    const char *prefix, struct error *err);

static bool
read_folder_entry(struct container *container, const char *dir,
    const char *prefix, const char *name, struct error *err)
{
	char path[FILE_PATH], member[FILE_PATH];
	struct buf bytes = BUF(LIMIT_CRL_BYTES);
	struct stat st;
	bool ok;

	if (!file_join(path, dir, name, err))
		return false;
	snprintf(member, sizeof(member), "%s%s", prefix, name);
	if (!text_check_path(span_of_str(member), err))
		return error_context(err, "%s", path);
	if (stat(path, &st) != 0)
		return error_set_errno(err, "%s", path);
	if (S_ISDIR(st.st_mode)) {
		snprintf(member, sizeof(member), "%s%s/", prefix, name);
		return read_folder(container, path, member, err);
	}
	if (!S_ISREG(st.st_mode))
		return error_set(err, ERROR_MALFORMED, "%s: not a plain file",
		    path);
	if (container->num == LIMIT_POLICY_FILES)
		return error_set(err, ERROR_LIMIT, "%s: more than %d files",
		    dir, LIMIT_POLICY_FILES);
	ok = file_read(path, LIMIT_CRL_BYTES, &bytes, err) &&
	    container_put(container, member, buf_span(&bytes), err);
	buf_free(&bytes);
	return ok;
}

static bool
read_folder(struct container *container, const char *dir, const char *prefix,
    struct error *err)
{
	DIR *folder = opendir(dir);
	const struct dirent *entry;
	bool ok = true;

	if (folder == NULL)
		return errno == ENOENT
		    ? error_set(err, ERROR_NOT_FOUND, "%s: no such folder", dir)
		    : error_set_errno(err, "%s", dir);
	while (ok && (entry = readdir(folder)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			ok = read_folder_entry(container, dir, prefix,
			    entry->d_name, err);
	closedir(folder);
	return ok;
}

struct container *
container_read_dir(const char *dir, struct error *err)
{
	struct container *container = container_new(err);

	if (container != NULL && !read_folder(container, dir, "", err)) {
		container_free(container);
		return NULL;
	}
	return container;
}

static bool
is_within(uint64_t total, struct error *err)
{
	return total <= LIMIT_META_TOTAL ||
	    error_set(err, ERROR_LIMIT, "its files are over %d bytes together",
		LIMIT_META_TOTAL);
}

/* What the directory says, before anything is inflated. */
static bool
add_size(zip_t *archive, zip_uint64_t i, uint64_t *total, struct error *err)
{
	zip_stat_t st;

	if (zip_stat_index(archive, i, 0, &st) != 0 ||
	    (st.valid & ZIP_STAT_SIZE) == 0)
		return true; /* it is told where the member is read */
	*total = st.size <= UINT64_MAX - *total ? *total + st.size : UINT64_MAX;
	return is_within(*total, err);
}

static bool
take_foreign(struct container *container, zip_t *archive, zip_uint64_t i,
    uint64_t *total, struct error *err)
{
	struct buf bytes = BUF(LIMIT_META_TOTAL);
	uint8_t piece[16384] UNINITIALIZED;
	zip_file_t *file;
	zip_stat_t st;
	zip_int64_t n;
	bool ok = true;

	if (zip_stat_index(archive, i, 0, &st) != 0 ||
	    (st.valid & ZIP_STAT_NAME) == 0)
		return error_set(err, ERROR_MALFORMED,
		    "a member without a name");
	if (strlen(st.name) > LIMIT_PATH_BYTES)
		return error_set(err, ERROR_LIMIT,
		    "a name of %zu bytes, limit %d", strlen(st.name),
		    LIMIT_PATH_BYTES);
	if (st.name[0] == '\0' || st.name[strlen(st.name) - 1] == '/')
		return true; /* a folder */
	if (container_find(container, st.name) != NULL)
		return error_set(err, ERROR_MALFORMED, "\"%s\" is there twice",
		    st.name);
	if ((file = zip_fopen_index(archive, i, 0)) == NULL)
		return error_set(err, ERROR_MALFORMED, "\"%s\": %s", st.name,
		    zip_strerror(archive));
	while (ok && (n = zip_fread(file, piece, sizeof(piece))) > 0) {
		*total += (uint64_t)n;
		ok = is_within(*total, err) &&
		    buf_append(&bytes, span_of(piece, (size_t)n), err);
	}
	if (ok && n < 0)
		ok = error_set(err, ERROR_MALFORMED, "\"%s\" does not read",
		    st.name);
	zip_fclose(file);
	ok = ok &&
	    container_put_to_judge(container, st.name, buf_span(&bytes), err);
	buf_free(&bytes);
	return ok;
}

struct container *
container_read_foreign(const char *path, struct error *err)
{
	struct container *container = container_new(err);
	int code = 0;
	zip_t *archive = zip_open(path, ZIP_RDONLY, &code);
	uint64_t total = 0;
	zip_int64_t num;
	bool ok;

	ok = container != NULL;
	if (ok && archive == NULL)
		ok = error_set(err, ERROR_MALFORMED, "not a ZIP file");
	num = archive != NULL ? zip_get_num_entries(archive, 0) : 0;
	if (ok && num > LIMIT_MEMBERS)
		ok = error_set(err, ERROR_LIMIT, "%lld members, limit %d",
		    (long long)num, LIMIT_MEMBERS);
	for (zip_int64_t i = 0; ok && i < num; i++)
		ok = add_size(archive, (zip_uint64_t)i, &total, err);
	total = 0;
	for (zip_int64_t i = 0; ok && i < num; i++)
		ok = take_foreign(container, archive, (zip_uint64_t)i, &total,
		    err);
	if (archive != NULL)
		zip_discard(archive);
	if (!ok) {
		container_free(container);
		return NULL;
	}
	return container;
}
