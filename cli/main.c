/*
 * valise - deposit, sign, fetch and verify what agencies agree on.
 */
#include <errno.h>
#include <unistd.h>

#include "base/module.h"
#include "cli/run.h"

static char **arguments;

/*
 * The desk is a program of its own, so that the command need not load what
 * serves pages: go on as that, with the same command line.
 */
static bool
become_desk(struct context *context, const struct options_given *given,
    struct error *err)
{
	char path[FILE_PATH];

	(void)context;
	(void)given;
	if (!module_find("valise-desk", path, err))
		return false;
	execv(path, arguments);
	return error_set_errno(err, "%s", path);
}

int
main(int argc, char *argv[])
{
	arguments = argv;
	return run_program(argc, argv, become_desk, NULL);
}
