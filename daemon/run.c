/*
 * Starting the signer and the server, running them and ending both (run.h).
 */
#include "daemon/run.h"

#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/records.h"
#include "base/text.h"
#include "base/time.h"
#include "daemon/api/api.h"
#include "daemon/confine.h"
#include "daemon/data/keys.h"
#include "daemon/data/setup.h"
#include "daemon/log.h"
#include "daemon/upkeep/crls.h"
#include "daemon/upkeep/upkeep.h"
#include "record/data.h"
#include "record/refs.h"
#include "record/titles.h"

struct daemon {
	struct config config;
	int lock;
	pid_t signer_pid;
	struct record record;
	struct cert_cache *certs;
	struct signer *signer;
	struct registrar *registrar;
	/* The key is being replaced: no acts are accepted (batch.h). */
	bool replacing;
	bool full; /* read and hash the whole journal before anything else */
	pthread_mutex_t settings; /* for policy and crls */
	struct policy *policy;
	const struct crl_set *crls;
	/* The last look at the files of lists, until upkeep takes it over. */
	struct lists_look look;
	void *tls;
	struct upkeep *upkeep;
	struct api *api;
	struct http_server *server;
	int listener;
};

/*
 * A write or flush failed, or the signer refused: nothing more is signed, and
 * the daemon exits.
 */
static _Noreturn void
die(const struct error *err)
{
	log_error("fatal", "reason=%s", log_text(err->detail));
	_exit(error_exit_status(err->kind) != 0 ? error_exit_status(err->kind)
						: 7);
}

static void
on_fatal(const struct error *err)
{
	die(err);
}

static void
put(const char *text)
{
	const ssize_t done = write(STDERR_FILENO, text, strlen(text));

	(void)done;
}

/*
 * A page of a file that is mapped cannot be read: the disk failed, or somebody
 * cut the file short.  Only what a signal handler may call.
 */
static void
on_sigbus(int number, siginfo_t *info, void *context)
{
	const char *name = records_name_of(info->si_addr);

	(void)number, (void)context;
	put("level=error event=fatal reason=\"cannot read ");
	put(name != NULL ? name : "a file that is mapped");
	put(": the disk failed, or the file was cut short\"\n");
	_exit(7);
}

static void
watch_mapped_files(void)
{
	struct sigaction action = { .sa_sigaction = on_sigbus,
		.sa_flags = SA_SIGINFO };

	sigemptyset(&action.sa_mask);
	sigaction(SIGBUS, &action, NULL);
}

/* Tell systemd, or whoever set NOTIFY_SOCKET (sd_notify(3)). */
static void
notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	ssize_t sent;
	int fd;

	if (path == NULL || strlen(path) >= sizeof(to.sun_path) ||
	    (fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) < 0)
		return;
	text_set(to.sun_path, sizeof(to.sun_path), path);
	if (to.sun_path[0] == '@')
		to.sun_path[0] = '\0';
	sent = sendto(fd, state, strlen(state), 0, (struct sockaddr *)&to,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path)));
	(void)sent;
	close(fd);
}

/*
 * Check the certificates by all that is known, and by a set that is not
 * journaled yet.
 */
static bool
judge_seal(const struct library *library, const struct policy *policy,
    const struct crl_set *crls, const struct cert *cert,
    struct trust_result *out, struct error *err)
{
	struct revocation *revocation = library != NULL
	    ? revocation_copy(library_revocation(library), err)
	    : revocation_new(err);
	const int64_t now = time_now_ms() / 1000;
	const bool ok = revocation != NULL &&
	    revocation_add(revocation, crls->crls, policy->trust,
		REVOCATION_UNNAMED, now, err);

	if (ok)
		standing_judge(policy->trust, revocation, cert, now, out);
	revocation_free(revocation);
	return ok;
}

/* library is NULL while no journal is open. */
static bool
check_depositary(const struct config *config, const struct library *library,
    const struct policy *policy, const struct crl_set *crls, struct error *err)
{
	struct buf pem = BUF(LIMIT_KEY_BYTES);
	struct trust_result trust = { .ca = NULL };
	struct cert *cert = NULL;
	bool ok;

	ok = file_read(config->depositary_cert, LIMIT_KEY_BYTES, &pem, err) &&
	    (cert = cert_parse_pem(buf_span(&pem), err)) != NULL;
	buf_free(&pem);
	ok = ok && cert_check_key(cert, err) &&
	    judge_seal(library, policy, crls, cert, &trust, err) &&
	    /*
	     * A missing list of its CA is logged, and does not end the daemon.
	     */
	    (standing_is_good(&trust) || trust.state == TRUST_UNKNOWN ||
		error_set(err, ERROR_UNTRUSTED, "%s", trust.text));
	if (ok && !policy_is_depositary(policy, cert, trust.ca))
		ok = error_set(err, ERROR_UNTRUSTED,
		    "it is not of %s by CA %s, as the policy says",
		    policy->depositary.email, policy->depositary.ca);
	cert_free(cert);
	return ok || error_context(err, "%s", config->depositary_cert);
}

/* The SSL_CTX for the CAs of a policy. NULL on failure. */
static void *
make_tls(const struct config *config, const struct policy *policy,
    struct error *err)
{
	X509 *cas[LIMIT_OFFICES * LIMIT_CA_CERTS];
	const char *name;
	size_t num = 0;

	/*
	 * Load all certificates of each CA: the old and the new one while both
	 * are in use.
	 */
	for (size_t i = 0; (name = trust_ca_name(policy->trust, i)) != NULL;
	     i++) {
		const struct cert *ca;

		for (size_t j = 0;
		     (ca = trust_ca_at(policy->trust, name, j)) != NULL; j++)
			cas[num++] = ca->x509;
	}
	return http_tls_new(config->server_cert, config->server_key, cas, num,
	    err);
}

bool
settings_load(const struct config *config, struct policy **policy,
    struct crl_set **crls, struct lists_look *look, void **tls,
    struct error *err)
{
	*crls = NULL;
	*tls = NULL;
	if ((*policy = setup_policy(config, err)) != NULL &&
	    (*crls = lists_read(config, look, err)) != NULL &&
	    check_depositary(config, NULL, *policy, *crls, err) &&
	    (*tls = make_tls(config, *policy, err)) != NULL)
		return true;
	policy_free(*policy);
	crl_set_free(*crls);
	return false;
}

struct refs_mended {
	struct store *store;
	/* Branches that were behind: the last daemon was killed. */
	unsigned num;
};

/*
 * Tell of a branch that was changed.  A branch that is only behind is not worth
 * a line: branches are written late.
 */
static void
tell_of_ref(void *arg, const struct ref_told *told)
{
	struct refs_mended *mended = arg;

	if (told->should != NULL && store_keeps(mended->store, told->should))
		mended->num++;
	else
		log_warning("refs", "%s=%s",
		    told->should == NULL ? "dropped" : "moved",
		    log_text(told->ref));
}

static bool
follow_refs(struct daemon *daemon, struct error *err)
{
	struct refs_mended mended = { .store = daemon->record.store };

	if (!refs_follow(daemon->record.store, daemon->record.ledger, true,
		tell_of_ref, &mended, err))
		return false;
	if (mended.num > 0)
		log_info("refs", "completed=%u", mended.num);
	store_keep(daemon->record.store);
	return true;
}

/* Log what was repaired, and how the journal was opened. */
static void
tell_of_opening(const struct opening *opening, int64_t took_ms)
{
	const struct journal_mended *mended = &opening->mended;
	const uint64_t size = journal_size(opening->journal);

	if (opening->dropped.kind != ERROR_NONE)
		log_warning("ledger", "result=dropped reason=%s",
		    log_text(opening->dropped.detail));
	if (mended->cut_bytes > 0)
		log_warning("journal",
		    "cut_bytes=%llu reason=\"a batch that"
		    " was never signed, so never acknowledged\"",
		    (unsigned long long)mended->cut_bytes);
	if (mended->heads_completed > 0 || mended->heads_dropped > 0 ||
	    mended->hashes_rebuilt > 0)
		log_info("journal",
		    "heads_completed=%llu heads_dropped=%llu"
		    " hashes_rebuilt=%llu",
		    (unsigned long long)mended->heads_completed,
		    (unsigned long long)mended->heads_dropped,
		    (unsigned long long)mended->hashes_rebuilt);
	log_info("journal", "size=%llu hashed=%s ms=%lld",
	    (unsigned long long)size, opening->from.size > 0 ? "newest" : "all",
	    (long long)took_ms);
}

/* Open the journal and check it against the signer and the configuration. */
static bool
open_journal(struct daemon *daemon, struct error *err)
{
	struct record *record = &daemon->record;
	int64_t began;
	const struct note_key *newest;
	struct note_key key;
	char path[FILE_PATH], vkey[NOTE_KEY_TEXT];
	struct head head;

	if (!data_path(daemon->config.data, DATA_EVIDENCE, path, err))
		return false;
	if (file_exists(path))
		return error_set(err, ERROR_UNTRUSTED,
		    "%s is there: a checkpoint that this journal's key signed"
		    " and that this folder does not have. Nothing is signed"
		    " until that is cleared up; see \"A journal that was rolled"
		    " back\" in the operations manual",
		    path);
	began = time_monotonic_ms();
	if (!signer_state(daemon->signer, &head, &key, err) ||
	    !data_open(daemon->config.data, &head, daemon->full, record, err))
		return false;
	newest = &record->keys.keys[record->keys.num - 1];
	if (key.id != newest->id)
		return error_set(err, ERROR_UNTRUSTED,
		    "the signer's journal key is not the one of vkey: this"
		    " journal is not signed by it");
	note_key_encode(newest, vkey);
	/* The journal's last entry names a key that is not in use yet. */
	daemon->replacing = ledger_next_key(daemon->record.ledger)[0] != '\0' &&
	    ledger_last(daemon->record.ledger, ACT_KEY) + 1 == head.size &&
	    strcmp(ledger_next_key(daemon->record.ledger), vkey) != 0;
	tell_of_opening(&record->opening, time_monotonic_ms() - began);
	return strcmp(record->keys.keys[0].name, daemon->policy->origin) == 0 ||
	    error_set(err, ERROR_UNTRUSTED,
		"the journal is \"%s\", the policy's origin is \"%s\"",
		record->keys.keys[0].name, daemon->policy->origin);
}

/* Make the set that follows the journal's newest one. NULL on failure. */
static const struct crl_set *
newest_crls(struct daemon *daemon, const struct policy *policy,
    const struct crl_set *set, struct lists_look *look, struct error *err)
{
	const struct crl_set *newest = NULL;
	struct crl_set *next;
	struct digest digest;
	bool known;

	ledger_read_lock(daemon->record.ledger);
	known = ledger_newest(daemon->record.ledger, ACT_CRL, &digest);
	ledger_unlock(daemon->record.ledger);
	if (known)
		newest = library_crls(daemon->record.library, &digest);
	if (newest == NULL || digest_eq(&digest, &set->digest))
		return set;
	next = lists_follow(policy, newest, (struct crl_set *)(uintptr_t)set,
	    look, err);
	return next == NULL || next == set
	    ? next
	    : library_add_crls(daemon->record.library, next, err);
}

/*
 * Read the titles that the last daemon kept; the others are read when asked
 * for.
 */
static void
read_titles(const struct record *record)
{
	struct error why = { 0 };
	size_t num;

	if (!file_exists(record->titles))
		return;
	if (titles_read(record->titles, record->journal, record->ledger, &num,
		&why))
		log_info("titles", "read=%zu", num);
	else
		log_warning("titles", "result=dropped reason=%s",
		    log_text(why.detail));
}

/* Open everything in the data folder, and start the registrar. */
static bool
open_data(struct daemon *daemon, struct crl_set *crls, struct error *err)
{
	struct record *record = &daemon->record;

	if ((daemon->certs = cert_cache_new(err)) == NULL ||
	    !open_journal(daemon, err))
		return false;
	daemon->policy =
	    library_add_policy(record->library, daemon->policy, err);
	daemon->crls = library_add_crls(record->library, crls, err);
	if (daemon->policy == NULL || daemon->crls == NULL ||
	    !library_follow_all(record->library, record->journal,
		record->ledger, err) ||
	    !follow_refs(daemon, err))
		return false;
	read_titles(record);
	daemon->crls = newest_crls(daemon, daemon->policy, daemon->crls,
	    &daemon->look, err);
	if (daemon->crls == NULL ||
	    !check_depositary(&daemon->config, daemon->record.library,
		daemon->policy, daemon->crls, err))
		return false;
	return true;
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
			     " or was ahead when it was made"));
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
	ok = registrar_adopt(daemon->registrar, daemon->policy, daemon->crls,
		 err) &&
	    registrar_do(daemon->registrar, act, err);
	free(act);
	return ok;
}

/* Open the listening socket. */
static bool
listen_on(struct daemon *daemon, struct error *err)
{
	const struct addrinfo hints = { .ai_flags = AI_PASSIVE,
		.ai_socktype = SOCK_STREAM };
	struct addrinfo *addresses = NULL;
	const int yes = 1;
	int result;

	result = getaddrinfo(daemon->config.listen_host,
	    daemon->config.listen_port, &hints, &addresses);
	if (result != 0)
		return error_set(err, ERROR_SYSTEM, "listen: %s: %s",
		    daemon->config.listen_host, gai_strerror(result));
	for (const struct addrinfo *a = addresses; a != NULL; a = a->ai_next) {
		daemon->listener = socket(a->ai_family,
		    a->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC,
		    a->ai_protocol);
		if (daemon->listener < 0)
			continue;
		setsockopt(daemon->listener, SOL_SOCKET, SO_REUSEADDR, &yes,
		    sizeof(yes));
		if (bind(daemon->listener, a->ai_addr, a->ai_addrlen) == 0 &&
		    listen(daemon->listener, 1024) == 0)
			break;
		close(daemon->listener);
		daemon->listener = -1;
	}
	freeaddrinfo(addresses);
	return daemon->listener >= 0 ||
	    error_set_errno(err, "listen: %s:%s", daemon->config.listen_host,
		daemon->config.listen_port);
}

static void
on_term(void *arg)
{
	struct daemon *daemon = arg;

	log_info("stop", "reason=signal");
	notify("STOPPING=1");
	http_server_stop(daemon->server);
}

/*
 * If settings cannot be journaled (for want of room, say) the registrar keeps
 * its own, and those stay in force.
 */
static bool
adopt_settings(struct daemon *daemon, struct policy *policy,
    struct crl_set *crls, struct lists_look *look, struct error *err)
{
	struct policy *new =
	    library_add_policy(daemon->record.library, policy, err);
	const struct crl_set *set =
	    library_add_crls(daemon->record.library, crls, err);
	struct judged_by now;
	bool ok;

	if (set != NULL && new != NULL)
		set = newest_crls(daemon, new, set, look, err);
	ok = new != NULL &&set !=
	    NULL &&registrar_adopt(daemon->registrar, new, set, err);
	now = registrar_now(daemon->registrar);
	daemon->policy = now.policy;
	daemon->crls = now.crls;
	return ok;
}

/*
 * Take new settings; the lock is held. False: the old ones stay, and err says
 * why.
 */
static bool
reload(struct daemon *daemon, struct error *err)
{
	struct lists_look look = { .files = { { 0 } } };
	struct policy *policy;
	struct crl_set *crls;
	void *tls;
	bool ok;

	if (!settings_load(&daemon->config, &policy, &crls, &look, &tls, err)) {
		lists_look_reset(&look);
		return false;
	}
	if (strcmp(policy->origin, daemon->record.keys.keys[0].name) != 0) {
		policy_free(policy);
		crl_set_free(crls);
		ok = error_set(err, ERROR_CONFLICT, "another origin");
	} else {
		ok = adopt_settings(daemon, policy, crls, &look, err);
	}
	if (ok) {
		http_server_set_tls(daemon->server, tls);
		upkeep_looked(daemon->upkeep, &look);
	}
	http_tls_free(tls);
	lists_look_reset(&look);
	return ok;
}

/* Take new settings, or keep the old ones and log why. */
static void
on_hup(void *arg)
{
	struct daemon *daemon = arg;
	struct error err = { 0 };
	bool taken;

	notify("RELOADING=1");
	pthread_mutex_lock(&daemon->settings);
	taken = reload(daemon, &err);
	pthread_mutex_unlock(&daemon->settings);
	if (taken) {
		lists_warn(daemon->policy, daemon->crls);
		log_info("reload", "result=taken");
	} else {
		log_error("reload", "result=kept reason=%s",
		    log_text(err.detail));
	}
	notify("READY=1");
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

static void
on_child(void *arg)
{
	struct daemon *daemon = arg;
	struct error err = { 0 };
	int status = 0;

	if (waitpid(daemon->signer_pid, &status, WNOHANG) != daemon->signer_pid)
		return;
	error_set(&err, ERROR_SYSTEM, "the signer has ended (status %d)",
	    status);
	die(&err);
}

/* Serve until a signal ends it. */
static bool
serve(struct daemon *daemon, struct error *err)
{
	const struct upkeep_hooks hooks = { .take_crls = take_crls,
		.settings = &daemon->settings,
		.arg = daemon };
	struct http_handler handler;

	daemon->api =
	    api_new(&daemon->config, daemon->registrar, daemon->certs, err);
	if (daemon->api == NULL)
		return false;
	handler = api_handler(daemon->api);
	daemon->server =
	    http_server_new(daemon->listener, daemon->tls, &handler, err);
	if (daemon->server == NULL)
		return false;
	api_set_server(daemon->api, daemon->server);
	if (!http_server_on_signal(daemon->server, SIGTERM, on_term, daemon,
		err) ||
	    !http_server_on_signal(daemon->server, SIGINT, on_term, daemon,
		err) ||
	    !http_server_on_signal(daemon->server, SIGHUP, on_hup, daemon,
		err) ||
	    !http_server_on_signal(daemon->server, SIGCHLD, on_child, daemon,
		err))
		return false;
	daemon->upkeep = upkeep_start(&daemon->config, daemon->registrar,
	    &hooks, &daemon->look, err);
	if (daemon->upkeep == NULL)
		return false;
	api_set_upkeep(daemon->api, daemon->upkeep);
	check_clock(&daemon->record);
	log_info("start", "listen=%s:%s origin=%s size=%llu",
	    daemon->config.listen_host, daemon->config.listen_port,
	    log_text(daemon->record.keys.keys[0].name),
	    (unsigned long long)journal_size(daemon->record.journal));
	notify("READY=1");
	return http_server_run(daemon->server, err);
}

/* Free everything; what is not set is passed over. */
static void
close_daemon(struct daemon *daemon)
{
	/* A worker that hands in lists uses the upkeep. */
	if (daemon->api != NULL)
		api_stop(daemon->api);
	upkeep_stop(daemon->upkeep);
	registrar_free(daemon->registrar);
	http_server_free(daemon->server);
	api_free(daemon->api);
	if (daemon->listener >= 0)
		close(daemon->listener);
	http_tls_free(daemon->tls);
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
	char path[FILE_PATH];

	if (!data_path(config->data, DATA_CRLS, path, err) ||
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

	if (!keys_switch(&daemon->config, daemon->policy, &switched, err))
		return false;
	if (switched)
		log_info("key", "result=switched");
	return true;
}

static bool run_daemon(const char *config_path, bool replace, bool full,
    struct error *err);

bool
daemon_run(const char *config_path, bool full, struct error *err)
{
	return run_daemon(config_path, false, full, err);
}

bool
daemon_replace_key(const char *config_path, struct error *err)
{
	return run_daemon(config_path, true, false, err);
}

/* Open, confine and serve; or, with replace, append the "key" entry only. */
static bool
run_daemon(const char *config_path, bool replace, bool full, struct error *err)
{
	struct daemon daemon = { .lock = -1,
		.full = full,
		.listener = -1,
		.settings = PTHREAD_MUTEX_INITIALIZER };
	struct rlimit files;
	struct crl_set *crls;
	char vkey[NOTE_KEY_TEXT] = "";
	bool ok;

	signal(SIGPIPE, SIG_IGN);
	watch_mapped_files();
	/* Allow as many descriptors as possible, for connections and packs. */
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	if (!config_load(config_path, &daemon.config, err))
		return false;
	if (!data_is_there(daemon.config.data))
		return error_set(err, ERROR_NOT_FOUND,
		    "%s is no data folder: make it with \"valised --config %s"
		    " init\"",
		    daemon.config.data, config_path);
	if ((daemon.lock = data_lock(daemon.config.data, err)) < 0)
		return false;
	if (!settings_load(&daemon.config, &daemon.policy, &crls, &daemon.look,
		&daemon.tls, err))
		return false;
	lists_warn(daemon.policy, crls);
	ok = take_turn(&daemon, err) &&
	    (!replace ||
		keys_prepare(&daemon.config, daemon.policy, vkey, err)) &&
	    (daemon.signer = signer_start(&daemon.config, &daemon.signer_pid,
		 err)) != NULL;
	/*
	 * The port is taken now, but nobody is served before everything is
	 * open.
	 */
	ok = ok && listen_on(&daemon, err) && confine(&daemon.config, err) &&
	    open_data(&daemon, crls, err) && start_registrar(&daemon, err) &&
	    (replace ? journal_key(&daemon, vkey, err)
		     : journal_start(&daemon, err) && serve(&daemon, err));
	if (!ok)
		die(err);
	signal(SIGCHLD, SIG_DFL);
	close_daemon(&daemon);
	waitpid(daemon.signer_pid, NULL, 0);
	log_info("stopped", "result=clean");
	return true;
}
