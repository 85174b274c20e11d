/*
 * diff_copies.h - two files for "valise diff", which needs no configuration,
 * key or line for them.
 */
#ifndef CLI_CMD_DIFF_COPIES_H
#define CLI_CMD_DIFF_COPIES_H

#include "cli/commands.h"

/* True if an operand is a file, and not a version of a document. */
bool diff_is_file(const char *operand);

/*
 * Read two files and print the verdict on each: by --enrolment, else by the
 * configuration, else that none can be made.  Of what is not VALID the digests
 * in version.yaml are replaced by those of the texts that are there.  With
 * --json told gets what is said of each: "file", "verdict" (null: not judged)
 * and "altered", the texts that are not what version.yaml says; the caller's.
 * fault gets why one of them is not VALID.
 *
 * ERROR_NOT_FOUND  a file is not there
 * ERROR_MALFORMED  a file has no version.yaml to compare
 */
bool diff_load_files(struct context *context, const struct options_given *given,
    struct copy out[2], json_t *told[2], struct error *fault,
    struct error *err) MUST_USE;

#endif
