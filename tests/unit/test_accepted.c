/*
 * Which policies persons say that their office has accepted: what is kept, how
 * much of it, and which entries of the journal those are.
 */
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "record/accepted.h"
#include "record/ledger.h"

static char dir[UNIT_DIR], path[FILE_PATH];
static struct journal *journal;
static struct ledger *ledger;
static struct record record;
static struct policy policy;

/* The digest of the policy of this name. */
static struct digest
digest_of(const char *name)
{
	return sha256_of(span_of_str(name));
}

static void
set_up(void)
{
	static struct office offices[] = { { .name = "mofa" },
		{ .name = "iom" } };
	struct error err = { 0 };

	unit_make_dir(dir);
	ck_ok(file_join(path, dir, "accepted", &err), err);
	policy = (struct policy){ .num_offices = 2, .offices = offices };
}

static void
tear_down(void)
{
	journal_free(journal);
	ledger_free(ledger);
	journal = NULL;
	ledger = NULL;
	unit_remove_dir(dir);
}

static bool
take_entry(void *arg, uint64_t index, struct span entry, struct error *err)
{
	(void)arg, (void)index, (void)entry, (void)err;
	return true;
}

/* A record whose journal has named these policies. */
static void
make_record(const char *const names[], size_t num)
{
	const struct head none = { .root = merkle_empty() };
	struct error err = { 0 };
	struct journal_mended mended;
	struct note_signer signer;
	struct note_keys keys;
	char where[FILE_PATH];

	ck_ok(file_join(where, dir, "journal", &err) &&
		file_make_dirs(where, 0700, &err) &&
		note_signer_make("log.test", NOTE_JOURNAL, &signer, &err) &&
		journal_create(where, &err),
	    err);
	keys = note_keys_of(&signer.key);
	journal =
	    journal_open(where, &keys, &none, take_entry, NULL, &mended, &err);
	ledger = ledger_new(&err);
	ck_assert_msg(journal != NULL && ledger != NULL, "%s", err.detail);
	for (size_t i = 0; i < num; i++) {
		struct entry entry = { .act = ACT_POLICY,
			.time_ms = 1,
			.prior = i - 1,
			.has = 1u << ENTRY_CHANGED | 1u << ENTRY_TIME |
			    1u << ENTRY_SALT | 1u << ENTRY_POLICY |
			    (i > 0 ? 1u << ENTRY_PRIOR : 0),
			.policy = digest_of(names[i]) };
		struct buf line = BUF(LIMIT_ENTRY_BYTES);
		struct head head = { .time_ms = 1 };
		struct span bytes;

		snprintf(entry.changed, sizeof(entry.changed),
		    "offices.yaml\n");
		ck_ok(entry_encode(&entry, &line, &err), err);
		bytes = buf_span(&line);
		ck_ok(journal_append(journal, &bytes, 1, &head, &err) &&
			journal_commit(journal, &head, &err) &&
			ledger_visit(ledger, i, bytes, &err),
		    err);
		buf_free(&line);
	}
	record = (struct record){ .journal = journal, .ledger = ledger };
}

static struct accepted *
open_it(void)
{
	struct error err = { 0 };
	struct accepted *all = accepted_open(path, &err);

	ck_assert_msg(all != NULL, "%s", err.detail);
	return all;
}

static void
note(struct accepted *all, const char *office, const char *person,
    const char *name, int64_t at)
{
	const struct digest digest = digest_of(name);

	accepted_note(all, office, person, &digest, at);
}

/* All that is told, a line each. */
static void
append(void *arg, const struct accepted_by *by)
{
	struct buf *out = arg;
	struct error err = { 0 };

	ck_ok(buf_printf(out, &err, "%s %s %lld %lld %s\n", by->office,
		  by->person != NULL ? by->person : "-",
		  by->entry != LEDGER_NONE ? (long long)by->entry : -1LL,
		  (long long)by->at, by->is_newest ? "newest" : "behind"),
	    err);
}

static void
expect(struct accepted *all, const char *want)
{
	struct buf out = BUF(1000000);
	struct error err = { 0 };

	ck_ok(accepted_each(all, &record, &policy, ACCEPTED_READ, append, &out,
		  &err) &&
		buf_append_u8(&out, 0, &err),
	    err);
	ck_assert_str_eq((char *)out.data, want);
	buf_free(&out);
}

START_TEST(each_is_told_with_its_entry)
{
	static const char *const names[] = { "one", "two", "one", "three" };
	struct accepted *all = open_it();
	struct error err = { 0 };

	make_record(names, 4);
	expect(all, "mofa - -1 0 behind\niom - -1 0 behind\n");
	note(all, "iom", "a@iom.example", "two", 10);
	note(all, "mofa", "m@mofa.example", "three", 20);
	note(all, "iom", "b@iom.example", "one", 30);
	note(all, "iom", "c@iom.example", "none of them", 40);
	note(all, "gone", "d@gone.example", "three", 50);
	note(all, "iom", "two\nlines", "three", 60);
	expect(all,
	    "mofa m@mofa.example 3 20 newest\n"
	    "iom a@iom.example 1 10 behind\n"
	    "iom b@iom.example 2 30 behind\n"
	    "iom c@iom.example -1 40 behind\n");
	note(all, "iom", "a@iom.example", "three", 70);
	ck_ok(accepted_store(all, &err), err);
	accepted_free(all);
	all = open_it();
	expect(all,
	    "mofa m@mofa.example 3 20 newest\n"
	    "iom a@iom.example 3 70 newest\n"
	    "iom b@iom.example 2 30 behind\n"
	    "iom c@iom.example -1 40 behind\n");
	accepted_free(all);
}
END_TEST

/* As expect(), and nothing is read. */
static void
expect_known(struct accepted *all, const char *want)
{
	struct journal *kept = record.journal;
	struct buf out = BUF(1000000);
	struct error err = { 0 };

	record.journal = NULL;
	ck_ok(accepted_each(all, &record, &policy, ACCEPTED_KNOWN, append, &out,
		  &err) &&
		buf_append_u8(&out, 0, &err),
	    err);
	record.journal = kept;
	ck_assert_str_eq((char *)out.data, want);
	buf_free(&out);
}

START_TEST(without_reading_what_is_known_is_told)
{
	static const char *const names[] = { "one", "two", "one", "three" };
	struct accepted *all = open_it();
	struct error err = { 0 };

	make_record(names, 4);
	note(all, "mofa", "m@mofa.example", "three", 20);
	note(all, "iom", "a@iom.example", "two", 10);
	expect_known(all,
	    "mofa m@mofa.example 3 20 newest\n"
	    "iom a@iom.example -1 10 behind\n");
	ck_ok(accepted_learn(all, &record, &err), err);
	expect_known(all,
	    "mofa m@mofa.example 3 20 newest\n"
	    "iom a@iom.example 1 10 behind\n");
	accepted_free(all);
}
END_TEST

START_TEST(what_is_damaged_is_passed_over)
{
	static const char *const names[] = { "one" };
	char hex[DIGEST_HEX], text[2000];
	const struct digest one = digest_of("one");
	struct error err = { 0 };
	struct accepted *all;

	make_record(names, 1);
	digest_hex(&one, hex);
	snprintf(text, sizeof(text),
	    "%s 5 iom good@iom.example\n%s 5 iom\n%s x iom a@iom.example\n"
	    "x%.63s 5 iom b@iom.example\n%s 5  c@iom.example\n"
	    "%s 99999999999999999999 iom d@iom.example\n\n%s 5 iom \n"
	    "%s 5 iom cut@iom.exam",
	    hex, hex, hex, hex, hex, hex, hex, hex);
	ck_ok(file_write(path, span_of_str(text), 0600, &err), err);
	all = open_it();
	expect(all, "mofa - -1 0 behind\niom good@iom.example 0 5 newest\n");
	accepted_free(all);
}
END_TEST

START_TEST(who_was_away_longest_makes_room)
{
	struct accepted *all = open_it();
	static const char *const names[] = { "one" };
	struct buf out = BUF(10000000);
	struct error err = { 0 };
	char person[64];

	make_record(names, 1);
	for (int i = 0; i < LIMIT_ACCEPTED; i++) {
		snprintf(person, sizeof(person), "p%d@iom.example", i);
		/* Number 7 was away longest. */
		note(all, "iom", person, "one", i == 7 ? 1 : 100 + i);
	}
	note(all, "iom", "one-more@iom.example", "one", 5000);
	ck_ok(accepted_each(all, &record, &policy, ACCEPTED_READ, append, &out,
		  &err) &&
		buf_append_u8(&out, 0, &err),
	    err);
	ck_assert_ptr_null(strstr((char *)out.data, "iom p7@"));
	ck_assert_ptr_nonnull(strstr((char *)out.data, "iom p6@"));
	ck_assert_ptr_nonnull(strstr((char *)out.data, "iom one-more@"));
	buf_free(&out);
	accepted_free(all);
}
END_TEST

START_TEST(only_what_changed_is_written)
{
	struct accepted *all = open_it();
	struct error err = { 0 };

	ck_ok(accepted_store(all, &err), err);
	ck_assert(!file_exists(path));
	note(all, "iom", "a@iom.example", "one", 10);
	ck_ok(accepted_store(all, &err), err);
	ck_assert(file_exists(path));
	unlink(path);
	ck_ok(accepted_store(all, &err), err);
	ck_assert(!file_exists(path));
	/* Where it cannot be written it is tried again. */
	note(all, "iom", "a@iom.example", "one", 20);
	unit_remove_dir(dir);
	ck_assert(!accepted_store(all, &err));
	err = (struct error){ 0 };
	ck_ok(file_make_dirs(dir, 0700, &err), err);
	ck_ok(accepted_store(all, &err), err);
	ck_assert(file_exists(path));
	accepted_free(all);
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, each_is_told_with_its_entry);
	tcase_add_test(t, without_reading_what_is_known_is_told);
	tcase_add_test(t, what_is_damaged_is_passed_over);
	tcase_add_test(t, who_was_away_longest_makes_room);
	tcase_add_test(t, only_what_changed_is_written);
}

int
main(void)
{
	return run_tests("accepted", fill);
}
