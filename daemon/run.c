/*
 * Starting the signer and the server, running them and ending both (run.h).
 */
#include "daemon/run.h"

#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "base/time.h"
#include "daemon/confine.h"
#include "daemon/daemon.h"
#include "daemon/data/backup.h"
#include "daemon/data/keys.h"
#include "daemon/log.h"
#include "daemon/memory.h"
#include "daemon/metrics.h"
#include "daemon/owner.h"
#include "daemon/reload.h"
#include "daemon/settings.h"
#include "daemon/standby/standby.h"
#include "daemon/status.h"
#include "daemon/writer/seal.h"
#include "record/data.h"

/* The right to write is being given away; atomic. */
static bool gives_away;

/* What still waited then fails; who gives it away ends the process. */
static void
on_fatal(const struct error *err)
{
	while (__atomic_load_n(&gives_away, __ATOMIC_ACQUIRE))
		pause();
	daemon_die(err);
}

/* The journal's time never runs backwards: if the clock is behind it, wait. */
static void
check_clock(const struct record *record)
{
	const int64_t ahead_ms = record_time_ms(record) - time_now_ms();

	if (ahead_ms > TIME_SKEW_SECONDS * 1000)
		log_warning("clock", "journal_is_ahead_s=%lld reason=%s",
		    (long long)(ahead_ms / 1000),
		    log_text("this clock is behind the journal's newest entry,"
			     " or was ahead when it was made: set it by NTP"
			     " (timedatectl); if it is right, wait until it"
			     " has caught up"));
}

static bool
start_registrar(struct daemon *daemon, struct error *err)
{
	const struct batch_state state = { .now = { .policy = daemon->policy,
					       .crls = daemon->crls },
		.size = journal_size(daemon->record.journal),
		.time_ms = ledger_time_ms(daemon->record.ledger),
		.replacing = daemon->replacing };

	daemon->registrar = registrar_new(&daemon->record, daemon->signer,
	    &state, on_fatal, err);
	return daemon->registrar != NULL;
}

/* Append the "start" entry. */
static bool
journal_start(struct daemon *daemon, struct error *err)
{
	struct act_request *act = calloc(1, sizeof(*act));
	bool ok;

	if (act == NULL)
		return error_set_errno(err, "start");
	/* That entry must stay the last one until the new key is in use. */
	if (daemon->replacing) {
		log_warning("key", "result=waiting reason=%s",
		    log_text("no act is taken until a quorum of witnesses has"
			     " cosigned the next key; then start anew"));
		free(act);
		return true;
	}
	act->act = ACT_START;
	/* Who takes over changes nothing of what is in force. */
	ok = registrar_adopt(daemon->registrar, daemon->policy, daemon->crls,
		 err) &&
	    registrar_do(daemon->registrar, act, err);
	free(act);
	return ok;
}

/* Why the address cannot be listened on, and what to do. */
static bool
cannot_listen(const struct config *config, struct error *err)
{
	const char *host = config->listen_host, *port = config->listen_port;

	switch (errno) {
	case EADDRINUSE:
		return error_set_outside(err,
		    "listen: %s:%s is in use by another program, or another"
		    " valised: \"ss -ltnp sport = :%s\" tells which. End that"
		    " one, or take another port (\"listen\" in valised.yaml)",
		    host, port, port);
	case EADDRNOTAVAIL:
		return error_set_outside(err,
		    "listen: this machine has no address %s: \"ip address\""
		    " lists those that it has (\"listen\" in valised.yaml)",
		    host);
	case EACCES:
		return error_set_outside(err,
		    "listen: %s:%s: this user may not have a port below 1024:"
		    " take a higher one (\"listen\" in valised.yaml)",
		    host, port);
	default:
		return error_set_errno(err, "listen: %s:%s", host, port);
	}
}

/* Open the listening socket. */
static bool
listen_on(struct daemon *daemon, struct error *err)
{
	const struct addrinfo hints = { .ai_flags = AI_PASSIVE,
		.ai_socktype = SOCK_STREAM };
	struct addrinfo *addresses = NULL;
	const int yes = 1;
	int result, why = 0;

	result = getaddrinfo(daemon->config->listen_host,
	    daemon->config->listen_port, &hints, &addresses);
	if (result != 0)
		return error_set_outside(err, "listen: %s: %s",
		    daemon->config->listen_host, gai_strerror(result));
	for (const struct addrinfo *a = addresses; a != NULL; a = a->ai_next) {
		daemon->listener = socket(a->ai_family,
		    a->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC,
		    a->ai_protocol);
		why = errno;
		if (daemon->listener < 0)
			continue;
		setsockopt(daemon->listener, SOL_SOCKET, SO_REUSEADDR, &yes,
		    sizeof(yes));
		if (bind(daemon->listener, a->ai_addr, a->ai_addrlen) == 0 &&
		    listen(daemon->listener, 1024) == 0)
			break;
		why = errno;
		close(daemon->listener);
		daemon->listener = -1;
	}
	freeaddrinfo(addresses);
	errno = why;
	return daemon->listener >= 0 || cannot_listen(daemon->config, err);
}

/* Judge the server's certificate; the settings' lock is free. */
static bool
judge_server(void *arg, struct error *err)
{
	return status_server_cert(arg, err);
}

/* May the depositary seal, by what is in force? */
static bool
may_seal(void *arg, struct error *err)
{
	return status_seal(arg, err);
}

static bool
make_seal(struct daemon *daemon, struct error *err)
{
	struct cert *cert = settings_depositary(daemon->config, err);

	daemon->seal = cert != NULL ? seal_new(cert, err) : NULL;
	cert_free(cert);
	return daemon->seal != NULL;
}

/* Look for new lists; upkeep holds the lock. */
static bool
take_crls(void *arg, struct crl_set *set, struct error *err)
{
	struct daemon *daemon = arg;
	const struct crl_set *crls =
	    library_add_crls(daemon->record.library, set, err);
	const bool ok = crls != NULL &&
	    registrar_adopt(daemon->registrar, daemon->policy, crls, err);

	if (ok)
		daemon->crls = crls;
	return ok;
}

/* Serve until a signal ends it. */
static bool
serve(struct daemon *daemon, struct error *err)
{
	const struct upkeep_hooks hooks = { .take_crls = take_crls,
		.judge_server = judge_server,
		.may_seal = may_seal,
		.settings = &daemon->settings,
		.arg = daemon };
	struct http_handler handler;

	daemon->api =
	    api_new(daemon->config, daemon->registrar, daemon->certs, err);
	if (daemon->api == NULL || !make_seal(daemon, err) ||
	    (daemon->status = status_new(err)) == NULL)
		return false;
	api_set_seal(daemon->api, daemon->seal);
	if (daemon->config->promote != PROMOTE_NONE)
		api_set_second(daemon->api, &daemon->second, daemon->differs);
	handler = api_handler(daemon->api);
	daemon->server = http_server_new(daemon->listener, daemon->tls,
	    daemon->config->connections, &handler, err);
	if (daemon->server == NULL)
		return false;
	api_set_server(daemon->api, daemon->server);
	if (!daemon_on_signals(daemon, reload_on_signal, err) ||
	    !reload_serve(daemon, reload_do, err))
		return false;
	daemon->upkeep = upkeep_start(daemon->config, daemon->registrar, &hooks,
	    &daemon->look, err);
	if (daemon->upkeep == NULL)
		return false;
	api_set_upkeep(daemon->api, daemon->upkeep);
	check_clock(&daemon->record);
	log_info("start", "listen=%s:%s origin=%s size=%llu",
	    daemon->config->listen_host, daemon->config->listen_port,
	    log_text(daemon->record.keys.keys[0].name),
	    (unsigned long long)journal_size(daemon->record.journal));
	status_ready(daemon);
	return http_server_run(daemon->server, err);
}

/*
 * Give the right to write away, where it is asked to, and tell who asked.  What was
 * proposed and not signed, whoever takes over has signed first.
 */
static void
yield(struct daemon *daemon)
{
	struct error err = { 0 };

	if (!daemon->yields ||
	    __atomic_exchange_n(&gives_away, true, __ATOMIC_ACQ_REL))
		return;
	if (postgres_yield(store_backend(daemon->record.store), &err))
		log_info("yield", "result=given");
	else
		log_error("yield", "reason=%s", log_text(err.detail));
	reload_tell(daemon, &err);
}

/* The function of a thread that ends what does not end by itself. */
static void *
end_late(void *arg)
{
	const struct timespec time = { .tv_sec = LIMIT_SECONDS_STOP_CLOSE };

	nanosleep(&time, NULL);
	yield(arg);
	log_warning("stopped", "result=cut reason=%s",
	    log_text("what was under way did not end in time: the journal has"
		     " what was acknowledged"));
	log_flush();
	signer_end();
	_exit(0);
}

/*
 * Nothing may wait for ever: neither for the signer nor for a disk.  What is
 * acknowledged is durable, so that the process may end at any moment.
 */
static void
limit_time(struct daemon *daemon)
{
	const unsigned left =
	    daemon->server != NULL ? http_server_left(daemon->server) : 0;
	pthread_t thread;

	if (left > 0) {
		yield(daemon);
		log_warning("stopped", "result=cut requests=%u reason=%s", left,
		    log_text("they were not answered in time: the journal has"
			     " what was acknowledged"));
		log_flush();
		signer_end();
		_exit(0);
	}
	if (pthread_create(&thread, NULL, end_late, daemon) == 0)
		pthread_detach(thread);
}

/* Free everything; what is not set is passed over. */
static void
close_daemon(struct daemon *daemon)
{
	if (daemon->server != NULL)
		limit_time(daemon);
	/* A worker that hands in lists uses the upkeep. */
	if (daemon->api != NULL)
		api_stop(daemon->api);
	upkeep_stop(daemon->upkeep);
	registrar_free(daemon->registrar);
	http_server_free(daemon->server);
	api_free(daemon->api);
	seal_free(daemon->seal);
	status_free(daemon->status);
	if (daemon->listener >= 0)
		close(daemon->listener);
	if (daemon->reload >= 0)
		close(daemon->reload);
	http_tls_free(daemon->tls);
	yield(daemon);
	data_close(&daemon->record);
	cert_cache_free(daemon->certs);
	signer_free(daemon->signer);
	if (daemon->lock >= 0)
		close(daemon->lock);
}

/* From here on this process has only its own folders and calls. */
static bool
confine(const struct config *config, struct error *err)
{
	static const enum data_part made[] = { DATA_CRLS, DATA_SPOOL,
		DATA_CACHE };
	char path[FILE_PATH];

	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++)
		if (!data_path(config->data, made[i], path, err) ||
		    !file_make_dirs(path, 0700, err))
			return false;
	if (!confine_has_landlock())
		log_warning("confine",
		    "reason=\"this kernel has no Landlock:"
		    " files are as the user may read"
		    " them\"");
	return confine_server(config, err);
}

/* Append the "key" entry that names the next key. */
static bool
journal_key(struct daemon *daemon, const char *vkey, struct error *err)
{
	struct act_request *act = calloc(1, sizeof(*act));
	bool ok;

	if (act == NULL)
		return error_set_errno(err, "key");
	act->act = ACT_KEY;
	text_set(act->key, sizeof(act->key), vkey);
	ok = registrar_adopt(daemon->registrar, daemon->policy, daemon->crls,
		 err) &&
	    keys_tell_behind(&daemon->record, daemon->policy, stderr, err) &&
	    registrar_do(daemon->registrar, act, err);
	if (ok)
		printf("entry %llu names the next key: %s\n"
		       "next: start the daemon, let the witnesses cosign"
		       " (valise witness), and start it again\n",
		    (unsigned long long)act->index, vkey);
	free(act);
	return ok;
}

/* Switch to the next key if the journal allows it, or log what it waits for. */
static bool
take_turn(struct daemon *daemon, struct error *err)
{
	bool switched;

	if (!keys_switch(daemon->config, daemon->policy, &switched, err))
		return false;
	if (switched)
		log_info("key", "result=switched");
	return true;
}

static bool run_daemon(const struct config *config, bool replace, bool full,
    struct error *err);

bool
daemon_run(const struct config *config, bool full, struct error *err)
{
	return run_daemon(config, false, full, err);
}

bool
daemon_replace_key(const struct config *config, struct error *err)
{
	return run_daemon(config, true, false, err);
}

/* How many connections there may be; to be asked before files are locked. */
static void
plan_memory(struct config *config)
{
	struct error why = { 0 };
	struct memory_plan plan;

	memory_plan(config, &plan);
	if (!memory_fits(&plan, &why))
		log_warning("memory", "reason=%s", log_text(why.detail));
	config->connections = plan.connections;
	metrics_set(METRIC_CONNECTIONS_MAX, plan.connections);
}

/* Allow as many descriptors as possible, for connections and packs. */
static void
allow_descriptors(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return;
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
}

/* Open what is kept and, unless the key is replaced, begin; a standby_open. */
static bool
open_record(struct daemon *daemon, void *crls, struct error *err)
{
	cert_cache_free(daemon->certs); /* of a try before this one */
	daemon->certs = NULL;
	return daemon_open_data(daemon, crls, err) &&
	    start_registrar(daemon, err) &&
	    (daemon->names_key || journal_start(daemon, err));
}

/* The same, once it is this daemon's turn to write, where there are two. */
static bool
open_in_turn(struct daemon *daemon, struct crl_set *crls, bool *ended,
    struct error *err)
{
	if (daemon->config->promote == PROMOTE_NONE)
		return open_record(daemon, crls, err);
	daemon->second = (struct second){ .signer = daemon->signer,
		.is_needed = daemon->config->signers > 1 };
	return daemon_check_evidence(daemon, err) &&
	    standby_run(daemon, open_record, crls, ended, err);
}

static bool
end(struct daemon *daemon)
{
	signal(SIGCHLD, SIG_DFL);
	close_daemon(daemon);
	waitpid(daemon->signer_pid, NULL, 0);
	log_info("stopped", "result=clean");
	return true;
}

/*
 * A key of which a stand-by has no copy would end its following; and the stand-by
 * must not write meanwhile.
 */
static bool
check_alone(const struct config *config, struct error *err)
{
	return config->promote == PROMOTE_NONE ||
	    error_set(err, ERROR_CONFLICT,
		"this depositary has a stand-by (\"promote\" in valised.yaml):"
		" its signer needs the new key too. See \"Replace the key with"
		" a stand-by\" in the operations manual");
}

/* Open, confine and serve; or, with replace, append the "key" entry only. */
static bool
run_daemon(const struct config *config, bool replace, bool full,
    struct error *err)
{
	struct config planned = *config;
	struct daemon daemon = { .config = &planned,
		.lock = -1,
		.full = full,
		.names_key = replace,
		.listener = -1,
		.reload = -1,
		.asks = -1,
		.settings = PTHREAD_MUTEX_INITIALIZER };
	struct crl_set *crls;
	char vkey[NOTE_KEY_TEXT] = "";
	bool ok, ended = false;

	if (replace && !check_alone(config, err))
		return false;
	signal(SIGPIPE, SIG_IGN);
	daemon_watch_files();
	plan_memory(&planned);
	allow_descriptors();
	if (!owner_check(daemon.config->data, err))
		return false;
	if (!data_is_there(daemon.config->data))
		return error_set(err, ERROR_NOT_FOUND,
		    "%s is no data folder: make it with \"valised --config %s"
		    " init\", once; one that was lost is brought back with"
		    " \"valised restore\"",
		    daemon.config->data, config->path);
	if (backup_is_unfinished(daemon.config->data))
		return error_set(err, ERROR_CONFLICT,
		    "%s is what an interrupted restore left: run \"valised"
		    " --config %s restore\" again, as before",
		    daemon.config->data, config->path);
	if ((daemon.lock = data_lock(daemon.config->data, err)) < 0)
		return false;
	if (!settings_load(daemon.config, &daemon.policy, &crls, &daemon.look,
		&daemon.tls, err))
		return false;
	ok = take_turn(&daemon, err) &&
	    (!replace ||
		keys_prepare(daemon.config, daemon.policy, vkey, err)) &&
	    (daemon.signer = signer_start(daemon.config, &daemon.signer_pid,
		 err)) != NULL;
	/*
	 * The port is taken now, but nobody is served before everything is
	 * open.
	 */
	if (ok && !replace)
		daemon.reload = reload_listen(daemon.config->data);
	ok = ok && listen_on(&daemon, err) && confine(daemon.config, err) &&
	    open_in_turn(&daemon, crls, &ended, err);
	/* Policy and lists were not taken over by a record. */
	if (ended && daemon.record.journal == NULL) {
		crl_set_free(crls);
		policy_free(daemon.policy);
		lists_look_reset(&daemon.look);
	}
	if (ended)
		return end(&daemon);
	ok = ok &&
	    (replace ? journal_key(&daemon, vkey, err) : serve(&daemon, err));
	if (!ok)
		daemon_die(err);
	return end(&daemon);
}
