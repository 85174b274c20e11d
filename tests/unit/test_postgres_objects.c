/*
 * A database that returns other bytes than were stored, or has lost some; and
 * large objects.
 */
#include "postgres_record.h"

#include "base/limits.h"

/* --- Objects that are not what they were. --- */

#define ONE              "one of them"
#define TWO              "the other one"
#define CHANGE_ONE(what) "UPDATE valise.object SET " what " WHERE size = 11"

static const struct {
	const char *sql;
	enum error_kind kind;
} damages[] = {
	/* Each has the other's row. */
	{ CHANGE_ONE("z = (SELECT z FROM valise.object WHERE size = 13), packed"
		     " = (SELECT packed FROM valise.object WHERE size = 13)"),
	    ERROR_UNTRUSTED },
	{ CHANGE_ONE("size = 13, z = (SELECT z FROM valise.object WHERE size ="
		     " 13), packed = (SELECT packed FROM valise.object WHERE"
		     " size = 13)"),
	    ERROR_UNTRUSTED },
	{ CHANGE_ONE("z = set_byte(z, 3, get_byte(z, 3) # 1)"),
	    ERROR_UNTRUSTED },
	{ CHANGE_ONE("z = substr(z, 1, 4), packed = 4"), ERROR_UNTRUSTED },
	{ CHANGE_ONE("z = substr(z, 1, 4)"), ERROR_UNTRUSTED },
	{ CHANGE_ONE("z = z || '\\x00', packed = packed + 1"),
	    ERROR_UNTRUSTED },
	{ CHANGE_ONE("size = size + 1"), ERROR_UNTRUSTED },
	{ CHANGE_ONE("size = -1"), ERROR_UNTRUSTED },
	{ CHANGE_ONE("type = 1"), ERROR_UNTRUSTED },
	{ CHANGE_ONE("type = 5"), ERROR_UNTRUSTED },
	{ "DELETE FROM valise.object WHERE size = 11", ERROR_NOT_FOUND },
};

static void
tell(void *arg, const char *about, const char *what)
{
	(void)what;
	snprintf(arg, OID_HEX, "%s", about);
}

START_TEST(objects_that_were_changed_are_refused_by_name)
{
	struct object_set *set = begin_set();
	const struct oid one = put_object(set, ONE), two = put_object(set, TWO);
	char hex[OID_HEX], told[OID_HEX] = "";
	struct error err = { 0 };
	uint64_t num;

	finish_set(set);
	oid_hex(&one, hex);
	pg_sql("%s", damages[_i].sql);
	for (enum object_bytes bytes = OBJECT_CONTENT; bytes <= OBJECT_PACKED;
	     bytes++) {
		ck_assert(!read_object(&one, bytes, &err));
		assert_error(&err, damages[_i].kind, hex);
		ck_ok(read_object(&two, bytes, &err), err);
	}
	if (damages[_i].kind == ERROR_NOT_FOUND)
		return;
	/* A type that is none ends the check by name. */
	if (table->check(backend, 0, 1, tell, told, &num, &err))
		ck_assert_str_eq(told, hex);
	else
		assert_error(&err, ERROR_UNTRUSTED, hex);
}
END_TEST

/* --- Objects that are asked for together. --- */

/* Each is there for one reading, without the database. */
START_TEST(small_objects_are_asked_for_ahead)
{
	struct object_set *set = begin_set();
	const struct oid oids[] = { put_object(set, ONE), put_object(set, TWO),
		put_noise(set, LIMIT_AHEAD_BYTES + 1), name_of("none") };
	struct error err = { 0 };

	finish_set(set);
	table->ahead(backend, oids, COUNT(oids));
	pg_sql("DELETE FROM valise.object");
	for (unsigned i = 0; i < 2; i++) {
		ck_ok(read_object(&oids[i], OBJECT_CONTENT, &err), err);
		ck_assert(!read_object(&oids[i], OBJECT_CONTENT, &err));
		ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
		err = (struct error){ 0 };
	}
	ck_assert(!read_object(&oids[2], OBJECT_CONTENT, &err));
	ck_assert(!read_object(&oids[3], OBJECT_CONTENT, &err));
}
END_TEST

START_TEST(objects_asked_for_ahead_are_hashed_too)
{
	struct object_set *set = begin_set();
	const struct oid oids[] = { put_object(set, ONE),
		put_object(set, TWO) };
	struct error err = { 0 };
	char hex[OID_HEX];

	finish_set(set);
	oid_hex(&oids[0], hex);
	pg_sql("%s", damages[_i].sql);
	table->ahead(backend, oids, COUNT(oids));
	ck_assert(!read_object(&oids[0], OBJECT_CONTENT, &err));
	assert_error(&err, damages[_i].kind, hex);
	ck_ok(read_object(&oids[1], OBJECT_CONTENT, &err), err);
}
END_TEST

/* --- Large objects. --- */

static bool
count_bytes(void *arg, struct span bytes, struct error *err)
{
	(void)err;
	*(uint64_t *)arg += bytes.len;
	return true;
}

/* The most memory that this process ever had, in KiB. */
static long
peak_memory(void)
{
	char line[128];
	long kib = 0;
	FILE *f = fopen("/proc/self/status", "r");

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, "VmHWM:", 6) == 0)
			kib = strtol(line + 6, NULL, 10);
	if (f != NULL)
		fclose(f);
	return kib;
}

START_TEST(a_large_object_goes_up_and_down_in_little_memory)
{
	const uint64_t size = UINT64_C(256) << 20;
	struct object_set *set = begin_set();
	const long before = peak_memory();
	struct error err = { 0 };
	struct object object;
	uint64_t got = 0, packed = 0;
	struct oid oid;

	oid = put_noise(set, size);
	ck_assert(!table->has(backend, &oid));
	finish_set(set);
	ck_ok(table->find(backend, &oid, OBJECT_WHOLE, &object, &err) &&
		table->stream(&object, OBJECT_CONTENT, count_bytes, &got, NULL,
		    &packed, &err),
	    err);
	ck_assert_uint_eq(got, size);
	ck_assert_uint_gt(packed, size);
	got = 0;
	ck_ok(table->stream(&object, OBJECT_PACKED, count_bytes, &got, NULL,
		  NULL, &err),
	    err);
	ck_assert_uint_eq(got, packed);
	table->release(&object);
#ifdef __SANITIZE_ADDRESS__
	printf("skipped: memory: the sanitizer keeps what was freed\n");
	(void)before;
#else
	ck_assert_int_lt(peak_memory() - before, 24 * 1024);
#endif
}
END_TEST

START_TEST(pieces_that_were_changed_are_refused_by_name)
{
	static const char *const changes[] = {
		"DELETE FROM valise.chunk WHERE n = 1",
		"UPDATE valise.chunk SET z = set_byte(z, 9, get_byte(z, 9) # 1)"
		" WHERE n = 2",
		"UPDATE valise.chunk SET z = (SELECT z FROM valise.chunk WHERE"
		" n = 1) WHERE n = 0",
		"UPDATE valise.object SET packed = packed - 1",
		"UPDATE valise.object SET packed = packed + 1",
	};
	struct object_set *set = begin_set();
	const struct oid oid = put_noise(set, (3 << 20) + 5);
	struct error err = { 0 };
	char hex[OID_HEX];

	finish_set(set);
	ck_ok(read_object(&oid, OBJECT_CONTENT, &err), err);
	oid_hex(&oid, hex);
	pg_sql("%s", changes[_i]);
	for (enum object_bytes bytes = OBJECT_CONTENT; bytes <= OBJECT_PACKED;
	     bytes++) {
		ck_assert(!read_object(&oid, bytes, &err));
		assert_error(&err, ERROR_UNTRUSTED, hex);
	}
}
END_TEST

/* A server that failed lost pieces, which were not flushed. */
START_TEST(pieces_that_are_lost_before_their_object_are_missed)
{
	struct object_set *set = begin_set();
	struct error err = { 0 };
	const struct oid oid = put_noise(set, 3 << 20);

	pg_sql("DELETE FROM valise.chunk WHERE n = 1");
	ck_assert(!table->finish(set, &err));
	assert_error(&err, ERROR_UNAVAILABLE, "lost pieces");
	ck_assert(!table->has(backend, &oid));
	table->drop(set);
}
END_TEST

/* COMMIT waits for the answer of whether they are there. */
START_TEST(a_proposal_without_its_pieces_is_not_stored)
{
	const struct span entry = span_of_str("one");
	struct object_set *set = begin_set();
	const struct proposal proposal = { .entries = &entry,
		.num_entries = 1,
		.root = { { 1 } },
		.objects = set };
	struct error err = { 0 };

	claim();
	put_noise(set, 3 << 20);
	pg_sql("DELETE FROM valise.chunk WHERE n = 1");
	ck_assert(!table->propose(backend, &proposal, &err));
	assert_error(&err, ERROR_UNAVAILABLE, "lost pieces");
	table->drop(set);
	assert_size("0");
	ck_ok(propose(0, &err), err);
	assert_size("1");
}
END_TEST

START_TEST(pieces_of_no_object_are_tidied_after_a_day)
{
	struct object_set *kept = begin_set(), *old = begin_set(),
			  *young = begin_set();
	struct error err = { 0 };
	unsigned removed;
	struct oid oid;

	oid = put_noise(kept, (2 << 20) + 1);
	finish_set(kept);
	put_noise(old, (2 << 20) + 2);
	pg_sql("UPDATE valise.upload SET at = at - interval '25 hours'");
	put_noise(young, (2 << 20) + 3);
	ck_ok(postgres_tidy(&pg_owner, &removed, &err), err);
	ck_assert_uint_eq(removed, 1);
	ck_ok(read_object(&oid, OBJECT_CONTENT, &err), err);
	ck_assert(!table->finish(old, &err));
	ck_assert_int_eq(err.kind, ERROR_UNAVAILABLE);
	table->drop(old);
	finish_set(young);
}
END_TEST

/* A set holds little in memory, however many objects it has. */
START_TEST(many_small_objects_do_not_stay_in_memory)
{
	enum { NUM = 6 };
	struct object_set *set = begin_set(), *other = begin_set();
	struct error err = { 0 };
	struct oid oids[NUM];

	for (unsigned i = 0; i < NUM; i++)
		oids[i] = put_noise(set, 400000 + i);
	ck_ok(table->take(other, set, &err), err);
	table->drop(set);
	ck_assert_str_eq(pg_sql("SELECT count(*) FROM valise.chunk"), "4");
	finish_set(other);
	for (unsigned i = 0; i < NUM; i++)
		ck_ok(read_object(&oids[i], OBJECT_CONTENT, &err), err);
}
END_TEST

/* --- Heads and entries. --- */

START_TEST(heads_come_with_those_beside_them)
{
	struct error err = { 0 };
	struct head head;

	claim();
	for (uint64_t i = 0; i < 40; i++)
		ck_ok(propose(i, &err) && publish(i + 1, &err), err);
	table->close(backend);
	backend = pg_open();
	ck_ok(table->head(backend, 3, &head, &err), err);
	pg_sql("DELETE FROM valise.published");
	for (uint64_t i = 0; i < 32; i++) {
		ck_ok(table->head(backend, i, &head, &err), err);
		ck_assert_uint_eq(head.size, i + 1);
		ck_assert_uint_eq(head.signature[0], i + 1);
	}
	ck_assert(!table->head(backend, 32, &head, &err));
	assert_error(&err, ERROR_UNTRUSTED, "head 32 is not there");
}
END_TEST

/* As a copy of a record brings them. */
START_TEST(many_entries_are_proposed_at_once)
{
	enum { NUM = 1000 };
	struct span entries[NUM];
	const struct proposal proposal = { .entries = entries,
		.num_entries = NUM,
		.root = { { 1 } } };
	struct error err = { 0 };
	uint8_t bytes[5 * NUM];

	for (size_t i = 0; i < NUM; i++)
		entries[i] = span_of_str(i % 2 == 0 ? "one" : "two");
	claim();
	pg_sql("INSERT INTO valise.entry VALUES (900, 0, 'there')");
	ck_assert(!table->propose(backend, &proposal, &err));
	assert_error(&err, ERROR_UNTRUSTED, "entry_");
	pg_sql("DELETE FROM valise.entry");
	table->close(backend);
	backend = pg_open();
	claim();
	ck_ok(table->propose(backend, &proposal, &err) &&
		table->read(backend, 0, bytes, sizeof(bytes), &err),
	    err);
	for (size_t i = 0; i < NUM; i++)
		ck_assert(memcmp(&bytes[5 * i],
			      i % 2 == 0 ? "\0\3one" : "\0\3two", 5) == 0);
}
END_TEST

START_TEST(entries_that_are_missing_are_refused)
{
	struct error err = { 0 };
	uint8_t bytes[20];

	claim();
	for (uint64_t i = 0; i < 4; i++)
		ck_ok(propose(i, &err), err);
	ck_ok(table->read(backend, 3, bytes, 14, &err), err);
	ck_assert(memcmp(bytes, "ne\0\3one\0\3one\0\3", 14) == 0);
	pg_sql("DELETE FROM valise.entry WHERE i = 1");
	ck_assert(!table->read(backend, 3, bytes, 14, &err));
	assert_error(&err, ERROR_UNTRUSTED, "byte 5");
	pg_sql("DELETE FROM valise.entry WHERE i = 0");
	ck_assert(!table->read(backend, 0, bytes, 14, &err));
	ck_ok(table->read(backend, 10, bytes, 10, &err), err);
	pg_sql("UPDATE valise.entry SET line = 'four' WHERE i = 2");
	ck_assert(!table->read(backend, 10, bytes, 10, &err));
	assert_error(&err, ERROR_UNTRUSTED, "byte 16");
}
END_TEST

START_TEST(tables_that_disagree_are_told)
{
	static const struct {
		const char *sql, *about;
	} rows[] = {
		{ "UPDATE valise.head SET size = 2", "entry" },
		{ "UPDATE valise.head SET root = '\\x01'", "head" },
		{ "UPDATE valise.chain SET prior = -1 WHERE size = 2",
		    "chain" },
		{ "DELETE FROM valise.entry WHERE i = 2", "entry" },
		{ "DELETE FROM valise.published WHERE n = 0", "published" },
		{ "UPDATE valise.published SET root = '\\x01' WHERE n = 1",
		    "published" },
	};
	struct error err = { 0 };
	char told[OID_HEX] = "";
	uint64_t num;

	claim();
	for (uint64_t i = 0; i < 3; i++)
		ck_ok(propose(i, &err) && publish(i + 1, &err), err);
	ck_ok(table->check(backend, 0, 1, tell, told, &num, &err), err);
	ck_assert_str_eq(told, "");
	pg_sql("%s", rows[_i].sql);
	ck_ok(table->check(backend, 0, 1, tell, told, &num, &err), err);
	ck_assert_str_eq(told, rows[_i].about);
}
END_TEST

START_TEST(what_the_signer_signed_must_have_been_proposed)
{
	struct head signer = { .size = 1, .root = { { 1 } } };
	struct error err = { 0 };

	claim();
	ck_assert(!table->settle(backend, &signer, 5, &err));
	assert_error(&err, ERROR_UNTRUSTED, "not proposed");
	ck_ok(propose(0, &err), err);
	signer.root.bytes[0] = 2;
	ck_assert(!table->settle(backend, &signer, 5, &err));
	signer.root.bytes[0] = 1;
	ck_assert(!table->settle(backend, &signer, 6, &err));
	ck_ok(table->settle(backend, &signer, 5, &err), err);
	ck_assert_uint_eq(table->num_heads(backend), 1);
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_loop_test(t, objects_that_were_changed_are_refused_by_name, 0,
	    COUNT(damages));
	tcase_add_test(t, small_objects_are_asked_for_ahead);
	tcase_add_loop_test(t, objects_asked_for_ahead_are_hashed_too, 0,
	    COUNT(damages));
	tcase_add_test(t, heads_come_with_those_beside_them);
	tcase_add_test(t, many_entries_are_proposed_at_once);
	tcase_add_test(t, a_large_object_goes_up_and_down_in_little_memory);
	tcase_add_loop_test(t, pieces_that_were_changed_are_refused_by_name, 0,
	    5);
	tcase_add_test(t, pieces_that_are_lost_before_their_object_are_missed);
	tcase_add_test(t, a_proposal_without_its_pieces_is_not_stored);
	tcase_add_test(t, pieces_of_no_object_are_tidied_after_a_day);
	tcase_add_test(t, many_small_objects_do_not_stay_in_memory);
	tcase_add_test(t, entries_that_are_missing_are_refused);
	tcase_add_loop_test(t, tables_that_disagree_are_told, 0, 6);
	tcase_add_test(t, what_the_signer_signed_must_have_been_proposed);
}

int
main(void)
{
	void (*const fills[])(TCase * t) = { fill };

	return pg_run_test_cases("postgres_objects", fills, COUNT(fills));
}
