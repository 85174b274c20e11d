/*
 * Landlock, seccomp and capabilities of both processes (confine.h).
 */
#include "daemon/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/capability.h>
#include <linux/landlock.h>
#include <seccomp.h>

#include "base/text.h"
#include "record/data.h"

/* Names that the kernel headers of Debian 12 lack. */
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif
#ifndef LANDLOCK_ACCESS_FS_IOCTL_DEV
#define LANDLOCK_ACCESS_FS_IOCTL_DEV (1ULL << 15)
#endif

/* --- Files: Landlock. --- */

static const uint64_t may_read =
    LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
static const uint64_t may_write = LANDLOCK_ACCESS_FS_READ_FILE |
    LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_WRITE_FILE |
    LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
    LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
    LANDLOCK_ACCESS_FS_REFER | LANDLOCK_ACCESS_FS_TRUNCATE;

/* The rights that a kernel with this version of Landlock knows. */
static uint64_t
handled(long version)
{
	uint64_t all = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;

	if (version >= 2)
		all |= LANDLOCK_ACCESS_FS_REFER;
	if (version >= 3)
		all |= LANDLOCK_ACCESS_FS_TRUNCATE;
	if (version >= 5)
		all |= LANDLOCK_ACCESS_FS_IOCTL_DEV;
	return all;
}

static long
landlock_version(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
}

bool
confine_has_landlock(void)
{
	return landlock_version() >= 1;
}

struct ruleset {
	int fd; /* the ruleset, or -1: the kernel has no Landlock */
	uint64_t handled;
};

static bool
ruleset_new(struct ruleset *out, struct error *err)
{
	struct landlock_ruleset_attr attr = { 0 };
	const long version = landlock_version();

	*out = (struct ruleset){ .fd = -1 };
	if (version < 1)
		return true;
	attr.handled_access_fs = out->handled = handled(version);
	out->fd =
	    (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	return out->fd >= 0 || error_set_errno(err, "Landlock");
}

/* A path that does not exist needs no right. */
static bool
ruleset_allow(const struct ruleset *ruleset, const char *path, uint64_t rights,
    struct error *err)
{
	struct landlock_path_beneath_attr attr = {
		.allowed_access = rights & ruleset->handled,
		.parent_fd = open(path, O_PATH | O_CLOEXEC),
	};
	struct stat st;
	bool ok;

	if (ruleset->fd < 0 || attr.parent_fd < 0) {
		if (attr.parent_fd >= 0)
			close(attr.parent_fd);
		return true;
	}
	if (fstat(attr.parent_fd, &st) == 0 && !S_ISDIR(st.st_mode))
		attr.allowed_access &= LANDLOCK_ACCESS_FS_READ_FILE |
		    LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE;
	ok = syscall(SYS_landlock_add_rule, ruleset->fd,
		 LANDLOCK_RULE_PATH_BENEATH, &attr, 0) == 0 ||
	    error_set_errno(err, "Landlock: %s", path);
	close(attr.parent_fd);
	return ok;
}

static bool
ruleset_enter(struct ruleset *ruleset, struct error *err)
{
	bool ok = true;

	if (ruleset->fd < 0)
		return true;
	if (syscall(SYS_landlock_restrict_self, ruleset->fd, 0) != 0)
		ok = error_set_errno(err, "Landlock");
	close(ruleset->fd);
	return ok;
}

/* --- Calls: seccomp. --- */

#define CALL(name) SCMP_SYS(name)

static const int common_calls[] = { CALL(read), CALL(write), CALL(pread64),
	CALL(pwrite64), CALL(fdatasync), CALL(recvfrom), CALL(sendto),
	CALL(close), CALL(brk), CALL(munmap), CALL(mremap), CALL(madvise),
	CALL(futex), CALL(getrandom), CALL(getpid), CALL(gettid),
	CALL(clock_gettime), CALL(rt_sigreturn), CALL(rt_sigprocmask),
	CALL(rt_sigaction), CALL(sigaltstack), CALL(restart_syscall),
	CALL(sched_yield), CALL(exit), CALL(exit_group) };

/* mprotect() and mmap() without execution: allow_memory() adds these. */
static const int memory_calls[] = { CALL(mmap), CALL(mprotect) };

static const int server_calls[] = { CALL(readv), CALL(writev), CALL(open),
	CALL(openat), CALL(stat), CALL(fstat), CALL(lstat), CALL(newfstatat),
	CALL(statx), CALL(statfs), CALL(fstatfs), CALL(access), CALL(faccessat),
	CALL(faccessat2), CALL(lseek), CALL(msync), CALL(set_robust_list),
	CALL(get_robust_list), CALL(rseq), CALL(getuid), CALL(geteuid),
	CALL(getgid), CALL(getegid), CALL(getppid), CALL(clock_nanosleep),
	CALL(nanosleep), CALL(gettimeofday), CALL(time), CALL(clock_getres),
	CALL(sched_getaffinity), CALL(setpriority), CALL(getpriority),
	CALL(tgkill), CALL(wait4), CALL(waitid), CALL(fsync), CALL(ftruncate),
	CALL(fallocate), CALL(sync_file_range), CALL(fadvise64), CALL(rename),
	CALL(renameat), CALL(renameat2), CALL(link), CALL(linkat), CALL(unlink),
	CALL(unlinkat), CALL(mkdir), CALL(mkdirat), CALL(rmdir), CALL(chmod),
	CALL(fchmod), CALL(fchmodat), CALL(umask), CALL(utimensat), CALL(flock),
	CALL(fcntl), CALL(dup), CALL(dup2), CALL(dup3), CALL(pipe), CALL(pipe2),
	CALL(eventfd2), CALL(epoll_create1), CALL(epoll_ctl), CALL(epoll_wait),
	CALL(epoll_pwait), CALL(epoll_pwait2), CALL(poll), CALL(ppoll),
	CALL(select), CALL(pselect6), CALL(timerfd_create),
	CALL(timerfd_settime), CALL(socketpair), CALL(connect), CALL(accept),
	CALL(accept4), CALL(bind), CALL(getsockname), CALL(getpeername),
	CALL(setsockopt), CALL(getsockopt), CALL(sendmsg), CALL(sendmmsg),
	CALL(recvmsg), CALL(recvmmsg), CALL(shutdown), CALL(sendfile),
	CALL(getdents64), CALL(getcwd), CALL(readlink), CALL(readlinkat),
	CALL(uname), CALL(sysinfo), CALL(getrlimit), CALL(getrusage),
	CALL(membarrier), CALL(prlimit64) };

/* A process that makes one of these calls was taken over: it is killed. */
static const int deadly_calls[] = { CALL(execve), CALL(execveat), CALL(fork),
	CALL(vfork), CALL(ptrace), CALL(process_vm_readv),
	CALL(process_vm_writev), CALL(mount), CALL(umount2), CALL(pivot_root),
	CALL(chroot), CALL(unshare), CALL(setns), CALL(bpf), CALL(init_module),
	CALL(finit_module), CALL(kexec_load), CALL(setuid), CALL(setgid),
	CALL(setreuid), CALL(setregid), CALL(setresuid), CALL(setresgid),
	CALL(perf_event_open), CALL(userfaultfd), CALL(memfd_create) };

/* The leak checker of a sanitizer stops our threads from a clone. */
#ifdef __SANITIZE_ADDRESS__
static const bool sanitized = true;
#else
static const bool sanitized = false;
#endif
static const int sanitizer_calls[] = { CALL(clone), CALL(ptrace), CALL(prctl),
	CALL(kill), CALL(process_vm_readv), CALL(arch_prctl), CALL(getdents) };

static bool
is_for_sanitizer(int call)
{
	for (size_t i = 0; sanitized &&
	     i < sizeof(sanitizer_calls) / sizeof(sanitizer_calls[0]);
	     i++)
		if (sanitizer_calls[i] == call)
			return true;
	return false;
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool
allow(scmp_filter_ctx filter, const int calls[], size_t num)
{
	for (size_t i = 0; i < num; i++)
		if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0) != 0)
			return false;
	return true;
}

/* Memory is never both writable and executable. */
static bool
allow_memory(scmp_filter_ctx filter)
{
	for (size_t i = 0; i < COUNT(memory_calls); i++)
		if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, memory_calls[i], 1,
			SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) != 0)
			return false;
	return true;
}

/*
 * Threads; sockets of four families; the ioctls that isatty(3) and libcurl
 * make.
 */
static bool
allow_some(scmp_filter_ctx filter)
{
	static const int families[] = { AF_UNIX, AF_INET, AF_INET6,
		AF_NETLINK };
	static const unsigned long asks[] = { TCGETS, FIONREAD, FIONBIO };
	bool ok =
	    seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
		SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD)) == 0 &&
	    /*
	     * Flags of clone3 cannot be seen by a filter: the C library then
	     * uses clone.
	     */
	    seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3),
		0) == 0 &&
	    seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1,
		SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME)) == 0;

	for (size_t i = 0; ok && i < COUNT(families); i++)
		ok = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket),
			 1,
			 SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)families[i])) == 0;
	for (size_t i = 0; ok && i < COUNT(asks); i++)
		ok = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl),
			 1, SCMP_A1(SCMP_CMP_EQ, asks[i])) == 0;
	return ok;
}

static bool
load_filter(scmp_filter_ctx filter, bool ok, struct error *err)
{
	ok = ok && seccomp_load(filter) == 0;
	seccomp_release(filter);
	return ok || error_set_outside(err, "seccomp: not available");
}

/* --- Privileges. --- */

/*
 * Drop all capabilities; root then keeps the rights of its files only.  Where
 * there are none, as under the systemd unit, capset is not called: the unit
 * forbids it.
 */
static bool
drop_capabilities(struct error *err)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct now[2] = { 0 }, none[2] = { 0 };

	for (int cap = 0; cap <= 63; cap++)
		prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
	return (syscall(SYS_capget, &header, now) == 0 &&
		   memcmp(now, none, sizeof(now)) == 0) ||
	    syscall(SYS_capset, &header, none) == 0 ||
	    error_set_errno(err, "capabilities");
}

/* Give up capabilities, core dumps and new privileges. */
static bool
drop_privileges(struct error *err)
{
	const struct rlimit no_core = { 0 };

	setrlimit(RLIMIT_CORE, &no_core);
	if (!drop_capabilities(err))
		return false;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ||
	    error_set_errno(err, "no_new_privs");
}

size_t
confine_signer_calls(void)
{
	return COUNT(common_calls) + COUNT(memory_calls);
}

bool
confine_signer(struct error *err)
{
	const struct rlimit small = { .rlim_cur = 64 * 1024,
		.rlim_max = 64 * 1024 };
	scmp_filter_ctx filter;
	struct ruleset ruleset;
	bool ok;

	/* The signer writes nothing but its memory, of 1 KiB. */
	if (setrlimit(RLIMIT_FSIZE, &small) != 0)
		return error_set_errno(err, "resource limits");
	if (!drop_privileges(err) || !ruleset_new(&ruleset, err) ||
	    !ruleset_enter(&ruleset, err))
		return false;
	filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	ok = filter != NULL &&
	    allow(filter, common_calls, COUNT(common_calls)) &&
	    allow_memory(filter);
	return load_filter(filter, ok, err);
}

/* What file_read() and private_read() call. */
static const int reader_calls[] = { CALL(open), CALL(openat), CALL(stat),
	CALL(fstat), CALL(newfstatat), CALL(statx), CALL(statfs), CALL(access),
	CALL(faccessat), CALL(faccessat2), CALL(lseek), CALL(getuid),
	CALL(geteuid), CALL(getgid), CALL(getegid) };

static void
folder_of(const char *path, char out[FILE_PATH])
{
	char *end;

	text_set(out, FILE_PATH, path);
	end = strrchr(out, '/');
	if (end == NULL)
		text_set(out, FILE_PATH, ".");
	else
		end[end == out ? 1 : 0] = '\0';
}

/* A file that is renamed into its place is another one: allow its folder. */
static bool
allow_beside(const struct ruleset *ruleset, const char *path, struct error *err)
{
	char folder[FILE_PATH];

	folder_of(path, folder);
	return ruleset_allow(ruleset, path, may_read, err) &&
	    ruleset_allow(ruleset, folder, may_read, err);
}

bool
confine_reader(const struct config *config, struct error *err)
{
	scmp_filter_ctx filter;
	struct ruleset ruleset;
	bool ok;

	ok = drop_privileges(err) && ruleset_new(&ruleset, err) &&
	    allow_beside(&ruleset, config->depositary_cert, err) &&
	    allow_beside(&ruleset, config->depositary_key, err);
	if (!ok || !ruleset_enter(&ruleset, err))
		return false;
	filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	ok = filter != NULL &&
	    allow(filter, common_calls, COUNT(common_calls)) &&
	    allow(filter, reader_calls, COUNT(reader_calls)) &&
	    allow_memory(filter);
	return load_filter(filter, ok, err);
}

/*
 * Let the server use its parts of the data folder, but not the folder itself,
 * which has signer/.
 */
static bool
allow_data(const struct ruleset *ruleset, const struct config *config,
    struct error *err)
{
	static const uint64_t
	    rights[] = { [DATA_READ] = may_read, [DATA_WRITE] = may_write };
	char path[FILE_PATH];

	for (unsigned i = 0; i < DATA_PARTS; i++) {
		const enum data_access access = data_about(i)->access;

		if (access != DATA_NO_ACCESS &&
		    (!data_path(config->data, i, path, err) ||
			!ruleset_allow(ruleset, path, rights[access], err)))
			return false;
	}
	return true;
}

/* Is the file somewhere below the folder?  If that is not known, yes. */
static bool
is_below(const char *folder, const char *path)
{
	char *outer = realpath(folder, NULL), *inner = realpath(path, NULL);
	const size_t len = outer != NULL ? strlen(outer) : 0;
	const bool is = outer == NULL || inner == NULL || len < 2 ||
	    (strncmp(outer, inner, len) == 0 &&
		(inner[len] == '/' || inner[len] == '\0'));

	free(outer);
	free(inner);
	return is;
}

/* Allow a certificate's folder too, unless keys that sign are below it. */
static bool
allow_certificate(const struct ruleset *ruleset, const struct config *config,
    const char *path, struct error *err)
{
	char folder[FILE_PATH], keys[FILE_PATH];

	folder_of(path, folder);
	if (path[0] == '\0' || !data_path(config->data, DATA_SIGNER, keys, err))
		return path[0] == '\0';
	return is_below(folder, keys) ||
		is_below(folder, config->depositary_key)
	    ? ruleset_allow(ruleset, path, may_read, err)
	    : allow_beside(ruleset, path, err);
}

/*
 * A postgres_file_visitor.  The file alone: the folder that it is in may have
 * others.
 */
static bool
allow_database_file(void *arg, const char *path, struct error *err)
{
	return ruleset_allow(arg, path, may_read, err);
}

/*
 * Let the server read again what its connection string names, for when it
 * connects anew.  Neither Landlock nor a filter tells one socket from another.
 */
static bool
allow_database(const struct ruleset *ruleset, const struct config *config,
    struct error *err)
{
	const struct data_place place = config_place(config);

	return place.database.conninfo == NULL ||
	    postgres_files(&place.database, allow_database_file,
		(void *)(uintptr_t)ruleset, err);
}

bool
confine_server(const struct config *config, struct error *err)
{
	const char *const readable[] = { config->policies, config->crls,
		config->server_key, config->proxies.password_file,
		/*
		 * Files needed to find and to trust the servers that CRLs come
		 * from.
		 */
		"/etc/ssl", "/usr/lib/ssl", "/usr/share/ca-certificates",
		"/etc/resolv.conf", "/etc/hosts", "/etc/host.conf",
		"/etc/nsswitch.conf", "/etc/gai.conf", "/etc/services",
		"/run/systemd/resolve", "/proc/self", "/proc/meminfo",
		"/sys/fs/cgroup", "/sys/devices/system/cpu", "/dev/urandom" };
	struct addrinfo *warm = NULL;
	scmp_filter_ctx filter;
	struct ruleset ruleset;
	bool ok;

	/* Make the C library load now what it could not load later. */
	if (getaddrinfo("localhost", "443", NULL, &warm) == 0)
		freeaddrinfo(warm);
	ok = drop_privileges(err) && ruleset_new(&ruleset, err) &&
	    allow_data(&ruleset, config, err) &&
	    allow_database(&ruleset, config, err) &&
	    allow_certificate(&ruleset, config, config->server_cert, err) &&
	    allow_certificate(&ruleset, config, config->depositary_cert, err) &&
	    ruleset_allow(&ruleset, "/dev/null",
		may_read | LANDLOCK_ACCESS_FS_WRITE_FILE, err);
	for (size_t i = 0; ok && i < COUNT(readable); i++)
		ok = readable[i][0] == '\0' ||
		    ruleset_allow(&ruleset, readable[i], may_read, err);
	if (!ok || !ruleset_enter(&ruleset, err))
		return false;
	filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	ok = filter != NULL &&
	    allow(filter, common_calls, COUNT(common_calls)) &&
	    allow(filter, server_calls, COUNT(server_calls)) &&
	    allow_memory(filter) && allow_some(filter);
	if (ok && sanitized)
		ok = allow(filter, sanitizer_calls, COUNT(sanitizer_calls));
	for (size_t i = 0; ok && i < COUNT(deadly_calls); i++)
		ok = is_for_sanitizer(deadly_calls[i]) ||
		    seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS,
			deadly_calls[i], 0) == 0;
	return load_filter(filter, ok, err);
}
