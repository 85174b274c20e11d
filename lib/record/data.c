/*
 * The table of what is in a data folder, and opening one (data.h).
 */
#include "record/data.h"

#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "record/accepted.h"
#include "record/data_place.h"

#define FOLDER_OF(path)     .name = path, .mode = 0700, .is_folder = true
#define FILE_OF(path, bits) .name = path, .mode = bits

static const struct data_about parts[DATA_PARTS] = {
	[DATA_VKEY] = { FILE_OF("vkey", 0644), .copied = DATA_COPIED,
	    .access = DATA_READ, .is = "the journal's public key",
	    .writer = "`init`; a start that takes over the next key",
	    .missing = "it is no data folder" },
	[DATA_LOCK] = { FILE_OF("lock", 0600), .access = DATA_READ,
	    .is = "locked by whoever may write; 16 random bytes, by which a"
		  " database knows this folder, and 16 of the machine's boot",
	    .writer = "the daemon, `fsck --repair`", .missing = "it is made" },
	[DATA_RELOAD] = { FILE_OF("reload", 0600),
	    .is = "a socket: who connects to it asks for a reload",
	    .writer = "the daemon, at its start",
	    .missing = "`valised reload` finds no daemon" },
	[DATA_BACKUP] = { FILE_OF("backup", 0600),
	    .is = "says of what this folder is a backup, and of when",
	    .writer = "`backup`", .missing = "it is no backup" },
	[DATA_DATABASE] = { FILE_OF("database", 0600), .access = DATA_READ,
	    .is = "the id of the record, if a database has it",
	    .writer = "`init`, `copy`",
	    .missing = "the record is in this folder" },
	[DATA_JOURNAL] = { FOLDER_OF("journal"), .is_made = true,
	    .access = DATA_WRITE, .is = "\"Journal files\" below",
	    .writer = "the registrar", .missing = "no start" },
	[DATA_ENTRIES] = { FILE_OF("journal/entries", 0600),
	    .copied = DATA_COPIED_TAIL, .is = "the entries",
	    .writer = "the registrar",
	    .missing = "no start: the signer signed more" },
	[DATA_HEADS] = { FILE_OF("journal/heads", 0600),
	    .copied = DATA_COPIED_TAIL, .is = "the signed heads",
	    .writer = "the registrar",
	    .missing = "no start; only the newest could be made anew" },
	[DATA_NODES] = { FILE_OF("journal/nodes", 0600),
	    .copied = DATA_COPIED_TAIL, .is = "hashes of subtrees",
	    .writer = "the registrar", .missing = "made anew" },
	[DATA_ENDS] = { FILE_OF("journal/ends", 0600),
	    .is = "where entries end", .writer = "the registrar",
	    .missing = "made anew" },
	[DATA_HASHES] = { FILE_OF("journal/hashes-", 0600),
	    .copied = DATA_COPIED_TAIL,
	    .is = "hashes of tile levels 0 to 7, a file each",
	    .writer = "the registrar", .missing = "made anew" },
	[DATA_COSIGNATURES] = { FILE_OF("journal/cosignatures", 0600),
	    .copied = DATA_COPIED, .is = "lines of witnesses",
	    .writer = "upkeep, and who hands one in",
	    .missing = "no checkpoint is cosigned" },
	[DATA_KEYS] = { FILE_OF("journal/keys", 0600), .copied = DATA_COPIED,
	    .is = "the keys before `vkey`",
	    .writer = "a start that takes over the next key",
	    .missing = "there were none" },
	[DATA_EVIDENCE] = { FILE_OF("journal/evidence", 0600),
	    .is = "two checkpoints that contradict each other",
	    .writer = "the API, when a witness shows one; a start that finds"
		      " it in the database",
	    .missing = "all is well" },
	[DATA_LEDGER] = { FILE_OF("journal/ledger", 0600),
	    .is = "what follows from the first entries",
	    .writer = "the registrar", .missing = "all entries are read" },
	[DATA_INDEX] = { FILE_OF("journal/index", 0600),
	    .is = "of each entry, whom it is about and its lists",
	    .writer = "the registrar", .missing = "all entries are read" },
	[DATA_COMMITS] = { FILE_OF("journal/commits", 0600),
	    .is = "of each commit, the entry that made it",
	    .writer = "the registrar", .missing = "all entries are read" },
	[DATA_TITLES] = { FILE_OF("journal/titles", 0600),
	    .is = "documents' titles", .writer = "the registrar",
	    .missing = "read from the texts" },
	[DATA_ACCEPTED] = { FILE_OF("journal/accepted", 0600),
	    .copied = DATA_COPIED,
	    .is = "which policy each person's office has accepted, as they say",
	    .writer = "upkeep",
	    .missing = "nobody is known to have accepted any, until they"
		       " come again" },
	[DATA_RESERVE] = { FILE_OF("journal/reserve", 0600),
	    .is = "room that the journal alone uses when the disk is full",
	    .writer = "the registrar, upkeep", .missing = "it is made" },
	[DATA_STORE] = { FOLDER_OF("store.git"), .access = DATA_WRITE,
	    .is = "a bare git repository with all texts",
	    .writer = "the registrar", .missing = "no start" },
	[DATA_STORE_HEAD] = { FILE_OF("store.git/HEAD", 0600),
	    .copied = DATA_COPIED, .is = "git's",
	    .writer = "`init`, the registrar, a start",
	    .missing = "made anew" },
	[DATA_STORE_CONFIG] = { FILE_OF("store.git/config", 0600),
	    .copied = DATA_COPIED, .is = "git's, always with the same text",
	    .writer = "`init`, a start", .missing = "made anew" },
	[DATA_STORE_INFO] = { FOLDER_OF("store.git/info"), .is = "git's",
	    .writer = "`init`", .missing = "made anew" },
	[DATA_ATTRIBUTES] = { FILE_OF("store.git/info/attributes", 0600),
	    .is = "keeps git from packing objects as differences",
	    .writer = "`init`, a start", .missing = "made anew" },
	[DATA_OBJECTS] = { FOLDER_OF("store.git/objects"), .is = "git's",
	    .writer = "`init`", .missing = "no start" },
	[DATA_OBJECTS_INFO] = { FOLDER_OF("store.git/objects/info"),
	    .is = "git's", .writer = "`init`", .missing = "no harm" },
	[DATA_PACKS] = { FOLDER_OF("store.git/objects/pack"),
	    .copied = DATA_COPIED_PACKS,
	    .is = "packs, each with an index and a `.keep`",
	    .writer = "workers, the registrar",
	    .missing = "the texts are lost here" },
	[DATA_PACKED_REFS] = { FILE_OF("store.git/packed-refs", 0600),
	    .copied = DATA_COPIED, .is = "the branches of documents",
	    .writer = "the registrar", .missing = "made anew" },
	[DATA_REFS] = { FOLDER_OF("store.git/refs"), .copied = DATA_COPIED_REFS,
	    .is = "the newest policy and CRLs", .writer = "the registrar",
	    .missing = "policies and CRLs are not found" },
	[DATA_SIGNER] = { FOLDER_OF("signer"), .is_made = true,
	    .is = "what only the signer's process may read",
	    .writer = "`init`, the signer", .missing = "no start" },
	[DATA_MEMORY] = { FILE_OF("signer/memory", 0600),
	    .is = "the checkpoint that was signed last",
	    .writer = "the signer; `restore`",
	    .missing = "no start: see `restore`" },
	[DATA_JOURNAL_KEY] = { FILE_OF("signer/journal.key", 0600),
	    .copied = DATA_COPIED_KEY, .is = "the journal's private key",
	    .writer = "`init`; a start that takes over the next key",
	    .missing = "no start" },
	[DATA_NEXT_KEY] = { FILE_OF("signer/journal.key.next", 0600),
	    .is = "the private key that takes over", .writer = "`replace-key`",
	    .missing = "no key is being replaced" },
	[DATA_DEPOSITARY_KEY] = { FILE_OF("signer/depositary.key", 0600),
	    .copied = DATA_COPIED_KEY,
	    .is = "the depositary's private key, unless configured elsewhere",
	    .writer = "`init`", .missing = "no start" },
	[DATA_DEPOSITARY_REQUEST] = { FILE_OF("signer/depositary.csr", 0644),
	    .is = "the request for its certificate", .writer = "`init`",
	    .missing = "no harm" },
	[DATA_SERVER] = { FOLDER_OF("server"), .is_made = true,
	    .is = "the server's keys, unless configured elsewhere",
	    .writer = "`init`", .missing = "no start" },
	[DATA_SERVER_KEY] = { FILE_OF("server/server.key", 0600),
	    .copied = DATA_COPIED_KEY,
	    .is = "the TLS key, unless configured elsewhere",
	    .writer = "`init`", .missing = "no start" },
	[DATA_SERVER_REQUEST] = { FILE_OF("server/server.csr", 0644),
	    .is = "the request for its certificate", .writer = "`init`",
	    .missing = "no harm" },
	[DATA_SPOOL] = { FOLDER_OF("spool"), .is_made = true,
	    .access = DATA_WRITE, .is = "bodies and answers under way",
	    .writer = "workers, event loops",
	    .missing = "made; uploads and waybills begin anew" },
	[DATA_UPLOADS] = { FOLDER_OF("spool/uploads"), .is = "uploads in parts",
	    .writer = "event loops", .missing = "made; uploads begin anew" },
	[DATA_BAGS] = { FOLDER_OF("spool/bags"),
	    .is = "waybills that were handed in", .writer = "workers",
	    .missing = "made; waybills are handed in again" },
	[DATA_CACHE] = { FOLDER_OF("cache"), .is_made = true,
	    .access = DATA_WRITE, .is = "copies that were built",
	    .writer = "workers", .missing = "made" },
	[DATA_CRLS] = { FOLDER_OF("crls"), .access = DATA_WRITE,
	    .is = "CRLs that were fetched or handed in",
	    .writer = "upkeep, workers",
	    .missing =
		"made; they are fetched again, but for those handed in" },
};

const struct data_about *
data_about(enum data_part part)
{
	return &parts[part];
}

const char *
data_name(enum data_part part)
{
	return parts[part].name;
}

bool
data_path(const char *data, enum data_part part, char out[FILE_PATH],
    struct error *err)
{
	return file_join(out, data, parts[part].name, err);
}

bool
data_has(const char *data, enum data_part part)
{
	struct error ignored = { 0 };
	char path[FILE_PATH];

	return data_path(data, part, path, &ignored) && file_exists(path);
}

bool
data_is_there(const char *data)
{
	return data_has(data, DATA_VKEY);
}

bool
data_make(const char *data, struct error *err)
{
	char path[FILE_PATH];

	for (unsigned i = 0; i < DATA_PARTS; i++)
		if (parts[i].is_made &&
		    (!data_path(data, i, path, err) ||
			!file_make_dirs(path, parts[i].mode, err)))
			return false;
	return chmod(data, 0700) == 0 || error_set_errno(err, "%s", data);
}

enum { FILLED = DATA_LOCK_BYTES + DATA_BOOT_BYTES };

/*
 * Two machines may have one name, and copies of one folder; no two have one boot.
 * Where the kernel does not tell it, the number of the file has to do.
 */
static void
boot_bytes(uint8_t out[DATA_BOOT_BYTES])
{
	struct buf id = BUF(64);
	struct error ignored = { 0 };
	struct digest digest = { { 0 } };

	if (file_read("/proc/sys/kernel/random/boot_id", id.max, &id, &ignored))
		digest = sha256_of(buf_span(&id));
	buf_free(&id);
	memcpy(out, digest.bytes, DATA_BOOT_BYTES);
}

/* Put its bytes into the file that is locked: its own once, the boot's anew. */
static bool
fill_lock(int fd, const char *path, struct error *err)
{
	uint8_t bytes[FILLED];
	struct stat st;
	size_t own = 0;

	if (fstat(fd, &st) != 0)
		return error_set_errno(err, "%s", path);
	if (st.st_size == DATA_LOCK_BYTES || st.st_size == FILLED)
		own = DATA_LOCK_BYTES;
	boot_bytes(bytes + DATA_LOCK_BYTES);
	return ((own > 0 ||
		    getrandom(bytes, DATA_LOCK_BYTES, 0) == DATA_LOCK_BYTES) &&
		   pwrite(fd, bytes + own, FILLED - own, (off_t)own) ==
		       (ssize_t)(FILLED - own) &&
		   ftruncate(fd, FILLED) == 0) ||
	    error_set_errno(err, "%s", path);
}

int
data_lock(const char *data, struct error *err)
{
	char path[FILE_PATH];
	int fd;

	if (!data_path(data, DATA_LOCK, path, err))
		return -1;
	if ((fd = file_lock(path, err)) < 0 && err->kind == ERROR_CONFLICT)
		error_set(err, ERROR_CONFLICT,
		    "%s: somebody else is at work here: a valised runs on this"
		    " folder, and it can have one only. \"systemctl stop"
		    " valised\" ends it",
		    data);
	if (fd >= 0 && !fill_lock(fd, path, err)) {
		close(fd);
		return -1;
	}
	return fd;
}

bool
data_keys(const char *data, struct note_keys *out, struct error *err)
{
	struct buf text = BUF(NOTE_KEY_TEXT + 1), lines = BUF(NOTE_KEYS_TEXT);
	char path[FILE_PATH];
	struct note_key key;
	struct span line, rest;
	bool ok;

	ok = data_path(data, DATA_VKEY, path, err) &&
	    file_read(path, text.max, &text, err);
	rest = buf_span(&text);
	if (ok && !span_take_line(&rest, &line)) {
		line = rest;
		rest.len = 0;
	}
	if (ok && rest.len > 0)
		ok = error_set(err, ERROR_UNTRUSTED,
		    "%s: something follows the key: it is one line", path);
	ok = ok &&
	    (note_key_parse(line, NOTE_JOURNAL, &key, err) ||
		error_context(err, "%s", path)) &&
	    data_path(data, DATA_KEYS, path, err) &&
	    (!file_exists(path) || file_read(path, lines.max, &lines, err)) &&
	    (note_keys_parse(buf_span(&lines), &key, out, err) ||
		error_context(err, "%s", path));
	buf_free(&text);
	buf_free(&lines);
	return ok;
}

struct cosignatures *
data_view_cosignatures(const char *data, struct error *err)
{
	char path[FILE_PATH];

	return data_path(data, DATA_COSIGNATURES, path, err)
	    ? cosignatures_view(path, err)
	    : NULL;
}

struct store *
data_store(const char *data, struct error *err)
{
	char path[FILE_PATH];

	return data_path(data, DATA_STORE, path, err)
	    ? store_open_ours(path, err)
	    : NULL;
}

/* Witnesses sign the next checkpoint again: a damaged line stops nothing. */
static struct cosignatures *
open_cosignatures(const char *path, size_t *dropped, struct error *err)
{
	struct cosignatures *lines = cosignatures_open(path, err);

	if (lines != NULL || err->kind != ERROR_UNTRUSTED)
		return lines;
	*err = (struct error){ 0 };
	return cosignatures_mend(path, dropped, err)
	    ? cosignatures_open(path, err)
	    : NULL;
}

/* Take the right to write, and say so. */
static bool
claim(const struct data_place *place, struct backend *backend,
    struct head *signer, struct error *err)
{
	return place->claimed == NULL ||
	    (backend->table->claim(backend, err) &&
		place->claimed(place->arg, backend, signer, err));
}

bool
data_open(const struct data_place *place, const struct head *signer, bool whole,
    struct record *out, struct error *err)
{
	const char *data = place->folder;
	struct head newest = *signer;
	char path[FILE_PATH];

	*out = (struct record){ .store = NULL };
	if (data_path(data, DATA_TITLES, out->titles, err) &&
	    data_path(data, DATA_LEDGER, out->ledger_path, err) &&
	    data_path(data, DATA_COSIGNATURES, path, err) &&
	    data_path(data, DATA_JOURNAL, out->journal_dir, err) &&
	    data_keys(data, &out->keys, err) &&
	    (out->store = data_open_both(place, out->journal_dir, err)) !=
		NULL &&
	    claim(place, store_backend(out->store), &newest, err) &&
	    (out->library = library_new(out->store, err)) != NULL &&
	    opening_run(store_backend(out->store), out->journal_dir, &out->keys,
		&newest, whole, &out->opening, err)) {
		out->journal = out->opening.journal;
		out->ledger = out->opening.ledger;
		out->cosignatures =
		    open_cosignatures(path, &out->cosignatures_dropped, err);
	}
	if (out->cosignatures != NULL &&
	    data_path(data, DATA_ACCEPTED, path, err) &&
	    (out->accepted = accepted_open(path, err)) != NULL)
		return true;
	data_close(out);
	return false;
}

void
data_close(struct record *record)
{
	journal_free(record->journal);
	cosignatures_free(record->cosignatures);
	accepted_free(record->accepted);
	ledger_free(record->ledger);
	library_free(record->library);
	store_free(record->store);
	*record = (struct record){ .store = NULL };
}
