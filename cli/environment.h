/*
 * environment.h - what the programs of an office read of their environment.
 */
#ifndef CLI_ENVIRONMENT_H
#define CLI_ENVIRONMENT_H

#include "client/context.h"

/*
 * Fill in what the environment says: where things are, how a person is told of
 * what goes on, and how long a broken line is waited for.  config is the
 * configuration's path; NULL: $VALISE_CONFIG, else client/places.h finds it.
 *
 * ERROR_LIMIT  one of these paths is too long
 */
bool environment_read(struct context *context, const char *config,
    struct error *err) MUST_USE;

#endif
