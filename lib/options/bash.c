/*
 * A completion for bash: commands, the words of their forms, options, and what
 * a value or an operand is called decides how it is completed.
 */
#include <string.h>

#include "options/options.h"

struct script {
	const struct options_program *program;
	struct buf *out;
	struct error *err;
};

static const char head[] =
    "# bash completion for %s, made from the table of its options\n"
    "_%s() {\n"
    "\tlocal cur prev words cword command= i\n"
    "\t_init_completion -n = 2>/dev/null || {\n"
    "\t\tcur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
    "\t\twords=(\"${COMP_WORDS[@]}\") cword=$COMP_CWORD\n"
    "\t}\n"
    "\tfor ((i = 1; i < cword; i++)); do\n"
    "\t\tcase ${words[i]} in\n";

static const char *
shown_name(const struct options_command *command)
{
	return command->name[0] != '\0' ? command->name : "-";
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

/* The value that a text such as "[DOC…] | FILE.asice…" is the first to name. */
static const struct options_value *
value_in(const struct options_program *program, const char *text)
{
	while (text != NULL && *text != '\0') {
		const size_t len = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-");
		const struct options_value *value =
		    find_value(program, text, len);

		if (value != NULL)
			return value;
		text += len > 0 ? len : 1;
	}
	return NULL;
}

/* Append the commands that complete a value; of "LANG=FILE" what follows "=". */
static bool
append_values(struct script *to, const struct options_value *value, bool pair)
{
	const char *c = value->words;
	bool ok;

	if (value->completion != COMPLETE_WORDS)
		return buf_printf(to->out, to->err,
		    "COMPREPLY=($(compgen -%c -- \"${cur%s}\")); ",
		    value->completion == COMPLETE_FILE ? 'f' : 'd',
		    pair ? "#*=" : "");
	ok = buf_append_str(to->out,
	    "local IFS=$'\\n'; COMPREPLY=($(compgen -W $'", to->err);
	for (; ok && *c != '\0'; c++)
		ok = *c == '\n' ? buf_append_str(to->out, "\\n", to->err)
				: buf_append_u8(to->out, (uint8_t)*c, to->err);
	return ok && buf_append_str(to->out, "' -- \"$cur\")); ", to->err);
}

/* Append a case for each option of a list that takes a value. */
static bool
append_cases(struct script *to, const char *command,
    const struct options_option *list)
{
	bool ok = true;

	for (; ok && list != NULL && list->name != NULL; list++) {
		const struct options_value *value = list->value != NULL
		    ? value_in(to->program, list->value)
		    : NULL;

		if (list->value == NULL || (list->flags & OPTIONS_MAY) != 0)
			continue;
		ok = buf_printf(to->out, to->err, "\t\"%s --%s\"", command,
		    list->name);
		if (ok && list->letter != '\0')
			ok = buf_printf(to->out, to->err, " | \"%s -%c\"",
			    command, list->letter);
		ok = ok && buf_append_str(to->out, ") ", to->err) &&
		    (value == NULL ||
			append_values(to, value,
			    strchr(list->value, '=') != NULL)) &&
		    buf_append_str(to->out, "return ;;\n", to->err);
	}
	return ok;
}

/* Append " --name" for each option of a list that is told. */
static bool
append_names(struct script *to, const struct options_option *list)
{
	bool ok = true;

	for (; ok && list != NULL && list->name != NULL; list++)
		if ((list->flags & OPTIONS_HIDDEN) == 0)
			ok = buf_printf(to->out, to->err, " --%s", list->name);
	return ok;
}

/* Append the words of a command's forms. */
static bool
append_words(struct script *to, const struct options_command *command)
{
	bool ok = true;

	for (const struct options_form *form = command->forms;
	     ok && form->id != 0; form++)
		if (form->word != NULL)
			ok = buf_printf(to->out, to->err, " %s", form->word);
	return ok;
}

/* Append what a command takes: its options, words, files or folders. */
static bool
append_command(struct script *to, const struct options_command *command)
{
	const struct options_value *value = NULL;
	bool ok = buf_printf(to->out, to->err, "\t%s) options+=\"",
	    shown_name(command));

	for (const struct options_form *form = command->forms;
	     ok && form->id != 0; form++) {
		const struct options_value *one =
		    value_in(to->program, form->operands);

		ok = append_names(to, form->options);
		/* Completing files offers folders too. */
		if (value == NULL ||
		    (one != NULL && one->completion == COMPLETE_FILE))
			value = one;
	}
	ok = ok && buf_append_str(to->out, "\" words=\"", to->err) &&
	    append_words(to, command) && buf_append_str(to->out, "\"", to->err);
	if (ok && value != NULL)
		ok = buf_printf(to->out, to->err, " operand=%c",
		    value->completion == COMPLETE_FOLDER ? 'd' : 'f');
	return ok && buf_append_str(to->out, " ;;\n", to->err);
}

bool
options_bash(const struct options_program *program, struct buf *out,
    struct error *err)
{
	struct script to = { .program = program, .out = out, .err = err };
	const struct options_command *one;
	bool ok = buf_printf(out, err, head, program->name, program->name);

	for (const struct options_option *option = program->globals;
	     ok && option->name != NULL; option++)
		if (option->value != NULL)
			ok = buf_printf(out, err, "\t\t--%s) ((i++)) ;;\n",
			    option->name);
	ok = ok &&
	    buf_append_str(out,
		"\t\t-*) ;;\n"
		"\t\t*) command=${words[i]}; break ;;\n"
		"\t\tesac\n"
		"\tdone\n"
		"\tcase \"${command:--} $prev\" in\n",
		err);
	for (one = program->commands; ok && one->name != NULL; one++)
		for (const struct options_form *form = one->forms;
		     ok && form->id != 0; form++)
			ok = append_cases(&to, shown_name(one), form->options);
	for (const struct options_option *option = program->globals;
	     ok && option->name != NULL; option++) {
		const struct options_value *value = option->value != NULL
		    ? value_in(program, option->value)
		    : NULL;

		if (value != NULL)
			ok = buf_printf(out, err, "\t*\" --%s\") ",
				 option->name) &&
			    append_values(&to, value, false) &&
			    buf_append_str(out, "return ;;\n", err);
	}
	ok = ok && buf_append_str(out, "\tesac\n\tlocal options=\"", err) &&
	    append_names(&to, program->globals) &&
	    buf_append_str(out,
		"\" words= operand=\n"
		"\tcase ${command:--} in\n",
		err);
	for (one = program->commands; ok && one->name != NULL; one++)
		ok = append_command(&to, one);
	ok = ok &&
	    buf_append_str(out, "\tesac\n\t[[ -n $command ]] || words=\"", err);
	for (one = program->commands; ok && one->name != NULL; one++)
		if (one->name[0] != '\0')
			ok = buf_printf(out, err, " %s", one->name);
	return ok &&
	    buf_printf(out, err,
		"\"\n"
		"\tif [[ $cur == -* ]]; then"
		" COMPREPLY=($(compgen -W \"$options\" -- \"$cur\")); return; fi\n"
		"\tif [[ -n $words ]] && ((cword <= i + 1)); then"
		" COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
		"\telif [[ -n $operand ]]; then"
		" COMPREPLY=($(compgen -$operand -- \"$cur\")); fi\n"
		"}\n"
		"complete -o filenames -F _%s %s\n",
		program->name, program->name);
}
