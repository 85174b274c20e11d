/*
 * What becomes of a record whose database does not answer: an answer that is lost,
 * a standby that is waited for, one that has not enough of them.
 */
#include "postgres_record.h"

#include <pthread.h>

#include "backend/postgres/private.h"
#include "base/file.h"
#include "postgres_proxy.h"

/* --- Answers that are lost. --- */

enum {
	ANSWER_BYTES = 18, /* "COMMIT", and that the server is ready */
	ADDED_BYTES = 32,  /* "INSERT 0 1", the same, and what is before */
	/* Of what was proposed, after the head: of its entries, and COMMIT's. */
	PROPOSED_BYTES = 64,
};

/* Open the record once more, through the proxy. */
static void
open_through_proxy(void)
{
	static char conninfo[FILE_PATH + 64];
	const struct postgres_settings settings = { .conninfo = conninfo };
	struct error err = { 0 };

	proxy_start(dir, pg_folder());
	snprintf(conninfo, sizeof(conninfo),
	    "host=%s user=writer dbname=postgres", dir);
	table->close(backend);
	backend = postgres_open(&settings, &err);
	ck_ok(backend != NULL, err);
}

START_TEST(a_proposal_whose_answer_is_lost_is_stored_once)
{
	struct error err = { 0 };
	unsigned cuts = proxy_cuts();
	uint64_t size = 0;
	char want[24];

	open_through_proxy();
	claim();
	for (int after = PROXY_BEFORE; after <= PROPOSED_BYTES; after++) {
		proxy_cut_at(COMMIT_ALL, after);
		ck_ok(propose(size++, &err), err);
		ck_assert_uint_eq(proxy_cuts(), ++cuts);
	}
	/* Before it is known that the head moved, COMMIT is not sent. */
	for (int after = PROXY_BEFORE; after <= ANSWER_BYTES; after++) {
		proxy_cut_at(MOVE_HEAD, after);
		ck_ok(propose(size++, &err), err);
		ck_assert_uint_eq(proxy_cuts(), ++cuts);
	}
	snprintf(want, sizeof(want), "%llu", (unsigned long long)size);
	assert_size(want);
}
END_TEST

/*
 * First the answer to the statement that is a transaction of its own, then that
 * to COMMIT, by which it is found out what came of it.
 */
START_TEST(a_head_whose_answer_is_lost_is_published_once)
{
	struct error err = { 0 };
	unsigned cuts = proxy_cuts();
	uint64_t size = 0;
	struct head head;

	open_through_proxy();
	claim();
	for (int after = PROXY_BEFORE; after < ADDED_BYTES; after++) {
		ck_ok(propose(size++, &err), err);
		proxy_cut_at(ADD_PUBLISHED, after);
		proxy_cut(after % (ANSWER_BYTES + 1));
		ck_ok(publish(size, &err), err);
		ck_assert_uint_eq(proxy_cuts(), cuts += 2);
		ck_assert_uint_eq(table->num_heads(backend), size);
		ck_ok(table->head(backend, size - 1, &head, &err), err);
		ck_assert_uint_eq(head.size, size);
	}
	proxy_cut(PROXY_NEVER);
	ck_assert(!publish(size + 1, &err));
	assert_error(&err, ERROR_UNTRUSTED, "not proposed");
}
END_TEST

/* A server that fails loses what it had not flushed. */
START_TEST(heads_that_were_lost_are_published_again)
{
	struct error err = { 0 };
	struct head head;

	claim();
	for (uint64_t size = 0; size < 4; size++)
		ck_ok(propose(size, &err), err);
	for (uint64_t size = 1; size < 4; size++)
		ck_ok(publish(size, &err), err);
	pg_sql("DELETE FROM valise.published WHERE n > 0");
	ck_ok(publish(4, &err), err);
	table->close(backend);
	backend = pg_open();
	for (uint64_t n = 0; n < 4; n++) {
		ck_ok(table->head(backend, n, &head, &err), err);
		ck_assert_uint_eq(head.size, n + 1);
		ck_assert_uint_eq(head.signature[0], n + 1);
	}
}
END_TEST

START_TEST(heads_are_durable_once_they_are_flushed)
{
	struct error err = { 0 };
	char at[24], sql[96];

	claim();
	ck_ok(propose(0, &err) && publish(1, &err), err);
	snprintf(at, sizeof(at), "%s",
	    pg_sql("SELECT pg_current_wal_insert_lsn()"));
	ck_ok(table->flush_heads(backend, &err), err);
	snprintf(sql, sizeof(sql), "SELECT pg_current_wal_flush_lsn() >= '%s'",
	    at);
	ck_assert_str_eq(pg_sql("%s", sql), "t");
}
END_TEST

START_TEST(names_and_objects_whose_answer_is_lost_are_there)
{
	const struct oid oid = name_of("a name");
	struct error err = { 0 };
	struct object_set *set;
	struct oid found;
	char text[20];

	open_through_proxy();
	for (int after = 0; after <= ANSWER_BYTES; after += 6) {
		snprintf(text, sizeof(text), "text %d", after);
		set = begin_set();
		found = put_object(set, text);
		proxy_cut(after);
		finish_set(set);
		ck_ok(read_object(&found, OBJECT_CONTENT, &err), err);
		proxy_cut(after);
		ck_ok(table->name_set(backend, text, &oid, &err), err);
		ck_assert(table->name_get(backend, text, &found));
	}
}
END_TEST

/* --- Standbys. --- */

struct proposing {
	pthread_t thread;
	uint64_t size;
	bool ok;
	struct error err;
};

static void *
run_propose(void *arg)
{
	struct proposing *proposing = arg;

	proposing->ok = propose(proposing->size, &proposing->err);
	return NULL;
}

/*
 * Whether commits wait at all, the checkpointer tells all others: it has read
 * the names before it does the next CHECKPOINT.
 */
static void
set_standbys(const char *names)
{
	pg_sql("ALTER SYSTEM SET synchronous_standby_names = '%s'", names);
	pg_sql("SELECT pg_reload_conf()");
	pg_wait("SELECT replace(current_setting('synchronous_standby_names'),"
		" '''', '')",
	    names);
	pg_sql("CHECKPOINT");
}

#define WAITING                                                                \
	"SELECT count(*) FROM pg_stat_activity WHERE usename = 'writer' AND"   \
	" wait_event = 'SyncRep'"

/*
 * A proposal waits for a standby that never answers; whoever cancels the wait
 * does not make it believed. _i: the connection is ended too.
 */
START_TEST(a_cancelled_wait_for_a_standby_is_a_lost_answer)
{
	static const char *const how[] = { "cancel", "terminate" };
	struct proposing proposing = { .size = 1 };
	struct error err = { 0 };
	char first[24];

	claim();
	ck_ok(propose(0, &err), err);
	set_standbys("nobody");
	ck_assert_int_eq(pthread_create(&proposing.thread, NULL, run_propose,
			     &proposing),
	    0);
	pg_wait(WAITING, "1");
	snprintf(first, sizeof(first), "%s",
	    pg_sql("SELECT pid FROM pg_stat_activity WHERE wait_event ="
		   " 'SyncRep'"));
	pg_sql("SELECT pg_%s_backend(%s)", how[_i], first);
	/* It is visible now, and the fence waits for a standby as well. */
	pg_wait("SELECT size FROM valise.head", "2");
	pg_wait(WAITING, "1");
	ck_assert(pthread_tryjoin_np(proposing.thread, NULL) != 0);
	set_standbys("");
	pthread_join(proposing.thread, NULL);
	ck_ok(proposing.ok, proposing.err);
	assert_size("2");
	ck_ok(propose(2, &err), err);
}
END_TEST

static void *
run_claim(void *arg)
{
	struct proposing *proposing = arg;

	proposing->ok = table->claim(backend, &proposing->err);
	return NULL;
}

/* Run it while it waits for a standby, which then is not needed any more. */
static void
run_to_the_wait(void *(*run)(void *), struct proposing *proposing)
{
	set_standbys("ANY 5 (a, b, c, d, e)");
	ck_assert_int_eq(pthread_create(&proposing->thread, NULL, run,
			     proposing),
	    0);
	pg_wait(WAITING, "1");
	set_standbys("");
	pthread_join(proposing->thread, NULL);
	ck_ok(proposing->ok, proposing->err);
}

START_TEST(fewer_machines_than_asked_for_are_refused)
{
	static const struct {
		const char *names;
		unsigned durable;
	} rows[] = { { "", 2 }, { "a", 3 }, { "a, b, c", 3 }, { "*", 3 },
		{ "FIRST 2 (a, b)", 4 }, { "any 1 (a, b)", 3 },
		{ "2 (a, b)", 4 }, { "first_a", 3 } };
	struct proposing proposing = { .size = 0 };
	struct error err = { 0 };

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct postgres_settings settings = pg_writer;

		settings.durable = rows[i].durable;
		table->close(backend);
		set_standbys("");
		ck_assert_ptr_nonnull(backend = postgres_open(&settings, &err));
		/* Who takes over waits for as many. */
		ck_assert(!table->claim(backend, &err));
		assert_error(&err, ERROR_UNAVAILABLE, "durable asks for");
		run_to_the_wait(run_claim, &proposing);
		set_standbys(rows[i].names);
		ck_assert(!propose(0, &err));
		assert_error(&err, ERROR_UNAVAILABLE, "durable asks for");
		assert_size("0");
	}
	/* Of enough it waits. */
	run_to_the_wait(run_propose, &proposing);
	assert_size("1");
}
END_TEST

/* --- Answers that are none. --- */

START_TEST(a_row_that_was_not_sent_has_no_value)
{
	PGresult *result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
	struct error err = { 0 };
	uint64_t number;

	ck_assert_str_eq(row_text(result, 0, 2), "");
	ck_assert(!row_u64(result, 0, 2, &number, &err));
	assert_error(&err, ERROR_UNTRUSTED, "\"?\" has no number");
	ck_assert(!row_bytes(result, 0, 2, &number, 8, &err));
	assert_error(&err, ERROR_UNTRUSTED, "is 0 bytes");
	PQclear(result);
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, a_proposal_whose_answer_is_lost_is_stored_once);
	tcase_add_test(t, a_head_whose_answer_is_lost_is_published_once);
	tcase_add_test(t, heads_that_were_lost_are_published_again);
	tcase_add_test(t, heads_are_durable_once_they_are_flushed);
	tcase_add_test(t, names_and_objects_whose_answer_is_lost_are_there);
	tcase_add_loop_test(t, a_cancelled_wait_for_a_standby_is_a_lost_answer,
	    0, 2);
	tcase_add_test(t, fewer_machines_than_asked_for_are_refused);
	tcase_add_test(t, a_row_that_was_not_sent_has_no_value);
}

int
main(void)
{
	void (*const fills[])(TCase * t) = { fill };

	return pg_run_test_cases("postgres_answers", fills, COUNT(fills));
}
