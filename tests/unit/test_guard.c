/*
 * A data folder's repository is kept as we made it: what git commands and disks
 * change of it is told, and made again.
 */
#include "unit.h"

#include <glob.h>
#include <stdarg.h>
#include <unistd.h>

#include "base/file.h"
#include "store/store.h"

enum { TEXTS = 4, TEXT = 5000 };

static char dir[UNIT_DIR], path[FILE_PATH];
static struct store *store;
static struct oid texts[TEXTS], commits[TEXTS];

/* Run git's commands in the store, whoever owns it. */
static void PRINTF(1, 2) shell(const char *format, ...)
{
	char command[8192];
	va_list args;
	int len = snprintf(command, sizeof(command),
	    "cd '%s' && export GIT_CONFIG_COUNT=1"
	    " GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*' && ",
	    path);

	va_start(args, format);
	vsnprintf(command + len, sizeof(command) - (size_t)len, format, args);
	va_end(args);
	ck_assert_msg(system(command) == 0, "%s", command);
}

/* Texts that differ little, so that git makes differences of them. */
static void
put_text(unsigned n)
{
	char text[TEXT], hex[OID_HEX], raw[64];
	struct error err = { 0 };
	struct pack *pack = pack_new(store, &err);
	struct oid tree;

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)('a' + i * i % 23 + i * i * i % 3);
	text[100] = (char)('0' + n);
	ck_ok(pack_add(pack, OBJECT_BLOB, span_of(text, sizeof(text)),
		  &texts[n], &err),
	    err);
	memcpy(raw, "100644 a", 9);
	memcpy(raw + 9, texts[n].bytes, OID_BYTES);
	ck_ok(pack_add(pack, OBJECT_TREE, span_of(raw, 9 + OID_BYTES), &tree,
		  &err),
	    err);
	oid_hex(&tree, hex);
	snprintf(text, sizeof(text),
	    "tree %s\nauthor a <a@b.example> 170000000%u +0000\n"
	    "committer a <a@b.example> 1700000000 +0000\n\nm\n",
	    hex, n);
	ck_ok(pack_add(pack, OBJECT_COMMIT, span_of_str(text), &commits[n],
		  &err) &&
		pack_finish(pack, &err),
	    err);
	pack_free(pack);
	snprintf(text, sizeof(text), "refs/heads/mou/t%u", n);
	ck_ok(store_set_ref(store, text, &commits[n], &err), err);
}

static void
set_up(void)
{
	struct error err = { 0 };

	unit_make_dir(dir);
	setenv("HOME", dir, 1);
	ck_ok(file_join(path, dir, "store.git", &err) &&
		store_create_ours(path, &err),
	    err);
	ck_assert_ptr_nonnull(store = store_open_ours(path, &err));
	for (unsigned i = 0; i < TEXTS; i++)
		put_text(i);
	store_free(store);
	store = NULL;
}

static void
tear_down(void)
{
	store_free(store);
	unit_remove_dir(dir);
}

struct told {
	unsigned mended, left;
	char code[64], about[64];
};

static void
note(void *arg, const char *code, const char *about, const char *text,
    bool is_mended)
{
	struct told *told = arg;

	(void)text;
	if (is_mended)
		told->mended++;
	else
		told->left++;
	snprintf(told->code, sizeof(told->code), "%s", code);
	snprintf(told->about, sizeof(told->about), "%s", about);
}

static struct told
look(bool is_view, enum look_how how)
{
	struct told told = { .mended = 0 };
	struct error err = { 0 };

	store_free(store);
	store = is_view ? store_view(path, &err) : store_open_ours(path, &err);
	ck_assert_msg(store != NULL, "%s", err.detail);
	ck_ok(store_look(store, how, note, &told, &err), err);
	return told;
}

static void
assert_readable(void)
{
	for (unsigned i = 0; i < TEXTS; i++) {
		struct buf out = BUF(TEXT);
		struct error err = { 0 };

		ck_ok(store_read(store, &texts[i], OBJECT_BLOB, &out, &err),
		    err);
		ck_assert_uint_eq(out.len, TEXT);
		buf_free(&out);
	}
}

static size_t
count(const char *pattern)
{
	char all[FILE_PATH + 100];
	glob_t found = { 0 };
	size_t num;

	snprintf(all, sizeof(all), "%s/objects/pack/%s", path, pattern);
	num = glob(all, 0, NULL, &found) == 0 ? found.gl_pathc : 0;
	globfree(&found);
	return num;
}

START_TEST(nothing_is_told_of_one_that_is_as_it_was_made)
{
	ck_assert_uint_eq(look(true, LOOK_AT_ALL).left, 0);
	ck_assert_uint_eq(look(false, LOOK_AT_NOTES).mended, 0);
	ck_assert_uint_eq(count("*.keep"), TEXTS);
}
END_TEST

static const struct {
	const char *damage, *about;
	unsigned at_start, by_view;
} changes[] = {
	{ "rm config", "config", 1, 1 },
	{ ": >config", "config", 1, 1 },
	{ "sed -i s/bare/bore/ config", "config", 1, 1 },
	{ "rm -r info", "info/attributes", 1, 1 },
	{ "echo '* delta' >info/attributes", "info/attributes", 1, 1 },
	{ "rm HEAD", "HEAD", 1, 1 },
	{ "echo x >>HEAD", "HEAD", 1, 1 },
	{ "for f in objects/pack/*.idx; do rm $f; break; done", NULL, 1, 1 },
	{ "for f in objects/pack/*.idx; do : >$f.x; mv $f.x $f; done", NULL, 4,
	    4 },
	{ "for f in objects/pack/*.idx; do head -c 200 $f >$f.x; mv $f.x $f;"
	  " done",
	    NULL, 4, 4 },
	{ "for f in objects/pack/*.idx; do cp $f $f.x; chmod +w $f.x;"
	  " echo >>$f.x; mv $f.x $f; done",
	    NULL, 4, 4 },
	{ "rm objects/pack/*.keep", NULL, 4, 4 },
	/* Of these a start sees nothing, which costs reading all of it. */
	{ "for f in objects/pack/*.idx; do cp $f $f.x; chmod +w $f.x; printf X"
	  " | dd of=$f.x bs=1 seek=1040 conv=notrunc 2>/dev/null; mv $f.x $f;"
	  " break; done",
	    NULL, 0, 1 },
};

START_TEST(what_follows_from_other_files_is_made_again)
{
	struct told told;

	shell("%s", changes[_i].damage);
	told = look(true, LOOK_AT_ALL);
	ck_assert_uint_eq(told.left, changes[_i].by_view);
	ck_assert_str_eq(told.code, "STORE_CHANGED");
	ck_assert(changes[_i].about == NULL ||
	    strcmp(told.about, changes[_i].about) == 0);
	told = look(false, LOOK_AT_NOTES);
	ck_assert_uint_eq(told.mended, changes[_i].at_start);
	ck_assert_uint_eq(told.left, 0);
	told = look(false, LOOK_AND_MEND);
	ck_assert_uint_eq(told.mended,
	    changes[_i].by_view - changes[_i].at_start);
	ck_assert_uint_eq(look(true, LOOK_AT_ALL).left, 0);
	assert_readable();
	ck_assert_uint_eq(count("*.keep"), TEXTS);
	ck_assert_uint_eq(count("*.idx"), TEXTS);
	shell("git fsck --full --no-dangling 2>/dev/null");
}
END_TEST

/* What somebody wrote into the configuration is not lost. */
START_TEST(the_file_before_stays)
{
	shell("echo '[a]' >>config");
	ck_assert_uint_eq(look(false, LOOK_AT_NOTES).mended, 1);
	shell("grep -q '^.a.$' config.before");
}
END_TEST

/* _i: what git did before its packs were kept from it. */
static const char *const repacks[] = {
	"git repack -q -a -d -f --depth=50",
	"git gc -q --aggressive --prune=now",
	"git unpack-objects -q <$(ls objects/pack/*.pack | head -n 1)",
};

START_TEST(what_git_packed_is_packed_again)
{
	struct told told;

	shell("git config --remove-section repack; rm info/attributes"
	      " objects/pack/*.keep; %s",
	    _i == 2 ? "mv objects/pack x; mkdir objects/pack; for f in"
		      " x/*.pack; do git unpack-objects -q <$f; done; rm -rf x"
		    : repacks[_i]);
	told = look(false, LOOK_AT_NOTES);
	ck_assert_uint_eq(told.left, 1);
	assert_readable();
	ck_assert_str_eq(told.code, "STORE_REPACKED");
	told = look(true, LOOK_AT_ALL);
	ck_assert_uint_eq(told.left, 1);
	ck_assert_str_eq(told.code, "STORE_REPACKED");
	told = look(false, LOOK_AND_MEND);
	ck_assert_uint_ge(told.mended, 1);
	ck_assert_uint_eq(look(true, LOOK_AT_ALL).left, 0);
	ck_assert_uint_eq(count("*.pack"), 1);
	ck_assert_uint_eq(count("*.keep"), 1);
	assert_readable();
	shell("! ls objects/[0-9a-f][0-9a-f]/* 2>/dev/null");
	shell("git fsck --full --no-dangling 2>/dev/null");
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, nothing_is_told_of_one_that_is_as_it_was_made);
	tcase_add_loop_test(t, what_follows_from_other_files_is_made_again, 0,
	    COUNT(changes));
	tcase_add_test(t, the_file_before_stays);
	tcase_add_loop_test(t, what_git_packed_is_packed_again, 0,
	    COUNT(repacks));
}

int
main(void)
{
	return run_tests("guard", fill);
}
