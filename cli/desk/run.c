/*
 * The desk's life: it starts, opens the browser, and ends by a signal or after
 * a time without use (desk.h).
 */
#include "cli/desk/acts.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/text.h"
#include "base/time.h"
#include "cli/desk/enrolling.h"
#include "client/standing.h"

enum { IDLE_S = 30 * 60, WARN_S = 2 * 60 };

/* Take over who this is, by a context that is loaded. */
static bool
take_standing(struct desk *desk, struct context *context, struct error *err)
{
	struct standing standing;

	if (!standing_load(context, &standing, err))
		return false;
	pthread_mutex_lock(&desk->lock);
	text_set(desk->office, sizeof(desk->office), standing.office);
	text_set(desk->party, sizeof(desk->party), standing.party);
	text_set(desk->person, sizeof(desk->person), standing.person);
	text_set(desk->origin, sizeof(desk->origin),
	    context->enrolment.journal.name);
	text_set(desk->daemon, sizeof(desk->daemon),
	    addresses_now(&context->enrolment.addresses));
	text_set(desk->state, sizeof(desk->state), context->state);
	desk->enrolled = true;
	pthread_mutex_unlock(&desk->lock);
	standing_free(&standing);
	return true;
}

void
desk_learn(struct desk *desk)
{
	struct context *context = calloc(1, sizeof(*context));
	struct error err = { 0 };

	if (context == NULL)
		return;
	/* The context of the start stays as it is: others read it. */
	context->places = desk->context->places;
	text_set(context->config_path, FILE_PATH, desk->context->config_path);
	if (!context_load(context, &err) || !take_standing(desk, context, &err))
		output_note("%s", err.detail);
	context_free(context);
	free(context);
}

/*
 * Find out whose desk it is.  Without a configuration that can be read it says
 * why, and shows how to enrol.
 */
static void
find_out(struct desk *desk)
{
	if (context_load(desk->context, &desk->why)) {
		(void)take_standing(desk, desk->context, &desk->why);
		enrolling_forget(desk->context->config_path);
	}
}

/* Commands run in other folders: say the whole path of the configuration. */
static bool
find_config(struct context *context, struct error *err)
{
	char here[FILE_PATH], path[FILE_PATH];

	if (!places_config(context, err))
		return false;
	if (context->config_path[0] == '/')
		return true;
	if (getcwd(here, sizeof(here)) == NULL)
		return error_set_errno(err, "this folder");
	text_set(path, sizeof(path), context->config_path);
	return file_join(context->config_path, here, path, err);
}

/* What acts need: a folder for files, and ways to ask the person. */
static bool
begin_acts(struct desk *desk, struct error *err)
{
	char root[FILE_PATH], folder[FILE_PATH];

	if (desk->state[0] != '\0')
		file_parent(desk->state, root);
	else if (!places_state(desk->context, root, err))
		return false;
	return file_join(folder, root, "desk", err) &&
	    (desk->spool = spool_new(folder, err)) != NULL &&
	    (desk->onces = onces_new(err)) != NULL &&
	    (desk->questions = questions_new(&desk->confirm, err)) != NULL;
}

static void
end_acts(struct desk *desk)
{
	questions_free(desk->questions);
	onces_free(desk->onces);
	spool_free(desk->spool);
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
	struct server *server = NULL;
	char file[FILE_PATH] = "";
	door_word token;
	bool ok;

	/* The server's threads use the door from their first request on. */
	ok = door_init(&desk->door, time_monotonic_ms(), token, err) &&
	    (server = server_start(desk, err)) != NULL &&
	    open_write(desk, token, file, err) && show(desk, file, err);
	if (ok && wait_for_end(desk, signals) == 0)
		output_note("nobody used the desk: it ended");
	if (file[0] != '\0')
		unlink(file);
	/* Who waits for an answer has none, and ends: see errand_free(). */
	desk_confirm_end(&desk->confirm);
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
	if (!desk_confirm_init(&desk.confirm, context->private_keys.arg, err))
		return false;
	desk.stop = eventfd(0, EFD_CLOEXEC);
	ok = (desk.stop >= 0 && pthread_mutex_init(&desk.lock, NULL) == 0) ||
	    error_set_errno(err, "the desk");
	if (ok) {
		ok = find_config(context, err);
		if (ok)
			find_out(&desk);
		ok =
		    ok && begin_acts(&desk, err) && serve(&desk, &signals, err);
		end_acts(&desk);
		pthread_mutex_destroy(&desk.lock);
	}
	if (desk.stop >= 0)
		close(desk.stop);
	desk_confirm_free(&desk.confirm);
	return ok;
}
