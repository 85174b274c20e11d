/*
 * The files of an enrolment by a page: what is the person's own stays, and of
 * what a killed enrolment left nothing is lost.
 */
#include <sys/stat.h>
#include <unistd.h>

#include "cli/desk/enrolling.h"
#include "unit.h"

static char dir[UNIT_DIR], config[UNIT_DIR + 16];

static void
begin(void)
{
	unit_make_dir(dir);
	snprintf(config, sizeof(config), "%s/config.yaml", dir);
}

static void
end(void)
{
	unit_remove_dir(dir);
}

static void
name(const char *file, char out[FILE_PATH])
{
	struct error err = { 0 };

	ck_ok(file_join(out, dir, file, &err), err);
}

static struct enrolling *
begin_one(void)
{
	struct error err = { 0 };
	struct enrolling *enrolling = enrolling_begin(config, &err);

	ck_assert_msg(enrolling != NULL, "%s", err.detail);
	return enrolling;
}

static bool
keep(struct enrolling *enrolling, const char *file, const char *bytes,
    struct error *err)
{
	char path[FILE_PATH];

	return enrolling_keep(enrolling, file, span_of_str(bytes), path, err);
}

/* It is over; no file of it has a name any more if nobody was enrolled. */
static json_t *
finish(struct enrolling *enrolling, bool enrolled)
{
	json_t *out = json_object();

	enrolling_end(enrolling, enrolled, out);
	enrolling_free(enrolling);
	return out;
}

/* A card that is not plugged in: its link is the person's own all the same. */
START_TEST(a_link_to_what_is_not_there_stays)
{
	struct enrolling *enrolling = begin_one();
	char link[FILE_PATH], to[FILE_PATH];
	struct error err = { 0 };
	ssize_t len;

	name("key.pem", link);
	ck_assert_int_eq(symlink("card/key.pem", link), 0);
	ck_ok(keep(enrolling, "cert.pem", "certificate", &err), err);
	ck_assert(!keep(enrolling, "key.pem", "key", &err));
	ck_assert_int_eq(err.kind, ERROR_CONFLICT);
	json_decref(finish(enrolling, false));
	len = readlink(link, to, sizeof(to));
	ck_assert_int_eq(len, (ssize_t)strlen("card/key.pem"));
	ck_assert_msg(strstr(err.detail, "was not made here") != NULL, "%s",
	    err.detail);
	name("cert.pem", to);
	ck_assert(!file_exists(to));
	ck_assert(!enrolling_was_cut(config));
}
END_TEST

/* Is a file one of those that the person is told were not used? */
static bool
is_told(const json_t *out, const char *file)
{
	const json_t *one;
	char path[FILE_PATH];
	size_t i;

	name(file, path);
	json_array_foreach (json_object_get(out, "unused"), i, one)
		if (strcmp(json_string_value(one), path) == 0)
			return true;
	return false;
}

/* Whoever was cut off three times, with three keys, is told of two. */
START_TEST(each_key_that_was_set_aside_is_told)
{
	static const char *const keys[] = { "first", "second", "third" };
	struct enrolling *enrolling = NULL;
	struct error err = { 0 };
	json_t *out;

	for (size_t i = 0; i < 3; i++) {
		/* The one before was killed, which frees its lock. */
		enrolling_free(enrolling);
		enrolling = begin_one();
		ck_ok(keep(enrolling, "key.pem", keys[i], &err), err);
	}
	out = finish(enrolling, true);
	ck_assert(is_told(out, "key.pem.left-1"));
	ck_assert(is_told(out, "key.pem.left-2"));
	ck_assert_uint_eq(json_array_size(json_object_get(out, "unused")), 2);
	json_decref(out);
	ck_assert(!enrolling_was_cut(config));
}
END_TEST

static void
fill(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, begin, end);
	tcase_add_test(tcase, a_link_to_what_is_not_there_stays);
	tcase_add_test(tcase, each_key_that_was_set_aside_is_told);
}

int
main(void)
{
	return run_tests("enrolling", fill);
}
