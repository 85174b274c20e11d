/*
 * Where files and folders are, and what may be put in their place.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/folder.h"

static char dir[64];

static void
set_up(void)
{
	snprintf(dir, sizeof(dir), "/tmp/valise-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
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
	char command[128];

	ck_assert_int_eq(chdir("/"), 0);
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	ck_assert_int_eq(system(command), 0);
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
	ck_assert_int_eq(
	    folder_apart(places[_i].path, places[_i].folder, &err),
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

static void
fill(TCase *t)
{
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_loop_test(t, a_folder_is_found_under_any_name, 0,
	    COUNT(places));
	tcase_add_loop_test(t, a_folder_that_may_be_anywhere_is_refused, 0,
	    COUNT(no_places));
}

int
main(void)
{
	return run_tests("file", fill);
}
