/*
 * config.h - the configuration of an office, valise(1), "FILES".
 */
#ifndef CLIENT_CONFIG_H
#define CLIENT_CONFIG_H

#include "client/context.h"

/*
 * Read config_path; key_id gets the ID of the journal's key, which names the
 * folder in the state.
 *
 * ERROR_USAGE      there is no configuration; or what places.h says
 * ERROR_MALFORMED  "FILE:LINE:COLUMN: …"
 */
bool config_load(struct context *context, char key_id[16],
    struct error *err) MUST_USE;

#endif
