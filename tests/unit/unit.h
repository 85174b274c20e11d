/*
 * unit.h - how every unit test begins and ends.
 */
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

#define COUNT(array)  (sizeof(array) / sizeof((array)[0]))
#define TEXT(literal) literal, sizeof(literal) - 1

/* Fail with the error of the function under test. */
#define ck_ok(call, err)                                                       \
	do {                                                                   \
		const bool ok_ = (call);                                       \
		ck_assert_msg(ok_, "%s: %s", #call, (err).detail);             \
	} while (0)

#define UNIT_DIR 64

/* Make a new folder for one test. */
static inline void
unit_make_dir(char dir[UNIT_DIR])
{
	snprintf(dir, UNIT_DIR, "/tmp/valise-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

/* Remove it and all that is in it. */
static inline void
unit_remove_dir(const char *dir)
{
	char command[UNIT_DIR + 16];

	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	ck_assert_int_eq(system(command), 0);
}

/* Run num cases, such as one for each kind of storage. */
static inline int
run_test_cases(const char *name, void (*const fills[])(TCase *tcase),
    size_t num)
{
	Suite *suite = suite_create(name);
	SRunner *runner = srunner_create(suite);
	int failed;

	for (size_t i = 0; i < num; i++) {
		TCase *tcase = tcase_create(name);

		tcase_set_timeout(tcase, 120);
		fills[i](tcase);
		suite_add_tcase(suite, tcase);
	}
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static inline int
run_tests(const char *name, void (*fill)(TCase *tcase))
{
	return run_test_cases(name, &fill, 1);
}

#endif
