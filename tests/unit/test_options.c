/*
 * The parser of command lines, what is made of its tables, and the tables of
 * both programs.
 */
#include "unit.h"

#include "cli/options.h"
#include "daemon/options.h"

enum { TEXT = 1 << 18, WORDS = 16 };

/* --- A small program. --- */

enum {
	SMALL_OUTPUT = OPTIONS_FIRST,
	SMALL_YES,
	SMALL_TEXT,
	SMALL_BATCH,
	SMALL_COLOR,
	SMALL_CONFIG,
	SMALL_SIGN
};
enum { SMALL_PUSH = 1, SMALL_PUSH_BATCH, SMALL_PACK, SMALL_OPEN };

static const struct options_option globals[] = {
	{ SMALL_CONFIG, '\0', "config", "FILE", "the configuration", 0 },
	{ OPTIONS_HELP, '\0', "help", NULL, "print this", 0 },
	{ OPTIONS_VERSION, '\0', "version", NULL, "print the version", 0 },
	{ 0 },
};
static const struct options_option push_options[] = {
	{ SMALL_TEXT, '\0', "text", "LANG=FILE", "a text",
	    OPTIONS_NEEDED | OPTIONS_MANY },
	{ SMALL_OUTPUT, 'o', "output", "FILE", "where to", 0 },
	{ SMALL_YES, 'y', "yes", NULL, "do not ask", 0 },
	{ SMALL_COLOR, '\0', "color", "WHEN", "when", OPTIONS_MAY },
	{ SMALL_SIGN, '\0', "years", "N", "how many", 0 },
	{ 0 },
};
static const struct options_option batch_options[] = {
	{ SMALL_BATCH, '\0', "batch", "FILE", "a list", OPTIONS_CHOOSES },
	{ 0 },
};
static const struct options_form push_forms[] = {
	{ SMALL_PUSH, NULL, "DOC", 1, 1, NULL, push_options },
	{ SMALL_PUSH_BATCH, NULL, NULL, 0, 0, NULL, batch_options },
	{ 0 },
};
static const struct options_option pack_options[] = {
	{ SMALL_OUTPUT, 'o', "output", "FILE", "where to", 0 },
	{ 0 },
};
static const struct options_form bag_forms[] = {
	{ SMALL_PACK, "pack", "DOC…", 1, -1, NULL, pack_options },
	{ SMALL_OPEN, "open", "FILE", 1, 1, NULL, NULL },
	{ 0 },
};
static const struct options_command commands[] = {
	{ "push", "deposit", NULL, "  small push\n", NULL, push_forms },
	{ "bag", "carry", NULL, "  small bag\n", NULL, bag_forms },
	{ NULL },
};
static const struct options_value values[] = {
	{ "FILE", COMPLETE_FILE, NULL },
	{ NULL },
};
static const struct options_program small = {
	.name = "small",
	.summary = "A small program.",
	.globals = globals,
	.commands = commands,
	.values = values,
};

/* Split a line at its blanks into argv[1…]; returns argc. */
static int
cut(char *line, char *argv[WORDS])
{
	int argc = 1;

	argv[0] = line; /* any name */
	for (char *word = line; word != NULL; argc++) {
		argv[argc] = word;
		if ((word = strchr(word, ' ')) != NULL)
			*word++ = '\0';
	}
	argv[argc] = NULL;
	return argc;
}

static const struct {
	const char *line;
	int form;
	int num_operands;
	const char *output; /* the value of --output */
	bool yes;
} taken[] = {
	{ "push a/bb --text en=x", SMALL_PUSH, 1, NULL, false },
	{ "push --text en=x a/bb", SMALL_PUSH, 1, NULL, false },
	{ "--config c push a/bb --text=en=x", SMALL_PUSH, 1, NULL, false },
	{ "push --config=c a/bb --text en=x -y", SMALL_PUSH, 1, NULL, true },
	{ "push a/bb --text en=x -o f", SMALL_PUSH, 1, "f", false },
	{ "push a/bb --text en=x -of", SMALL_PUSH, 1, "f", false },
	{ "push a/bb --text en=x -yof", SMALL_PUSH, 1, "f", true },
	{ "push a/bb --text en=x --output=f --yes", SMALL_PUSH, 1, "f", true },
	{ "push a/bb --text en=x --out f", SMALL_PUSH, 1, "f", false },
	{ "push a/bb --text en=x -o a -o b", SMALL_PUSH, 1, "b", false },
	{ "push a/bb --text en=x -o --yes", SMALL_PUSH, 1, "--yes", false },
	{ "push --text en=x -- --yes", SMALL_PUSH, 1, NULL, false },
	{ "push --text en=x -", SMALL_PUSH, 1, NULL, false },
	{ "push a/bb --text en=x --color -y", SMALL_PUSH, 1, NULL, true },
	{ "push --batch list", SMALL_PUSH_BATCH, 0, NULL, false },
	{ "bag pack a b c", SMALL_PACK, 3, NULL, false },
	{ "bag -o f pack a", SMALL_PACK, 1, "f", false },
	{ "bag open pack", SMALL_OPEN, 1, NULL, false },
};

START_TEST(takes_what_the_table_has)
{
	struct options_given given;
	struct error err = { 0 };
	char line[100], *argv[WORDS];
	const char *output;

	snprintf(line, sizeof(line), "%s", taken[_i].line);
	ck_assert_msg(options_parse(&small, cut(line, argv), argv, &given,
			  &err),
	    "%s", err.detail);
	ck_assert_int_eq(given.form->id, taken[_i].form);
	ck_assert_int_eq(given.num_operands, taken[_i].num_operands);
	output = options_value(&given, SMALL_OUTPUT);
	ck_assert_pstr_eq(output, taken[_i].output);
	ck_assert_int_eq(options_has(&given, SMALL_YES), taken[_i].yes);
	options_free(&given);
}
END_TEST

static const struct {
	const char *line, *says;
} refused[] = {
	{ "pusch", "no such command: \"pusch\"; did you mean \"push\"?" },
	{ "xyz", "no such command: \"xyz\" (see \"small --help\")" },
	{ "push a/bb --texd en=x", "option \"--texd\"; did you mean \"--text" },
	{ "push a/bb --zzz", "unknown option \"--zzz\" (see \"small push" },
	{ "push a/bb -z", "unknown option \"-z\"" },
	{ "push a/bb --ye", "may be --yes or --years" },
	{ "push a/bb --yes=1", "--yes takes no value" },
	{ "push a/bb --text", "--text needs a LANG=FILE" },
	{ "push a/bb -o", "--output needs a FILE" },
	{ "push a/bb", "--text LANG=FILE is needed: a text" },
	{ "push --text en=x", "expected \"small push DOC --text" },
	{ "push a b --text en=x", "expected \"small push DOC --text" },
	{ "push --batch a --batch b x",
	    "expected \"small push --batch FILE\"" },
	{ "push --batch a --yes", "--yes does not go with --batch" },
	{ "bag", "expected pack or open" },
	{ "bag pakc x", "unknown word \"pakc\"; did you mean \"pack\"?" },
	{ "bag open -o f x", "--output is an option of \"small bag pack\"" },
	{ "--confg c push a/bb --text en=x", "no such command: \"c\"" },
	{ "push --", "expected \"small push" },
};

START_TEST(refuses_what_it_has_not)
{
	struct options_given given;
	struct error err = { 0 };
	char line[100], *argv[WORDS];

	snprintf(line, sizeof(line), "%s", refused[_i].line);
	ck_assert(!options_parse(&small, cut(line, argv), argv, &given, &err));
	ck_assert_int_eq(err.kind, ERROR_USAGE);
	ck_assert_msg(strstr(err.detail, refused[_i].says) != NULL, "%s",
	    err.detail);
	options_free(&given);
}
END_TEST

START_TEST(looks_at_all_after_a_mistake)
{
	struct options_given given;
	struct error err = { 0 };
	char line[] = "push --zzz --config c", *argv[WORDS];

	ck_assert(!options_parse(&small, cut(line, argv), argv, &given, &err));
	ck_assert_str_eq(options_value(&given, SMALL_CONFIG), "c");
	options_free(&given);
}
END_TEST

START_TEST(helps_in_any_place)
{
	static const char *const lines[] = { "push --zzz --help", "help push",
		"--help push", "push a b c --help" };
	struct options_given given;
	struct error err = { 0 };
	char line[100], *argv[WORDS];

	snprintf(line, sizeof(line), "%s", lines[_i]);
	ck_assert(options_parse(&small, cut(line, argv), argv, &given, &err));
	ck_assert(given.help);
	ck_assert_str_eq(given.command->name, "push");
	options_free(&given);
}
END_TEST

START_TEST(a_page_must_have_every_form)
{
	static const struct {
		const char *page, *says;
	} bad[] = {
		{ "@synopsis@\n@examples@\n@options@\n@exits@\n@usage push@\n"
		  "@options push@\n",
		    "lacks \"@usage" },
		{ "@synopsis@\n@examples@\n@options@\n@usage push@\n",
		    "lacks @syn" },
		{ "@synopsis@\n@options@\n@exits@\n@usage push@\n",
		    "lacks @syn" },
		{ "@synopsis@\n@options@\n@usage pull@\n", "no form \"pull\"" },
		{ "@sinopsis@\n", "says nothing that is known" },
		{ "@usage push\n", "says nothing that is known" },
	};
	struct buf out = BUF(TEXT);
	struct error err = { 0 };

	ck_assert(!options_man(&small, span_of_str(bad[_i].page), &out, &err));
	ck_assert_msg(strstr(err.detail, bad[_i].says) != NULL, "%s",
	    err.detail);
	buf_free(&out);
}
END_TEST

START_TEST(a_page_is_filled_in)
{
	static const char page[] =
	    ".SH X\n@synopsis@\n@examples@\n@options@\n@usage push@\nProse.\n"
	    "@options push@\n@usage push --batch@\n"
	    "@usage bag pack@\n@options bag pack@\n@usage bag open@\n@exits@\n";
	struct buf out = BUF(TEXT);
	struct error err = { 0 };

	ck_assert_msg(options_man(&small, span_of_str(page), &out, &err), "%s",
	    err.detail);
	ck_assert(buf_append_u8(&out, '\0', &err));
	ck_assert_ptr_nonnull(strstr((char *)out.data,
	    ".TP\n\\fBpush \\fIDOC \\fB\\-\\-text \\fILANG\\fR=\\fIFILE\\fR..."));
	ck_assert_ptr_nonnull(strstr((char *)out.data,
	    "Prose.\n.RS\n.TP\n\\fB\\-\\-text \\fILANG\\fR=\\fIFILE\\fR\n"
	    "a text\n"));
	ck_assert_ptr_nonnull(strstr((char *)out.data,
	    "\ndeposit\n.RS 4\n.nf\nsmall push\n.fi\n.RE\n"));
	/* Each exit status that there is, by the table of errors. */
	for (int i = 0; i < 20; i++) {
		const char *meaning = error_exit_meaning(i);
		char row[300];

		snprintf(row, sizeof(row), "\n%d\tT{\n%s\nT}\n", i,
		    meaning != NULL ? meaning : "");
		if (meaning != NULL)
			ck_assert_msg(strstr((char *)out.data, row) != NULL,
			    "%s", row);
	}
	buf_free(&out);
}
END_TEST

START_TEST(pages_are_folded)
{
#define FIFTY "fifty letters fifty letters fifty letters fifty le"
	static const struct {
		const char *page, *want;
	} rows[] = {
		{ FIFTY " " FIFTY "\n",
		    FIFTY " fifty letters fifty letters\nfifty letters fifty"
			  " le\n" },
		/* Nothing begins a request that did not. */
		{ FIFTY " 0123456789012345678901234 .gitignore 'q' and\n",
		    FIFTY "\n0123456789012345678901234 .gitignore 'q' and\n" },
		/* Nor is an escaped blank cut, or a line that is no text. */
		{ FIFTY " 0123456789012345678901234\\ one two\n",
		    FIFTY "\n0123456789012345678901234\\ one two\n" },
		{ ".BR " FIFTY " " FIFTY "\n", ".BR " FIFTY " " FIFTY "\n" },
		{ ".TP\n" FIFTY " " FIFTY "\n", ".TP\n" FIFTY " " FIFTY "\n" },
		{ ".nf\n" FIFTY " " FIFTY "\n.fi\n",
		    ".nf\n" FIFTY " " FIFTY "\n.fi\n" },
		{ ".TS\n" FIFTY " " FIFTY "\n.TE\n",
		    ".TS\n" FIFTY " " FIFTY "\n.TE\n" },
	};
	struct buf out = BUF(TEXT);
	struct error err = { 0 };

	ck_assert(options_man_fold(span_of_str(rows[_i].page), &out, &err));
	ck_assert(buf_append_u8(&out, '\0', &err));
	ck_assert_str_eq((char *)out.data, rows[_i].want);
	buf_free(&out);
}
END_TEST

/* --- The tables of both programs. --- */

static const struct options_program *const programs[] = { &valise_options,
	&valised_options };

/* Does text have an option by its whole name, after lead? */
static bool
names(const char *text, const char *lead, const char *name, bool roff)
{
	char escaped[64];
	size_t len = 0;

	for (const char *c = name; *c != '\0'; c++) {
		if (*c == '-' && roff)
			escaped[len++] = '\\';
		escaped[len++] = *c;
	}
	escaped[len] = '\0';
	while ((text = strstr(text, lead)) != NULL) {
		text += strlen(lead);
		if (strncmp(text, escaped, len) == 0 &&
		    strchr(" \t\n\\[\"|)", text[len]) != NULL)
			return true;
	}
	return false;
}

/* Read a file that the build made for a program, such as "valise.1". */
static char *
read_built(const char *name, const char *suffix)
{
	const char *build = getenv("VALISE_BUILD");
	char path[500], *text = calloc(1, TEXT);
	FILE *file;

	ck_assert_ptr_nonnull(build);
	snprintf(path, sizeof(path), "%s/%s%s", build, name, suffix);
	ck_assert_msg((file = fopen(path, "r")) != NULL, "%s", path);
	ck_assert(fread(text, 1, TEXT - 1, file) > 0);
	fclose(file);
	return text;
}

/* What is offered where an option of a command can stand. */
static char *
offered(const struct options_program *program, const char *command)
{
	struct buf out = BUF(TEXT);
	struct error err = { 0 };
	char named[64], hyphens[] = "--", *words[] = { named, hyphens };
	const size_t num = command[0] != '\0' ? 2 : 1;

	snprintf(named, sizeof(named), "%s", command);
	ck_assert(buf_append_str(&out, "\n", &err) &&
	    options_complete(program, words + 2 - num, (int)num, NULL, NULL,
		&out, &err) &&
	    buf_append_u8(&out, '\0', &err));
	return (char *)out.data;
}

static void
check_option(const struct options_option *option, const char *page,
    const char *completion)
{
	ck_assert_msg(option->text != NULL && option->text[0] != '\0' &&
		option->text[strlen(option->text) - 1] != '.',
	    "--%s: its text is a few words without a period", option->name);
	if ((option->flags & OPTIONS_HIDDEN) != 0)
		return;
	ck_assert_msg(names(page, "\\-\\-", option->name, true),
	    "--%s is not in the man page", option->name);
	ck_assert_msg(names(completion, "\n--", option->name, false),
	    "--%s is not in the completion", option->name);
}

START_TEST(every_option_is_told_everywhere)
{
	const struct options_program *program = programs[_i];
	const struct options_command *command = program->commands;
	char *page = read_built(program->name, _i == 0 ? ".1" : ".8");
	char *completion = offered(program, "");
	const struct options_option *one;

	for (one = program->globals; one->name != NULL; one++)
		check_option(one, page, completion);
	free(completion);
	for (; command->name != NULL; command++) {
		completion = offered(program, command->name);
		for (const struct options_form *form = command->forms;
		     form->id != 0; form++)
			for (one = form->options;
			     one != NULL && one->name != NULL; one++)
				check_option(one, page, completion);
		free(completion);
	}
	free(page);
}
END_TEST

/* An option of one name in a command is one option. */
static void
check_same(const struct options_command *command,
    const struct options_option *option)
{
	for (const struct options_form *form = command->forms; form->id != 0;
	     form++) {
		const struct options_option *one = form->options;

		for (; one != NULL && one->name != NULL; one++)
			ck_assert_msg(strcmp(one->name, option->name) != 0 ||
				(one->id == option->id &&
				    one->letter == option->letter &&
				    (one->value == NULL) ==
					(option->value == NULL)),
			    "%s --%s", command->name, option->name);
	}
}

START_TEST(a_table_is_sound)
{
	const struct options_command *command = programs[_i]->commands;
	bool used[100] = { false };

	for (; command->name != NULL; command++) {
		ck_assert_ptr_nonnull(command->summary);
		ck_assert(command->name[0] == '\0' || command->example != NULL);
		for (const struct options_form *form = command->forms;
		     form->id != 0; form++) {
			const struct options_option *one = form->options;

			ck_assert(!used[form->id]);
			used[form->id] = true;
			for (; one != NULL && one->name != NULL; one++)
				check_same(command, one);
		}
	}
	for (int id = 1; id < (_i == 0 ? (int)FORMS : (int)VALISED_FORMS); id++)
		ck_assert_msg(used[id], "form %d is in no command", id);
}
END_TEST

/* No line of any --help is wider than a terminal, or ends with a blank. */
START_TEST(help_fits_a_terminal)
{
	const struct options_command *command = programs[_i]->commands;

	for (; command->name != NULL; command++) {
		struct buf out = BUF(TEXT);
		struct error err = { 0 };
		struct span rest, line;

		ck_assert(
		    options_help(programs[_i], command, NULL, &out, &err));
		rest = buf_span(&out);
		while (span_take_line(&rest, &line)) {
			size_t width = 0;

			for (size_t i = 0; i < line.len; i++)
				width += (line.data[i] & 0xc0) != 0x80;
			ck_assert_msg(width < 80, "%.*s", (int)line.len,
			    (const char *)line.data);
			ck_assert_msg(line.len == 0 ||
				line.data[line.len - 1] != ' ',
			    "%.*s|", (int)line.len, (const char *)line.data);
		}
		buf_free(&out);
	}
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_loop_test(t, takes_what_the_table_has, 0, COUNT(taken));
	tcase_add_loop_test(t, refuses_what_it_has_not, 0, COUNT(refused));
	tcase_add_test(t, looks_at_all_after_a_mistake);
	tcase_add_loop_test(t, helps_in_any_place, 0, 4);
	tcase_add_loop_test(t, a_page_must_have_every_form, 0, 6);
	tcase_add_test(t, a_page_is_filled_in);
	tcase_add_loop_test(t, pages_are_folded, 0, 7);
	tcase_add_loop_test(t, every_option_is_told_everywhere, 0, 2);
	tcase_add_loop_test(t, a_table_is_sound, 0, 2);
	tcase_add_loop_test(t, help_fits_a_terminal, 0, 2);
}

int
main(void)
{
	return run_tests("options", fill);
}
