/*
 * The titles beside the journal, across a start.
 */
#include "unit.h"

#include <stdio.h>

#include "base/file.h"
#include "record/titles.h"

static char dir[UNIT_DIR];

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

static bool
take_entry(void *arg, uint64_t index, struct span entry, struct error *err)
{
	(void)arg, (void)index, (void)entry, (void)err;
	return true;
}

/* A deposit of the document's next version. */
static struct entry *
deposit(struct ledger *ledger, const char *name)
{
	static struct entry entry;
	const struct ledger_document *doc = ledger_find(ledger, name);

	entry = (struct entry){ .act = ACT_DEPOSIT,
		.time_ms = 1,
		.version = doc == NULL ? 1 : doc->num_versions + 1,
		.has = 1u << ENTRY_DOCUMENT | 1u << ENTRY_VERSION };
	snprintf(entry.document, sizeof(entry.document), "%s", name);
	if (doc != NULL) {
		entry.prior = doc->last;
		entry.has |= 1u << ENTRY_PRIOR;
	}
	return &entry;
}

/*
 * Returns a ledger as after a start, with these documents deposited one after
 * another.
 */
static struct ledger *
ledger_of(const char *const names[], size_t num)
{
	struct error err = { 0 };
	struct ledger *ledger = ledger_new(&err);

	for (size_t i = 0; i < num; i++)
		ck_ok(ledger_apply(ledger, i, deposit(ledger, names[i]), &err),
		    err);
	return ledger;
}

static struct journal *
journal_of(const char *where, const char *const names[], size_t num)
{
	const struct head none = { .root = merkle_empty() };
	struct error err = { 0 };
	struct journal_mended mended;
	struct note_signer signer;
	struct journal *journal;
	struct note_keys keys;
	char path[FILE_PATH];

	ck_ok(file_join(path, dir, where, &err) &&
		file_make_dirs(path, 0700, &err) &&
		note_signer_make("log.test", NOTE_JOURNAL, &signer, &err) &&
		journal_create(path, &err),
	    err);
	keys = note_keys_of(&signer.key);
	journal =
	    journal_open(path, &keys, &none, take_entry, NULL, &mended, &err);
	ck_assert_msg(journal != NULL, "%s", err.detail);
	/* What is in its entries does not matter here. */
	for (size_t i = 0; i < num; i++) {
		const struct span line = span_of_str(names[i]);
		struct head head = { .time_ms = 1 };

		ck_ok(journal_append(journal, &line, 1, &head, &err) &&
			journal_commit(journal, &head, &err),
		    err);
	}
	return journal;
}

static const char *
title(struct ledger *ledger, const char *name)
{
	return ledger_find(ledger, name)->title;
}

static const char *
languages(struct ledger *ledger, const char *name)
{
	return ledger_languages(ledger_find(ledger, name));
}

/* What is done to the file; the first: nothing. */
static const struct {
	long at; /* from the end, if it is negative */
	uint8_t with;
	size_t cut;
} harm[] = { { 0, 0, 0 }, { 0, 'X', 0 }, { 8, 1, 0 }, { 20, 'X', 0 },
	{ 60, 'X', 0 }, { -1, 'X', 0 }, { 0, 0, 1 }, { 0, 0, 40 },
	{ 0, 0, 1000 } };

START_TEST(titles_come_back_or_none)
{
	static const char *const names[] = { "mou/one", "mou/two", "mou/new",
		"mou/new" };
	struct error err = { 0 };
	struct ledger *before = ledger_of(names, 4);
	struct ledger *after = ledger_of(names, 4);
	struct journal *journal = journal_of("journal", names, 4);
	const bool good = harm[_i].with == 0 && harm[_i].cut == 0;
	struct buf bytes = BUF(10000);
	char file[FILE_PATH];
	size_t num;

	ck_assert(!ledger_titles_changed(before));
	ledger_set_title(before, ledger_find(before, "mou/one"),
	    "de=Eins \xc3\xa4\nen=One", "en,lo");
	ledger_set_title(before, ledger_find(before, "mou/new"), "de=Neu", "");
	ck_assert(ledger_titles_changed(before));
	ck_assert(!ledger_titles_changed(before));
	ck_ok(file_join(file, dir, "titles", &err) &&
		titles_write(file, journal, before, &err) &&
		file_read(file, bytes.max, &bytes, &err),
	    err);
	if (harm[_i].with != 0)
		bytes.data[harm[_i].at < 0 ? (long)bytes.len + harm[_i].at
					   : harm[_i].at] ^= harm[_i].with;
	bytes.len -= harm[_i].cut < bytes.len ? harm[_i].cut : bytes.len;
	ck_ok(file_write(file, buf_span(&bytes), 0600, &err), err);
	ck_assert_int_eq(titles_read(file, journal, after, &num, &err), good);
	ck_assert_int_eq(err.kind, good ? ERROR_NONE : ERROR_UNTRUSTED);
	ck_assert_uint_eq(num, good ? 2 : 0);
	ck_assert_str_eq(title(after, "mou/one"),
	    good ? "de=Eins \xc3\xa4\nen=One" : "");
	ck_assert_str_eq(languages(after, "mou/one"), good ? "en,lo" : "");
	ck_assert_str_eq(title(after, "mou/two"), "");
	ck_assert_str_eq(title(after, "mou/new"), good ? "de=Neu" : "");
	ck_assert_str_eq(languages(after, "mou/new"), "");
	journal_free(journal);
	ledger_free(before);
	ledger_free(after);
	buf_free(&bytes);
}
END_TEST

/* Write the file as it was before languages were in it. */
static void
write_before(const char *file, const struct journal *journal, uint64_t index,
    const char *text)
{
	const struct head head = journal_head(journal);
	struct buf bytes = BUF(1000);
	struct error err = { 0 };
	struct digest sum;

	ck_ok(buf_append_str(&bytes, "VALTITL2", &err) &&
		buf_append_u64(&bytes, head.size, &err) &&
		buf_append(&bytes, span_of(head.root.bytes, 32), &err) &&
		buf_append_u64(&bytes, index, &err) &&
		buf_append_u16(&bytes, (uint16_t)strlen(text), &err) &&
		buf_append_str(&bytes, text, &err),
	    err);
	sum = sha256_of(buf_span(&bytes));
	ck_ok(buf_append(&bytes, span_of(sum.bytes, 32), &err) &&
		file_write(file, buf_span(&bytes), 0600, &err),
	    err);
	buf_free(&bytes);
}

START_TEST(an_older_file_has_titles_and_no_languages)
{
	static const char *const names[] = { "mou/one", "mou/two" };
	struct error err = { 0 };
	struct ledger *ledger = ledger_of(names, 2);
	struct journal *journal = journal_of("journal", names, 2);
	char file[FILE_PATH];
	size_t num;

	ck_ok(file_join(file, dir, "titles", &err), err);
	write_before(file, journal,
	    ledger_find(ledger, "mou/two")->versions[0].acts[0], "lo=Two");
	ck_ok(titles_read(file, journal, ledger, &num, &err), err);
	ck_assert_uint_eq(num, 1);
	ck_assert_str_eq(title(ledger, "mou/two"), "lo=Two");
	ck_assert_str_eq(languages(ledger, "mou/two"), "");
	journal_free(journal);
	ledger_free(ledger);
}
END_TEST

START_TEST(a_folder_that_is_gone_is_told)
{
	static const char *const names[] = { "mou/one" };
	struct error err = { 0 };
	struct ledger *ledger = ledger_of(names, 1);
	struct journal *journal = journal_of("journal", names, 1);
	char file[FILE_PATH];

	ck_ok(file_join(file, dir, "none/titles", &err), err);
	ck_assert(!titles_write(file, journal, ledger, &err));
	ck_assert_int_eq(err.kind, ERROR_SYSTEM);
	ck_assert_ptr_nonnull(strstr(err.detail, "No such file"));
	journal_free(journal);
	ledger_free(ledger);
}
END_TEST

START_TEST(titles_of_what_was_are_not_taken)
{
	static const char *const names[] = { "mou/one", "mou/two", "mou/one" };
	struct error err = { 0 };
	struct ledger *before = ledger_of(names, 2);
	struct ledger *after = ledger_of(names, 3);
	struct ledger *fewer = ledger_of(names, 1);
	struct journal *journal = journal_of("journal", names, 2);
	struct journal *turned = journal_of("turned", names + 1, 2);
	struct journal *shorter = journal_of("shorter", names, 1);
	char file[FILE_PATH];
	size_t num;

	ledger_set_title(before, ledger_find(before, "mou/one"), "de=Eins",
	    "de");
	ledger_set_title(before, ledger_find(before, "mou/two"), "de=Zwei",
	    "de");
	ck_ok(file_join(file, dir, "titles", &err) &&
		titles_write(file, journal, before, &err),
	    err);
	/* Of another journal, or of one that was rolled back: none. */
	ck_assert(!titles_read(file, turned, after, &num, &err));
	err = (struct error){ 0 };
	ck_assert(!titles_read(file, shorter, after, &num, &err));
	err = (struct error){ 0 };
	ck_assert_uint_eq(num, 0);
	ck_assert_str_eq(title(after, "mou/two"), "");
	/* Of a version that is not the newest any more: that one is not. */
	ck_ok(titles_read(file, journal, after, &num, &err), err);
	ck_assert_uint_eq(num, 1);
	ck_assert_str_eq(title(after, "mou/one"), "");
	ck_assert_str_eq(title(after, "mou/two"), "de=Zwei");
	/* Of entries that the ledger does not have: those are not. */
	ck_ok(titles_read(file, journal, fewer, &num, &err), err);
	ck_assert_uint_eq(num, 1);
	ledger_free(fewer);
	journal_free(journal);
	journal_free(turned);
	journal_free(shorter);
	ledger_free(before);
	ledger_free(after);
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_loop_test(t, titles_come_back_or_none, 0,
	    sizeof(harm) / sizeof(harm[0]));
	tcase_add_test(t, an_older_file_has_titles_and_no_languages);
	tcase_add_test(t, a_folder_that_is_gone_is_told);
	tcase_add_test(t, titles_of_what_was_are_not_taken);
}

int
main(void)
{
	return run_tests("titles", fill);
}
