/*
 * Records: bytes that only grow, in a file and in memory.
 */
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/records.h"
#include "faults.h"

enum { MAX_BYTES = 1 << 22 };

static char dir[UNIT_DIR], path[UNIT_DIR + 16];

static void
set_up(void)
{
	unit_make_dir(dir);
	snprintf(path, sizeof(path), "%s/bytes", dir);
}

static void
tear_down(void)
{
	unit_remove_dir(dir);
}

/* 0: of a file; 1: in memory; 2: of a file without a name. */
static struct records *
open_one(int which)
{
	struct error err = { 0 };
	struct records *records = which == 0
	    ? records_open(path, O_RDWR | O_CREAT, MAX_BYTES, &err)
	    : which == 1 ? records_new("bytes", MAX_BYTES, &err)
			 : records_temporary("bytes", dir, MAX_BYTES, &err);

	ck_assert_msg(records != NULL, "%s", err.detail);
	return records;
}

START_TEST(what_is_written_is_there_and_stays_where_it_is)
{
	struct records *records = open_one(_i);
	struct error err = { 0 };
	const uint8_t *first;

	ck_assert_uint_eq(records_len(records), 0);
	ck_assert_ptr_null(records_at(records, 0, 1));
	for (size_t i = 0; i < 3 * 65536; i++)
		ck_ok(records_write(records, i * 16,
			  span_of("0123456789abcde", 16), &err),
		    err);
	ck_assert_uint_eq(records_len(records), 3 * 65536 * 16);
	first = records_at(records, 0, 16);
	ck_assert_ptr_nonnull(records_at(records, 3 * 65536 * 16 - 1, 1));
	ck_assert_ptr_null(records_at(records, 3 * 65536 * 16 - 1, 2));
	ck_assert_ptr_null(records_at(records, 3 * 65536 * 16 + 1, 0));
	ck_assert_ptr_null(records_at(records, 1, SIZE_MAX));
	/* Over what is there: no longer than before. */
	ck_ok(records_write(records, 3, span_of("xyz", 3), &err), err);
	ck_assert_uint_eq(records_len(records), 3 * 65536 * 16);
	ck_assert_ptr_eq(records_at(records, 0, 16), first);
	ck_assert_mem_eq(first, "012xyz6789abcde", 16);
	ck_ok(records_sync(records, &err), err);
	ck_ok(records_cut(records, 100, &err), err);
	ck_assert_ptr_null(records_at(records, 90, 11));
	ck_ok(records_cut(records, 200, &err), err);
	ck_assert_uint_eq(records_len(records), 100);
	ck_assert(
	    !records_write(records, 50, span_of(first, MAX_BYTES - 49), &err));
	ck_assert_int_eq(err.kind, ERROR_LIMIT);
	records_free(records);
}
END_TEST

START_TEST(a_file_has_what_was_written)
{
	struct records *records = open_one(0);
	struct error err = { 0 };

	ck_ok(records_write(records, 0, span_of("bytes", 5), &err), err);
	/* The name is told of an address in its room, and of no other. */
	ck_assert_str_eq(records_name_of(records_at(records, 0, 1)), path);
	ck_assert_str_eq(records_name_of(
			     records_at(records, 0, 1) + MAX_BYTES - 1),
	    path);
	ck_assert_ptr_null(
	    records_name_of(records_at(records, 0, 1) + MAX_BYTES));
	records_free(records);
	ck_assert_ptr_null(records_name_of(&err));
	records = open_one(0);
	ck_assert_uint_eq(records_len(records), 5);
	ck_assert_mem_eq(records_at(records, 0, 5), "bytes", 5);
	records_free(records);
	ck_assert_ptr_null(records_open(path, O_RDWR, 4, &err));
	ck_assert_int_eq(err.kind, ERROR_LIMIT);
	records = records_open(path, O_RDONLY, MAX_BYTES, &err);
	ck_assert_ptr_nonnull(records);
	ck_assert(!records_write(records, 0, span_of("b", 1), &err));
	records_free(records);
	ck_assert_ptr_null(records_open(dir, O_RDWR, 4, &err));
}
END_TEST

START_TEST(what_fails_is_told_with_the_file)
{
	static const struct faults rows[] = { { .pwrite = 1 },
		{ .fdatasync = 1 }, { .ftruncate = 1 } };
	struct records *records = open_one(0);
	struct error err = { 0 };

	ck_ok(records_write(records, 0, span_of("bytes", 5), &err), err);
	faults = rows[_i];
	ck_assert(!records_write(records, 5, span_of("b", 1), &err) ||
	    !records_sync(records, &err) || !records_cut(records, 1, &err));
	ck_assert_int_eq(err.kind, ERROR_SYSTEM);
	ck_assert_ptr_nonnull(strstr(err.detail, path));
	records_free(records);
	faults.mmap = 1;
	ck_assert_ptr_null(
	    records_open(path, O_RDWR | O_CREAT, MAX_BYTES, &err));
}
END_TEST

static void
fill(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase,
	    what_is_written_is_there_and_stays_where_it_is, 0, 3);
	tcase_add_test(tcase, a_file_has_what_was_written);
	tcase_add_loop_test(tcase, what_fails_is_told_with_the_file, 0, 3);
}

int
main(void)
{
	return run_tests("records", fill);
}
