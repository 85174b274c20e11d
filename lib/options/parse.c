/*
 * Parsing a command line by the table.  Options and operands may come in any
 * order; a long option may be cut short as long as one alone begins so; "--"
 * ends the options.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "options/options.h"

enum { KNOWN = 64, TEXT = 400 };

struct parsing {
	const struct options_program *program;
	int argc;
	char **argv;
	int at;     /* the argument that is looked at */
	bool ended; /* by "--" */
	/* The options that any form of the command takes. */
	const struct options_option *known[KNOWN];
	size_t num_known;
	const char *word; /* the word that chose the form, or NULL */
	struct options_given *out;
};

void
options_free(struct options_given *given)
{
	free(given->options);
	free(given->operands);
	given->options = NULL;
	given->operands = NULL;
}

bool
options_has(const struct options_given *given, int id)
{
	for (size_t i = 0; i < given->num_options; i++)
		if (given->options[i].option->id == id)
			return true;
	return false;
}

const char *
options_value(const struct options_given *given, int id)
{
	const char *value = NULL;

	for (size_t i = 0; i < given->num_options; i++)
		if (given->options[i].option->id == id)
			value = given->options[i].value;
	return value;
}

/* True if the list, which ends with a name NULL, has this option. */
static bool
in_list(const struct options_option *list, int id)
{
	for (; list != NULL && list->name != NULL; list++)
		if (list->id == id)
			return true;
	return false;
}

static void
know(struct parsing *parsing, const struct options_option *list)
{
	for (; list != NULL && list->name != NULL; list++) {
		bool has = false;

		for (size_t i = 0; i < parsing->num_known; i++)
			has |= strcmp(parsing->known[i]->name, list->name) == 0;
		if (has)
			continue;
		assert(parsing->num_known < KNOWN);
		parsing->known[parsing->num_known++] = list;
	}
}

/* "valise", or "valise push": whose --help tells more. */
static const char *
helper(const struct parsing *parsing, char out[TEXT])
{
	const struct options_command *command = parsing->out->command;
	const bool named = command != NULL && command->name[0] != '\0';

	snprintf(out, TEXT, "\"%s%s%s --help\"", parsing->program->name,
	    named ? " " : "", named ? command->name : "");
	return out;
}

/* Refuse a word: candidates are those that might have been meant. */
static bool
unknown(const struct parsing *parsing, const char *what, const char *word,
    const char *const candidates[], size_t num, const char *hyphens,
    struct error *err)
{
	const char *meant = text_nearest(word, candidates, num);
	char help[TEXT];

	return error_set(err, ERROR_USAGE, "%s \"%s%.60s\"%s%s%s%s (see %s)",
	    what, hyphens, word, meant != NULL ? "; did you mean \"" : "",
	    meant != NULL ? hyphens : "", meant != NULL ? meant : "",
	    meant != NULL ? "\"?" : "", helper(parsing, help));
}

static bool
unknown_option(const struct parsing *parsing, const char *name,
    struct error *err)
{
	const char *names[KNOWN];
	char word[64];

	for (size_t i = 0; i < parsing->num_known; i++)
		names[i] = parsing->known[i]->name;
	snprintf(word, sizeof(word), "%.*s", (int)strcspn(name, "="), name);
	return unknown(parsing, "unknown option", word, names,
	    parsing->num_known, "--", err);
}

/* The option of this name, or the only one that begins so; else NULL. */
static const struct options_option *
find_long(const struct parsing *parsing, const char *name, struct error *err)
{
	const struct options_option *found = NULL;
	const size_t len = strcspn(name, "=");

	for (size_t i = 0; i < parsing->num_known; i++) {
		const struct options_option *one = parsing->known[i];

		if (len == 0 || strncmp(one->name, name, len) != 0)
			continue;
		if (one->name[len] == '\0')
			return one;
		if (found != NULL && found->id != one->id) {
			error_set(err, ERROR_USAGE,
			    "--%.*s may be --%s or --%s: write all of it",
			    (int)len, name, found->name, one->name);
			return NULL;
		}
		found = one;
	}
	if (found == NULL)
		unknown_option(parsing, name, err);
	return found;
}

static const struct options_option *
find_letter(const struct parsing *parsing, char letter, struct error *err)
{
	char help[TEXT];

	for (size_t i = 0; i < parsing->num_known; i++)
		if (parsing->known[i]->letter == letter)
			return parsing->known[i];
	error_set(err, ERROR_USAGE, "unknown option \"-%c\" (see %s)", letter,
	    helper(parsing, help));
	return NULL;
}

static bool
add(struct parsing *parsing, const struct options_option *option,
    const char *value)
{
	struct options_given *out = parsing->out;

	out->help |= option->id == OPTIONS_HELP;
	out->version |= option->id == OPTIONS_VERSION;
	out->options[out->num_options++] =
	    (struct options_one){ .option = option, .value = value };
	return true;
}

/* Take the argument after an option as its value. */
static bool
add_with_next(struct parsing *parsing, const struct options_option *option,
    struct error *err)
{
	if (parsing->at + 1 >= parsing->argc)
		return error_set(err, ERROR_USAGE, "--%s needs %s %s",
		    option->name,
		    strchr("AEIOU", option->value[0]) != NULL ? "an" : "a",
		    option->value);
	return add(parsing, option, parsing->argv[++parsing->at]);
}

static bool
take_long(struct parsing *parsing, struct error *err)
{
	const char *name = parsing->argv[parsing->at] + 2;
	const char *equals = strchr(name, '=');
	const struct options_option *option = find_long(parsing, name, err);

	if (option == NULL)
		return false;
	if (option->value == NULL && equals != NULL)
		return error_set(err, ERROR_USAGE, "--%s takes no value",
		    option->name);
	if (option->value == NULL || equals != NULL ||
	    (option->flags & OPTIONS_MAY) != 0)
		return add(parsing, option, equals != NULL ? equals + 1 : NULL);
	return add_with_next(parsing, option, err);
}

/* "-y", "-o FILE", "-oFILE", and several letters in one argument. */
static bool
take_letters(struct parsing *parsing, struct error *err)
{
	for (const char *c = parsing->argv[parsing->at] + 1; *c != '\0'; c++) {
		const struct options_option *option =
		    find_letter(parsing, *c, err);

		if (option == NULL)
			return false;
		if (option->value != NULL)
			return c[1] != '\0'
			    ? add(parsing, option, c + 1)
			    : add_with_next(parsing, option, err);
		add(parsing, option, NULL);
	}
	return true;
}

static bool
take_argument(struct parsing *parsing, struct error *err)
{
	char *argument = parsing->argv[parsing->at];

	if (!parsing->ended && strcmp(argument, "--") == 0) {
		parsing->ended = true;
		return true;
	}
	if (!parsing->ended && argument[0] == '-' && argument[1] == '-')
		return take_long(parsing, err);
	if (!parsing->ended && argument[0] == '-' && argument[1] != '\0')
		return take_letters(parsing, err);
	parsing->out->operands[parsing->out->num_operands++] = argument;
	return true;
}

/* --- The command. --- */

static const struct options_command *
find_command(const struct options_program *program, const char *name)
{
	for (const struct options_command *one = program->commands;
	     one->name != NULL; one++)
		if (strcmp(one->name, name) == 0)
			return one;
	return NULL;
}

static bool
unknown_command(const struct parsing *parsing, const char *name,
    struct error *err)
{
	const struct options_command *all = parsing->program->commands;
	const char *names[KNOWN];
	size_t num = 0;

	for (; all[num].name != NULL; num++) {
		assert(num < KNOWN);
		names[num] = all[num].name;
	}
	return unknown(parsing, "there is no such command:", name, names, num,
	    "", err);
}

/*
 * The first argument that is no option and no option's value; argc if there is
 * none.  Before it only options that go with every command can stand.
 */
static int
find_word(struct parsing *parsing)
{
	for (int i = 1; i < parsing->argc; i++) {
		const char *argument = parsing->argv[i];
		const struct options_option *option;
		struct error ignored = { 0 };

		if (strcmp(argument, "--") == 0)
			break;
		if (argument[0] != '-')
			return i;
		if (argument[1] != '-')
			continue;
		option = find_long(parsing, argument + 2, &ignored);
		if (option != NULL && option->value != NULL &&
		    strchr(argument, '=') == NULL &&
		    (option->flags & OPTIONS_MAY) == 0)
			i++;
	}
	return parsing->argc;
}

/* Set out->command; the place of its name is where, or argc. */
static bool
take_command(struct parsing *parsing, int *where, struct error *err)
{
	const struct options_command *command;

	*where = find_word(parsing);
	if (*where < parsing->argc &&
	    strcmp(parsing->argv[*where], "help") == 0) {
		parsing->out->help = true;
		memmove(&parsing->argv[*where], &parsing->argv[*where + 1],
		    (size_t)(parsing->argc - *where) * sizeof(char *));
		parsing->argc--;
		*where = find_word(parsing);
	}
	command = find_command(parsing->program,
	    *where < parsing->argc ? parsing->argv[*where] : "");
	if (command == NULL && *where < parsing->argc)
		return unknown_command(parsing, parsing->argv[*where], err);
	parsing->out->command = command;
	if (command == NULL)
		return true;
	for (const struct options_form *form = command->forms; form->id != 0;
	     form++)
		know(parsing, form->options);
	return true;
}

/* --- The form. --- */

/* The option of a form that was given and chooses it, or NULL. */
static const struct options_option *
chooser(const struct options_given *given, const struct options_form *form,
    bool only_given)
{
	const struct options_option *one = form->options;

	for (; one != NULL && one->name != NULL; one++)
		if ((one->flags & OPTIONS_CHOOSES) != 0 &&
		    (!only_given || options_has(given, one->id)))
			return one;
	return NULL;
}

/*
 * Take the first operand as the word that chooses a form, if it is one.
 * Returns the first form with that word, or NULL.
 */
static const struct options_form *
take_word(struct parsing *parsing)
{
	struct options_given *out = parsing->out;
	const struct options_form *form = out->command->forms;

	for (; out->num_operands > 0 && form->id != 0; form++)
		if (form->word != NULL &&
		    strcmp(form->word, out->operands[0]) == 0) {
			parsing->word = form->word;
			out->num_operands--;
			memmove(out->operands, out->operands + 1,
			    (size_t)out->num_operands * sizeof(char *));
			return form;
		}
	return NULL;
}

/* True if the form is one of those that the word, or none, allows. */
static bool
has_word(const struct options_form *form, const char *word)
{
	if (form->word == NULL || word == NULL)
		return form->word == word;
	return strcmp(form->word, word) == 0;
}

/* No form goes with the operands: say which words there are. */
static bool
unknown_word(const struct parsing *parsing, struct error *err)
{
	const struct options_given *out = parsing->out;
	const struct options_form *form = out->command->forms;
	char text[TEXT] = "", help[TEXT];
	const char *words[KNOWN];
	size_t num = 0;

	for (; form->id != 0; form++)
		if (form->word != NULL)
			words[num++] = form->word;
	for (size_t i = 0; i < num; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
		    "%s%s",
		    i == 0             ? ""
			: i + 1 == num ? " or "
				       : ", ",
		    words[i]);
	if (out->num_operands > 0)
		return unknown(parsing, "unknown word", out->operands[0], words,
		    num, "", err);
	return error_set(err, ERROR_USAGE, "expected %s (see %s)", text,
	    helper(parsing, help));
}

static bool
choose_form(struct parsing *parsing, struct error *err)
{
	struct options_given *out = parsing->out;
	const struct options_form *form = out->command->forms, *plain = NULL;

	take_word(parsing);
	for (; form->id != 0; form++) {
		const struct options_option *option, *before;

		if (!has_word(form, parsing->word))
			continue;
		if (chooser(out, form, false) == NULL) {
			plain = plain != NULL ? plain : form;
			continue;
		}
		if ((option = chooser(out, form, true)) == NULL)
			continue;
		if (out->form != NULL) {
			before = chooser(out, out->form, true);
			return error_set(err, ERROR_USAGE,
			    "--%s and --%s do not go together", before->name,
			    option->name);
		}
		out->form = form;
	}
	if (out->form == NULL)
		out->form = plain;
	return out->form != NULL || unknown_word(parsing, err);
}

/* An option of the command that the form does not take: say why. */
static bool
misplaced(const struct parsing *parsing, const struct options_option *option,
    struct error *err)
{
	const struct options_given *out = parsing->out;
	const struct options_option *chosen = chooser(out, out->form, true);
	const struct options_form *form = out->command->forms;
	struct buf name = BUF(TEXT);
	bool ok;

	if (chosen != NULL)
		return error_set(err, ERROR_USAGE, "--%s does not go with --%s",
		    option->name, chosen->name);
	while (form->id != 0 && !in_list(form->options, option->id))
		form++;
	ok = options_form_name(out->command, form, &name, err);
	if (ok)
		error_set(err, ERROR_USAGE, "--%s is an option of \"%s %.*s\"",
		    option->name, parsing->program->name, (int)name.len,
		    (const char *)name.data);
	buf_free(&name);
	return false;
}

static bool
check_operands(const struct parsing *parsing, struct error *err)
{
	const struct options_given *out = parsing->out;
	const struct options_form *form = out->form;
	struct buf usage = BUF(TEXT);
	char help[TEXT];

	if (out->num_operands >= form->min &&
	    (form->max < 0 || out->num_operands <= form->max))
		return true;
	if (options_usage(parsing->program, out->command, form, true, &usage,
		err)) {
		for (size_t i = 0; i < usage.len; i++)
			if (usage.data[i] == HARD_BLANK)
				usage.data[i] = ' ';
		error_set(err, ERROR_USAGE, "expected \"%.*s\" (see %s)",
		    (int)usage.len, (const char *)usage.data,
		    helper(parsing, help));
	}
	buf_free(&usage);
	return false;
}

static bool
check_form(const struct parsing *parsing, struct error *err)
{
	const struct options_given *out = parsing->out;
	const struct options_option *one = out->form->options;

	for (size_t i = 0; i < out->num_options; i++) {
		const struct options_option *option = out->options[i].option;

		if (!in_list(parsing->program->globals, option->id) &&
		    !in_list(out->form->options, option->id))
			return misplaced(parsing, option, err);
	}
	if (!check_operands(parsing, err))
		return false;
	for (; one != NULL && one->name != NULL; one++)
		if ((one->flags & OPTIONS_NEEDED) != 0 &&
		    !options_has(out, one->id))
			return error_set(err, ERROR_USAGE,
			    "--%s %s is needed: %s", one->name,
			    one->value != NULL ? one->value : "", one->text);
	return true;
}

bool
options_parse(const struct options_program *program, int argc, char *argv[],
    struct options_given *out, struct error *err)
{
	struct parsing parsing = { .program = program,
		.argc = argc,
		.argv = argv,
		.out = out };
	int command;
	bool ok;

	*out = (struct options_given){ .program = program };
	/* A cluster of letters has at most as many options as bytes. */
	size_t room = 1;
	for (int i = 1; i < argc; i++)
		room += argv[i][0] == '-' ? strlen(argv[i]) : 1;
	out->options = calloc(room, sizeof(*out->options));
	out->operands = calloc((size_t)argc + 1, sizeof(char *));
	if (out->options == NULL || out->operands == NULL)
		return error_set_outside(err, "no memory");
	know(&parsing, program->globals);
	ok = take_command(&parsing, &command, err);
	/* The first mistake is told, and the rest is looked at all the same. */
	for (parsing.at = 1; parsing.at < parsing.argc; parsing.at++) {
		struct error why = { 0 };

		if (parsing.at == command || take_argument(&parsing, &why) ||
		    !ok)
			continue;
		*err = why;
		ok = false;
	}
	if (out->help || out->version) {
		if (out->command != NULL)
			out->form = take_word(&parsing);
		return true;
	}
	return ok &&
	    (out->command == NULL ||
		(choose_form(&parsing, err) && check_form(&parsing, err)));
}
