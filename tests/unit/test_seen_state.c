/*
 * Seen checkpoints as they are kept: without a connection, in a folder that
 * cannot be written, by a witness; and compared with the office's own clock.
 */
#include "seen_fixture.h"

/* --- Without a connection. --- */

START_TEST(what_was_met_without_a_line_is_settled)
{
	struct daemon daemon = { A, 20, HONEST };
	const struct seen_prover prover = prover_of(&daemon);
	const enum history which = _i == 0 ? A : B;
	struct buf note = BUF(LIMIT_NOTE_FILE);
	struct error err = { 0 };
	struct seen *seen;

	daemon.size = 10;
	ck_ok(catch_up(&daemon, &err), err);
	seen = open_seen();
	make_note(which, 15, &note);
	ck_assert(!seen_is_proved(seen, buf_span(&note), &err));
	ck_assert_int_eq(err.kind, ERROR_UNAVAILABLE);
	ck_assert_str_eq(error_code(&err), "NOT_PROVED");
	err = (struct error){ 0 };
	ck_ok(seen_defer(seen, buf_span(&note), &err), err);
	seen_close(seen);

	seen = open_seen();
	daemon.size = 20;
	ck_ok(seen_catch_up(seen, &prover, &err), err);
	ck_assert_int_eq(seen_settle(seen, &prover, &err), which == A);
	if (which == A) {
		ck_ok(seen_is_proved(seen, buf_span(&note), &err), err);
	} else {
		ck_assert_str_eq(error_code(&err), "JOURNAL_ROLLED_BACK");
		err = (struct error){ 0 };
		/* It is told once; the copy is never good. */
		ck_ok(seen_settle(seen, &prover, &err), err);
		ck_assert(!seen_is_proved(seen, buf_span(&note), &err));
		ck_assert_str_eq(error_code(&err), "JOURNAL_ROLLED_BACK");
	}
	seen_close(seen);
	buf_free(&note);
}
END_TEST

START_TEST(what_cannot_be_asked_waits)
{
	struct daemon daemon = { A, 10, HONEST }, down = { A, 10, NO_LINE };
	const struct seen_prover prover = prover_of(&daemon);
	const struct seen_prover nobody = prover_of(&down);
	struct buf note = BUF(LIMIT_NOTE_FILE);
	struct error err = { 0 };
	struct seen *seen;

	ck_ok(catch_up(&daemon, &err), err);
	seen = open_seen();
	make_note(B, 9, &note);
	ck_ok(seen_defer(seen, buf_span(&note), &err), err);
	ck_ok(seen_settle(seen, &nobody, &err), err);
	ck_assert(!seen_settle(seen, &prover, &err));
	seen_close(seen);
	buf_free(&note);
}
END_TEST

/* --- A state that cannot be written. --- */

/* Even root cannot write a file whose folder is gone, or is a file. */
static void
make_unwritable(void)
{
	char lock[FILE_PATH];
	struct error err = { 0 };

	ck_ok(file_join(lock, dir, "lock", &err), err);
	unlink(lock);
	ck_assert_int_eq(mkdir(lock, 0700), 0);
}

static void
make_writable(void)
{
	char lock[FILE_PATH];
	struct error err = { 0 };

	ck_ok(file_join(lock, dir, "lock", &err), err);
	ck_assert_int_eq(rmdir(lock), 0);
}

static enum seen_reply
ask_without_lock(void *arg, uint64_t old, const char *at, struct buf *body,
    struct error *err)
{
	struct daemon *daemon = arg;

	(void)err;
	append_proof(daemon, old,
	    at == NULL ? daemon->size : strtoull(at, NULL, 10), body);
	return SEEN_PROOF;
}

START_TEST(readers_go_on_and_senders_stop)
{
	struct daemon daemon = { A, 10, HONEST };
	const struct seen_prover prover = { ask_without_lock, NULL, &daemon };
	struct error err = { 0 };
	struct seen *seen;

	ck_ok(catch_up(&daemon, &err), err);
	make_unwritable();
	seen = open_seen();
	daemon.size = 20;
	ck_ok(seen_catch_up(seen, &prover, &err), err);
	ck_assert_uint_eq(seen_kept(seen)->size, 20);
	ck_assert_uint_eq(num_told, 1);
	ck_assert_ptr_nonnull(strstr(told, "remembered"));
	daemon.size = 30;
	ck_ok(seen_catch_up(seen, &prover, &err), err);
	ck_assert_uint_eq(seen_kept(seen)->size, 30);
	ck_assert_uint_eq(num_told, 1);
	/* In memory it is remembered: another history is refused. */
	daemon.which = B;
	ck_assert(!seen_catch_up(seen, &prover, &err));
	ck_assert_str_eq(error_code(&err), "JOURNAL_ROLLED_BACK");
	err = (struct error){ 0 };
	ck_assert(!seen_will_send(seen, &err));
	ck_assert_int_eq(err.kind, ERROR_SYSTEM);
	seen_close(seen);
	ck_assert_uint_eq(kept_size(), 10);
}
END_TEST

/* What is in memory alone is proved against what another command kept. */
START_TEST(memory_alone_is_proved_anew)
{
	struct daemon daemon = { A, 5, HONEST };
	struct daemon other = { _i == 0 ? A : B, 12, HONEST };
	const struct seen_prover here = { ask_without_lock, NULL, &daemon };
	const struct seen_prover prover = prover_of(&daemon);
	struct error err = { 0 };
	struct seen *seen;

	ck_ok(catch_up(&daemon, &err), err);
	make_unwritable();
	seen = open_seen();
	daemon.size = 20;
	ck_ok(seen_catch_up(seen, &here, &err), err);
	/* Nor is what it proved remembered for others. */
	ck_ok(meet_here(seen, &here, A, 8, &err), err);
	make_writable();
	ck_ok(catch_up(&other, &err), err);
	ck_assert_int_eq(is_proved(A, 8), ERROR_UNAVAILABLE);
	daemon.size = 30;
	daemon.which = _i == 2 ? B : A;
	if (other.which == A) {
		ck_ok(seen_catch_up(seen, &prover, &err), err);
		ck_assert_uint_eq(kept_size(), 30);
	} else {
		ck_assert(!seen_catch_up(seen, &prover, &err));
		ck_assert_str_eq(error_code(&err), "JOURNAL_ROLLED_BACK");
		ck_assert_uint_eq(kept_size(), 12);
	}
	seen_close(seen);
}
END_TEST

START_TEST(what_was_in_memory_is_kept_before_it_sends)
{
	struct daemon daemon = { A, 10, HONEST };
	const struct seen_prover here = { ask_without_lock, NULL, &daemon };
	struct error err = { 0 };
	struct seen *seen;

	ck_ok(catch_up(&daemon, &err), err);
	make_unwritable();
	seen = open_seen();
	daemon.size = 20;
	ck_ok(seen_catch_up(seen, &here, &err), err);
	make_writable();
	if (_i == 0) {
		ck_ok(seen_will_send(seen, &err), err);
		ck_assert_uint_eq(kept_size(), 20);
	} else {
		daemon.size = 15;
		ck_ok(catch_up(&daemon, &err), err);
		ck_assert(!seen_will_send(seen, &err));
		ck_assert_int_eq(err.kind, ERROR_SYSTEM);
	}
	seen_close(seen);
}
END_TEST

START_TEST(nothing_is_sent_where_nothing_is_kept)
{
	struct daemon daemon = { A, 10, HONEST };
	const struct seen_prover prover = { ask_without_lock, NULL, &daemon };
	struct error err = { 0 };
	struct seen *seen;

	ck_ok(catch_up(&daemon, &err), err);
	seen = open_seen();
	ck_ok(seen_will_send(seen, &err), err);
	/* The answer of an act that was sent must be kept too. */
	make_unwritable();
	daemon.size = 20;
	ck_assert(!seen_catch_up(seen, &prover, &err));
	ck_assert_int_eq(err.kind, ERROR_SYSTEM);
	err = (struct error){ 0 };
	ck_assert(!seen_will_send(seen, &err));
	ck_assert_int_eq(err.kind, ERROR_SYSTEM);
	seen_close(seen);
	ck_assert_uint_eq(kept_size(), 10);
}
END_TEST

/* Which file the checkpoint is: it is another once it was written. */
static ino_t
kept_file(void)
{
	char path[FILE_PATH];
	struct error err = { 0 };
	struct stat st;

	ck_ok(file_join(path, dir, "checkpoint", &err), err);
	ck_assert_int_eq(stat(path, &st), 0);
	return st.st_ino;
}

/*
 * Many acts are sent one after another: a flush each costs more than they do.
 */
START_TEST(what_was_flushed_is_not_flushed_for_each_act)
{
	struct daemon daemon = { A, 10, HONEST };
	struct error err = { 0 };
	struct seen *seen;
	ino_t file;

	ck_ok(catch_up(&daemon, &err), err);
	seen = open_seen();
	/* Another command may have ended before it was flushed. */
	file = kept_file();
	ck_ok(seen_will_send(seen, &err), err);
	ck_assert(kept_file() != file);
	file = kept_file();
	ck_ok(seen_will_send(seen, &err), err);
	ck_assert(kept_file() == file);
	daemon.size = 20;
	ck_ok(catch_up(&daemon, &err), err);
	file = kept_file();
	ck_ok(seen_will_send(seen, &err), err);
	ck_assert(kept_file() != file);
	seen_close(seen);
}
END_TEST

/* --- A witness. --- */

static const struct {
	enum history kept;
	uint64_t kept_size;
	enum history mine;
	uint64_t my_size;
	struct daemon daemon;
	const char *at;
	bool good;
} witnessings[] = {
	{ A, 20, A, 10, { A, 20, HONEST }, NULL, true },
	/* A prefix of what the office has seen will do. */
	{ A, 20, A, 10, { A, 20, HONEST }, "15", true },
	{ A, 20, A, 0, { A, 20, HONEST }, "15", true },
	{ A, 12, A, 10, { A, 20, HONEST }, "15", true },
	/* It extends its own memory, and is another's history. */
	{ A, 20, A, 5, { B, 20, HONEST }, "15", false },
	{ A, 20, A, 5, { B, 20, HONEST }, NULL, false },
	{ A, 20, A, 5, { B, 30, HONEST }, NULL, false },
	{ A, 12, A, 5, { B, 30, HONEST }, "20", false },
	/* It is the office's history, and not its own memory's. */
	{ A, 20, B, 10, { A, 20, HONEST }, NULL, false },
	{ A, 20, B, 10, { A, 20, HONEST }, "15", false },
};

START_TEST(a_witness_cosigns_its_offices_history)
{
	struct daemon first = { A, witnessings[_i].kept_size, HONEST };
	struct daemon daemon = witnessings[_i].daemon;
	const struct seen_prover prover = prover_of(&daemon);
	struct buf mine = BUF(LIMIT_NOTE_FILE), note = BUF(LIMIT_NOTE_FILE);
	struct checkpoint old = { .root = merkle_empty() }, out;
	struct error err = { 0 };
	struct seen *seen;

	ck_ok(catch_up(&first, &err), err);
	if (witnessings[_i].my_size > 0) {
		make_note(witnessings[_i].mine, witnessings[_i].my_size, &mine);
		ck_ok(note_open(buf_span(&mine), &keys, &old, &err), err);
	}
	seen = open_seen();
	ck_assert_int_eq(seen_extend(seen, &prover, &old, buf_span(&mine),
			     witnessings[_i].at, &out, &note, &err),
	    witnessings[_i].good);
	if (!witnessings[_i].good)
		ck_assert_str_eq(error_code(&err), "JOURNAL_ROLLED_BACK");
	else
		ck_assert_uint_eq(out.size,
		    witnessings[_i].at != NULL
			? strtoull(witnessings[_i].at, NULL, 10)
			: daemon.size);
	seen_close(seen);
	buf_free(&mine);
	buf_free(&note);
}
END_TEST

/* --- Time. --- */

enum { MINUTE = 60 * 1000 };

START_TEST(a_later_entry_is_never_earlier)
{
	struct error err = { 0 };
	struct seen *seen = open_seen();
	const int64_t now = time_now_ms();

	ck_ok(seen_entry(seen, 7, now, &err), err);
	ck_ok(seen_entry(seen, 9, now + 5, &err), err);
	ck_ok(seen_entry(seen, 8, now + 5, &err), err);
	ck_assert(!seen_entry(seen, 10, now + 4, &err));
	ck_assert_int_eq(err.kind, ERROR_UNTRUSTED);
	ck_assert_str_eq(error_code(&err), "TIME_BACKWARDS");
	seen_close(seen);
	/* The next command knows it too. */
	seen = open_seen();
	ck_assert(!seen_entry(seen, 10, now + 4, &err));
	ck_assert(!seen_entry(seen, 3, now + 6, &err));
	err = (struct error){ 0 };
	ck_ok(seen_entry(seen, 10, now + 5, &err), err);
	ck_assert_uint_eq(num_told, 0);
	seen_close(seen);
}
END_TEST

static const struct {
	uint64_t index;
	int64_t time_ms; /* from the start of it all */
	bool differs;
} times[] = {
	/* Size 10 was seen first at 100 min, and was the newest until 200. */
	{ 5, 50 * MINUTE, false },
	{ 9, 104 * MINUTE, false },
	{ 9, 106 * MINUTE, true },
	{ 10, 194 * MINUTE, true },
	{ 10, 196 * MINUTE, false },
	/* Size 20 was first seen at 300 min, by a receipt. */
	{ 19, 304 * MINUTE, false },
	{ 19, 306 * MINUTE, true },
	{ 20, 196 * MINUTE, false },
	{ 20, 194 * MINUTE, true },
	/* It is 400 min now. */
	{ 25, 404 * MINUTE, false },
	{ 25, 406 * MINUTE, true },
};

START_TEST(an_entry_fits_our_own_clock)
{
	static struct seen_clock clock, again;
	struct error err = { 0 };

	clock = (struct seen_clock){ .num = 0 };
	clock_saw(&clock, 20, 300 * MINUTE, 0);
	clock_saw(&clock, 10, 150 * MINUTE, 150 * MINUTE);
	clock_saw(&clock, 10, 100 * MINUTE, 100 * MINUTE);
	clock_saw(&clock, 10, 200 * MINUTE, 200 * MINUTE);
	ck_ok(clock_store(dir, &clock, &err), err);
	clock_load(dir, &again);
	ck_assert_uint_eq(again.num, 2);
	ck_assert_int_eq(clock_of(&again, 10), 100 * MINUTE);
	ck_assert_int_eq(clock_differs(&again, times[_i].index,
			     times[_i].time_ms, 400 * MINUTE) != 0,
	    times[_i].differs);
}
END_TEST

START_TEST(a_clock_that_differs_is_told_once)
{
	struct daemon daemon = { A, 10, HONEST };
	const struct seen_prover prover = prover_of(&daemon);
	struct error err = { 0 };
	struct seen *seen = open_seen();
	const int64_t now = time_now_ms();

	ck_ok(seen_catch_up(seen, &prover, &err), err);
	ck_ok(seen_entry(seen, 9, now, &err), err);
	ck_assert_uint_eq(num_told, 0);
	ck_ok(seen_entry(seen, 10, now + 10 * MINUTE, &err), err);
	ck_assert_uint_eq(num_told, 1);
	ck_assert_ptr_nonnull(strstr(told, "TIME_DIFFERS"));
	ck_ok(seen_entry(seen, 11, now + 11 * MINUTE, &err), err);
	ck_assert_uint_eq(num_told, 1);
	ck_assert_int_ge(seen_kept_at_ms(seen), now);
	seen_close(seen);
}
END_TEST

START_TEST(the_clocks_file_has_a_bound)
{
	static struct seen_clock clock;

	clock = (struct seen_clock){ .num = 0 };
	for (uint64_t i = 1; i <= 10 * LIMIT_CLOCK_LINES; i++)
		clock_saw(&clock, i, (int64_t)i, (int64_t)i);
	ck_assert_uint_le(clock.num, LIMIT_CLOCK_LINES);
	ck_assert_int_eq(clock_of(&clock, 10 * LIMIT_CLOCK_LINES),
	    10 * LIMIT_CLOCK_LINES);
	for (size_t i = 1; i < clock.num; i++)
		ck_assert_uint_lt(clock.lines[i - 1].size, clock.lines[i].size);
}
END_TEST

static void
fill(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, memory_alone_is_proved_anew, 0, 3);
	tcase_add_loop_test(tcase, what_was_in_memory_is_kept_before_it_sends,
	    0, 2);
	tcase_add_loop_test(tcase, what_was_met_without_a_line_is_settled, 0,
	    2);
	tcase_add_test(tcase, what_cannot_be_asked_waits);
	tcase_add_test(tcase, readers_go_on_and_senders_stop);
	tcase_add_test(tcase, nothing_is_sent_where_nothing_is_kept);
	tcase_add_test(tcase, what_was_flushed_is_not_flushed_for_each_act);
	tcase_add_loop_test(tcase, a_witness_cosigns_its_offices_history, 0,
	    COUNT(witnessings));
	tcase_add_test(tcase, a_later_entry_is_never_earlier);
	tcase_add_loop_test(tcase, an_entry_fits_our_own_clock, 0,
	    COUNT(times));
	tcase_add_test(tcase, a_clock_that_differs_is_told_once);
	tcase_add_test(tcase, the_clocks_file_has_a_bound);
}

int
main(void)
{
	return run_tests("seen_state", fill);
}
