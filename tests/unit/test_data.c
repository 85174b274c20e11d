/*
 * The data folder: one table lists what is in it, the manual has the same
 * table, and no other code of the daemon writes a path below it.
 */
#include "unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "postgres_fixture.h"
#include "record/data.h"
#include "record/library.h"

static const char *
top(void)
{
	return getenv("VALISE_TOP");
}

/* --- The manual. --- */

static const char *const copied[] = { "no", "whole", "what is new of it",
	"those that are new", "all", "with `--with-keys`" };
static const char *const access_words[] = { "", "reads", "writes" };

static void
append_row(struct buf *out, enum data_part part)
{
	const struct data_about *about = data_about(part);
	const char *name = about->name;
	struct error err = { 0 };

	ck_ok(buf_printf(out, &err, "| `%s%s` | %s | %s | %s | %s | %s |\n",
		  name,
		  about->is_folder                    ? "/"
		      : name[strlen(name) - 1] == '-' ? "L"
						      : "",
		  about->is, about->writer, about->missing,
		  copied[about->copied], access_words[about->access]),
	    err);
}

START_TEST(the_manual_has_the_table)
{
	struct buf docs = BUF(1000000), rows = BUF(1000000);
	struct error err = { 0 };
	char path[FILE_PATH];

	for (unsigned i = 0; i < DATA_PARTS; i++)
		append_row(&rows, i);
	ck_ok(buf_append_u8(&rows, 0, &err), err);
	ck_ok(file_join(path, top(), "docs/formats.md", &err) &&
		file_read(path, docs.max, &docs, &err) &&
		buf_append_u8(&docs, 0, &err),
	    err);
	ck_assert_msg(strstr((char *)docs.data, (char *)rows.data) != NULL,
	    "docs/formats.md (\"The data folder\") has not this table:\n%s",
	    (char *)rows.data);
	buf_free(&docs);
	buf_free(&rows);
}
END_TEST

/* A folder comes before its content, so backup and init make it first. */
START_TEST(folders_come_first)
{
	for (unsigned i = 0; i < DATA_PARTS; i++) {
		const char *name = data_name(i), *end = strrchr(name, '/');
		bool found = end == NULL;

		for (unsigned k = 0; k < i; k++)
			found = found ||
			    (strncmp(data_name(k), name,
				 (size_t)(end - name)) == 0 &&
				data_name(k)[end - name] == '\0' &&
				data_about(k)->is_folder);
		ck_assert_msg(found, "%s stands before its folder", name);
	}
}
END_TEST

/* --- The sources. --- */

/* Take the string literal at text, without its quotes; returns what follows. */
static const char *
take_literal(const char *text, char *out, size_t room)
{
	size_t len = 0;

	for (text++; *text != '"' && *text != '\0'; text++) {
		if (*text == '\\' && text[1] != '\0')
			text++;
		if (len + 1 < room)
			out[len++] = *text;
	}
	out[len] = '\0';
	return *text == '"' ? text + 1 : text;
}

/*
 * Is it a path in one of the folders, such as "signer/x", and not a sentence?
 */
static bool
is_below_a_folder(const char *literal)
{
	const char *end = strchr(literal, '/');

	if (end == NULL || strpbrk(literal, " %") != NULL)
		return false;
	for (unsigned i = 0; i < DATA_PARTS; i++)
		if (data_about(i)->is_folder &&
		    strlen(data_name(i)) == (size_t)(end - literal) &&
		    strncmp(data_name(i), literal, (size_t)(end - literal)) ==
			0)
			return true;
	return false;
}

static bool
is_part(const char *literal)
{
	for (unsigned i = 0; i < DATA_PARTS; i++)
		if (strcmp(literal, data_name(i)) == 0)
			return true;
	return false;
}

/*
 * Does a source write a path of the data folder?  A literal with a slash always
 * counts, a single word only if it is joined to a path.
 */
static bool
writes_a_path(const char *source, char *literal, size_t room)
{
	size_t depth = 0, joined = 0; /* the depth of a file_join() */

	for (const char *at = source; *at != '\0';) {
		if (strncmp(at, "/*", 2) == 0) {
			at = strstr(at, "*/");
			ck_assert_ptr_nonnull(at);
			at += 2;
		} else if (*at == '\'') {
			at += at[1] == '\\' ? 4 : 3;
		} else if (*at == '#' && (at == source || at[-1] == '\n')) {
			/* "#define X "journal/x"" counts, an include not */
			at += strncmp(at, "#include", 8) == 0
			    ? strcspn(at, "\n")
			    : 1;
		} else if (*at == '"') {
			at = take_literal(at, literal, room);
			if (is_below_a_folder(literal) ||
			    strcmp(literal, data_name(DATA_STORE)) == 0 ||
			    (joined > 0 && is_part(literal)))
				return true;
		} else {
			if (strncmp(at, "file_join(", 10) == 0)
				joined = depth + 1;
			depth += *at == '(';
			if (*at == ')' && depth-- == joined)
				joined = 0;
			at++;
		}
	}
	return false;
}

static unsigned
look_at_sources(const char *dir)
{
	DIR *all = opendir(dir);
	const struct dirent *entry;
	unsigned num = 0;

	ck_assert_msg(all != NULL, "%s", dir);
	while ((entry = readdir(all)) != NULL) {
		const char *end = strrchr(entry->d_name, '.');
		struct buf text = BUF(1000000);
		char path[FILE_PATH], literal[256];
		struct error err = { 0 };
		struct stat st;

		if (entry->d_name[0] == '.' ||
		    strcmp(entry->d_name, "data.c") == 0)
			continue;
		ck_ok(file_join(path, dir, entry->d_name, &err), err);
		ck_assert_int_eq(stat(path, &st), 0);
		if (S_ISDIR(st.st_mode)) {
			num += look_at_sources(path);
			continue;
		}
		if (end == NULL ||
		    (strcmp(end, ".c") != 0 && strcmp(end, ".h") != 0))
			continue;
		ck_ok(file_read(path, text.max, &text, &err) &&
			buf_append_u8(&text, 0, &err),
		    err);
		ck_assert_msg(!writes_a_path((char *)text.data, literal,
				  sizeof(literal)),
		    "%s has \"%s\": ask lib/record/data.h for it", path,
		    literal);
		buf_free(&text);
		num++;
	}
	closedir(all);
	return num;
}

START_TEST(nobody_else_writes_its_paths)
{
	static const char *const folders[] = { "daemon", "lib/record" };
	struct error err = { 0 };
	char dir[FILE_PATH];

	for (size_t i = 0; i < COUNT(folders); i++) {
		ck_ok(file_join(dir, top(), folders[i], &err), err);
		ck_assert_uint_gt(look_at_sources(dir), 10);
	}
}
END_TEST

static const struct {
	const char *source;
	bool found;
} sources[] = {
	{ "x = \"signer/memory\";", true },
	{ "x = \"signer/other\";", true },
	{ "#define X \"journal/x\"\n", true },
	{ "file_join(path, dir(1), \"vkey\", err)", true },
	{ "open(\"store.git\")", true },
	{ "/* \"signer/memory\" */ c = '\"'; x = \"vkey\";", false },
	{ "#include \"journal/journal.h\"\n", false },
	{ "say(\"journal/heads: record 3\")", false },
	{ "file_join(a, b, c); say(\"journal\");", false },
};

START_TEST(a_path_is_seen)
{
	char literal[256];

	ck_assert_msg(writes_a_path(sources[_i].source, literal,
			  sizeof(literal)) == sources[_i].found,
	    "%s", sources[_i].source);
}
END_TEST

/* --- A folder. --- */

START_TEST(it_is_made_for_its_owner)
{
	char dir[UNIT_DIR], path[FILE_PATH];
	struct error err = { 0 };
	struct stat st;
	unsigned num = 0;

	unit_make_dir(dir);
	/* A folder that others may enter is there already. */
	ck_assert_int_eq(chmod(dir, 0755), 0);
	ck_ok(data_make(dir, &err), err);
	ck_assert(!data_is_there(dir));
	for (unsigned i = 0; i < DATA_PARTS; i++) {
		ck_assert_int_eq(data_has(dir, i), data_about(i)->is_made);
		if (!data_about(i)->is_made)
			continue;
		ck_ok(data_path(dir, i, path, &err), err);
		ck_assert_int_eq(stat(path, &st), 0);
		ck_assert_uint_eq(st.st_mode & 07777, 0700);
		num++;
	}
	ck_assert_uint_eq(num, 5);
	ck_assert_int_eq(stat(dir, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0700);
	unit_remove_dir(dir);
}
END_TEST

/* What is no key, and what follows one, is told with the file. */
static const struct {
	const char *vkey, *says;
} keys[] = {
	{ "no key\n", "vkey" },
	{ "no key", "vkey" },
	{ "one\ntwo\n", "something follows the key" },
};

START_TEST(a_key_that_does_not_parse_is_named)
{
	struct error err = { 0 };
	char dir[UNIT_DIR], path[FILE_PATH];
	struct note_keys out;

	unit_make_dir(dir);
	ck_ok(data_path(dir, DATA_VKEY, path, &err) &&
		file_write(path, span_of_str(keys[_i].vkey), 0600, &err),
	    err);
	ck_assert(!data_keys(dir, &out, &err));
	ck_assert_msg(strstr(err.detail, keys[_i].says) != NULL, "%s",
	    err.detail);
	unit_remove_dir(dir);
}
END_TEST

START_TEST(earlier_keys_that_do_not_parse_are_named)
{
	static const char vkey[] =
	    "log.test/audit+98294fac+"
	    "AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4\n";
	struct error err = { 0 };
	char dir[UNIT_DIR], path[FILE_PATH];
	struct note_keys out;

	unit_make_dir(dir);
	ck_ok(data_path(dir, DATA_VKEY, path, &err) &&
		file_make_dirs(path, 0700, &err) && rmdir(path) == 0 &&
		file_write(path, span_of_str(vkey), 0600, &err),
	    err);
	ck_ok(data_keys(dir, &out, &err), err);
	ck_ok(data_path(dir, DATA_KEYS, path, &err) &&
		file_make_dirs(path, 0700, &err) && rmdir(path) == 0 &&
		file_write(path, span_of_str("no keys\n"), 0600, &err),
	    err);
	ck_assert(!data_keys(dir, &out, &err));
	ck_assert_msg(strstr(err.detail, "journal/keys") != NULL, "%s",
	    err.detail);
	unit_remove_dir(dir);
}
END_TEST

START_TEST(a_list_that_does_not_parse_is_named)
{
	struct error err = { 0 };
	struct container *files = container_new(&err);

	ck_ok(container_put(files, "mofa.crl", span_of_str("no list"), &err),
	    err);
	ck_assert_ptr_null(crl_set_load(files, &err));
	ck_assert_msg(strstr(err.detail, "mofa.crl") != NULL, "%s", err.detail);
}
END_TEST

START_TEST(one_writes)
{
	struct error err = { 0 };
	char dir[UNIT_DIR];
	int first, second;

	unit_make_dir(dir);
	first = data_lock(dir, &err);
	ck_ok(first >= 0, err);
	ck_assert_int_lt(data_lock(dir, &err), 0);
	ck_assert_int_eq(err.kind, ERROR_CONFLICT);
	close(first);
	second = data_lock(dir, &err);
	ck_ok(second >= 0, err);
	close(second);
	unit_remove_dir(dir);
}
END_TEST

/* --- A folder of a record in a database. --- */

static void
write_vkey(const char *dir)
{
	char path[FILE_PATH], text[NOTE_KEY_TEXT];
	struct note_signer signer;
	struct error err = { 0 };

	ck_ok(note_signer_make("a.example", NOTE_JOURNAL, &signer, &err), err);
	note_key_encode(&signer.key, text);
	ck_ok(data_path(dir, DATA_VKEY, path, &err) &&
		file_write(path, span_of_str(text), 0644, &err),
	    err);
}

static struct journal *
follow(const struct data_place *place, struct error *err)
{
	const struct head nothing = { .root = merkle_empty() };
	struct journal_mended mended;
	struct backend *backend;

	return data_follow(place, &nothing, &mended, &backend, err);
}

START_TEST(a_folder_that_joins_belongs_to_its_database)
{
	struct data_place place;
	struct backend *backend;
	struct postgres_lease lease;
	struct journal *journal;
	struct error err = { 0 };
	char dir[UNIT_DIR];
	int lock;

	unit_make_dir(dir);
	place = data_in(dir);
	place.database = pg_writer;
	ck_ok(data_make(dir, &err), err);
	write_vkey(dir);
	pg_sql("DROP SCHEMA IF EXISTS valise CASCADE");
	ck_assert(!data_join(&place, &err));
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	pg_reset();
	err = (struct error){ 0 };
	ck_ok(data_join(&place, &err), err);
	ck_ok((lock = data_lock(dir, &err)) >= 0, err);
	ck_ok((journal = follow(&place, &err)) != NULL, err);
	journal_free(journal);
	ck_ok((backend = data_members(&place, &err)) != NULL &&
		postgres_lease(backend, &lease, &err),
	    err);
	ck_assert_uint_eq(lease.epoch, 0);
	ck_assert(!lease.is_ours && !lease.is_given && lease.is_over);
	backend->table->close(backend);
	/* Of another record, or as one of files, it is refused. */
	pg_reset();
	ck_assert_ptr_null(follow(&place, &err));
	ck_assert_int_eq(err.kind, ERROR_CONFLICT);
	place = data_in(dir);
	err = (struct error){ 0 };
	ck_assert_ptr_null(data_members(&place, &err));
	ck_assert_int_eq(err.kind, ERROR_CONFLICT);
	err = (struct error){ 0 };
	ck_assert_ptr_null(follow(&place, &err));
	ck_assert_int_eq(err.kind, ERROR_CONFLICT);
	close(lock);
	unit_remove_dir(dir);
}
END_TEST

/* Have the file say that the machine was booted anew, or is another one. */
static void
boot_anew(const char *dir)
{
	uint8_t other[DATA_BOOT_BYTES] = { 7 };
	struct error err = { 0 };
	char path[FILE_PATH];
	int fd;

	ck_ok(data_path(dir, DATA_LOCK, path, &err), err);
	ck_assert_int_ge((fd = open(path, O_WRONLY)), 0);
	ck_assert_int_eq(pwrite(fd, other, sizeof(other), DATA_LOCK_BYTES),
	    sizeof(other));
	close(fd);
}

START_TEST(a_copy_of_the_folder_on_another_machine_does_not_write)
{
	struct backend *first, *second;
	struct data_place place;
	struct error err = { 0 };
	char dir[UNIT_DIR];
	int lock;

	unit_make_dir(dir);
	place = data_in(dir);
	place.database = pg_writer;
	pg_reset();
	ck_ok(data_make(dir, &err) && data_join(&place, &err), err);
	write_vkey(dir);
	ck_ok((lock = data_lock(dir, &err)) >= 0, err);
	ck_ok((first = data_members(&place, &err)) != NULL &&
		first->table->claim(first, &err),
	    err);
	boot_anew(dir);
	ck_ok((second = data_members(&place, &err)) != NULL, err);
	ck_assert(!second->table->claim(second, &err));
	ck_assert_int_eq(err.kind, ERROR_REFUSED);
	ck_assert_msg(strstr(err.detail, "a copy of this data folder") != NULL,
	    "%s", err.detail);
	second->table->close(second);
	/* Who has the lock of the same file knows that the first has ended. */
	close(lock);
	err = (struct error){ 0 };
	ck_ok((lock = data_lock(dir, &err)) >= 0 &&
		(second = data_members(&place, &err)) != NULL &&
		second->table->claim(second, &err),
	    err);
	second->table->close(second);
	first->table->close(first);
	close(lock);
	unit_remove_dir(dir);
}
END_TEST

START_TEST(a_database_that_has_a_record_takes_no_other)
{
	struct data_place place;
	struct error err = { 0 };
	char first[UNIT_DIR], second[UNIT_DIR], path[FILE_PATH];

	unit_make_dir(first);
	unit_make_dir(second);
	pg_reset();
	place = data_in(first);
	place.database = pg_writer;
	ck_ok(data_make(first, &err) && data_create(&place, &err), err);
	pg_sql("UPDATE valise.head SET size = 1, at = 10");
	place.folder = second;
	ck_ok(data_make(second, &err), err);
	ck_assert(!data_create(&place, &err));
	ck_assert_int_eq(err.kind, ERROR_CONFLICT);
	err = (struct error){ 0 };
	ck_ok(data_path(second, DATA_DATABASE, path, &err), err);
	ck_assert(!file_exists(path));
	unit_remove_dir(first);
	unit_remove_dir(second);
}
END_TEST

static bool has_server;

static void
fill(TCase *tcase)
{
	if (has_server) {
		tcase_add_test(tcase,
		    a_folder_that_joins_belongs_to_its_database);
		tcase_add_test(tcase,
		    a_database_that_has_a_record_takes_no_other);
		tcase_add_test(tcase,
		    a_copy_of_the_folder_on_another_machine_does_not_write);
	}
	tcase_add_test(tcase, the_manual_has_the_table);
	tcase_add_loop_test(tcase, a_key_that_does_not_parse_is_named, 0,
	    COUNT(keys));
	tcase_add_test(tcase, earlier_keys_that_do_not_parse_are_named);
	tcase_add_test(tcase, a_list_that_does_not_parse_is_named);
	tcase_add_test(tcase, folders_come_first);
	tcase_add_test(tcase, nobody_else_writes_its_paths);
	tcase_add_loop_test(tcase, a_path_is_seen, 0, COUNT(sources));
	tcase_add_test(tcase, it_is_made_for_its_owner);
	tcase_add_test(tcase, one_writes);
}

int
main(void)
{
	int status;

	has_server = pg_start();
	status = run_tests("data", fill);
	pg_stop();
	return status;
}
