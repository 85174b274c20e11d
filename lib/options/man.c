/*
 * Man pages: the lines of a page that the table fills in.
 */
#include <string.h>

#include "options/options.h"

enum { TEXT = 4096, FORMS = 64, WIDTH = 80 };

struct page {
	const struct options_program *program;
	struct buf *out;
	bool usage[FORMS], options[FORMS]; /* of the nth form: it is there */
	bool synopsis, globals, examples, exits;
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

/* Append a line: hyphens and backslashes are escaped, it begins no request. */
static bool
append_typed(struct buf *out, struct span text, struct error *err)
{
	bool ok = !span_starts(text, ".") && !span_starts(text, "'")
	    ? true
	    : buf_append_str(out, "\\&", err);

	for (size_t i = 0; ok && i < text.len; i++) {
		const uint8_t c = text.data[i];

		if (c == '-' || c == '\\')
			ok =
			    buf_printf(out, err, "\\%c", c == '\\' ? 'e' : '-');
		else
			ok = buf_append_u8(out, c, err);
	}
	return ok && buf_append_str(out, "\n", err);
}

static bool
append_prose(struct buf *out, const char *text, struct error *err)
{
	return append_typed(out, span_of_str(text), err);
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

/* An example: what it does, and its lines as they are typed. */
static bool
append_example(struct page *page, const char *does, const char *lines,
    struct error *err)
{
	bool ok = append_prose(page->out, does, err) &&
	    buf_append_str(page->out, ".RS 4\n.nf\n", err);

	while (ok && *lines != '\0') {
		const size_t len = strcspn(lines, "\n");

		/* They begin with two blanks, as --help shows them. */
		ok = append_typed(page->out, span_of(lines + 2, len - 2), err);
		lines += len + (lines[len] == '\n');
	}
	return ok && buf_append_str(page->out, ".fi\n.RE\n", err);
}

static bool
append_examples(struct page *page, struct error *err)
{
	const struct options_command *one = page->program->commands;
	const char *mark = "";
	bool ok = true;

	for (; ok && one->name != NULL; one++)
		if (one->example != NULL) {
			ok = buf_append_str(page->out, mark, err) &&
			    append_example(page, one->summary, one->example,
				err);
			mark = ".PP\n";
		}
	return ok;
}

static bool
append_exits(struct page *page, struct error *err)
{
	const char *meaning = error_exit_meaning(0);
	bool ok = true;

	for (int i = 0; ok && meaning != NULL;
	     meaning = error_exit_meaning(++i))
		ok = buf_printf(page->out, err, "%d\tT{\n", i) &&
		    append_prose(page->out, meaning, err) &&
		    buf_append_str(page->out, "T}\n", err);
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
	if (span_is(line, "examples@")) {
		page->examples = true;
		return append_examples(page, err);
	}
	if (span_is(line, "exits@")) {
		page->exits = true;
		return append_exits(page, err);
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

	if (!page->synopsis || !page->globals || !page->examples ||
	    !page->exits)
		return error_set(err, ERROR_MALFORMED,
		    "the page lacks @synopsis@, @examples@, @options@ or"
		    " @exits@");
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

/* --- Folding. --- */

/* True if a blank may become the end of a line: no word before it asks for it. */
static bool
may_end(struct span line, size_t at)
{
	return line.data[at] == ' ' && at > 0 && line.data[at - 1] != '\\' &&
	    line.data[at - 1] != ' ' && at + 1 < line.len &&
	    line.data[at + 1] != ' ';
}

/* Append a line of text, folded: no line of it begins a request. */
static bool
append_folded(struct buf *out, struct span line, struct error *err)
{
	while (line.len > WIDTH) {
		size_t cut = 0;

		for (size_t i = 1; i + 1 < line.len; i++)
			if ((i <= WIDTH || cut == 0) && may_end(line, i) &&
			    line.data[i + 1] != '.' && line.data[i + 1] != '\'')
				cut = i;
		if (cut == 0)
			break;
		if (!buf_append(out, span_sub(line, 0, cut), err) ||
		    !buf_append_str(out, "\n", err))
			return false;
		line = span_sub(line, cut + 1, line.len - cut - 1);
	}
	return buf_append(out, line, err) && buf_append_str(out, "\n", err);
}

bool
options_man_fold(struct span page, struct buf *out, struct error *err)
{
	struct span line;
	/* A tag is one line; lines of a table, or set as they are, stay. */
	bool tag = false, as_it_is = false, ok = true;

	while (ok && span_take_line(&page, &line)) {
		if (span_starts(line, ".nf") || span_starts(line, ".TS"))
			as_it_is = true;
		else if (span_starts(line, ".fi") || span_starts(line, ".TE"))
			as_it_is = false;
		if (tag || as_it_is || span_starts(line, ".") ||
		    span_starts(line, "'"))
			ok = buf_append(out, line, err) &&
			    buf_append_str(out, "\n", err);
		else
			ok = append_folded(out, line, err);
		tag = span_starts(line, ".TP");
	}
	return ok;
}

bool
options_man(const struct options_program *program, struct span text,
    struct buf *out, struct error *err)
{
	struct buf whole = BUF(out->max);
	struct page page = { .program = program, .out = &whole };
	struct span line;
	bool ok = true;

	while (ok && span_take_line(&text, &line)) {
		if (span_starts(line, "@"))
			ok = fill(&page, span_sub(line, 1, line.len - 1), err);
		else
			ok = buf_append(&whole, line, err) &&
			    buf_append_str(&whole, "\n", err);
	}
	ok = ok && is_whole(&page, err) &&
	    options_man_fold(buf_span(&whole), out, err);
	buf_free(&whole);
	return ok;
}
