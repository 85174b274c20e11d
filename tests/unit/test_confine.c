/*
 * Confinement: from inside each process, calls that must fail are tried.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <netinet/in.h>

#include "base/file.h"
#include "daemon/confine.h"

static char top[UNIT_DIR];
static struct config config;
static int memory = -1; /* what the signer has open */

static void
make_folder(void)
{
	static const char *const folders[] = { "certs", "data",
		"data/store.git", "data/journal", "data/spool", "data/cache",
		"data/crls", "data/signer", "data/server", "policies", "crls" };
	static const char *const files[] = { "data/vkey", "data/signer/key",
		"data/server/key", "data/journal/entries", "outside",
		"certs/server.pem", "certs/depositary.pem",
		"certs/renamed.pem" };
	struct error err = { 0 };
	char path[FILE_PATH];

	unit_make_dir(top);
	for (size_t i = 0; i < COUNT(folders); i++) {
		ck_ok(file_join(path, top, folders[i], &err), err);
		ck_assert_int_eq(mkdir(path, 0700), 0);
	}
	for (size_t i = 0; i < COUNT(files); i++)
		ck_ok(file_join(path, top, files[i], &err) &&
			file_create(path, span_of_str("x"), 0600, &err),
		    err);
	ck_ok(file_join(config.data, top, "data", &err) &&
		file_join(config.policies, top, "policies", &err) &&
		file_join(config.crls, top, "crls", &err) &&
		file_join(config.server_key, top, "data/server/key", &err) &&
		file_join(config.server_cert, top, "certs/server.pem", &err) &&
		file_join(config.depositary_cert, top, "certs/depositary.pem",
		    &err) &&
		file_join(config.depositary_key, top, "data/signer/key", &err),
	    err);
	ck_ok(file_join(path, top, "data/signer/key", &err), err);
	memory = open(path, O_RDWR | O_CLOEXEC);
}

static void
remove_folder(void)
{
	close(memory);
	unit_remove_dir(top);
}

static bool
opens(const char *name, int flags)
{
	struct error err = { 0 };
	char path[FILE_PATH];
	int fd;

	if (name[0] == '/')
		snprintf(path, sizeof(path), "%s", name);
	else if (!file_join(path, top, name, &err))
		return false;
	fd = open(path, flags, 0600);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static bool
try_read_key(void)
{
	return opens("data/signer/key", O_RDONLY);
}
static bool
try_list_signer(void)
{
	return opens("data/signer", O_RDONLY);
}
static bool
try_make_in_data(void)
{
	return opens("data/new", O_CREAT | O_WRONLY);
}
static bool
try_read_passwd(void)
{
	return opens("/etc/passwd", O_RDONLY);
}
static bool
try_write_outside(void)
{
	return opens("outside", O_WRONLY);
}
static bool
try_write_policy(void)
{
	return opens("policies/new", O_CREAT | O_WRONLY);
}
static bool
try_write_tmp(void)
{
	return opens("/tmp/valise-escaped", O_CREAT | O_WRONLY);
}
static bool
try_read_journal(void)
{
	return opens("data/journal/entries", O_RDWR);
}
static bool
try_spool(void)
{
	return opens("data/spool", O_TMPFILE | O_RDWR);
}
static bool
try_read_server_key(void)
{
	return opens("data/server/key", O_RDONLY);
}
static bool
try_read_vkey(void)
{
	return opens("data/vkey", O_RDONLY);
}
static bool
try_write_vkey(void)
{
	return opens("data/vkey", O_WRONLY);
}

/* A new certificate is renamed into its place: it is another file. */
static bool
try_read_renamed(void)
{
	return opens("certs/renamed.pem", O_RDONLY);
}

static bool
try_exec(void)
{
	execl("/bin/true", "true", (char *)NULL);
	return false;
}

static bool
try_fork(void)
{
	return fork() >= 0;
}
static bool
try_vfork(void)
{
	return syscall(SYS_vfork) >= 0;
}
static bool
try_ptrace(void)
{
	return ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0;
}
static bool
try_setuid(void)
{
	return setuid(65534) == 0;
}
static bool
try_mount(void)
{
	return mount("none", "/mnt", "tmpfs", 0, "") == 0;
}
static bool
try_unshare(void)
{
	return unshare(CLONE_NEWUSER) == 0;
}
static bool
try_kill(void)
{
	return kill(getppid(), 0) == 0;
}
static bool
try_raw(void)
{
	return socket(AF_PACKET, SOCK_RAW, 0) >= 0;
}
static bool
try_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) >= 0;
}
static bool
try_unix(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0) >= 0;
}
static bool
try_dump(void)
{
	return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0;
}

static bool
try_run_memory(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}

static bool
try_make_runnable(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return page != MAP_FAILED &&
	    mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0;
}

static void *
run_nothing(void *arg)
{
	return arg;
}

static bool
try_thread(void)
{
	pthread_t thread;

	return pthread_create(&thread, NULL, run_nothing, NULL) == 0 &&
	    pthread_join(thread, NULL) == 0;
}

static bool
try_remember(void)
{
	return pwrite(memory, "y", 1, 0) == 1 && fdatasync(memory) == 0;
}

/*
 * Write more than its memory needs: the signer must not be able to fill the
 * disk.
 */
static bool
try_fill(void)
{
	static const char much[128 * 1024];

	signal(SIGXFSZ, SIG_IGN);
	return pwrite(memory, much, sizeof(much), 0) == (ssize_t)sizeof(much);
}

enum who { SERVER, SIGNER, READER };
enum needs { ALWAYS, LANDLOCK, NO_SANITIZER };

static const struct {
	const char *what;
	bool (*try)(void);
	enum who who;
	enum needs needs; /* else the row is skipped, and says so */
	bool works;
} rows[] = {
	{ "read a signing key", try_read_key, SERVER, LANDLOCK, false },
	{ "list the signer's folder", try_list_signer, SERVER, LANDLOCK,
	    false },
	{ "make a file in the data folder", try_make_in_data, SERVER, LANDLOCK,
	    false },
	{ "read /etc/passwd", try_read_passwd, SERVER, LANDLOCK, false },
	{ "write outside", try_write_outside, SERVER, LANDLOCK, false },
	{ "change the policy", try_write_policy, SERVER, LANDLOCK, false },
	{ "write into /tmp", try_write_tmp, SERVER, LANDLOCK, false },
	{ "change the public key", try_write_vkey, SERVER, LANDLOCK, false },
	{ "run a program", try_exec, SERVER, ALWAYS, false },
	{ "fork", try_fork, SERVER, NO_SANITIZER, false },
	{ "vfork", try_vfork, SERVER, ALWAYS, false },
	{ "trace", try_ptrace, SERVER, NO_SANITIZER, false },
	{ "become somebody else", try_setuid, SERVER, ALWAYS, false },
	{ "mount", try_mount, SERVER, ALWAYS, false },
	{ "make a namespace", try_unshare, SERVER, ALWAYS, false },
	{ "signal another process", try_kill, SERVER, NO_SANITIZER, false },
	{ "open a raw socket", try_raw, SERVER, ALWAYS, false },
	{ "write to memory that runs", try_run_memory, SERVER, ALWAYS, false },
	{ "run memory that was written", try_make_runnable, SERVER, ALWAYS,
	    false },
	{ "allow core dumps", try_dump, SERVER, NO_SANITIZER, false },
	{ "use the journal's files", try_read_journal, SERVER, ALWAYS, true },
	{ "spool", try_spool, SERVER, ALWAYS, true },
	{ "read its own TLS key", try_read_server_key, SERVER, ALWAYS, true },
	{ "read the public key", try_read_vkey, SERVER, ALWAYS, true },
	{ "start a thread", try_thread, SERVER, ALWAYS, true },
	{ "connect", try_socket, SERVER, ALWAYS, true },
	{ "read a certificate that was renamed", try_read_renamed, SERVER,
	    ALWAYS, true },
	{ "open any file", try_read_vkey, SIGNER, ALWAYS, false },
	{ "connect", try_socket, SIGNER, ALWAYS, false },
	{ "connect to a neighbour", try_unix, SIGNER, ALWAYS, false },
	{ "run a program", try_exec, SIGNER, ALWAYS, false },
	{ "fork", try_fork, SIGNER, ALWAYS, false },
	{ "start a thread", try_thread, SIGNER, ALWAYS, false },
	{ "trace", try_ptrace, SIGNER, ALWAYS, false },
	{ "become somebody else", try_setuid, SIGNER, ALWAYS, false },
	{ "run memory that was written", try_make_runnable, SIGNER, ALWAYS,
	    false },
	{ "allow core dumps", try_dump, SIGNER, ALWAYS, false },
	{ "fill the disk", try_fill, SIGNER, ALWAYS, false },
	{ "remember what it signed", try_remember, SIGNER, ALWAYS, true },
	{ "read /etc/passwd", try_read_passwd, READER, LANDLOCK, false },
	{ "use the journal's files", try_read_journal, READER, LANDLOCK,
	    false },
	{ "read the server's key", try_read_server_key, READER, LANDLOCK,
	    false },
	{ "write outside", try_write_outside, READER, LANDLOCK, false },
	{ "connect", try_socket, READER, ALWAYS, false },
	{ "run a program", try_exec, READER, ALWAYS, false },
	{ "fork", try_fork, READER, ALWAYS, false },
	{ "start a thread", try_thread, READER, ALWAYS, false },
	{ "trace", try_ptrace, READER, ALWAYS, false },
	{ "become somebody else", try_setuid, READER, ALWAYS, false },
	{ "read the depositary's key", try_read_key, READER, ALWAYS, true },
	{ "read a certificate that was renamed", try_read_renamed, READER,
	    ALWAYS, true },
};

static bool
confine(enum who who, struct error *err)
{
	return who == SERVER ? confine_server(&config, err)
	    : who == READER  ? confine_reader(&config, err)
			     : confine_signer(err);
}

START_TEST(no_process_gains_anything_by_being_taken_over)
{
	struct error err = { 0 };
	int status;
	pid_t pid;

	if (rows[_i].needs == LANDLOCK && !confine_has_landlock()) {
		printf("skipped: \"%s\": this kernel has no Landlock\n",
		    rows[_i].what);
		return;
	}
#ifdef __SANITIZE_ADDRESS__
	if (rows[_i].needs == NO_SANITIZER) {
		printf("skipped: \"%s\": the sanitizer does it itself\n",
		    rows[_i].what);
		return;
	}
#endif
	make_folder();
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		if (!confine(rows[_i].who, &err))
			_exit(99);
		/* Not exit(): the sanitizer's own end is not allowed. */
		_exit(rows[_i].try() ? 1 : 0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(!WIFEXITED(status) || WEXITSTATUS(status) != 99);
	if (rows[_i].works)
		ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 1,
		    "%s: it cannot", rows[_i].what);
	else
		ck_assert_msg(WIFSIGNALED(status) || WEXITSTATUS(status) == 0,
		    "%s: it can", rows[_i].what);
	remove_folder();
}
END_TEST

START_TEST(the_documentation_counts_the_signers_calls)
{
	struct buf text = BUF(1024 * 1024);
	char path[FILE_PATH], sentence[80];
	struct error err = { 0 };

	snprintf(path, sizeof(path), "%s/docs/security.md",
	    getenv("VALISE_TOP"));
	ck_ok(file_read(path, text.max, &text, &err) &&
		buf_append(&text, span_of("", 1), &err),
	    err);
	snprintf(sentence, sizeof(sentence),
	    "\n%zu system calls; any other ends it", confine_signer_calls());
	ck_assert_msg(strstr((const char *)text.data, sentence) != NULL,
	    "it does not say:%s", sentence);
	buf_free(&text);
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_test(t, the_documentation_counts_the_signers_calls);
	tcase_add_loop_test(t, no_process_gains_anything_by_being_taken_over, 0,
	    COUNT(rows));
}

int
main(void)
{
	return run_tests("confine", fill);
}
