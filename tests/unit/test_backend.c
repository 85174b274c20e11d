/*
 * Every backend keeps the contract of its table (backend/backend.h).
 */
#include "unit.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <git2.h>
/* git_error_set_str() moved there in libgit2 1.8. */
#if __has_include(<git2/sys/errors.h>)
#include <git2/sys/errors.h>
#endif

#include "backend/files/files.h"
#include "backend/files/private.h"
#include "backend/memory/memory.h"
#include "base/deflate.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/limits.h"
#include "postgres_fixture.h"

static char dir[UNIT_DIR];
static struct backend *backend;
static const struct backend_table *table;
static enum { FILES, MEMORY, DATABASE } kind;

static void
set_up_files(void)
{
	struct error err = { 0 };
	char path[FILE_PATH], log[FILE_PATH];

	unit_make_dir(dir);
	kind = FILES;
	ck_ok(file_join(path, dir, "store.git", &err) &&
		files_create(path, &err) &&
		file_join(log, dir, "journal", &err) &&
		file_make_dirs(log, 0700, &err) && files_create_log(log, &err),
	    err);
	ck_assert_ptr_nonnull(backend = files_open(path, log, &err));
	table = backend->table;
}

static void
set_up_memory(void)
{
	struct error err = { 0 };

	kind = MEMORY;
	unit_make_dir(dir);
	ck_assert_ptr_nonnull(backend = memory_open(&err));
	table = backend->table;
}

static void
set_up_database(void)
{
	kind = DATABASE;
	unit_make_dir(dir);
	pg_reset();
	backend = pg_open();
	table = backend->table;
}

static void
tear_down(void)
{
	table->close(backend);
	unit_remove_dir(dir);
}

static struct oid
name_of(enum object_type type, const char *text)
{
	struct sha1 sha1;
	struct oid oid;

	object_hash_begin(&sha1, type, strlen(text));
	sha1_update(&sha1, span_of_str(text));
	sha1_final(&sha1, oid.bytes);
	return oid;
}

/* Begin an object and give its stream in two pieces. */
static struct oid
begin_object(struct object_set *set, enum object_type type, const char *text)
{
	const struct oid oid = name_of(type, text);
	struct buf packed = BUF(1000000);
	struct error err = { 0 };

	ck_ok(deflate_zlib(span_of_str(text), &packed, &err) &&
		table->object_begin(set, &oid, type, strlen(text), &err) &&
		table->object_piece(set, span_sub(buf_span(&packed), 0, 3),
		    &err) &&
		table->object_piece(set,
		    span_sub(buf_span(&packed), 3, packed.len - 3), &err),
	    err);
	buf_free(&packed);
	return oid;
}

static struct oid
put_object(struct object_set *set, enum object_type type, const char *text)
{
	const struct oid oid = begin_object(set, type, text);

	table->object_end(set);
	return oid;
}

static struct object_set *
begin_set(void)
{
	struct error err = { 0 };
	struct object_set *set = table->begin(backend, &err);

	ck_assert_ptr_nonnull(set);
	return set;
}

static void
assert_object(const struct oid *oid, enum object_type type, const char *want)
{
	struct buf content = BUF(1000000), packed = BUF(1000000);
	struct buf again = BUF(1000000), raw = BUF(1000000);
	struct error err = { 0 };
	struct object object;
	uint64_t len = 0;

	ck_ok(table->find(backend, oid, OBJECT_WHOLE, &object, &err) &&
		table->stream(&object, OBJECT_CONTENT, sink_to_buf, &content,
		    &raw, &len, &err) &&
		table->stream(&object, OBJECT_PACKED, sink_to_buf, &packed,
		    NULL, NULL, &err),
	    err);
	/* It is also found when the caller gives its length. */
	object.packed = len;
	ck_ok(table->stream(&object, OBJECT_PACKED, sink_to_buf, &again, NULL,
		  NULL, &err),
	    err);
	ck_assert_int_eq(object.type, type);
	ck_assert_uint_eq(object.size, strlen(want));
	ck_assert(!object.is_delta);
	ck_assert(span_eq(buf_span(&content), span_of_str(want)));
	ck_assert_uint_eq(packed.len, len);
	ck_assert(span_eq(buf_span(&packed), buf_span(&again)));
	ck_assert(span_eq(buf_span(&packed), buf_span(&raw)));
	table->release(&object);
	buf_free(&content);
	buf_free(&packed);
	buf_free(&again);
	buf_free(&raw);
}

START_TEST(a_failure_of_libgit2_says_whether_the_disk_is_full)
{
	static const struct {
		int klass, code;
		bool is_full, is_of_machine;
	} rows[] = {
		{ GIT_ERROR_OS, ENOSPC, true, false },
		{ GIT_ERROR_OS, EDQUOT, true, false },
		{ GIT_ERROR_OS, EIO, false, true },
		{ GIT_ERROR_INDEXER, ENOSPC, false, false },
	};

	git_libgit2_init();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct error err = { 0 };
		char text[128];

		snprintf(text, sizeof(text), "failed to write: %s",
		    strerror(rows[i].code));
		git_error_set_str(rows[i].klass, text);
		ck_assert(!files_git_failed(&err, "git pack"));
		ck_assert_int_eq(err.kind, ERROR_SYSTEM);
		ck_assert_int_eq(err.is_full, rows[i].is_full);
		ck_assert_int_eq(err.is_of_machine, rows[i].is_of_machine);
	}
	git_libgit2_shutdown();
}
END_TEST

START_TEST(objects_are_there_once_their_set_is_finished)
{
	struct object_set *set = begin_set(), *dropped = begin_set();
	struct error err = { 0 };
	struct object object;
	struct oid blob, tag, gone;

	blob = put_object(set, OBJECT_BLOB, "hello");
	tag = put_object(set, OBJECT_TAG, "tagged");
	gone = put_object(dropped, OBJECT_BLOB, "dropped");
	ck_assert(
	    table->is_there(set, &blob, 5) && !table->has(backend, &blob));
	ck_assert(!table->is_there(set, &gone, 7));
	table->drop(dropped);
	ck_assert(!table->find(backend, &blob, OBJECT_AS_KEPT, &object, &err));
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	err = (struct error){ 0 };
	ck_ok(table->finish(set, &err), err);
	table->drop(set);
	table->drop(NULL);
	assert_object(&blob, OBJECT_BLOB, "hello");
	assert_object(&tag, OBJECT_TAG, "tagged");
	ck_assert(table->has(backend, &blob) && !table->has(backend, &gone));
}
END_TEST

/* More than one question to a database asks for. */
START_TEST(of_many_objects_each_is_known_to_be_there_or_not)
{
	enum { MANY = 4096 + 3 };
	static struct oid oids[MANY];
	static bool is_there[MANY];
	struct object_set *set = begin_set();
	struct error err = { 0 };

	for (unsigned i = 0; i < MANY; i++)
		oids[i] = (struct oid){ { 1, (uint8_t)i, (uint8_t)(i >> 8) } };
	oids[0] = oids[4095] = put_object(set, OBJECT_BLOB, "hello");
	oids[4096] = put_object(set, OBJECT_TAG, "tagged");
	memset(is_there, true, sizeof(is_there));
	ck_ok(table->finish(set, &err) &&
		table->has_each(backend, oids, MANY, is_there, &err) &&
		table->has_each(backend, oids, 0, NULL, &err),
	    err);
	table->drop(set);
	for (unsigned i = 0; i < MANY; i++)
		ck_assert_int_eq(is_there[i], i == 0 || i == 4095 || i == 4096);
}
END_TEST

START_TEST(an_object_that_is_undone_is_not_there)
{
	struct object_set *set = begin_set();
	struct error err = { 0 };
	struct oid first, undone, last;

	first = put_object(set, OBJECT_BLOB, "first");
	undone = begin_object(set, OBJECT_BLOB, "undone");
	table->object_undo(set);
	ck_assert(!table->is_there(set, &undone, 6));
	last = put_object(set, OBJECT_BLOB, "last");
	ck_ok(table->finish(set, &err), err);
	table->drop(set);
	assert_object(&first, OBJECT_BLOB, "first");
	assert_object(&last, OBJECT_BLOB, "last");
	ck_assert(!table->has(backend, &undone));
}
END_TEST

/* Two threads may be writing the same text. */
START_TEST(two_sets_may_have_the_same_object)
{
	struct object_set *a = begin_set(), *b = begin_set();
	struct error err = { 0 };
	struct oid same, other;

	same = put_object(a, OBJECT_BLOB, "same");
	put_object(b, OBJECT_BLOB, "same");
	other = put_object(b, OBJECT_BLOB, "other");
	ck_ok(table->finish(a, &err) && table->finish(b, &err), err);
	table->drop(a);
	table->drop(b);
	assert_object(&same, OBJECT_BLOB, "same");
	assert_object(&other, OBJECT_BLOB, "other");
}
END_TEST

/* _i: how much of them was written to a file before. */
START_TEST(a_set_takes_the_objects_of_another)
{
	static const size_t sizes[] = { 10, 200000, 600000 };
	struct object_set *staged = begin_set(), *set = begin_set();
	char *noise = calloc(sizes[_i] + 1, 1);
	struct error err = { 0 };
	struct oid small, large, there, last;
	uint32_t x = 1;

	for (size_t i = 0; i < sizes[_i]; i++)
		noise[i] = (char)(33 + ((x = x * 1664525 + 1013904223) >> 26));
	there = put_object(set, OBJECT_BLOB, "there");
	small = put_object(staged, OBJECT_BLOB, "small");
	put_object(staged, OBJECT_BLOB, "there");
	large = put_object(staged, OBJECT_BLOB, noise);
	last = put_object(staged, OBJECT_BLOB, "last");
	ck_ok(table->take(set, staged, &err), err);
	table->drop(staged);
	ck_ok(table->take(set, set, &err) && table->finish(set, &err), err);
	table->drop(set);
	assert_object(&small, OBJECT_BLOB, "small");
	assert_object(&there, OBJECT_BLOB, "there");
	assert_object(&large, OBJECT_BLOB, noise);
	assert_object(&last, OBJECT_BLOB, "last");
	free(noise);
}
END_TEST

START_TEST(a_set_of_nothing_is_finished_too)
{
	struct object_set *set = begin_set();
	struct error err = { 0 };

	ck_ok(table->finish(set, &err), err);
	table->drop(set);
}
END_TEST

static bool
count_object(void *arg, const struct oid *oid, const struct object *object,
    struct error *err)
{
	struct buf content = BUF(1000);

	ck_ok(table->stream(object, OBJECT_CONTENT, sink_to_buf, &content, NULL,
		  NULL, err),
	    *err);
	ck_assert_uint_eq(content.len, object->size);
	ck_assert(table->has(backend, oid));
	buf_free(&content);
	return ++*(unsigned *)arg != 5;
}

static void
tell(void *arg, const char *about, const char *what)
{
	(void)what;
	snprintf(arg, OID_HEX, "%s", about);
}

START_TEST(each_object_is_visited_and_checked)
{
	struct error err = { 0 };
	unsigned visited = 0;
	uint64_t num[2];
	char told[OID_HEX] = "";

	for (unsigned i = 0; i < 4; i++) {
		struct object_set *set = begin_set();
		char text[20];

		snprintf(text, sizeof(text), "text %u", i);
		put_object(set, OBJECT_BLOB, text);
		ck_ok(table->finish(set, &err), err);
		table->drop(set);
	}
	ck_ok(table->each(backend, count_object, &visited, &err), err);
	ck_assert_uint_eq(visited, 4);
	for (unsigned part = 0; part < 2; part++)
		ck_ok(table->check(backend, part, 2, tell, told, &num[part],
			  &err),
		    err);
	ck_assert_uint_eq(num[0] + num[1], 4);
	ck_assert_str_eq(told, "");
	/* A visitor that returns false ends the visit. */
	visited = 3;
	ck_assert(!table->each(backend, count_object, &visited, &err));
	ck_assert_uint_eq(visited, 5);
}
END_TEST

/* The bytes do not hash to the object's name. */
START_TEST(an_object_of_another_name_is_told)
{
	const struct oid oid = name_of(OBJECT_BLOB, "right");
	struct object_set *set = begin_set();
	struct buf packed = BUF(1000);
	struct error err = { 0 };
	char told[OID_HEX] = "", want[OID_HEX];
	struct object object;
	uint64_t num;

	ck_ok(deflate_zlib(span_of_str("wrong"), &packed, &err) &&
		table->object_begin(set, &oid, OBJECT_BLOB, 5, &err) &&
		table->object_piece(set, buf_span(&packed), &err),
	    err);
	table->object_end(set);
	ck_ok(table->finish(set, &err) &&
		table->check(backend, 0, 1, tell, told, &num, &err),
	    err);
	oid_hex(&oid, want);
	ck_assert_str_eq(told, want);
	/* In memory all readers share the note, and it is not read again. */
	ck_ok(table->find(backend, &oid, OBJECT_AS_KEPT, &object, &err), err);
	table->vouch(&object);
	table->release(&object);
	table->drop(set);
	buf_free(&packed);
}
END_TEST

static char seen[200];

static bool
see_branch(void *arg, const struct branch *branch, struct error *err)
{
	const size_t len = strlen(seen);

	(void)err;
	snprintf(seen + len, sizeof(seen) - len, "%s%s ", branch->name,
	    oid_eq(&branch->oid, arg) ? "" : "?");
	return true;
}

static void
assert_branches(struct oid *oid, const char *want)
{
	struct error err = { 0 };
	size_t num_strays;

	seen[0] = '\0';
	ck_ok(table->each_branch(backend, see_branch, oid, &num_strays, &err),
	    err);
	ck_assert_str_eq(seen, want);
}

START_TEST(names_are_set_and_branches_replaced)
{
	struct object_set *set = begin_set();
	struct error err = { 0 };
	struct oid oid, got;

	oid = put_object(set, OBJECT_COMMIT,
	    "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n"
	    "author a <a@b.example> 1 +0000\n"
	    "committer a <a@b.example> 1 +0000\n\nm\n");
	ck_ok(table->finish(set, &err), err);
	table->drop(set);
	ck_assert(!table->name_get(backend, "refs/valise/policy", &got));
	ck_ok(table->name_set(backend, "refs/valise/policy", &oid, &err) &&
		table->name_set(backend, "refs/heads/mou/old", &oid, &err) &&
		table->name_set(backend, "refs/heads/mou/old", &oid, &err),
	    err);
	assert_branches(&oid, "mou/old ");
	ck_ok(table->set_branches(backend,
		  (const struct branch[]){ { "agreement/a", oid },
		      { "mou/b", oid } },
		  2, &err),
	    err);
	assert_branches(&oid, "agreement/a mou/b ");
	ck_assert(table->name_get(backend, "refs/heads/mou/b", &got) &&
	    oid_eq(&got, &oid));
	ck_assert(!table->name_get(backend, "refs/heads/mou/old", &got));
	ck_assert(table->name_get(backend, "refs/valise/policy", &got) &&
	    oid_eq(&got, &oid));
	ck_ok(table->set_branches(backend, NULL, 0, &err), err);
	assert_branches(&oid, "");
}
END_TEST

START_TEST(what_comes_after_keep_is_kept_until_it_is_released)
{
	struct object_set *set = begin_set();
	struct error err = { 0 };
	struct oid before, after;
	unsigned joined;

	before = put_object(set, OBJECT_BLOB, "before");
	ck_ok(table->finish(set, &err), err);
	table->drop(set);
	table->keep(backend);
	set = begin_set();
	after = put_object(set, OBJECT_BLOB, "after");
	ck_ok(table->finish(set, &err), err);
	table->drop(set);
	ck_assert(!table->is_kept(backend, &before));
	ck_assert(table->is_kept(backend, &after));
	ck_ok(table->tidy(backend, 100, &joined, &err), err);
	ck_assert_uint_eq(joined, 0);
	table->release_kept(backend);
	ck_assert(!table->is_kept(backend, &after));
}
END_TEST

/* --- The log. --- */

#define LINES 3

/* Propose so many lines after the existing ones. */
/* A proposal_marker: the first byte is the size after the proposal. */
static bool
mark_size(void *arg, const struct proposal *proposal, struct digest *out,
    struct error *err)
{
	(void)arg, (void)err;
	*out = (struct digest){ { (
	    uint8_t)(proposal->size + proposal->num_entries) } };
	return true;
}

static bool
mark_not(void *arg, const struct proposal *proposal, struct digest *out,
    struct error *err)
{
	(void)arg, (void)proposal, (void)out;
	return error_set(err, ERROR_UNAVAILABLE, "no signer");
}

static uint64_t
propose_lines(uint64_t size, uint64_t at, size_t num,
    struct object_set *objects, const struct branch *name)
{
	static const struct span lines[LINES] = { { (const uint8_t *)"one", 3 },
		{ (const uint8_t *)"three", 5 }, { (const uint8_t *)"", 0 } };
	const struct proposal proposal = { .size = size,
		.at = at,
		.root = { { (uint8_t)(size + num) } },
		.entries = lines,
		.num_entries = num,
		.objects = objects,
		.names = name,
		.num_names = name != NULL ? 1 : 0,
		.mark = mark_size };
	struct error err = { 0 };

	ck_ok(table->propose(backend, &proposal, &err), err);
	for (size_t i = 0; i < num; i++)
		at += 2 + lines[i].len;
	return at;
}

static struct head
publish_size(uint64_t size, uint64_t end)
{
	struct head head = { .size = size,
		.time_ms = -(int64_t)size,
		.root = { { (uint8_t)size } },
		.signature = { 7, (uint8_t)size } };
	struct error err = { 0 };

	ck_ok(table->publish(backend, &head, end, &err), err);
	return head;
}

static void
assert_log_bytes(uint64_t want)
{
	struct error err = { 0 };
	uint64_t bytes;

	ck_ok(table->log_bytes(backend, &bytes, &err), err);
	ck_assert_uint_eq(bytes, want);
}

static void
assert_newest(uint64_t want)
{
	struct error err = { 0 };
	struct head newest;
	uint64_t dropped;

	ck_ok(table->recover(backend, &newest, &dropped, &err), err);
	ck_assert_uint_eq(newest.size, want);
	ck_assert_uint_eq(dropped, 0);
}

/* Open the same storage once more. */
static struct backend *
open_again(void)
{
	struct error err = { 0 };
	char path[FILE_PATH], log[FILE_PATH];
	struct backend *again;

	ck_ok(file_join(path, dir, "store.git", &err) &&
		file_join(log, dir, "journal", &err),
	    err);
	again = kind == MEMORY ? memory_share(backend, &err)
	    : kind == FILES    ? files_open(path, log, &err)
			       : pg_open();
	ck_ok(again != NULL, err);
	return again;
}

START_TEST(one_handle_may_write)
{
	struct backend *second = open_again();
	struct error err = { 0 };

	ck_assert(!table->renew(backend, &err));
	ck_assert_int_eq(err.kind, ERROR_SYSTEM);
	ck_ok(table->claim(backend, &err), err);
	ck_ok(table->claim(backend, &err), err);
	ck_ok(table->renew(backend, &err), err);
	ck_assert(!table->claim(second, &err));
	ck_assert_int_eq(err.kind, ERROR_CONFLICT);
	ck_assert(!table->renew(second, &err));
	ck_ok(table->renew(backend, &err), err);
	/* It ends with the handle. */
	table->close(backend);
	backend = second;
	ck_ok(table->claim(backend, &err) && table->renew(backend, &err), err);
}
END_TEST

/* What is written to a file that was replaced, nobody would find. */
START_TEST(a_file_that_was_replaced_is_not_written)
{
	struct error err = { 0 };
	char path[FILE_PATH];

	ck_ok(table->claim(backend, &err) &&
		file_join(path, dir, "journal/entries", &err),
	    err);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert(!table->renew(backend, &err));
	ck_ok(file_write(path, span_of_str(""), 0600, &err), err);
	ck_assert(!table->renew(backend, &err));
	ck_assert_int_eq(err.kind, ERROR_SYSTEM);
}
END_TEST

START_TEST(what_is_proposed_is_read_and_published)
{
	struct object_set *set = begin_set();
	struct branch name = { .name = "refs/valise/policy" };
	struct error err = { 0 };
	struct head want, got;
	struct oid oid;
	uint8_t bytes[14];
	uint64_t end;

	ck_ok(table->claim(backend, &err), err);
	assert_newest(0);
	assert_log_bytes(0);
	name.oid = put_object(set, OBJECT_COMMIT, "tree 1");
	end = propose_lines(0, 0, 2, set, &name);
	table->drop(set);
	ck_assert(table->has(backend, &name.oid));
	ck_assert(table->name_get(backend, name.name, &oid) &&
	    oid_eq(&oid, &name.oid));
	assert_log_bytes(12);
	ck_assert_uint_eq(table->num_heads(backend), 0);
	/* The next proposal may come before this one is published. */
	end = propose_lines(2, end, 0, NULL, NULL);
	want = publish_size(2, end);
	ck_assert_uint_eq(table->num_heads(backend), 1);
	ck_ok(table->flush_heads(backend, &err) &&
		table->head(backend, 0, &got, &err) &&
		table->read(backend, 0, bytes, end, &err),
	    err);
	ck_assert(memcmp(&want, &got, sizeof(want)) == 0);
	ck_assert(memcmp(bytes, "\0\3one\0\5three", 12) == 0);
	ck_ok(table->read(backend, 7, bytes, 5, &err), err);
	ck_assert(memcmp(bytes, "three", 5) == 0);
	assert_newest(2);
	ck_assert(!table->read(backend, 8, bytes, 5, &err));
	ck_assert(!table->head(backend, 1, &got, &err));
}
END_TEST

/* The proposals after this size are those up to the last; publish them. */
static void
assert_proposed(uint64_t size, uint64_t last, const uint64_t ends[])
{
	struct error err = { 0 };
	struct proposed next;

	for (; size < last; size++) {
		ck_ok(table->proposed(backend, size, &next, &err), err);
		ck_assert_uint_eq(next.head.size, size + 1);
		ck_assert_uint_eq(next.head.root.bytes[0], size + 1);
		ck_assert_uint_eq(next.end, ends[size + 1]);
		ck_assert(next.is_marked);
		ck_assert_uint_eq(next.mark.bytes[0], size + 1);
		publish_size(next.head.size, next.end);
	}
	ck_ok(table->proposed(backend, last, &next, &err), err);
	ck_assert_uint_eq(next.head.size, 0);
}

/* What gets no mark is not stored, where a mark is kept. */
START_TEST(without_its_mark_nothing_is_stored)
{
	const struct span line = span_of_str("one");
	struct proposal proposal = { .entries = &line,
		.num_entries = 1,
		.root = { { 1 } },
		.mark = mark_not };
	struct error err = { 0 };
	struct proposed next;

	ck_ok(table->claim(backend, &err), err);
	if (kind == FILES) {
		ck_ok(table->propose(backend, &proposal, &err), err);
		return;
	}
	ck_assert(!table->propose(backend, &proposal, &err));
	ck_assert_int_eq(err.kind, ERROR_UNAVAILABLE);
	assert_log_bytes(0);
	proposal.mark = NULL;
	err = (struct error){ 0 };
	ck_ok(table->propose(backend, &proposal, &err) &&
		table->proposed(backend, 0, &next, &err),
	    err);
	ck_assert_uint_eq(next.head.size, 1);
	ck_assert(!next.is_marked);
}
END_TEST

/*
 * Files cut off what was not signed; all others give it back to be signed. _i:
 * how many of the three proposed sizes the signer signed.
 */
START_TEST(what_was_not_published_is_settled)
{
	struct error err = { 0 };
	struct head signer = { .size = (uint64_t)_i,
		.root = { { (uint8_t)_i } } };
	uint64_t ends[LINES + 1] = { 0 }, last;

	ck_ok(table->claim(backend, &err), err);
	for (size_t i = 0; i < LINES; i++)
		ends[i + 1] = propose_lines(i, ends[i], 1, NULL, NULL);
	if (_i > 0)
		publish_size(1, ends[1]);
	assert_newest(_i > 0);
	ck_ok(table->settle(backend, &signer, ends[_i], &err), err);
	assert_newest((uint64_t)_i);
	ck_assert_uint_eq(table->num_heads(backend), _i > 1 ? 2 : (uint64_t)_i);
	last = kind == FILES ? (uint64_t)_i : LINES;
	assert_log_bytes(ends[last]);
	assert_proposed((uint64_t)_i, last, ends);
	propose_lines(last, ends[last], 1, NULL, NULL);
	assert_log_bytes(ends[last] + 5);
}
END_TEST

/* --- Tidying beside the writer. --- */

static bool stop_tidying;

static void *
tidy_always(void *arg)
{
	unsigned *total = arg, joined;
	struct error err = { 0 };

	while (!__atomic_load_n(&stop_tidying, __ATOMIC_ACQUIRE)) {
		ck_ok(table->tidy(backend, 4, &joined, &err), err);
		*total += joined;
	}
	return NULL;
}

START_TEST(what_is_tidied_meanwhile_stays_there)
{
	enum { SETS = 60 };
	struct oid oids[SETS];
	struct error err = { 0 };
	unsigned total = 0;
	pthread_t thread;
	char text[20];

	table->keep(backend);
	ck_assert_int_eq(pthread_create(&thread, NULL, tidy_always, &total), 0);
	for (unsigned i = 0; i < SETS; i++) {
		struct object_set *set = begin_set();

		snprintf(text, sizeof(text), "text %u", i);
		oids[i] = put_object(set, OBJECT_BLOB, text);
		ck_ok(table->finish(set, &err), err);
		table->drop(set);
		if (i % 10 == 5)
			table->release_kept(backend);
		for (unsigned j = 0; j <= i; j++)
			ck_assert(table->has(backend, &oids[j]));
	}
	__atomic_store_n(&stop_tidying, true, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	ck_assert(kind != FILES || total > 0);
	for (unsigned i = 0; i < SETS; i++) {
		snprintf(text, sizeof(text), "text %u", i);
		assert_object(&oids[i], OBJECT_BLOB, text);
	}
}
END_TEST

/* They have files of their own, others have these (test_exhibits.c). */
START_TEST(only_files_have_no_exhibits)
{
	ck_assert((table->add_exhibits == NULL) == (kind == FILES));
	ck_assert((table->each_exhibit == NULL) == (kind == FILES));
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_test(t, only_files_have_no_exhibits);
	tcase_add_test(t, a_failure_of_libgit2_says_whether_the_disk_is_full);
	tcase_add_test(t, one_handle_may_write);
	tcase_add_test(t, what_is_proposed_is_read_and_published);
	tcase_add_loop_test(t, what_was_not_published_is_settled, 0, LINES + 1);
	tcase_add_test(t, without_its_mark_nothing_is_stored);
	tcase_add_test(t, objects_are_there_once_their_set_is_finished);
	tcase_add_test(t, of_many_objects_each_is_known_to_be_there_or_not);
	tcase_add_test(t, what_is_tidied_meanwhile_stays_there);
	tcase_add_test(t, an_object_that_is_undone_is_not_there);
	tcase_add_test(t, two_sets_may_have_the_same_object);
	tcase_add_loop_test(t, a_set_takes_the_objects_of_another, 0, 3);
	tcase_add_test(t, a_set_of_nothing_is_finished_too);
	tcase_add_test(t, each_object_is_visited_and_checked);
	tcase_add_test(t, an_object_of_another_name_is_told);
	tcase_add_test(t, names_are_set_and_branches_replaced);
}

static void
fill_files(TCase *t)
{
	tcase_add_checked_fixture(t, set_up_files, tear_down);
	tcase_add_test(t, a_file_that_was_replaced_is_not_written);
	tcase_add_test(t, what_comes_after_keep_is_kept_until_it_is_released);
	fill(t);
}

static void
fill_memory(TCase *t)
{
	tcase_add_checked_fixture(t, set_up_memory, tear_down);
	tcase_add_test(t, what_comes_after_keep_is_kept_until_it_is_released);
	fill(t);
}

static void
fill_database(TCase *t)
{
	tcase_add_checked_fixture(t, set_up_database, tear_down);
	fill(t);
}

int
main(void)
{
	void (*const fills[])(
	    TCase * t) = { fill_files, fill_memory, fill_database };

	return pg_run_test_cases("backend", fills, COUNT(fills));
}
