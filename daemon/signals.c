/*
 * Signals that end the daemon or make it read its settings again, and failures
 * after which nothing may be signed (daemon.h).
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/records.h"
#include "base/time.h"
#include "daemon/daemon.h"
#include "daemon/log.h"
#include "daemon/signer/signer.h"
#include "daemon/status.h"

/*
 * A write or flush failed, or the signer refused: nothing more is signed, and
 * the daemon exits.
 */
_Noreturn void
daemon_die(const struct error *err)
{
	log_error("fatal", "reason=%s", log_text(err->detail));
	signer_end();
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
	signer_end();
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

/*
 * Another daemon writes now (it took over in a stall): it waits for this one's
 * signer, and offices must not be told what is old.
 */
static void
check_lease(const struct daemon *daemon)
{
	/* While it stands by another thread has the record, and looks itself. */
	const bool is_writer = daemon->config->store[0] != '\0' &&
	    daemon->standby == NULL && daemon->record.journal != NULL;
	struct backend *backend =
	    is_writer ? store_backend(daemon->record.store) : NULL;
	struct error err = { 0 };

	if (backend != NULL && !backend->table->renew(backend, &err))
		daemon_die(&err);
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

	check_lease(daemon);
	if (after_us == NULL ||
	    now_ms - daemon->pinged_ms < strtoll(after_us, NULL, 10) / 4000)
		return;
	daemon->pinged_ms = now_ms;
	status_notify("WATCHDOG=1");
}

static void
on_term(void *arg)
{
	struct daemon *daemon = arg;

	log_info("stop", "reason=signal");
	daemon->is_stopping = true;
	status_notify("STOPPING=1");
	http_server_stop(daemon->server);
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
daemon_on_signals(struct daemon *daemon, void (*on_hup)(void *arg),
    struct error *err)
{
	struct http_server *server = daemon->server;

	http_server_on_turning(server, on_turning, daemon);
	return http_server_on_signal(server, SIGTERM, on_term, daemon, err) &&
	    http_server_on_signal(server, SIGINT, on_term, daemon, err) &&
	    http_server_on_signal(server, SIGHUP, on_hup, daemon, err) &&
	    http_server_on_signal(server, SIGCHLD, on_child, daemon, err);
}
