/*
 * fetch.h - getting one copy, as "valise fetch" does.
 */
#ifndef CLI_CMD_FETCH_H
#define CLI_CMD_FETCH_H

#include "client/copy.h"

/*
 * Get a copy and judge it: from the daemon, or with --local from the local
 * copy.  version is as of copy_fetch().  Call copy_free() even after a failure.
 */
bool fetch_copy(struct context *context, const char *document, unsigned version,
    struct copy *out, struct error *err) MUST_USE;

/* Print on standard error what a verdict found. */
void fetch_tell_findings(const struct verdict *verdict);

#endif
