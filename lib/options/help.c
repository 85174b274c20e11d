/*
 * Usage lines and --help, made from the table and folded at 79 columns.
 */
#include <string.h>

#include "options/options.h"

enum { WIDTH = 79, LABEL_MOST = 26, LINE = 4096 };

/* How many columns UTF-8 text takes: its characters, each of width 1 here. */
static size_t
columns(const char *text, size_t len)
{
	size_t num = 0;

	for (size_t i = 0; i < len; i++)
		num += ((unsigned char)text[i] & 0xc0) != 0x80;
	return num;
}

/*
 * Append text, folded between words; column is where it begins, and lines
 * after a fold, or after a newline in it, begin at indent.
 */
static bool
append_folded(struct buf *out, size_t column, size_t indent, const char *text,
    struct error *err)
{
	bool ok = true, first = true;

	while (ok && *text != '\0') {
		const size_t len = strcspn(text, " \n");
		const size_t width = columns(text, len);

		if (!first && column + 1 + width > WIDTH) {
			ok = buf_printf(out, err, "\n%*s", (int)indent, "");
			column = indent;
		} else if (!first) {
			ok = buf_append_str(out, " ", err);
			column++;
		}
		for (size_t i = 0; ok && i < len; i++)
			ok = buf_append_u8(out,
			    text[i] == HARD_BLANK ? ' ' : (uint8_t)text[i],
			    err);
		column += width;
		text += len;
		first = false;
		while (ok && *text == '\n') {
			/* No blanks before the newline of an empty line. */
			ok = text[1] == '\n'
			    ? buf_append_str(out, "\n", err)
			    : buf_printf(out, err, "\n%*s", (int)indent, "");
			column = indent;
			first = true;
			text++;
		}
		if (*text == ' ')
			text++;
	}
	return ok && buf_append_str(out, "\n", err);
}

/* --- Usage lines. --- */

bool
options_piece(const struct options_option *option, struct buf *out,
    struct error *err)
{
	const bool needed =
	    (option->flags & (OPTIONS_NEEDED | OPTIONS_CHOOSES)) != 0;
	bool ok = needed || buf_append_str(out, "[", err);

	if (option->letter != '\0' && option->value != NULL)
		ok = ok && buf_printf(out, err, "-%c", option->letter);
	else
		ok = ok && buf_printf(out, err, "--%s", option->name);
	if (option->value != NULL)
		ok = ok &&
		    ((option->flags & OPTIONS_MAY) != 0
			    ? buf_printf(out, err, "[=%s]", option->value)
			    : buf_printf(out, err, "%c%s", HARD_BLANK,
				  option->value));
	ok = ok && (needed || buf_append_str(out, "]", err));
	return ok &&
	    ((option->flags & OPTIONS_MANY) == 0 ||
		buf_append_str(out, "…", err));
}

bool
options_label(const struct options_option *option, struct buf *out,
    struct error *err)
{
	const bool may = (option->flags & OPTIONS_MAY) != 0;

	if (option->letter != '\0' &&
	    !buf_printf(out, err, "-%c, ", option->letter))
		return false;
	return buf_printf(out, err, "--%s%s%s%s", option->name,
	    option->value == NULL ? ""
		: may             ? "[="
				  : " ",
	    option->value == NULL ? "" : option->value, may ? "]" : "");
}

/*
 * Append the options of a list that have one of the flags with (0: all) and
 * none of the flags without, each with a blank before it.
 */
static bool
append_pieces(const struct options_option *list, unsigned without,
    unsigned with, struct buf *out, struct error *err)
{
	bool ok = true;

	for (; ok && list != NULL && list->name != NULL; list++)
		if ((list->flags & (without | OPTIONS_HIDDEN)) == 0 &&
		    list->id != OPTIONS_HELP && list->id != OPTIONS_VERSION &&
		    (with == 0 || (list->flags & with) != 0))
			ok = buf_append_str(out, " ", err) &&
			    options_piece(list, out, err);
	return ok;
}

bool
options_usage(const struct options_program *program,
    const struct options_command *command, const struct options_form *form,
    bool brief, struct buf *out, struct error *err)
{
	const bool named = command->name[0] != '\0';

	/*
	 * The option that chooses the form comes first, as its name: "--note ID
	 * TEXT".
	 */
	return buf_printf(out, err, "%s%s%s%s%s", program->name,
		   named ? " " : "", command->name,
		   form->word != NULL ? " " : "",
		   form->word != NULL ? form->word : "") &&
	    append_pieces(form->options, 0, OPTIONS_CHOOSES, out, err) &&
	    (form->operands == NULL ||
		buf_printf(out, err, " %s", form->operands)) &&
	    append_pieces(form->options, OPTIONS_CHOOSES, OPTIONS_NEEDED, out,
		err) &&
	    (brief ||
		append_pieces(form->options, OPTIONS_CHOOSES | OPTIONS_NEEDED,
		    0, out, err));
}

bool
options_form_name(const struct options_command *command,
    const struct options_form *form, struct buf *out, struct error *err)
{
	const struct options_option *one = form->options;
	const char *name = command->name;

	if (!buf_printf(out, err, "%s%s%s", name,
		form->word != NULL && name[0] != '\0' ? " " : "",
		form->word != NULL ? form->word : ""))
		return false;
	for (; one != NULL && one->name != NULL; one++)
		if ((one->flags & OPTIONS_CHOOSES) != 0)
			return buf_printf(out, err, "%s--%s",
			    name[0] != '\0' ? " " : "", one->name);
	return true;
}

/* Append "usage: " and the usage lines of a command, or of its one form. */
static bool
append_usages(const struct options_program *program,
    const struct options_command *command, const struct options_form *only,
    struct buf *out, struct error *err)
{
	const char *head = "usage: ";
	bool ok = true;

	for (const struct options_form *form = command->forms;
	     ok && form->id != 0; form++) {
		struct buf line = BUF(LINE);

		if (only != NULL &&
		    (form->word == NULL || strcmp(form->word, only->word) != 0))
			continue;
		ok = options_usage(program, command, form, false, &line, err) &&
		    buf_append_u8(&line, '\0', err) &&
		    buf_append_str(out, head, err) &&
		    append_folded(out, strlen(head), strlen(head) + 4,
			(const char *)line.data, err);
		buf_free(&line);
		head = "       ";
	}
	return ok;
}

/* --- Lists of options. --- */

static bool
append_item(struct buf *out, size_t margin, size_t room,
    const struct options_option *option, struct error *err)
{
	struct buf label = BUF(LINE);
	bool ok = options_label(option, &label, err) &&
	    buf_printf(out, err, "%*s%.*s", (int)margin, "", (int)label.len,
		(const char *)label.data);

	if (ok && label.len > room)
		ok =
		    buf_printf(out, err, "\n%*s", (int)(margin + room + 2), "");
	else if (ok)
		ok = buf_printf(out, err, "%*s", (int)(room - label.len + 2),
		    "");
	ok = ok &&
	    append_folded(out, margin + room + 2, margin + room + 2,
		option->text, err);
	buf_free(&label);
	return ok;
}

/* How wide the labels of a list are, and at least so wide as least. */
static size_t
label_room(const struct options_option *options, size_t least)
{
	const struct options_option *one = options;

	for (; one != NULL && one->name != NULL; one++) {
		struct buf label = BUF(LINE);
		struct error ignored = { 0 };

		if ((one->flags & OPTIONS_HIDDEN) == 0 &&
		    options_label(one, &label, &ignored) && label.len > least &&
		    label.len <= LABEL_MOST)
			least = label.len;
		buf_free(&label);
	}
	return least;
}

static bool
append_list(struct buf *out, size_t margin, size_t least,
    const struct options_option *options, struct error *err)
{
	const size_t room = label_room(options, least);
	const struct options_option *one;
	bool ok = true;

	for (one = options; ok && one != NULL && one->name != NULL; one++)
		ok = (one->flags & OPTIONS_HIDDEN) != 0 ||
		    append_item(out, margin, room, one, err);
	return ok;
}

/*
 * Append what a form is called, where a command has several, and its options.
 */
static bool
append_form(const struct options_command *command,
    const struct options_form *form, bool several, struct buf *out,
    struct error *err)
{
	const bool has_options =
	    form->options != NULL && form->options->name != NULL;
	const size_t margin = several ? 4 : 2;
	struct buf name = BUF(LINE);
	bool ok = true;

	if (!has_options && form->text == NULL)
		return true;
	ok = buf_append_str(out, "\n", err);
	if (ok && several)
		ok = options_form_name(command, form, &name, err) &&
		    buf_printf(out, err, "  %.*s%s\n", (int)name.len,
			(const char *)name.data, form->text != NULL ? ":" : "");
	if (ok && form->text != NULL)
		ok = buf_printf(out, err, "%*s", (int)margin, "") &&
		    append_folded(out, margin, margin, form->text, err);
	ok = ok && append_list(out, margin, 0, form->options, err);
	buf_free(&name);
	return ok;
}

/* --- --help. --- */

/* Append a summary as a sentence, and an empty line. */
static bool
append_sentence(struct buf *out, const char *summary, struct error *err)
{
	const char first = summary[0];

	return buf_printf(out, err, "%c%s.\n\n",
	    first >= 'a' && first <= 'z' ? first - 'a' + 'A' : first,
	    summary + 1);
}

static bool
help_command(const struct options_program *program,
    const struct options_command *command, const struct options_form *only,
    struct buf *out, struct error *err)
{
	const struct options_form *form = command->forms;
	const bool several = form[1].id != 0;
	const char *local = command->local;
	bool ok = append_sentence(out, command->summary, err) &&
	    append_usages(program, command, only, out, err);

	if (ok && command->text != NULL)
		ok = buf_append_str(out, "\n", err) &&
		    append_folded(out, 0, 0, command->text, err);
	for (; ok && form->id != 0; form++)
		if (only == NULL ||
		    (form->word != NULL && strcmp(form->word, only->word) == 0))
			ok = append_form(command, form, several, out, err);
	if (ok && command->example != NULL)
		ok = buf_printf(out, err, "\nExample:\n%s", command->example);
	if (ok && local != NULL)
		ok = buf_printf(out, err,
		    "\nWith --local%s%s%s it uses the local copy and asks"
		    " nobody.\n",
		    local[0] != '\0' ? " (" : "", local,
		    local[0] != '\0' ? ")" : "");
	return ok;
}

/* Append "push, sign, verify (not --current), …": what works with --local. */
static bool
append_local(const struct options_program *program, struct buf *out,
    struct error *err)
{
	const struct options_command *one = program->commands;
	struct buf line = BUF(LINE);
	const char *mark = "";
	bool ok = true;

	for (; ok && one->name != NULL; one++) {
		if (one->local == NULL)
			continue;
		ok = buf_printf(&line, err, "%s%s", mark, one->name);
		if (ok && one->local[0] != '\0')
			ok = buf_printf(&line, err, "%c(", HARD_BLANK);
		for (const char *c = one->local; ok && *c != '\0'; c++)
			ok = buf_append_u8(&line,
			    *c == ' ' ? HARD_BLANK : (uint8_t)*c, err);
		ok = ok &&
		    (one->local[0] == '\0' || buf_append_str(&line, ")", err));
		mark = ", ";
	}
	ok = ok && buf_append_u8(&line, '\0', err) &&
	    (line.len == 1 ||
		(buf_append_str(out,
		     "\nWith --local these use the local copy and ask"
		     " nobody:\n  ",
		     err) &&
		    append_folded(out, 2, 2, (const char *)line.data, err)));
	buf_free(&line);
	return ok;
}

/* Append each command with its summary, a line each or folded. */
static bool
append_commands(const struct options_program *program, struct buf *out,
    struct error *err)
{
	const struct options_command *one;
	size_t room = 0;
	bool ok = buf_append_str(out, "\n", err);

	for (one = program->commands; one->name != NULL; one++)
		if (strlen(one->name) > room)
			room = strlen(one->name);
	for (one = program->commands; ok && one->name != NULL; one++)
		ok = buf_printf(out, err, "  %-*s  ", (int)room,
			 one->name[0] != '\0' ? one->name : "(none)") &&
		    append_folded(out, room + 4, room + 4, one->summary, err);
	return ok;
}

/* Append each exit status that there is, with its meaning. */
static bool
append_exits(struct buf *out, struct error *err)
{
	const char *meaning = error_exit_meaning(0);
	bool ok = buf_append_str(out, "\nExit status:\n", err);

	for (int i = 0; ok && meaning != NULL;
	     meaning = error_exit_meaning(++i))
		ok = buf_printf(out, err, "  %d  ", i) &&
		    append_folded(out, 5, 5, meaning, err);
	return ok;
}

static bool
help_program(const struct options_program *program, struct buf *out,
    struct error *err)
{
	const bool may = program->commands[0].name[0] == '\0';
	const struct options_form *form;
	size_t room = label_room(program->globals, 0);
	bool ok = append_folded(out, 0, 0, program->summary, err) &&
	    buf_printf(out, err, "\nusage: %s", program->name) &&
	    append_pieces(program->globals, 0, 0, out, err) &&
	    buf_printf(out, err, " %s\n", may ? "[COMMAND] …" : "COMMAND …");

	for (size_t i = 0; i < out->len; i++)
		if (out->data[i] == HARD_BLANK)
			out->data[i] = ' ';
	ok = ok && append_commands(program, out, err) &&
	    buf_append_str(out, "\n", err);
	for (form = may ? program->commands[0].forms : NULL;
	     ok && form != NULL && form->id != 0; form++)
		ok = append_list(out, 2, room, form->options, err);
	ok = ok && append_list(out, 2, room, program->globals, err) &&
	    buf_printf(out, err,
		"\n\"%s COMMAND --help\" tells more, with an example.\n",
		program->name);
	ok = ok && append_local(program, out, err) && append_exits(out, err);
	return ok &&
	    (program->more == NULL ||
		buf_printf(out, err, "\n%s", program->more));
}

bool
options_help(const struct options_program *program,
    const struct options_command *command, const struct options_form *form,
    struct buf *out, struct error *err)
{
	return command != NULL && command->name[0] != '\0'
	    ? help_command(program, command, form, out, err)
	    : help_program(program, out, err);
}
