/*
 * run.h - one command line, from its arguments to its exit status.
 */
#ifndef CLI_RUN_H
#define CLI_RUN_H

#include "cli/commands.h"

/*
 * Run a command line and return the exit status.  desk is what "valise desk"
 * does, the only command that differs between the programs that link this.
 * asks, if it is not NULL, changes how the person is asked, who is else asked at
 * the terminal.
 */
int run_program(int argc, char *argv[], command_run *desk,
    void (*asks)(struct context *context));

#endif
