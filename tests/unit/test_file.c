/*
 * Files and folders: where they are, and what may be written in their place.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/folder.h"
#include "base/outfile.h"
#include "base/pace.h"
#include "base/private.h"

static char dir[UNIT_DIR];

static void
set_up(void)
{
	unit_make_dir(dir);
	ck_assert_int_eq(chdir(dir), 0);
	ck_assert_int_eq(mkdir("data", 0700), 0);
	ck_assert_int_eq(mkdir("data/journal", 0700), 0);
	ck_assert_int_eq(mkdir("other", 0700), 0);
	ck_assert_int_eq(symlink("data", "link"), 0);
	ck_assert_int_eq(symlink("../data/journal", "other/link"), 0);
	ck_assert_int_eq(symlink("nowhere", "dangling"), 0);
	ck_assert_int_eq(close(open("plain", O_CREAT | O_WRONLY, 0600)), 0);
}

static void
tear_down(void)
{
	ck_assert_int_eq(chdir("/"), 0);
	unit_remove_dir(dir);
}

/* --- folder.h --- */

static const struct {
	const char *path, *folder;
	bool within, apart;
} places[] = {
	{ "data", "data", true, false },
	{ "data/", "./data", true, false },
	{ "data/.", "data", true, false },
	{ "link", "data", true, false },
	{ "data", "link", true, false },
	{ "link/journal", "data", true, false },
	{ "other/link", "data", true, false },
	{ "other/../data", "data", true, false },
	{ "data/journal", "data", true, false },
	{ "data/new", "data", true, false },
	{ "data/new/deeper//", "data", true, false },
	{ "link/new", "data", true, false },
	{ ".", "data", false, false },
	{ "data/..", "data", false, false },
	{ "/", "data", false, false },
	{ "other", "data", false, true },
	{ "data2", "data", false, true },
	{ "new/data", "data", false, true },
	{ "data/../other/new", "data", false, true },
	{ "plain/new", "data", false, true },
	{ "other", "absent", false, true },
	{ "other", "other/absent", false, false },
};

START_TEST(a_folder_is_found_under_any_name)
{
	struct error err = { 0 };
	bool within = !places[_i].within;

	ck_ok(folder_is_within(places[_i].path, places[_i].folder, &within,
		  &err),
	    err);
	ck_assert_int_eq(within, places[_i].within);
	ck_assert_int_eq(folder_apart(places[_i].path, places[_i].folder, &err),
	    places[_i].apart);
	if (!places[_i].apart)
		ck_assert_int_eq(err.kind, ERROR_USAGE);
}
END_TEST

static const char *const no_places[] = { "", "dangling", "dangling/new",
	"new/../data/inside", "new/..", "other/new/../../data" };

START_TEST(a_folder_that_may_be_anywhere_is_refused)
{
	struct error err = { 0 };
	bool within;

	ck_assert(!folder_is_within(no_places[_i], "data", &within, &err));
	ck_assert_int_eq(err.kind, ERROR_USAGE);
}
END_TEST

/* --- outfile.h --- */

static bool
write_to(const char *path, const char *text, struct error *err)
{
	struct outfile out;

	if (!outfile_open(&out, path, dir, err))
		return false;
	ck_ok(file_pwrite(out.fd, span_of_str(text), 0, err), *err);
	return outfile_finish(&out, err);
}

static mode_t
type_of(const char *path)
{
	struct stat st;

	ck_assert_msg(lstat(path, &st) == 0, "%s", path);
	return st.st_mode & S_IFMT;
}

static void
assert_holds(const char *path, const char *text)
{
	struct buf bytes = BUF(64);
	struct error err = { 0 };

	ck_ok(file_read(path, bytes.max, &bytes, &err), err);
	ck_assert_msg(span_is(buf_span(&bytes), text), "%s: %.*s", path,
	    (int)bytes.len, (char *)bytes.data);
	buf_free(&bytes);
}

/* No other file is left in the folder. */
static void
assert_entries(const char *folder, unsigned want)
{
	char command[128];

	snprintf(command, sizeof(command), "test $(ls -A '%s' | wc -l) = %u",
	    folder, want);
	ck_assert_msg(system(command) == 0, "%s", command);
}

static const struct {
	const char *path, *file;
} links[] = {
	{ "plain", "plain" },
	{ "new", "new" },
	{ "./other/../plain", "plain" },
	{ "to-plain", "plain" },
	{ "to-link", "plain" },
	{ "dangling", "nowhere" },
	{ "other/absolute", "plain" },
	{ "other/relative", "other/file" },
	{ "link/file", "data/file" },
};

START_TEST(a_plain_file_is_replaced_and_links_stay)
{
	struct error err = { 0 };
	char absolute[FILE_PATH];
	struct stat st;

	snprintf(absolute, sizeof(absolute), "%s/plain", dir);
	ck_assert_int_eq(symlink("plain", "to-plain"), 0);
	ck_assert_int_eq(symlink("other/../to-plain", "to-link"), 0);
	ck_assert_int_eq(symlink(absolute, "other/absolute"), 0);
	ck_assert_int_eq(symlink("file", "other/relative"), 0);
	ck_assert_int_eq(link("plain", "kept"), 0);
	ck_assert_int_eq(chmod("plain", 0604), 0);
	umask(027);
	ck_ok(write_to(links[_i].path, "new bytes", &err), err);
	umask(022);
	assert_holds(links[_i].file, "new bytes");
	ck_assert_int_eq(type_of(links[_i].file), S_IFREG);
	ck_assert_int_eq(stat(links[_i].file, &st), 0);
	/* The mode of the file that was there stays; a new one has the umask's. */
	ck_assert_int_eq(st.st_mode & 0777,
	    strcmp(links[_i].file, "plain") == 0 ? 0604 : 0640);
	/*
	 * The file was renamed into place: a reader of the old one still has
	 * it.
	 */
	assert_holds("kept", "");
	ck_assert_int_eq(type_of("to-plain"), S_IFLNK);
	ck_assert_int_eq(type_of("to-link"), S_IFLNK);
	ck_assert_int_eq(type_of("dangling"), S_IFLNK);
	ck_assert_int_eq(type_of("other/absolute"), S_IFLNK);
	ck_assert_int_eq(type_of("other/relative"), S_IFLNK);
}
END_TEST

START_TEST(what_is_dropped_leaves_no_trace)
{
	struct error err = { 0 };
	struct outfile out;

	ck_ok(outfile_open(&out, "other/new", dir, &err), err);
	ck_ok(file_pwrite(out.fd, span_of_str("half"), 0, &err), err);
	outfile_drop(&out);
	outfile_drop(&out);
	assert_entries("other", 1);
}
END_TEST

/* Read a FIFO in a process of its own; it ends with 0 if text comes. */
static pid_t
reader(const char *path, const char *text)
{
	const pid_t pid = fork();
	char got[64] = "";

	if (pid == 0) {
		const int fd = open(path, O_RDONLY);
		size_t len = 0;
		ssize_t n;

		while (text != NULL && len < sizeof(got) - 1 &&
		    (n = read(fd, got + len, sizeof(got) - 1 - len)) > 0)
			len += (size_t)n;
		close(fd);
		_exit(text != NULL && strcmp(got, text) == 0 ? 0 : 1);
	}
	return pid;
}

START_TEST(a_fifo_is_written_to)
{
	const char *path = _i == 0 ? "fifo" : "to-fifo";
	struct error err = { 0 };
	int status;
	pid_t pid;

	ck_assert_int_eq(mkfifo("fifo", 0600), 0);
	ck_assert_int_eq(symlink("fifo", "to-fifo"), 0);
	pid = reader("fifo", "the bytes");
	ck_ok(write_to(path, "the bytes", &err), err);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(type_of("fifo"), S_IFIFO);
	ck_assert_int_eq(type_of("to-fifo"), S_IFLNK);
}
END_TEST

START_TEST(a_reader_that_goes_away_is_an_error_and_no_end)
{
	const size_t len = 1024 * 1024;
	char *much = calloc(1, len + 1);
	struct error err = { 0 };
	pid_t pid;

	ck_assert_ptr_nonnull(much);
	memset(much, 'x', len);
	ck_assert_int_eq(mkfifo("fifo", 0600), 0);
	pid = reader("fifo", NULL);
	ck_assert(!write_to("fifo", much, &err));
	ck_assert_int_eq(err.kind, ERROR_SYSTEM);
	ck_assert_ptr_nonnull(strstr(err.detail, "fifo"));
	ck_assert_int_eq(type_of("fifo"), S_IFIFO);
	waitpid(pid, NULL, 0);
	free(much);
}
END_TEST

/* Copies of /dev/null and /dev/full: as root a rename would replace them. */
START_TEST(a_character_device_is_written_to_and_stays)
{
	struct error err = { 0 };
	struct stat st;

	if (mknod("null", S_IFCHR | 0666, makedev(1, 3)) != 0 ||
	    mknod("full", S_IFCHR | 0666, makedev(1, 7)) != 0 ||
	    access("null", W_OK) != 0 || open("null", O_WRONLY) < 0) {
		printf("skipped: character devices (making one needs root)\n");
		return;
	}
	ck_assert_int_eq(symlink("null", "to-null"), 0);
	ck_ok(write_to("null", "bytes", &err), err);
	ck_ok(write_to("to-null", "bytes", &err), err);
	ck_assert(!write_to("full", "bytes", &err));
	ck_assert_int_eq(err.kind, ERROR_SYSTEM);
	ck_assert_int_eq(lstat("null", &st), 0);
	ck_assert(S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3));
	ck_assert_int_eq(type_of("full"), S_IFCHR);
	ck_assert_int_eq(type_of("to-null"), S_IFLNK);
}
END_TEST

static const char *const refused[] = { "data", "data/", "link", ".", "/", "",
	"socket", "block", "to-block", "circle" };

START_TEST(nothing_else_is_written_to_or_replaced)
{
	const struct sockaddr_un address = { .sun_family = AF_UNIX,
		.sun_path = "socket" };
	const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct error err = { 0 };
	struct outfile out;

	ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address,
			     sizeof(address)),
	    0);
	ck_assert_int_eq(symlink("block", "to-block"), 0);
	ck_assert_int_eq(symlink("circle", "circle"), 0);
	if (strstr(refused[_i], "block") != NULL &&
	    mknod("block", S_IFBLK | 0600, makedev(7, 250)) != 0) {
		printf("skipped: block devices (making one needs root)\n");
		close(fd);
		return;
	}
	ck_assert(!outfile_open(&out, refused[_i], dir, &err));
	if (strcmp(refused[_i], "circle") != 0)
		ck_assert_int_eq(err.kind, ERROR_USAGE);
	ck_assert_int_eq(type_of("socket"), S_IFSOCK);
	close(fd);
}
END_TEST

START_TEST(a_file_that_came_meanwhile_is_not_replaced)
{
	struct error err = { 0 };
	struct outfile out;

	ck_ok(outfile_open(&out, "other/new", dir, &err), err);
	ck_assert(!out.replaces);
	ck_ok(file_write("other/new", span_of_str("theirs"), 0600, &err), err);
	ck_assert(!outfile_finish(&out, &err));
	ck_assert_int_eq(err.kind, ERROR_CONFLICT);
	assert_holds("other/new", "theirs");
	assert_entries("other", 2);
}
END_TEST

START_TEST(a_name_may_be_as_long_as_the_file_system_takes)
{
	struct error err = { 0 };
	char name[256];

	memset(name, 'n', 255);
	name[255] = '\0';
	ck_ok(write_to(name, "1", &err), err);
	ck_ok(write_to(name, "2", &err), err);
	assert_holds(name, "2");
	ck_ok(file_write(name, span_of_str("3"), 0600, &err), err);
	assert_holds(name, "3");
}
END_TEST

START_TEST(what_cannot_be_written_fails_before_anything_is_done)
{
	struct error err = { 0 };
	struct outfile out;

	ck_assert(!outfile_open(&out, "nowhere/new", dir, &err));
	ck_assert_int_eq(err.kind, ERROR_SYSTEM);
	ck_assert_str_eq(error_words(&err), "System error");
	ck_assert(!outfile_try_folder("nowhere/new", &err));
	ck_assert_int_eq(err.kind, ERROR_SYSTEM);
	ck_assert(!outfile_try_folder("dangling", &err));
	ck_assert_int_eq(err.kind, ERROR_CONFLICT);
	ck_ok(outfile_try_folder("other/folder", &err), err);
	assert_entries("other", 1);
	if (geteuid() == 0)
		return;
	ck_assert_int_eq(chmod("other", 0500), 0);
	ck_assert(!outfile_open(&out, "other/new", dir, &err));
	ck_assert(!outfile_try_folder("other/new", &err));
	ck_assert_int_eq(chmod("other", 0700), 0);
}
END_TEST

/* --- scratch.h --- */

static void
make_file(const char *path, time_t age)
{
	const struct timespec then[2] = { { .tv_sec = time(NULL) - age },
		{ .tv_sec = time(NULL) - age } };

	ck_assert_int_eq(close(open(path, O_CREAT | O_WRONLY, 0600)), 0);
	ck_assert_int_eq(utimensat(AT_FDCWD, path, then, 0), 0);
}

START_TEST(what_dead_programs_left_is_removed_and_nothing_else)
{
	static const char *const stay[] = { "data/.tmp-valise-locked",
		"data/.tmp-valise-longer1", "data/.tmp-other-123456",
		"data/tmp-valise-123456", "data/.tmp-quick-young1" };
	static const char *const go[] = { "data/.tmp-valise-dead01",
		"data/.tmp-quick-old001", "data/.tmp-valise-folder" };
	struct error err = { 0 };
	char made[FILE_PATH], locked[FILE_PATH];
	int fd, alive;

	for (size_t i = 1; i < sizeof(stay) / sizeof(stay[0]); i++)
		make_file(stay[i], i == 4 ? 60 : 100000);
	make_file(go[0], 0);
	make_file(go[1], 100000);
	ck_assert_int_eq(mkdir(go[2], 0700), 0);
	make_file("data/.tmp-valise-folder/half", 0);
	/* Those of a program that is alive. */
	make_file(stay[0], 100000);
	fd = open(stay[0], O_RDONLY);
	ck_assert_int_eq(flock(fd, LOCK_EX), 0);
	alive = scratch_folder("data", made, &err);
	ck_assert_int_ge(alive, 0);
	snprintf(locked, sizeof(locked), "%s/half", made);
	make_file(locked, 0);
	scratch_sweep("data");
	for (size_t i = 0; i < sizeof(stay) / sizeof(stay[0]); i++)
		ck_assert_msg(file_exists(stay[i]), "%s", stay[i]);
	for (size_t i = 0; i < sizeof(go) / sizeof(go[0]); i++)
		ck_assert_msg(!file_exists(go[i]), "%s", go[i]);
	ck_assert(file_exists(locked));
	close(fd);
	close(alive);
	scratch_sweep("data");
	ck_assert(!file_exists(stay[0]));
	ck_assert(!file_exists(made));
	/* A folder that is not there has nothing in it. */
	scratch_sweep("absent");
}
END_TEST

START_TEST(a_scratch_file_gets_its_name_once_it_is_whole)
{
	struct error err = { 0 };
	struct scratch made;

	ck_ok(scratch_open(&made, "other", &err), err);
	ck_ok(file_pwrite(made.fd, span_of_str("1"), 0, &err), err);
	ck_ok(scratch_place(&made, "other/new", false, &err), err);
	scratch_drop(&made);
	ck_ok(scratch_open(&made, "other", &err), err);
	ck_ok(file_pwrite(made.fd, span_of_str("2"), 0, &err), err);
	ck_assert(!scratch_place(&made, "other/new", false, &err));
	ck_assert_int_eq(err.kind, ERROR_CONFLICT);
	assert_holds("other/new", "1");
	ck_ok(scratch_place(&made, "other/new", true, &err), err);
	scratch_drop(&made);
	assert_holds("other/new", "2");
	ck_ok(scratch_open(&made, "other", &err), err);
	scratch_drop(&made);
	assert_entries("other", 2);
}
END_TEST

/* --- private.h --- */

enum { EXT4 = 0xef53, VFAT = 0x4d44 };

static const struct {
	mode_t mode;
	uid_t owner;
	long file_system;
	enum private_verdict verdict;
} private_files[] = {
	{ 0600, 1000, EXT4, PRIVATE_GOOD }, { 0400, 1000, EXT4, PRIVATE_GOOD },
	{ 0700, 1000, EXT4, PRIVATE_GOOD },
	{ 0640, 1000, EXT4, PRIVATE_EXPOSED },
	{ 0620, 1000, EXT4, PRIVATE_EXPOSED },
	{ 0610, 1000, EXT4, PRIVATE_EXPOSED },
	{ 0604, 1000, EXT4, PRIVATE_EXPOSED },
	{ 0602, 1000, EXT4, PRIVATE_EXPOSED },
	{ 0601, 1000, EXT4, PRIVATE_EXPOSED }, { 0600, 0, EXT4, PRIVATE_GOOD },
	{ 0640, 0, EXT4, PRIVATE_GOOD }, { 0440, 0, EXT4, PRIVATE_GOOD },
	{ 0660, 0, EXT4, PRIVATE_EXPOSED }, { 0650, 0, EXT4, PRIVATE_EXPOSED },
	{ 0644, 0, EXT4, PRIVATE_EXPOSED }, { 0642, 0, EXT4, PRIVATE_EXPOSED },
	{ 0641, 0, EXT4, PRIVATE_EXPOSED },
	{ 0755, 1000, VFAT, PRIVATE_MODELESS },
	{ 0700, 1000, VFAT, PRIVATE_GOOD },
	{ 0777, 0, 0x2011bab0, PRIVATE_MODELESS },
	{ 0777, 0, 0x5346544e, PRIVATE_MODELESS },
	{ 0777, 0, 0x7366746e, PRIVATE_MODELESS },
	{ 0777, 0, 0x01021997, PRIVATE_MODELESS },
	{ 0777, 0, 0x65735546, PRIVATE_MODELESS },
	{ 0777, 0, 0x517b, PRIVATE_MODELESS },
	{ 0777, 0, 0xff534d42, PRIVATE_MODELESS },
	/* statfs(2) tells a signed number on some machines. */
	{ 0777, 0, (int)0xff534d42, PRIVATE_MODELESS },
	{ 0777, 0, 0xfe534d42, PRIVATE_MODELESS },
	{ 0777, 0, 0x01021994, PRIVATE_EXPOSED }, /* tmpfs */
};

START_TEST(a_private_key_is_nobody_elses_to_read)
{
	ck_assert_int_eq(private_judge(S_IFREG | private_files[_i].mode,
			     private_files[_i].owner,
			     private_files[_i].file_system),
	    private_files[_i].verdict);
}
END_TEST

static char warned[FILE_PATH + 200];

static void
on_warning(const char *sentence)
{
	snprintf(warned, sizeof(warned), "%s", sentence);
}

START_TEST(a_key_that_others_may_read_is_refused_or_warned_of)
{
	struct private_rule rule = { .warn = on_warning };
	struct buf bytes = BUF(100);
	struct error err = { 0 };

	ck_ok(file_write("key", span_of_str("secret"), 0600, &err), err);
	ck_ok(private_read("key", 100, &rule, &bytes, &err), err);
	ck_assert_uint_eq(bytes.len, 6);
	ck_assert_str_eq(warned, "");
	ck_assert_int_eq(chmod("key", 0604), 0);
	ck_assert(!private_read("key", 100, &rule, &bytes, &err));
	ck_assert_int_eq(err.kind, ERROR_UNTRUSTED);
	ck_assert_str_eq(err.detail,
	    "key: others may read this private key (mode 0604): chmod 600 key");
	ck_assert_uint_eq(bytes.len, 6);
	ck_assert_str_eq(warned, "");
	rule.insecure = true;
	ck_ok(private_read("key", 100, &rule, &bytes, &err), err);
	ck_assert_uint_eq(bytes.len, 12);
	ck_assert_ptr_nonnull(strstr(warned, "key: others may read"));
	ck_assert_ptr_nonnull(strstr(warned, "0604"));
	rule.warn = NULL;
	ck_ok(private_check("key", &rule, &err), err);
	ck_assert(!private_check("none", &rule, &err));
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	buf_free(&bytes);
}
END_TEST

START_TEST(a_failure_that_has_a_next_step_tells_it)
{
	static const struct {
		int code;
		const char *says;
	} all[] = {
		{ ENOSPC, "x: No space left on device: make room" },
		{ EDQUOT, "x: Disk quota exceeded: make room" },
		{ EROFS, "x: Read-only file system: that disk is read-only" },
		{ EIO, "x: Input/output error" },
	};
	struct error err = { 0 };

	for (size_t i = 0; i < COUNT(all); i++) {
		errno = all[i].code;
		ck_assert(!error_set_errno(&err, "x"));
		ck_assert_int_eq(err.kind, ERROR_SYSTEM);
		ck_assert_msg(strstr(err.detail, all[i].says) == err.detail,
		    "%s", err.detail);
	}
}
END_TEST

static void
count(void *arg)
{
	unsigned *num = arg;

	(*num)++;
}

/* Others may go first after each piece, but only on a thread that wants it. */
START_TEST(a_long_file_pauses)
{
	static const char bytes[200000];
	const int fd = open("long", O_CREAT | O_RDWR, 0600);
	struct error err = { 0 };
	struct digest digest;
	unsigned num = 0;

	ck_ok(file_pwrite(fd, span_of(bytes, sizeof(bytes)), 0, &err), err);
	pace_set(count, &num);
	ck_ok(file_sha256(fd, sizeof(bytes), &digest, &err), err);
	ck_assert_uint_eq(num, 4);
	pace_set(NULL, NULL);
	ck_ok(file_sha256(fd, sizeof(bytes), &digest, &err), err);
	ck_assert_uint_eq(num, 4);
	close(fd);
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_test(t, a_long_file_pauses);
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_loop_test(t, a_folder_is_found_under_any_name, 0,
	    COUNT(places));
	tcase_add_loop_test(t, a_folder_that_may_be_anywhere_is_refused, 0,
	    COUNT(no_places));
	tcase_add_loop_test(t, a_plain_file_is_replaced_and_links_stay, 0,
	    COUNT(links));
	tcase_add_test(t, a_failure_that_has_a_next_step_tells_it);
	tcase_add_test(t, what_is_dropped_leaves_no_trace);
	tcase_add_loop_test(t, a_fifo_is_written_to, 0, 2);
	tcase_add_test(t, a_reader_that_goes_away_is_an_error_and_no_end);
	tcase_add_test(t, a_character_device_is_written_to_and_stays);
	tcase_add_loop_test(t, nothing_else_is_written_to_or_replaced, 0,
	    COUNT(refused));
	tcase_add_test(t, a_file_that_came_meanwhile_is_not_replaced);
	tcase_add_test(t, a_name_may_be_as_long_as_the_file_system_takes);
	tcase_add_test(t, what_cannot_be_written_fails_before_anything_is_done);
	tcase_add_test(t, what_dead_programs_left_is_removed_and_nothing_else);
	tcase_add_test(t, a_scratch_file_gets_its_name_once_it_is_whole);
	tcase_add_loop_test(t, a_private_key_is_nobody_elses_to_read, 0,
	    COUNT(private_files));
	tcase_add_test(t, a_key_that_others_may_read_is_refused_or_warned_of);
}

int
main(void)
{
	return run_tests("file", fill);
}
