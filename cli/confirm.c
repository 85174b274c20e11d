/*
 * Asking before what binds (confirm.h), and the terminal's way to ask.
 */
#include "cli/confirm.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

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

/* Append what a word in braces stands for; nothing, if it is none of ours. */
static void
append_word(const struct confirm *what, struct span word, struct buf *out)
{
	struct error ignored = { 0 };

	if (span_is(word, "version"))
		(void)!buf_printf(out, &ignored, "%u", what->version);
	else if (span_is(word, "in-force"))
		(void)!buf_printf(out, &ignored, "%u", what->in_force);
	else if (span_is(word, "person") && what->person != NULL)
		(void)!buf_append_str(out, what->person, &ignored);
}

void
confirm_fill(const char *sentence, const struct confirm *what,
    char out[CONFIRM_WORDS])
{
	struct span rest = span_of_str(sentence), part;
	struct buf filled = BUF(CONFIRM_WORDS + LIMIT_EMAIL_BYTES);
	struct error ignored = { 0 };

	while (span_take_until(&rest, '{', &part)) {
		(void)!buf_append(&filled, part, &ignored);
		if (span_take_until(&rest, '}', &part))
			append_word(what, part, &filled);
	}
	(void)!(buf_append(&filled, rest, &ignored) &&
	    buf_append_u8(&filled, 0, &ignored));
	text_cut(out, CONFIRM_WORDS,
	    filled.data != NULL ? (const char *)filled.data : "");
	buf_free(&filled);
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
	char question[CONFIRM_WORDS];

	(void)arg;
	if (!isatty(STDIN_FILENO))
		return error_set(err, ERROR_USAGE,
		    "nobody is there to ask: --yes signs without asking");
	confirm_fill(what->question, what, question);
	return confirm_answered_yes(question) ||
	    error_set(err, ERROR_USAGE, "%s", what->refused);
}

const struct confirmer confirm_at_terminal = { .ask = ask_at_terminal };
