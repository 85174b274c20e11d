/*
 * Reading files, and writing them whole and durably (file.h).
 */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/pace.h"
#include "base/scratch.h"

bool
file_join(char out[FILE_PATH], const char *dir, const char *name,
    struct error *err)
{
	const size_t dir_len = strlen(dir), name_len = strlen(name);

	if (dir_len + 1 + name_len >= FILE_PATH) {
		out[0] = '\0';
		return error_set(err, ERROR_LIMIT, "path is over %d bytes",
		    FILE_PATH);
	}
	memmove(out, dir, dir_len);
	out[dir_len] = '/';
	memmove(out + dir_len + 1, name, name_len + 1);
	return true;
}

static bool
read_all(int fd, size_t max, struct buf *out, struct error *err)
{
	uint8_t piece[16384] UNINITIALIZED;
	size_t total = 0;
	ssize_t n;

	for (;;) {
		n = read(fd, piece, sizeof(piece));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set_errno(err, "read");
		if (n == 0)
			return true;
		total += (size_t)n;
		if (total > max)
			return error_set(err, ERROR_LIMIT,
			    "file is over the limit of %zu bytes", max);
		if (!buf_append(out, span_of(piece, (size_t)n), err))
			return false;
	}
}

bool
file_read(const char *path, size_t max, struct buf *out, struct error *err)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	const size_t before = out->len;
	bool ok;

	if (fd < 0 && errno == ENOENT)
		return error_set(err, ERROR_NOT_FOUND, "%s: no such file",
		    path);
	if (fd < 0)
		return error_set_errno(err, "%s", path);
	ok = read_all(fd, max, out, err) || error_context(err, "%s", path);
	close(fd);
	if (!ok)
		out->len = before;
	return ok;
}

bool
file_pwrite(int fd, struct span bytes, off_t at, struct error *err)
{
	struct span part;

	while (bytes.len > 0) {
		const ssize_t n = pwrite(fd, bytes.data, bytes.len, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set_errno(err, "write");
		if (!span_take(&bytes, (size_t)n, &part))
			return false;
		at += n;
	}
	return true;
}

bool
file_pread(int fd, void *out, size_t len, off_t at, struct error *err)
{
	uint8_t *to = out;

	while (len > 0) {
		const ssize_t n = pread(fd, to, len, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set_errno(err, "read");
		if (n == 0)
			return error_set(err, ERROR_MALFORMED,
			    "file ends %zu bytes too early", len);
		to += n;
		len -= (size_t)n;
		at += n;
	}
	return true;
}

void
file_parent(const char *path, char out[FILE_PATH])
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		snprintf(out, FILE_PATH, ".");
	else if (slash == path)
		snprintf(out, FILE_PATH, "/");
	else
		snprintf(out, FILE_PATH, "%.*s", (int)(slash - path), path);
}

bool
file_sync_dir(const char *path, struct error *err)
{
	const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool ok;

	if (fd < 0)
		return error_set_errno(err, "%s", path);
	ok = fsync(fd) == 0 || error_set_errno(err, "%s: flush", path);
	close(fd);
	return ok;
}

bool
file_sync_all(const char *dir, struct error *err)
{
	const int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool ok;

	if (fd < 0)
		return error_set_errno(err, "%s", dir);
	ok = syncfs(fd) == 0 || error_set_errno(err, "%s: flush", dir);
	close(fd);
	return ok;
}

enum { REPLACE = 1, FLUSH = 2 };

static bool
write_beside(const char *path, int fd, struct span bytes, mode_t mode,
    unsigned how, struct error *err)
{
	if (!file_pwrite(fd, bytes, 0, err))
		return error_context(err, "%s", path);
	if (fchmod(fd, mode) != 0 || ((how & FLUSH) != 0 && fsync(fd) != 0))
		return error_set_errno(err, "%s", path);
	return true;
}

static bool
put(const char *path, struct span bytes, mode_t mode, unsigned how,
    struct error *err)
{
	const bool replace = (how & REPLACE) != 0;
	char tmp[FILE_PATH], dir[FILE_PATH];
	bool ok;
	int fd;

	file_parent(path, dir);
	/* Of its own length, however long the name of the file is. */
	if (!file_join(tmp, dir, SCRATCH_QUICK "XXXXXX", err))
		return false;
	if ((fd = mkostemp(tmp, O_CLOEXEC)) < 0)
		return error_set_errno(err, "%s", path);
	/* An error names the file that was to be written. */
	ok = write_beside(path, fd, bytes, mode, how, err);
	if (close(fd) != 0 && ok)
		ok = error_set_errno(err, "%s", path);
	if (ok && replace && rename(tmp, path) != 0)
		ok = error_set_errno(err, "%s", path);
	if (ok && !replace && link(tmp, path) != 0)
		ok = errno == EEXIST ? error_set(err, ERROR_CONFLICT,
					   "%s is there already", path)
				     : error_set_errno(err, "%s", path);
	if (!ok || !replace)
		unlink(tmp);
	return ok && ((how & FLUSH) == 0 || file_sync_dir(dir, err));
}

bool
file_write(const char *path, struct span bytes, mode_t mode, struct error *err)
{
	return put(path, bytes, mode, REPLACE | FLUSH, err);
}

bool
file_write_quick(const char *path, struct span bytes, mode_t mode,
    struct error *err)
{
	return put(path, bytes, mode, REPLACE, err);
}

bool
file_create(const char *path, struct span bytes, mode_t mode, struct error *err)
{
	return put(path, bytes, mode, FLUSH, err);
}

enum { DEEPEST = 6 }; /* how deep the folders are that we make */

static void
remove_tree(const char *path, unsigned depth)
{
	struct error ignored = { 0 };
	const struct dirent *entry;
	char below[FILE_PATH];
	DIR *folder;

	if (unlink(path) == 0 || errno == ENOENT || depth == DEEPEST)
		return;
	/*
	 * Its user may have made it read-only, but did not mean to keep it for
	 * ever.
	 */
	(void)chmod(path, 0755);
	if ((folder = opendir(path)) != NULL) {
		while ((entry = readdir(folder)) != NULL)
			if (strcmp(entry->d_name, ".") != 0 &&
			    strcmp(entry->d_name, "..") != 0 &&
			    file_join(below, path, entry->d_name, &ignored))
				remove_tree(below, depth + 1);
		closedir(folder);
	}
	rmdir(path);
}

void
file_remove_tree(const char *path)
{
	remove_tree(path, 0);
}

bool
file_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

bool
file_is_older(int at, const char *name, time_t seconds)
{
	struct stat st;

	return fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISREG(st.st_mode) && time(NULL) - st.st_mtime > seconds;
}

/* Make the folder path[0, n), and the folders above it that are missing. */
static bool
make_dir(char *path, size_t n, mode_t mode, struct error *err)
{
	const char end = path[n];
	size_t parent = n;
	bool ok;

	path[n] = '\0';
	/* Usually only the last folder is missing, or none. */
	ok = mkdir(path, mode) == 0 || errno == EEXIST;
	while (parent > 0 && path[parent - 1] != '/')
		parent--;
	if (!ok && errno == ENOENT && parent > 1)
		ok = make_dir(path, parent - 1, mode, err) &&
		    (mkdir(path, mode) == 0 || errno == EEXIST);
	if (!ok && err->kind == ERROR_NONE)
		error_set_errno(err, "%s", path);
	path[n] = end;
	return ok;
}

bool
file_make_dirs(const char *path, mode_t mode, struct error *err)
{
	char copy[FILE_PATH];
	const int n = snprintf(copy, sizeof(copy), "%s", path);

	if (n <= 0 || n >= FILE_PATH)
		return error_set(err, ERROR_LIMIT, "path is too long");
	return make_dir(copy, (size_t)n, mode, err);
}

static int
lock(const char *path, int how, struct error *err)
{
	const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0) {
		error_set_errno(err, "%s", path);
		return -1;
	}
	while (flock(fd, how) != 0) {
		if (errno == EINTR)
			continue;
		if (errno == EWOULDBLOCK)
			error_set(err, ERROR_CONFLICT,
			    "%s: somebody else is at work here", path);
		else
			error_set_errno(err, "%s", path);
		close(fd);
		return -1;
	}
	return fd;
}

void
file_reserve(int fd, uint64_t size)
{
	const int ignored = fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)size);

	(void)ignored;
}

void
file_write_out(int fd, uint64_t at, uint64_t len)
{
	const int ignored = sync_file_range(fd, (off64_t)at, (off64_t)len,
	    SYNC_FILE_RANGE_WRITE);

	(void)ignored;
}

bool
file_allocate(int fd, uint64_t at, uint64_t len, struct error *err)
{
	while (fallocate(fd, FALLOC_FL_KEEP_SIZE, (off_t)at, (off_t)len) != 0)
		if (errno != EINTR)
			return errno == EOPNOTSUPP || errno == ENOSYS ||
			    error_set_errno(err, "allocate");
	return true;
}

bool
file_stream(int fd, uint64_t at, uint64_t len, byte_sink *sink, void *arg,
    struct error *err)
{
	uint8_t piece[65536] UNINITIALIZED;

	while (len > 0) {
		const size_t n =
		    len < sizeof(piece) ? (size_t)len : sizeof(piece);

		if (!file_pread(fd, piece, n, (off_t)at, err) ||
		    !sink(arg, span_of(piece, n), err))
			return false;
		at += n;
		len -= n;
		pace_point();
	}
	return true;
}

static bool
hash_piece(void *arg, struct span bytes, struct error *err)
{
	(void)err;
	sha256_update(arg, bytes);
	return true;
}

bool
file_sha256(int fd, uint64_t len, struct digest *out, struct error *err)
{
	struct sha256 hash;

	sha256_init(&hash);
	if (!file_stream(fd, 0, len, hash_piece, &hash, err))
		return false;
	*out = sha256_final(&hash);
	return true;
}

int
file_lock(const char *path, struct error *err)
{
	return lock(path, LOCK_EX | LOCK_NB, err);
}

int
file_lock_wait(const char *path, struct error *err)
{
	return lock(path, LOCK_EX, err);
}

int
file_lock_shared(const char *path, struct error *err)
{
	return lock(path, LOCK_SH, err);
}

int
file_temporary(const char *dir, struct error *err)
{
	char path[FILE_PATH];
	int fd = open(dir, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);

	/* Not every file system has O_TMPFILE. */
	if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR)) {
		if (!file_join(path, dir, SCRATCH_QUICK "XXXXXX", err))
			return -1;
		if ((fd = mkostemp(path, O_CLOEXEC)) >= 0)
			unlink(path);
	}
	if (fd < 0)
		error_set_errno(err, "%s: temporary file", dir);
	return fd;
}

int
file_open(const char *path, struct error *err)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		error_set(err, ERROR_NOT_FOUND, "%s: no such file", path);
	else if (fd < 0)
		error_set_errno(err, "%s", path);
	return fd;
}
