/*
 * postgres_fixture.h - a PostgreSQL server for unit tests: a private cluster in
 * a temporary folder, on a Unix socket only, by a user without rights.
 */
#ifndef TESTS_UNIT_POSTGRES_FIXTURE_H
#define TESTS_UNIT_POSTGRES_FIXTURE_H

#include <check.h>
#include <libpq-fe.h>

#include "backend/postgres/postgres.h"

/*
 * Start the server, from main().  Returns false, and says so, where none is
 * installed.  The server ends with this process.
 */
bool pg_start(void);
void pg_stop(void);
/*
 * run_test_cases() (unit.h) with the server; without one the last case, which needs
 * it, is left out.
 */
int pg_run_test_cases(const char *name, void (*const fills[])(TCase *tcase),
    size_t num);

/* The owner's and the writer's connection strings, valid until pg_stop(). */
extern const struct postgres_settings pg_owner, pg_writer;
/* The folder of the socket, and of all that the server has. */
const char *pg_folder(void);

/* Remove all tables and make them anew. */
void pg_reset(void);
/* Open the record to write. */
struct backend *pg_open(void);
/* Run statements as a superuser, and return the first value, or "". */
const char *pg_sql(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Wait until a query gives this value. */
void pg_wait(const char *sql, const char *value);

#endif
