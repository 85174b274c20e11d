/*
 * A record is copied from one backend to another, whatever interrupts it, and
 * what is not the same afterwards is found (daemon/data/copy_record.h).
 */
#include "unit.h"

#include <sys/stat.h>

#include "backend/files/files.h"
#include "backend/memory/memory.h"
#include "base/deflate.h"
#include "base/file.h"
#include "daemon/data/copy_record.h"
#include "journal_fixture.h"
#include "record/library.h"

enum { HEADS = 5, EACH = 3, OBJECTS = 4 };

static char dir[UNIT_DIR];
static struct backend *from, *to;
static struct journal *journal; /* of the source */
static struct copy_pair pair;
static bool to_files;

static const char *
path_of(const char *name)
{
	static char path[FILE_PATH];
	struct error err = { 0 };

	ck_ok(file_join(path, dir, name, &err), err);
	return path;
}

static struct oid
put_object(struct backend *backend, const char *text)
{
	const struct span bytes = span_of_str(text);
	struct buf packed = BUF(1000);
	struct object_set *set;
	struct error err = { 0 };
	struct sha1 sha1;
	struct oid oid;

	object_hash_begin(&sha1, OBJECT_BLOB, bytes.len);
	sha1_update(&sha1, bytes);
	sha1_final(&sha1, oid.bytes);
	ck_assert_ptr_nonnull(set = backend->table->begin(backend, &err));
	ck_ok(deflate_zlib(bytes, &packed, &err) &&
		backend->table->object_begin(set, &oid, OBJECT_BLOB, bytes.len,
		    &err) &&
		backend->table->object_piece(set, buf_span(&packed), &err),
	    err);
	backend->table->object_end(set);
	ck_ok(backend->table->finish(set, &err), err);
	backend->table->drop(set);
	buf_free(&packed);
	return oid;
}

static void
append_head(unsigned n)
{
	char texts[EACH][24];
	struct span lines[EACH];
	struct error err = { 0 };
	struct head head;

	for (unsigned i = 0; i < EACH; i++) {
		snprintf(texts[i], sizeof(texts[i]), "head %u, entry %u", n, i);
		lines[i] = span_of_str(texts[i]);
	}
	ck_ok(journal_append(journal, lines, EACH, &head, &err), err);
	fixture_sign_head(&head);
	head.time_ms = n;
	ck_ok(journal_commit(journal, &head, &err), err);
}

static bool
visit_nothing(void *arg, uint64_t index, struct span entry, struct error *err)
{
	(void)arg, (void)index, (void)entry, (void)err;
	return true;
}

/* A source in memory: heads, objects, a name and two branches. */
static void
make_source(void)
{
	const struct head nothing = { .root = merkle_empty() };
	struct journal_mended mended;
	struct branch branches[2] = { { .name = "mou/a" },
		{ .name = "mou/b" } };
	struct error err = { 0 };
	struct oid oid;
	char text[24];

	ck_assert_ptr_nonnull(from = memory_open(&err));
	journal = journal_open_on(from, fixture_dir,
	    fixture_only(&fixture_signer.key), &nothing, NULL, visit_nothing,
	    NULL, &mended, &err);
	ck_assert_msg(journal != NULL, "%s", err.detail);
	for (unsigned n = 0; n < HEADS; n++)
		append_head(n);
	for (unsigned i = 0; i < OBJECTS; i++) {
		snprintf(text, sizeof(text), "object %u", i);
		oid = put_object(from, text);
		branches[i % 2].oid = oid;
	}
	ck_ok(from->table->name_set(from, REF_POLICY, &oid, &err) &&
		from->table->set_branches(from, branches, 2, &err),
	    err);
}

static void
open_destination(void)
{
	char log[FILE_PATH];
	struct error err = { 0 };

	if (!to_files) {
		ck_assert_ptr_nonnull(to = memory_open(&err));
	} else {
		ck_ok(file_join(log, dir, "journal", &err) &&
			files_create(path_of("store.git"), &err) &&
			file_make_dirs(log, 0700, &err) &&
			files_create_log(log, &err),
		    err);
		to = files_open(path_of("store.git"), log, &err);
		ck_assert_msg(to != NULL, "%s", err.detail);
	}
	ck_ok(to->table->claim(to, &err), err);
	pair = (struct copy_pair){ journal, from, to };
}

static void
set_up(void)
{
	unit_make_dir(dir);
	fixture_make_dir();
	make_source();
	open_destination();
}

static void
set_up_memory(void)
{
	to_files = false;
	set_up();
}

static void
set_up_files(void)
{
	to_files = true;
	set_up();
}

static void
tear_down(void)
{
	to->table->close(to);
	journal_free(journal);
	from->table->close(from);
	fixture_remove_dir();
	unit_remove_dir(dir);
}

static struct copy_result
copy_well(void)
{
	struct copy_result result;
	struct error err = { 0 };

	ck_ok(copy_record(&pair, &result, &err) &&
		copy_compare(&pair, &result, &err),
	    err);
	ck_assert_uint_eq(result.size, journal_size(journal));
	ck_assert_uint_eq(result.num_objects, OBJECTS);
	ck_assert_uint_eq(result.num_branches, 2);
	return result;
}

START_TEST(all_is_copied_and_only_what_is_new_the_next_time)
{
	struct copy_result result = copy_well();

	ck_assert_uint_eq(result.new_entries, HEADS * EACH);
	ck_assert_uint_eq(result.new_objects, OBJECTS);
	append_head(HEADS);
	result = copy_well();
	ck_assert_uint_eq(result.num_heads, HEADS + 1);
	ck_assert_uint_eq(result.new_entries, EACH);
	ck_assert_uint_eq(result.new_objects, 0);
}
END_TEST

/* --- What an interrupted copy left, and what is not one. --- */

/* Propose to the destination the entries of the source's nth head; other: not
 * these, of the same length. */
static uint64_t
propose_head(unsigned n, bool other)
{
	const uint64_t at = journal_entry_at(journal, n * EACH);
	struct proposal proposal = { .size = n * EACH, .at = at };
	struct span lines[EACH];
	char texts[EACH][24];
	struct error err = { 0 };
	struct head head;
	uint64_t end = at;

	ck_ok(journal_nth_head(journal, n, &head, &err), err);
	for (unsigned i = 0; i < EACH; i++) {
		snprintf(texts[i], sizeof(texts[i]), "%s %u, entry %u",
		    other ? "hood" : "head", n, i);
		lines[i] = span_of_str(texts[i]);
		end += 2 + lines[i].len;
	}
	proposal.entries = lines;
	proposal.num_entries = EACH;
	proposal.root = head.root;
	ck_ok(to->table->propose(to, &proposal, &err), err);
	return end;
}

static void
put_head(unsigned n, bool other)
{
	const uint64_t end = propose_head(n, other);
	struct error err = { 0 };
	struct head head;

	ck_ok(journal_nth_head(journal, n, &head, &err) &&
		to->table->publish(to, &head, end, &err),
	    err);
}

/* _i: how many heads were published; one more was proposed. */
START_TEST(what_was_interrupted_goes_on)
{
	struct copy_result result;

	put_object(to, "object 1");
	for (int n = 0; n < _i; n++)
		put_head((unsigned)n, false);
	if (_i < HEADS)
		propose_head((unsigned)_i, false);
	result = copy_well();
	ck_assert_uint_eq(result.new_entries, (uint64_t)((HEADS - _i) * EACH));
	ck_assert_uint_eq(result.new_objects, OBJECTS - 1);
}
END_TEST

static void
refuse_to_copy(const char *why)
{
	struct copy_result result;
	struct error err = { 0 };

	ck_assert(!copy_record(&pair, &result, &err));
	ck_assert_int_eq(err.kind, ERROR_CONFLICT);
	ck_assert_msg(strstr(err.detail, why) != NULL, "%s", err.detail);
}

START_TEST(another_history_is_not_gone_on_with)
{
	struct error err = { 0 };
	struct head head;

	ck_ok(journal_nth_head(journal, 0, &head, &err), err);
	head.root.bytes[0] ^= 1;
	ck_ok(to->table->publish(to, &head, propose_head(0, false), &err), err);
	refuse_to_copy("another history");
}
END_TEST

START_TEST(more_than_the_source_has_is_not_overwritten)
{
	struct error err = { 0 };
	struct head head;

	ck_ok(journal_nth_head(journal, 0, &head, &err), err);
	head.size = HEADS * EACH + 1;
	ck_ok(to->table->publish(to, &head, propose_head(0, false), &err), err);
	refuse_to_copy("the other way round");
}
END_TEST

/* Only a backend that several processes reach keeps it. */
START_TEST(what_another_proposed_is_not_taken_for_the_source_s)
{
	const struct span line = span_of_str("other");
	const struct proposal proposal = { .entries = &line, .num_entries = 1 };
	struct error err = { 0 };

	ck_ok(to->table->propose(to, &proposal, &err), err);
	refuse_to_copy("must be signed first");
}
END_TEST

/* --- What differs is found. --- */

static void
assert_differs(const char *why)
{
	struct copy_result result = { .size = journal_size(journal),
		.num_heads = journal_num_heads(journal) };
	struct error err = { 0 };

	ck_assert(!copy_compare(&pair, &result, &err));
	ck_assert_int_eq(err.kind, ERROR_UNTRUSTED);
	ck_assert_msg(strstr(err.detail, why) != NULL, "%s", err.detail);
}

START_TEST(an_entry_that_differs_is_found)
{
	for (unsigned n = 0; n < HEADS; n++)
		put_head(n, n == 2);
	assert_differs("an entry after 6");
}
END_TEST

START_TEST(a_head_that_is_missing_is_found)
{
	for (unsigned n = 0; n + 1 < HEADS; n++)
		put_head(n, false);
	assert_differs("the number of heads");
}
END_TEST

START_TEST(a_signature_that_differs_is_found)
{
	struct error err = { 0 };
	struct head head;

	for (unsigned n = 0; n + 1 < HEADS; n++)
		put_head(n, false);
	ck_ok(journal_nth_head(journal, HEADS - 1, &head, &err), err);
	head.signature[63] ^= 1;
	ck_ok(to->table->publish(to, &head, propose_head(HEADS - 1, false),
		  &err),
	    err);
	assert_differs("the head 4");
}
END_TEST

START_TEST(objects_must_be_the_same)
{
	struct copy_result result;
	struct error err = { 0 };

	ck_ok(copy_record(&pair, &result, &err), err);
	put_object(to, "one more");
	assert_differs("is not in the source");
	put_object(from, "one more");
	put_object(from, "and another");
	assert_differs("is not in the destination");
}
END_TEST

START_TEST(names_must_point_to_the_same)
{
	struct copy_result result;
	struct error err = { 0 };
	struct oid oid;

	ck_ok(copy_record(&pair, &result, &err), err);
	ck_assert(from->table->name_get(from, "refs/heads/mou/a", &oid));
	ck_ok(to->table->name_set(to, REF_POLICY, &oid, &err), err);
	assert_differs("names");
}
END_TEST

static void
fill_common(TCase *t)
{
	tcase_add_test(t, all_is_copied_and_only_what_is_new_the_next_time);
	tcase_add_loop_test(t, what_was_interrupted_goes_on, 0, HEADS + 1);
	tcase_add_test(t, another_history_is_not_gone_on_with);
	tcase_add_test(t, more_than_the_source_has_is_not_overwritten);
	tcase_add_test(t, an_entry_that_differs_is_found);
	tcase_add_test(t, a_head_that_is_missing_is_found);
	tcase_add_test(t, a_signature_that_differs_is_found);
	tcase_add_test(t, objects_must_be_the_same);
	tcase_add_test(t, names_must_point_to_the_same);
}

static void
fill_memory(TCase *t)
{
	tcase_add_checked_fixture(t, set_up_memory, tear_down);
	fill_common(t);
	tcase_add_test(t, what_another_proposed_is_not_taken_for_the_source_s);
}

static void
fill_files(TCase *t)
{
	tcase_add_checked_fixture(t, set_up_files, tear_down);
	fill_common(t);
}

int
main(void)
{
	void (*const fills[])(TCase * t) = { fill_memory, fill_files };

	return run_test_cases("copy_record", fills, COUNT(fills));
}
