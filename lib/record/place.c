/*
 * Where a record is: in the data folder, or in a database that belongs to it.
 * Making it there, and opening it to read (data.h).
 */
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "backend/files/files.h"
#include "record/data_place.h"

struct data_place
data_in(const char *folder)
{
	return (struct data_place){ .folder = folder };
}

static bool
is_in_database(const struct data_place *place)
{
	return place->database.conninfo != NULL;
}

/* The folder and the configuration must agree on where the record is. */
static bool
check_place(const struct data_place *place, struct error *err)
{
	const bool named = data_has(place->folder, DATA_DATABASE);

	if (named == is_in_database(place))
		return true;
	return named
	    ? error_set(err, ERROR_CONFLICT,
		  "the record of %s is in a database: \"store\" in valised.yaml"
		  " names it (valised --config FILE …)",
		  place->folder)
	    : error_set(err, ERROR_CONFLICT,
		  "%s has a record of its own, and \"store\" in valised.yaml"
		  " names a database: \"valised copy\" brings a record from one"
		  " to the other",
		  place->folder);
}

/* The database's record must be the one that the folder belongs to. */
static bool
check_id(const struct data_place *place, struct backend *backend,
    struct error *err)
{
	struct buf text = BUF(POSTGRES_ID);
	char id[POSTGRES_ID], path[FILE_PATH];
	struct span rest, line;
	bool ok;

	postgres_id(backend, id);
	ok = data_path(place->folder, DATA_DATABASE, path, err) &&
	    file_read(path, text.max, &text, err);
	rest = buf_span(&text);
	ok = ok &&
	    ((span_take_line(&rest, &line) && rest.len == 0 &&
		 span_eq(line, span_of_str(id))) ||
		error_set(err, ERROR_CONFLICT,
		    "the database has record %s, and %s names another one:"
		    " nothing was changed. Each data folder belongs to one"
		    " record",
		    id, path));
	buf_free(&text);
	return ok;
}

/*
 * A number for the folder, which no process but the one that holds its lock may
 * use: of what stands in the file that is locked, on this machine.  It stays
 * where that file gets another number of a disk, or of an inode: else what this
 * folder's signer told before would count as another signer's.
 */
static uint64_t
lock_number(const char *folder)
{
	struct buf about = BUF(512),
		   mark = BUF(DATA_LOCK_BYTES + DATA_BOOT_BYTES);
	struct error ignored = { 0 };
	char path[FILE_PATH];
	struct digest digest;
	uint64_t number = 0;
	struct utsname machine;

	if (data_path(folder, DATA_LOCK, path, &ignored) &&
	    file_read(path, mark.max, &mark, &ignored) &&
	    mark.len >= DATA_LOCK_BYTES && uname(&machine) == 0 &&
	    buf_append_str(&about, machine.nodename, &ignored) &&
	    buf_append(&about, span_sub(buf_span(&mark), 0, DATA_LOCK_BYTES),
		&ignored)) {
		digest = sha256_of(buf_span(&about));
		memcpy(&number, digest.bytes, sizeof(number));
	}
	buf_free(&about);
	buf_free(&mark);
	return number;
}

/* Open the folder's database; NULL on failure. */
static struct backend *
open_database(const struct data_place *place, bool writes, struct error *err)
{
	struct backend *backend = writes ? postgres_open(&place->database, err)
					 : postgres_view(&place->database, err);

	if (backend == NULL || check_id(place, backend, err))
		return backend;
	backend->table->close(backend);
	return NULL;
}

/*
 * Of the file that is locked itself, on a machine that runs since one boot: a copy
 * of the folder has the same number above, and a process that holds the lock of
 * the copy may be beside this one, or on a machine of the same name.
 */
static uint32_t
file_number(const char *folder)
{
	struct buf about = BUF(DATA_LOCK_BYTES + DATA_BOOT_BYTES + 16);
	struct error ignored = { 0 };
	char path[FILE_PATH];
	struct digest digest;
	uint32_t number = 0;
	struct stat st;

	if (data_path(folder, DATA_LOCK, path, &ignored) &&
	    file_read(path, DATA_LOCK_BYTES + DATA_BOOT_BYTES, &about,
		&ignored) &&
	    stat(path, &st) == 0 &&
	    buf_append_u64(&about, (uint64_t)st.st_ino, &ignored) &&
	    buf_append_u64(&about, (uint64_t)st.st_dev, &ignored)) {
		digest = sha256_of(buf_span(&about));
		memcpy(&number, digest.bytes, sizeof(number));
	}
	buf_free(&about);
	return number;
}

/* The same, by the number of the folder's lock, which is held. */
static struct backend *
open_locked(const struct data_place *place, struct error *err)
{
	struct data_place locked = *place;

	locked.database.place = lock_number(place->folder);
	locked.database.file = file_number(place->folder);
	return open_database(&locked, true, err);
}

struct store *
data_open_both(const struct data_place *place, const char *log,
    struct error *err)
{
	char repository[FILE_PATH];

	if (!check_place(place, err))
		return NULL;
	if (is_in_database(place))
		return store_new(open_locked(place, err), err);
	return data_path(place->folder, DATA_STORE, repository, err)
	    ? store_new(files_open_ours(repository, log, false, err), err)
	    : NULL;
}

struct journal *
data_view(const struct data_place *place, journal_visitor *visit, void *arg,
    struct journal_mended *mended, struct error *err)
{
	return data_view_in(place, NULL, visit, arg, mended, err);
}

struct journal *
data_view_in(const struct data_place *place, const char *folder,
    journal_visitor *visit, void *arg, struct journal_mended *mended,
    struct error *err)
{
	struct note_keys keys;
	struct backend *backend;
	char path[FILE_PATH];

	if (!data_keys(place->folder, &keys, err) ||
	    !data_path(place->folder, DATA_JOURNAL, path, err) ||
	    !check_place(place, err))
		return NULL;
	if (!is_in_database(place))
		return journal_view(path, folder, &keys, visit, arg, mended,
		    err);
	backend = open_database(place, false, err);
	return backend == NULL ? NULL
			       : journal_view_on(backend, path, folder, &keys,
				     visit, arg, mended, err);
}

struct backend *
data_members(const struct data_place *place, struct error *err)
{
	return check_place(place, err) ? open_locked(place, err) : NULL;
}

bool
data_take_part(struct backend *backend, struct error *err)
{
	struct utsname machine;

	return uname(&machine) == 0
	    ? postgres_take_part(backend, machine.nodename, err)
	    : error_set_errno(err, "the name of this machine");
}

struct journal *
data_follow(const struct data_place *place, const struct head *remembered,
    struct journal_mended *mended, struct backend **backend, struct error *err)
{
	struct note_keys keys;
	char path[FILE_PATH];

	if (!data_keys(place->folder, &keys, err) ||
	    !data_path(place->folder, DATA_JOURNAL, path, err) ||
	    !check_place(place, err) ||
	    (*backend = open_locked(place, err)) == NULL)
		return NULL;
	return journal_follow_on(*backend, path, &keys, remembered, mended,
	    err);
}

struct store *
data_view_store(const struct data_place *place, struct error *err)
{
	char path[FILE_PATH];

	if (!check_place(place, err))
		return NULL;
	if (is_in_database(place))
		return store_new(open_database(place, false, err), err);
	return data_path(place->folder, DATA_STORE, path, err)
	    ? store_view(path, err)
	    : NULL;
}

bool
data_check(const struct data_place *place, struct error *err)
{
	struct backend *backend;

	if (!data_is_there(place->folder))
		return true;
	if (!check_place(place, err))
		return false;
	if (!is_in_database(place))
		return true;
	if ((backend = open_database(place, true, err)) == NULL)
		return false;
	backend->table->close(backend);
	return true;
}

/* --- Making one. --- */

/* Has nothing been written to the tables yet? */
static bool
check_empty(struct backend *backend, struct error *err)
{
	struct head newest;
	uint64_t dropped, bytes;

	return backend->table->recover(backend, &newest, &dropped, err) &&
	    backend->table->log_bytes(backend, &bytes, err) &&
	    ((newest.size == 0 && bytes == 0) ||
		error_set(err, ERROR_CONFLICT,
		    "the database has a record already: nothing was changed."
		    " Each record has a database of its own"));
}

/* The folder belongs to this database from now on. */
static bool
write_id(const struct data_place *place, struct backend *backend,
    struct error *err)
{
	char id[POSTGRES_ID], text[POSTGRES_ID + 1], path[FILE_PATH];

	postgres_id(backend, id);
	snprintf(text, sizeof(text), "%s\n", id);
	return data_path(place->folder, DATA_DATABASE, path, err) &&
	    file_create(path, span_of_str(text),
		data_about(DATA_DATABASE)->mode, err);
}

static bool
create_in_database(const struct data_place *place, const char *journal,
    struct error *err)
{
	/* As the daemon will: the role must be fit for it. */
	struct backend *backend = postgres_open(&place->database, err);
	bool ok;

	if (backend == NULL && err->kind == ERROR_NOT_FOUND)
		return error_set(err, ERROR_NOT_FOUND,
		    "the database has no tables for a record yet: \"valised"
		    " tables\" makes them, as their owner");
	ok = backend != NULL && check_empty(backend, err) &&
	    write_id(place, backend, err) &&
	    journal_create_derived(journal, err);

	if (backend != NULL)
		backend->table->close(backend);
	return ok;
}

bool
data_join(const struct data_place *place, struct error *err)
{
	struct backend *backend;
	char journal[FILE_PATH];
	bool ok;

	ok = (backend = postgres_open(&place->database, err)) != NULL &&
	    postgres_check_room(backend, err) &&
	    write_id(place, backend, err) &&
	    data_path(place->folder, DATA_JOURNAL, journal, err) &&
	    journal_create_derived(journal, err);
	if (backend != NULL)
		backend->table->close(backend);
	return ok;
}

bool
data_create(const struct data_place *place, struct error *err)
{
	char store[FILE_PATH], journal[FILE_PATH];

	if (!data_path(place->folder, DATA_STORE, store, err) ||
	    !data_path(place->folder, DATA_JOURNAL, journal, err))
		return false;
	return is_in_database(place)
	    ? create_in_database(place, journal, err)
	    : store_create_ours(store, err) && journal_create(journal, err);
}
