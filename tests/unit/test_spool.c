/*
 * Waybills and uploads that the daemon kept, when it starts while the disk or
 * the system fails.
 */
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "backend/memory/memory.h"
#include "base/file.h"
#include "daemon/spool/bags.h"
#include "daemon/spool/cache.h"
#include "daemon/spool/uploads.h"

static char dir[UNIT_DIR];
static struct digest digest;

static void
set_up(void)
{
	unit_make_dir(dir);
}

static void
tear_down(void)
{
	unit_remove_dir(dir);
}

/* Hand in the body of a POST /v1/bags, kept by a first run. */
static void
hand_in(void)
{
	static const char signature[] = "as it was";
	struct error err = { 0 };
	struct waybill *waybill = waybill_new(&err);
	struct buf yaml = BUF(4096), zip = BUF(65536);
	struct container *files;
	struct bags *bags = bags_new(dir, &err);
	uint64_t size;
	char path[FILE_PATH];
	int fd;

	ck_assert_ptr_nonnull(bags);
	ck_assert_ptr_nonnull(waybill);
	waybill->number = 7;
	snprintf(waybill->from, sizeof(waybill->from), "iom-vientiane");
	snprintf(waybill->to, sizeof(waybill->to), "mofa");
	snprintf(waybill->person, sizeof(waybill->person), "a@iom.example");
	waybill->dispatched_at = 1800000000;
	waybill->num_slips = 1;
	waybill->slips[0] = sha256_of(span_of_str("a slip"));
	ck_ok(waybill_encode(waybill, &yaml, &err), err);
	digest = sha256_of(buf_span(&yaml));
	files = container_new(&err);
	ck_ok(container_put(files, PATH_WAYBILL, buf_span(&yaml), &err), err);
	ck_ok(container_put(files, PATH_WAYBILL_SIGNATURE,
		  span_of_str(signature), &err),
	    err);
	snprintf(path, sizeof(path), "%s/.body", dir);
	fd = open(path, O_RDWR | O_CREAT, 0600);
	ck_assert_int_ge(fd, 0);
	ck_ok(container_write(files, fd, &size, &err), err);
	ck_ok(file_read(path, zip.max, &zip, &err), err);
	ck_ok(bags_keep(bags, &digest, waybill, buf_span(&zip), &err), err);
	close(fd);
	container_free(files);
	buf_free(&zip);
	buf_free(&yaml);
	waybill_free(waybill);
	bags_free(bags);
}

/* Keep a waybill of an office; its digest is made of number. */
static void
keep_one(struct bags *bags, const char *office, uint32_t number)
{
	struct error err = { 0 };
	struct waybill *waybill = waybill_new(&err);
	const struct digest one = sha256_of(span_of(&number, sizeof(number)));

	ck_assert_ptr_nonnull(waybill);
	snprintf(waybill->from, sizeof(waybill->from), "%s", office);
	ck_ok(bags_keep(bags, &one, waybill, span_of("x", 1), &err), err);
	waybill_free(waybill);
}

static bool
has_one(struct bags *bags, uint32_t number)
{
	const struct digest one = sha256_of(span_of(&number, sizeof(number)));
	struct error ignored = { 0 };
	struct dispatcher by;

	return bags_find(bags, &one, &by, &ignored);
}

/* The oldest are another office's. */
START_TEST(who_hands_in_many_waybills_loses_its_own)
{
	enum { OTHERS = 3 };
	struct error err = { 0 };
	struct bags *bags = bags_new(dir, &err);
	uint32_t number = 0;

	ck_assert_ptr_nonnull(bags);
	while (number < OTHERS)
		keep_one(bags, "iom", number++);
	while (number < LIMIT_WAYBILLS + 100)
		keep_one(bags, "mofa", number++);
	for (uint32_t i = 0; i < number; i++)
		ck_assert_msg(has_one(bags, i) ==
			(i < OTHERS || i >= OTHERS + 100),
		    "%u", i);
	bags_free(bags);
}
END_TEST

/* Leave so many descriptors to be opened from now on. */
static void
leave_descriptors(rlim_t num, struct rlimit *before)
{
	const int lowest = open("/dev/null", O_RDONLY);
	struct rlimit limit;

	ck_assert_int_ge(lowest, 0);
	close(lowest);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, before), 0);
	limit = *before;
	limit.rlim_cur = (rlim_t)lowest + num;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static void
give_back(const struct rlimit *before)
{
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, before), 0);
}

START_TEST(a_waybill_that_cannot_be_read_at_start_is_read_later)
{
	struct container *files;
	struct dispatcher by;
	struct rlimit before, none;
	struct error err = { 0 };
	struct bags *bags;

	hand_in();
	leave_descriptors(1, &before); /* one for the folder */
	bags = bags_new(dir, &err);
	ck_assert_msg(bags != NULL, "%s", err.detail);
	leave_descriptors(0, &none);
	ck_assert(!bags_find(bags, &digest, &by, &err));
	ck_assert_int_eq(err.kind, ERROR_SYSTEM);
	ck_assert_ptr_nonnull(strstr(err.detail, dir));
	err = (struct error){ 0 };
	ck_assert_ptr_null(bags_read(bags, &digest, &err));
	ck_assert_int_eq(err.kind, ERROR_SYSTEM);
	give_back(&before);
	ck_ok(bags_find(bags, &digest, &by, &err), err);
	ck_assert_str_eq(by.office, "iom-vientiane");
	ck_assert_str_eq(by.person, "a@iom.example");
	files = bags_read(bags, &digest, &err);
	ck_assert_msg(files != NULL, "%s", err.detail);
	container_free(files);
	bags_free(bags);
}
END_TEST

START_TEST(only_one_that_is_not_there_was_not_handed_in)
{
	const struct digest other = sha256_of(span_of_str("another"));
	struct dispatcher by;
	struct error err = { 0 };
	struct bags *bags;

	hand_in();
	bags = bags_new(dir, &err);
	ck_ok(bags_find(bags, &digest, &by, &err), err);
	ck_assert(!bags_find(bags, &other, &by, &err));
	ck_assert_int_eq(err.kind, ERROR_CONFLICT);
	ck_assert_ptr_nonnull(strstr(err.detail, "not handed in"));
	err = (struct error){ 0 };
	ck_assert_ptr_null(bags_read(bags, &other, &err));
	ck_assert_int_eq(err.kind, ERROR_CONFLICT);
	ck_assert_ptr_nonnull(strstr(err.detail, "not handed in"));
	bags_free(bags);
}
END_TEST

/* 0: cut in half; 1: whole, under the name of another. */
START_TEST(a_damaged_waybill_goes_at_start)
{
	struct digest name;
	struct dispatcher by;
	struct error err = { 0 };
	char hex[DIGEST_HEX], path[FILE_PATH], to[FILE_PATH];
	struct bags *bags;

	hand_in();
	name = _i == 0 ? digest : sha256_of(span_of_str("another"));
	digest_hex(&digest, hex);
	snprintf(path, sizeof(path), "%s/%s.zip", dir, hex);
	digest_hex(&name, hex);
	snprintf(to, sizeof(to), "%s/%s.zip", dir, hex);
	ck_assert_int_eq(rename(path, to), 0);
	if (_i == 0)
		ck_assert_int_eq(truncate(to, 100), 0);
	bags = bags_new(dir, &err);
	ck_assert_msg(bags != NULL, "%s", err.detail);
	ck_assert(!file_exists(to));
	ck_assert(!bags_find(bags, &name, &by, &err));
	ck_assert_int_eq(err.kind, ERROR_CONFLICT);
	bags_free(bags);
}
END_TEST

START_TEST(one_that_is_damaged_later_is_to_be_handed_in_again)
{
	struct error err = { 0 };
	char hex[DIGEST_HEX], path[FILE_PATH];
	struct bags *bags;

	hand_in();
	bags = bags_new(dir, &err);
	digest_hex(&digest, hex);
	snprintf(path, sizeof(path), "%s/%s.zip", dir, hex);
	ck_assert_int_eq(truncate(path, 100), 0);
	ck_assert_ptr_null(bags_read(bags, &digest, &err));
	ck_assert_int_eq(err.kind, ERROR_CONFLICT);
	ck_assert_ptr_nonnull(strstr(err.detail, "again"));
	bags_free(bags);
}
END_TEST

/* --- Waybills that several daemons share. --- */

static struct backend *shared_by;
static bool is_accepted; /* what check_bag() says */

/* A bags_check. */
static bool
check_bag(void *arg, const struct digest *waybill,
    const struct container *files, struct error *err)
{
	ck_assert_ptr_eq(arg, &is_accepted);
	ck_assert(digest_eq(waybill, &digest));
	ck_assert_ptr_nonnull(container_find(files, PATH_WAYBILL));
	return is_accepted || error_set(err, ERROR_UNTRUSTED, "no");
}

static void
assert_shared(struct bags *bags, enum exhibits_way way, size_t taken,
    size_t given, size_t refused)
{
	struct exhibits_shared shared = { 0 };
	struct error err = { 0 };

	ck_ok(bags_share(bags, shared_by, &digest, way, check_bag, &is_accepted,
		  &shared, &err),
	    err);
	ck_assert_uint_eq(shared.taken, taken);
	ck_assert_uint_eq(shared.given, given);
	ck_assert_uint_eq(shared.refused, refused);
}

static void
put_exhibit(const char *text)
{
	const struct exhibit exhibit = { .kind = EXHIBIT_WAYBILL,
		.name = digest_span(&digest),
		.bytes = span_of_str(text) };
	struct error err = { 0 };

	ck_ok(shared_by->table->add_exhibits(shared_by, &exhibit, 1, &err),
	    err);
}

/* Open the folder of another daemon. */
static struct bags *
open_other(void)
{
	struct error err = { 0 };
	char other[FILE_PATH];
	struct bags *bags;

	ck_ok(file_join(other, dir, "other", &err), err);
	bags = bags_new(other, &err);
	ck_assert_msg(bags != NULL, "%s", err.detail);
	return bags;
}

START_TEST(a_waybill_is_shared_with_who_comes_later)
{
	struct bags *first, *other;
	struct dispatcher by;
	struct error err = { 0 };

	ck_assert_ptr_nonnull(shared_by = memory_open(&err));
	is_accepted = true;
	hand_in();
	first = bags_at(dir, &err);
	assert_shared(first, EXHIBITS_COUNT, 0, 1, 0);
	assert_shared(first, EXHIBITS_BOTH, 0, 1, 0);
	assert_shared(first, EXHIBITS_BOTH, 0, 0, 0);
	other = open_other();
	assert_shared(other, EXHIBITS_COUNT, 1, 0, 0);
	assert_shared(other, EXHIBITS_GIVE, 1, 0, 0);
	ck_assert(!bags_find(other, &digest, &by, &err));
	assert_shared(other, EXHIBITS_BOTH, 1, 0, 0);
	err = (struct error){ 0 };
	ck_ok(bags_find(other, &digest, &by, &err), err);
	ck_assert_str_eq(by.office, "iom-vientiane");
	assert_shared(other, EXHIBITS_BOTH, 0, 0, 0);
	bags_free(other);
	bags_free(first);
	shared_by->table->close(shared_by);
}
END_TEST

/* 0: none of them is one; 1: it was judged, and refused. */
START_TEST(a_waybill_that_is_not_good_is_not_taken)
{
	struct bags *first, *other;
	struct dispatcher by;
	struct error err = { 0 };

	ck_assert_ptr_nonnull(shared_by = memory_open(&err));
	is_accepted = true;
	hand_in();
	first = bags_at(dir, &err);
	if (_i == 0)
		put_exhibit("no zip");
	else
		assert_shared(first, EXHIBITS_GIVE, 0, 1, 0);
	is_accepted = _i == 0;
	other = open_other();
	assert_shared(other, EXHIBITS_BOTH, 0, 0, 1);
	ck_assert(!bags_find(other, &digest, &by, &err));
	/* What is wrong there does not keep out what is right. */
	is_accepted = true;
	assert_shared(first, EXHIBITS_GIVE, 0, _i == 0, _i == 0);
	assert_shared(other, EXHIBITS_BOTH, 1, 0, _i == 0);
	bags_free(other);
	bags_free(first);
	shared_by->table->close(shared_by);
}
END_TEST

START_TEST(an_upload_that_cannot_be_read_at_start_stays)
{
	struct upload_info info = { .length = 10 }, found;
	struct error err = { 0 };
	struct uploads *uploads = uploads_new(dir, NULL, &err);
	struct rlimit before;

	ck_assert_ptr_nonnull(uploads);
	snprintf(info.person, sizeof(info.person), "a@iom.example");
	snprintf(info.office, sizeof(info.office), "iom");
	ck_ok(uploads_create(uploads, &info, &err), err);
	uploads_free(uploads);
	leave_descriptors(1, &before);
	uploads = uploads_new(dir, NULL, &err);
	give_back(&before);
	ck_assert_msg(uploads != NULL, "%s", err.detail);
	uploads_free(uploads);
	uploads = uploads_new(dir, NULL, &err);
	ck_assert_msg(uploads != NULL, "%s", err.detail);
	ck_ok(uploads_find(uploads, span_of_str(info.id), "a@iom.example",
		  &found, &err),
	    err);
	uploads_free(uploads);
}
END_TEST

/* 0: no content; 1: more content than announced; 2: no info. */
START_TEST(an_upload_of_no_use_goes_at_start)
{
	struct upload_info info = { .length = 10 }, found;
	struct error err = { 0 };
	struct uploads *uploads = uploads_new(dir, NULL, &err);
	char path[FILE_PATH];

	ck_assert_ptr_nonnull(uploads);
	snprintf(info.person, sizeof(info.person), "a@iom.example");
	snprintf(info.office, sizeof(info.office), "iom");
	ck_ok(uploads_create(uploads, &info, &err), err);
	uploads_free(uploads);
	snprintf(path, sizeof(path), "%s/%s%s", dir, info.id,
	    _i == 2 ? ".info" : "");
	ck_assert_int_eq(_i == 0 ? unlink(path) : truncate(path, 11), 0);
	uploads = uploads_new(dir, NULL, &err);
	ck_assert_msg(uploads != NULL, "%s", err.detail);
	ck_assert(!uploads_find(uploads, span_of_str(info.id), "a@iom.example",
	    &found, &err));
	snprintf(path, sizeof(path), "%s/%s.info", dir, info.id);
	ck_assert(!file_exists(path));
	uploads_free(uploads);
}
END_TEST

/* --- What gives way on a full disk. --- */

static uint64_t
nothing(void *arg)
{
	(void)arg;
	return 0;
}

static void
add_up(void *arg, const char *office, uint64_t bytes)
{
	ck_assert_str_eq(office, "mofa");
	*(uint64_t *)arg += bytes;
}

/* An upload of five bytes that grew so many hours ago. */
static void
make_old_upload(struct uploads *uploads, long hours)
{
	struct upload_info info = { .length = 10,
		.person = "a@mofa.example",
		.office = "mofa" };
	struct timespec times[2] = { { .tv_sec = time(NULL) - hours * 3600 } };
	struct error err = { 0 };
	char path[FILE_PATH];
	int fd;

	times[1] = times[0];
	ck_ok(uploads_create(uploads, &info, &err), err);
	snprintf(path, sizeof(path), "%s/%s", dir, info.id);
	ck_assert_int_ge(fd = open(path, O_RDWR), 0);
	ck_ok(file_pwrite(fd, span_of("12345", 5), 0, &err), err);
	ck_assert_int_eq(futimens(fd, times), 0);
	close(fd);
}

START_TEST(an_upload_gives_way_a_day_after_it_grew)
{
	const struct room_disk of = { .free = nothing, .cached = nothing };
	struct error err = { 0 };
	struct room *room = room_new(&of, &err);
	struct uploads *uploads = uploads_new(dir, room, &err);
	uint64_t sum = 0;

	make_old_upload(uploads, 23);
	make_old_upload(uploads, 30);
	make_old_upload(uploads, 25);
	uploads_free(uploads);
	room_free(room);
	ck_assert_ptr_nonnull(room = room_new(&of, &err));
	ck_assert_ptr_nonnull(uploads = uploads_new(dir, room, &err));
	room_each(room, add_up, &sum);
	ck_assert_uint_eq(sum, 15);
	ck_assert(uploads_give_way(uploads));
	ck_assert(uploads_give_way(uploads));
	ck_assert(!uploads_give_way(uploads));
	sum = 0;
	room_each(room, add_up, &sum);
	ck_assert_uint_eq(sum, 5);
	uploads_free(uploads);
	room_free(room);
}
END_TEST

static void
put_copy(struct cache *cache, const char *name)
{
	struct error err = { 0 };
	const int fd = file_temporary(dir, &err);

	ck_assert_int_ge(fd, 0);
	ck_ok(file_pwrite(fd, span_of("12345", 5), 0, &err), err);
	cache_put(cache, name, fd, 5);
	close(fd);
}

START_TEST(the_cache_gives_the_copies_of_longest_ago)
{
	struct error err = { 0 };
	struct cache *cache = cache_new(dir, 100, &err);
	uint64_t size;

	ck_assert_ptr_nonnull(cache);
	put_copy(cache, "one");
	put_copy(cache, "two");
	put_copy(cache, "three");
	close(cache_open(cache, "one", &size));
	ck_assert_uint_eq(cache_bytes(cache), 15);
	cache_shrink(cache, 6);
	ck_assert_uint_eq(cache_bytes(cache), 5);
	ck_assert(cache_has(cache, "one"));
	cache_shrink(cache, 100);
	ck_assert_uint_eq(cache_bytes(cache), 0);
	cache_free(cache);
}
END_TEST

static void
fill(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase,
	    a_waybill_that_cannot_be_read_at_start_is_read_later);
	tcase_add_test(tcase, only_one_that_is_not_there_was_not_handed_in);
	tcase_add_loop_test(tcase, a_damaged_waybill_goes_at_start, 0, 2);
	tcase_add_test(tcase, who_hands_in_many_waybills_loses_its_own);
	tcase_add_test(tcase,
	    one_that_is_damaged_later_is_to_be_handed_in_again);
	tcase_add_test(tcase, a_waybill_is_shared_with_who_comes_later);
	tcase_add_loop_test(tcase, a_waybill_that_is_not_good_is_not_taken, 0,
	    2);
	tcase_add_test(tcase, an_upload_that_cannot_be_read_at_start_stays);
	tcase_add_test(tcase, an_upload_gives_way_a_day_after_it_grew);
	tcase_add_test(tcase, the_cache_gives_the_copies_of_longest_ago);
	tcase_add_loop_test(tcase, an_upload_of_no_use_goes_at_start, 0, 3);
}

int
main(void)
{
	return run_tests("spool", fill);
}
