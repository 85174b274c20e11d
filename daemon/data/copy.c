/*
 * The command valised copy: which record goes where (copy.h).
 */
#include "daemon/data/copy.h"

#include <string.h>
#include <unistd.h>

#include "backend/files/files.h"
#include "daemon/data/apart.h"
#include "daemon/owner.h"
#include "daemon/signer/memory.h"
#include "record/data.h"

#define FILES      "files:"
#define POSTGRESQL "postgresql:"

struct copying {
	const struct config *config;
	const char *folder; /* of files:DIR */
	struct postgres_settings database;
	bool to_files;
	int lock; /* of the folder; -1: a daemon has it, or it is not there */
	struct copy_pair pair;
	struct journal *journal;
	struct ledger *ledger; /* of the journal */
	struct store *store;   /* the source's, for the library */
	struct library *library;
};

/* The rest of a place of this kind, or NULL. */
static const char *
rest_of(const char *place, const char *kind)
{
	return strncmp(place, kind, strlen(kind)) == 0 ? place + strlen(kind)
						       : NULL;
}

static bool
parse_places(struct copying *it, const char *from, const char *to,
    struct error *err)
{
	it->to_files = rest_of(to, FILES) != NULL;
	it->folder = rest_of(it->to_files ? to : from, FILES);
	it->database.conninfo = rest_of(it->to_files ? from : to, POSTGRESQL);
	if (it->folder == NULL || it->folder[0] == '\0' ||
	    it->database.conninfo == NULL)
		return error_set(err, ERROR_USAGE,
		    "copy goes from files:DIR to postgresql:CONNECTION, or"
		    " back");
	if (it->config->store_services[0] != '\0')
		it->database.services = it->config->store_services;
	it->database.durable = it->config->store_durable;
	return true;
}

/* Open the source to read: the journal first, so that the objects are there. */
static bool
open_source(struct copying *it, const struct data_place *place,
    struct error *err)
{
	struct journal_mended mended;

	return (it->ledger = ledger_new(err)) != NULL &&
	    (it->journal = data_view(place, ledger_visit, it->ledger, &mended,
		 err)) != NULL &&
	    (it->store = data_view_store(place, err)) != NULL &&
	    (it->library = library_new(it->store, err)) != NULL;
}

/* --- From files to a database. --- */

/* One backend for entries and objects, which is only read. */
static struct backend *
view_files(const char *folder, struct error *err)
{
	char store[FILE_PATH], log[FILE_PATH];

	return data_path(folder, DATA_STORE, store, err) &&
		data_path(folder, DATA_JOURNAL, log, err)
	    ? files_open_ours(store, log, true, err)
	    : NULL;
}

static bool
open_to_database(struct copying *it, struct error *err)
{
	const struct data_place place = data_in(it->folder);

	return open_source(it, &place, err) &&
	    (it->pair.from = view_files(it->folder, err)) != NULL &&
	    (it->pair.to = postgres_open(&it->database, err)) != NULL;
}

/* --- From a database to files. --- */

/* Copy a small file from the data folder, if it is there. */
static bool
copy_part(const struct copying *it, enum data_part part, struct error *err)
{
	struct buf bytes = BUF(64 << 20);
	char from[FILE_PATH], to[FILE_PATH];
	bool ok;

	ok = data_path(it->config->data, part, from, err) &&
	    data_path(it->folder, part, to, err) &&
	    (!file_exists(from) ||
		(file_read(from, bytes.max, &bytes, err) &&
		    file_write(to, buf_span(&bytes), data_about(part)->mode,
			err)));
	buf_free(&bytes);
	return ok;
}

/*
 * Make a data folder for the copy, with the journal's public keys and what
 * others said of it.  The private keys and the signer's memory stay where they
 * are: two signers could fork the journal.
 */
static bool
make_folder(struct copying *it, struct error *err)
{
	static const enum data_part parts[] = { DATA_VKEY, DATA_KEYS,
		DATA_COSIGNATURES, DATA_ACCEPTED };
	const struct data_place place = data_in(it->folder);
	bool ok;

	ok = apart_check(it->folder, it->config->data, err) &&
	    data_make(it->folder, err) && data_create(&place, err);
	for (size_t i = 0; ok && i < sizeof(parts) / sizeof(parts[0]); i++)
		ok = copy_part(it, parts[i], err);
	return ok;
}

/* The folder belonged to the database from the start: add what files need. */
static bool
add_files(const struct copying *it, struct error *err)
{
	char store[FILE_PATH], log[FILE_PATH];

	return data_path(it->folder, DATA_STORE, store, err) &&
	    data_path(it->folder, DATA_JOURNAL, log, err) &&
	    (file_exists(store) || store_create_ours(store, err)) &&
	    (data_has(it->folder, DATA_ENTRIES) || files_create_log(log, err));
}

/* The folder to write to must be of the same journal. */
static bool
check_folder(const struct copying *it, struct error *err)
{
	struct buf a = BUF(NOTE_KEY_TEXT + 1), b = BUF(NOTE_KEY_TEXT + 1);
	struct error why = { 0 };
	char path[FILE_PATH];
	bool ok;

	ok = data_path(it->config->data, DATA_VKEY, path, &why) &&
	    file_read(path, a.max, &a, &why) &&
	    data_path(it->folder, DATA_VKEY, path, &why) &&
	    file_read(path, b.max, &b, &why) &&
	    span_eq(buf_span(&a), buf_span(&b));
	buf_free(&a);
	buf_free(&b);
	return ok ||
	    error_set(err, ERROR_CONFLICT,
		"%s is the data folder of another journal: nothing was changed",
		it->folder);
}

static bool
open_to_files(struct copying *it, struct error *err)
{
	const struct data_place place = { .folder = it->config->data,
		.database = it->database };
	char store[FILE_PATH], log[FILE_PATH];

	if (!data_is_there(it->folder) ? !make_folder(it, err)
				       : !check_folder(it, err) ||
		    (data_has(it->folder, DATA_DATABASE) &&
			!add_files(it, err)))
		return false;
	return open_source(it, &place, err) &&
	    (it->pair.from = postgres_view(&it->database, err)) != NULL &&
	    data_path(it->folder, DATA_STORE, store, err) &&
	    data_path(it->folder, DATA_JOURNAL, log, err) &&
	    (it->pair.to = files_open_ours(store, log, false, err)) != NULL;
}

/* --- Beside the record. --- */

static bool
copy_rest(const struct copying *it, struct copy_result *out, struct error *err)
{
	const struct copy_exhibits exhibits = { .folder = it->folder,
		.database = it->to_files ? it->pair.from : it->pair.to,
		.to_files = it->to_files,
		.journal = it->journal,
		.ledger = it->ledger,
		.library = it->library };

	return copy_exhibits(&exhibits, out, err);
}

/* --- The end. --- */

/*
 * The signer must have signed nothing beyond what was copied: the record would
 * be refused at the next start.
 */
static bool
check_signer(const struct copying *it, struct error *err)
{
	const uint64_t size = journal_size(it->journal);
	struct head head;

	return signer_remembered(it->folder, &head, err) &&
	    (head.size == size ||
		error_set(err, ERROR_CONFLICT,
		    "all was copied up to size %llu, and the signer signed"
		    " %llu: the daemon was killed. Start it once on the"
		    " record where it is, stop it, and copy again",
		    (unsigned long long)size, (unsigned long long)head.size));
}

/* The folder belongs to the destination from now on. */
static bool
move(const struct copying *it, struct error *err)
{
	char id[POSTGRES_ID], text[POSTGRES_ID + 1], path[FILE_PATH];

	if (!check_signer(it, err) ||
	    !data_path(it->folder, DATA_DATABASE, path, err))
		return false;
	if (it->to_files)
		return unlink(path) == 0 || error_set_errno(err, "%s", path);
	postgres_id(it->pair.to, id);
	snprintf(text, sizeof(text), "%s\n", id);
	return file_create(path, span_of_str(text),
	    data_about(DATA_DATABASE)->mode, err);
}

/*
 * Have a copy apart be a whole data folder: what follows from its entries is
 * made, so that it can be read, checked and restored as it is.
 */
static bool
make_derived(struct copying *it, struct error *err)
{
	const struct head head = journal_head(it->journal);
	struct journal_mended mended;
	struct note_keys keys;
	struct journal *journal;
	char dir[FILE_PATH];

	/* The files are opened to write again. */
	it->pair.to->table->close(it->pair.to);
	it->pair.to = NULL;
	if (!data_keys(it->folder, &keys, err) ||
	    !data_path(it->folder, DATA_JOURNAL, dir, err) ||
	    (journal = journal_open(dir, &keys, &head, NULL, NULL, &mended,
		 err)) == NULL)
		return false;
	journal_free(journal);
	return true;
}

static bool
copy(struct copying *it, struct copy_result *out, enum copy_end *end,
    struct error *err)
{
	struct backend *to;

	if (it->to_files ? !open_to_files(it, err) : !open_to_database(it, err))
		return false;
	it->pair.journal = it->journal;
	to = it->pair.to;
	if (!to->table->claim(to, err) || !copy_record(&it->pair, out, err) ||
	    !copy_compare(&it->pair, out, err) || !copy_rest(it, out, err))
		return false;
	if (it->to_files && !data_has(it->folder, DATA_DATABASE))
		*end = COPY_APART;
	else
		*end = it->lock < 0 ? COPY_BESIDE : COPY_MOVED;
	return *end == COPY_APART ? make_derived(it, err)
	    : *end == COPY_MOVED  ? move(it, err)
				  : true;
}

/* Take the folder's lock if it is there and no daemon has it. */
static bool
lock_folder(struct copying *it, struct error *err)
{
	if (!data_is_there(it->folder))
		return it->to_files ||
		    error_set(err, ERROR_NOT_FOUND, "%s is no data folder",
			it->folder);
	if ((it->lock = data_lock(it->folder, err)) >= 0)
		return true;
	if (err->kind != ERROR_CONFLICT)
		return false;
	*err = (struct error){ 0 };
	return true;
}

bool
copy_run(const struct config *config, const char *from, const char *to,
    struct copy_result *out, enum copy_end *end, struct error *err)
{
	struct copying it = { .config = config, .lock = -1 };
	bool ok;

	ok = parse_places(&it, from, to, err) && owner_check(it.folder, err) &&
	    lock_folder(&it, err) && copy(&it, out, end, err);
	library_free(it.library);
	store_free(it.store);
	journal_free(it.journal);
	ledger_free(it.ledger);
	if (it.pair.from != NULL)
		it.pair.from->table->close(it.pair.from);
	if (it.pair.to != NULL)
		it.pair.to->table->close(it.pair.to);
	if (it.lock >= 0)
		close(it.lock);
	return ok;
}
