/*
 * Files that were dropped on a page: which may come, what is kept of them, and
 * that nothing stays.
 */
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/desk/spool.h"
#include "unit.h"

static char dir[UNIT_DIR], folder[UNIT_DIR + 8];
static struct spool *spool;

static void
begin(void)
{
	struct error err = { 0 };

	unit_make_dir(dir);
	snprintf(folder, sizeof(folder), "%s/desk", dir);
	spool = spool_new(folder, &err);
	ck_assert_msg(spool != NULL, "%s", err.detail);
}

static void
end(void)
{
	spool_free(spool);
	unit_remove_dir(dir);
}

/* How many files or folders are in a folder? */
static unsigned
count(const char *path)
{
	DIR *opened = opendir(path);
	const struct dirent *entry;
	unsigned num = 0;

	ck_assert_ptr_nonnull(opened);
	while ((entry = readdir(opened)) != NULL)
		num += strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0;
	closedir(opened);
	return num;
}

/* The folder of this run, as a path in which its files are. */
static void
run_folder(char out[FILE_PATH])
{
	struct error err = { 0 };
	char path[FILE_PATH], id[SPOOL_ID];

	ck_ok(spool_make_folder(spool, id, path, &err), err);
	ck_assert_int_eq(rmdir(path), 0);
	file_parent(path, out);
}

static void
put(const char *name, const char *text, struct spooled *out)
{
	struct error err = { 0 };
	struct spool_upload *upload =
	    spool_begin(spool, name, strlen(text), &err);

	ck_assert_msg(upload != NULL, "%s", err.detail);
	/* In pieces, as it comes. */
	for (size_t i = 0; i < strlen(text); i++)
		ck_ok(spool_write(upload, span_of(text + i, 1), &err), err);
	ck_ok(spool_end(upload, out, &err), err);
}

START_TEST(a_file_is_kept_for_its_owner_alone_and_hashed)
{
	const struct digest sha256 = sha256_of(span_of_str("Article 1\n"));
	struct buf bytes = BUF(100);
	struct spooled file, found;
	struct error err = { 0 };
	char path[FILE_PATH], parent[FILE_PATH];
	struct stat st;

	put("a text.txt", "Article 1\n", &file);
	ck_assert_str_eq(file.name, "a text.txt");
	ck_assert_uint_eq(file.size, 10);
	ck_assert(digest_eq(&file.sha256, &sha256));
	ck_assert_uint_eq(strlen(file.id), SPOOL_ID - 1);
	ck_ok(spool_find(spool, file.id, path, &found, &err), err);
	ck_assert_str_eq(strrchr(path, '/'), "/a text.txt");
	ck_ok(file_read(path, 100, &bytes, &err), err);
	ck_assert(span_eq(buf_span(&bytes), span_of_str("Article 1\n")));
	buf_free(&bytes);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	file_parent(path, parent);
	ck_assert_int_eq(stat(parent, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0700);
	run_folder(parent);
	ck_assert_int_eq(stat(parent, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0700);
	spool_remove(spool, file.id);
	ck_assert(!spool_find(spool, file.id, path, &found, &err));
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	ck_assert_uint_eq(count(parent), 0);
}
END_TEST

START_TEST(a_name_becomes_nfc)
{
	struct spooled file;

	put("e\xcc\x81.txt", "x", &file);
	ck_assert_str_eq(file.name, "\xc3\xa9.txt");
}
END_TEST

static const struct {
	const char *name;
	uint64_t size;
	enum error_kind kind;
} refused[] = {
	{ "", 1, ERROR_MALFORMED },
	{ "../x", 1, ERROR_MALFORMED },
	{ "a/b", 1, ERROR_MALFORMED },
	{ "..", 1, ERROR_MALFORMED },
	{ ".hidden", 1, ERROR_MALFORMED },
	{ "-o", 1, ERROR_MALFORMED },
	{ "CON", 1, ERROR_MALFORMED },
	{ "a\nb", 1, ERROR_MALFORMED },
	{ "a\xe2\x80\xae"
	  "b",
	    1, ERROR_MALFORMED },
	{ "\xff", 1, ERROR_MALFORMED },
	{ "x", LIMIT_CONTAINER_BYTES + 1, ERROR_LIMIT },
	{ "x", UINT64_MAX, ERROR_LIMIT },
};

START_TEST(what_does_not_do_is_refused_before_it_comes)
{
	struct error err = { 0 };

	ck_assert(
	    !spool_check(spool, refused[_i].name, refused[_i].size, &err));
	ck_assert_int_eq(err.kind, refused[_i].kind);
	err = (struct error){ 0 };
	ck_assert_ptr_null(
	    spool_begin(spool, refused[_i].name, refused[_i].size, &err));
	ck_assert_int_eq(err.kind, refused[_i].kind);
}
END_TEST

START_TEST(a_long_name_is_refused)
{
	char name[LIMIT_NAME_BYTES + 2];
	struct error err = { 0 };

	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	ck_assert(!spool_check(spool, name, 1, &err));
	ck_assert_int_eq(err.kind, ERROR_LIMIT);
	name[LIMIT_NAME_BYTES] = '\0';
	err = (struct error){ 0 };
	ck_ok(spool_check(spool, name, 1, &err), err);
}
END_TEST

START_TEST(more_or_fewer_bytes_than_announced_are_no_file)
{
	struct spool_upload *upload;
	struct spooled file;
	struct error err = { 0 };
	char path[FILE_PATH];

	ck_assert_ptr_nonnull(upload = spool_begin(spool, "x", 2, &err));
	ck_ok(spool_write(upload, span_of_str("a"), &err), err);
	ck_assert(!spool_write(upload, span_of_str("bc"), &err));
	ck_assert_int_eq(err.kind, ERROR_MALFORMED);
	err = (struct error){ 0 };
	ck_assert(!spool_end(upload, &file, &err));
	ck_assert_int_eq(err.kind, ERROR_MALFORMED);
	ck_assert(!spool_find(spool, file.id, path, &file, &err));
	run_folder(path);
	ck_assert_uint_eq(count(path), 0);
}
END_TEST

START_TEST(nothing_stays_of_what_was_cut)
{
	struct spool_upload *upload;
	struct error err = { 0 };
	char path[FILE_PATH];

	run_folder(path);
	ck_assert_ptr_nonnull(upload = spool_begin(spool, "x", 9, &err));
	ck_ok(spool_write(upload, span_of_str("abc"), &err), err);
	ck_assert_uint_eq(count(path), 1);
	spool_drop(upload);
	ck_assert_uint_eq(count(path), 0);
	spool_drop(NULL);
}
END_TEST

START_TEST(there_is_an_end_to_how_many)
{
	struct spool_upload *coming[2];
	struct spooled file;
	struct error err = { 0 };

	for (unsigned i = 0; i < LIMIT_DESK_FILES - 2; i++)
		put("x", "", &file);
	for (unsigned i = 0; i < 2; i++)
		ck_assert_ptr_nonnull(
		    coming[i] = spool_begin(spool, "x", 0, &err));
	ck_assert(!spool_check(spool, "x", 0, &err));
	ck_assert_int_eq(err.kind, ERROR_LIMIT);
	/* What is used, or cut, makes room. */
	err = (struct error){ 0 };
	spool_remove(spool, file.id);
	ck_ok(spool_check(spool, "x", 0, &err), err);
	put("x", "", &file);
	ck_assert(!spool_check(spool, "x", 0, &err));
	spool_drop(coming[0]);
	err = (struct error){ 0 };
	ck_ok(spool_check(spool, "x", 0, &err), err);
	spool_drop(coming[1]);
}
END_TEST

/* A file as a command makes it: of so many bytes, but none on the disk. */
static void
make(uint64_t size, char id[SPOOL_ID])
{
	struct error err = { 0 };
	char path[FILE_PATH], file[FILE_PATH];

	ck_ok(spool_make_folder(spool, id, path, &err), err);
	ck_ok(file_join(file, path, "copy", &err), err);
	ck_ok(file_write_quick(file, span_of_str("x"), 0600, &err), err);
	ck_assert_int_eq(truncate(file, (off_t)size), 0);
	ck_ok(spool_adopt(spool, id, "copy", &err), err);
}

START_TEST(copies_make_room_for_copies)
{
	char ids[3][SPOOL_ID], path[FILE_PATH], large[SPOOL_ID];
	struct spooled file;
	struct error err = { 0 };

	for (unsigned i = 0; i < 3; i++)
		make(LIMIT_DESK_BYTES / 2, ids[i]);
	ck_assert(!spool_find(spool, ids[0], path, &file, &err));
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	err = (struct error){ 0 };
	ck_ok(spool_find(spool, ids[1], path, &file, &err), err);
	ck_ok(spool_find(spool, ids[2], path, &file, &err), err);
	/* And none is taken from files that are dropped. */
	ck_ok(spool_check(spool, "x", 1, &err), err);
	/* The newest stays, whatever it has. */
	make(LIMIT_DESK_BYTES + 1, large);
	ck_assert(!spool_find(spool, ids[2], path, &file, &err));
	err = (struct error){ 0 };
	ck_ok(spool_find(spool, large, path, &file, &err), err);
	spool_remove(spool, large);
	make(1, ids[0]);
	make(1, ids[1]);
	ck_ok(spool_find(spool, ids[0], path, &file, &err), err);
}
END_TEST

START_TEST(the_end_leaves_nothing)
{
	struct spooled file;
	struct error err = { 0 };

	put("x", "a", &file);
	ck_assert_uint_eq(count(folder), 1);
	spool_free(spool);
	ck_assert_uint_eq(count(folder), 0);
	ck_assert_ptr_nonnull(spool = spool_new(folder, &err));
}
END_TEST

START_TEST(what_a_killed_run_left_goes_and_a_living_one_stays)
{
	char left[FILE_PATH], living[FILE_PATH];
	struct error err = { 0 };
	struct spool *other;

	snprintf(left, sizeof(left), "%s/.tmp-valise-abcdef/id", folder);
	ck_ok(file_make_dirs(left, 0700, &err), err);
	run_folder(living);
	ck_assert_uint_eq(count(folder), 2);
	ck_assert_ptr_nonnull(other = spool_new(folder, &err));
	ck_assert(!file_exists(left));
	ck_assert(file_exists(living));
	ck_assert_uint_eq(count(folder), 2);
	spool_free(other);
}
END_TEST

static void
fill(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, begin, end);
	tcase_add_test(tcase, a_file_is_kept_for_its_owner_alone_and_hashed);
	tcase_add_test(tcase, a_name_becomes_nfc);
	tcase_add_loop_test(tcase, what_does_not_do_is_refused_before_it_comes,
	    0, COUNT(refused));
	tcase_add_test(tcase, a_long_name_is_refused);
	tcase_add_test(tcase, more_or_fewer_bytes_than_announced_are_no_file);
	tcase_add_test(tcase, nothing_stays_of_what_was_cut);
	tcase_add_test(tcase, there_is_an_end_to_how_many);
	tcase_add_test(tcase, copies_make_room_for_copies);
	tcase_add_test(tcase, the_end_leaves_nothing);
	tcase_add_test(tcase,
	    what_a_killed_run_left_goes_and_a_living_one_stays);
}

int
main(void)
{
	return run_tests("desk_spool", fill);
}
