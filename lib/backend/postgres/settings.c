/*
 * Settings of a connection: which are allowed, and the defaults for all that
 * libpq would take from the environment or the home folder.
 */
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/postgres/private.h"

#define SOCKETS "/var/run/postgresql" /* Debian's */

/*
 * A path that cannot be there: libpq then looks for no file of that kind in the
 * home folder.
 */
#define NOWHERE "/dev/null/none"

/* What is done with a keyword; one that is not listed is refused. */
static const struct known {
	const char *name;
	bool is_file;
	const char *refused; /* why; or NULL */
} known[] = {
	{ .name = "service" },
	{ .name = "host" },
	{ .name = "hostaddr" },
	{ .name = "port" },
	{ .name = "dbname" },
	{ .name = "user" },
	{ .name = "passfile", .is_file = true },
	{ .name = "sslmode" },
	{ .name = "sslcert", .is_file = true },
	{ .name = "sslkey", .is_file = true },
	{ .name = "sslrootcert", .is_file = true },
	{ .name = "sslcrl", .is_file = true },
	{ .name = "sslcrldir", .is_file = true },
	{ .name = "sslsni" },
	{ .name = "ssl_min_protocol_version" },
	{ .name = "ssl_max_protocol_version" },
	{ .name = "channel_binding" },
	{ .name = "require_auth" },
	{ .name = "requirepeer" },
	{ .name = "target_session_attrs" },
	{ .name = "load_balance_hosts" },
	{ .name = "connect_timeout" },
	{ .name = "tcp_user_timeout" },
	{ .name = "keepalives" },
	{ .name = "keepalives_idle" },
	{ .name = "keepalives_interval" },
	{ .name = "keepalives_count" },
	{ .name = "password",
	    .refused = "a password would stand in the configuration, for all"
		       " who read it: name a passfile, or use a client"
		       " certificate or peer authentication" },
	{ .name = "sslpassword",
	    .refused = "a passphrase would stand in the configuration, for all"
		       " who read it: use a key without one, in a file that"
		       " only valised reads" },
};

static const struct known *
find_known(const char *name)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(known[i].name, name) == 0)
			return &known[i];
	return NULL;
}

void
keywords_free(struct keywords *keywords)
{
	for (size_t i = 0; i < keywords->num; i++)
		free(keywords->values[i]);
	*keywords = (struct keywords){ .num = 0 };
}

const char *
keywords_get(const struct keywords *keywords, const char *name)
{
	for (size_t i = 0; i < keywords->num; i++)
		if (strcmp(keywords->names[i], name) == 0)
			return keywords->values[i];
	return NULL;
}

bool
keywords_default(struct keywords *keywords, const char *name, const char *value,
    struct error *err)
{
	const struct known *found = find_known(name);
	char *copy;

	if (keywords_get(keywords, name) != NULL)
		return true;
	if (found != NULL && found->refused != NULL)
		return error_set(err, ERROR_REFUSED, "%s: %s", name,
		    found->refused);
	if (found == NULL)
		return error_set(err, ERROR_REFUSED,
		    "%s: this keyword is not used here", name);
	if (keywords->num == KEYWORDS_MAX || (copy = strdup(value)) == NULL)
		return error_set_outside(err, "no memory");
	keywords->names[keywords->num] = found->name;
	keywords->values[keywords->num++] = copy;
	return true;
}

/* Set what no user may set: it is not in the list. */
static bool
set_own(struct keywords *keywords, const char *name, const char *value,
    struct error *err)
{
	char *copy;

	if (keywords->num == KEYWORDS_MAX || (copy = strdup(value)) == NULL)
		return error_set_outside(err, "no memory");
	keywords->names[keywords->num] = name;
	keywords->values[keywords->num++] = copy;
	return true;
}

/* Take the keywords of the string, and those of its service. */
static bool
parse(const struct postgres_settings *settings, struct keywords *out,
    struct error *err)
{
	char *why = NULL;
	PQconninfoOption *all = PQconninfoParse(settings->conninfo, &why);
	const char *service;
	bool ok = true;

	if (all == NULL) {
		error_set(err, ERROR_MALFORMED, "it is no connection string");
		if (why != NULL)
			error_set(err, ERROR_MALFORMED, "%.*s",
			    (int)strcspn(why, "\n"), why);
		PQfreemem(why);
		return false;
	}
	for (PQconninfoOption *o = all; ok && o->keyword != NULL; o++)
		if (o->val != NULL)
			ok = keywords_default(out, o->keyword, o->val, err);
	PQconninfoFree(all);
	service = keywords_get(out, "service");
	return ok &&
	    (service == NULL ||
		service_read(settings->services != NULL ? settings->services
							: POSTGRES_SERVICES,
		    service, out, err));
}

/* Is each host of the list a folder of Unix sockets? */
static bool
is_local(const struct keywords *keywords)
{
	const char *host = keywords_get(keywords, "host");

	if (keywords_get(keywords, "hostaddr") != NULL)
		return false;
	while (host != NULL) {
		if (host[0] != '/' && host[0] != '@')
			return false;
		if ((host = strchr(host, ',')) != NULL)
			host++;
	}
	return true;
}

/* Is it a socket, or a server whose certificate is checked? */
static bool
check_security(const struct keywords *keywords, bool local, struct error *err)
{
	const char *mode = keywords_get(keywords, "sslmode");

	if (local)
		return true;
	if (mode == NULL || strcmp(mode, "verify-full") != 0)
		return error_set(err, ERROR_REFUSED,
		    "sslmode must be verify-full, so that nobody else answers"
		    " in the server's place; or the host must be the folder of"
		    " a Unix socket");
	return keywords_get(keywords, "sslrootcert") != NULL ||
	    error_set(err, ERROR_REFUSED,
		"sslmode=verify-full needs sslrootcert, the file of the CAs"
		" that the server's certificate may be of");
}

/*
 * The user's name by which this process runs.  It is looked up once, when
 * settings are first checked: a process that was confined since could no longer
 * read who it is.
 */
static char user_name[64];

static void
find_user(void)
{
	char room[4096];
	struct passwd entry, *found = NULL;

	if (getpwuid_r(geteuid(), &entry, room, sizeof(room), &found) == 0 &&
	    found != NULL && strlen(found->pw_name) < sizeof(user_name))
		memcpy(user_name, found->pw_name, strlen(found->pw_name) + 1);
}

static bool
add_user(struct keywords *keywords, struct error *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	if (keywords_get(keywords, "user") != NULL)
		return true;
	pthread_once(&once, find_user);
	return user_name[0] != '\0'
	    ? keywords_default(keywords, "user", user_name, err)
	    : error_set(err, ERROR_MALFORMED, "no user is given");
}

/* Set all that libpq would look for elsewhere. */
static bool
add_defaults(struct keywords *keywords, bool local, bool writes,
    struct error *err)
{
	static const struct {
		const char *name, *value;
	} defaults[] = {
		{ "passfile", NOWHERE },
		{ "sslcert", NOWHERE },
		{ "sslkey", NOWHERE },
		{ "sslrootcert", NOWHERE },
		{ "connect_timeout", "10" },
		{ "tcp_user_timeout", "30000" },
		{ "keepalives_idle", "10" },
		{ "keepalives_interval", "5" },
		{ "keepalives_count", "3" },
	};
	bool ok = add_user(keywords, err);

	for (size_t i = 0; ok && i < sizeof(defaults) / sizeof(defaults[0]);
	     i++)
		ok = keywords_default(keywords, defaults[i].name,
		    defaults[i].value, err);
	if (ok && keywords_get(keywords, "sslcrldir") == NULL)
		ok = keywords_default(keywords, "sslcrl", NOWHERE, err);
	if (ok && local && keywords_get(keywords, "host") == NULL)
		ok = keywords_default(keywords, "host", SOCKETS, err);
	return ok && keywords_default(keywords, "sslmode", "disable", err) &&
	    keywords_default(keywords, "dbname", keywords_get(keywords, "user"),
		err) &&
	    keywords_default(keywords, "target_session_attrs",
		writes ? "read-write" : "any", err) &&
	    set_own(keywords, "gssencmode", "disable", err) &&
	    set_own(keywords, "client_encoding", "UTF8", err) &&
	    set_own(keywords, "application_name", "valise", err);
}

/* libpq would look for the service once more. */
static void
drop_service(struct keywords *keywords)
{
	for (size_t i = 0; i < keywords->num; i++)
		if (strcmp(keywords->names[i], "service") == 0) {
			free(keywords->values[i]);
			keywords->num--;
			keywords->names[i] = keywords->names[keywords->num];
			keywords->values[i] = keywords->values[keywords->num];
			keywords->names[keywords->num] = NULL;
			keywords->values[keywords->num] = NULL;
			return;
		}
}

bool
keywords_make(const struct postgres_settings *settings, bool writes,
    struct keywords *out, struct error *err)
{
	bool ok, local;

	postgres_clear_environment();
	*out = (struct keywords){ .num = 0 };
	ok = parse(settings, out, err);
	local = is_local(out);
	ok = ok && check_security(out, local, err) &&
	    add_defaults(out, local, writes, err);
	if (ok) {
		drop_service(out);
		return true;
	}
	keywords_free(out);
	return error_context(err, "postgresql");
}

bool
postgres_check_settings(const struct postgres_settings *settings,
    struct error *err)
{
	struct keywords keywords;
	const bool ok = keywords_make(settings, true, &keywords, err);

	if (ok)
		keywords_free(&keywords);
	return ok;
}

bool
postgres_files(const struct postgres_settings *settings,
    postgres_file_visitor *visit, void *arg, struct error *err)
{
	const char *services =
	    settings->services != NULL ? settings->services : POSTGRES_SERVICES;
	struct keywords keywords = { .num = 0 };
	bool ok = parse(settings, &keywords, err);

	if (ok && keywords_get(&keywords, "service") != NULL)
		ok = visit(arg, services, err);
	for (size_t i = 0; ok && i < keywords.num; i++)
		if (find_known(keywords.names[i])->is_file)
			ok = visit(arg, keywords.values[i], err);
	keywords_free(&keywords);
	return ok;
}

void
postgres_clear_environment(void)
{
	static const char *const others[] = { "PGSERVICEFILE", "PGSYSCONFDIR",
		"PGLOCALEDIR", "PGDATESTYLE", "PGTZ", "PGGEQO",
		"PGREQUIRESSL" };
	PQconninfoOption *all = PQconninfoParse("", NULL);

	for (PQconninfoOption *o = all; o != NULL && o->keyword != NULL; o++)
		if (o->envvar != NULL)
			unsetenv(o->envvar);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		unsetenv(others[i]);
	PQconninfoFree(all);
}
