/*
 * Asking before what binds (confirm.h), and the terminal's way to ask.
 */
#include "cli/confirm.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool
confirm_ask(const struct context *context, bool said_yes,
    const struct confirm *what, struct error *err)
{
	const struct confirmer *confirmer = context->confirmer;

	if (confirmer == NULL)
		return error_set(err, ERROR_REFUSED, "nobody can be asked");
	return (said_yes && !confirmer->always) ||
	    confirmer->ask(confirmer->arg, what, err);
}

bool
confirm_answered_yes(const char *question)
{
	char line[16];

	fprintf(stderr, "%s Type \"yes\": ", question);
	return fgets(line, sizeof(line), stdin) != NULL &&
	    strcmp(line, "yes\n") == 0;
}

/* The command has printed already what it is about. */
static bool
ask_at_terminal(void *arg, const struct confirm *what, struct error *err)
{
	(void)arg;
	if (!isatty(STDIN_FILENO))
		return error_set(err, ERROR_USAGE,
		    "nobody is there to ask: --yes signs without asking");
	return confirm_answered_yes(what->question) ||
	    error_set(err, ERROR_USAGE, "%s", what->refused);
}

const struct confirmer confirm_at_terminal = { .ask = ask_at_terminal };
