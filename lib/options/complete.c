/*
 * What can stand in the place of the last word of a command line, for the
 * shell's completion: by the table, so that every command and option is offered
 * where it is taken.
 */
#include <string.h>

#include "options/options.h"

struct completing {
	const struct options_program *program;
	const struct options_command *command; /* NULL: none is named yet */
	const struct options_form *form;       /* NULL: no word chose one */
	/* the option whose value the last word is, or NULL */
	const struct options_option *pending;
	int operands; /* how many stand before the last word */
	bool ended;   /* by "--" */
	const char *word;
	/* what of the word stays before its value: "--config=", "en=" */
	size_t kept;
	options_names *names;
	void *arg;
	struct buf *out;
	struct error *err;
};

/* --- What is on the line. --- */

/* The option called so, "--name", "--name=…" or "-n", or NULL. */
static const struct options_option *
in_list(const struct options_option *list, const char *word)
{
	const size_t len = strcspn(word, "=");

	for (; list != NULL && list->name != NULL; list++) {
		if (word[1] != '-' && word[1] == list->letter &&
		    word[2] == '\0')
			return list;
		if (word[1] == '-' && strlen(list->name) == len - 2 &&
		    strncmp(list->name, word + 2, len - 2) == 0)
			return list;
	}
	return NULL;
}

/* The forms of the command, or of the one that runs where none is named. */
static const struct options_form *
forms_of(const struct completing *at)
{
	const struct options_command *one = at->program->commands;

	if (at->command != NULL)
		return at->command->forms;
	while (one->name != NULL && one->name[0] != '\0')
		one++;
	return one->name != NULL ? one->forms : NULL;
}

static const struct options_option *
find_option(const struct completing *at, const char *word)
{
	const struct options_option *found =
	    in_list(at->program->globals, word);
	const struct options_form *form = forms_of(at);

	for (; found == NULL && form != NULL && form->id != 0; form++)
		if (at->form == NULL || at->form == form)
			found = in_list(form->options, word);
	return found;
}

/* True if the option's value is the next word. */
static bool
takes_next(const struct options_option *option, const char *word)
{
	return option != NULL && option->value != NULL &&
	    (option->flags & OPTIONS_MAY) == 0 && strchr(word, '=') == NULL;
}

/* The form that a word or an option chooses. */
static void
choose(struct completing *at, const char *word, const char *option)
{
	const struct options_form *form = at->command->forms;

	for (; at->form == NULL && form->id != 0; form++) {
		const struct options_option *one =
		    option != NULL ? in_list(form->options, option) : NULL;

		if ((word != NULL && form->word != NULL &&
			strcmp(form->word, word) == 0) ||
		    (one != NULL && (one->flags & OPTIONS_CHOOSES) != 0))
			at->form = form;
	}
}

static void
take_word(struct completing *at, const char *word)
{
	const struct options_command *one = at->program->commands;

	at->pending = NULL;
	if (!at->ended && strcmp(word, "--") == 0) {
		at->ended = true;
	} else if (!at->ended && word[0] == '-' && word[1] != '\0') {
		const struct options_option *option = find_option(at, word);

		if (takes_next(option, word))
			at->pending = option;
		if (at->command != NULL)
			choose(at, NULL, word);
	} else if (at->command == NULL) {
		if (strcmp(word, "help") == 0)
			return;
		while (one->name != NULL && strcmp(one->name, word) != 0)
			one++;
		at->command = one->name != NULL ? one : NULL;
		/* Nothing is known of a command that there is not. */
		at->ended = at->command == NULL;
	} else {
		const struct options_form *before = at->form;

		if (at->operands == 0)
			choose(at, word, NULL);
		at->operands += at->form == before;
	}
}

/* Find what the last word is. */
static void
take_line(struct completing *at, char *words[], int num)
{
	for (int i = 0; i + 1 < num; i++) {
		if (at->pending != NULL)
			at->pending = NULL;
		else
			take_word(at, words[i]);
	}
	at->word = num > 0 ? words[num - 1] : "";
}

/* --- What is offered. --- */

/* Offer a word, after what is kept of the one that is there. */
static bool
offer(struct completing *at, const char *word, size_t len, const char *text)
{
	const char *typed = at->word + at->kept;

	if (len < strlen(typed) || strncmp(word, typed, strlen(typed)) != 0)
		return true;
	return buf_printf(at->out, at->err, "%.*s%.*s%s%.*s\n", (int)at->kept,
	    at->word, (int)len, word, text != NULL ? "\t" : "",
	    text != NULL ? (int)strcspn(text, "\n") : 0,
	    text != NULL ? text : "");
}

static bool
offer_options(struct completing *at, const struct options_option *list)
{
	char word[80];
	bool ok = true;

	for (; ok && list != NULL && list->name != NULL; list++) {
		snprintf(word, sizeof(word), "--%s", list->name);
		if ((list->flags & OPTIONS_HIDDEN) == 0)
			ok = offer(at, word, strlen(word), list->text);
	}
	return ok;
}

/* Offer the options of a form's command, each once. */
static bool
offer_all_options(struct completing *at)
{
	const struct options_form *form = forms_of(at);
	bool ok = true;

	for (; ok && form != NULL && form->id != 0; form++)
		if (at->form == NULL || at->form == form)
			ok = offer_options(at, form->options);
	return ok && offer_options(at, at->program->globals);
}

/* Offer what a value that is called so may be. */
static bool
offer_value(struct completing *at, const struct options_value *value)
{
	const char *rest = value->words;
	bool ok = true;

	switch (value->completion) {
	case COMPLETE_FILE:
	case COMPLETE_FOLDER:
		return buf_printf(at->out, at->err, ":%s\t%.*s\n",
		    value->completion == COMPLETE_FILE ? "file" : "folder",
		    (int)at->kept, at->word);
	case COMPLETE_WORDS:
		for (; ok && *rest != '\0'; rest += *rest == '\n') {
			const size_t len = strcspn(rest, "\n");

			ok = offer(at, rest, len, NULL);
			rest += len;
		}
		return ok;
	case COMPLETE_NAMES:
		break;
	}
	if (at->names != NULL) {
		struct buf found = BUF(at->out->max);
		struct span all, line;

		ok = at->names(at->arg, value->name, at->word + at->kept,
		    &found, at->err);
		all = buf_span(&found);
		while (ok && span_take_line(&all, &line))
			ok = offer(at, (const char *)line.data, line.len, NULL);
		buf_free(&found);
	}
	return ok;
}

static const struct options_value *
find_value(const struct options_program *program, const char *name, size_t len)
{
	const struct options_value *one = program->values;

	for (; one->name != NULL; one++)
		if (strlen(one->name) == len &&
		    strncmp(one->name, name, len) == 0)
			return one;
	return NULL;
}

/* Offer each value that text[0, len), "DOC@A|FILE.asice…", names. */
static bool
offer_named(struct completing *at, const char *text, size_t len)
{
	bool ok = true;

	for (size_t i = 0; ok && i < len;) {
		const size_t n =
		    strspn(text + i, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-");
		const struct options_value *value =
		    find_value(at->program, text + i, n);

		if (value != NULL)
			ok = offer_value(at, value);
		i += n > 0 ? n : 1;
	}
	return ok;
}

/* Offer a value of an option; of "LANG=FILE" what follows the "=". */
static bool
offer_option_value(struct completing *at, const struct options_option *option)
{
	const char *pair = strchr(option->value, '=');
	const char *equals = strchr(at->word + at->kept, '=');

	if (pair == NULL)
		return offer_named(at, option->value, strlen(option->value));
	if (equals == NULL)
		return true;
	at->kept = (size_t)(equals + 1 - at->word);
	return offer_named(at, pair + 1, strlen(pair + 1));
}

/* Offer what the next operand may be: the last is the one that repeats. */
static bool
offer_operand(struct completing *at, const struct options_form *form)
{
	const char *text = form->operands;
	size_t len;

	if (text == NULL || (form->max >= 0 && at->operands >= form->max))
		return true;
	for (int i = 0; i < at->operands && strchr(text, ' ') != NULL; i++)
		text = strchr(text, ' ') + 1;
	len = strcspn(text, " ");
	return offer_named(at, text, len);
}

/* True if only an option chooses the form. */
static bool
needs_option(const struct options_form *form)
{
	const struct options_option *one = form->options;

	while (one != NULL && one->name != NULL &&
	    (one->flags & OPTIONS_CHOOSES) == 0)
		one++;
	return one != NULL && one->name != NULL;
}

/* Offer words that choose a form, and operands of those without. */
static bool
offer_operands(struct completing *at)
{
	const struct options_form *form = at->command->forms;
	bool ok = true;

	if (at->form != NULL)
		return offer_operand(at, at->form);
	for (; ok && form->id != 0; form++) {
		if (form->word == NULL && !needs_option(form))
			ok = offer_operand(at, form);
		else if (form->word != NULL && at->operands == 0)
			ok = offer(at, form->word, strlen(form->word),
			    form->text);
	}
	return ok;
}

static bool
offer_commands(struct completing *at)
{
	const struct options_command *one = at->program->commands;
	bool ok = true;

	for (; ok && one->name != NULL; one++)
		if (one->name[0] != '\0')
			ok = offer(at, one->name, strlen(one->name),
			    one->summary);
	return ok;
}

bool
options_complete(const struct options_program *program, char *words[], int num,
    options_names *names, void *arg, struct buf *out, struct error *err)
{
	struct completing at = { .program = program,
		.names = names,
		.arg = arg,
		.out = out,
		.err = err };
	const struct options_option *option;

	take_line(&at, words, num);
	if (at.pending != NULL)
		return offer_option_value(&at, at.pending);
	if (!at.ended && at.word[0] == '-' && strchr(at.word, '=') != NULL) {
		option = find_option(&at, at.word);
		at.kept = strcspn(at.word, "=") + 1;
		return option == NULL || option->value == NULL ||
		    offer_option_value(&at, option);
	}
	if (!at.ended && at.word[0] == '-')
		return offer_all_options(&at);
	if (at.command != NULL)
		return offer_operands(&at);
	return at.ended || offer_commands(&at);
}
