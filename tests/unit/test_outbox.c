/*
 * The outbox: what is kept there, to whom it belongs, and which files are not
 * part of it.
 */
#include "unit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/outbox.h"

#define DOC "agreement/one"

static char dir[UNIT_DIR];
static struct context context;
static struct container *container;

static void
set_up(void)
{
	struct note_signer signer;
	struct error err = { 0 };

	unit_make_dir(dir);
	ck_ok(note_signer_make("journal.test", NOTE_JOURNAL, &signer, &err),
	    err);
	context = (struct context){ .journal = note_keys_of(&signer.key) };
	snprintf(context.state, sizeof(context.state), "%s", dir);
	container = container_new(&err);
	ck_ok(container_put(container, "mimetype",
		  span_of_str(CONTAINER_MIMETYPE), &err),
	    err);
}

static void
tear_down(void)
{
	container_free(container);
	unit_remove_dir(dir);
}

static void
keep(enum outbox_kind kind, const char *document, unsigned version,
    struct outbox_act *out)
{
	struct error err = { 0 };

	ck_ok(outbox_keep(&context, kind, document, version, container, out,
		  &err),
	    err);
}

static size_t
num_kept(enum outbox_kind kind, const char *document)
{
	struct outbox_list list;
	struct error err = { 0 };

	ck_ok(outbox_all(&context, kind, document, &list, &err), err);
	free(list.list);
	return list.num;
}

/* Put a file of that name, as if a command had left it; made_at or now. */
static void
put_file(const char *name, time_t made_at)
{
	const struct timespec times[2] = { { .tv_sec = made_at },
		{ .tv_sec = made_at } };
	char path[FILE_PATH];
	struct error err = { 0 };

	ck_ok(file_join(path, dir, "outbox", &err) &&
		file_make_dirs(path, 0700, &err),
	    err);
	snprintf(path, sizeof(path), "%s/outbox/%s", dir, name);
	ck_ok(file_write_quick(path, span_of_str("x"), 0600, &err), err);
	if (made_at != 0)
		ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

START_TEST(what_is_kept_is_ours_until_it_is_released)
{
	struct outbox_act act, other;
	struct stat st;

	keep(OUTBOX_DEPOSIT, DOC, 1, &act);
	ck_assert(outbox_is_kept(&act));
	ck_assert_int_ge(act.lock, 0);
	ck_assert_int_eq(stat(act.path, &st), 0);
	ck_assert_int_gt(st.st_size, 0);
	ck_assert_int_eq(st.st_mode & 077, 0);
	/* It is listed, and nobody else's to send. */
	ck_assert_uint_eq(num_kept(OUTBOX_DEPOSIT, NULL), 1);
	ck_assert(!outbox_take_first(&context, OUTBOX_DEPOSIT, DOC, 1, &other));
	outbox_release(&act);
	ck_assert(outbox_take_first(&context, OUTBOX_DEPOSIT, DOC, 1, &other));
	ck_assert_str_eq(other.path, act.path);
	ck_assert_uint_eq(other.version, 1);
	/* Once it is dropped it is gone, and cannot be taken again. */
	outbox_drop(&other);
	ck_assert(!outbox_is_kept(&other));
	ck_assert_int_eq(other.lock, -1);
	ck_assert(!outbox_take(&act));
	ck_assert_int_eq(act.lock, -1);
	ck_assert_uint_eq(num_kept(OUTBOX_DEPOSIT, NULL), 0);
}
END_TEST

START_TEST(a_file_that_was_sent_meanwhile_is_not_taken)
{
	struct outbox_act act;
	struct outbox_list list;
	struct error err = { 0 };
	int held;

	keep(OUTBOX_SIGNATURE, DOC, 2, &act);
	ck_ok(outbox_all(&context, OUTBOX_SIGNATURE, NULL, &list, &err), err);
	ck_assert_uint_eq(list.num, 1);
	/* Another opened it before it was gone: the lock alone would do. */
	held = open(act.path, O_RDWR | O_CLOEXEC);
	ck_assert_int_ge(held, 0);
	outbox_drop(&act);
	ck_assert(!outbox_take(&list.list[0]));
	close(held);
	free(list.list);
}
END_TEST

START_TEST(each_act_says_what_it_is)
{
	struct outbox_act act, kept[3];
	struct outbox_list list;
	struct error err = { 0 };

	keep(OUTBOX_DEPOSIT, DOC, 1, &kept[0]);
	keep(OUTBOX_SIGNATURE, DOC, 12, &kept[1]);
	keep(OUTBOX_TERMINATION, "agreement/two", 999999, &kept[2]);
	for (size_t i = 0; i < 3; i++)
		outbox_release(&kept[i]);
	ck_ok(outbox_all(&context, OUTBOX_TERMINATION, NULL, &list, &err), err);
	ck_assert_uint_eq(list.num, 1);
	ck_assert_str_eq(list.list[0].document, "agreement/two");
	ck_assert_uint_eq(list.list[0].version, 999999);
	ck_assert_uint_eq(list.list[0].size, 0); /* nothing was seen yet */
	ck_assert(!list.list[0].onto && !list.list[0].stale);
	ck_assert_int_eq(list.list[0].lock, -1);
	free(list.list);
	ck_assert_uint_eq(num_kept(OUTBOX_DEPOSIT, DOC), 1);
	ck_assert_uint_eq(num_kept(OUTBOX_DEPOSIT, "agreement/two"), 0);
	/* Version 0 is any; another is not there. */
	ck_assert(
	    !outbox_take_first(&context, OUTBOX_SIGNATURE, DOC, 11, &act));
	ck_assert(outbox_take_first(&context, OUTBOX_SIGNATURE, DOC, 0, &act));
	ck_assert_uint_eq(act.version, 12);
	outbox_release(&act);
}
END_TEST

START_TEST(a_deposit_onto_a_version_says_so)
{
	struct outbox_act act;
	struct outbox_list list;
	struct error err = { 0 };

	ck_ok(outbox_keep_deposit(&context, DOC, 2, true, container, &act,
		  &err),
	    err);
	outbox_release(&act);
	ck_ok(outbox_all(&context, OUTBOX_DEPOSIT, DOC, &list, &err), err);
	ck_assert_uint_eq(list.num, 1);
	ck_assert(list.list[0].onto);
	free(list.list);
}
END_TEST

/* Names in the folder: which are an act, and what they say. */
static const struct {
	const char *name;
	unsigned version; /* 0: it is none */
	uint64_t size;
	bool onto;
} names[] = {
	{ "agreement--one@1-7-aB3dEf.asice", 1, 7, false },
	{ "agreement--one@1-7-onto-aB3dEf.asice", 1, 7, true },
	{ "agreement--one@3.asice", 3, 0, false }, /* as of before */
	{ "agreement--one@999999-0-aB3dEf.asice", 999999, 0, false },
	{ "agreement--one@1000000-0-aB3dEf.asice", 0, 0, false },
	{ "agreement--one@0-0-aB3dEf.asice", 0, 0, false },
	{ "agreement--one@01-0-aB3dEf.asice", 0, 0, false },
	{ "agreement--one@1-07-aB3dEf.asice", 0, 0, false },
	{ "agreement--one@1-7.asice", 0, 0, false },
	{ "agreement--one@1-x-aB3dEf.asice", 0, 0, false },
	{ "agreement--one@-7-aB3dEf.asice", 0, 0, false },
	{ "agreement--one@.asice", 0, 0, false },
	{ "agreement--one.asice", 0, 0, false },
	{ "agreement-one@1-7-aB3dEf.asice", 0, 0, false },
	{ "agreement--One@1-7-aB3dEf.asice", 0, 0, false },
	{ "agreement--@1-7-aB3dEf.asice", 0, 0, false },
	{ "agreement--one@1-7-aB3dEf.asice.upload", 0, 0, false },
	{ "agreement--one@1-7-aB3dEf.sign.zip", 0, 0, false },
	{ "agreement--one@1-7-aB3dEf", 0, 0, false },
	{ ".agreement--one@1-7-aB3dEf.asice", 0, 0, false },
	{ "@--.asice", 0, 0, false },
};

START_TEST(a_file_is_an_act_by_its_name)
{
	struct outbox_list list;
	struct error err = { 0 };

	put_file(names[_i].name, 0);
	ck_ok(outbox_all(&context, OUTBOX_DEPOSIT, NULL, &list, &err), err);
	ck_assert_msg(list.num == (names[_i].version != 0), "%s",
	    names[_i].name);
	if (list.num == 1) {
		ck_assert_str_eq(list.list[0].document, DOC);
		ck_assert_uint_eq(list.list[0].version, names[_i].version);
		ck_assert_uint_eq(list.list[0].size, names[_i].size);
		ck_assert_int_eq(list.list[0].onto, names[_i].onto);
	}
	free(list.list);
}
END_TEST

START_TEST(the_oldest_comes_first_and_grows_stale)
{
	const time_t now = time(NULL);
	struct outbox_list list;
	struct outbox_act act;
	struct error err = { 0 };

	put_file("agreement--one@2-7-bbbbbb.asice", now - 60);
	put_file("agreement--one@1-7-aaaaaa.asice", now - 24 * 60 * 60 - 60);
	put_file("agreement--one@4-7-dddddd.asice", now - 30);
	put_file("agreement--one@3-7-cccccc.asice", now - 30);
	ck_ok(outbox_all(&context, OUTBOX_DEPOSIT, DOC, &list, &err), err);
	ck_assert_uint_eq(list.num, 4);
	for (unsigned i = 0; i < 4; i++)
		ck_assert_uint_eq(list.list[i].version, i + 1);
	ck_assert(list.list[0].stale && !list.list[1].stale);
	free(list.list);
	ck_assert(outbox_take_first(&context, OUTBOX_DEPOSIT, NULL, 0, &act));
	ck_assert_uint_eq(act.version, 1);
	outbox_release(&act);
}
END_TEST

START_TEST(without_a_folder_nothing_is_kept)
{
	struct outbox_act act;
	struct error err = { 0 };

	ck_assert_uint_eq(num_kept(OUTBOX_DEPOSIT, NULL), 0);
	ck_assert(!outbox_take_first(&context, OUTBOX_DEPOSIT, NULL, 0, &act));
	/* A file stands in its place. */
	ck_ok(file_write_quick((snprintf(act.path, sizeof(act.path),
				    "%s/outbox", dir),
				   act.path),
		  span_of_str("x"), 0600, &err),
	    err);
	ck_assert(!outbox_keep(&context, OUTBOX_DEPOSIT, DOC, 1, container,
	    &act, &err));
	ck_assert_int_eq(err.kind, ERROR_SYSTEM);
	ck_assert(!outbox_is_kept(&act));
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, what_is_kept_is_ours_until_it_is_released);
	tcase_add_test(t, a_file_that_was_sent_meanwhile_is_not_taken);
	tcase_add_test(t, each_act_says_what_it_is);
	tcase_add_test(t, a_deposit_onto_a_version_says_so);
	tcase_add_loop_test(t, a_file_is_an_act_by_its_name, 0, COUNT(names));
	tcase_add_test(t, the_oldest_comes_first_and_grows_stale);
	tcase_add_test(t, without_a_folder_nothing_is_kept);
}

int
main(void)
{
	return run_tests("outbox", fill);
}
