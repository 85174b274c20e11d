/*
 * Following a journal that another process writes: what came is known only once
 * it was read, hashed and compared.
 */
#include "unit.h"

#include <sys/stat.h>

#include "backend/memory/memory.h"
#include "base/file.h"
#include "journal/journal.h"
#include "journal_fixture.h"
#include "postgres_fixture.h"

static bool in_memory; /* else it is a database */
static struct backend *ours;
static struct journal *writer, *follower;
static char theirs[FILE_PATH]; /* the follower's folder */
static struct head known;

static bool
visit_nothing(void *arg, uint64_t index, struct span entry, struct error *err)
{
	(void)arg, (void)index, (void)entry, (void)err;
	return true;
}

/* Append one entry, and commit it if it is signed. */
static struct head
append(const char *text, bool is_signed)
{
	const struct span line = span_of_str(text);
	struct head head = { .time_ms = 5 };
	struct error err = { 0 };

	ck_ok(journal_append(writer, &line, 1, &head, &err), err);
	fixture_sign_head(&head);
	if (is_signed)
		ck_ok(journal_commit(writer, &head, &err), err);
	return head;
}

static struct journal *
follow_from(const struct head *remembered, struct error *err)
{
	struct journal_mended mended;
	struct backend *other = in_memory ? memory_share(ours, err) : pg_open();

	ck_assert_ptr_nonnull(other);
	return journal_follow_on(other, theirs,
	    fixture_only(&fixture_signer.key), remembered, &mended, err);
}

static void
set_up(void)
{
	const struct head nothing = { .root = merkle_empty() };
	struct journal_mended mended;
	struct error err = { 0 };

	fixture_make_dir();
	ck_ok(file_join(theirs, fixture_dir, "theirs", &err), err);
	ck_assert_int_eq(mkdir(theirs, 0700), 0);
	ck_ok(journal_create_derived(theirs, &err), err);
	if (!in_memory)
		pg_reset();
	ours = in_memory ? memory_open(&err) : pg_open();
	ck_assert_ptr_nonnull(ours);
	writer = journal_open_on(ours, fixture_dir,
	    fixture_only(&fixture_signer.key), &nothing, NULL, visit_nothing,
	    NULL, &mended, &err);
	ck_assert_msg(writer != NULL, "%s", err.detail);
	known = append("first", true);
	follower = follow_from(&known, &err);
	ck_assert_msg(follower != NULL, "%s", err.detail);
}

static void
set_up_memory(void)
{
	in_memory = true;
	set_up();
}

static void
set_up_database(void)
{
	in_memory = false;
	set_up();
}

static void
tear_down(void)
{
	journal_free(follower);
	journal_free(writer);
	ours->table->close(ours);
	fixture_remove_dir();
}

/* The next that comes is this head; then it is known, and proved to extend. */
static void
assert_next(const struct head *want, bool is_signed)
{
	struct merkle_proof proof;
	struct proposed next;
	struct error err = { 0 };
	bool is;

	ck_ok(journal_next(follower, &next, &is, &err) &&
		journal_follow(follower, &next, &err),
	    err);
	ck_assert_uint_eq(next.head.size, want->size);
	ck_assert(digest_eq(&next.head.root, &want->root));
	ck_assert_int_eq(is, is_signed);
	ck_assert_uint_eq(journal_size(follower), known.size);
	ck_ok(journal_prove_consistency(follower, known.size, want->size,
		  &proof, &err),
	    err);
	ck_assert(merkle_verify_consistency(known.size, want->size, &known.root,
	    &want->root, &proof));
	journal_followed(follower, want);
	known = *want;
	ck_assert_uint_eq(journal_size(follower), want->size);
}

static void
assert_nothing(void)
{
	struct proposed next;
	struct error err = { 0 };
	bool is;

	ck_ok(journal_next(follower, &next, &is, &err), err);
	ck_assert_uint_eq(next.head.size, 0);
}

static void
assert_refused(const char *names)
{
	struct proposed next;
	struct error err = { 0 };
	bool is;

	ck_assert(!journal_next(follower, &next, &is, &err) ||
	    !journal_follow(follower, &next, &err));
	ck_assert_msg(err.kind == ERROR_UNTRUSTED &&
		strstr(err.detail, names) != NULL,
	    "%s", err.detail);
	ck_assert_uint_eq(journal_size(follower), known.size);
}

START_TEST(proposals_come_one_by_one_and_signed_heads_at_once)
{
	struct head second, third, fourth;
	struct error err = { 0 };

	assert_nothing();
	second = append("second", false);
	assert_next(&second, false);
	assert_nothing();
	third = append("third", false);
	ck_ok(journal_commit(writer, &second, &err) &&
		journal_commit(writer, &third, &err),
	    err);
	fourth = append("fourth", true);
	assert_next(&fourth, true);
	assert_nothing();
	/* What is known is there again after a restart. */
	journal_free(follower);
	follower = follow_from(&known, &err);
	ck_assert_msg(follower != NULL, "%s", err.detail);
	assert_nothing();
}
END_TEST

START_TEST(many_entries_are_read_in_pieces)
{
	enum { EACH = 40, LINE = 60000 };
	static char text[LINE];
	struct span lines[EACH];
	struct head head = { .time_ms = 5 };
	struct error err = { 0 };

	memset(text, 'x', sizeof(text));
	for (size_t i = 0; i < EACH; i++)
		lines[i] = span_of(text, sizeof(text) - i);
	ck_ok(journal_append(writer, lines, EACH, &head, &err), err);
	fixture_sign_head(&head);
	ck_ok(journal_commit(writer, &head, &err), err);
	assert_next(&head, true);
	ck_assert_uint_eq(known.size, 1 + EACH);
}
END_TEST

START_TEST(what_is_remembered_must_be_there)
{
	struct head other = known;
	struct error err = { 0 };

	other.root.bytes[0] ^= 1;
	ck_assert_ptr_null(follow_from(&other, &err));
	ck_assert_int_eq(err.kind, ERROR_UNTRUSTED);
	other = known;
	other.size = 7;
	err = (struct error){ 0 };
	ck_assert_ptr_null(follow_from(&other, &err));
	ck_assert_int_eq(err.kind, ERROR_UNTRUSTED);
}
END_TEST

START_TEST(a_head_of_another_key_is_refused)
{
	struct head head = append("second", false);
	struct error err = { 0 };

	head.signature[5] ^= 1;
	ck_ok(journal_commit(writer, &head, &err), err);
	assert_refused("journal/heads");
}
END_TEST

/* What somebody could do to the tables, and what of it is known already. */
static const struct {
	const char *sql;
	bool is_known; /* the second entry was followed before */
	const char *names;
} changes[] = {
	{ "UPDATE valise.entry SET line = 'other!' WHERE i = 1", false,
	    "does not extend" },
	{ "UPDATE valise.chain SET root = set_byte(root, 0, get_byte(root, 0)"
	  " # 1) WHERE size = 2",
	    false, "does not extend" },
	{ "UPDATE valise.chain SET at = 9 WHERE size = 2", false,
	    "in the middle" },
	{ "UPDATE valise.chain SET at = 1 WHERE size = 2", false,
	    "cannot end at byte 1" },
	{ "UPDATE valise.chain SET at = 8 WHERE size = 2", false,
	    "cannot end at byte 8" },
	{ "UPDATE valise.chain SET at = 140000 WHERE size = 2", false,
	    "cannot end at byte 140000" },
	{ "UPDATE valise.chain SET at = 9223372036854775807 WHERE size = 2",
	    false, "cannot end at byte" },
	{ "INSERT INTO valise.published SELECT 1, size, 0, set_byte(root, 0,"
	  " get_byte(root, 0) # 1), decode(repeat('07', 64), 'hex') FROM"
	  " valise.chain WHERE size = 2",
	    true, "does not extend" },
};

START_TEST(what_does_not_extend_what_is_known_is_refused)
{
	const struct head second = append("second", false);

	if (changes[_i].is_known)
		assert_next(&second, false);
	pg_sql("%s", changes[_i].sql);
	assert_refused(changes[_i].names);
}
END_TEST

static struct journal *
view_theirs(struct journal_mended *mended)
{
	struct error err = { 0 };
	struct backend *other =
	    in_memory ? memory_share(ours, &err) : pg_open();
	struct journal *view = journal_view_on(other, theirs, NULL,
	    fixture_only(&fixture_signer.key), visit_nothing, NULL, mended,
	    &err);

	ck_assert_msg(view != NULL, "%s", err.detail);
	return view;
}

/* A view of a folder that lags has it all, and compares what is there. */
START_TEST(a_folder_that_lags_is_not_damaged)
{
	struct journal_mended mended;
	struct journal *view = view_theirs(&mended);
	struct buf nodes = BUF(4096);
	struct digest root;
	struct error err = { 0 };
	char path[FILE_PATH];
	struct head third;

	ck_assert_uint_eq(mended.behind, 0);
	journal_free(view);
	append("second", true);
	third = append("third", true);
	view = view_theirs(&mended);
	ck_assert_uint_eq(mended.behind, 2);
	ck_assert_uint_eq(mended.hashes_rebuilt + mended.ends_rebuilt, 0);
	ck_ok(journal_root_at(view, 3, &root, &err), err);
	ck_assert(digest_eq(&root, &third.root));
	journal_free(view);
	ck_ok(file_join(path, theirs, "nodes", &err) &&
		file_read(path, nodes.max, &nodes, &err),
	    err);
	nodes.data[0] ^= 1;
	ck_ok(file_write(path, buf_span(&nodes), 0600, &err), err);
	buf_free(&nodes);
	view = view_theirs(&mended);
	ck_assert_uint_eq(mended.hashes_rebuilt, 1);
	journal_free(view);
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_test(t, proposals_come_one_by_one_and_signed_heads_at_once);
	tcase_add_test(t, many_entries_are_read_in_pieces);
	tcase_add_test(t, what_is_remembered_must_be_there);
	tcase_add_test(t, a_head_of_another_key_is_refused);
	tcase_add_test(t, a_folder_that_lags_is_not_damaged);
}

static void
fill_memory(TCase *t)
{
	tcase_add_checked_fixture(t, set_up_memory, tear_down);
	fill(t);
}

static void
fill_database(TCase *t)
{
	tcase_add_checked_fixture(t, set_up_database, tear_down);
	fill(t);
	tcase_add_loop_test(t, what_does_not_extend_what_is_known_is_refused, 0,
	    COUNT(changes));
}

int
main(void)
{
	void (*const fills[])(TCase * t) = { fill_memory, fill_database };

	return pg_run_test_cases("follow", fills, COUNT(fills));
}
