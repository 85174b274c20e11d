/*
 * The store: packs, objects, trees, refs, joining, checking and sending.
 */
#include "unit.h"

#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/memory/memory.h"
#include "base/file.h"
#include "base/pace.h"
#include "store/refs.h"

static char dir[UNIT_DIR], path[FILE_PATH];
static struct store *store;

static void
set_up(void)
{
	struct error err = { 0 };

	unit_make_dir(dir);
	ck_ok(file_join(path, dir, "store.git", &err) &&
		store_create(path, &err),
	    err);
	store = store_open(path, &err);
	ck_assert_msg(store != NULL, "%s", err.detail);
}

/* A store in memory has no path, and git cannot read it. */
static void
set_up_memory(void)
{
	struct error err = { 0 };

	unit_make_dir(dir);
	path[0] = '\0';
	store = store_new(memory_open(&err), &err);
	ck_assert_msg(store != NULL, "%s", err.detail);
}

static void
tear_down(void)
{
	store_free(store);
	unit_remove_dir(dir);
}

/* Run git in the store and compare its output.  In memory there is no git. */
static void
assert_git(const char *arguments, const char *want)
{
	char command[FILE_PATH * 2], got[8192];
	FILE *pipe;
	size_t n;

	if (path[0] == '\0')
		return;
	snprintf(command, sizeof(command),
	    "git -c safe.directory='*' -C '%s' %s 2>&1", path, arguments);
	pipe = popen(command, "re");
	ck_assert_ptr_nonnull(pipe);
	n = fread(got, 1, sizeof(got) - 1, pipe);
	got[n] = '\0';
	ck_assert_msg(pclose(pipe) == 0, "%s: %s", command, got);
	ck_assert_msg(strcmp(got, want) == 0, "%s: \"%s\"", command, got);
}

static struct oid
commit_of(struct pack *pack, const struct oid *tree, const struct oid *parent)
{
	char hex[OID_HEX], text[500], line[100] = "";
	struct error err = { 0 };
	struct oid oid;

	if (parent != NULL) {
		oid_hex(parent, hex);
		snprintf(line, sizeof(line), "parent %s\n", hex);
	}
	oid_hex(tree, hex);
	snprintf(text, sizeof(text),
	    "tree %s\n%sauthor a <a@b.example> 1700000000 +0000\n"
	    "committer a <a@b.example> 1700000000 +0000\n\nm\n\n"
	    "Contents-Digest: abc\n",
	    hex, line);
	ck_ok(pack_add(pack, OBJECT_COMMIT, span_of_str(text), &oid, &err),
	    err);
	return oid;
}

static struct container *
make_files(const char *text)
{
	struct error err = { 0 };
	struct container *c = container_new(&err);
	char large[70000];

	/* One that compresses, one that does not, one that is empty. */
	memset(large, 'a', sizeof(large));
	ck_ok(container_put(c, "mimetype", span_of_str("x"), &err) &&
		container_put(c, "META-INF/a.xml",
		    span_of(large, sizeof(large)), &err) &&
		container_put(c, "texts/lo/\xe0\xba\xaa.txt", span_of_str(text),
		    &err) &&
		container_put(c, "texts/en/empty.txt", span_of(NULL, 0),
		    &err) &&
		container_put(c, "texts-not.txt", span_of_str("y"), &err) &&
		container_hash(c, NULL, &err),
	    err);
	return c;
}

START_TEST(what_we_pack_is_what_git_reads)
{
	struct error err = { 0 };
	struct container *c = make_files("hello");
	struct pack *pack = pack_new(store, &err);
	struct store_commit commit;
	struct oid tree, oid;

	ck_ok(pack_add_tree(pack, c, true, &tree, &err), err);
	oid = commit_of(pack, &tree, NULL);
	ck_assert(pack_has(pack, &oid));
	ck_assert(!store_has(store, &oid));
	ck_ok(pack_finish(pack, &err) &&
		store_set_ref(store, "refs/heads/agreement/x", &oid, &err),
	    err);
	ck_assert(store_has(store, &oid));
	assert_git("fsck --strict --full", "");
	assert_git("cat-file -p HEAD:texts/lo/\xe0\xba\xaa.txt", "hello");
	assert_git("ls-tree -r --name-only -z HEAD | tr '\\0' ' '",
	    ".gitattributes META-INF/a.xml mimetype texts-not.txt"
	    " texts/en/empty.txt texts/lo/\xe0\xba\xaa.txt ");
	ck_ok(store_read_commit(store, &oid, &commit, &err), err);
	ck_assert(oid_eq(&commit.tree, &tree));
	ck_assert_str_eq(commit.contents, "abc");
	pack_free(pack);
	container_free(c);
}
END_TEST

/* Which does not compress: more than a pack gathers before it writes. */
static struct container *
make_large(void)
{
	static uint8_t noise[700000];
	struct error err = { 0 };
	struct container *c = container_new(&err);
	uint32_t x = 1;

	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (uint8_t)((x = x * 1664525 + 1013904223) >> 24);
	ck_ok(container_put(c, "mimetype",
		  span_of_str("application/vnd.etsi.asic-e+zip"), &err) &&
		container_put(c, "texts/en/noise.pdf",
		    span_of(noise, sizeof(noise)), &err) &&
		container_put(c, "version.yaml", span_of_str("y"), &err) &&
		container_hash(c, NULL, &err),
	    err);
	return c;
}

/* _i: how much of it can still be read, in sixteenths. */
START_TEST(an_object_that_was_not_written_whole_is_not_there)
{
	struct error err = { 0 };
	struct container *whole = make_large(), *cut;
	struct pack *pack = pack_new(store, &err);
	const int fd = file_temporary(dir, &err);
	struct oid tree, oid;
	uint64_t size;

	ck_ok(container_write(whole, fd, &size, &err) &&
		(cut = container_read(fd, &err)) != NULL &&
		container_hash(cut, NULL, &err),
	    err);
	ck_assert_int_eq(ftruncate(fd, (off_t)(size * (uint64_t)_i / 16)), 0);
	ck_assert(!pack_add_tree(pack, cut, true, &tree, &err));
	/* The pack goes on; when it comes again, it is written. */
	err = (struct error){ 0 };
	memcpy(oid.bytes, container_find(whole, "texts/en/noise.pdf")->blob,
	    OID_BYTES);
	ck_assert(!pack_has(pack, &oid));
	ck_ok(pack_add_tree(pack, whole, true, &tree, &err), err);
	oid = commit_of(pack, &tree, NULL);
	ck_ok(pack_finish(pack, &err) &&
		store_set_ref(store, "refs/heads/agreement/x", &oid, &err),
	    err);
	assert_git("fsck --strict --full", "");
	assert_git("cat-file -s HEAD:texts/en/noise.pdf", "700000\n");
	pack_free(pack);
	container_free(cut);
	container_free(whole);
	close(fd);
}
END_TEST

struct seen {
	struct container *c;
	unsigned num;
	uint64_t hold;
};

static bool
check_file(void *arg, const char *name, const struct oid *oid,
    struct error *err)
{
	struct seen *seen = arg;
	const struct member *want = container_find(seen->c, name);
	struct member got;
	struct buf bytes = BUF(100000), again = BUF(100000);

	if (strcmp(name, ".gitattributes") == 0)
		return true;
	ck_assert_ptr_nonnull(want);
	ck_ok(store_member(store, name, oid, NULL, seen->hold, &got, err) &&
		member_stream(&got, sink_to_buf, &bytes, err),
	    *err);
	ck_assert(span_eq(buf_span(&bytes), member_bytes(want)));
	ck_assert_uint_eq(got.packed_bytes.len,
	    got.deflated && got.size <= seen->hold ? got.packed : 0);
	bytes.len = 0;
	ck_ok(member_stream_packed(want, sink_to_buf, &again, err), *err);
	ck_ok(member_stream_packed(&got, sink_to_buf, &bytes, err), *err);
	ck_assert(span_eq(buf_span(&bytes), buf_span(&again)));
	/* The packed bytes are those that came. */
	ck_assert_int_eq(got.deflated, want->deflated);
	ck_assert_uint_eq(got.packed, want->packed);
	ck_assert_uint_eq(got.crc, want->crc);
	seen->num++;
	buf_free(&bytes);
	buf_free(&again);
	member_clear(&got);
	return true;
}

/* _i: bytes of a content of which the deflated bytes are held. */
START_TEST(a_member_comes_back_packed_as_it_went)
{
	static const uint64_t holds[] = { 0, 5, 1000000 };
	struct error err = { 0 };
	struct seen seen = { .c = make_files("hello"), .hold = holds[_i] };
	struct pack *pack = pack_new(store, &err);
	struct oid tree;

	ck_ok(pack_add_tree(pack, seen.c, true, &tree, &err) &&
		pack_finish(pack, &err) &&
		store_walk_tree(store, &tree, check_file, &seen, &err),
	    err);
	ck_assert_uint_eq(seen.num, 5);
	pack_free(pack);
	container_free(seen.c);
}
END_TEST

START_TEST(small_packs_are_joined_and_nothing_is_lost)
{
	struct error err = { 0 };
	struct oid tree, oid = { { 0 } }, first = { { 0 } };
	unsigned joined = 0;

	for (int i = 0; i < 60; i++) {
		struct pack *pack = pack_new(store, &err);
		struct container *c;
		char text[20];

		snprintf(text, sizeof(text), "text %d", i);
		c = make_files(text);
		ck_ok(pack_add_tree(pack, c, true, &tree, &err), err);
		oid = commit_of(pack, &tree, i == 0 ? NULL : &oid);
		if (i == 0)
			first = oid;
		ck_ok(pack_finish(pack, &err), err);
		pack_free(pack);
		container_free(c);
	}
	ck_ok(store_set_ref(store, "refs/heads/agreement/x", &oid, &err) &&
		store_tidy(store, STORE_PACKS_IDLE, &joined, &err),
	    err);
	ck_assert_uint_eq(joined, 60 - STORE_PACKS_IDLE / 2);
	ck_assert(store_has(store, &first));
	assert_git("fsck --strict --full", "");
	assert_git("rev-list --count HEAD", "60\n");
	assert_git("show HEAD~59:texts/lo/\xe0\xba\xaa.txt", "text 0");
}
END_TEST

/* A commit of its own, in a pack of its own. */
static struct oid
put_commit(const char *text)
{
	struct error err = { 0 };
	struct container *c = make_files(text);
	struct pack *pack = pack_new(store, &err);
	struct oid tree, oid;

	ck_ok(pack_add_tree(pack, c, true, &tree, &err), err);
	oid = commit_of(pack, &tree, NULL);
	ck_ok(pack_finish(pack, &err), err);
	pack_free(pack);
	container_free(c);
	return oid;
}

static size_t
count_packs(const char *pattern)
{
	char all[FILE_PATH + 100];
	glob_t found = { 0 };
	size_t num;

	snprintf(all, sizeof(all), "%s/objects/pack/%s", path, pattern);
	num = glob(all, 0, NULL, &found) == 0 ? found.gl_pathc : 0;
	globfree(&found);
	return num;
}

static char seen_heads[200];

static bool
see_head(void *arg, const struct branch *head, struct error *err)
{
	const struct oid *known = arg; /* two of them */

	(void)err;
	snprintf(seen_heads + strlen(seen_heads),
	    sizeof(seen_heads) - strlen(seen_heads), "%s=%c ", head->name,
	    oid_eq(&head->oid, &known[0])       ? '0'
		: oid_eq(&head->oid, &known[1]) ? '1'
						: '?');
	return true;
}

static void
assert_heads(const struct oid known[], const char *want, size_t want_loose)
{
	struct error err = { 0 };
	size_t num_loose = 9;

	seen_heads[0] = '\0';
	ck_ok(store_each_head(store, see_head, (void *)(uintptr_t)known,
		  &num_loose, &err),
	    err);
	ck_assert_str_eq(seen_heads, want);
	ck_assert_uint_eq(num_loose, want_loose);
}

static void
git(const char *command)
{
	char line[FILE_PATH * 2];

	snprintf(line, sizeof(line),
	    "cd '%s' && HOME=/nonexistent git -c safe.directory='*'"
	    " -c user.name=x -c user.email=x@x.example %s >/dev/null 2>&1",
	    path, command);
	ck_assert_int_eq(system(line), 0);
}

START_TEST(branches_are_one_file_that_git_reads)
{
	struct error err = { 0 };
	const struct oid known[] = { put_commit("a"), put_commit("b") };
	struct branch heads[] = { { "agreement/a", known[0] },
		{ "agreement/b", known[0] }, { "mou/c", known[1] } };
	struct oid oid;

	/* Other refs stay, a tag with what it peels to; loose branches go. */
	ck_ok(store_set_ref(store, "refs/heads/agreement/old", &known[1],
		  &err) &&
		store_set_ref(store, "refs/heads/agreement/b", &known[1], &err),
	    err);
	git("tag -a -m x zz agreement/old");
	git("update-ref refs/bisect/one agreement/old");
	git("pack-refs --all");
	git("update-ref refs/heads/agreement/b agreement/old~0");
	git("update-ref refs/valise/policy agreement/old");
	assert_heads(known, "agreement/b=1 agreement/old=1 ", 0);
	ck_ok(store_set_ref(store, "refs/heads/agreement/b", &known[0], &err),
	    err);
	assert_heads(known, "agreement/b=0 agreement/old=1 ", 1);
	ck_ok(store_write_heads(store, heads, 3, &err), err);
	assert_heads(known, "agreement/a=0 agreement/b=0 mou/c=1 ", 0);
	assert_git("for-each-ref --format='%(refname)' | tr '\n' ' '",
	    "refs/bisect/one refs/heads/agreement/a refs/heads/agreement/b"
	    " refs/heads/mou/c refs/tags/zz refs/valise/policy ");
	assert_git("cat-file -t zz", "tag\n");
	assert_git("show-ref -d | grep -c 'refs/tags/zz^{}'", "1\n");
	assert_git("symbolic-ref HEAD", "refs/heads/agreement/a\n");
	/* HEAD stays where it names a branch; git's own lock is ours too. */
	heads[0].oid = known[1];
	git("symbolic-ref HEAD refs/heads/mou/c");
	git("rev-parse HEAD >packed-refs.lock");
	ck_assert(!store_write_heads(store, heads, 3, &err));
	ck_assert_int_eq(err.kind, ERROR_UNAVAILABLE);
	assert_heads(known, "agreement/a=0 agreement/b=0 mou/c=1 ", 0);
	git("version; rm packed-refs.lock");
	err = (struct error){ 0 };
	ck_ok(store_write_heads(store, heads, 3, &err), err);
	assert_heads(known, "agreement/a=1 agreement/b=0 mou/c=1 ", 0);
	assert_git("symbolic-ref HEAD", "refs/heads/mou/c\n");
	ck_assert(store_get_ref(store, "refs/heads/agreement/a", &oid) &&
	    oid_eq(&oid, &known[1]));
	assert_git("fsck --strict --full", "");
}
END_TEST

START_TEST(branches_are_added_to_those_that_are_there)
{
	struct error err = { 0 };
	const struct oid known[] = { put_commit("a"), put_commit("b") };
	const struct branch first[] = { { "agreement/b", known[0] },
		{ "mou/c", known[0] } };
	const struct branch more[] = { { "agreement/a", known[1] },
		{ "agreement/b", known[1] }, { "mou/d", known[1] } };

	ck_ok(store_add_heads(store, first, 2, &err), err);
	assert_heads(known, "agreement/b=0 mou/c=0 ", 0);
	ck_ok(store_set_ref(store, "refs/heads/agreement/old", &known[0], &err),
	    err);
	ck_ok(store_add_heads(store, more, 3, &err), err);
	assert_heads(known,
	    "agreement/a=1 agreement/b=1 agreement/old=0 mou/c=0 mou/d=1 ", 0);
	ck_ok(store_add_heads(store, NULL, 0, &err), err);
	assert_heads(known,
	    "agreement/a=1 agreement/b=1 agreement/old=0 mou/c=0 mou/d=1 ", 0);
	assert_git("symbolic-ref HEAD", "refs/heads/agreement/b\n");
	assert_git("fsck --strict --full", "");
}
END_TEST

static const char *const damaged_refs[] = { "x refs/heads/a/b\n",
	"0123456789012345678901234567890123456789 \n",
	"0123456789012345678901234567890123456789\n",
	"0123456789012345678901234567890123456789 refs/heads/a/b" };

START_TEST(damaged_branches_are_told)
{
	struct error err = { 0 };
	char file[FILE_PATH];
	size_t num_loose;

	ck_ok(file_join(file, path, "packed-refs", &err) &&
		file_write(file, span_of_str(damaged_refs[_i]), 0600, &err),
	    err);
	ck_assert(!store_each_head(store, see_head, NULL, &num_loose, &err));
	ck_assert_int_eq(err.kind, ERROR_UNTRUSTED);
	ck_assert_ptr_nonnull(strstr(err.detail, "packed-refs"));
	err = (struct error){ 0 };
	ck_assert(!store_write_heads(store, NULL, 0, &err));
	ck_assert_int_eq(err.kind, ERROR_UNTRUSTED);
}
END_TEST

static void
reopen_ours(void)
{
	struct error err = { 0 };

	store_free(store);
	store = store_open_ours(path, &err);
	ck_assert_msg(store != NULL, "%s", err.detail);
}

/* _i: what no ref names is kept from git, whether it was released or not. */
START_TEST(our_packs_are_kept_from_git)
{
	struct error err = { 0 };
	char file[FILE_PATH];
	struct oid oid, before;
	unsigned joined;

	reopen_ours();
	before = put_commit("before");
	store_keep(store);
	for (int i = 0; i < 60; i++) {
		char text[20];

		snprintf(text, sizeof(text), "text %d", i);
		oid = put_commit(text);
	}
	ck_assert(store_keeps(store, &oid) && !store_keeps(store, &before));
	/* So it stays when packs are joined, and when the store is opened. */
	ck_ok(store_tidy(store, STORE_PACKS_IDLE, &joined, &err), err);
	ck_assert(joined > 0 && store_keeps(store, &oid));
	ck_assert_uint_eq(count_packs("*.keep"), count_packs("*.pack"));
	ck_assert_uint_ge(count_packs("*.new") + 1, count_packs("*.pack"));
	/* One whose pack a crash has left behind is nothing. */
	ck_ok(file_join(file, path,
		  "objects/pack/pack-"
		  "0123456789012345678901234567890123456789.keep",
		  &err) &&
		file_write(file, span_of(NULL, 0), 0600, &err),
	    err);
	reopen_ours();
	ck_assert_uint_eq(count_packs("pack-0123456*"), 0);
	ck_assert(store_keeps(store, &oid));
	if (_i == 1)
		store_release(store);
	ck_assert_int_eq(store_keeps(store, &oid), _i == 0);
	ck_assert_uint_eq(count_packs("*.keep"), count_packs("*.pack"));
	git("repack -q -a -d");
	git("gc -q --aggressive --prune=now");
	reopen_ours();
	ck_assert(store_has(store, &oid) && store_has(store, &before));
}
END_TEST

/* Damage every byte of every object. */
static void
damage_packs(void)
{
	char pattern[FILE_PATH + 32], noise[4096];
	glob_t found = { 0 };

	memset(noise, 'X', sizeof(noise));
	snprintf(pattern, sizeof(pattern), "%s/objects/pack/*.pack", path);
	ck_assert_int_eq(glob(pattern, 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		struct error err = { 0 };
		struct stat st;
		int fd;

		ck_assert_int_eq(chmod(found.gl_pathv[i], 0600), 0);
		ck_assert_int_ge(fd = open(found.gl_pathv[i], O_RDWR), 0);
		ck_assert_int_eq(fstat(fd, &st), 0);
		for (off_t at = 12; at < st.st_size - OID_BYTES;) {
			const off_t left = st.st_size - OID_BYTES - at;
			const size_t n = left < (off_t)sizeof(noise)
			    ? (size_t)left
			    : sizeof(noise);

			ck_ok(file_pwrite(fd, span_of(noise, n), at, &err),
			    err);
			at += (off_t)n;
		}
		close(fd);
	}
	globfree(&found);
}

static bool
see_file(void *arg, const char *name, const struct oid *oid, struct error *err)
{
	struct buf out = BUF(100000);
	struct member member;
	bool ok;

	if (strcmp(name, "texts/en/empty.txt") == 0)
		ok = store_member_hashed(arg, name, oid, 0, STORE_CHECKED,
		    &member, err);
	else
		ok = strcmp(name, "texts-not.txt") != 0 ||
		    store_read(arg, oid, OBJECT_BLOB, &out, err);
	buf_free(&out);
	return ok;
}

static void
count_told(void *arg, const char *about, const char *what)
{
	(void)about, (void)what;
	++*(size_t *)arg;
}

/* What was read and found good is not read again, all else is. */
START_TEST(a_check_reads_what_was_not_read)
{
	struct error err = { 0 };
	struct container *c = make_files("hello");
	struct pack *pack = pack_new(store, &err);
	struct store *view;
	struct oid tree;
	uint64_t num;
	size_t told = 0;

	ck_ok(pack_add_tree(pack, c, true, &tree, &err) &&
		pack_finish(pack, &err),
	    err);
	ck_assert_ptr_nonnull(view = store_view(path, &err));
	ck_ok(store_check(view, 0, 1, count_told, &told, &num, &err), err);
	ck_assert_uint_eq(told, 0);
	/* Five trees and six files; the trees and two files are read. */
	ck_assert_uint_eq(num, 11);
	ck_ok(store_walk_tree(view, &tree, see_file, view, &err), err);
	damage_packs();
	ck_ok(store_check(view, 0, 1, count_told, &told, &num, &err), err);
	ck_assert_uint_eq(num, 11);
	ck_assert_uint_eq(told, 1 + 11 - 7); /* one is the pack's checksum */
	told = 0;
	store_free(view);
	ck_assert_ptr_nonnull(view = store_view(path, &err));
	ck_ok(store_check(view, 0, 1, count_told, &told, &num, &err), err);
	ck_assert_uint_eq(told, 1 + 11);
	store_free(view);
	pack_free(pack);
	container_free(c);
}
END_TEST

START_TEST(an_object_that_is_damaged_is_not_given_out)
{
	struct error err = { 0 };
	struct container *c = make_files("hello");
	struct pack *pack = pack_new(store, &err);
	struct buf out = BUF(100000);
	struct oid tree;

	ck_ok(pack_add_tree(pack, c, true, &tree, &err) &&
		pack_finish(pack, &err),
	    err);
	damage_packs();
	ck_assert(!store_read(store, &tree, OBJECT_TREE, &out, &err));
	ck_assert_int_ne(err.kind, ERROR_NONE);
	pack_free(pack);
	container_free(c);
	buf_free(&out);
}
END_TEST

START_TEST(an_absent_object_is_not_found)
{
	const struct oid oid = { { 1 } };
	struct buf out = BUF(100);
	struct error err = { 0 };

	ck_assert(!store_has(store, &oid));
	ck_assert(!store_read(store, &oid, OBJECT_BLOB, &out, &err));
}
END_TEST

static void
count(void *arg)
{
	unsigned *num = arg;

	(*num)++;
}

/* What git makes of it when it comes over the line: the same objects. */
START_TEST(what_is_sent_is_what_git_takes)
{
	struct error err = { 0 };
	struct container *c = make_files("hello");
	struct pack *pack = pack_new(store, &err);
	struct buf sent = BUF(1000000);
	char file[FILE_PATH], command[FILE_PATH * 2];
	struct oid list[3];
	unsigned num = 0;

	ck_ok(pack_add_tree(pack, c, true, &list[0], &err), err);
	list[1] = commit_of(pack, &list[0], NULL);
	pace_set(count, &num);
	memcpy(list[2].bytes, container_find(c, "META-INF/a.xml")->blob,
	    OID_BYTES);
	ck_ok(pack_finish(pack, &err) &&
		store_send(store, list, 3, _i == 1, sink_to_buf, &sent, &err) &&
		file_join(file, dir, "sent.pack", &err) &&
		file_write(file, buf_span(&sent), 0600, &err),
	    err);
	/* Others may go first after each object. */
	ck_assert_uint_ge(num, 3);
	pace_set(NULL, NULL);
	snprintf(command, sizeof(command),
	    "git index-pack '%s' >/dev/null && git verify-pack -v '%s' |"
	    " grep -cE '^[0-9a-f]{40} (commit|tree|blob)' | grep -qx 3",
	    file, file);
	ck_assert_int_eq(system(command), 0);
	list[1].bytes[0] ^= 1;
	ck_assert(
	    !store_send(store, list, 3, _i == 1, sink_to_buf, &sent, &err));
	buf_free(&sent);
	pack_free(pack);
	container_free(c);
}
END_TEST

/* What every backend does. */
static void
fill_common(TCase *t)
{
	tcase_add_test(t, what_we_pack_is_what_git_reads);
	tcase_add_loop_test(t,
	    an_object_that_was_not_written_whole_is_not_there, 0, 16);
	tcase_add_loop_test(t, a_member_comes_back_packed_as_it_went, 0, 3);
	tcase_add_test(t, an_absent_object_is_not_found);
	tcase_add_loop_test(t, what_is_sent_is_what_git_takes, 0, 2);
}

static void
fill_files(TCase *t)
{
	tcase_add_checked_fixture(t, set_up, tear_down);
	fill_common(t);
	tcase_add_test(t, branches_are_one_file_that_git_reads);
	tcase_add_test(t, branches_are_added_to_those_that_are_there);
	tcase_add_loop_test(t, damaged_branches_are_told, 0,
	    sizeof(damaged_refs) / sizeof(damaged_refs[0]));
	tcase_add_loop_test(t, our_packs_are_kept_from_git, 0, 2);
	tcase_add_test(t, small_packs_are_joined_and_nothing_is_lost);
	tcase_add_test(t, a_check_reads_what_was_not_read);
	tcase_add_test(t, an_object_that_is_damaged_is_not_given_out);
}

static void
fill_memory(TCase *t)
{
	tcase_add_checked_fixture(t, set_up_memory, tear_down);
	fill_common(t);
}

int
main(void)
{
	void (*const fills[])(TCase * t) = { fill_files, fill_memory };

	return run_test_cases("store", fills, COUNT(fills));
}
