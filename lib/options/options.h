/*
 * options.h - the commands and options of a program, in one table.
 *
 * The table is constant.  A command line is parsed by it (parse.c), and made
 * from it are --help (help.c), the usage lines and lists of options of the man
 * page (man.c) and the shells' completion (complete.c, shells.c).  An option that is in the
 * table is in all of them, and no other is taken.
 *
 * A program has commands ("push").  A command has one form or more, each with
 * a usage line.  A form is chosen by the word after the command ("bag pack"),
 * or by an option that only this form has ("verify --evidence"); without
 * either, the first form that asks for neither is meant.
 *
 * Errors are ERROR_USAGE and name the command whose --help tells more, or
 * ERROR_SYSTEM where memory is short.
 */
#ifndef OPTIONS_OPTIONS_H
#define OPTIONS_OPTIONS_H

#include "base/bytes.h"

/* Identities that each program has; its own ones begin with OPTIONS_FIRST. */
enum { OPTIONS_NONE, OPTIONS_HELP, OPTIONS_VERSION, OPTIONS_FIRST };

enum options_flag {
	OPTIONS_NEEDED = 1,  /* the form makes no sense without it */
	OPTIONS_MANY = 2,    /* it may be given more than once */
	OPTIONS_CHOOSES = 4, /* giving it chooses this form */
	OPTIONS_MAY = 8,     /* its value may be left out: --color[=WHEN] */
	OPTIONS_HIDDEN = 16, /* another spelling of one that is told */
};

struct options_option {
	int id;            /* of the program's enum */
	char letter;       /* '\0': it has only a name */
	const char *name;  /* "output", without the hyphens */
	const char *value; /* what it takes: "FILE"; NULL: nothing */
	const char *text;  /* what it does, in a few words */
	unsigned flags;
};

struct options_form {
	int id;               /* of the program's enum; 0 ends a list */
	const char *word;     /* the word that chooses it, or NULL */
	const char *operands; /* as the usage line shows them, or NULL */
	int min, max;         /* how many operands; max -1: any number */
	const char *text;     /* what this form does, or NULL */
	const struct options_option *options; /* name NULL ends it; or NULL */
};

struct options_command {
	const char *name; /* "" runs where no command is named */
	const char
	    *summary;     /* for the list of commands, and a first sentence */
	const char *text; /* paragraphs, or NULL */
	const char *example; /* lines, each begins with two blanks; or NULL */
	/*
	 * The part of it that works without a connection: NULL nothing, "" all
	 * of it.
	 */
	const char *local;
	const struct options_form *forms;
};

/* How to complete a value or an operand that is called so. */
enum options_completion {
	COMPLETE_FILE,
	COMPLETE_FOLDER,
	COMPLETE_WORDS,
	COMPLETE_NAMES, /* what the program knows: options_names */
};

struct options_value {
	const char *name; /* "FILE", upper case */
	enum options_completion completion;
	const char *words; /* COMPLETE_WORDS: one a line */
};

struct options_program {
	const char *name;                       /* "valise" */
	const char *summary;                    /* a sentence */
	const struct options_option *globals;   /* go with every command */
	const struct options_command *commands; /* name NULL ends it */
	const struct options_value *values;     /* name NULL ends it */
	const char *more; /* for the end of --help, or NULL */
};

/* A command line, parsed.  It borrows from argv. */
struct options_given {
	const struct options_program *program;
	const struct options_command *command; /* NULL: none was named */
	const struct options_form *form;       /* NULL: see help, version */
	struct options_one {
		const struct options_option *option;
		const char *value; /* or NULL */
	} * options;               /* in the order of the command line */
	size_t num_options;
	char **operands; /* without the form's word */
	int num_operands;
	bool help, version; /* asked for; then all else may be incomplete */
};

/*
 * Parse a command line.  False where it makes no sense; out then has what was
 * understood, so that the caller can look whether errors are wanted as JSON.
 * options_free() it in both cases.
 */
bool options_parse(const struct options_program *program, int argc,
    char *argv[], struct options_given *out, struct error *err) MUST_USE;
void options_free(struct options_given *given);

bool options_has(const struct options_given *given, int id);
/* The value of the last one that was given, or NULL. */
const char *options_value(const struct options_given *given, int id);

/*
 * Append the usage line of a form, "valise push DOC …": whole, or (brief) with
 * only what cannot be left out.  A blank within a piece is HARD_BLANK.
 */
#define HARD_BLANK '\x01'
bool options_usage(const struct options_program *program,
    const struct options_command *command, const struct options_form *form,
    bool brief, struct buf *out, struct error *err) MUST_USE;
/* "[--config FILE]" as a usage line has it, "-o, --output FILE" as a list. */
bool options_piece(const struct options_option *option, struct buf *out,
    struct error *err) MUST_USE;
bool options_label(const struct options_option *option, struct buf *out,
    struct error *err) MUST_USE;
/* "verify --evidence", "bag pack": how messages and man pages call a form. */
bool options_form_name(const struct options_command *command,
    const struct options_form *form, struct buf *out,
    struct error *err) MUST_USE;

/* --help of the program where command is NULL; of all its forms, or of one. */
bool options_help(const struct options_program *program,
    const struct options_command *command, const struct options_form *form,
    struct buf *out, struct error *err) MUST_USE;

/*
 * Append a man page: page, with lines of these filled in from the table.
 *
 *	@synopsis@       the program's own usage line
 *	@examples@       the commands' examples, in the table's order
 *	@usage FORM@     the head of an item: the form's usage line
 *	@options FORM@   its options, an item each
 *	@options@        those that go with every command
 *	@exits@          rows of a table of the exit statuses (base/error.h)
 *
 * Text is folded at 80 columns, as mandoc -Tlint wants it.
 *
 * ERROR_MALFORMED  a line names no form; or a form has no line
 */
bool options_man(const struct options_program *program, struct span page,
    struct buf *out, struct error *err) MUST_USE;

/* Append a page that has no such lines, folded. */
bool options_man_fold(struct span page, struct buf *out,
    struct error *err) MUST_USE;

/*
 * Append the words that the last one of a command line, without the program's
 * name, may become: "WORD", or "WORD\tTEXT" with what it does, a line each.
 * Where a file or folder can stand there is a line ":file\tKEPT" or
 * ":folder\tKEPT", KEPT being what of the word is not its path ("en=").
 *
 * names is called for a value of COMPLETE_NAMES: it appends the names of a kind
 * ("DOC"), a line each, and may leave out those that do not begin with start.
 */
typedef bool options_names(void *arg, const char *kind, const char *start,
    struct buf *out, struct error *err);
bool options_complete(const struct options_program *program, char *words[],
    int num, options_names *names, void *arg, struct buf *out,
    struct error *err) MUST_USE;

/*
 * Append a completion for "bash", "zsh" or "fish" that asks "PROGRAM complete --
 * WORD…", which prints what options_complete() appends.  What it answers is put
 * on the command line, quoted, and never evaluated.
 *
 * ERROR_USAGE  there is no such shell
 */
bool options_shell(const struct options_program *program, const char *shell,
    struct buf *out, struct error *err) MUST_USE;

#endif
