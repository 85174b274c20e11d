/*
 * The journal's files when they are damaged, torn, forged, or cannot be
 * written.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/files/files.h"
#include "base/file.h"
#include "faults.h"
#include "journal/journal.h"

static char dir[UNIT_DIR];
static struct note_signer signer, other;
static struct note_keys keys;
static struct head head; /* what was signed last */

static void
sign_head(const struct note_signer *by)
{
	struct checkpoint checkpoint = { .size = head.size, .root = head.root };
	struct buf text = BUF(1000);
	struct error err = { 0 };

	snprintf(checkpoint.origin, sizeof(checkpoint.origin), "%s",
	    by->key.name);
	ck_ok(checkpoint_encode(&checkpoint, &text, &err) &&
		note_sign(by, buf_span(&text), head.signature, &err),
	    err);
	buf_free(&text);
}

static bool
take_entry(void *arg, uint64_t index, struct span entry, struct error *err)
{
	(void)index, (void)entry;
	return arg == NULL ||
	    error_set(err, *(enum error_kind *)arg, "not taken");
}

static struct journal_mended mended;

static struct journal *
open_journal(struct error *err)
{
	return journal_open(dir, &keys, &head, take_entry, NULL, &mended, err);
}

static bool
append(struct journal *journal, const char *text, struct error *err)
{
	const struct span entry = span_of_str(text);

	return journal_append(journal, &entry, 1, &head, err);
}

/* Write so many entries, each a batch, signed by this key. */
static void
write_entries(unsigned num, const struct note_signer *by)
{
	struct error err = { 0 };
	struct journal *journal;

	ck_ok(journal_create(dir, &err), err);
	journal = open_journal(&err);
	ck_assert_msg(journal != NULL, "%s", err.detail);
	for (unsigned i = 0; i < num; i++) {
		char text[20];

		snprintf(text, sizeof(text), "entry-%u", i);
		ck_ok(append(journal, text, &err), err);
		sign_head(by);
		ck_ok(journal_commit(journal, &head, &err), err);
	}
	journal_free(journal);
}

static void
set_up(void)
{
	struct error err = { 0 };

	unit_make_dir(dir);
	ck_ok(note_signer_make("log.test/audit", NOTE_JOURNAL, &signer, &err) &&
		note_signer_make("log.test/audit", NOTE_JOURNAL, &other, &err),
	    err);
	keys = note_keys_of(&signer.key);
	head = (struct head){ .root = merkle_empty() };
	faults = (struct faults){ 0 };
}

static void
tear_down(void)
{
	unit_remove_dir(dir);
}

static void
change_byte(const char *name, off_t at, uint8_t by)
{
	char path[FILE_PATH];
	struct error err = { 0 };
	uint8_t byte;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	ck_assert_int_ge(fd = open(path, O_RDWR), 0);
	ck_ok(file_pread(fd, &byte, 1, at, &err), err);
	byte ^= by;
	ck_ok(file_pwrite(fd, span_of(&byte, 1), at, &err), err);
	close(fd);
}

/* A receipt of the entry leads to the next one. */
START_TEST(a_torn_head_between_others_is_dropped)
{
	struct error err = { 0 };
	struct journal *journal;
	struct head at;

	write_entries(6, &signer);
	change_byte("heads", 2 * FILES_HEAD_BYTES + 20, 1);
	journal = open_journal(&err);
	ck_assert_msg(journal != NULL, "%s", err.detail);
	ck_assert_uint_eq(mended.heads_dropped, 1);
	ck_assert_uint_eq(journal_num_heads(journal), 5);
	ck_ok(journal_head_at(journal, 3, &at, &err), err);
	ck_assert_uint_eq(at.size, 4);
	for (uint64_t n = 0; n < 5; n++) {
		ck_ok(journal_nth_head(journal, n, &at, &err), err);
		ck_assert_uint_eq(at.size, n < 2 ? n + 1 : n + 2);
	}
	journal_free(journal);
	/* And none is torn the next time. */
	journal = open_journal(&err);
	ck_assert_msg(journal != NULL, "%s", err.detail);
	ck_assert_uint_eq(mended.heads_dropped, 0);
	journal_free(journal);
}
END_TEST

START_TEST(a_head_that_is_damaged_later_is_told)
{
	struct error err = { 0 };
	struct journal *journal;
	struct head at;

	write_entries(6, &signer);
	journal = open_journal(&err);
	change_byte("heads", 2 * FILES_HEAD_BYTES + 20, 1);
	ck_assert(!journal_nth_head(journal, 2, &at, &err));
	ck_assert_int_eq(err.kind, ERROR_UNTRUSTED);
	ck_assert_ptr_nonnull(strstr(err.detail, "record 2 is damaged"));
	ck_assert(!journal_nth_head(journal, 6, &at, &err));
	ck_assert_ptr_nonnull(strstr(err.detail, "journal/heads"));
	ck_assert(!journal_head_at(journal, 3, &at, &err));
	journal_free(journal);
}
END_TEST

START_TEST(an_entry_that_is_damaged_later_is_told)
{
	struct buf out = BUF(LIMIT_ENTRY_BYTES);
	struct error err = { 0 };
	struct journal *journal;

	write_entries(3, &signer);
	journal = open_journal(&err);
	ck_ok(journal_entry(journal, 1, &out, &err), err);
	ck_assert(span_is(buf_span(&out), "entry-1"));
	/* The first of the two bytes of its length. */
	change_byte("entries", (off_t)journal_entry_at(journal, 1), 0x80);
	ck_assert(!journal_entry(journal, 1, &out, &err));
	ck_assert_int_eq(err.kind, ERROR_UNTRUSTED);
	ck_assert_ptr_nonnull(strstr(err.detail, "entry 1 is damaged"));
	journal_free(journal);
	buf_free(&out);
}
END_TEST

START_TEST(an_entry_that_is_not_taken_stops_the_opening)
{
	static const enum error_kind kinds[] = { ERROR_MALFORMED,
		ERROR_SYSTEM };
	enum error_kind kind;

	write_entries(3, &signer);
	for (size_t i = 0; i < COUNT(kinds); i++) {
		struct error err = { 0 };

		kind = kinds[i];
		ck_assert_ptr_null(journal_open(dir, &keys, &head, take_entry,
		    &kind, &mended, &err));
		ck_assert_int_eq(err.kind,
		    kind == ERROR_SYSTEM ? ERROR_SYSTEM : ERROR_UNTRUSTED);
		ck_assert_ptr_nonnull(strstr(err.detail, "at entry 0"));
	}
}
END_TEST

/* A reader trusts the journal's key only. */
START_TEST(a_view_of_a_journal_that_another_key_signed_is_refused)
{
	struct error err = { 0 };

	write_entries(3, &other);
	ck_assert_ptr_null(
	    journal_view(dir, NULL, &keys, take_entry, NULL, &mended, &err));
	ck_assert_int_eq(err.kind, ERROR_UNTRUSTED);
	ck_assert_ptr_nonnull(strstr(err.detail, "journal/heads"));
}
END_TEST

START_TEST(a_view_of_what_is_not_there_is_refused)
{
	struct error err = { 0 };

	ck_assert_ptr_null(
	    journal_view(dir, NULL, &keys, take_entry, NULL, &mended, &err));
	ck_assert_int_eq(err.kind, ERROR_SYSTEM);
	ck_assert_ptr_null(open_journal(&err));
	ck_ok(journal_create(dir, &err), err);
	/* There is one already. */
	ck_assert(!journal_create(dir, &err));
}
END_TEST

/* After a failed write or flush it is not known what is on the disk. */
START_TEST(a_journal_that_failed_takes_nothing_more)
{
	static const struct faults rows[] = {
		{ .fdatasync = 1 }, /* the entries */
		{ .pwrite = 1 },    /* nodes */
		{ .pwrite = 2 },    /* ends */
		{ .pwrite = 3 },    /* hashes */
		{ .pwrite = 4 },    /* the entries */
	};
	struct error err = { 0 };
	struct journal *journal;

	write_entries(3, &signer);
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct head before = head;

		journal = open_journal(&err);
		ck_assert_msg(journal != NULL, "%s", err.detail);
		faults = rows[i];
		ck_assert_msg(!append(journal, "lost", &err), "%zu", i);
		ck_assert_int_eq(err.kind, ERROR_SYSTEM);
		ck_assert_ptr_nonnull(strstr(err.detail, "journal/"));
		err = (struct error){ 0 };
		ck_assert(!append(journal, "after", &err));
		ck_assert_ptr_nonnull(strstr(err.detail, "failed before"));
		ck_assert(!journal_commit(journal, &head, &err));
		ck_assert_uint_eq(journal_size(journal), 3);
		journal_free(journal);
		head = before;
	}
}
END_TEST

START_TEST(a_head_that_cannot_be_written_is_told)
{
	struct error err = { 0 };
	struct journal *journal;

	write_entries(3, &signer);
	journal = open_journal(&err);
	faults.fdatasync = 1;
	ck_assert(!journal_flush_heads(journal, &err));
	ck_assert_ptr_nonnull(strstr(err.detail, "journal/heads: flush"));
	ck_ok(journal_flush_heads(journal, &err), err);
	ck_ok(append(journal, "entry-3", &err), err);
	faults.pwrite = 1;
	ck_assert(!journal_commit(journal, &head, &err));
	ck_assert_ptr_nonnull(strstr(err.detail, "journal/heads"));
	ck_assert_uint_eq(journal_size(journal), 3);
	ck_assert(!append(journal, "entry-4", &err));
	journal_free(journal);
}
END_TEST

START_TEST(what_is_derived_is_flushed_or_it_is_told)
{
	struct error err = { 0 };
	struct journal *journal;

	write_entries(3, &signer);
	journal = open_journal(&err);
	for (int i = 1; i <= 3; i++) {
		faults.fdatasync = i;
		ck_assert(!journal_sync_derived(journal, &err));
		ck_assert_ptr_nonnull(strstr(err.detail, "flush"));
		err = (struct error){ 0 };
	}
	faults.fdatasync = 0;
	ck_ok(journal_sync_derived(journal, &err), err);
	journal_free(journal);
}
END_TEST

/* The length of entries, and of the file with another number of bytes. */
static uint64_t
entries_length(off_t set)
{
	char path[FILE_PATH];
	struct stat st;

	snprintf(path, sizeof(path), "%s/entries", dir);
	if (set >= 0)
		ck_assert_int_eq(truncate(path, set), 0);
	ck_assert_int_eq(stat(path, &st), 0);
	return (uint64_t)st.st_size;
}

static void
assert_cut(uint64_t bytes)
{
	struct error err = { 0 };
	struct journal *journal = open_journal(&err);

	ck_assert_msg(journal != NULL, "%s", err.detail);
	ck_assert_uint_eq(journal_size(journal), 3);
	ck_assert_uint_eq(mended.cut_bytes, bytes);
	journal_free(journal);
}

/* The disk, or somebody, changes it while the journal is open. */
START_TEST(ends_that_are_changed_meanwhile_are_told)
{
	const struct tile bundle = { .is_bundle = true, .width = 3 };
	struct buf out = BUF(1000);
	struct error err = { 0 };
	struct journal *journal;

	write_entries(3, &signer);
	journal = open_journal(&err);
	ck_assert_msg(journal != NULL, "%s", err.detail);
	ck_ok(journal_entry(journal, 1, &out, &err), err);
	ck_ok(journal_tile(journal, &bundle, &out, &err), err);
	/* Entry 1 ends before it begins. */
	change_byte("ends", 8 + 7, 18 ^ 8);
	ck_assert(!journal_entry(journal, 1, &out, &err));
	ck_assert_int_eq(err.kind, ERROR_UNTRUSTED);
	ck_assert_ptr_nonnull(strstr(err.detail, "ends: entry 1"));
	change_byte("ends", 8 + 7, 18 ^ 8);
	/* Entries 1 and 2 end a terabyte later: each is as long as it was. */
	change_byte("ends", 8 + 2, 1);
	change_byte("ends", 16 + 2, 1);
	err = (struct error){ 0 };
	ck_assert(!journal_tile(journal, &bundle, &out, &err));
	ck_assert_int_eq(err.kind, ERROR_UNTRUSTED);
	ck_assert_ptr_nonnull(strstr(err.detail, "ends: it is damaged"));
	buf_free(&out);
	journal_free(journal);
}
END_TEST

/* Written ahead while a journal is open, and left there by a kill. */
START_TEST(room_after_the_entries_is_none_of_them)
{
	struct error err = { 0 };
	struct journal *journal, *view;
	struct head signed_head;
	uint64_t length;

	write_entries(3, &signer);
	length = entries_length(-1);
	signed_head = head;
	journal = open_journal(&err);
	ck_assert_msg(journal != NULL, "%s", err.detail);
	ck_ok(append(journal, "never signed", &err), err);
	ck_assert_uint_gt(entries_length(-1), length + 65536);
	view = journal_view(dir, NULL, &keys, take_entry, NULL, &mended, &err);
	ck_assert_msg(view != NULL, "%s", err.detail);
	ck_assert_uint_eq(journal_size(view), 3);
	ck_assert_uint_eq(mended.cut_bytes, 14);
	journal_free(view);
	/* Who ends it takes the room away; who kills it does not. */
	journal_free(journal);
	ck_assert_uint_eq(entries_length(-1), length + 14);
	entries_length((off_t)length + 100000);
	head = signed_head;
	assert_cut(14);
	ck_assert_uint_eq(entries_length(-1), length);
	entries_length((off_t)length + 100000);
	assert_cut(0);
	/* A full disk. */
	journal = open_journal(&err);
	faults.pwrite = 5;
	ck_ok(append(journal, "one more", &err), err);
	ck_assert_uint_eq(entries_length(-1), length + 10);
	journal_free(journal);
}
END_TEST

/* Append an entry, sign and commit it, and open the journal again. */
static void
assert_goes_on(struct journal *journal, uint64_t size)
{
	struct error err = { 0 };

	faults = (struct faults){ 0 };
	ck_ok(append(journal, "after", &err), err);
	sign_head(&signer);
	ck_ok(journal_commit(journal, &head, &err), err);
	ck_assert_uint_eq(journal_size(journal), size);
	journal_free(journal);
	journal = open_journal(&err);
	ck_assert_msg(journal != NULL, "%s", err.detail);
	ck_assert_uint_eq(journal_size(journal), size);
	ck_assert_uint_eq(mended.cut_bytes, 0);
	ck_assert_uint_eq(mended.hashes_rebuilt + mended.ends_rebuilt, 0);
	journal_free(journal);
}

/* Nodes, ends, hashes, entries, heads; and one that does not come. */
enum { ALLOCATIONS = 6 };

/* Each file that a batch writes to has its room before anything is written. */
START_TEST(a_full_disk_refuses_a_batch_and_the_journal_goes_on)
{
	struct error err = { 0 };
	struct journal *journal;
	struct head before;
	uint64_t length;

	write_entries(3, &signer);
	journal = open_journal(&err);
	ck_assert_msg(journal != NULL, "%s", err.detail);
	length = entries_length(-1);
	before = head;
	faults.fallocate = _i + 1;
	faults.fallocate_more = 100;
	if (append(journal, "refused", &err)) {
		/* So many files need no more room, and no fewer. */
		ck_assert_int_eq(_i, ALLOCATIONS - 1);
		sign_head(&signer);
		ck_ok(journal_commit(journal, &head, &err), err);
		assert_goes_on(journal, 5);
		return;
	}
	ck_assert_int_lt(_i, ALLOCATIONS - 1);
	ck_assert_int_eq(err.kind, ERROR_FULL);
	ck_assert_int_eq(error_http_status(err.kind), 507);
	ck_assert_int_eq(error_exit_status(err.kind), 6);
	ck_assert_str_eq(error_code(&err), "UNAVAILABLE");
	ck_assert_uint_eq(entries_length(-1), length);
	head = before;
	assert_goes_on(journal, 4);
}
END_TEST

/* A file system that sets no room apart: what was written is cut off. */
START_TEST(a_write_that_finds_no_room_refuses_a_batch)
{
	struct error err = { 0 };
	struct journal *journal;
	struct head before;
	uint64_t length;

	write_entries(3, &signer);
	journal = open_journal(&err);
	ck_assert_msg(journal != NULL, "%s", err.detail);
	length = entries_length(-1);
	before = head;
	faults.pwrite = _i + 1;
	faults.error = _i % 2 == 0 ? ENOSPC : EDQUOT;
	ck_assert(!append(journal, "refused", &err));
	ck_assert_int_eq(err.kind, ERROR_FULL);
	ck_assert_uint_eq(entries_length(-1), length);
	head = before;
	assert_goes_on(journal, 4);
}
END_TEST

static uint64_t
reserve_of(const struct journal *journal)
{
	struct stat st;
	char path[FILE_PATH];
	uint64_t has, wanted;

	snprintf(path, sizeof(path), "%s/reserve", dir);
	ck_assert_int_eq(stat(path, &st), 0);
	journal_reserve(journal, &has, &wanted);
	ck_assert_uint_eq((uint64_t)st.st_size, has);
	ck_assert_uint_ge((uint64_t)st.st_blocks * 512, has);
	return has;
}

enum { MIB = 1 << 20 };

START_TEST(the_reserve_is_given_up_in_steps_and_refilled)
{
	struct error err = { 0 };
	struct journal *journal;

	write_entries(3, &signer);
	journal = open_journal(&err);
	ck_assert_msg(journal != NULL, "%s", err.detail);
	ck_assert(!journal_use_reserve(journal, 1)); /* there is none yet */
	ck_ok(journal_keep_reserve(journal, 3 * MIB, &err), err);
	ck_assert_uint_eq(reserve_of(journal), 3 * MIB);
	/* No room for the first file, not even for what it needs now. */
	faults.fallocate = 1;
	faults.fallocate_more = 1;
	ck_ok(append(journal, "from the reserve", &err), err);
	sign_head(&signer);
	ck_ok(journal_commit(journal, &head, &err), err);
	ck_assert_uint_eq(reserve_of(journal), 2 * MIB);
	/* The disk is still full: nothing is taken back. */
	faults.fallocate = 1;
	ck_ok(journal_keep_reserve(journal, 3 * MIB, &err), err);
	ck_assert_uint_eq(reserve_of(journal), 2 * MIB);
	ck_ok(journal_keep_reserve(journal, 3 * MIB, &err), err);
	ck_assert_uint_eq(reserve_of(journal), 3 * MIB);
	ck_assert(journal_use_reserve(journal, 5 * MIB));
	ck_assert_uint_eq(reserve_of(journal), 0);
	ck_assert(!journal_use_reserve(journal, 1));
	ck_ok(journal_keep_reserve(journal, MIB, &err), err);
	assert_goes_on(journal, 5);
	/* It is found again, and cut where less is wanted. */
	journal = open_journal(&err);
	ck_ok(journal_keep_reserve(journal, MIB / 2, &err), err);
	ck_assert_uint_eq(reserve_of(journal), MIB / 2);
	journal_free(journal);
}
END_TEST

/* What opening must repair, and a system call that fails meanwhile. */
static const struct {
	const char *what, *says; /* which file the error names */
	struct faults faults;
} openings[] = {
	{ "torn batch", "journal/entries", { .ftruncate = 4 } },
	{ "torn batch", "journal/entries", { .fdatasync = 1 } },
	{ "torn batch", "journal/nodes", { .ftruncate = 1 } },
	{ "head missing", "journal/heads", { .ftruncate = 1 } },
	{ "head missing", "journal/heads", { .pwrite = 1 } },
	{ "torn batch", "journal/ends", { .ftruncate = 2 } },
	{ "nothing", "journal/nodes", { .mmap = 1 } },
	{ "nothing", "journal/ends", { .mmap = 2 } },
	{ "nothing", "journal/hashes-0", { .mmap = 3 } },
	{ "nodes", "journal/nodes", { .pwrite = 1 } },
	{ "nodes", "journal/ends", { .pwrite = 2 } },
	{ "hashes", "journal/hashes-0", { .pwrite = 3 } },
	{ "torn head", "heads", { .pwrite = 1 } },
};

START_TEST(a_journal_that_cannot_be_mended_does_not_open)
{
	const char *what = openings[_i].what;
	struct error err = { 0 };
	struct journal *journal;
	struct head before;

	write_entries(3, &signer);
	before = head;
	if (strcmp(what, "torn batch") == 0 ||
	    strcmp(what, "head missing") == 0) {
		journal = open_journal(&err);
		ck_ok(append(journal, "entry-3", &err), err);
		journal_free(journal);
		sign_head(&signer);
		if (strcmp(what, "torn batch") == 0)
			head = before;
	} else if (strcmp(what, "torn head") == 0) {
		change_byte("heads", 20, 1);
	} else if (strcmp(what, "nothing") != 0) {
		change_byte(strcmp(what, "nodes") == 0 ? "nodes" : "hashes-0",
		    3, 1);
	}
	faults = openings[_i].faults;
	journal = open_journal(&err);
	ck_assert_msg(journal == NULL, "%d: %s", _i, what);
	ck_assert_msg(strstr(err.detail, openings[_i].says) != NULL, "%d: %s",
	    _i, err.detail);
	faults = (struct faults){ 0 };
	journal = open_journal(&err);
	ck_assert_msg(journal != NULL, "%d: %s", _i, err.detail);
	journal_free(journal);
}
END_TEST

/*
 * What cannot be read now is not torn: nothing may be cut off. 0: all is good;
 * 1: one head is torn, and is dropped once all can be read.
 */
START_TEST(what_cannot_be_read_at_start_is_kept)
{
	const uint64_t heads = _i == 0 ? 6 : 5;
	struct error err = { 0 };
	struct journal *journal = NULL;
	unsigned failed = 0;

	write_entries(6, &signer);
	if (_i == 1)
		change_byte("heads", 2 * FILES_HEAD_BYTES + 20, 1);
	while (journal == NULL) {
		err = (struct error){ 0 };
		faults = (struct faults){ .pread = (int)++failed };
		journal = open_journal(&err);
		ck_assert_uint_lt(failed, 1000);
		if (journal == NULL)
			ck_assert_msg(err.kind == ERROR_SYSTEM, "%u: %s",
			    failed, err.detail);
	}
	ck_assert_msg(faults.pread > 0,
	    "the read of number %u failed and"
	    " nobody said so",
	    failed);
	faults = (struct faults){ 0 };
	ck_assert_uint_gt(failed, heads);
	ck_assert_uint_eq(journal_size(journal), 6);
	ck_assert_uint_eq(journal_num_heads(journal), heads);
	journal_free(journal);
}
END_TEST

/* Entries are as both say, or it is told who says otherwise. */
START_TEST(a_root_that_differs_is_told_by_whose_it_is)
{
	struct error err = { 0 };
	struct journal *journal;
	struct head other_head;

	write_entries(3, &signer);
	head.root.bytes[0] ^= 1;
	ck_assert_ptr_null(open_journal(&err));
	ck_assert_int_eq(err.kind, ERROR_UNTRUSTED);
	ck_assert_msg(strstr(err.detail, "that the signer signed") != NULL,
	    "%s", err.detail);
	head.root.bytes[0] ^= 1;
	journal = open_journal(&err);
	ck_assert_ptr_nonnull(journal);
	ck_ok(append(journal, "entry-3", &err), err);
	other_head = head;
	other_head.root.bytes[0] ^= 1;
	ck_ok(journal_commit(journal, &other_head, &err), err);
	journal_free(journal);
	ck_assert_ptr_null(open_journal(&err));
	ck_assert_int_eq(err.kind, ERROR_UNTRUSTED);
	ck_assert_msg(strstr(err.detail, "root stands in heads") != NULL, "%s",
	    err.detail);
}
END_TEST

/* C2SP add-checkpoint: "old N", the proof's hashes, an empty line. */
START_TEST(an_extension_proves_that_a_journal_only_grew)
{
	struct buf out = BUF(10000), small = BUF(6), shorter = BUF(0);
	struct merkle_proof proof;
	struct error err = { 0 };
	struct journal *journal;
	struct span rest, line;
	struct digest old;

	write_entries(6, &signer);
	journal = open_journal(&err);
	ck_ok(journal_extension(journal, 3, 6, &out, &err), err);
	ck_ok(journal_root_at(journal, 3, &old, &err), err);
	rest = buf_span(&out);
	ck_assert(span_take_line(&rest, &line) && span_is(line, "old 3"));
	for (proof.num = 0; span_take_line(&rest, &line) && line.len > 0;
	     proof.num++)
		ck_assert(
		    span_to_base64(line, proof.hashes[proof.num].bytes, 32));
	ck_assert_uint_eq(rest.len, 0);
	ck_assert(merkle_verify_consistency(3, 6, &old, &head.root, &proof));
	/* No room for its first line, and none for its hashes. */
	ck_assert(!journal_extension(journal, 3, 6, &shorter, &err));
	ck_assert(!journal_extension(journal, 3, 6, &small, &err));
	ck_assert_int_eq(err.kind, ERROR_LIMIT);
	ck_assert_uint_eq(small.len, 6);
	buf_free(&out);
	buf_free(&small);
	journal_free(journal);
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, a_torn_head_between_others_is_dropped);
	tcase_add_test(t, a_head_that_is_damaged_later_is_told);
	tcase_add_test(t, an_entry_that_is_damaged_later_is_told);
	tcase_add_test(t, an_entry_that_is_not_taken_stops_the_opening);
	tcase_add_test(t,
	    a_view_of_a_journal_that_another_key_signed_is_refused);
	tcase_add_test(t, a_view_of_what_is_not_there_is_refused);
	tcase_add_test(t, a_journal_that_failed_takes_nothing_more);
	tcase_add_test(t, a_head_that_cannot_be_written_is_told);
	tcase_add_test(t, what_is_derived_is_flushed_or_it_is_told);
	tcase_add_test(t, room_after_the_entries_is_none_of_them);
	tcase_add_loop_test(t,
	    a_full_disk_refuses_a_batch_and_the_journal_goes_on, 0,
	    ALLOCATIONS);
	tcase_add_loop_test(t, a_write_that_finds_no_room_refuses_a_batch, 0,
	    4);
	tcase_add_test(t, the_reserve_is_given_up_in_steps_and_refilled);
	tcase_add_test(t, ends_that_are_changed_meanwhile_are_told);
	tcase_add_loop_test(t, a_journal_that_cannot_be_mended_does_not_open, 0,
	    COUNT(openings));
	tcase_add_loop_test(t, what_cannot_be_read_at_start_is_kept, 0, 2);
	tcase_add_test(t, a_root_that_differs_is_told_by_whose_it_is);
	tcase_add_test(t, an_extension_proves_that_a_journal_only_grew);
}

int
main(void)
{
	return run_tests("journal-files", fill);
}
