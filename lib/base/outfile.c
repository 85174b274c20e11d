/*
 * Files that persons name to be written: told apart by what they are before
 * anything is put in their place.
 */
#include "base/outfile.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* As many links as the kernel follows (path_resolution(7)). */
enum { LINKS = 40 };

/*
 * Find where path leads if its last name is a link, the next one's is too, and
 * so on.
 */
static bool
follow_links(char path[FILE_PATH], struct error *err)
{
	char to[FILE_PATH], folder[FILE_PATH];
	struct stat st;
	ssize_t len;

	for (unsigned i = 0; i < LINKS; i++) {
		if (lstat(path, &st) != 0)
			return errno == ENOENT ||
			    error_set_errno(err, "%s", path);
		if (!S_ISLNK(st.st_mode))
			return true;
		if ((len = readlink(path, to, sizeof(to))) < 0)
			return error_set_errno(err, "%s", path);
		if ((size_t)len == sizeof(to))
			return error_set(err, ERROR_LIMIT,
			    "%s: path is too long", path);
		to[len] = '\0';
		if (to[0] == '/')
			text_set(path, FILE_PATH, to);
		else {
			file_parent(path, folder);
			if (!file_join(path, folder, to, err))
				return false;
		}
	}
	return error_set(err, ERROR_USAGE, "%s: links that lead in a circle",
	    path);
}

static bool
refuse(const char *path, mode_t mode, struct error *err)
{
	return error_set(err, ERROR_USAGE,
	    "%s is a %s: name a plain file, a FIFO or a character device", path,
	    S_ISBLK(mode)        ? "block device"
		: S_ISDIR(mode)  ? "folder"
		: S_ISSOCK(mode) ? "socket"
				 : "file of another kind");
}

static bool
is_stream(mode_t mode)
{
	return S_ISFIFO(mode) || S_ISCHR(mode);
}

/* Nothing is there yet, so its folder has to exist. */
static bool
has_folder(const char *path, struct error *err)
{
	char folder[FILE_PATH];

	file_parent(path, folder);
	return access(folder, F_OK) == 0 || errno != ENOENT ||
	    error_set(err, ERROR_SYSTEM, "%s: there is no folder %s", path,
		folder);
}

/*
 * Find out what path is, with links followed; *stream is set if it is written
 * to.
 */
static bool
judge(const char *path, bool *stream, struct error *err)
{
	struct stat st;

	*stream = false;
	if (path[0] == '\0' || strlen(path) >= FILE_PATH)
		return error_set(err, ERROR_USAGE, "\"%s\" is no path", path);
	/* stat(2) fails if the kernel does not allow to follow that link. */
	if (stat(path, &st) != 0)
		return errno == ENOENT ? has_folder(path, err)
				       : error_set_errno(err, "%s", path);
	*stream = is_stream(st.st_mode);
	return *stream || S_ISREG(st.st_mode) || refuse(path, st.st_mode, err);
}

bool
outfile_leads_to(const char *path, char out[FILE_PATH], struct error *err)
{
	return text_take(out, FILE_PATH, path, err) && follow_links(out, err);
}

bool
outfile_check(const char *path, struct error *err)
{
	bool stream;

	return judge(path, &stream, err);
}

bool
outfile_open(struct outfile *out, const char *path, const char *scratch,
    struct error *err)
{
	*out = (struct outfile){ .fd = -1 };
	if (!judge(path, &out->is_stream, err))
		return false;
	if (!text_take(out->path, sizeof(out->path), path, err))
		return false;
	if (out->is_stream)
		return (out->fd = file_temporary(scratch, err)) >= 0;
	if (!follow_links(out->path, err))
		return false;
	if (snprintf(out->tmp, sizeof(out->tmp), "%s.XXXXXX", out->path) >=
	    (int)sizeof(out->tmp))
		return error_set(err, ERROR_LIMIT, "%s: path is too long",
		    path);
	out->fd = mkostemp(out->tmp, O_CLOEXEC);
	if (out->fd < 0)
		out->tmp[0] = '\0';
	return out->fd >= 0 || error_set_errno(err, "%s", path);
}

static bool
write_all(int fd, struct span bytes, struct error *err)
{
	struct span part;

	while (bytes.len > 0) {
		const ssize_t n = write(fd, bytes.data, bytes.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set_errno(err, "write");
		if (!span_take(&bytes, (size_t)n, &part))
			return false;
	}
	return true;
}

static bool
copy_to_stream(int from, int to, struct error *err)
{
	uint8_t piece[65536] UNINITIALIZED;
	struct stat st;

	if (fstat(from, &st) != 0)
		return error_set_errno(err, "temporary file");
	for (off_t at = 0; at < st.st_size;) {
		const off_t left = st.st_size - at;
		const size_t n =
		    left < (off_t)sizeof(piece) ? (size_t)left : sizeof(piece);

		if (!file_pread(from, piece, n, at, err) ||
		    !write_all(to, span_of(piece, n), err))
			return false;
		at += (off_t)n;
	}
	return true;
}

/* Write to a stream. It is an error if its reader went away. */
static bool
send_to_stream(const struct outfile *out, struct error *err)
{
	const struct timespec now = { 0 };
	sigset_t pipe, before;
	struct stat st;
	bool ok;
	int fd;

	fd = open(out->path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return error_set_errno(err, "%s", out->path);
	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe, &before);
	ok = fstat(fd, &st) == 0 || error_set_errno(err, "%s", out->path);
	ok =
	    ok && (is_stream(st.st_mode) || refuse(out->path, st.st_mode, err));
	ok = ok &&
	    (copy_to_stream(out->fd, fd, err) ||
		error_context(err, "%s", out->path));
	if (!ok && !sigismember(&before, SIGPIPE))
		sigtimedwait(&pipe, NULL, &now);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (close(fd) != 0 && ok)
		ok = error_set_errno(err, "%s", out->path);
	return ok;
}

static bool
put_in_place(struct outfile *out, mode_t mode, struct error *err)
{
	char folder[FILE_PATH];

	if (fchmod(out->fd, mode) != 0 || fsync(out->fd) != 0 ||
	    rename(out->tmp, out->path) != 0)
		return error_set_errno(err, "%s", out->path);
	out->tmp[0] = '\0';
	file_parent(out->path, folder);
	return file_sync_dir(folder, err);
}

bool
outfile_finish(struct outfile *out, mode_t mode, struct error *err)
{
	const bool ok = out->is_stream ? send_to_stream(out, err)
				       : put_in_place(out, mode, err);

	outfile_drop(out);
	return ok;
}

void
outfile_drop(struct outfile *out)
{
	if (out->fd >= 0)
		close(out->fd);
	if (out->tmp[0] != '\0')
		unlink(out->tmp);
	out->fd = -1;
	out->tmp[0] = '\0';
}
