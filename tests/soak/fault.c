/*
 * fault - makes system calls fail, or records them, as it is told; to be loaded
 * into a daemon with LD_PRELOAD. Both processes share one page:
 *
 *	FAULT_PAGE=FILE        tests/soak/arm.c says there which call fails; at its
 *	                       end are the count, and whether it fired
 *	FAULT_UNREADABLE=FILE  it may not be opened, as by a user without the right
 *	FAULT_SLOW=FILE        where it is there, the next flush of something in
 *	                       store.git removes it, and takes so many
 *	                       milliseconds as it says
 *	FAULT_LOG=FILE         a record of each write, flush, rename, ... below
 *	                       FAULT_BELOW, for tests/soak/power.c
 */
/* Both names of each call (32 and 64 bits) are defined here. */
#undef _FILE_OFFSET_BITS

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "tests/soak/fault.h"

static struct fault_page *page;
static int log_fd = -1;
static char below[PATH_MAX];
static size_t below_len;
static const char *unreadable, *slow;
static pid_t server;

/* Sets real to the next function of that name: the C library's. */
#define REAL(name)                                                             \
	static __typeof__(name) *real;                                         \
	if (real == NULL)                                                      \
	real = (__typeof__(name) *)(uintptr_t)dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void
set_up(void)
{
	const char *path = getenv("FAULT_PAGE"), *log = getenv("FAULT_LOG");
	const char *dir = getenv("FAULT_BELOW");
	int fd;

	unreadable = getenv("FAULT_UNREADABLE");
	slow = getenv("FAULT_SLOW");
	server = getpid();
	if (path != NULL && (fd = open(path, O_RDWR | O_CLOEXEC)) >= 0) {
		page = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE,
		    MAP_SHARED, fd, 0);
		if (page == MAP_FAILED)
			page = NULL;
	}
	if (log != NULL && dir != NULL) {
		log_fd = open(log, O_WRONLY | O_APPEND | O_CLOEXEC);
		below_len = (size_t)snprintf(below, sizeof(below), "%s/", dir);
	}
}

/* May this file or folder not be opened? */
static int
is_unreadable(const char *path)
{
	const size_t len = unreadable != NULL ? strlen(unreadable) : 0;

	if (len == 0 || strncmp(path, unreadable, len) != 0 ||
	    (path[len] != '\0' && path[len] != '/'))
		return 0;
	errno = EACCES;
	return 1;
}

/* Must this call fail now? */
static int
fails(enum fault_call call)
{
	if (page == NULL ||
	    __atomic_load_n(&page->call, __ATOMIC_ACQUIRE) != (uint32_t)call)
		return 0;
	if (__atomic_add_fetch(&page->count, 1, __ATOMIC_ACQ_REL) != page->nth)
		return 0;
	__atomic_store_n(&page->fired, 1, __ATOMIC_RELEASE);
	errno = (int)page->error;
	return 1;
}

/* --- Recording. --- */

enum { FDS = 4096 };
static char *paths[FDS]; /* paths of open descriptors, relative to the folder */

/*
 * Returns the path of a descriptor relative to the folder, or NULL. The signer
 * may not ask the kernel for it, so it is the path under which it was opened.
 */
static const char *
path_of(int fd, char out[PATH_MAX])
{
	const char *path =
	    log_fd >= 0 && fd >= 0 && fd < FDS ? paths[fd] : NULL;

	if (path == NULL)
		return NULL;
	snprintf(out, PATH_MAX, "%s", path);
	return out;
}

static void
remember(int fd, const char *path)
{
	if (fd < 0 || fd >= FDS)
		return;
	free(paths[fd]);
	paths[fd] = path != NULL ? strdup(path) : NULL;
}

static void
renamed(const char *from, const char *to)
{
	for (int fd = 0; fd < FDS; fd++)
		if (paths[fd] != NULL && strcmp(paths[fd], from) == 0)
			remember(fd, to);
}

static const char *
relative(const char *path)
{
	return log_fd >= 0 && strncmp(path, below, below_len) == 0
	    ? path + below_len
	    : NULL;
}

static void
record(char what, const char *a, const char *b, uint64_t at, const void *data,
    size_t len)
{
	struct fault_record head = { .what = (uint8_t)what,
		.a_len = (uint16_t)strlen(a),
		.b_len = (uint16_t)(b != NULL ? strlen(b) : 0),
		.at = at,
		.len = data != NULL ? len : 0 };
	const size_t a_len = head.a_len, b_len = head.b_len;
	const int saved = errno;
	char *bytes = malloc(sizeof(head) + a_len + b_len + head.len);
	static ssize_t (*put)(int, const void *, size_t);
	ssize_t n;

	if (put == NULL)
		put = (ssize_t(*)(int, const void *, size_t))(
		    uintptr_t)dlsym(RTLD_NEXT, "write");
	if (bytes == NULL)
		abort();
	memcpy(bytes, &head, sizeof(head));
	memcpy(bytes + sizeof(head), a, a_len);
	if (b_len > 0)
		memcpy(bytes + sizeof(head) + a_len, b, b_len);
	if (head.len > 0)
		memcpy(bytes + sizeof(head) + a_len + b_len, data, head.len);
	/*
	 * One write a record, so that the records of both processes stay whole
	 * and in order.
	 */
	n = put(log_fd, bytes, sizeof(head) + a_len + b_len + head.len);
	(void)n;
	free(bytes);
	errno = saved;
}

/* --- The calls. --- */

ssize_t
write(int fd, const void *data, size_t len)
{
	char path[PATH_MAX];
	const char *name;
	ssize_t n;

	REAL(write);
	if (fd > 2 && fails(FAULT_WRITE))
		return -1;
	n = real(fd, data, len);
	if (n > 0 && log_fd >= 0 && fd > 2 && fd != log_fd &&
	    (name = path_of(fd, path)) != NULL)
		record('w', name, NULL, (uint64_t)(lseek(fd, 0, SEEK_CUR) - n),
		    data, (size_t)n);
	return n;
}

ssize_t
pwrite(int fd, const void *data, size_t len, off_t at)
{
	char path[PATH_MAX];
	const char *name;
	ssize_t n;

	REAL(pwrite);
	if (fails(FAULT_PWRITE))
		return -1;
	n = real(fd, data, len, at);
	if (n > 0 && (name = path_of(fd, path)) != NULL)
		record('w', name, NULL, (uint64_t)at, data, (size_t)n);
	return n;
}

ssize_t
pwrite64(int fd, const void *data, size_t len, off_t at)
{
	return pwrite(fd, data, len, at);
}

static int
flushed(int fd, int result)
{
	char path[PATH_MAX];
	const char *name;

	if (result == 0 && (name = path_of(fd, path)) != NULL)
		record('s', name, NULL, 0, NULL, 0);
	return result;
}

/* A disk that is slow for once. */
static void
be_slow(int fd)
{
	char link_path[64], path[PATH_MAX] = "", text[16] = "";
	int from;

	snprintf(link_path, sizeof(link_path), "/proc/self/fd/%d", fd);
	/* The signer, a child, may not look for it. */
	if (slow == NULL || getpid() != server || access(slow, F_OK) != 0 ||
	    readlink(link_path, path, sizeof(path) - 1) < 0 ||
	    strstr(path, "store.git") == NULL ||
	    (from = open(slow, O_RDONLY | O_CLOEXEC)) < 0)
		return;
	if (read(from, text, sizeof(text) - 1) > 0 && unlink(slow) == 0) {
		const int ms = atoi(text);
		const struct timespec time = { .tv_sec = ms / 1000,
			.tv_nsec = (long)(ms % 1000) * 1000000 };

		nanosleep(&time, NULL);
	}
	close(from);
}

int
fsync(int fd)
{
	REAL(fsync);
	be_slow(fd);
	return fails(FAULT_FSYNC) ? -1 : flushed(fd, real(fd));
}

int
fdatasync(int fd)
{
	REAL(fdatasync);
	return fails(FAULT_FDATASYNC) ? -1 : flushed(fd, real(fd));
}

int
rename(const char *from, const char *to)
{
	int result;

	REAL(rename);
	if (fails(FAULT_RENAME))
		return -1;
	result = real(from, to);
	if (result == 0 && relative(from) != NULL && relative(to) != NULL) {
		record('r', relative(from), relative(to), 0, NULL, 0);
		renamed(relative(from), relative(to));
	}
	return result;
}

int
link(const char *from, const char *to)
{
	int result;

	REAL(link);
	if (fails(FAULT_LINK))
		return -1;
	result = real(from, to);
	if (result == 0 && relative(from) != NULL && relative(to) != NULL)
		record('l', relative(from), relative(to), 0, NULL, 0);
	return result;
}

int
linkat(int from_dir, const char *from, int to_dir, const char *to, int flags)
{
	REAL(linkat);
	return fails(FAULT_LINK) ? -1 : real(from_dir, from, to_dir, to, flags);
}

int
unlink(const char *path)
{
	int result;

	REAL(unlink);
	if (fails(FAULT_UNLINK))
		return -1;
	result = real(path);
	if (result == 0 && relative(path) != NULL)
		record('u', relative(path), NULL, 0, NULL, 0);
	return result;
}

int
mkdir(const char *path, mode_t mode)
{
	int result;

	REAL(mkdir);
	if (fails(FAULT_MKDIR))
		return -1;
	result = real(path, mode);
	if (result == 0 && relative(path) != NULL)
		record('d', relative(path), NULL, 0, NULL, 0);
	return result;
}

int
unlinkat(int dir, const char *path, int flags)
{
	REAL(unlinkat);
	return fails(FAULT_UNLINK) ? -1 : real(dir, path, flags);
}

int
ftruncate(int fd, off_t len)
{
	char path[PATH_MAX];
	const char *name;
	int result;

	REAL(ftruncate);
	if (fails(FAULT_FTRUNCATE))
		return -1;
	result = real(fd, len);
	if (result == 0 && (name = path_of(fd, path)) != NULL)
		record('t', name, NULL, (uint64_t)len, NULL, 0);
	return result;
}

int
ftruncate64(int fd, off_t len)
{
	return ftruncate(fd, len);
}

static int
opened(int fd, const char *path, int flags)
{
	/* After a cut a file without a name is gone. */
	remember(fd, (flags & O_TMPFILE) == O_TMPFILE ? NULL : relative(path));
	if (fd >= 0 && (flags & O_CREAT) != 0 && relative(path) != NULL)
		record((flags & O_TRUNC) != 0 ? 'C' : 'c', relative(path), NULL,
		    0, NULL, 0);
	return fd;
}

int
open(const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list args;

	REAL(open);
	va_start(args, flags);
	if ((flags & (O_CREAT | O_TMPFILE)) != 0)
		mode = va_arg(args, mode_t);
	va_end(args);
	if (fails(FAULT_OPEN) || is_unreadable(path))
		return -1;
	return opened(real(path, flags, mode), path, flags);
}

int
open64(const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list args;

	va_start(args, flags);
	if ((flags & (O_CREAT | O_TMPFILE)) != 0)
		mode = va_arg(args, mode_t);
	va_end(args);
	return open(path, flags, mode);
}

/* The function that a fortified build calls if open() has no mode. */
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);

int
__open_2(const char *path, int flags)
{
	return open(path, flags);
}

int
__open64_2(const char *path, int flags)
{
	return open(path, flags);
}

int
openat(int dir, const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list args;

	REAL(openat);
	va_start(args, flags);
	if ((flags & (O_CREAT | O_TMPFILE)) != 0)
		mode = va_arg(args, mode_t);
	va_end(args);
	return fails(FAULT_OPENAT) ? -1 : real(dir, path, flags, mode);
}

int
openat64(int dir, const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list args;

	va_start(args, flags);
	if ((flags & (O_CREAT | O_TMPFILE)) != 0)
		mode = va_arg(args, mode_t);
	va_end(args);
	return openat(dir, path, flags, mode);
}

int __openat_2(int dir, const char *path, int flags);
int __openat64_2(int dir, const char *path, int flags);

int
__openat_2(int dir, const char *path, int flags)
{
	return openat(dir, path, flags);
}

int
__openat64_2(int dir, const char *path, int flags)
{
	return openat(dir, path, flags);
}

int
mkostemp(char *path, int flags)
{
	int fd;

	REAL(mkostemp);
	if (fails(FAULT_OPEN))
		return -1;
	fd = real(path, flags);
	return opened(fd, path, O_CREAT);
}

int
mkostemp64(char *path, int flags)
{
	return mkostemp(path, flags);
}

int
close(int fd)
{
	REAL(close);
	if (log_fd >= 0)
		remember(fd, NULL);
	return real(fd);
}

/* --- Calls that are not recorded. --- */

DIR *
opendir(const char *path)
{
	REAL(opendir);
	return is_unreadable(path) ? NULL : real(path);
}

FILE *
fopen64(const char *restrict path, const char *restrict mode)
{
	REAL(fopen64);
	return is_unreadable(path) ? NULL : real(path, mode);
}

ssize_t
read(int fd, void *out, size_t len)
{
	REAL(read);
	return fd > 2 && fails(FAULT_READ) ? -1 : real(fd, out, len);
}

ssize_t
pread(int fd, void *out, size_t len, off_t at)
{
	REAL(pread);
	return fails(FAULT_PREAD) ? -1 : real(fd, out, len, at);
}

ssize_t
pread64(int fd, void *out, size_t len, off_t at)
{
	return pread(fd, out, len, at);
}

/* The functions that a fortified build calls. */
ssize_t __read_chk(int fd, void *out, size_t len, size_t room);
ssize_t __pread_chk(int fd, void *out, size_t len, off_t at, size_t room);
ssize_t __pread64_chk(int fd, void *out, size_t len, off_t at, size_t room);

ssize_t
__read_chk(int fd, void *out, size_t len, size_t room)
{
	if (len > room)
		abort();
	return read(fd, out, len);
}

ssize_t
__pread_chk(int fd, void *out, size_t len, off_t at, size_t room)
{
	if (len > room)
		abort();
	return pread(fd, out, len, at);
}

ssize_t
__pread64_chk(int fd, void *out, size_t len, off_t at, size_t room)
{
	return __pread_chk(fd, out, len, at, room);
}

int
accept4(int fd, __SOCKADDR_ARG from, socklen_t *restrict len, int flags)
{
	REAL(accept4);
	return fails(FAULT_ACCEPT4) ? -1 : real(fd, from, len, flags);
}

int
socket(int domain, int type, int protocol)
{
	REAL(socket);
	return fails(FAULT_SOCKET) ? -1 : real(domain, type, protocol);
}

int
fallocate(int fd, int mode, off_t at, off_t len)
{
	REAL(fallocate);
	return fails(FAULT_FALLOCATE) ? -1 : real(fd, mode, at, len);
}

int
fallocate64(int fd, int mode, off_t at, off_t len)
{
	return fallocate(fd, mode, at, len);
}

/* This one returns its errno. */
int
posix_fallocate(int fd, off_t at, off_t len)
{
	REAL(posix_fallocate);
	return fails(FAULT_FALLOCATE) ? errno : real(fd, at, len);
}

int
posix_fallocate64(int fd, off_t at, off_t len)
{
	return posix_fallocate(fd, at, len);
}

int
statvfs(const char *restrict path, struct statvfs *restrict out)
{
	REAL(statvfs);
	return fails(FAULT_STATVFS) ? -1 : real(path, out);
}

int
statvfs64(const char *restrict path, struct statvfs64 *restrict out)
{
	REAL(statvfs64);
	return fails(FAULT_STATVFS) ? -1 : real(path, out);
}

int
fstatvfs(int fd, struct statvfs *out)
{
	REAL(fstatvfs);
	return fails(FAULT_STATVFS) ? -1 : real(fd, out);
}

int
fstatvfs64(int fd, struct statvfs64 *out)
{
	REAL(fstatvfs64);
	return fails(FAULT_STATVFS) ? -1 : real(fd, out);
}

/* The signer's limit on its writes must not apply to the log. */
int
setrlimit(__rlimit_resource_t what, const struct rlimit *limit)
{
	REAL(setrlimit);
	return log_fd >= 0 && what == RLIMIT_FSIZE ? 0 : real(what, limit);
}

int
setrlimit64(__rlimit_resource_t what, const struct rlimit64 *limit)
{
	REAL(setrlimit64);
	return log_fd >= 0 && what == RLIMIT_FSIZE ? 0 : real(what, limit);
}

void *
malloc(size_t len)
{
	REAL(malloc);
	return fails(FAULT_MALLOC) ? NULL : real(len);
}
