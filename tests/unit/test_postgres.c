/*
 * What only a database can do to a record: go back, hand the right to write to
 * another.
 */
#include "postgres_record.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/postgres/private.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/time.h"

/* --- Settings. --- */

static const struct {
	const char *conninfo;
	enum error_kind kind;
	const char *names;
} refused[] = {
	{ "host", ERROR_MALFORMED, "missing \"=\"" },
	{ "hoost=/run", ERROR_MALFORMED, "hoost" },
	{ "host=/run password=geheim", ERROR_REFUSED, "passfile" },
	{ "host=/run sslpassword=geheim", ERROR_REFUSED, "passphrase" },
	{ "host=/run options='-c fsync=off'", ERROR_REFUSED, "options" },
	{ "host=/run replication=true", ERROR_REFUSED, "replication" },
	{ "host=db.example", ERROR_REFUSED, "sslmode" },
	{ "host=db.example sslmode=require", ERROR_REFUSED, "verify-full" },
	{ "host=db.example sslmode=verify-full", ERROR_REFUSED, "sslrootcert" },
	{ "host=/run,db.example", ERROR_REFUSED, "verify-full" },
	{ "hostaddr=127.0.0.1", ERROR_REFUSED, "verify-full" },
	{ "host=/run hostaddr=127.0.0.1", ERROR_REFUSED, "verify-full" },
	{ "service=other", ERROR_MALFORMED, "[other]" },
	{ "service=secret", ERROR_REFUSED, "password" },
	{ "service=nested", ERROR_MALFORMED, "another" },
	{ "service=broken", ERROR_MALFORMED, "keyword=value" },
};

/* Write a file of services, and return settings that name it. */
static struct postgres_settings
with_services(const char *conninfo)
{
	static const char text[] =
	    "# a comment\n\n[valise]\n"
	    "host = db.example\n  sslmode=verify-full\r\n"
	    "sslrootcert=/ca.pem\nsslcert=/c.pem\n"
	    "[secret]\npassword=geheim\n"
	    "[nested]\nservice=valise\n"
	    "[broken]\nhost\n[last]\nhost=/run";
	static char path[FILE_PATH];
	struct error err = { 0 };

	ck_ok(file_join(path, dir, "services", &err) &&
		file_write(path, span_of_str(text), 0600, &err),
	    err);
	return (
	    struct postgres_settings){ .conninfo = conninfo, .services = path };
}

START_TEST(settings_that_are_not_safe_are_refused)
{
	const struct postgres_settings settings =
	    with_services(refused[_i].conninfo);
	struct error err = { 0 };

	ck_assert(!postgres_check_settings(&settings, &err));
	assert_error(&err, refused[_i].kind, refused[_i].names);
}
END_TEST

static bool
add_path(void *arg, const char *path, struct error *err)
{
	char *files = arg;
	const size_t len = strlen(files);

	(void)err;
	snprintf(files + len, 100 - len, "%s ", strrchr(path, '/'));
	return true;
}

START_TEST(settings_that_are_safe_name_their_files)
{
	static const struct {
		const char *conninfo, *files;
	} rows[] = {
		{ "host=/run dbname=valise user=valise", "" },
		{ "host=/run,/srv passfile=/secret/pass", "/pass " },
		{ "host=a,b sslmode=verify-full sslrootcert=/ca sslkey=/key",
		    "/key /ca " },
		{ "service=last", "/services " },
		{ "service=valise sslcert=/other",
		    "/services /other /ca.pem " },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct postgres_settings settings =
		    with_services(rows[i].conninfo);
		struct error err = { 0 };
		char files[100] = "";

		ck_ok(postgres_check_settings(&settings, &err) &&
			postgres_files(&settings, add_path, files, &err),
		    err);
		ck_assert_str_eq(files, rows[i].files);
	}
}
END_TEST

START_TEST(the_environment_changes_nothing)
{
	struct error err = { 0 };
	struct backend *other;

	setenv("PGHOST", "/nowhere", 1);
	setenv("PGSERVICE", "nowhere", 1);
	setenv("PGPASSWORD", "geheim", 1);
	setenv("PGOPTIONS", "-c default_transaction_read_only=on", 1);
	other = postgres_open(&pg_writer, &err);
	ck_ok(other != NULL, err);
	table->close(other);
	ck_assert_ptr_null(getenv("PGSERVICE"));
	ck_assert_ptr_null(getenv("PGPASSWORD"));
}
END_TEST

/* --- Opening. --- */

static void
assert_not_opened(const struct postgres_settings *settings,
    enum error_kind kind, const char *names)
{
	struct error err = { 0 };

	ck_assert_ptr_null(postgres_open(settings, &err));
	assert_error(&err, kind, names);
}

START_TEST(a_database_that_is_not_ours_is_not_opened)
{
	struct error err = { 0 };
	bool was_older;

	/* The owner may do too much. */
	assert_not_opened(&pg_owner, ERROR_REFUSED, "chain");
	pg_sql("GRANT UPDATE ON valise.entry TO writer");
	assert_not_opened(&pg_writer, ERROR_REFUSED, "entry");
	pg_sql("REVOKE UPDATE ON valise.entry FROM writer");
	pg_sql("GRANT DELETE ON valise.object TO writer");
	assert_not_opened(&pg_writer, ERROR_REFUSED, "object");
	pg_sql("REVOKE DELETE ON valise.object FROM writer");
	pg_sql("GRANT CREATE ON SCHEMA valise TO writer");
	assert_not_opened(&pg_writer, ERROR_REFUSED, "chain");
	pg_sql("REVOKE CREATE ON SCHEMA valise FROM writer");
	pg_sql("UPDATE valise.meta SET version = 0");
	assert_not_opened(&pg_writer, ERROR_UNTRUSTED, "version 0");
	ck_assert(!postgres_create(&pg_owner, NULL, &was_older, &err));
	assert_error(&err, ERROR_UNTRUSTED, "version 0");
	pg_sql("UPDATE valise.meta SET version = 5");
	assert_not_opened(&pg_writer, ERROR_CONFLICT, "use the newer");
	ck_assert(!postgres_create(&pg_owner, NULL, &was_older, &err));
	assert_error(&err, ERROR_CONFLICT, "use the newer");
	pg_sql("DROP SCHEMA valise CASCADE");
	assert_not_opened(&pg_writer, ERROR_NOT_FOUND, "no record");
	ck_ok(postgres_create(&pg_owner, "writer", &was_older, &err), err);
	ck_assert(!was_older);
}
END_TEST

START_TEST(a_server_that_loses_what_it_said_is_not_written_to)
{
	static const char *const names[] = { "fsync", "full_page_writes" };

	for (size_t i = 0; i < COUNT(names); i++) {
		char query[80];

		snprintf(query, sizeof(query), "SELECT current_setting('%s')",
		    names[i]);
		pg_sql("ALTER SYSTEM SET %s = off", names[i]);
		pg_sql("SELECT pg_reload_conf()");
		pg_wait(query, "off");
		assert_not_opened(&pg_writer, ERROR_REFUSED, "fsync");
		pg_sql("ALTER SYSTEM RESET %s", names[i]);
		pg_sql("SELECT pg_reload_conf()");
		pg_wait(query, "on");
	}
}
END_TEST

START_TEST(tables_with_a_record_are_not_made_anew)
{
	struct error err = { 0 };
	bool was_older;

	/* Nothing is in them yet. */
	ck_ok(postgres_create(&pg_owner, "writer", &was_older, &err), err);
	claim();
	ck_ok(propose(0, &err), err);
	ck_assert(!postgres_create(&pg_owner, "writer", &was_older, &err));
	assert_error(&err, ERROR_CONFLICT, "there is a record");
	ck_assert(!was_older);
}
END_TEST

/* Version 1 has no marks, version 2 no members, version 3 no exhibits. */
START_TEST(tables_of_an_older_version_are_brought_to_this_one)
{
	struct error err = { 0 };
	bool was_older, is_opened;

	claim();
	ck_ok(propose(0, &err) && postgres_is_opened(backend, &is_opened, &err),
	    err);
	ck_assert(is_opened);
	pg_sql("DROP TABLE valise.exhibit");
	if (_i <= 2)
		pg_sql("DROP TABLE valise.member");
	if (_i == 1)
		pg_sql("ALTER TABLE valise.chain DROP COLUMN mark;"
		       "DROP TABLE valise.remembered, valise.stop");
	pg_sql("UPDATE valise.meta SET version = %d", _i);
	assert_not_opened(&pg_writer, ERROR_CONFLICT, "valised tables");
	/* A daemon writes; then what it left is not signed. */
	ck_assert(!postgres_create(&pg_owner, "writer", &was_older, &err));
	assert_error(&err, ERROR_CONFLICT, "stop it first");
	table->close(backend);
	ck_assert(!postgres_create(&pg_owner, "writer", &was_older, &err));
	assert_error(&err, ERROR_CONFLICT, "not signed");
	pg_sql("INSERT INTO valise.published SELECT 0, size, 0, root,"
	       " decode(repeat('07', 64), 'hex') FROM valise.chain");
	err = (struct error){ 0 };
	ck_ok(postgres_create(&pg_owner, "writer", &was_older, &err), err);
	ck_assert(was_older);
	ck_assert_str_eq(pg_sql("SELECT version FROM valise.meta"), "4");
	/* Nor does one that only stalled write any more. */
	ck_assert_str_eq(pg_sql("SELECT lease.epoch FROM valise.lease,"
				" valise.head WHERE head.epoch = lease.epoch"),
	    "2");
	backend = pg_open();
	ck_ok(postgres_is_opened(backend, &is_opened, &err), err);
	ck_assert(!is_opened);
	claim();
	ck_ok(propose(1, &err) &&
		table->add_exhibits(backend, &(struct exhibit){ 1 }, 1, &err) &&
		postgres_is_opened(backend, &is_opened, &err),
	    err);
	ck_assert(is_opened);
}
END_TEST

/* --- Who writes. --- */

START_TEST(another_writer_takes_over_and_the_first_one_stops)
{
	struct backend *first = backend, *second = pg_open();
	struct error err = { 0 };

	claim();
	ck_ok(propose(0, &err), err);
	pg_sql("UPDATE valise.lease SET until = 'epoch'");
	backend = second;
	claim();
	ck_ok(propose(1, &err), err);
	backend = first;
	ck_assert(!propose(1, &err));
	assert_error(&err, ERROR_SYSTEM, "taken over");
	ck_assert(!propose(2, &err));
	assert_error(&err, ERROR_SYSTEM, "taken over");
	assert_size("2");
	table->close(first);
	backend = second;
	ck_ok(propose(2, &err), err);
}
END_TEST

/* The thread that renews the lease sees that it is another's. */
START_TEST(a_lease_that_was_lost_is_noticed)
{
	struct error err = { 0 };

	claim();
	ck_ok(table->renew(backend, &err), err);
	pg_sql("UPDATE valise.lease SET holder = 'other', epoch = epoch + 1");
	for (unsigned i = 0; i < 600 && table->renew(backend, &err); i++)
		usleep(20000);
	assert_error(&err, ERROR_SYSTEM, "taken over");
}
END_TEST

/* Who writes reads the row that stops all: with a proposal, ... */
START_TEST(a_stop_refuses_the_next_proposal)
{
	struct error err = { 0 };

	claim();
	ck_ok(propose(0, &err), err);
	pg_sql("INSERT INTO valise.stop VALUES (1, 'somebody wrote')");
	ck_assert(!propose(1, &err));
	assert_error(&err, ERROR_UNTRUSTED,
	    "the service was stopped: somebody wrote. See");
	assert_size("1");
}
END_TEST

/* ... and whenever it renews the lease. */
START_TEST(a_stop_is_noticed_without_a_proposal)
{
	struct error err = { 0 };

	claim();
	pg_sql("INSERT INTO valise.stop VALUES (1, 'somebody wrote')");
	for (unsigned i = 0; i < 600 && table->renew(backend, &err); i++)
		usleep(20000);
	assert_error(&err, ERROR_UNTRUSTED,
	    "the service was stopped: somebody wrote. See");
}
END_TEST

/* Another process, at this place, gets the right to write and is killed. */
static void
claim_and_be_killed(uint64_t place)
{
	struct postgres_settings settings = pg_writer;
	const pid_t pid = fork();
	struct error err = { 0 };
	int status;

	settings.place = place;
	if (pid == 0) {
		struct backend *other = postgres_open(&settings, &err);

		if (other == NULL || !table->claim(other, &err))
			_exit(1);
		kill(getpid(), SIGKILL);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status));
}

/* The place is locked: whoever had the lease there has ended. */
/* _i: one of the same place and another file is that of a copy. */
START_TEST(a_lease_of_the_same_place_is_taken_at_once)
{
	struct postgres_settings settings = pg_writer;
	struct error err = { 0 };
	int64_t began;

	settings.place = 7;
	settings.file = (uint32_t)_i;
	claim_and_be_killed(7);
	table->close(backend);
	ck_assert_ptr_nonnull(backend = postgres_open(&settings, &err));
	began = time_monotonic_ms();
	claim();
	ck_assert_int_eq(time_monotonic_ms() - began <
		LIMIT_SECONDS_LEASE * INT64_C(1000) / 2,
	    _i == 0);
	ck_ok(propose(0, &err), err);
}
END_TEST

START_TEST(the_lease_of_a_killed_process_runs_out)
{
	struct error err = { 0 };
	int64_t began;

	claim_and_be_killed(7);
	began = time_monotonic_ms();
	claim();
	ck_assert_int_lt(time_monotonic_ms() - began,
	    (LIMIT_SECONDS_LEASE + 4) * INT64_C(1000));
	ck_ok(propose(0, &err), err);
}
END_TEST

/* --- Who takes part. --- */

static struct backend *
open_at(uint64_t place)
{
	struct postgres_settings settings = pg_writer;
	struct error err = { 0 };
	struct backend *at;

	settings.place = place;
	at = postgres_open(&settings, &err);
	ck_assert_msg(at != NULL, "%s", err.detail);
	return at;
}

static bool
take_part(uint64_t place, const char *host, struct error *err)
{
	struct backend *at = open_at(place);
	const bool ok = postgres_take_part(at, host, err);

	table->close(at);
	return ok;
}

START_TEST(two_take_part_and_no_third)
{
	struct error err = { 0 };
	char host[POSTGRES_HOST];

	ck_ok(postgres_check_room(backend, &err) && take_part(11, "a", &err) &&
		postgres_check_room(backend, &err) &&
		take_part(12, "b", &err) && take_part(11, "a", &err),
	    err);
	ck_assert(!take_part(13, "c", &err));
	assert_error(&err, ERROR_REFUSED, "no third one may: 1 (a), 2 (b).");
	ck_assert(!postgres_check_room(backend, &err));
	assert_error(&err, ERROR_REFUSED, "no third one may: 1 (a), 2 (b).");
	err = (struct error){ 0 };
	ck_ok(postgres_forget(&pg_owner, 2, host, &err), err);
	ck_assert_str_eq(host, "b");
	ck_assert(!postgres_forget(&pg_owner, 2, host, &err));
	assert_error(&err, ERROR_NOT_FOUND, "number 2");
	err = (struct error){ 0 };
	ck_ok(postgres_check_room(backend, &err) && take_part(13, "c", &err),
	    err);
	ck_assert(!take_part(12, "b", &err));
	assert_error(&err, ERROR_REFUSED, "no third one may: 1 (a), 2 (c).");
}
END_TEST

START_TEST(who_writes_takes_part_and_is_not_forgotten)
{
	struct error err = { 0 };
	char host[POSTGRES_HOST];
	struct backend *writer = open_at(UINT64_C(0xfedcba9876543210));

	ck_ok(table->claim(writer, &err) &&
		postgres_check_room(backend, &err) &&
		take_part(12, "b", &err) &&
		postgres_take_part(writer, "a", &err),
	    err);
	ck_assert(!postgres_check_room(backend, &err));
	assert_error(&err, ERROR_REFUSED, "1 (the one that writes), 2 (b).");
	ck_assert(!postgres_forget(&pg_owner, 1, host, &err));
	assert_error(&err, ERROR_CONFLICT, "writes: stop it first");
	err = (struct error){ 0 };
	table->close(writer);
	ck_ok(postgres_forget(&pg_owner, 1, host, &err), err);
	/* Its right to write is over: it counts no more. */
	ck_ok(postgres_check_room(backend, &err), err);
}
END_TEST

START_TEST(a_database_that_went_back_is_not_written_to)
{
	struct error err = { 0 };

	claim();
	ck_ok(propose(0, &err) && propose(1, &err), err);
	pg_sql("DELETE FROM valise.entry WHERE i = 1");
	pg_sql("DELETE FROM valise.chain WHERE size = 2");
	pg_sql("UPDATE valise.head SET size = 1, at = 5");
	ck_assert(!propose(2, &err));
	assert_error(&err, ERROR_UNTRUSTED, "older state");
}
END_TEST

START_TEST(entries_beyond_the_head_stop_the_writer)
{
	struct error err = { 0 };

	claim();
	pg_sql("INSERT INTO valise.entry VALUES (0, 0, 'two')");
	ck_assert(!propose(0, &err));
	assert_error(&err, ERROR_UNTRUSTED, "entry_");
	ck_assert_str_eq(pg_sql("SELECT size FROM valise.head"), "0");
}
END_TEST

START_TEST(another_record_in_its_place_is_noticed)
{
	struct error err = { 0 };
	struct head newest;
	uint64_t dropped;

	ck_ok(table->recover(backend, &newest, &dropped, &err), err);
	pg_sql("UPDATE valise.meta SET id = gen_random_uuid()");
	pg_sql("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
	       " WHERE usename = 'writer'");
	ck_assert(!table->recover(backend, &newest, &dropped, &err));
	assert_error(&err, ERROR_UNTRUSTED, "another record");
}
END_TEST

/* --- Connections. --- */

enum { THREADS = 24, ROUNDS = 10 };

struct reading {
	pthread_t thread;
	const struct oid *oids;
	bool ok;
	struct error err;
};

static void *
run_reading(void *arg)
{
	struct reading *reading = arg;

	reading->ok = true;
	for (unsigned i = 0; reading->ok && i < ROUNDS; i++)
		reading->ok = read_object(&reading->oids[i % 2], OBJECT_CONTENT,
		    &reading->err);
	return NULL;
}

START_TEST(many_threads_read_at_once_through_few_connections)
{
	struct object_set *set = begin_set();
	const struct oid oids[2] = { put_object(set, "small"),
		put_noise(set, (2 << 20) + 9) };
	struct reading readings[THREADS];
	char most[24];

	finish_set(set);
	for (unsigned i = 0; i < THREADS; i++) {
		readings[i] = (struct reading){ .oids = oids };
		ck_assert_int_eq(pthread_create(&readings[i].thread, NULL,
				     run_reading, &readings[i]),
		    0);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		pthread_join(readings[i].thread, NULL);
		ck_ok(readings[i].ok, readings[i].err);
	}
	snprintf(most, sizeof(most), "%s",
	    pg_sql("SELECT count(*) FROM pg_stat_activity WHERE usename ="
		   " 'writer'"));
	ck_assert_uint_le(strtoul(most, NULL, 10),
	    LIMIT_DATABASE_READERS + LIMIT_DATABASE_WRITERS);
}
END_TEST

START_TEST(connections_that_broke_are_made_again)
{
	static const char end[] =
	    "SELECT count(pg_terminate_backend(pid, 10000)) FROM"
	    " pg_stat_activity WHERE usename = 'writer'";
	struct object_set *set = begin_set();
	const struct oid oid = put_object(set, "one");
	struct error err = { 0 };

	finish_set(set);
	claim();
	pg_sql(end);
	ck_ok(read_object(&oid, OBJECT_CONTENT, &err), err);
	pg_sql(end);
	ck_ok(propose(0, &err), err);
	pg_sql(end);
	ck_ok(publish(1, &err), err);
	set = begin_set();
	put_noise(set, 3 << 20);
	pg_sql(end);
	finish_set(set);
	pg_sql(end);
	ck_ok(table->name_set(backend, "refs/one", &oid, &err), err);
	assert_size("1");
}
END_TEST

/* Another set stored the object, after this one had looked for it. */
static void *
run_finish(void *arg)
{
	struct error err = { 0 };

	return table->finish(arg, &err) ? arg : NULL;
}

START_TEST(an_object_that_another_stores_meanwhile_is_no_failure)
{
	struct object_set *set = begin_set();
	const struct oid oid = put_object(set, "same");
	PGconn *other = PQconnectdb(pg_owner.conninfo);
	struct error err = { 0 };
	pthread_t thread;
	void *result;
	char sql[200], hex[OID_HEX];

	oid_hex(&oid, hex);
	snprintf(sql, sizeof(sql),
	    "BEGIN; INSERT INTO valise.object VALUES ('\\x%s', 3, 4, 12, NULL,"
	    " '\\x789c2b4ecc4d050004160199')",
	    hex);
	PQclear(PQexec(other, sql));
	ck_assert_int_eq(pthread_create(&thread, NULL, run_finish, set), 0);
	pg_wait("SELECT count(*) FROM pg_stat_activity WHERE usename ="
		" 'writer' AND wait_event_type = 'Lock'",
	    "1");
	PQclear(PQexec(other, "COMMIT"));
	PQfinish(other);
	pthread_join(thread, &result);
	ck_assert_ptr_nonnull(result);
	table->drop(set);
	ck_ok(table->has(backend, &oid), err);
}
END_TEST

START_TEST(a_view_reads_and_does_not_write)
{
	struct error err = { 0 };
	struct backend *view;
	struct head newest;
	uint64_t dropped, bytes;
	char id[POSTGRES_ID], other[POSTGRES_ID];

	claim();
	ck_ok(propose(0, &err) && publish(1, &err), err);
	view = postgres_view(&pg_writer, &err);
	ck_ok(view != NULL && table->recover(view, &newest, &dropped, &err) &&
		table->log_bytes(view, &bytes, &err),
	    err);
	ck_assert_uint_eq(newest.size, 1);
	ck_assert_uint_eq(bytes, 5);
	postgres_id(view, id);
	postgres_id(backend, other);
	ck_assert_str_eq(id, other);
	ck_assert(!table->claim(view, &err));
	assert_error(&err, ERROR_CONFLICT, "read only");
	table->close(view);
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_loop_test(t, settings_that_are_not_safe_are_refused, 0,
	    COUNT(refused));
	tcase_add_test(t, settings_that_are_safe_name_their_files);
	tcase_add_test(t, the_environment_changes_nothing);
	tcase_add_test(t, a_database_that_is_not_ours_is_not_opened);
	tcase_add_test(t, a_server_that_loses_what_it_said_is_not_written_to);
	tcase_add_test(t, tables_with_a_record_are_not_made_anew);
	tcase_add_loop_test(t,
	    tables_of_an_older_version_are_brought_to_this_one, 1, 4);
	tcase_add_test(t, another_writer_takes_over_and_the_first_one_stops);
	tcase_add_test(t, a_lease_that_was_lost_is_noticed);
	tcase_add_test(t, the_lease_of_a_killed_process_runs_out);
	tcase_add_loop_test(t, a_lease_of_the_same_place_is_taken_at_once, 0,
	    2);
	tcase_add_test(t, a_database_that_went_back_is_not_written_to);
	tcase_add_test(t, entries_beyond_the_head_stop_the_writer);
	tcase_add_test(t, two_take_part_and_no_third);
	tcase_add_test(t, who_writes_takes_part_and_is_not_forgotten);
	tcase_add_test(t, a_stop_refuses_the_next_proposal);
	tcase_add_test(t, a_stop_is_noticed_without_a_proposal);
	tcase_add_test(t, another_record_in_its_place_is_noticed);
	tcase_add_test(t, many_threads_read_at_once_through_few_connections);
	tcase_add_test(t, connections_that_broke_are_made_again);
	tcase_add_test(t,
	    an_object_that_another_stores_meanwhile_is_no_failure);
	tcase_add_test(t, a_view_reads_and_does_not_write);
}

int
main(void)
{
	void (*const fills[])(TCase * t) = { fill };

	return pg_run_test_cases("postgres", fills, COUNT(fills));
}
