/*
 * The files of a journal: written in batches, opened as they were left,
 * repaired if they are derived, refused if they are not.
 */
#include "unit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/memory/memory.h"
#include "base/file.h"
#include "journal/journal.h"
#include "journal_fixture.h"
#include "postgres_fixture.h"

/* The log's backend; NULL: the files in the fixture's folder. */
static struct backend *on;
static bool in_memory; /* else it is a database */

static void
set_up_memory(void)
{
	struct error err = { 0 };

	in_memory = true;
	ck_assert_ptr_nonnull(on = memory_open(&err));
}

static void
set_up_database(void)
{
	in_memory = false;
	pg_reset();
	on = pg_open();
}

static void
tear_down_backend(void)
{
	on->table->close(on);
	on = NULL;
}

static bool
count_entries(void *arg, uint64_t index, struct span entry, struct error *err)
{
	uint64_t *num = arg;

	(void)entry, (void)err;
	ck_assert_uint_eq(index, *num);
	(*num)++;
	return true;
}

static struct journal *
reopen(const struct head *head, uint64_t *num, struct journal_mended *mended,
    struct error *err)
{
	*num = 0;
	return journal_open_on(on, fixture_dir,
	    fixture_only(&fixture_signer.key), head, NULL, count_entries, num,
	    mended, err);
}

/*
 * Write batches of these sizes; commit_last false: a crash before the last
 * commit.
 */
static struct head
write_batches(const unsigned sizes[], size_t num, bool commit_last)
{
	const struct head empty = { .root = merkle_empty() };
	struct journal_mended mended;
	struct head head = empty;
	struct error err = { 0 };
	uint64_t seen, next = 0;
	struct journal *journal = reopen(&empty, &seen, &mended, &err);

	ck_assert_msg(journal != NULL, "%s", err.detail);
	for (size_t b = 0; b < num; b++) {
		static char texts[2000][24];
		struct span spans[2000];

		for (unsigned i = 0; i < sizes[b]; i++) {
			snprintf(texts[i], sizeof(texts[i]), "entry-%llu",
			    (unsigned long long)next++);
			spans[i] = span_of_str(texts[i]);
		}
		ck_ok(journal_append(journal, spans, sizes[b], &head, &err),
		    err);
		fixture_sign_head(&head);
		if (b + 1 < num || commit_last)
			ck_ok(journal_commit(journal, &head, &err), err);
	}
	journal_free(journal);
	return head;
}

static const unsigned some_batches[] = { 1, 2, 250, 10, 700, 1 };

START_TEST(a_journal_opens_as_it_was_left)
{
	struct journal_mended mended;
	struct error err = { 0 };
	struct journal *journal;
	struct head head, at;
	struct proof proof = PROOF;
	struct checkpoint checkpoint;
	struct digest root;
	uint64_t num;

	fixture_make_dir();
	head = write_batches(some_batches, COUNT(some_batches), true);
	journal = reopen(&head, &num, &mended, &err);
	ck_assert_msg(journal != NULL, "%s", err.detail);
	ck_assert_uint_eq(num, 964);
	ck_assert_uint_eq(mended.cut_bytes + mended.heads_completed +
		mended.hashes_rebuilt,
	    0);
	/* Every receipt, to the head of its own batch and to the last. */
	for (uint64_t i = 0; i < num; i += 7) {
		ck_ok(journal_head_at(journal, i + 1, &at, &err), err);
		ck_assert_uint_gt(at.size, i);
		ck_ok(journal_receipt(journal, i, &at, &proof, &err) &&
			proof_verify(&proof, fixture_only(&fixture_signer.key),
			    &checkpoint, &err),
		    err);
		proof_free(&proof);
		proof = PROOF;
		ck_ok(journal_receipt(journal, i, &head, &proof, &err) &&
			proof_verify(&proof, fixture_only(&fixture_signer.key),
			    &checkpoint, &err),
		    err);
		proof_free(&proof);
		proof = PROOF;
		ck_ok(journal_prove_consistency(journal, at.size, head.size,
			  &proof.path, &err),
		    err);
		root = head.root;
		ck_assert(merkle_verify_consistency(at.size, head.size,
		    &at.root, &root, &proof.path));
	}
	proof_free(&proof);
	journal_free(journal);
	fixture_remove_dir();
}
END_TEST

/* Replace the journal by an empty one. */
static void
make_anew(void)
{
	struct error err = { 0 };

	fixture_remove_dir();
	ck_assert(mkdir(fixture_dir, 0700) == 0);
	ck_ok(journal_create(fixture_dir, &err), err);
	if (on != NULL) {
		tear_down_backend();
		if (in_memory)
			set_up_memory();
		else
			set_up_database();
	}
}

START_TEST(a_batch_that_was_never_signed_is_cut)
{
	struct journal_mended mended;
	struct error err = { 0 };
	struct journal *journal;
	struct head before;
	uint64_t num;

	fixture_make_dir();
	before = write_batches(some_batches, 3, true);
	make_anew();
	(void)write_batches(some_batches, 4, false);
	journal = reopen(&before, &num, &mended, &err);
	ck_assert_msg(journal != NULL, "%s", err.detail);
	ck_assert_uint_eq(num, 253);
	ck_assert_uint_gt(mended.cut_bytes, 0);
	journal_free(journal);
	fixture_remove_dir();
}
END_TEST

static struct head
append_one(struct journal *journal, const char *text)
{
	const struct span line = span_of_str(text);
	struct error err = { 0 };
	struct head head = { .size = 0 };

	ck_ok(journal_append(journal, &line, 1, &head, &err), err);
	return head;
}

static struct journal *
reopen_well(const struct head *head, struct journal_mended *mended)
{
	struct error err = { 0 };
	uint64_t num;
	struct journal *journal = reopen(head, &num, mended, &err);

	ck_assert_msg(journal != NULL, "%s", err.detail);
	return journal;
}

/* The next batch is written before the signer has answered for this one. */
START_TEST(a_batch_is_appended_before_the_last_is_committed)
{
	const struct head empty = { .root = merkle_empty() };
	struct journal_mended mended;
	struct merkle_proof proof;
	struct head first, second, third;
	struct error err = { 0 };
	struct journal *journal;

	fixture_make_dir();
	journal = reopen_well(&empty, &mended);
	first = append_one(journal, "entry-0");
	second = append_one(journal, "entry-1");
	/* None of it is there yet, and its proof can be made all the same. */
	ck_assert_uint_eq(journal_size(journal), 0);
	ck_assert_uint_eq(first.size, 1);
	ck_assert_uint_eq(second.size, 2);
	ck_ok(journal_prove_consistency(journal, 1, 2, &proof, &err), err);
	ck_assert(
	    merkle_verify_consistency(1, 2, &first.root, &second.root, &proof));
	fixture_sign_head(&first);
	ck_ok(journal_commit(journal, &first, &err), err);
	ck_assert_uint_eq(journal_size(journal), 1);
	third = append_one(journal, "entry-2");
	fixture_sign_head(&second);
	ck_ok(journal_commit(journal, &second, &err), err);
	fixture_sign_head(&third);
	ck_ok(journal_commit(journal, &third, &err), err);
	journal_free(journal);
	journal = reopen_well(&third, &mended);
	ck_assert_uint_eq(journal_num_heads(journal), 3);
	ck_assert_uint_eq(mended.cut_bytes + mended.heads_completed +
		mended.hashes_rebuilt,
	    0);
	journal_free(journal);
	fixture_remove_dir();
}
END_TEST

/* The signer signed one, and the daemon ended before it signed the next. */
START_TEST(what_was_appended_beyond_what_was_signed_is_cut)
{
	const struct head empty = { .root = merkle_empty() };
	struct journal_mended mended;
	struct head first;
	struct journal *journal;

	fixture_make_dir();
	journal = reopen_well(&empty, &mended);
	first = append_one(journal, "entry-0");
	append_one(journal, "entry-1");
	fixture_sign_head(&first);
	journal_free(journal);
	journal = reopen_well(&first, &mended);
	ck_assert_uint_eq(journal_size(journal), 1);
	ck_assert_uint_eq(mended.cut_bytes, 2 + strlen("entry-1"));
	ck_assert_uint_eq(mended.heads_completed, 1);
	journal_free(journal);
	fixture_remove_dir();
}
END_TEST

START_TEST(heads_that_are_behind_the_signer_are_completed)
{
	struct journal_mended mended;
	struct error err = { 0 };
	struct journal *journal;
	struct head head;
	uint64_t num;

	fixture_make_dir();
	/* A kill between the signer's record and heads. */
	head = write_batches(some_batches, 4, false);
	journal = reopen(&head, &num, &mended, &err);
	ck_assert_msg(journal != NULL, "%s", err.detail);
	ck_assert_uint_eq(num, 263);
	ck_assert_uint_eq(mended.heads_completed, 1);
	ck_assert_uint_eq(journal_size(journal), 263);
	journal_free(journal);
	/* And all is well the next time. */
	journal = reopen(&head, &num, &mended, &err);
	ck_assert_msg(journal != NULL, "%s", err.detail);
	ck_assert_uint_eq(mended.heads_completed, 0);
	journal_free(journal);
	fixture_remove_dir();
}
END_TEST

/* --- What was proposed and not signed; only some backends keep it. --- */

/*
 * _i: how many batches the writer proposed before it died, with a signed one
 * before them.
 */
START_TEST(what_was_proposed_waits_for_its_signature)
{
	struct head wants[JOURNAL_AHEAD], signed_head, head;
	struct proposed next;
	struct journal_mended mended;
	struct error err = { 0 };
	struct journal *journal;
	uint64_t num;

	fixture_make_dir();
	signed_head = write_batches(some_batches, 3, true);
	journal = reopen(&signed_head, &num, &mended, &err);
	ck_assert_msg(journal != NULL, "%s", err.detail);
	for (int i = 0; i < _i; i++)
		wants[i] = append_one(journal, i == 0 ? "first" : "second");
	journal_free(journal);
	/* It is read and visited, and does not count. */
	journal = reopen(&signed_head, &num, &mended, &err);
	ck_assert_msg(journal != NULL, "%s", err.detail);
	ck_assert_uint_eq(num, signed_head.size + (uint64_t)_i);
	ck_assert_uint_eq(mended.cut_bytes, 0);
	ck_assert_uint_eq(journal_size(journal), signed_head.size);
	for (int i = 0; i < _i; i++) {
		ck_assert(journal_proposed(journal, &next));
		head = next.head;
		ck_assert_uint_eq(head.size, wants[i].size);
		ck_assert(digest_eq(&head.root, &wants[i].root));
		fixture_sign_head(&head);
		ck_ok(journal_commit(journal, &head, &err), err);
		ck_assert_uint_eq(journal_size(journal), head.size);
		signed_head = head;
	}
	ck_assert(!journal_proposed(journal, &next));
	/* It goes on from there. */
	head = append_one(journal, "third");
	ck_assert_uint_eq(head.size, signed_head.size + 1);
	fixture_sign_head(&head);
	ck_ok(journal_commit(journal, &head, &err), err);
	journal_free(journal);
	journal = reopen(&head, &num, &mended, &err);
	ck_assert_msg(journal != NULL, "%s", err.detail);
	ck_assert_uint_eq(num, head.size);
	ck_assert_uint_eq(mended.hashes_rebuilt + mended.ends_rebuilt, 0);
	journal_free(journal);
	fixture_remove_dir();
}
END_TEST

static void
refuse_to_open(const struct head *head, const char *why)
{
	struct journal_mended mended;
	struct error err = { 0 };
	uint64_t num;

	ck_assert_ptr_null(reopen(head, &num, &mended, &err));
	ck_assert_int_eq(err.kind, ERROR_UNTRUSTED);
	ck_assert_msg(strstr(err.detail, why) != NULL, "%s", err.detail);
}

/* A writer leaves two proposals at most: more were signed by somebody. */
START_TEST(too_much_that_was_proposed_is_refused)
{
	struct head before;

	fixture_make_dir();
	before = write_batches(some_batches, 1, true);
	for (unsigned i = 0; i <= JOURNAL_AHEAD; i++) {
		const struct span line = span_of_str("later");
		const struct proposal proposal = { .size = 1 + i,
			.at = 9 + 7 * i,
			.entries = &line,
			.num_entries = 1 };
		struct error err = { 0 };

		ck_ok(on->table->propose(on, &proposal, &err), err);
	}
	refuse_to_open(&before, "rolled back");
	fixture_remove_dir();
}
END_TEST

START_TEST(a_proposal_of_another_root_is_refused)
{
	const struct span line = span_of_str("later");
	const struct proposal proposal = { .size = 1,
		.at = 9,
		.entries = &line,
		.num_entries = 1,
		.root = { { 1 } } };
	struct error err = { 0 };
	struct head before;

	fixture_make_dir();
	before = write_batches(some_batches, 1, true);
	ck_ok(on->table->propose(on, &proposal, &err), err);
	refuse_to_open(&before, "not those that were proposed at size 2");
	fixture_remove_dir();
}
END_TEST

/* --- Damage. --- */

static void
damage(const char *name, off_t at, bool truncate_it)
{
	char path[FILE_PATH];
	uint8_t byte;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", fixture_dir, name);
	fd = open(path, O_RDWR);
	ck_assert_int_ge(fd, 0);
	if (at < 0)
		at += lseek(fd, 0, SEEK_END);
	if (truncate_it) {
		ck_assert(ftruncate(fd, at) == 0);
	} else {
		ck_assert(pread(fd, &byte, 1, at) == 1);
		byte ^= 1;
		ck_assert(pwrite(fd, &byte, 1, at) == 1);
	}
	close(fd);
}

static const struct {
	const char *file;
	off_t at; /* from the end if negative */
	bool cut;
	const char *says; /* NULL: mended */
} damages[] = {
	{ "entries", 5, false, "not those" },
	{ "entries", 1, false, "contradicts" },
	{ "entries", -3, false, "not those" },
	{ "entries", -3, true, "entries end before" },
	{ "entries", 0, true, "no entries" },
	{ "hashes-0", 100, false, NULL },
	{ "hashes-0", 64, true, NULL },
	{ "hashes-1", 3, false, NULL },
	{ "nodes", 1000, false, NULL },
	{ "nodes", 1000, true, NULL },
	{ "ends", 100, false, NULL },
	{ "ends", 100, true, NULL },
	{ "heads", -20, false, NULL }, /* the last record: completed again */
	{ "heads", -60, true, NULL },
};

START_TEST(damage_is_mended_where_it_is_derived_and_else_refused)
{
	struct journal_mended mended;
	struct error err = { 0 };
	struct journal *journal;
	struct head head;
	uint64_t num;

	fixture_make_dir();
	head = write_batches(some_batches, COUNT(some_batches), true);
	damage(damages[_i].file, damages[_i].at, damages[_i].cut);
	journal = reopen(&head, &num, &mended, &err);
	if (damages[_i].says == NULL) {
		ck_assert_msg(journal != NULL, "%s", err.detail);
		ck_assert_uint_gt(mended.hashes_rebuilt + mended.ends_rebuilt +
			mended.heads_completed,
		    0);
	} else {
		ck_assert_ptr_null(journal);
		ck_assert_int_eq(err.kind, ERROR_UNTRUSTED);
		ck_assert_msg(strstr(err.detail, damages[_i].says) != NULL,
		    "%s", err.detail);
	}
	journal_free(journal);
	fixture_remove_dir();
}
END_TEST

/* 1,000 times so many entries, each 1,000 a batch. */
static struct head
write_thousands(unsigned num)
{
	unsigned sizes[100];

	ck_assert_uint_le(num, COUNT(sizes));
	for (unsigned i = 0; i < num; i++)
		sizes[i] = 1000;
	return write_batches(sizes, num, true);
}

/* Entries before this one were known already. */
static bool
count_from(void *arg, uint64_t index, struct span entry, struct error *err)
{
	uint64_t *num = arg;

	(void)entry, (void)err;
	ck_assert_uint_eq(index, 69990 + *num);
	(*num)++;
	return true;
}

static struct journal *
open_from(const struct head *head, const struct journal_from *from,
    struct journal_mended *mended, uint64_t *num, struct error *err)
{
	*num = 0;
	return journal_open_from(fixture_dir, fixture_only(&fixture_signer.key),
	    head, from, count_from, num, mended, err);
}

static void
known(uint64_t size, struct journal_from *out)
{
	struct journal_mended mended;
	struct error err = { 0 };
	struct journal *journal;
	uint64_t num = 0;

	journal =
	    journal_view(fixture_dir, NULL, fixture_only(&fixture_signer.key),
		count_entries, &num, &mended, &err);
	ck_assert_msg(journal != NULL, "%s", err.detail);
	out->size = size;
	ck_ok(journal_root_at(journal, size, &out->root, &err), err);
	journal_free(journal);
}

/*
 * A change to 70,000 entries of which 69,990 are known, and what opening tells:
 * the newest 65,536 are hashed then, and older ones by the check.
 */
static const struct {
	const char *file;
	off_t at;
	bool cut;
	const char *opens; /* NULL: it does */
	const char *check; /* NULL: nothing is wrong; "": it puts it right */
} later[] = {
	{ NULL, 0, false, NULL, NULL },
	{ "entries", 5, false, NULL, "not those" },
	{ "entries", -100000, false, "not those", NULL },
	{ "entries", -3, true, "entries end before", NULL },
	/* The edge of what is not hashed: the nodes must lead to the root. */
	{ "nodes", 285216 - 32 * 8, false, NULL, "" },
	{ "nodes", 1000, false, NULL, "" },
	{ "nodes", 100000, true, "too short\n", NULL },
	{ "nodes", -3, false, NULL, NULL },
	{ "nodes", -64, true, NULL, NULL },
	{ "ends", 800, false, NULL, "" },
	{ "ends", 4464 * 8 - 2, false, "", NULL },
	{ "ends", 100, true, "cut short", NULL },
	{ "ends", -3, false, NULL, NULL },
	{ "hashes-0", 3, false, NULL, "" },
	{ "hashes-0", 64, true, "cut short", NULL },
	{ "hashes-1", 3, false, NULL, "" },
};

/* Of old entries only the nodes are read; the known root must be theirs. */
START_TEST(the_known_root_is_compared)
{
	struct journal_mended mended;
	struct error err = { 0 };
	struct journal *journal;
	struct journal_from from;
	struct head head;
	uint64_t num = 100;

	fixture_make_dir();
	head = write_thousands(70);
	known(100, &from);
	journal =
	    journal_open_from(fixture_dir, fixture_only(&fixture_signer.key),
		&head, &from, count_entries, &num, &mended, &err);
	ck_assert_msg(journal != NULL, "%s", err.detail);
	journal_free(journal);
	ck_assert_uint_eq(num, 70000);
	num = 100;
	from.root.bytes[0] ^= 1;
	journal =
	    journal_open_from(fixture_dir, fixture_only(&fixture_signer.key),
		&head, &from, count_entries, &num, &mended, &err);
	ck_assert_ptr_null(journal);
	ck_assert_int_eq(err.kind, ERROR_UNTRUSTED);
	fixture_remove_dir();
}
END_TEST

START_TEST(of_what_is_known_only_the_newest_is_hashed)
{
	struct journal_mended mended;
	struct error err = { 0 };
	struct journal *journal;
	struct journal_from from;
	struct head head;
	uint64_t num;
	bool ok;

	fixture_make_dir();
	head = write_thousands(70);
	known(69990, &from);
	if (later[_i].file != NULL)
		damage(later[_i].file, later[_i].at, later[_i].cut);
	journal = open_from(&head, &from, &mended, &num, &err);
	if (later[_i].opens != NULL) {
		ck_assert_msg(journal == NULL, "%d", _i);
		fixture_remove_dir();
		return;
	}
	ck_assert_msg(journal != NULL, "%d: %s", _i, err.detail);
	ck_assert_uint_eq(num, 10);
	ck_assert_uint_eq(journal_size(journal), 70000);
	num = 0;
	ok = journal_check(journal, count_entries, &num, NULL, &mended, &err);
	if (later[_i].check == NULL || later[_i].check[0] == '\0') {
		ck_assert_msg(ok, "%d: %s", _i, err.detail);
		ck_assert_uint_eq(num, 70000);
		ck_assert_msg((mended.hashes_rebuilt + mended.ends_rebuilt >
				  0) == (later[_i].check != NULL),
		    "%d", _i);
		/* It is right now. */
		num = 0;
		ck_ok(journal_check(journal, count_entries, &num, NULL, &mended,
			  &err),
		    err);
		ck_assert_uint_eq(mended.hashes_rebuilt + mended.ends_rebuilt,
		    0);
	} else {
		ck_assert_msg(!ok, "%d", _i);
		ck_assert_int_eq(err.kind, ERROR_UNTRUSTED);
		ck_assert_msg(strstr(err.detail, later[_i].check) != NULL,
		    "%d: %s", _i, err.detail);
	}
	journal_free(journal);
	fixture_remove_dir();
}
END_TEST

START_TEST(what_is_known_of_another_journal_is_refused)
{
	struct journal_mended mended;
	struct error err = { 0 };
	struct journal_from from;
	struct head head;
	uint64_t num;
	bool stop = true;
	struct journal *journal;

	fixture_make_dir();
	head = write_thousands(70);
	known(69990, &from);
	from.root.bytes[0] ^= 1;
	ck_assert_ptr_null(open_from(&head, &from, &mended, &num, &err));
	ck_assert_int_eq(err.kind, ERROR_UNTRUSTED);
	ck_assert_ptr_nonnull(strstr(err.detail, "what is kept of them"));
	from.root.bytes[0] ^= 1;
	from.size = 70001;
	ck_assert_ptr_null(open_from(&head, &from, &mended, &num, &err));
	ck_assert_ptr_nonnull(strstr(err.detail, "more than was signed"));
	from.size = 69990;
	head.root.bytes[0] ^= 1;
	ck_assert_ptr_null(open_from(&head, &from, &mended, &num, &err));
	head.root.bytes[0] ^= 1;
	journal = open_from(&head, &from, &mended, &num, &err);
	ck_assert_ptr_nonnull(journal);
	/* A check that is to stop does, and that is no failure. */
	num = 0;
	ck_ok(journal_check(journal, count_entries, &num, &stop, &mended, &err),
	    err);
	ck_assert_uint_eq(num, 0);
	journal_free(journal);
	fixture_remove_dir();
}
END_TEST

START_TEST(a_signer_whose_memory_was_rolled_back_is_refused)
{
	struct journal_mended mended;
	struct error err = { 0 };
	struct head old;
	uint64_t num;

	fixture_make_dir();
	old = write_batches(some_batches, 2, true);
	make_anew();
	(void)write_batches(some_batches, 4, true);
	ck_assert_ptr_null(reopen(&old, &num, &mended, &err));
	ck_assert_ptr_nonnull(strstr(err.detail, "ahead of the signer"));
	fixture_remove_dir();
}
END_TEST

START_TEST(a_view_reads_what_is_committed_and_changes_nothing)
{
	static const unsigned sizes[] = { 200, 56, 1, 44 };
	struct journal_mended mended;
	struct error err = { 0 };
	struct journal *view;
	struct tile tile = { .is_bundle = true };
	struct buf bytes = BUF(SIZE_MAX), leaves = BUF(SIZE_MAX);
	struct span rest, one;
	struct digest root, leaf;
	struct head head;
	uint64_t num = 0;
	uint16_t len;

	fixture_make_dir();
	head = write_batches(sizes, 4, true);
	view =
	    journal_view(fixture_dir, NULL, fixture_only(&fixture_signer.key),
		count_entries, &num, &mended, &err);
	ck_assert_msg(view != NULL, "%s", err.detail);
	ck_assert_uint_eq(num, 301);
	ck_assert_uint_eq(mended.hashes_rebuilt, 0);
	ck_ok(journal_root_at(view, 301, &root, &err), err);
	ck_assert(digest_eq(&root, &head.root));
	for (tile.number = 0; tile.number < 2; tile.number++) {
		tile.width = tile_at(301, 0, tile.number).width;
		bytes.len = leaves.len = 0;
		tile.is_bundle = true;
		ck_ok(journal_tile(view, &tile, &bytes, &err), err);
		tile.is_bundle = false;
		ck_ok(journal_tile(view, &tile, &leaves, &err), err);
		ck_assert_uint_eq(leaves.len, tile.width * 32);
		rest = buf_span(&bytes);
		for (size_t i = 0; i < tile.width; i++) {
			ck_assert(span_take_u16(&rest, &len) &&
			    span_take(&rest, len, &one));
			leaf = merkle_leaf(one);
			ck_assert_mem_eq(leaf.bytes, leaves.data + i * 32, 32);
		}
		ck_assert_uint_eq(rest.len, 0);
	}
	buf_free(&bytes);
	buf_free(&leaves);
	journal_free(view);
	fixture_remove_dir();
}
END_TEST

static bool
refuse(struct backend *backend, const struct proposal *proposal,
    struct error *err)
{
	(void)backend;
	ck_assert_uint_eq(proposal->size, 1);
	ck_assert_uint_eq(proposal->at, 2 + strlen("entry-0"));
	return error_set(err, (enum error_kind)proposal->num_names, "no");
}

static bool
allow(struct backend *backend, struct error *err)
{
	(void)backend, (void)err;
	return true;
}

/* _i: whether the error says that nothing was stored. */
START_TEST(a_proposal_that_stored_nothing_is_made_again)
{
	const struct head empty = { .root = merkle_empty() };
	const struct backend_table *table = on->table;
	struct backend_table refusing = *table;
	const struct span line = span_of_str("entry-1");
	struct proposal proposal = { .entries = &line,
		.num_entries = 1,
		.num_names = _i == 0 ? ERROR_UNAVAILABLE : ERROR_SYSTEM };
	struct journal_mended mended;
	struct head head, second = empty;
	struct error err = { 0 };
	struct journal *journal;

	fixture_make_dir();
	journal = reopen_well(&empty, &mended);
	head = append_one(journal, "entry-0");
	fixture_sign_head(&head);
	ck_ok(journal_commit(journal, &head, &err), err);
	refusing.propose = refuse;
	refusing.renew = allow;
	on->table = &refusing;
	ck_assert(!journal_propose(journal, &proposal, &second, &err));
	on->table = table;
	proposal.num_names = 0;
	err = (struct error){ 0 };
	ck_assert_int_eq(journal_propose(journal, &proposal, &second, &err),
	    _i == 0);
	if (_i == 0) {
		fixture_sign_head(&second);
		ck_ok(journal_commit(journal, &second, &err), err);
		ck_assert_uint_eq(journal_size(journal), 2);
	}
	journal_free(journal);
	fixture_remove_dir();
}
END_TEST

/* Tests of what every backend does. */
static void
fill_common(TCase *t)
{
	tcase_add_test(t, a_journal_opens_as_it_was_left);
	tcase_add_test(t, a_batch_is_appended_before_the_last_is_committed);
	tcase_add_test(t, heads_that_are_behind_the_signer_are_completed);
	tcase_add_test(t, a_signer_whose_memory_was_rolled_back_is_refused);
}

/* Tests of a backend that keeps what was proposed. */
static void
fill_keeping(TCase *t)
{
	fill_common(t);
	tcase_add_loop_test(t, what_was_proposed_waits_for_its_signature, 0,
	    JOURNAL_AHEAD + 1);
	tcase_add_test(t, too_much_that_was_proposed_is_refused);
	tcase_add_test(t, a_proposal_of_another_root_is_refused);
	tcase_add_loop_test(t, a_proposal_that_stored_nothing_is_made_again, 0,
	    2);
}

static void
fill_memory(TCase *t)
{
	tcase_add_checked_fixture(t, set_up_memory, tear_down_backend);
	fill_keeping(t);
}

static void
fill_database(TCase *t)
{
	tcase_add_checked_fixture(t, set_up_database, tear_down_backend);
	fill_keeping(t);
}

static void
fill_files(TCase *t)
{
	fill_common(t);
	tcase_add_test(t, a_batch_that_was_never_signed_is_cut);
	tcase_add_test(t, what_was_appended_beyond_what_was_signed_is_cut);
	tcase_add_test(t, a_view_reads_what_is_committed_and_changes_nothing);
	tcase_add_test(t, the_known_root_is_compared);
	tcase_add_loop_test(t, of_what_is_known_only_the_newest_is_hashed, 0,
	    COUNT(later));
	tcase_add_test(t, what_is_known_of_another_journal_is_refused);
	tcase_add_loop_test(t,
	    damage_is_mended_where_it_is_derived_and_else_refused, 0,
	    COUNT(damages));
}

int
main(void)
{
	void (*const fills[])(
	    TCase * t) = { fill_files, fill_memory, fill_database };

	return pg_run_test_cases("journal", fills, COUNT(fills));
}
