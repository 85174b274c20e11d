/*
 * A private PostgreSQL server (postgres_fixture.h).
 */
#include "postgres_fixture.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "unit.h"

#define VERSIONS "/usr/lib/postgresql"

static char dir[UNIT_DIR], bin[128], owner[256], writer[256];
const struct postgres_settings pg_owner = { .conninfo = owner };
const struct postgres_settings pg_writer = { .conninfo = writer };
static pid_t server = -1;

/* Find the programs of the newest version. */
static bool
find_programs(void)
{
	struct dirent *entry;
	long newest = 0;
	DIR *all = opendir(VERSIONS);

	while (all != NULL && (entry = readdir(all)) != NULL) {
		const long version = strtol(entry->d_name, NULL, 10);

		if (version > newest)
			newest = version;
	}
	if (all != NULL)
		closedir(all);
	snprintf(bin, sizeof(bin), VERSIONS "/%ld/bin", newest);
	return newest >= 15;
}

/* Become a user without rights: the server refuses to run as root. */
static void
drop_rights(void)
{
	const struct passwd *nobody;

	if (geteuid() != 0)
		return;
	nobody = getpwnam("nobody");
	if (nobody == NULL || chown(dir, nobody->pw_uid, nobody->pw_gid) != 0 ||
	    setgroups(0, NULL) != 0 || setgid(nobody->pw_gid) != 0 ||
	    setuid(nobody->pw_uid) != 0)
		_exit(126);
}

/*
 * Run a program of the server's, whose output goes to a file.  It gets its path as
 * the first argument: it looks for the others of the server beside that.
 */
static pid_t
run(const char *name, const char *argv[])
{
	const pid_t parent = getpid(), pid = fork();
	char path[256], log[UNIT_DIR + 8];
	int fd;

	if (pid != 0)
		return pid;
	drop_rights();
	prctl(PR_SET_PDEATHSIG, SIGQUIT);
	if (getppid() != parent)
		_exit(126);
	snprintf(log, sizeof(log), "%s/log", dir);
	fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	dup2(fd, 1);
	dup2(fd, 2);
	snprintf(path, sizeof(path), "%s/%s", bin, name);
	argv[0] = path;
	execv(path, (char *const *)(uintptr_t)argv);
	_exit(127);
}

static bool
make_cluster(const char *data)
{
	const char *argv[] = { NULL, "-D", data, "-A", "trust", "-U",
		"postgres", "--no-locale", "-E", "UTF8", "-N", NULL };
	int status;

	return waitpid(run("initdb", argv), &status, 0) > 0 && status == 0;
}

static void
pause_ms(long ms)
{
	const struct timespec time = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&time, NULL);
}

/* Wait until the server answers. */
static bool
wait_for_server(void)
{
	for (unsigned i = 0; i < 2400; i++) {
		if (PQping(owner) == PQPING_OK)
			return true;
		if (waitpid(server, NULL, WNOHANG) == server)
			return false;
		pause_ms(50);
	}
	return false;
}

static bool
start_cluster(const char *data)
{
	char sockets[UNIT_DIR + 40];
	const char *argv[] = { NULL, "-D", data, "-c",
		"listen_addresses=", "-c", sockets, "-c", "shared_buffers=32MB",
		"-c", "max_connections=60", NULL };

	snprintf(sockets, sizeof(sockets), "unix_socket_directories=%s", dir);
	server = run("postgres", argv);
	return wait_for_server();
}

/* The role of the daemon. */
static bool
make_role(void)
{
	PGconn *conn = PQconnectdb(owner);
	PGresult *result = PQexec(conn, "CREATE ROLE writer LOGIN");
	const bool ok = PQresultStatus(result) == PGRES_COMMAND_OK;

	PQclear(result);
	PQfinish(conn);
	return ok;
}

bool
pg_start(void)
{
	char data[UNIT_DIR + 8];

	if (!find_programs()) {
		puts("skipped: PostgreSQL is not installed: nothing of it is"
		     " tested");
		return false;
	}
	snprintf(dir, sizeof(dir), "/tmp/valise-pg-XXXXXX");
	if (mkdtemp(dir) == NULL)
		abort();
	snprintf(data, sizeof(data), "%s/data", dir);
	snprintf(owner, sizeof(owner), "host=%s user=postgres dbname=postgres",
	    dir);
	snprintf(writer, sizeof(writer), "host=%s user=writer dbname=postgres",
	    dir);
	if (!make_cluster(data) || !start_cluster(data)) {
		fprintf(stderr, "no server: see %s/log\n", dir);
		abort();
	}
	return make_role();
}

void
pg_stop(void)
{
	if (server < 0)
		return;
	kill(server, SIGINT);
	waitpid(server, NULL, 0);
	file_remove_tree(dir);
}

const char *
pg_folder(void)
{
	return dir;
}

/* Notices of tables that are dropped are of no interest. */
static void
ignore_notice(void *arg, const PGresult *notice)
{
	(void)arg, (void)notice;
}

const char *
pg_sql(const char *fmt, ...)
{
	static char value[256];
	PGconn *conn = PQconnectdb(owner);
	PGresult *result;
	char sql[1024];
	va_list args;

	PQsetNoticeReceiver(conn, ignore_notice, NULL);
	va_start(args, fmt);
	vsnprintf(sql, sizeof(sql), fmt, args);
	va_end(args);
	result = PQexec(conn, sql);
	ck_assert_msg(PQresultStatus(result) == PGRES_TUPLES_OK ||
		PQresultStatus(result) == PGRES_COMMAND_OK,
	    "%s: %s", sql, PQerrorMessage(conn));
	value[0] = '\0';
	if (PQntuples(result) > 0)
		snprintf(value, sizeof(value), "%s", PQgetvalue(result, 0, 0));
	PQclear(result);
	PQfinish(conn);
	return value;
}

void
pg_wait(const char *sql, const char *value)
{
	for (unsigned i = 0; i < 2400; i++) {
		if (strcmp(pg_sql("%s", sql), value) == 0)
			return;
		pause_ms(20);
	}
	ck_abort_msg("%s never gives %s", sql, value);
}

void
pg_reset(void)
{
	static const char standbys[] =
	    "SELECT current_setting('synchronous_standby_names')";
	struct error err = { 0 };

	bool was_older;

	/* A test that failed may have left it; then no change would end. */
	if (pg_sql("%s", standbys)[0] != '\0') {
		pg_sql("ALTER SYSTEM RESET ALL");
		pg_sql("SELECT pg_reload_conf()");
		pg_wait(standbys, "");
	}
	pg_sql("DROP SCHEMA IF EXISTS valise CASCADE");
	ck_ok(postgres_create(&pg_owner, "writer", &was_older, &err), err);
}

struct backend *
pg_open(void)
{
	struct error err = { 0 };
	struct backend *backend = postgres_open(&pg_writer, &err);

	ck_ok(backend != NULL, err);
	return backend;
}

int
pg_run_test_cases(const char *name, void (*const fills[])(TCase *tcase),
    size_t num)
{
	const bool has_server = pg_start();
	const int status =
	    run_test_cases(name, fills, num - (has_server ? 0 : 1));

	pg_stop();
	return status;
}
