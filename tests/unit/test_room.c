/*
 * Who may have how much of the disk for what is sent: the decision, and the
 * account.
 */
#include "unit.h"

#include <string.h>

#include "base/limits.h"
#include "daemon/spool/room.h"

/* --- The decision: {free, cached, office, others, began}. --- */

static const struct {
	const char *what;
	struct room_state state;
	uint64_t more;
	enum room_answer answer;
	uint64_t shrink;
} rows[] = {
	{ "half of all is for one", { 100, 0, 0, 0, 0 }, 25, ROOM_YES, 0 },
	{ "and no more", { 100, 0, 0, 0, 0 }, 26, ROOM_SHARE_IS_USED, 0 },
	{ "what came counts twice: its pack is to come", { 75, 0, 25, 0, 0 }, 0,
	    ROOM_YES, 0 },
	{ "so nothing more comes", { 75, 0, 25, 0, 0 }, 1, ROOM_SHARE_IS_USED,
	    0 },
	{ "the next has half of what that one left", { 75, 0, 0, 25, 0 }, 12,
	    ROOM_YES, 0 },
	{ "and no more, too", { 75, 0, 0, 25, 0 }, 13, ROOM_SHARE_IS_USED, 0 },
	{ "one that began keeps its share when others come",
	    { 60, 0, 20, 20, 50 }, 5, ROOM_YES, 0 },
	{ "but no more than that", { 60, 0, 20, 20, 50 }, 6, ROOM_SHARE_IS_USED,
	    0 },
	{ "a share that grew is its own, too", { 90, 0, 10, 0, 20 }, 15,
	    ROOM_YES, 0 },
	{ "there must be room for all packs", { 40, 0, 20, 20, 80 }, 0,
	    ROOM_YES, 0 },
	{ "also for who began before", { 40, 0, 20, 20, 80 }, 1, ROOM_IS_FULL,
	    1 },
	{ "nothing is free", { 0, 0, 0, 0, 0 }, 1, ROOM_IS_FULL, 2 },
	{ "the cache counts as free", { 10, 90, 0, 0, 0 }, 25, ROOM_YES, 40 },
	{ "and gives only what is needed", { 60, 40, 0, 0, 0 }, 25, ROOM_YES,
	    0 },
	{ "packs of others are not to be taken", { 30, 70, 0, 20, 0 }, 10,
	    ROOM_YES, 10 },
};

START_TEST(an_office_has_half_of_what_the_others_have_left)
{
	uint64_t shrink = 0;

	ck_assert_msg(room_decide(&rows[_i].state, rows[_i].more, &shrink) ==
		rows[_i].answer,
	    "%s", rows[_i].what);
	if (rows[_i].answer == ROOM_YES)
		ck_assert_msg(shrink == rows[_i].shrink, "%s: %llu",
		    rows[_i].what, (unsigned long long)shrink);
}
END_TEST

/* --- The account, with a disk of numbers. --- */

static struct {
	uint64_t free, cached, shrunk, stale, times;
	struct room *room;
	struct room_hold old; /* an upload that has not grown for a day */
} disk;

static uint64_t
get_free(void *arg)
{
	(void)arg;
	return disk.free;
}

static uint64_t
get_cached(void *arg)
{
	(void)arg;
	return disk.cached;
}

static void
shrink_it(void *arg, uint64_t bytes)
{
	(void)arg;
	disk.shrunk += bytes;
}

static bool
give_way(void *arg)
{
	(void)arg;
	disk.times++;
	if (disk.old.bytes == 0)
		return false;
	disk.free += disk.old.bytes;
	room_give(disk.room, &disk.old);
	return true;
}

static void
set_up(void)
{
	const struct room_disk of = { .free = get_free,
		.cached = get_cached,
		.shrink = shrink_it,
		.give_way = give_way };
	struct error err = { 0 };

	memset(&disk, 0, sizeof(disk));
	disk.room = room_new(&of, &err);
	ck_assert_ptr_nonnull(disk.room);
}

static void
tear_down(void)
{
	room_free(disk.room);
}

static bool
take(struct room_hold *hold, const char *office, uint64_t more)
{
	struct error err = { 0 };

	if (room_take(disk.room, hold, office, more, &err)) {
		disk.free -= more;
		return true;
	}
	ck_assert_int_eq(err.kind, ERROR_FULL);
	ck_assert(err.is_full);
	ck_assert_uint_eq(err.retry_s, LIMIT_SECONDS_FULL);
	return false;
}

static void
add_up(void *arg, const char *office, uint64_t bytes)
{
	(void)office;
	*(uint64_t *)arg += bytes;
}

static uint64_t
held(void)
{
	uint64_t sum = 0;

	room_each(disk.room, add_up, &sum);
	return sum;
}

/* Many bodies are no more than one; the next office still has a share. */
START_TEST(bodies_of_one_office_are_counted_together)
{
	struct room_hold a[10] = { { 0 } }, b = { 0 }, small = { 0 };
	unsigned num = 0;

	disk.free = 1000;
	while (num < 10 && take(&a[num], "a", 100))
		num++;
	ck_assert_uint_eq(num, 2);
	ck_assert(take(&a[2], "a", 50));
	ck_assert(!take(&small, "a", 1));
	ck_assert(take(&b, "b", 125));
	ck_assert_uint_eq(held(), 375);
	room_give(disk.room, &a[0]);
	room_give(disk.room, &a[0]); /* holds nothing any more */
	ck_assert_uint_eq(held(), 275);
	disk.free += 100;
	ck_assert(take(&small, "a", 1));
}
END_TEST

START_TEST(a_body_that_began_is_not_cut_off_since_others_came)
{
	struct room_hold first = { 0 }, other = { 0 }, late = { 0 };

	disk.free = 1000;
	ck_assert(take(&first, "a", 10));
	ck_assert(take(&other, "b", 240));
	ck_assert(take(&first, "a", 240));
	ck_assert(!take(&first, "a", 1));
	ck_assert(!take(&late, "a", 1));
}
END_TEST

START_TEST(what_has_not_grown_for_long_gives_way_first)
{
	struct room_hold body = { 0 };

	room_set(disk.room, &disk.old, "b", 400);
	disk.free = 600;
	ck_assert(take(&body, "a", 50));
	ck_assert_uint_eq(disk.times, 0);
	ck_assert(take(&body, "a", 100));
	ck_assert_uint_eq(disk.times, 1);
	ck_assert_uint_eq(disk.old.bytes, 0);
	ck_assert_uint_eq(held(), 150);
	ck_assert(!take(&body, "a", 400));
	ck_assert_uint_eq(disk.times, 2);
}
END_TEST

START_TEST(the_cache_shrinks_before_anything_is_refused)
{
	struct room_hold body = { 0 };

	disk.free = 100;
	disk.cached = 900;
	ck_assert(take(&body, "a", 50));
	ck_assert_uint_eq(disk.shrunk, 0);
	ck_assert(take(&body, "a", 50));
	ck_assert_uint_eq(disk.shrunk, 100);
	ck_assert_uint_eq(disk.times, 0);
}
END_TEST

static void
fill(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase,
	    an_office_has_half_of_what_the_others_have_left, 0, COUNT(rows));
	tcase_add_test(tcase, bodies_of_one_office_are_counted_together);
	tcase_add_test(tcase,
	    a_body_that_began_is_not_cut_off_since_others_came);
	tcase_add_test(tcase, what_has_not_grown_for_long_gives_way_first);
	tcase_add_test(tcase, the_cache_shrinks_before_anything_is_refused);
}

int
main(void)
{
	return run_tests("room", fill);
}
