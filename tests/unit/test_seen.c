/*
 * Seen checkpoints: one that is met is proved to be of one history with the
 * kept one, or is evidence, or waits.
 */
#include "seen_fixture.h"

/* --- A checkpoint that was met: kept, met, daemon asked → result. --- */

static const struct {
	uint64_t kept; /* of A */
	enum history which;
	uint64_t met;
	struct daemon daemon;
	enum error_kind kind;
	uint64_t then;     /* what is kept afterwards */
	unsigned evidence; /* files of it; proving: to anybody */
	unsigned proving;
} meetings[] = {
	/* One history. */
	{ 10, A, 10, { A, 20, HONEST }, ERROR_NONE, 10, 0, 0 },
	{ 10, A, 15, { A, 20, HONEST }, ERROR_NONE, 15, 0, 0 },
	{ 10, A, 7, { A, 20, HONEST }, ERROR_NONE, 10, 0, 0 },
	{ 0, A, 7, { A, 20, HONEST }, ERROR_NONE, 7, 0, 0 },
	/* The same up to the fork. */
	{ 10, B, 5, { A, 20, HONEST }, ERROR_NONE, 10, 0, 0 },
	{ 5, B, 9, { B, 20, HONEST }, ERROR_NONE, 9, 0, 0 },
	/* Two histories, whoever is asked. */
	{ 10, B, 10, { A, 20, HONEST }, ERROR_UNTRUSTED, 10, 1, 1 },
	{ 10, B, 15, { A, 20, HONEST }, ERROR_UNTRUSTED, 10, 1, 1 },
	{ 10, B, 15, { B, 20, HONEST }, ERROR_UNTRUSTED, 10, 1, 1 },
	{ 10, B, 9, { A, 20, HONEST }, ERROR_UNTRUSTED, 10, 1, 1 },
	{ 10, B, 9, { B, 20, HONEST }, ERROR_UNTRUSTED, 10, 1, 1 },
	/* A power of two: the proof does not tell the other root, tiles do. */
	{ 8, B, 15, { B, 20, HONEST }, ERROR_UNTRUSTED, 8, 1, 1 },
	/* Further than the daemon's own newest. */
	{ 10, B, 30, { A, 20, HONEST }, ERROR_UNTRUSTED, 10, 1, 0 },
	{ 10, A, 30, { A, 20, HONEST }, ERROR_UNTRUSTED, 10, 1, 0 },
	/* Kept further than the daemon's newest. */
	{ 30, A, 10, { A, 20, HONEST }, ERROR_UNTRUSTED, 30, 1, 0 },
	/* Asked, and not proved. */
	{ 10, A, 15, { A, 20, NO_PROOF }, ERROR_UNTRUSTED, 10, 1, 0 },
	{ 10, A, 15, { A, 20, GARBAGE }, ERROR_UNTRUSTED, 10, 1, 0 },
	{ 10, A, 15, { A, 20, BAD_PROOF }, ERROR_UNTRUSTED, 10, 1, 0 },
	{ 10, A, 7, { A, 20, BAD_PROOF }, ERROR_UNTRUSTED, 10, 1, 0 },
	{ 10, A, 15, { A, 20, OTHER_SIZE }, ERROR_UNTRUSTED, 10, 1, 0 },
	{ 10, A, 15, { A, 20, OTHER_OLD }, ERROR_UNTRUSTED, 10, 1, 0 },
	/* Not asked. */
	{ 10, A, 15, { A, 20, NO_LINE }, ERROR_UNAVAILABLE, 10, 0, 0 },
	{ 10, B, 15, { A, 20, NO_LINE }, ERROR_UNAVAILABLE, 10, 0, 0 },
	{ 10, A, 7, { A, 20, NO_LINE }, ERROR_UNAVAILABLE, 10, 0, 0 },
	/* But what needs no asking is told. */
	{ 10, A, 10, { A, 20, NO_LINE }, ERROR_NONE, 10, 0, 0 },
	{ 10, B, 10, { A, 20, NO_LINE }, ERROR_UNTRUSTED, 10, 1, 1 },
	/* A head that a power cut took: a third extends both. */
	{ 10, A, 15, { A, 20, HONEST, .no_head = 15 }, ERROR_NONE, 20, 0, 0 },
	{ 10, A, 7, { A, 20, HONEST, .no_head = 10 }, ERROR_NONE, 20, 0, 0 },
	{ 10, B, 15, { A, 20, HONEST, .no_head = 15 }, ERROR_UNTRUSTED, 10, 1,
	    1 },
	{ 10, B, 15, { B, 20, HONEST, .no_head = 15 }, ERROR_UNTRUSTED, 10, 1,
	    1 },
	{ 10, B, 9, { A, 20, HONEST, .no_head = 10 }, ERROR_UNTRUSTED, 10, 1,
	    1 },
	{ 10, B, 9, { B, 20, HONEST, .no_head = 10 }, ERROR_UNTRUSTED, 10, 1,
	    1 },
};

START_TEST(what_is_met_is_proved)
{
	struct daemon first = { A, meetings[_i].kept, HONEST };
	struct daemon daemon = meetings[_i].daemon;
	struct error err = { 0 };
	unsigned proving;

	if (first.size > 0)
		ck_ok(catch_up(&first, &err), err);
	ck_assert_int_eq(meet(&daemon, meetings[_i].which, meetings[_i].met,
			     &err),
	    meetings[_i].kind == ERROR_NONE);
	ck_assert_msg(err.kind == meetings[_i].kind, "%d: %s", err.kind,
	    err.detail);
	if (err.kind == ERROR_UNTRUSTED)
		ck_assert_str_eq(error_code(&err), "JOURNAL_ROLLED_BACK");
	ck_assert_uint_eq(kept_size(), meetings[_i].then);
	ck_assert_uint_eq(count_files("evidence", &proving),
	    meetings[_i].evidence);
	ck_assert_uint_eq(proving, meetings[_i].proving);
}
END_TEST

/* --- What a daemon names as its newest. --- */

static const struct {
	uint64_t kept;
	struct daemon daemon;
	enum error_kind kind;
	uint64_t then;
	unsigned evidence, proving;
} newest[] = {
	{ 0, { A, 20, HONEST }, ERROR_NONE, 20, 0, 0 },
	{ 10, { A, 20, HONEST }, ERROR_NONE, 20, 0, 0 },
	{ 20, { A, 20, HONEST }, ERROR_NONE, 20, 0, 0 },
	{ 5, { B, 20, HONEST }, ERROR_NONE, 20, 0, 0 },
	{ 10, { B, 20, HONEST }, ERROR_UNTRUSTED, 10, 1, 1 },
	{ 10, { B, 10, HONEST }, ERROR_UNTRUSTED, 10, 1, 1 },
	/* A smaller one is none, of whichever history. */
	{ 10, { A, 9, HONEST }, ERROR_UNTRUSTED, 10, 1, 0 },
	{ 10, { B, 9, HONEST }, ERROR_UNTRUSTED, 10, 1, 0 },
	{ 10, { A, 20, BAD_PROOF }, ERROR_UNTRUSTED, 10, 1, 0 },
	{ 10, { A, 20, GARBAGE }, ERROR_MALFORMED, 10, 0, 0 },
	{ 10, { A, 20, OTHER_OLD }, ERROR_MALFORMED, 10, 0, 0 },
	{ 10, { A, 20, NO_LINE }, ERROR_UNAVAILABLE, 10, 0, 0 },
	{ 10, { A, 20, NO_PROOF }, ERROR_USAGE, 10, 0, 0 },
};

START_TEST(the_newest_extends_what_was_kept)
{
	struct daemon first = { A, newest[_i].kept, HONEST };
	struct daemon daemon = newest[_i].daemon;
	struct error err = { 0 };
	unsigned proving;

	if (first.size > 0)
		ck_ok(catch_up(&first, &err), err);
	ck_assert_int_eq(catch_up(&daemon, &err),
	    newest[_i].kind == ERROR_NONE);
	ck_assert_msg(err.kind == newest[_i].kind, "%d: %s", err.kind,
	    err.detail);
	if (err.kind == ERROR_UNTRUSTED)
		ck_assert_str_eq(error_code(&err), "JOURNAL_ROLLED_BACK");
	ck_assert_uint_eq(kept_size(), newest[_i].then);
	ck_assert_uint_eq(count_files("evidence", &proving),
	    newest[_i].evidence);
	ck_assert_uint_eq(proving, newest[_i].proving);
}
END_TEST

/* A page of entries is as new as what was kept when it was asked for. */
START_TEST(an_older_truth_is_no_newest)
{
	struct daemon daemon = { A, 20, HONEST };
	const struct seen_prover prover = prover_of(&daemon);
	struct buf note = BUF(LIMIT_NOTE_FILE), other = BUF(LIMIT_NOTE_FILE);
	struct seen *seen = open_seen();
	struct seen_asked asked;
	struct error err = { 0 };

	ck_ok(seen_catch_up(seen, &prover, &err), err);
	ck_ok(seen_ask(seen, &prover, &asked, &err), err);
	make_note(A, 15, &note);
	ck_assert(
	    !seen_advance(seen, &prover, buf_span(&note), &asked, NULL, &err));
	ck_assert_str_eq(error_code(&err), "JOURNAL_ROLLED_BACK");
	/* The same is good for a receipt. */
	err = (struct error){ 0 };
	ck_ok(seen_advance(seen, &prover, buf_span(&note), NULL, NULL, &err),
	    err);
	/* What was kept only after the question does not count against it. */
	daemon.size = 30;
	ck_ok(seen_catch_up(seen, &prover, &err), err);
	make_note(A, 20, &other);
	ck_ok(seen_advance(seen, &prover, buf_span(&other), &asked, NULL, &err),
	    err);
	ck_assert_uint_eq(seen_kept(seen)->size, 30);
	seen_asked_free(&asked);
	seen_close(seen);
	buf_free(&note);
	buf_free(&other);
}
END_TEST

/* --- Two commands at once. --- */

static enum history others;
static uint64_t others_size;

/* While one command waits for its answer another keeps a checkpoint. */
static void
another_keeps(struct daemon *daemon)
{
	struct daemon other = { others, others_size, HONEST };
	struct error err = { 0 };

	daemon->meanwhile = NULL;
	ck_ok(catch_up(&other, &err), err);
	/* One that grew answers the next question. */
	if (others == daemon->which && others_size > daemon->size)
		daemon->size = others_size;
}

static const struct {
	uint64_t kept, ours;
	enum history others;
	uint64_t others_size;
	uint64_t then; /* 0: the second to keep finds the contradiction */
} races[] = {
	{ 5, 20, A, 10, 20 },
	{ 5, 20, A, 20, 20 },
	{ 5, 20, A, 30, 30 },
	{ 0, 20, A, 30, 30 },
	{ 5, 20, B, 10, 0 },
	{ 5, 20, B, 20, 0 },
	{ 5, 20, B, 30, 0 },
	{ 0, 20, B, 30, 0 },
};

START_TEST(whoever_is_second_proves_it_anew)
{
	struct daemon first = { A, races[_i].kept, HONEST };
	struct daemon daemon = { A, races[_i].ours, HONEST,
		.meanwhile = another_keeps };
	struct error err = { 0 };
	unsigned proving;

	if (first.size > 0)
		ck_ok(catch_up(&first, &err), err);
	others = races[_i].others;
	others_size = races[_i].others_size;
	if (races[_i].then != 0) {
		ck_ok(catch_up(&daemon, &err), err);
		ck_assert_uint_eq(kept_size(), races[_i].then);
		return;
	}
	ck_assert(!catch_up(&daemon, &err));
	ck_assert_str_eq(error_code(&err), "JOURNAL_ROLLED_BACK");
	ck_assert_uint_eq(kept_size(), others_size);
	ck_assert_uint_eq(count_files("evidence", &proving), 1);
}
END_TEST

/* --- What was proved before. --- */

START_TEST(a_prefix_is_asked_for_once)
{
	struct daemon daemon = { A, 20, HONEST };
	struct error err = { 0 };
	unsigned before;

	ck_ok(catch_up(&daemon, &err), err);
	ck_ok(meet(&daemon, A, 13, &err), err);
	before = daemon.num_asked;
	ck_ok(meet(&daemon, A, 13, &err), err);
	ck_assert_uint_eq(daemon.num_asked, before);
	/* One of that size with another root is asked for, and refused. */
	ck_assert(!meet(&daemon, B, 13, &err));
	ck_assert_uint_gt(daemon.num_asked, before);
}
END_TEST

START_TEST(what_was_proved_goes_with_the_checkpoint)
{
	struct daemon daemon = { A, 20, HONEST };
	struct daemon down = { A, 20, NO_LINE };
	struct error err = { 0 };
	char path[FILE_PATH];

	ck_ok(catch_up(&daemon, &err), err);
	ck_ok(meet(&daemon, A, 13, &err), err);
	ck_ok(meet(&down, A, 13, &err), err);
	ck_ok(file_join(path, dir, "checkpoint", &err), err);
	unlink(path);
	daemon.which = B;
	daemon.size = 20;
	ck_ok(catch_up(&daemon, &err), err);
	ck_assert(!meet(&down, A, 13, &err));
	ck_assert_int_eq(err.kind, ERROR_UNAVAILABLE);
	ck_assert_int_eq(is_proved(A, 13), ERROR_UNAVAILABLE);
}
END_TEST

/* Who has an older state back does not believe its newer lines. */
START_TEST(what_was_proved_is_smaller_than_what_is_kept)
{
	struct daemon daemon = { A, 9, HONEST };
	struct buf note = BUF(LIMIT_NOTE_FILE);
	struct error err = { 0 };
	char path[FILE_PATH];

	ck_ok(catch_up(&daemon, &err), err);
	daemon.size = 20;
	ck_ok(catch_up(&daemon, &err), err);
	ck_ok(meet(&daemon, A, 13, &err), err);
	ck_assert_int_eq(is_proved(A, 13), ERROR_NONE);
	make_note(A, 9, &note);
	ck_ok(file_join(path, dir, "checkpoint", &err), err);
	ck_ok(file_write(path, buf_span(&note), 0600, &err), err);
	ck_assert_int_eq(is_proved(A, 13), ERROR_UNAVAILABLE);
	ck_assert_int_eq(is_proved(A, 9), ERROR_NONE);
	buf_free(&note);
}
END_TEST

START_TEST(what_contradicts_is_told_without_a_line)
{
	struct daemon daemon = { A, 10, HONEST };
	struct error err = { 0 };
	char path[FILE_PATH];

	ck_ok(catch_up(&daemon, &err), err);
	ck_ok(meet(&daemon, A, 8, &err), err);
	ck_assert_int_eq(is_proved(A, 10), ERROR_NONE);
	ck_assert_int_eq(is_proved(A, 8), ERROR_NONE);
	ck_assert_int_eq(is_proved(A, 7), ERROR_UNAVAILABLE);
	ck_assert_int_eq(is_proved(B, 10), ERROR_UNTRUSTED);
	ck_assert_int_eq(is_proved(B, 8), ERROR_UNTRUSTED);
	ck_assert_int_eq(is_proved(B, 7), ERROR_UNAVAILABLE);
	ck_assert_int_eq(is_proved(A, 15), ERROR_UNAVAILABLE);
	/* By the checkpoint itself, where nothing else is known. */
	ck_ok(file_join(path, dir, "proved", &err), err);
	unlink(path);
	ck_assert_int_eq(is_proved(A, 10), ERROR_NONE);
	ck_assert_int_eq(is_proved(B, 10), ERROR_UNTRUSTED);
}
END_TEST

/* A signed note of no entries has the root of no entries. */
START_TEST(nothing_has_one_root)
{
	struct daemon daemon = { A, 10, HONEST };
	const struct seen_prover prover = prover_of(&daemon);
	struct buf note = BUF(LIMIT_NOTE_FILE);
	struct error err = { 0 };
	struct seen *seen;

	ck_ok(catch_up(&daemon, &err), err);
	seen = open_seen();
	make_note(A, 0, &note);
	ck_ok(seen_advance(seen, &prover, buf_span(&note), NULL, NULL, &err),
	    err);
	buf_free(&note);
	note = BUF(LIMIT_NOTE_FILE);
	other_empty = true;
	make_note(A, 0, &note);
	other_empty = false;
	ck_assert(
	    !seen_advance(seen, &prover, buf_span(&note), NULL, NULL, &err));
	ck_assert_str_eq(error_code(&err), "JOURNAL_ROLLED_BACK");
	seen_close(seen);
	buf_free(&note);
}
END_TEST

/* A bag has no tiles: its proof tells the other root by itself. */
START_TEST(a_proof_that_fails_is_evidence)
{
	struct daemon first = { A, 10, HONEST }, daemon = { B, 20, HONEST };
	const struct seen_prover prover = { ask, NULL, &daemon };
	struct buf note = BUF(LIMIT_NOTE_FILE);
	struct error err = { 0 };
	struct seen *seen;
	unsigned proving;

	ck_ok(catch_up(&first, &err), err);
	seen = open_seen();
	make_note(B, 15, &note);
	ck_assert(
	    !seen_advance(seen, &prover, buf_span(&note), NULL, NULL, &err));
	ck_assert_uint_eq(count_files("evidence", &proving), 1);
	ck_assert_uint_eq(proving, 1);
	seen_close(seen);
	buf_free(&note);
}
END_TEST

static void
fill(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, what_is_met_is_proved, 0, COUNT(meetings));
	tcase_add_loop_test(tcase, the_newest_extends_what_was_kept, 0,
	    COUNT(newest));
	tcase_add_test(tcase, an_older_truth_is_no_newest);
	tcase_add_loop_test(tcase, whoever_is_second_proves_it_anew, 0,
	    COUNT(races));
	tcase_add_test(tcase, a_prefix_is_asked_for_once);
	tcase_add_test(tcase, what_was_proved_goes_with_the_checkpoint);
	tcase_add_test(tcase, what_was_proved_is_smaller_than_what_is_kept);
	tcase_add_test(tcase, what_contradicts_is_told_without_a_line);
	tcase_add_test(tcase, nothing_has_one_root);
	tcase_add_test(tcase, a_proof_that_fails_is_evidence);
}

int
main(void)
{
	return run_tests("seen", fill);
}
