/*
 * The desk's life: it starts, opens the browser, and ends by a signal or after
 * a time without use (desk.h).
 */
#include "cli/desk/desk.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/text.h"
#include "base/time.h"
#include "client/standing.h"

enum { IDLE_S = 30 * 60, WARN_S = 2 * 60 };

/* Find out whose desk it is.  Without a configuration it shows how to enrol. */
static bool
find_out(struct desk *desk, struct error *err)
{
	struct standing standing;

	desk->enrolled = context_load(desk->context, &desk->why);
	if (!desk->enrolled)
		return desk->why.kind == ERROR_NOT_FOUND ||
		    error_set(err, desk->why.kind, "%s", desk->why.detail);
	if (!standing_load(desk->context, &standing, err))
		return false;
	text_set(desk->office, sizeof(desk->office), standing.office);
	text_set(desk->party, sizeof(desk->party), standing.party);
	text_set(desk->person, sizeof(desk->person), standing.person);
	standing_free(&standing);
	return true;
}

/* Returns the signal that ends it, or 0 after the time without use. */
static int
wait_for_end(struct desk *desk, const sigset_t *signals)
{
	const struct timespec second = { .tv_sec = 1 };
	bool warned = false;

	for (;;) {
		const int number = sigtimedwait(signals, NULL, &second);
		const int64_t left = (int64_t)desk->idle_s -
		    (time_monotonic_ms() - desk->used_ms) / 1000;

		if (number > 0)
			return number;
		if (left <= 0)
			return 0;
		if (left <= WARN_S && !warned && desk->idle_s > WARN_S)
			output_note("nobody uses the desk: it ends in two"
				    " minutes");
		warned = left <= WARN_S;
	}
}

static bool
show(struct desk *desk, const char *file, struct error *err)
{
	struct error why = { 0 };

	if (desk->context->json)
		return output_json(json_pack("{s:s, s:s}", "address",
				       desk->address, "open", file),
		    err);
	printf("the desk is at http://%s/, for this browser only; Ctrl-C ends"
	       " it\n",
	    desk->address);
	if (options_has(desk->given, OPTION_NO_BROWSER))
		printf("open %s in a browser within %d seconds\n", file,
		    DOOR_SECONDS);
	else if (!open_browser(file, &why))
		printf("%s: open %s in a browser within %d seconds\n",
		    why.detail, file, DOOR_SECONDS);
	return output_flush(err);
}

/* Serve until the end. */
static bool
serve(struct desk *desk, const sigset_t *signals, struct error *err)
{
	struct server *server = server_start(desk, err);
	char file[FILE_PATH] = "";
	door_word token;
	bool ok = server != NULL;

	ok = ok && door_init(&desk->door, time_monotonic_ms(), token, err) &&
	    open_write(desk, token, file, err) && show(desk, file, err);
	if (ok && wait_for_end(desk, signals) == 0)
		output_note("nobody used the desk for %u minutes: it ended",
		    desk->idle_s / 60);
	if (file[0] != '\0')
		unlink(file);
	server_stop(server);
	door_free(&desk->door);
	return ok;
}

bool
desk_run(struct context *context, const struct options_given *given,
    struct error *err)
{
	struct desk desk = { .context = context,
		.given = given,
		.idle_s = IDLE_S,
		.used_ms = time_monotonic_ms() };
	const char *idle = options_value(given, OPTION_IDLE);
	struct sigaction reap = { .sa_handler = SIG_IGN };
	sigset_t signals;
	bool ok;

	if (idle != NULL &&
	    !time_parse_interval(span_of_str(idle), &desk.idle_s))
		return error_set(err, ERROR_USAGE,
		    "\"%s\" is not a time such as 30m or 8h", idle);
	/* Every thread has them blocked: this one waits for them. */
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	sigaction(SIGCHLD, &reap, NULL);
	desk.stop = eventfd(0, EFD_CLOEXEC);
	if (desk.stop < 0)
		return error_set_errno(err, "the desk");
	ok = find_out(&desk, err) && serve(&desk, &signals, err);
	close(desk.stop);
	return ok;
}
