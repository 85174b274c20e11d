/*
 * Man pages: the lines of a page that the table fills in.
 */
#include <string.h>

#include "options/options.h"

enum { TEXT = 4096, FORMS = 64 };

struct page {
	const struct options_program *program;
	struct buf *out;
	bool usage[FORMS], options[FORMS]; /* of the nth form: it is there */
	bool synopsis, globals;
};

/* True if the page must tell of a form: not of running without a command. */
static bool
is_told(const struct options_command *command, const struct options_form *form)
{
	return command->name[0] != '\0' || form->options != NULL;
}

/* The font for a character: names bold, values italic, marks in roman. */
static char
font_of(char c)
{
	if (strchr("[]|… \x01=@", c) != NULL || (unsigned char)c >= 0x80)
		return 'R';
	return c >= 'A' && c <= 'Z' ? 'I' : 'B';
}

/* Append text as roff, each kind of piece in its font; it ends in roman. */
static bool
append_roff(struct buf *out, struct span text, struct error *err)
{
	char font = 'R';
	bool ok = true;

	for (size_t i = 0; ok && i < text.len; i++) {
		const char c = (char)text.data[i];
		const char next = font_of(c);

		/* "…" has three bytes. */
		if (text.len - i >= 3 && memcmp(&text.data[i], "…", 3) == 0) {
			ok = buf_printf(out, err, "%s...",
			    font == 'R' ? "" : "\\fR");
			font = 'R';
			i += 2;
			continue;
		}
		if (next != font && c != ' ' && c != HARD_BLANK) {
			ok = buf_printf(out, err, "\\f%c", next);
			font = next;
		}
		if (c == '-')
			ok = ok && buf_append_str(out, "\\-", err);
		else
			ok = ok &&
			    buf_printf(out, err, "%c",
				c == HARD_BLANK ? ' ' : c);
	}
	return ok && (font == 'R' || buf_append_str(out, "\\fR", err));
}

/* Append prose: hyphens and backslashes are escaped, no line begins a request. */
static bool
append_prose(struct buf *out, const char *text, struct error *err)
{
	bool ok = text[0] != '.' && text[0] != '\''
	    ? true
	    : buf_append_str(out, "\\&", err);

	for (; ok && *text != '\0'; text++) {
		if (*text == '-' || *text == '\\')
			ok = buf_printf(out, err, "\\%c",
			    *text == '\\' ? 'e' : '-');
		else
			ok = buf_append_u8(out, (uint8_t)*text, err);
	}
	return ok && buf_append_str(out, "\n", err);
}

static bool
append_usage(struct page *page, const struct options_command *command,
    const struct options_form *form, struct error *err)
{
	const size_t name = strlen(page->program->name) + 1;
	struct buf line = BUF(TEXT);
	bool ok =
	    options_usage(page->program, command, form, false, &line, err) &&
	    buf_append_str(page->out, ".TP\n", err);

	/* A page's commands are told without the program's name. */
	ok = ok &&
	    append_roff(page->out,
		line.len > name
		    ? span_sub(buf_span(&line), name, line.len - name)
		    : buf_span(&line),
		err) &&
	    buf_append_str(page->out, "\n", err);
	buf_free(&line);
	return ok;
}

/* True if a list tells of an option: the usage line tells what chooses a form. */
static bool
is_listed(const struct options_option *option)
{
	return (option->flags & (OPTIONS_HIDDEN | OPTIONS_CHOOSES)) == 0;
}

/* True if a list has an option that is to be told. */
static bool
has_listed(const struct options_option *list)
{
	for (; list != NULL && list->name != NULL; list++)
		if (is_listed(list))
			return true;
	return false;
}

static bool
append_options(struct buf *out, const struct options_option *list,
    bool indented, struct error *err)
{
	bool ok = !indented || buf_append_str(out, ".RS\n", err);

	for (; ok && list != NULL && list->name != NULL; list++) {
		struct buf label = BUF(TEXT);

		if (!is_listed(list))
			continue;
		ok = options_label(list, &label, err) &&
		    buf_append_str(out, ".TP\n", err) &&
		    append_roff(out, buf_span(&label), err) &&
		    buf_append_str(out, "\n", err) &&
		    append_prose(out, list->text, err);
		buf_free(&label);
	}
	return ok && (!indented || buf_append_str(out, ".RE\n", err));
}

/* The program's own usage line. */
static bool
append_synopsis(struct page *page, struct error *err)
{
	const struct options_program *program = page->program;
	const struct options_option *one = program->globals;
	struct buf line = BUF(TEXT);
	bool ok = buf_append_str(&line, program->name, err);

	for (; ok && one->name != NULL; one++)
		if (one->id != OPTIONS_HELP && one->id != OPTIONS_VERSION)
			ok = buf_append_str(&line, " ", err) &&
			    options_piece(one, &line, err);
	ok = ok &&
	    buf_append_str(&line,
		program->commands[0].name[0] != '\0' ? " COMMAND [ARGUMENT]…"
						     : " [COMMAND] [ARGUMENT]…",
		err) &&
	    append_roff(page->out, buf_span(&line), err) &&
	    buf_append_str(page->out, "\n", err);
	buf_free(&line);
	return ok;
}

/* Fill in "@usage FORM@" or "@options FORM@"; num counts forms of the table. */
static bool
fill_form(struct page *page, struct span what, struct span name,
    struct error *err)
{
	const struct options_command *command = page->program->commands;
	size_t num = 0;

	for (; command->name != NULL; command++) {
		const struct options_form *form = command->forms;

		for (; form->id != 0 && num < FORMS; form++, num++) {
			struct buf text = BUF(TEXT);
			bool ok = options_form_name(command, form, &text, err);
			const bool same = ok && span_eq(buf_span(&text), name);

			buf_free(&text);
			if (!ok)
				return false;
			if (!same)
				continue;
			if (span_is(what, "usage")) {
				page->usage[num] = true;
				return append_usage(page, command, form, err);
			}
			page->options[num] = true;
			return append_options(page->out, form->options, true,
			    err);
		}
	}
	return error_set(err, ERROR_MALFORMED, "%s has no form \"%.*s\"",
	    page->program->name, (int)name.len, (const char *)name.data);
}

static bool
fill(struct page *page, struct span line, struct error *err)
{
	struct span what;

	if (span_is(line, "synopsis@")) {
		page->synopsis = true;
		return append_synopsis(page, err);
	}
	if (span_is(line, "options@")) {
		page->globals = true;
		return append_options(page->out, page->program->globals, false,
		    err);
	}
	if (!span_take_until(&line, ' ', &what) || line.len == 0 ||
	    line.data[line.len - 1] != '@' ||
	    (!span_is(what, "usage") && !span_is(what, "options")))
		return error_set(err, ERROR_MALFORMED,
		    "a line begins with \"@\" and says nothing that is known");
	return fill_form(page, what, span_sub(line, 0, line.len - 1), err);
}

static bool
is_whole(const struct page *page, struct error *err)
{
	const struct options_command *command = page->program->commands;
	size_t num = 0;

	if (!page->synopsis || !page->globals)
		return error_set(err, ERROR_MALFORMED,
		    "the page lacks @synopsis@ or @options@");
	for (; command->name != NULL; command++)
		for (const struct options_form *form = command->forms;
		     form->id != 0 && num < FORMS; form++, num++)
			if ((!page->usage[num] && is_told(command, form)) ||
			    (has_listed(form->options) && !page->options[num]))
				return error_set(err, ERROR_MALFORMED,
				    "the page lacks \"@usage %s …@\" or"
				    " \"@options %s …@\" of a form",
				    command->name, command->name);
	return num < FORMS ||
	    error_set(err, ERROR_LIMIT, "there are over %d forms", FORMS);
}

bool
options_man(const struct options_program *program, struct span text,
    struct buf *out, struct error *err)
{
	struct page page = { .program = program, .out = out };
	struct span line;
	bool ok = true;

	while (ok && span_take_line(&text, &line)) {
		if (span_starts(line, "@"))
			ok = fill(&page, span_sub(line, 1, line.len - 1), err);
		else
			ok = buf_append(out, line, err) &&
			    buf_append_str(out, "\n", err);
	}
	return ok && is_whole(&page, err);
}
