/*
 * Backup and restore: copying a data folder while the daemon runs, and making
 * one from a backup (backup.h).
 */
#include "daemon/data/backup.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "backend/files/files.h"
#include "base/text.h"
#include "base/time.h"
#include "daemon/data/apart.h"
#include "daemon/data/copy.h"
#include "daemon/data/seen.h"
#include "daemon/signer/memory.h"
#include "record/data.h"
#include "record/refs.h"

enum { PIECE = 256 * 1024, TRIES = 5 };

struct backup {
	const char *from, *to;
	struct backup_result *out;
	bool missed; /* a pack was joined into another while it was copied */
};

/* Make the two paths of a file, in the data folder and in the backup. */
static bool
join(char from[FILE_PATH], char to[FILE_PATH], const struct backup *backup,
    const char *name, struct error *err)
{
	return file_join(from, backup->from, name, err) &&
	    file_join(to, backup->to, name, err);
}

/*
 * Refuse one file under two names: written in place, it would destroy itself.
 */
static bool
check_two_files(int from, int to, const char *path, struct error *err)
{
	struct stat a, b;

	if (fstat(from, &a) != 0 || fstat(to, &b) != 0)
		return error_set_errno(err, "%s", path);
	return a.st_dev != b.st_dev || a.st_ino != b.st_ino ||
	    error_set(err, ERROR_USAGE,
		"%s is the data folder's own file under another name", path);
}

/*
 * Copy bytes [at, end) of a file to the same place in another, and flush them.
 */
static bool
copy_range(struct backup *backup, int from, int to, uint64_t at, uint64_t end,
    struct error *err)
{
	uint8_t *piece = malloc(PIECE);
	bool ok = piece != NULL || error_set_errno(err, "backup");

	while (ok && at < end) {
		const size_t n = end - at < PIECE ? (size_t)(end - at) : PIECE;

		ok = file_pread(from, piece, n, (off_t)at, err) &&
		    file_pwrite(to, span_of(piece, n), (off_t)at, err);
		at += n;
		backup->out->bytes += n;
	}
	if (ok && fsync(to) != 0)
		ok = error_set_errno(err, "flush");
	free(piece);
	return ok;
}

/*
 * Copy a file that only grows: what the copy has of it stays. end: its length
 * in the copy.
 */
static bool
copy_tail(struct backup *backup, const char *name, uint64_t end,
    struct error *err)
{
	char from_path[FILE_PATH], to_path[FILE_PATH];
	struct stat st = { .st_size = 0 };
	int from, to;
	bool ok;

	if (!join(from_path, to_path, backup, name, err))
		return false;
	if ((from = open(from_path, O_RDONLY | O_CLOEXEC)) < 0)
		return error_set_errno(err, "%s", from_path);
	to = open(to_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	ok = (to >= 0 && fstat(to, &st) == 0) ||
	    error_set_errno(err, "%s", to_path);
	ok = ok && check_two_files(from, to, to_path, err);
	/* Cut off what an interrupted backup left. */
	if (ok && (uint64_t)st.st_size > end && ftruncate(to, (off_t)end) != 0)
		ok = error_set_errno(err, "%s", to_path);
	ok = ok &&
	    (copy_range(backup, from, to,
		 (uint64_t)st.st_size < end ? (uint64_t)st.st_size : end, end,
		 err) ||
		error_context(err, "%s", to_path));
	close(from);
	if (to >= 0)
		close(to);
	return ok;
}

/* Copy a file as it is now, whole or not at all. */
static bool
copy_file(struct backup *backup, const char *name, mode_t mode,
    struct error *err)
{
	char from_path[FILE_PATH], to_path[FILE_PATH], tmp[FILE_PATH];
	struct stat st;
	int from, to = -1;
	bool ok;

	if (!join(from_path, to_path, backup, name, err))
		return false;
	if ((from = open(from_path, O_RDONLY | O_CLOEXEC)) < 0)
		return error_set_errno(err, "%s", from_path);
	ok = snprintf(tmp, sizeof(tmp), "%s.tmp", to_path) < (int)sizeof(tmp) &&
	    fstat(from, &st) == 0 &&
	    (to = open(tmp, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, mode)) >= 0;
	if (!ok)
		error_set_errno(err, "%s", to_path);
	ok = ok &&
	    (copy_range(backup, from, to, 0, (uint64_t)st.st_size, err) ||
		error_context(err, "%s", to_path));
	if (ok && rename(tmp, to_path) != 0)
		ok = error_set_errno(err, "%s", to_path);
	close(from);
	if (to >= 0)
		close(to);
	return ok;
}

/* A part that is copied whole, if it is there. */
static bool
copy_part(struct backup *backup, enum data_part part, struct error *err)
{
	return !data_has(backup->from, part) ||
	    copy_file(backup, data_name(part), data_about(part)->mode, err);
}

/* Copy whole those of the parts that lie between two. */
static bool
copy_parts(struct backup *backup, enum data_part first, enum data_part last,
    struct error *err)
{
	for (unsigned i = first; i <= last; i++)
		if (data_about(i)->copied == DATA_COPIED &&
		    !copy_part(backup, i, err))
			return false;
	return true;
}

/* --- The store. --- */

/* Is it the name of a pack's file, with this suffix? */
static bool
is_pack(const char *name, const char *suffix)
{
	const char *end = strrchr(name, '.');

	return strncmp(name, "pack-", 5) == 0 && end != NULL &&
	    strcmp(end, suffix) == 0;
}

/*
 * Copy a file of a pack.  If it is gone it was joined into another pack
 * meanwhile: note that, so that the other is found.
 */
static bool
copy_pack_file(struct backup *backup, const char *name, struct error *err)
{
	char from_path[FILE_PATH], to_path[FILE_PATH];
	struct error why = { 0 };

	if (!join(from_path, to_path, backup, name, err))
		return false;
	if (file_exists(to_path) || copy_file(backup, name, 0400, &why))
		return true;
	backup->missed = !file_exists(from_path);
	if (!backup->missed)
		*err = why;
	return backup->missed;
}

/*
 * Packs never change: those that the copy has stay.  New ones are copied, each
 * before its index, since git ignores a pack without an index.
 */
static bool
copy_packs(struct backup *backup, struct error *err)
{
	char path[FILE_PATH], name[FILE_PATH];
	const struct dirent *entry;
	bool ok = true;
	DIR *dir;

	if (!data_path(backup->from, DATA_PACKS, path, err))
		return false;
	if ((dir = opendir(path)) == NULL)
		return error_set_errno(err, "%s", path);
	while (ok && !backup->missed && (entry = readdir(dir)) != NULL) {
		const size_t len = strlen(entry->d_name);

		if (!is_pack(entry->d_name, ".idx"))
			continue;
		snprintf(name, sizeof(name), "%s/%.*s.pack",
		    data_name(DATA_PACKS), (int)len - 4, entry->d_name);
		ok = copy_pack_file(backup, name, err);
		snprintf(name, sizeof(name), "%s/%s", data_name(DATA_PACKS),
		    entry->d_name);
		ok =
		    ok && (backup->missed || copy_pack_file(backup, name, err));
	}
	closedir(dir);
	return ok;
}

/*
 * List the packs of the copy that were joined into others, a line each.  They
 * are removed when these others are copied, not sooner.
 */
static bool
joined_packs(const struct backup *backup, struct buf *out, struct error *err)
{
	char from_path[FILE_PATH], to_path[FILE_PATH], name[FILE_PATH];
	const struct dirent *entry;
	bool ok = true;
	DIR *dir;

	if (!data_path(backup->to, DATA_PACKS, to_path, err))
		return false;
	if ((dir = opendir(to_path)) == NULL)
		return error_set_errno(err, "%s", to_path);
	while (ok && (entry = readdir(dir)) != NULL)
		ok = (!is_pack(entry->d_name, ".pack") &&
			 !is_pack(entry->d_name, ".idx")) ||
		    (file_join(name, data_name(DATA_PACKS), entry->d_name,
			 err) &&
			join(from_path, to_path, backup, name, err) &&
			(file_exists(from_path) ||
			    buf_printf(out, err, "%s\n", to_path)));
	closedir(dir);
	return ok;
}

/* Remove the files in these lines. */
static void
drop_files(struct span lines)
{
	char path[FILE_PATH];
	struct span line;

	while (span_take_line(&lines, &line))
		if (span_to_str(line, path, sizeof(path)))
			unlink(path);
}

/*
 * Copy the refs, loose and packed.  Those of documents could be made again,
 * those of policies not.
 */
static bool
copy_refs(struct backup *backup, const char *below, struct error *err)
{
	char from_path[FILE_PATH], to_path[FILE_PATH], name[FILE_PATH];
	const struct dirent *entry;
	bool ok = true;
	DIR *dir;

	if (!join(from_path, to_path, backup, below, err) ||
	    !file_make_dirs(to_path, 0700, err))
		return false;
	if ((dir = opendir(from_path)) == NULL)
		return error_set_errno(err, "%s", from_path);
	while (ok && (entry = readdir(dir)) != NULL) {
		struct error why = { 0 };
		struct stat st;

		if (entry->d_name[0] == '.' ||
		    strstr(entry->d_name, ".lock") != NULL ||
		    !file_join(name, below, entry->d_name, err) ||
		    !file_join(from_path, backup->from, name, err) ||
		    stat(from_path, &st) != 0)
			continue;
		ok = S_ISDIR(st.st_mode)
		    ? copy_refs(backup, name, err)
		    : copy_file(backup, name, 0600, &why) ||
			/* The ref was packed meanwhile: packed-refs has it. */
			!file_exists(from_path) || (*err = why, false);
	}
	closedir(dir);
	return ok;
}

/* Copy refs and packs, again if packs were joined meanwhile. */
static bool
copy_store(struct backup *backup, struct error *err)
{
	static const enum data_part folders[] = { DATA_PACKS, DATA_OBJECTS_INFO,
		DATA_REFS };
	char to_path[FILE_PATH];
	struct buf joined = BUF(1024 * 1024);
	bool ok = true;

	for (size_t i = 0; ok && i < sizeof(folders) / sizeof(folders[0]); i++)
		ok = data_path(backup->to, folders[i], to_path, err) &&
		    file_make_dirs(to_path, 0700, err);
	ok = ok && joined_packs(backup, &joined, err);
	/*
	 * Copy the refs before the objects, so that the objects that they name
	 * exist by then.
	 */
	ok = ok && copy_refs(backup, data_name(DATA_REFS), err) &&
	    copy_parts(backup, DATA_STORE, DATA_REFS, err);
	for (unsigned i = 0; ok && i < TRIES; i++) {
		backup->missed = false;
		ok = copy_packs(backup, err);
		if (ok && !backup->missed)
			break;
	}
	if (ok && backup->missed)
		ok = error_set(err, ERROR_UNAVAILABLE,
		    "packs are joined all the time: try again");
	if (ok)
		drop_files(buf_span(&joined));
	buf_free(&joined);
	return ok;
}

static void
tell_nothing(void *arg, const struct ref_told *told)
{
	(void)arg;
	(void)told;
}

/*
 * Acts went on during the copying: set the branches to what this copy's journal
 * says.
 */
static bool
set_refs(const struct backup *backup, struct ledger *ledger, struct error *err)
{
	struct store *store = data_store(backup->to, err);
	bool ok;

	if (store == NULL)
		return false;
	ok = refs_follow(store, ledger, true, tell_nothing, NULL, err);
	store_free(store);
	return ok;
}

/* --- The journal. --- */

/* Returns where entries [0, size) end in their file, in bytes. */
static uint64_t
entries_end(const struct journal *journal, uint64_t size, struct error *err)
{
	struct buf line = BUF(LIMIT_ENTRY_BYTES);
	uint64_t end;

	if (size == 0 || !journal_entry(journal, size - 1, &line, err))
		return 0;
	end = journal_entry_at(journal, size - 1) + 2 + line.len;
	buf_free(&line);
	return end;
}

/* What the copy has must be a prefix of the journal. */
static bool
check_history(const struct backup *backup, const struct journal *journal,
    struct error *err)
{
	const struct data_place place = data_in(backup->to);
	struct journal_mended mended;
	struct journal *copy;
	struct digest root;
	struct head head;
	bool ok;

	if (!data_has(backup->to, DATA_HEADS))
		return true;
	if ((copy = data_view(&place, NULL, NULL, &mended, err)) == NULL)
		return error_context(err, "%s", backup->to);
	head = journal_head(copy);
	journal_free(copy);
	ok = head.size <= journal_size(journal) ||
	    error_set(err, ERROR_CONFLICT,
		"%s has %llu entries, the journal %llu: the journal was rolled"
		" back, see \"A journal that was rolled back\" in the"
		" operations manual",
		backup->to, (unsigned long long)head.size,
		(unsigned long long)journal_size(journal));
	ok = ok &&
	    (head.size == 0 ||
		(journal_root_at(journal, head.size, &root, err) &&
		    (digest_eq(&root, &head.root) ||
			error_set(err, ERROR_CONFLICT,
			    "%s is a copy of another history: nothing was"
			    " changed",
			    backup->to))));
	return ok;
}

/*
 * Copy the derived files: they could be made again, but with them the copy can
 * be read as it is.
 */
static bool
copy_derived(struct backup *backup, uint64_t size, struct error *err)
{
	char name[32];

	if (!copy_tail(backup, data_name(DATA_NODES),
		(2 * size - (uint64_t)__builtin_popcountll(size)) * 32, err))
		return false;
	for (unsigned l = 0; l < TILE_LEVELS; l++) {
		snprintf(name, sizeof(name), "%s%u", data_name(DATA_HASHES), l);
		if (!copy_tail(backup, name, (size >> (8 * l)) * 32, err))
			return false;
	}
	return true;
}

/* Copy entries and heads up to the size of this backup. */
static bool
copy_journal(struct backup *backup, const struct journal *journal,
    struct error *err)
{
	const uint64_t end = entries_end(journal, journal_size(journal), err);
	char to_path[FILE_PATH];

	return data_path(backup->to, DATA_JOURNAL, to_path, err) &&
	    file_make_dirs(to_path, 0700, err) &&
	    copy_tail(backup, data_name(DATA_ENTRIES), end, err) &&
	    copy_tail(backup, data_name(DATA_HEADS),
		journal_num_heads(journal) * FILES_HEAD_BYTES, err) &&
	    copy_derived(backup, journal_size(journal), err) &&
	    copy_parts(backup, DATA_JOURNAL, DATA_ACCEPTED, err);
}

/* --- Keys. --- */

static bool
copy_key(struct backup *backup, const struct private_rule *rule,
    const char *path, enum data_part part, struct error *err)
{
	struct buf key = BUF(LIMIT_KEY_BYTES);
	char to_path[FILE_PATH];
	bool ok;

	ok = data_path(backup->to, part, to_path, err) &&
	    private_read(path, key.max, rule, &key, err) &&
	    file_write(to_path, buf_span(&key), 0600, err);
	if (key.len > 0)
		OPENSSL_cleanse(key.data, key.len);
	buf_free(&key);
	return ok;
}

static bool
copy_keys(struct backup *backup, const struct config *config, struct error *err)
{
	const struct private_rule *rule = &config->private_keys;
	char path[FILE_PATH];

	return data_path(backup->to, DATA_SIGNER, path, err) &&
	    file_make_dirs(path, 0700, err) &&
	    data_path(backup->to, DATA_SERVER, path, err) &&
	    file_make_dirs(path, 0700, err) &&
	    data_path(config->data, DATA_JOURNAL_KEY, path, err) &&
	    copy_key(backup, rule, path, DATA_JOURNAL_KEY, err) &&
	    copy_key(backup, rule, config->depositary_key, DATA_DEPOSITARY_KEY,
		err) &&
	    copy_key(backup, rule, config->server_key, DATA_SERVER_KEY, err);
}

#define UNDER_WAY "A backup that is under way.\n"
/* In the new data folder until a restore has made all of it. */
#define RESTORING "A restore that is under way, or was interrupted.\n"

/* The same copying for both directions: begun is in the folder meanwhile. */
static bool
copy_all(const struct config *config, const char *dir, bool with_keys,
    const char *begun, struct backup_result *out, struct error *err)
{
	const struct data_place place = data_in(config->data);
	struct backup backup = { .from = config->data, .to = dir, .out = out };
	struct journal_mended mended;
	struct journal *journal;
	struct ledger *ledger;
	char path[FILE_PATH], text[256], now[TIME_TEXT];
	bool ok;

	*out = (struct backup_result){ 0 };
	if (!apart_check(dir, config->data, err) ||
	    !apart_not_within(dir, config->policies, err) ||
	    !apart_not_within(dir, config->crls, err))
		return false;
	/*
	 * The journal's size is fixed first: the objects of its entries are in
	 * the store by then.
	 */
	if ((ledger = ledger_new(err)) == NULL ||
	    (journal = data_view(&place, ledger_visit, ledger, &mended, err)) ==
		NULL) {
		ledger_free(ledger);
		return false;
	}
	out->size = journal_size(journal);
	time_format_at(time_now_ms() / 1000, now);
	text_cutf(text, sizeof(text),
	    "A backup of %s, made %s: its journal has size %llu.\n"
	    "valised --config FILE restore DIR brings it back.\n",
	    config->data, now, (unsigned long long)out->size);
	ok = file_make_dirs(dir, 0700, err) &&
	    data_path(dir, DATA_BACKUP, path, err) &&
	    file_write(path, span_of_str(begun), 0600, err) &&
	    copy_file(&backup, data_name(DATA_VKEY),
		data_about(DATA_VKEY)->mode, err) &&
	    check_history(&backup, journal, err) && copy_store(&backup, err) &&
	    set_refs(&backup, ledger, err) &&
	    copy_journal(&backup, journal, err) &&
	    (!with_keys || copy_keys(&backup, config, err)) &&
	    (strcmp(begun, RESTORING) == 0 ||
		file_write(path, span_of_str(text), 0600, err));
	journal_free(journal);
	ledger_free(ledger);
	return ok;
}

/* Copy between the database of the configuration and a folder (copy.h). */
static bool
copy_database(const struct config *config, const char *dir, bool to_files,
    struct copy_result *out, struct error *err)
{
	char database[sizeof(config->store) + 16], folder[FILE_PATH + 16];
	enum copy_end end;

	snprintf(database, sizeof(database), "postgresql:%s", config->store);
	snprintf(folder, sizeof(folder), "files:%s", dir);
	return copy_run(config, to_files ? database : folder,
	    to_files ? folder : database, out, &end, err);
}

/*
 * Of a record in a database: a folder that has it in files. With the folder of
 * the daemon it would be moved there, which is not meant.
 */
static bool
backup_database(const struct config *config, const char *dir, bool with_keys,
    struct backup_result *out, struct error *err)
{
	struct backup backup = { .from = config->data, .to = dir, .out = out };
	struct copy_result copied;

	*out = (struct backup_result){ 0 };
	if (!apart_check(dir, config->data, err) ||
	    !apart_not_within(dir, config->policies, err) ||
	    !apart_not_within(dir, config->crls, err) ||
	    !copy_database(config, dir, true, &copied, err))
		return false;
	out->size = copied.size;
	out->entries = copied.new_entries;
	return !with_keys || copy_keys(&backup, config, err);
}

bool
backup_make(const struct config *config, const char *dir, bool with_keys,
    struct backup_result *out, struct error *err)
{
	return config->store[0] != '\0'
	    ? backup_database(config, dir, with_keys, out, err)
	    : copy_all(config, dir, with_keys, UNDER_WAY, out, err);
}

/* --- Restore. --- */

/* Copy a backup's files into the new data folder. */
static bool
restore_files(const struct config *config, const char *dir, struct error *err)
{
	struct config backup = *config;
	struct backup_result result;
	struct backup copy = { .from = dir,
		.to = config->data,
		.out = &result };
	char path[FILE_PATH];
	bool ok = true;

	ok = text_take(backup.data, sizeof(backup.data), dir, err) &&
	    copy_all(&backup, config->data, false, RESTORING, &result, err) &&
	    data_make(config->data, err);
	for (unsigned i = 0; ok && i < DATA_PARTS; i++)
		if (data_about(i)->copied == DATA_COPIED_KEY)
			ok = data_path(dir, i, path, err) &&
			    (!file_exists(path) ||
				private_check(path, &config->private_keys,
				    err)) &&
			    copy_part(&copy, i, err);
	return ok;
}

bool
backup_is_unfinished(const char *data)
{
	struct buf text = BUF(256);
	struct error ignored = { 0 };
	char path[FILE_PATH];
	bool is;

	is = data_path(data, DATA_BACKUP, path, &ignored) &&
	    file_read(path, text.max, &text, &ignored) &&
	    span_eq(buf_span(&text), span_of_str(RESTORING));
	buf_free(&text);
	return is;
}

static bool
restore_folder(const struct config *config, const char *dir,
    const char *const seen[], size_t num_seen, uint64_t *size,
    struct error *err)
{
	const struct data_place from = data_in(dir);
	struct journal_mended mended;
	struct journal *journal;
	struct head head;
	char path[FILE_PATH];
	bool ok;

	if (!apart_check(config->data, dir, err))
		return false;
	/* One that was interrupted goes on. */
	if (data_is_there(config->data) && !backup_is_unfinished(config->data))
		return error_set(err, ERROR_CONFLICT,
		    "%s is a data folder already: nothing was changed",
		    config->data);
	if ((journal = data_view(&from, NULL, NULL, &mended, err)) == NULL)
		return error_context(err, "%s", dir);
	head = journal_head(journal);
	*size = head.size;
	ok = head.size > 0 ||
	    error_set(err, ERROR_NOT_FOUND, "%s: an empty journal", dir);
	for (size_t i = 0; ok && i < num_seen; i++)
		ok = seen_check(journal, seen[i], "this backup", err);
	journal_free(journal);
	ok = ok && restore_files(config, dir, err) &&
	    signer_remember(config->data, &head, err) &&
	    data_path(config->data, DATA_BACKUP, path, err) &&
	    (unlink(path) == 0 || error_set_errno(err, "%s", path));
	return ok;
}

/* Move the record that was restored to files into the database. */
static bool
move_to_database(const struct config *config, struct error *err)
{
	struct copy_result copied;

	return copy_database(config, config->data, false, &copied, err) ||
	    error_context(err,
		"%s has all of it, but not the database (\"valised copy"
		" --from files:… --to postgresql:…\" moves it there)",
		config->data);
}

bool
backup_restore(const struct config *config, const char *dir,
    const char *const seen[], size_t num_seen, uint64_t *size,
    struct error *err)
{
	return restore_folder(config, dir, seen, num_seen, size, err) &&
	    (config->store[0] == '\0' || move_to_database(config, err));
}
