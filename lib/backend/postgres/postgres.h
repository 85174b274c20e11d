/*
 * postgres.h - a record in a database of PostgreSQL, 15 or newer, by libpq.
 *
 * The database is not trusted.  What it returns for an object is hashed and
 * compared with the object's name; the journal compares entries and heads with
 * what the signer signed.
 *
 * Two roles are needed.  The owner makes the tables (postgres_create()) and
 * removes what was never used (postgres_tidy()).  The writer's role may read
 * and add rows, and change rows of head, lease and name only; postgres_open()
 * refuses a role that may do more.
 *
 * Of the machines that PostgreSQL copies to, "synchronous_standby_names" says
 * which ones have flushed a transaction before its COMMIT is answered.  A COMMIT
 * whose answer is lost, or comes with a warning, is not believed: the head is
 * read again in a transaction that changes it, so that it is as durable as that
 * transaction.
 *
 * libpq reads what the connection string names and nothing else: not the home
 * folder, and no variable of the environment.  These functions remove libpq's
 * variables from the environment, so they are first called before other threads
 * run.
 */
#ifndef BACKEND_POSTGRES_POSTGRES_H
#define BACKEND_POSTGRES_POSTGRES_H

#include "backend/backend.h"

/* The file of services, if the settings name none: Debian's. */
#define POSTGRES_SERVICES "/etc/postgresql-common/pg_service.conf"

struct postgres_settings {
	/*
	 * As libpq takes it: "host=/run/postgresql dbname=valise", or
	 * "service=valise", which is a section of the file of services.
	 */
	const char *conninfo;
	const char *services; /* the file of services, or NULL */
	/*
	 * How many machines must have flushed a proposal before it counts, the
	 * primary among them; 0 and 1: the primary.  While the server is set to
	 * fewer, claim() and propose() return ERROR_UNAVAILABLE.
	 */
	unsigned durable;
	/*
	 * A number of the data folder, which stays with it and which copies of
	 * it have too; 0: none.  By it a daemon that stands by knows who wrote
	 * last.  And one of a locked file in it, which no copy has: a lease of
	 * both numbers is that of a process that has ended, and is taken at
	 * once.
	 */
	uint64_t place;
	uint32_t file;
	/*
	 * Called before the head that the signer remembers is published when the
	 * record is opened to write: false if its signature must not be given
	 * out yet.  Or NULL.
	 */
	bool (*may_publish)(void *arg, struct backend *backend,
	    const struct head *head, struct error *err);
	void *arg;
};

/*
 * Check that the connection is one that is used: over a Unix socket, or with
 * sslmode=verify-full.
 *
 * ERROR_MALFORMED  it is no connection string, or the service is not there
 * ERROR_REFUSED    it has a password, or something else that is not used
 * ERROR_SYSTEM     the file of services cannot be read
 */
bool postgres_check_settings(const struct postgres_settings *settings,
    struct error *err) MUST_USE;

/*
 * Visit each file and folder that is read when a connection is made, by its
 * path: passfile, certificate, key, CAs, CRLs.  The file of services is among
 * them, which is read by postgres_open() only.
 */
typedef bool postgres_file_visitor(void *arg, const char *path,
    struct error *err);
bool postgres_files(const struct postgres_settings *settings,
    postgres_file_visitor *visit, void *arg, struct error *err) MUST_USE;

/*
 * Make the tables, in one transaction; and give writer, a role that is there,
 * what it needs (NULL: nobody).  Tables of an older version are brought to this
 * one, with the record that is in them; *was_older tells so.  The settings are
 * those of the owner.
 *
 * ERROR_CONFLICT  there is a record in them, or they are of a newer version; they
 *  are of an older one, and a daemon writes to them or has left something unsigned
 */
bool postgres_create(const struct postgres_settings *settings,
    const char *writer, bool *was_older, struct error *err) MUST_USE;

/*
 * Remove the pieces of large objects that were begun more than a day ago and
 * belong to no object; *removed gets the number of such uploads.  The settings
 * are those of the owner.
 */
bool postgres_tidy(const struct postgres_settings *settings, unsigned *removed,
    struct error *err) MUST_USE;

/*
 * Open the record: postgres_open() to write, once claim() has got the right to,
 * postgres_view() to read.  A view also works on a standby.
 *
 * claim() takes a lease of LIMIT_SECONDS_LEASE, and a thread renews it.  The
 * lease of a process that was killed has to run out first: claim() waits for
 * that (unless it was one of the same place), and returns ERROR_CONFLICT once
 * it sees that the holder lives.
 *
 * (ERROR_REFUSED if that is one of the same place: it has a copy of the folder.)
 *
 * ERROR_UNAVAILABLE  nobody answers
 * ERROR_NOT_FOUND    there is no record in this database
 * ERROR_CONFLICT     the tables are of another version
 * ERROR_REFUSED      the role may do too much, or the server is set not to
 *  keep what it says (fsync, full_page_writes)
 */
struct backend *postgres_open(const struct postgres_settings *settings,
    struct error *err);
struct backend *postgres_view(const struct postgres_settings *settings,
    struct error *err);

/*
 * --- Two daemons on one record: one writes, the other stands by. ---
 */

/* The right to write, as it is seen by who does not have it. */
struct postgres_lease {
	uint64_t epoch;   /* 0: nobody ever wrote */
	bool is_over;     /* nobody renews it */
	bool is_ours;     /* its last holder was of the place in our settings */
	bool is_given;    /* its last holder gave it away (postgres_yield()) */
	uint64_t place;   /* of its last holder; 0: none */
	int64_t clock_ms; /* what the server's clock says */
};

/* ERROR_UNTRUSTED  the service was stopped (backend.h, stop()) */
bool postgres_lease(struct backend *backend, struct postgres_lease *out,
    struct error *err) MUST_USE;
/*
 * Does this handle have the right to write for sure, by this machine's clock
 * alone?  Who does not may show a record that another one has gone on with.
 *
 * ERROR_UNAVAILABLE  it was not renewed in time
 * ERROR_SYSTEM       another process has it, or it was given away: stop
 */
bool postgres_holds(struct backend *backend, struct error *err) MUST_USE;
/*
 * Give the right to write away: this place does not take it again by itself, and
 * writes nothing more.
 */
bool postgres_yield(struct backend *backend, struct error *err) MUST_USE;

/*
 * Make sure that a proposal that was read is as durable as the settings ask: what
 * is seen may be on one machine alone, if the wait for the others was cut short.
 *
 * ERROR_UNAVAILABLE  it is gone, or it is not sure
 */
bool postgres_ascertain(struct backend *backend, const struct head *head,
    struct error *err) MUST_USE;
/*
 * Tell that the signer of this place has remembered a head; mark says so
 * (journal/mark.h).  *was_told: that was told before, and not by this call.
 */
bool postgres_remember(struct backend *backend, const struct head *head,
    const struct digest *mark, bool *was_told, struct error *err) MUST_USE;
/*
 * Has the signer of another place remembered this head?  *there tells; its place
 * and mark are given, which the caller must check.
 */
struct postgres_memory {
	uint64_t place;
	struct digest mark;
};
bool postgres_remembered(struct backend *backend, const struct head *head,
    struct postgres_memory *out, bool *there, struct error *err) MUST_USE;
/* Get the newest size that another place says it remembers; 0: none. */
bool postgres_newest_remembered(struct backend *backend, uint64_t *size,
    struct error *err) MUST_USE;
uint64_t postgres_place(struct backend *backend);

/*
 * Take part in the record: two daemons do, each at its place, and a third would
 * make that two pairs of signers remember different histories.  host is the name
 * of this machine, for who reads the reason of a refusal.
 *
 * ERROR_REFUSED  two others do
 */
bool postgres_take_part(struct backend *backend, const char *host,
    struct error *err) MUST_USE;
/*
 * Would a daemon that joins be the third?  One that writes now takes part, whether
 * it has said so or not.
 *
 * ERROR_REFUSED  it would
 */
bool postgres_check_room(struct backend *backend, struct error *err) MUST_USE;
/*
 * One of the two is lost: it takes part no more, and another may in its place.
 * The settings are those of the owner; host gets the name of its machine.
 *
 * ERROR_NOT_FOUND  nobody has this number
 * ERROR_CONFLICT   it writes
 */
#define POSTGRES_HOST 65
bool postgres_forget(const struct postgres_settings *settings, unsigned seat,
    char host[POSTGRES_HOST], struct error *err) MUST_USE;

/*
 * Has a daemon gone on with the record since its tables were brought to another
 * version?  Until then they lack the exhibits that only a data folder had.
 */
bool postgres_is_opened(struct backend *backend, bool *is,
    struct error *err) MUST_USE;
/* Undo stop().  The settings are those of the owner. */
bool postgres_resume(const struct postgres_settings *settings,
    bool *was_stopped, struct error *err) MUST_USE;

/* The record's id, made by postgres_create(); it is the same in all copies. */
#define POSTGRES_ID 37
void postgres_id(struct backend *backend, char out[POSTGRES_ID]);

#endif
