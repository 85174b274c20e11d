/*
 * valise-desk - what "valise desk" goes on as, and the commands that its pages
 * ask for.
 */
#include <string.h>

#include "cli/desk/desk.h"
#include "cli/run.h"

int
main(int argc, char *argv[])
{
	if (argc == 2 && strcmp(argv[1], CHILD_RUN) == 0)
		return child_main(argv[0], desk_health);
	return run_program(argc, argv, desk_run, NULL);
}
