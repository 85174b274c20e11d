/*
 * arguments.h - what several commands ask of their arguments.
 */
#ifndef CLI_ARGUMENTS_H
#define CLI_ARGUMENTS_H

#include "client/context.h"

/*
 * Refuse --local for what only the daemon can answer: "--follow", "bag push".
 *
 * ERROR_USAGE  --local was given
 */
bool arguments_need_line(const struct context *context, const char *what,
    struct error *err) MUST_USE;

/*
 * Take a line as it is deposited, in the composed form (NFC); a change of form
 * is told.
 *
 * ERROR_MALFORMED  it is not UTF-8
 * ERROR_LIMIT      it has more bytes than out has room for
 */
bool arguments_compose(const char *what, const char *text, char *out,
    size_t size, struct error *err) MUST_USE;

/*
 * Read --since or --until, in milliseconds: a time, or a date, which is the
 * day's beginning, or where it ends a range the day's end.
 *
 * ERROR_USAGE  it is neither
 */
bool arguments_time_bound(const char *text, bool ends, int64_t *out_ms,
    struct error *err) MUST_USE;

#endif
