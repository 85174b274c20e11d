/*
 * verify.h - what "valise verify" does with one file, for commands that are
 * given files too.
 */
#ifndef CLI_CMD_VERIFY_H
#define CLI_CMD_VERIFY_H

#include "cli/commands.h"

/*
 * Load the context that copies are judged by: of --enrolment, --policy and
 * --crls if they are given, and then print the enrolment's fingerprint; else of
 * the configuration.
 */
bool verify_load(struct context *context, const struct options_given *given,
    struct error *err) MUST_USE;

/*
 * Judge a file and print the verdict, by what is known here; with --json json
 * gets it instead.  False where there is no verdict; out is to be freed with
 * copy_free() in each case.  fault gets why it is not VALID, or what contradicts
 * it.
 */
bool verify_tell(struct context *context, const char *path, struct copy *out,
    json_t **json, struct error *fault, struct error *err) MUST_USE;

#endif
