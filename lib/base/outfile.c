/*
 * Files that persons name to be written: told apart by what they are, and tried,
 * before anything is put in their place.
 */
#include "base/outfile.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { ROOM = 64 * 1024 }; /* a disk that has no more is full */

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
	return access(folder, F_OK) == 0 ||
	    error_set_errno(err, "%s: the folder %s", path, folder);
}

/* Find out what path is, with links followed. */
static bool
judge(struct outfile *out, const char *path, struct error *err)
{
	struct stat st;

	out->is_stream = out->replaces = false;
	if (path[0] == '\0' || strlen(path) >= FILE_PATH)
		return error_set(err, ERROR_USAGE, "\"%s\" is no path", path);
	/* stat(2) fails if the kernel does not allow to follow that link. */
	if (stat(path, &st) != 0)
		return errno == ENOENT ? has_folder(path, err)
				       : error_set_errno(err, "%s", path);
	out->is_stream = is_stream(st.st_mode);
	out->replaces = S_ISREG(st.st_mode);
	return out->is_stream || out->replaces || refuse(path, st.st_mode, err);
}

bool
outfile_leads_to(const char *path, char out[FILE_PATH], struct error *err)
{
	return text_take(out, FILE_PATH, path, err) && follow_links(out, err);
}

/* A device that takes nothing says so already of no bytes (/dev/full). */
static bool
try_stream(const struct outfile *out, struct error *err)
{
	struct stat st;
	bool ok = true;
	int fd = STDOUT_FILENO;

	if (!out->is_stdout && stat(out->path, &st) == 0 &&
	    S_ISFIFO(st.st_mode))
		return true; /* to open one waits for its reader */
	if (!out->is_stdout)
		fd = open(out->path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return error_set_errno(err, "%s", out->path);
	if (fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && write(fd, "", 0) < 0)
		ok = error_set_errno(err, "%s",
		    out->is_stdout ? "standard output" : out->path);
	if (!out->is_stdout)
		close(fd);
	return ok;
}

static bool
open_stream(struct outfile *out, const char *scratch, struct error *err)
{
	return try_stream(out, err) &&
	    (out->fd = file_temporary(scratch, err)) >= 0;
}

bool
outfile_open(struct outfile *out, const char *path, const char *scratch,
    struct error *err)
{
	char folder[FILE_PATH];

	*out = (struct outfile){ .fd = -1, .scratch = { .fd = -1 } };
	if (strcmp(path, "-") == 0) {
		out->is_stdout = out->is_stream = true;
		return open_stream(out, scratch, err);
	}
	if (!judge(out, path, err) ||
	    !text_take(out->path, sizeof(out->path), path, err))
		return false;
	if (out->is_stream)
		return open_stream(out, scratch, err);
	if (!follow_links(out->path, err))
		return false;
	file_parent(out->path, folder);
	scratch_sweep(folder);
	if (!scratch_open(&out->scratch, folder, err))
		return error_context(err, "%s", path);
	out->fd = out->scratch.fd;
	if (file_allocate(out->fd, 0, ROOM, err) &&
	    (ftruncate(out->fd, 0) == 0 || error_set_errno(err, "%s", path)))
		return true;
	outfile_drop(out);
	return error_context(err, "%s", path);
}

bool
outfile_rename(struct outfile *out, const char *path, struct error *err)
{
	return judge(out, path, err) &&
	    (!out->is_stream || refuse(path, S_IFIFO, err)) &&
	    text_take(out->path, sizeof(out->path), path, err) &&
	    follow_links(out->path, err);
}

bool
outfile_try_within(const char *folder, struct error *err)
{
	struct scratch made;
	bool ok;

	if (!scratch_open(&made, folder, err))
		return false;
	ok = file_allocate(made.fd, 0, ROOM, err) ||
	    error_context(err, "%s", folder);
	scratch_drop(&made);
	return ok;
}

bool
outfile_try_folder(const char *path, struct error *err)
{
	char parent[FILE_PATH];
	struct stat st;

	/* A link to nothing is in the way too. */
	if (lstat(path, &st) == 0)
		return error_set(err, ERROR_CONFLICT,
		    "%s is there already: name a new folder", path);
	file_parent(path, parent);
	return has_folder(path, err) &&
	    (outfile_try_within(parent, err) || error_context(err, "%s", path));
}

bool
outfile_end_stdout(bool *gone, struct error *err)
{
	struct pollfd reader = { .fd = STDOUT_FILENO, .events = POLLOUT };
	int why = 0;

	if (fflush(stdout) != 0)
		why = errno;
	else if (!ferror(stdout))
		return true;
	/* It failed before, and nobody noted why. */
	if (why == 0 && write(STDOUT_FILENO, "", 0) < 0)
		why = errno;
	if (why == 0 && poll(&reader, 1, 0) > 0 &&
	    (reader.revents & (POLLERR | POLLHUP)) != 0)
		why = EPIPE;
	*gone = why == EPIPE;
	errno = why != 0 ? why : EIO;
	return *gone || error_set_errno(err, "standard output");
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

static bool
open_to_send(const struct outfile *out, int *fd, struct error *err)
{
	struct stat st;

	if (out->is_stdout) {
		*fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
		return *fd >= 0 || error_set_errno(err, "standard output");
	}
	*fd = open(out->path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
	if (*fd < 0 || fstat(*fd, &st) != 0)
		return error_set_errno(err, "%s", out->path);
	return is_stream(st.st_mode) || refuse(out->path, st.st_mode, err);
}

/* Write to a stream. It is an error if its reader went away. */
static bool
send_to_stream(const struct outfile *out, struct error *err)
{
	const struct timespec now = { 0 };
	sigset_t pipe, before;
	bool ok;
	int fd = -1;

	ok = open_to_send(out, &fd, err);
	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe, &before);
	ok = ok &&
	    (copy_to_stream(out->fd, fd, err) ||
		error_context(err, "%s",
		    out->is_stdout ? "standard output" : out->path));
	if (!ok && !sigismember(&before, SIGPIPE))
		sigtimedwait(&pipe, NULL, &now);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (fd >= 0 && close(fd) != 0 && ok)
		ok = error_set_errno(err, "%s", out->path);
	return ok;
}

/*
 * The mode of the file that is replaced, with its owner where that is allowed;
 * or what the umask leaves to a new one.
 */
static bool
set_mode(const struct outfile *out, struct error *err)
{
	struct stat st;
	mode_t mode;

	if (out->replaces && stat(out->path, &st) == 0) {
		mode = st.st_mode & 0777;
		if (fchown(out->fd, st.st_uid, st.st_gid) != 0 &&
		    errno != EPERM)
			return error_set_errno(err, "%s", out->path);
	} else {
		mode = umask(0);
		umask(mode);
		mode = 0666 & ~mode;
	}
	return fchmod(out->fd, mode) == 0 ||
	    error_set_errno(err, "%s", out->path);
}

static bool
put_in_place(struct outfile *out, struct error *err)
{
	char folder[FILE_PATH];

	file_parent(out->path, folder);
	return set_mode(out, err) &&
	    (fsync(out->fd) == 0 || error_set_errno(err, "%s", out->path)) &&
	    scratch_place(&out->scratch, out->path, out->replaces, err) &&
	    file_sync_dir(folder, err);
}

bool
outfile_finish(struct outfile *out, struct error *err)
{
	const bool ok =
	    out->is_stream ? send_to_stream(out, err) : put_in_place(out, err);

	outfile_drop(out);
	return ok;
}

void
outfile_drop(struct outfile *out)
{
	if (out->is_stream && out->fd >= 0)
		close(out->fd);
	else
		scratch_drop(&out->scratch);
	out->fd = -1;
}
