/*
 * data.h - the data folder: what is in it and where, and how it is opened.
 * No other code writes a path below it.
 *
 * The record itself (entries, heads, objects and names) may be in a database of
 * PostgreSQL instead.  The folder then keeps the keys, what follows from the
 * entries, and what is under way.
 *
 * The table of its parts is also in docs/formats.md ("The data folder").
 */
#ifndef RECORD_DATA_H
#define RECORD_DATA_H

#include <sys/types.h>

#include "backend/postgres/postgres.h"
#include "base/file.h"
#include "record/record.h"

/* In the order of the table; what is in a folder comes after the folder. */
enum data_part {
	DATA_VKEY,
	DATA_LOCK,
	DATA_RELOAD,
	DATA_BACKUP,
	DATA_DATABASE,
	DATA_JOURNAL,
	DATA_ENTRIES,
	DATA_HEADS,
	DATA_NODES,
	DATA_ENDS,
	DATA_HASHES, /* the level follows */
	DATA_COSIGNATURES,
	DATA_KEYS,
	DATA_EVIDENCE,
	DATA_LEDGER,
	DATA_INDEX,
	DATA_COMMITS,
	DATA_TITLES,
	DATA_ACCEPTED,
	DATA_RESERVE,
	DATA_STORE,
	DATA_STORE_HEAD,
	DATA_STORE_CONFIG,
	DATA_STORE_INFO,
	DATA_ATTRIBUTES,
	DATA_OBJECTS,
	DATA_OBJECTS_INFO,
	DATA_PACKS,
	DATA_PACKED_REFS,
	DATA_REFS,
	DATA_SIGNER,
	DATA_MEMORY,
	DATA_JOURNAL_KEY,
	DATA_NEXT_KEY,
	DATA_DEPOSITARY_KEY,
	DATA_DEPOSITARY_REQUEST,
	DATA_SERVER,
	DATA_SERVER_KEY,
	DATA_SERVER_REQUEST,
	DATA_SPOOL,
	DATA_UPLOADS,
	DATA_BAGS,
	DATA_CACHE,
	DATA_CRLS,
	DATA_PARTS
};

/* How a backup copies a part. */
enum data_copied {
	DATA_NOT_COPIED,
	DATA_COPIED,      /* as it is now, whole or not at all */
	DATA_COPIED_TAIL, /* what the copy does not have of it: it only grows */
	DATA_COPIED_PACKS, /* those that the copy does not have */
	DATA_COPIED_REFS,
	DATA_COPIED_KEY, /* only if the keys are asked for */
};

/* The server's access to a part once its process is confined. */
enum data_access {
	DATA_NO_ACCESS, /* but for the folder that it is in */
	DATA_READ,
	DATA_WRITE,
};

struct data_about {
	const char *name; /* below the data folder */
	mode_t mode;
	bool is_folder;
	bool is_made; /* by "valised init" and "restore", empty */
	enum data_copied copied;
	enum data_access access;
	/* In words: what it is, who writes it, what is if it is not there. */
	const char *is, *writer, *missing;
};

/* A record, by where it is. */
struct data_place {
	const char *folder; /* the data folder */
	/* The database that has the record; conninfo NULL: the folder has it. */
	struct postgres_settings database;
	/*
	 * Called by data_open() once the right to write was taken, before the
	 * record is read: *signer may have to become what the signer remembers by
	 * now.  Or NULL.
	 */
	bool (*claimed)(void *arg, struct backend *backend, struct head *signer,
	    struct error *err);
	void *arg;
};

/* The place of a record that the data folder, or a backup, has itself. */
struct data_place data_in(const char *folder);

const struct data_about *data_about(enum data_part part);
/* Its path below the data folder. */
const char *data_name(enum data_part part);
/* Its path. */
bool data_path(const char *data, enum data_part part, char out[FILE_PATH],
    struct error *err) MUST_USE;
bool data_has(const char *data, enum data_part part);
/* Is it a data folder, or a backup of one? */
bool data_is_there(const char *data);
/* Make its folders, for its owner alone. */
bool data_make(const char *data, struct error *err) MUST_USE;
/*
 * Make an empty record: a store and a journal in the folder; or, in the folder,
 * what belongs to the tables of a database, which are there and empty.
 *
 * ERROR_CONFLICT   the database has a record already
 * ERROR_NOT_FOUND  it has no tables yet
 */
bool data_create(const struct data_place *place, struct error *err) MUST_USE;

/*
 * Make, in the folder, what belongs to the record that a database has already;
 * the place names one.
 *
 * ERROR_NOT_FOUND  it has no tables
 * ERROR_REFUSED    two daemons take part in it already
 */
bool data_join(const struct data_place *place, struct error *err) MUST_USE;

/*
 * The bytes in the file that is locked: random, and of this folder alone; then
 * such of the boot of the machine that locked it last.
 */
enum { DATA_LOCK_BYTES = 16, DATA_BOOT_BYTES = 16 };

/*
 * Take the lock that a writer must hold; it is held until the descriptor is
 * closed.  Returns -1, with ERROR_CONFLICT if another process holds it.
 */
int data_lock(const char *data, struct error *err) MUST_USE;

/*
 * Do folder and database belong together, and may this role write there?  A
 * folder that is not there yet is fine, and so is a record that is in it.
 */
bool data_check(const struct data_place *place, struct error *err) MUST_USE;

/* The journal's keys: vkey is the newest, journal/keys has those before. */
bool data_keys(const char *data, struct note_keys *out,
    struct error *err) MUST_USE;
/*
 * Open the journal to read, beside a daemon or without one (journal_view());
 * visit may be NULL.  NULL on failure.
 *
 * ERROR_CONFLICT  the folder belongs to another record than the database, or
 *  has its own; or the record is in a database that is not named
 */
struct journal *data_view(const struct data_place *place,
    journal_visitor *visit, void *arg, struct journal_mended *mended,
    struct error *err);
/* The same, with what it keeps of each entry in a file of this folder. */
struct journal *data_view_in(const struct data_place *place, const char *folder,
    journal_visitor *visit, void *arg, struct journal_mended *mended,
    struct error *err);
/*
 * Open the journal of a record in a database, which another daemon may write, to
 * follow it (journal_follow_on()); the lock is held.  *backend is the journal's.
 * NULL on failure.
 */
struct journal *data_follow(const struct data_place *place,
    const struct head *remembered, struct journal_mended *mended,
    struct backend **backend, struct error *err);
/*
 * Open the database of a place as what it is for the daemon that has the lock,
 * without its record.  NULL on failure; the caller closes it.
 */
struct backend *data_members(const struct data_place *place, struct error *err);
/*
 * Take part in the record of a database that was opened so (postgres_take_part()),
 * by this machine's name.
 */
bool data_take_part(struct backend *backend, struct error *err) MUST_USE;
/* Open the store to read, the same.  NULL on failure. */
struct store *data_view_store(const struct data_place *place,
    struct error *err);
/* Open the witnesses' lines to read.  NULL on failure. */
struct cosignatures *data_view_cosignatures(const char *data,
    struct error *err);
/* Open the store of a folder to write; the lock is held.  NULL on failure. */
struct store *data_store(const char *data, struct error *err);

/*
 * Open all that is kept, to write; the lock is held.  signer is what the signer
 * signed last; whole: read and check all entries (opening.h).  The library is
 * empty.  After false there is nothing to close.
 *
 * ERROR_UNTRUSTED  as journal_open()
 */
bool data_open(const struct data_place *place, const struct head *signer,
    bool whole, struct record *out, struct error *err) MUST_USE;
/* One of zeros is fine. */
void data_close(struct record *record);

#endif
