/*
 * Signals that end the daemon or make it read its settings again, and failures
 * after which nothing may be signed (daemon.h).
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/records.h"
#include "base/text.h"
#include "base/time.h"
#include "daemon/daemon.h"
#include "daemon/log.h"
#include "daemon/settings.h"
#include "daemon/upkeep/crls.h"

/*
 * A write or flush failed, or the signer refused: nothing more is signed, and
 * the daemon exits.
 */
_Noreturn void
daemon_die(const struct error *err)
{
	log_error("fatal", "reason=%s", log_text(err->detail));
	_exit(error_exit_status(err->kind) != 0 ? error_exit_status(err->kind)
						: 7);
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

void
daemon_watch_files(void)
{
	struct sigaction action = { .sa_sigaction = on_sigbus,
		.sa_flags = SA_SIGINFO };

	sigemptyset(&action.sa_mask);
	sigaction(SIGBUS, &action, NULL);
}

/* Tell systemd, or whoever set NOTIFY_SOCKET (sd_notify(3)). */
void
daemon_notify(const char *state)
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
 * Every loop turns: tell systemd's watchdog, four times in the time after which
 * it would have the daemon killed (sd_watchdog_enabled(3)).
 */
static void
on_turning(void *arg)
{
	struct daemon *daemon = arg;
	const char *after_us = getenv("WATCHDOG_USEC");
	const int64_t now_ms = time_monotonic_ms();

	if (after_us == NULL ||
	    now_ms - daemon->pinged_ms < strtoll(after_us, NULL, 10) / 4000)
		return;
	daemon->pinged_ms = now_ms;
	daemon_notify("WATCHDOG=1");
}

static void
on_term(void *arg)
{
	struct daemon *daemon = arg;

	log_info("stop", "reason=signal");
	daemon_notify("STOPPING=1");
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
		set = daemon_newest_crls(daemon, new, set, look, err);
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

	daemon_notify("RELOADING=1");
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
	daemon_notify("READY=1");
}

static void
on_child(void *arg)
{
	struct daemon *daemon = arg;
	struct error err = { 0 };

	if (!signer_lives(daemon->signer, &err))
		daemon_die(&err);
}

bool
daemon_on_signals(struct daemon *daemon, struct error *err)
{
	struct http_server *server = daemon->server;

	http_server_on_turning(server, on_turning, daemon);
	return http_server_on_signal(server, SIGTERM, on_term, daemon, err) &&
	    http_server_on_signal(server, SIGINT, on_term, daemon, err) &&
	    http_server_on_signal(server, SIGHUP, on_hup, daemon, err) &&
	    http_server_on_signal(server, SIGCHLD, on_child, daemon, err);
}
