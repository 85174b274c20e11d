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

static void
fill(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, begin, end);
	tcase_add_test(tcase, a_link_to_what_is_not_there_stays);
}

int
main(void)
{
	return run_tests("enrolling", fill);
}
