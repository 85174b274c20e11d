/*
 * Relays: a sink on a second thread, or, on one processor, on the first.
 */
#include "unit.h"

#include <pthread.h>
#include <sched.h>
#include <string.h>

#include "base/relay.h"

/* What the sink was given, all bytes of which count on. */
struct taken {
	uint64_t num, most; /* it refuses what is over most */
	bool in_order;
	pthread_t by;
};

static bool
take(void *arg, struct span bytes, struct error *err)
{
	struct taken *to = arg;

	to->by = pthread_self();
	for (size_t i = 0; i < bytes.len; i++)
		to->in_order = to->in_order &&
		    bytes.data[i] == (uint8_t)((to->num + i) % 251);
	to->num += bytes.len;
	return to->num <= to->most ||
	    error_set(err, ERROR_CONFLICT, "not taken");
}

enum { ALL = 3000017 };

static uint8_t *all;

static void
set_up(void)
{
	all = malloc(ALL);
	for (size_t i = 0; i < ALL; i++)
		all[i] = (uint8_t)(i % 251);
}

static void
tear_down(void)
{
	free(all);
}

/* Leave this test's process one processor, or all. */
static void
leave_processors(bool one)
{
	cpu_set_t set, first;

	ck_assert_int_eq(sched_getaffinity(0, sizeof(set), &set), 0);
	CPU_ZERO(&first);
	for (size_t i = 0; one && i < CPU_SETSIZE && CPU_COUNT(&first) == 0;
	     i++)
		if (CPU_ISSET(i, &set))
			CPU_SET(i, &first);
	if (one)
		ck_assert_int_eq(sched_setaffinity(0, sizeof(first), &first),
		    0);
}

/* Give all in steps of so many bytes, half of them by their room. */
static bool
give_all(struct relay *relay, size_t step, struct error *err)
{
	size_t at = 0, room, n;
	uint8_t *to;

	for (unsigned i = 0; at < ALL; i++, at += n) {
		n = ALL - at < step ? ALL - at : step;
		if (i % 2 == 0) {
			if (!relay_sink(relay, span_of(all + at, n), err))
				return false;
			continue;
		}
		if ((to = relay_room(relay, &room, err)) == NULL)
			return false;
		ck_assert_uint_gt(room, 0);
		n = n < room ? n : room;
		memcpy(to, all + at, n);
		if (!relay_put(relay, n, err))
			return false;
	}
	return true;
}

START_TEST(all_comes_in_order)
{
	static const size_t steps[] = { 100, 65536, RELAY_PIECE,
		RELAY_PIECE + 1, ALL };

	leave_processors(_i == 1);
	for (size_t i = 0; i < COUNT(steps); i++) {
		struct taken taken = { .most = ALL, .in_order = true };
		struct error err = { 0 };
		struct relay *relay = relay_new(take, &taken, &err);

		ck_ok(give_all(relay, steps[i], &err), err);
		ck_ok(relay_end(relay, &err), err);
		ck_assert_uint_eq(taken.num, ALL);
		ck_assert(taken.in_order);
		if (_i == 1)
			ck_assert(pthread_equal(taken.by, pthread_self()));
		relay_free(relay);
	}
}
END_TEST

/* Whatever the sink refuses, its first byte or its last. */
START_TEST(what_the_sink_refuses_is_told)
{
	static const uint64_t most[] = { 0, RELAY_PIECE, ALL - 1 };

	leave_processors(_i == 1);
	for (size_t i = 0; i < COUNT(most); i++) {
		struct taken taken = { .most = most[i], .in_order = true };
		struct error err = { 0 };
		struct relay *relay = relay_new(take, &taken, &err);
		bool ok;

		ok = give_all(relay, 65536, &err) && relay_end(relay, &err);
		ck_assert_msg(!ok, "%zu", i);
		ck_assert_int_eq(err.kind, ERROR_CONFLICT);
		err = (struct error){ 0 };
		ck_assert(!relay_end(relay, &err));
		ck_assert_int_eq(err.kind, ERROR_CONFLICT);
		ck_assert(!relay_sink(relay, span_of(all, 1), &err));
		relay_free(relay);
	}
}
END_TEST

START_TEST(it_may_be_left_at_any_time)
{
	leave_processors(_i == 1);
	for (size_t n = 0; n < ALL; n += 700001) {
		struct taken taken = { .most = ALL, .in_order = true };
		struct error err = { 0 };
		struct relay *relay = relay_new(take, &taken, &err);

		ck_ok(relay_sink(relay, span_of(all, n), &err), err);
		relay_free(relay);
		ck_assert_uint_le(taken.num, n);
		ck_assert(taken.in_order);
	}
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_loop_test(t, all_comes_in_order, 0, 2);
	tcase_add_loop_test(t, what_the_sink_refuses_is_told, 0, 2);
	tcase_add_loop_test(t, it_may_be_left_at_any_time, 0, 2);
}

int
main(void)
{
	return run_tests("relay", fill);
}
