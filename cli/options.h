/*
 * options.h - what all commands read of their arguments and environment.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "client/context.h"

/*
 * What the environment says goes into context: where things are, and for how
 * long a line that broke is waited for.
 * --config FILE, --json and --local are taken out of argv, wherever they stand.
 */
bool context_options(struct context *context, int *argc, char *argv[],
    struct error *err) MUST_USE;

/* Exactly so many arguments are left from optind on. */
bool arguments(int argc, int first, int min, int max, const char *usage,
    struct error *err) MUST_USE;

/*
 * What only the daemon can answer: "--follow", "bag push".
 *
 * ERROR_USAGE  --local was given
 */
bool needs_line(const struct context *context, const char *what,
    struct error *err) MUST_USE;

/*
 * --since and --until: a time, or a date, which is the day's beginning, or
 * where it ends a range the day's end.
 *
 * ERROR_USAGE  it is neither
 */
bool parse_bound(const char *text, bool ends, int64_t *out_ms,
    struct error *err) MUST_USE;

#endif
