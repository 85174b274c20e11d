/*
 * The threads that run jobs: an interrupted one lets others go first, and what
 * is quick waits for nothing.
 */
#include "unit.h"

#include <pthread.h>
#include <sched.h>

#include "base/limits.h"
#include "base/pace.h"
#include "daemon/api/workers.h"

/* A job: what it waits for, and what it does then. */
struct job {
	struct turn turn;
	const bool
	    *until;  /* it pauses, or stands, until this is set; or NULL */
	bool stands; /* it does not pause */
	bool *sets;
	bool over; /* workers_is_over() at its end */
	unsigned order;
	bool done;
};

static unsigned counter;

static void
run(void *arg)
{
	struct job *job = arg;

	while (job->until != NULL &&
	    !__atomic_load_n(job->until, __ATOMIC_ACQUIRE)) {
		if (job->stands)
			sched_yield();
		else
			pace_point();
	}
	job->over = workers_is_over();
	job->order = __atomic_add_fetch(&counter, 1, __ATOMIC_SEQ_CST);
	if (job->sets != NULL)
		__atomic_store_n(job->sets, true, __ATOMIC_RELEASE);
	__atomic_store_n(&job->done, true, __ATOMIC_RELEASE);
}

static struct workers *workers;

static void
put(enum lane lane, struct job *job, const char *office, const char *person)
{
	job->turn.arg = job;
	ck_assert_int_eq(workers_put(workers, lane, &job->turn, office, person),
	    TURNS_WAITS);
}

static void
await(const struct job *job)
{
	while (!__atomic_load_n(&job->done, __ATOMIC_ACQUIRE))
		sched_yield();
}

static void
start(unsigned num)
{
	struct error err = { 0 };

	counter = 0;
	workers = workers_new(num, run, &err);
	ck_assert_msg(workers != NULL, "%s", err.detail);
}

/* Each would never end if it kept its worker. */
START_TEST(a_long_job_lets_others_go_first)
{
	bool flag = false;
	struct job job = { .until = &flag }, other = { .sets = &flag };

	start(1);
	put(LANE_COMMON, &job, "A", "a");
	put(LANE_COMMON, &other, "B", "b");
	await(&job);
	ck_assert_uint_eq(other.order, 1);
	workers_free(workers);
}
END_TEST

START_TEST(so_do_all_of_an_office)
{
	bool flag = false;
	struct job jobs[12] = { { .until = NULL } }, other = { .sets = &flag };

	start(4);
	for (size_t i = 0; i < COUNT(jobs); i++) {
		jobs[i].until = &flag;
		put(LANE_COMMON, &jobs[i], "A", "a");
	}
	put(LANE_COMMON, &other, "B", "b");
	for (size_t i = 0; i < COUNT(jobs); i++)
		await(&jobs[i]);
	ck_assert_uint_eq(other.order, 1);
	workers_free(workers);
}
END_TEST

START_TEST(what_cannot_pause_leaves_half_to_others)
{
	bool flag = false;
	struct job jobs[4] = { { .until = NULL } }, other = { .sets = &flag };

	start(2);
	for (size_t i = 0; i < COUNT(jobs); i++) {
		jobs[i].until = &flag;
		jobs[i].stands = true;
		jobs[i].turn.is_long = true;
		put(LANE_COMMON, &jobs[i], "A", "a");
	}
	put(LANE_COMMON, &other, "B", "b");
	for (size_t i = 0; i < COUNT(jobs); i++)
		await(&jobs[i]);
	ck_assert_uint_eq(other.order, 1);
	workers_free(workers);
}
END_TEST

START_TEST(what_is_quick_has_its_own_worker)
{
	bool flag = false;
	struct job jobs[8] = { { .until = NULL } }, other = { .sets = &flag };

	start(2);
	for (size_t i = 0; i < COUNT(jobs); i++) {
		jobs[i].until = &flag;
		jobs[i].stands = true;
		put(LANE_COMMON, &jobs[i], i % 2 == 0 ? "A" : "B", "a");
	}
	put(LANE_QUICK, &other, "C", "c");
	for (size_t i = 0; i < COUNT(jobs); i++)
		await(&jobs[i]);
	ck_assert_uint_eq(other.order, 1);
	workers_free(workers);
}
END_TEST

START_TEST(a_job_is_told_when_its_time_is_over)
{
	bool flag = false, none = false;
	struct job job = { .until = &flag, .stands = true },
		   other = { .sets = &none };
	const struct timespec slice = { .tv_nsec =
					    WORKERS_SLICE_MS * 1000000L };

	start(2);
	put(LANE_COMMON, &job, "A", "a");
	put(LANE_COMMON, &other, "B", "b");
	await(&other);
	nanosleep(&slice, NULL);
	nanosleep(&slice, NULL);
	__atomic_store_n(&flag, true, __ATOMIC_RELEASE);
	await(&job);
	ck_assert(job.over);
	ck_assert(!workers_is_over()); /* of no worker */
	ck_assert(!workers_note(1));
	workers_free(workers);
}
END_TEST

START_TEST(one_office_may_have_so_many_waiting)
{
	bool flag = false;
	struct job first = { .until = &flag, .stands = true },
		   other = { .sets = &flag };
	struct job *jobs = calloc(LIMIT_JOBS_OF_OFFICE + 1, sizeof(*jobs));

	ck_assert_ptr_nonnull(jobs);
	start(1);
	put(LANE_COMMON, &first, "A", "a");
	for (int i = 0; i < LIMIT_JOBS_OF_OFFICE; i++)
		put(LANE_COMMON, &jobs[i], "A", "a");
	ck_assert_int_eq(workers_put(workers, LANE_COMMON,
			     &jobs[LIMIT_JOBS_OF_OFFICE].turn, "A", "b"),
	    TURNS_OFFICE_IS_FULL);
	put(LANE_COMMON, &other, "B", "b");
	__atomic_store_n(&flag, true, __ATOMIC_RELEASE);
	for (int i = 0; i < LIMIT_JOBS_OF_OFFICE; i++)
		await(&jobs[i]);
	await(&other);
	workers_free(workers);
	free(jobs);
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_test(t, a_long_job_lets_others_go_first);
	tcase_add_test(t, so_do_all_of_an_office);
	tcase_add_test(t, what_cannot_pause_leaves_half_to_others);
	tcase_add_test(t, what_is_quick_has_its_own_worker);
	tcase_add_test(t, a_job_is_told_when_its_time_is_over);
	tcase_add_test(t, one_office_may_have_so_many_waiting);
}

int
main(void)
{
	return run_tests("workers", fill);
}
