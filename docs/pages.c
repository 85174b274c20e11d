/*
 * pages - print what the build makes of the tables of options: a man page
 * ("pages valise man PAGE.in") or a completion ("pages valise bash", zsh, fish);
 * and a page that the tables have no part in, folded ("pages fold PAGE.in").
 */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "cli/options.h"
#include "daemon/options.h"

enum { PAGE_BYTES = 1 << 20 };

/* The program of that name, or NULL. */
static const struct options_program *
find_program(const char *name)
{
	if (strcmp(name, valise_options.name) == 0)
		return &valise_options;
	return strcmp(name, valised_options.name) == 0 ? &valised_options
						       : NULL;
}

/* Make a page from the file at path; program may be NULL. */
static bool
make_man(const struct options_program *program, const char *path,
    struct buf *out, struct error *err)
{
	struct buf page = BUF(PAGE_BYTES);
	const bool ok = file_read(path, page.max, &page, err) &&
	    ((program != NULL ? options_man(program, buf_span(&page), out, err)
			      : options_man_fold(buf_span(&page), out, err)) ||
		error_context(err, "%s", path));

	buf_free(&page);
	return ok;
}

int
main(int argc, char *argv[])
{
	const struct options_program *program =
	    argc < 3 ? NULL : find_program(argv[1]);
	struct buf out = BUF(PAGE_BYTES);
	struct error err = { 0 };
	bool ok = false;

	if (program != NULL && argc == 4 && strcmp(argv[2], "man") == 0)
		ok = make_man(program, argv[3], &out, &err);
	else if (argc == 3 && strcmp(argv[1], "fold") == 0)
		ok = make_man(NULL, argv[2], &out, &err);
	else if (program != NULL && argc == 3 && strcmp(argv[2], "man") != 0)
		ok = options_shell(program, argv[2], &out, &err);
	else
		error_set(&err, ERROR_USAGE,
		    "PROGRAM man PAGE.in | PROGRAM bash|zsh|fish | fold PAGE.in");
	if (ok &&
	    (fwrite(out.data, 1, out.len, stdout) != out.len ||
		fflush(stdout) != 0))
		ok = error_set_errno(&err, "standard output");
	if (!ok)
		fprintf(stderr, "pages: %s\n", err.detail);
	buf_free(&out);
	return error_exit_status(err.kind);
}
