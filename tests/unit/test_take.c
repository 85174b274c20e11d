/*
 * Packs from outside: which are taken into the store, and which are refused.
 */
#include "unit.h"

#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/deflate.h"
#include "base/digest.h"
#include "base/file.h"
#include "store/store.h"

enum { TEXTS = 12, TEXT_BYTES = 3000 };

static char dir[UNIT_DIR], from[FILE_PATH], to[FILE_PATH];
static struct store *store; /* what takes packs */
static struct oid oids[TEXTS + 1];
static bool for_git;

static struct store *
new_store(const char *name, char path[FILE_PATH])
{
	struct error err = { 0 };
	struct store *made;

	ck_ok(file_join(path, dir, name, &err) && store_create(path, &err),
	    err);
	made = store_open(path, &err);
	ck_assert_msg(made != NULL, "%s", err.detail);
	return made;
}

/* Put texts that are much alike, so that git can make deltas of them. */
static void
fill(struct store *source)
{
	struct error err = { 0 };
	struct pack *pack = pack_new(source, &err);
	static char large[200000];
	char text[TEXT_BYTES];
	uint32_t seed = 1;

	ck_assert_ptr_nonnull(pack);
	for (size_t i = 0; i < sizeof(text); i++) {
		seed = seed * 1103515245 + 12345;
		text[i] = (char)('a' + (seed >> 16) % 26);
	}
	for (size_t i = 0; i < TEXTS; i++) {
		text[100 * i] = '\n';
		ck_ok(pack_add(pack, OBJECT_BLOB, span_of(text, sizeof(text)),
			  &oids[i], &err),
		    err);
	}
	ck_ok(pack_add(pack, OBJECT_BLOB, span_of(large, sizeof(large)),
		  &oids[TEXTS], &err) &&
		pack_finish(pack, &err),
	    err);
	pack_free(pack);
}

static void
set_up(void)
{
	unit_make_dir(dir);
	store_free(store);
	store = new_store("from.git", from);
	fill(store);
	store_free(store);
	store = new_store("to.git", to);
}

static void
set_up_for_git(void)
{
	set_up();
	for_git = true;
}

static void
set_up_passing(void)
{
	set_up();
	for_git = false;
}

static void
tear_down(void)
{
	store_free(store);
	store = NULL;
	unit_remove_dir(dir);
}

/* The one pack of the store that was filled. */
static void
read_pack(struct buf *out)
{
	char pattern[FILE_PATH + 64];
	struct error err = { 0 };
	glob_t found = { 0 };

	snprintf(pattern, sizeof(pattern), "%s/objects/pack/pack-*.pack", from);
	ck_assert_int_eq(glob(pattern, 0, NULL, &found), 0);
	ck_assert_uint_eq(found.gl_pathc, 1);
	ck_ok(file_read(found.gl_pathv[0], out->max, out, &err), err);
	globfree(&found);
}

static bool
take(struct span pack, struct error *err)
{
	char path[FILE_PATH];
	bool ok;
	int fd;

	ck_ok(file_join(path, dir, "came", err), *err);
	/* There may be other bytes before it. */
	ck_ok(file_write(path, span_of_str("before"), 0600, err), *err);
	fd = open(path, O_RDWR | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_ok(file_pwrite(fd, pack, 6, err), *err);
	ok = store_take_pack(store, fd, 6, pack.len, for_git, err);
	close(fd);
	return ok;
}

static void
assert_all_are_there(void)
{
	struct error err = { 0 };

	for (size_t i = 0; i <= TEXTS; i++) {
		struct buf bytes = BUF(SIZE_MAX);

		ck_ok(store_read(store, &oids[i], OBJECT_BLOB, &bytes, &err),
		    err);
		ck_assert_uint_eq(bytes.len, i < TEXTS ? TEXT_BYTES : 200000);
		buf_free(&bytes);
	}
}

static void
git(const char *path, const char *arguments)
{
	char command[FILE_PATH * 2];

	snprintf(command, sizeof(command),
	    "git -c safe.directory='*' -C '%s' %s >/dev/null 2>&1", path,
	    arguments);
	ck_assert_msg(system(command) == 0, "%s", command);
}

START_TEST(a_pack_is_kept_as_it_came)
{
	struct buf pack = BUF(SIZE_MAX);
	char name[FILE_PATH], file[64], hex[OID_HEX];
	struct error err = { 0 };
	struct oid checksum;

	read_pack(&pack);
	ck_ok(take(buf_span(&pack), &err), err);
	assert_all_are_there();
	git(to, "fsck --strict");
	memcpy(checksum.bytes, pack.data + pack.len - OID_BYTES, OID_BYTES);
	oid_hex(&checksum, hex);
	snprintf(file, sizeof(file), "objects/pack/pack-%s.pack", hex);
	ck_ok(file_join(name, to, file, &err), err);
	ck_assert(file_exists(name));
	/* Once more is no harm. */
	ck_ok(take(buf_span(&pack), &err), err);
	buf_free(&pack);
}
END_TEST

START_TEST(a_pack_with_differences_is_taken)
{
	struct buf pack = BUF(SIZE_MAX);
	struct error err = { 0 };
	char hex[OID_HEX], line[OID_HEX + 40];

	for (size_t i = 0; i <= TEXTS; i++) {
		oid_hex(&oids[i], hex);
		snprintf(line, sizeof(line), "update-ref refs/tags/t%zu %s", i,
		    hex);
		git(from, line);
	}
	git(from,
	    _i == 0 ? "-c repack.useDeltaBaseOffset=true repack -adF"
		    : "-c repack.useDeltaBaseOffset=false repack -adF");
	read_pack(&pack);
	ck_assert_uint_lt(pack.len, 3 * TEXT_BYTES);
	ck_ok(take(buf_span(&pack), &err), err);
	assert_all_are_there();
	buf_free(&pack);
}
END_TEST

static const struct {
	size_t at; /* from here, or from the end, */
	bool is_from_end;
	uint8_t flip;   /* this is changed */
	int longer;     /* so many bytes are added, or cut */
	bool is_summed; /* the checksum is that of what came of it */
	const char *why;
} damages[] = {
	{ 0, false, 1, 0, true, "it does not begin as one" },
	{ 7, false, 1, 0, true, "it does not begin as one" },
	{ 11, false, 1, 0, true, "it has more" },
	{ 11, false, 2, 0, true, "it ends too soon" },
	{ 12, false, 0x20, 0, false, "its checksum is wrong" },
	{ 12, false, 0x30, 0, true, "an object of no type" },
	{ 12, false, 0x60, 0, true, "an object of no type" },
	{ 12, false, 1, 0, true, "an object is" },
	{ 16, false, 0xff, 0, true, "an object is damaged" },
	{ 40, false, 0x10, 0, true, "an object is damaged" },
	{ 1, true, 1, 0, false, "its checksum is wrong" },
	{ 0, false, 0, -40, true, "" },
	{ 0, false, 0, 1, true, "it has more" },
};

START_TEST(what_is_no_pack_is_not_taken)
{
	struct buf pack = BUF(SIZE_MAX);
	char pattern[FILE_PATH + 64];
	struct error err = { 0 };
	glob_t found = { 0 };
	struct sha1 sha1;

	read_pack(&pack);
	for (int i = 0; i < damages[_i].longer; i++)
		ck_ok(buf_append_u8(&pack, 0, &err), err);
	if (damages[_i].longer < 0)
		pack.len -= (size_t)-damages[_i].longer;
	pack.data[damages[_i].is_from_end ? pack.len - damages[_i].at
					  : damages[_i].at] ^= damages[_i].flip;
	if (damages[_i].is_summed) {
		sha1_init(&sha1);
		sha1_update(&sha1,
		    span_sub(buf_span(&pack), 0, pack.len - OID_BYTES));
		sha1_final(&sha1, pack.data + pack.len - OID_BYTES);
	}
	ck_assert(!take(buf_span(&pack), &err));
	ck_assert_msg(err.kind == ERROR_MALFORMED &&
		strstr(err.detail, damages[_i].why) != NULL,
	    "%s", err.detail);
	ck_assert(!store_has(store, &oids[0]));
	/* Nothing is left of it. */
	snprintf(pattern, sizeof(pattern), "%s/objects/pack/*", to);
	ck_assert_int_eq(glob(pattern, 0, NULL, &found), GLOB_NOMATCH);
	buf_free(&pack);
}
END_TEST

START_TEST(of_nothing_no_pack_is_made)
{
	struct error err = { 0 };

	ck_assert(!take(span_of(NULL, 0), &err));
	ck_assert_int_eq(err.kind, ERROR_MALFORMED);
	err = (struct error){ 0 };
	ck_assert(!take(span_of_str("PACK"), &err));
	ck_assert_int_eq(err.kind, ERROR_MALFORMED);
}
END_TEST

/*
 * 259 times "a" by a length code that RFC 1951 says never occurs (286), which
 * git does not read.
 */
START_TEST(what_git_would_not_read_is_not_taken_for_it)
{
	static const char bits[] = "110"
				   "10010001"
				   "11000110"
				   "00000"
				   "0000000";
	struct buf pack = BUF(1000);
	uint8_t deflated[4] = { 0 }, text[259], sum[OID_BYTES];
	struct error err = { 0 };
	struct sha1 sha1;

	for (size_t i = 0; i < sizeof(bits) - 1; i++)
		deflated[i / 8] |= (uint8_t)((bits[i] - '0') << (i % 8));
	memset(text, 'a', sizeof(text));
	ck_ok(buf_append(&pack, span_of("PACK\0\0\0\2\0\0\0\1", 12), &err) &&
		buf_append(&pack, span_of("\xb3\x10\x78\x9c", 4), &err) &&
		buf_append(&pack, span_of(deflated, 4), &err) &&
		buf_append_u32(&pack,
		    deflate_adler32(1, span_of(text, sizeof(text))), &err),
	    err);
	sha1_init(&sha1);
	sha1_update(&sha1, buf_span(&pack));
	sha1_final(&sha1, sum);
	ck_ok(buf_append(&pack, span_of(sum, sizeof(sum)), &err), err);
	ck_assert_int_eq(take(buf_span(&pack), &err), !for_git);
	buf_free(&pack);
}
END_TEST

static void
fill_cases(TCase *t)
{
	tcase_add_test(t, a_pack_is_kept_as_it_came);
	tcase_add_loop_test(t, a_pack_with_differences_is_taken, 0, 2);
	tcase_add_loop_test(t, what_is_no_pack_is_not_taken, 0, COUNT(damages));
	tcase_add_test(t, of_nothing_no_pack_is_made);
	tcase_add_test(t, what_git_would_not_read_is_not_taken_for_it);
}

static void
fill_for_git(TCase *t)
{
	tcase_add_checked_fixture(t, set_up_for_git, tear_down);
	fill_cases(t);
}

static void
fill_passing(TCase *t)
{
	tcase_add_checked_fixture(t, set_up_passing, tear_down);
	fill_cases(t);
}

int
main(void)
{
	void (*const fills[])(TCase * t) = { fill_for_git, fill_passing };

	return run_test_cases("take", fills, COUNT(fills));
}
