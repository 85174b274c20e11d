/*
 * The tables, and who may do what with them.
 *
 * No large objects, locks or triggers are used: tables, keys and references are
 * all that is asked of the server.
 */
#include <stdlib.h>
#include <string.h>

#include "backend/postgres/private.h"

/* Of version 1: new ones, too, come to this version by what follows. */
static const char tables[] =
    "CREATE SCHEMA valise;"
    /* id stays with the record; one row, as in lease and head. */
    "CREATE TABLE valise.meta ("
    " one bigint PRIMARY KEY CHECK (one = 1),"
    " version bigint NOT NULL, id uuid NOT NULL);"
    "CREATE TABLE valise.lease ("
    " id bigint PRIMARY KEY CHECK (id = 1),"
    " holder bytea NOT NULL, epoch bigint NOT NULL,"
    " until timestamptz NOT NULL);"
    /* The newest proposal: at is the length of its entries in bytes. */
    "CREATE TABLE valise.head ("
    " id bigint PRIMARY KEY CHECK (id = 1), epoch bigint NOT NULL,"
    " size bigint NOT NULL, at bigint NOT NULL, root bytea NOT NULL);"
    /* Every proposal: one after each size, so that there is one history. */
    "CREATE TABLE valise.chain ("
    " size bigint PRIMARY KEY, prior bigint NOT NULL UNIQUE,"
    " root bytea NOT NULL CHECK (octet_length(root) = 32),"
    " epoch bigint NOT NULL, at bigint NOT NULL, CHECK (size > prior));"
    "CREATE TABLE valise.published ("
    " n bigint PRIMARY KEY,"
    " size bigint NOT NULL REFERENCES valise.chain (size),"
    " time_ms bigint NOT NULL, root bytea NOT NULL,"
    " signature bytea NOT NULL CHECK (octet_length(signature) = 64));"
    "CREATE TABLE valise.entry ("
    " i bigint PRIMARY KEY, at bigint NOT NULL UNIQUE,"
    " line bytea NOT NULL CHECK (octet_length(line) <= 65535));"
    "CREATE TABLE valise.upload ("
    " id bytea PRIMARY KEY CHECK (octet_length(id) = 16),"
    " at timestamptz NOT NULL DEFAULT clock_timestamp());"
    "CREATE TABLE valise.chunk ("
    " upload bytea REFERENCES valise.upload (id) ON DELETE CASCADE,"
    " n bigint, z bytea NOT NULL, PRIMARY KEY (upload, n));"
    /* z is the zlib stream, or NULL: then it is in pieces, of upload. */
    "CREATE TABLE valise.object ("
    " oid bytea PRIMARY KEY CHECK (octet_length(oid) = 20),"
    " type bigint NOT NULL, size bigint NOT NULL, packed bigint NOT NULL,"
    " upload bytea UNIQUE REFERENCES valise.upload (id), z bytea,"
    " CHECK ((upload IS NULL) <> (z IS NULL)));"
    /* oid NULL: the name was removed. */
    "CREATE TABLE valise.name ("
    " name text COLLATE \"C\" PRIMARY KEY,"
    " oid bytea CHECK (octet_length(oid) = 20));"
    /* What is deflated is not compressed once more. */
    "ALTER TABLE valise.object ALTER z SET STORAGE EXTERNAL;"
    "ALTER TABLE valise.chunk ALTER z SET STORAGE EXTERNAL;"
    /* Rows that change often leave room for their next versions. */
    "ALTER TABLE valise.head SET (fillfactor = 10);"
    "ALTER TABLE valise.lease SET (fillfactor = 10);"
    "INSERT INTO valise.lease VALUES (1, '', 0, 'epoch');"
    "INSERT INTO valise.head VALUES (1, 0, 0, 0,"
    " decode(repeat('00', 32), 'hex'))";

/* What brings the tables of a version to the next one. */
static const char *const migrations[SCHEMA_VERSION] = {
	/*
	 * A mark that is NULL: the head was signed before (copied). remembered:
	 * by the signer of a stand-by; member is its place.  A row of stop stops
	 * every daemon; the owner removes it.
	 */
	[1] = "ALTER TABLE valise.chain ADD COLUMN mark bytea CHECK"
	      " (octet_length(mark) = 32);"
	      "CREATE TABLE valise.remembered ("
	      " size bigint, member bigint,"
	      " root bytea NOT NULL CHECK (octet_length(root) = 32),"
	      " mark bytea NOT NULL CHECK (octet_length(mark) = 32),"
	      " PRIMARY KEY (size, member));"
	      "CREATE TABLE valise.stop ("
	      " one bigint PRIMARY KEY CHECK (one = 1), reason text NOT NULL,"
	      " at timestamptz NOT NULL DEFAULT clock_timestamp())",
	/*
	 * The daemons that take part, two at most; place is a number of the
	 * data folder.  The owner removes one that is lost.
	 */
	[2] = "CREATE TABLE valise.member ("
	      " seat bigint PRIMARY KEY CHECK (seat IN (1, 2)),"
	      " place bigint NOT NULL UNIQUE, host text NOT NULL,"
	      " at timestamptz NOT NULL DEFAULT clock_timestamp())",
	/* sum is the bytes' SHA-256: one name may have several exhibits. */
	[3] = "CREATE TABLE valise.exhibit ("
	      " kind bigint, name bytea CHECK (octet_length(name) <= 32),"
	      " sum bytea CHECK (octet_length(sum) = 32),"
	      " bytes bytea NOT NULL, PRIMARY KEY (kind, name, sum));"
	      "ALTER TABLE valise.exhibit ALTER bytes SET STORAGE EXTERNAL",
};

/* Is there a table of this schema? */
static bool
find_tables(struct db *db, bool *there, struct error *err)
{
	PGresult *result = db_ask(db,
	    "SELECT to_regclass('valise.meta') IS NOT NULL", NULL, err);

	*there = result != NULL && strcmp(row_text(result, 0, 0), "t") == 0;
	PQclear(result);
	return result != NULL;
}

/* Get the version of the tables and the record's id. */
static bool
read_meta(struct db *db, unsigned long *version, char id[POSTGRES_ID],
    struct error *err)
{
	PGresult *result =
	    db_ask(db, "SELECT version, id::text FROM valise.meta", NULL, err);
	bool ok = result != NULL;

	if (ok && (PQntuples(result) != 1 || PQgetlength(result, 0, 1) != 36))
		ok = error_set(err, ERROR_UNTRUSTED,
		    "postgresql: table meta is damaged");
	if (ok) {
		*version = strtoul(row_text(result, 0, 0), NULL, 10);
		/* The first version was 1. */
		ok = *version > 0 ||
		    error_set(err, ERROR_UNTRUSTED,
			"postgresql: table meta is damaged: version %s",
			row_text(result, 0, 0));
		memcpy(id, PQgetvalue(result, 0, 1), POSTGRES_ID);
	}
	PQclear(result);
	return ok;
}

static bool
check_version(unsigned long version, struct error *err)
{
	if (version == SCHEMA_VERSION)
		return true;
	if (version < SCHEMA_VERSION)
		return error_set(err, ERROR_CONFLICT,
		    "postgresql: the tables are of version %lu, and this"
		    " program needs version %d: as their owner, run \"valised"
		    " tables\" (\"Upgrade\" in the operations manual)",
		    version, SCHEMA_VERSION);
	return error_set(err, ERROR_CONFLICT,
	    "postgresql: the tables are of version %lu, and this program knows"
	    " version %d: use the newer valised",
	    version, SCHEMA_VERSION);
}

/* --- Making them. --- */

/* Bring tables of a version to this one. */
static bool
bring_forward(struct db *db, unsigned long version, struct error *err)
{
	char sql[64];

	snprintf(sql, sizeof(sql), "UPDATE valise.meta SET version = %d",
	    SCHEMA_VERSION);
	for (; version < SCHEMA_VERSION; version++)
		if (!db_do(db, migrations[version], NULL, err))
			return false;
	return db_do(db, sql, NULL, err);
}

static bool
make_tables(struct db *db, struct error *err)
{
	return db_do(db, tables, NULL, err) &&
	    db_do(db,
		"INSERT INTO valise.meta VALUES (1, 1, gen_random_uuid())",
		NULL, err) &&
	    bring_forward(db, 1, err);
}

/* Tables that are there may be used if nothing is in them. */
static bool
check_empty(struct db *db, const char *id, struct error *err)
{
	PGresult *result;
	bool is_empty;

	result = db_ask(db,
	    "SELECT 1 FROM valise.head WHERE size > 0 UNION ALL"
	    " (SELECT 1 FROM valise.object LIMIT 1) UNION ALL"
	    " (SELECT 1 FROM valise.name LIMIT 1)",
	    NULL, err);
	if (result == NULL)
		return false;
	is_empty = PQntuples(result) == 0;
	PQclear(result);
	return is_empty ||
	    error_set(err, ERROR_CONFLICT,
		"postgresql: there is a record in this database already (%s)",
		id);
}

/*
 * An older program must not write meanwhile, and must have had signed what it
 * proposed: how it did that, only it knows.
 */
static bool
check_quiet(struct db *db, struct error *err)
{
	PGresult *result = db_ask(db,
	    "SELECT until > clock_timestamp(), head.size <> coalesce((SELECT"
	    " max(size) FROM valise.published), 0) FROM valise.lease,"
	    " valise.head FOR UPDATE",
	    NULL, err);
	bool ok = result != NULL;

	if (ok && PQntuples(result) != 1)
		ok = error_set(err, ERROR_UNTRUSTED,
		    "postgresql: table head or lease is damaged");
	if (ok && strcmp(row_text(result, 0, 0), "t") == 0)
		ok = error_set(err, ERROR_CONFLICT,
		    "postgresql: a daemon writes to these tables: stop it"
		    " first");
	if (ok && strcmp(row_text(result, 0, 1), "t") == 0)
		ok = error_set(err, ERROR_CONFLICT,
		    "postgresql: what was written last is not signed: start the"
		    " older valised once, and stop it again");
	PQclear(result);
	return ok;
}

/* Bring tables of an older version, with all that is in them, to this one. */
static bool
migrate(struct db *db, unsigned long version, struct error *err)
{
	/* One that only stalls must not go on afterwards. */
	return check_quiet(db, err) &&
	    db_do(db,
		"UPDATE valise.lease SET epoch = epoch + 1;"
		"UPDATE valise.head SET epoch = (SELECT epoch FROM"
		" valise.lease)",
		NULL, err) &&
	    bring_forward(db, version, err);
}

/* Tables are there: they are of an older version, or empty, or refused. */
static bool
use_tables(struct db *db, bool *was_older, struct error *err)
{
	unsigned long version;
	char id[POSTGRES_ID];

	if (!read_meta(db, &version, id, err))
		return false;
	*was_older = version < SCHEMA_VERSION;
	if (*was_older)
		return migrate(db, version, err);
	return check_version(version, err) && check_empty(db, id, err);
}

static bool
grant(struct db *db, const char *writer, struct error *err)
{
	char *name, sql[2048];
	bool ok;

	if (writer == NULL)
		return true;
	name = PQescapeIdentifier(db->conn, writer, strlen(writer));
	if (name == NULL)
		return error_set(err, ERROR_MALFORMED,
		    "postgresql: this is no name of a role");
	ok = snprintf(sql, sizeof(sql),
		 "GRANT USAGE ON SCHEMA valise TO %s;"
		 "GRANT SELECT ON ALL TABLES IN SCHEMA valise TO %s;"
		 "GRANT UPDATE ON valise.lease, valise.head, valise.name TO %s;"
		 "GRANT INSERT ON valise.chain, valise.published, valise.entry,"
		 " valise.upload, valise.chunk, valise.object, valise.name,"
		 " valise.remembered, valise.stop, valise.member,"
		 " valise.exhibit TO %s",
		 name, name, name, name) < (int)sizeof(sql) ||
	    error_set(err, ERROR_LIMIT,
		"postgresql: a role's name is too"
		" long");
	PQfreemem(name);
	return ok && db_do(db, sql, NULL, err);
}

static bool
create(struct db *db, const char *writer, bool *was_older, struct error *err)
{
	enum failure what;
	bool there;

	if (!db_do(db, "BEGIN", NULL, err) || !find_tables(db, &there, err) ||
	    !(there ? use_tables(db, was_older, err) : make_tables(db, err)) ||
	    !grant(db, writer, err))
		return false;
	return db_commit(db, &what, err) == COMMIT_DONE ||
	    error_context(err, "it is not known whether the tables were made");
}

/* Connect once, as the owner. */
static struct db *
open_owner(const struct postgres_settings *settings, struct error *err)
{
	struct keywords keywords;
	struct db *db;

	if (!keywords_make(settings, true, &keywords, err))
		return NULL;
	db = db_open(&keywords, "on", NULL, err);
	keywords_free(&keywords);
	return db;
}

bool
postgres_create(const struct postgres_settings *settings, const char *writer,
    bool *was_older, struct error *err)
{
	struct db *db = open_owner(settings, err);
	bool ok;

	*was_older = false;
	ok = db != NULL && create(db, writer, was_older, err);
	db_close(db);
	return ok;
}

bool
postgres_tidy(const struct postgres_settings *settings, unsigned *removed,
    struct error *err)
{
	struct db *db = open_owner(settings, err);
	PGresult *result = NULL;
	char sql[320];

	*removed = 0;
	snprintf(sql, sizeof(sql),
	    "DELETE FROM valise.upload WHERE at < clock_timestamp() - interval"
	    " '%d seconds' AND NOT EXISTS (SELECT 1 FROM valise.object WHERE"
	    " object.upload = upload.id)",
	    LIMIT_SECONDS_PIECES);
	if (db != NULL)
		result = db_ask(db, sql, NULL, err);
	if (result != NULL)
		*removed = (unsigned)strtoul(PQcmdTuples(result), NULL, 10);
	PQclear(result);
	db_close(db);
	return result != NULL;
}

bool
postgres_resume(const struct postgres_settings *settings, bool *was_stopped,
    struct error *err)
{
	struct db *db = open_owner(settings, err);
	PGresult *result = NULL;

	*was_stopped = false;
	if (db != NULL)
		result = db_ask(db, "DELETE FROM valise.stop", NULL, err);
	if (result != NULL)
		*was_stopped = strcmp(PQcmdTuples(result), "0") != 0;
	PQclear(result);
	db_close(db);
	return result != NULL;
}

/* Does the member of this row write?  Its place begins the holder of the lease. */
static bool
holds_lease(const PGresult *result)
{
	const uint64_t place =
	    (uint64_t)strtoll(row_text(result, 0, 1), NULL, 10);
	const char *holder = row_text(result, 0, 3);
	char hex[2 * sizeof(place) + 1] = "";
	uint8_t bytes[sizeof(place)];

	memcpy(bytes, &place, sizeof(place));
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
	return strcmp(row_text(result, 0, 2), "t") == 0 &&
	    strncmp(holder, hex, sizeof(hex) - 1) == 0;
}

/* Delete the row of a member that does not write. */
static bool
delete_member(struct db *db, unsigned seat, char host[POSTGRES_HOST],
    struct error *err)
{
	char sql[400];
	PGresult *result;
	bool ok;

	snprintf(sql, sizeof(sql),
	    "SELECT host, place, (SELECT until > clock_timestamp() FROM"
	    " valise.lease), (SELECT encode(holder, 'hex') FROM valise.lease)"
	    " FROM valise.member WHERE seat = %u FOR UPDATE",
	    seat);
	if ((result = db_ask(db, sql, NULL, err)) == NULL)
		return false;
	ok =
	    (PQntuples(result) == 1 ||
		error_set(err, ERROR_NOT_FOUND,
		    "postgresql: nobody who takes part has number %u", seat)) &&
	    (!holds_lease(result) ||
		error_set(err, ERROR_CONFLICT,
		    "postgresql: %u (%.64s) writes: stop it first, or have it"
		    " yield",
		    seat, row_text(result, 0, 0)));
	if (ok)
		snprintf(host, POSTGRES_HOST, "%s", row_text(result, 0, 0));
	PQclear(result);
	snprintf(sql, sizeof(sql), "DELETE FROM valise.member WHERE seat = %u",
	    seat);
	return ok && db_do(db, sql, NULL, err);
}

bool
postgres_forget(const struct postgres_settings *settings, unsigned seat,
    char host[POSTGRES_HOST], struct error *err)
{
	struct db *db = open_owner(settings, err);
	enum failure what;
	bool ok;

	ok = db != NULL && db_do(db, "BEGIN", NULL, err) &&
	    delete_member(db, seat, host, err) &&
	    db_commit(db, &what, err) == COMMIT_DONE;
	db_close(db);
	return ok;
}

/* --- Opening them. --- */

/* A role that may do more than it needs is refused. */
static bool
check_role(struct db *db, struct error *err)
{
	PGresult *result = db_ask(db,
	    "SELECT relname FROM pg_class WHERE relnamespace ="
	    " 'valise'::regnamespace AND relkind = 'r' AND"
	    " (has_table_privilege(oid, 'DELETE, TRUNCATE') OR"
	    " (relname NOT IN ('head', 'lease', 'name') AND"
	    " has_table_privilege(oid, 'UPDATE')) OR"
	    " has_schema_privilege(relnamespace, 'CREATE'))"
	    " ORDER BY relname LIMIT 1",
	    NULL, err);
	bool ok = result != NULL;

	if (ok && PQntuples(result) > 0)
		ok = error_set(err, ERROR_REFUSED,
		    "postgresql: the role \"%s\" may change or delete rows of"
		    " table %s: the daemon needs a role of its own, to which"
		    " init gives no more than it needs",
		    PQuser(db->conn), row_text(result, 0, 0));
	PQclear(result);
	return ok;
}

bool
schema_check(struct db *db, bool writes, char id[POSTGRES_ID],
    struct error *err)
{
	unsigned long version;
	bool there;

	if (!find_tables(db, &there, err))
		return false;
	if (!there)
		return error_set(err, ERROR_NOT_FOUND,
		    "postgresql: there is no record in database \"%s\"",
		    PQdb(db->conn));
	return read_meta(db, &version, id, err) &&
	    check_version(version, err) && (!writes || check_role(db, err));
}
