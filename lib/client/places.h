/*
 * places.h - where an office's configuration and state are, by the XDG Base
 * Directory Specification 0.8.
 *
 * The configuration is $XDG_CONFIG_HOME/valise/config.yaml, and the state
 * $XDG_STATE_HOME/valise; without these variables they are in ~/.config and
 * ~/.local/state.  A value that is no absolute path is ignored, as the
 * specification says.
 *
 * Where the folder that a variable names is absent and the one in the home
 * folder is there, that one is used.  Where both are, neither is guessed at.
 */
#ifndef CLIENT_PLACES_H
#define CLIENT_PLACES_H

#include "base/file.h"

struct context;

/* What the environment says, filled in by the program; empty: it is not set. */
struct places {
	char home[FILE_PATH];                     /* $HOME */
	char config[FILE_PATH], state[FILE_PATH]; /* $XDG_…_HOME */
	/* The folders in the home folder that are used in place of others. */
	char old_config[FILE_PATH], old_state[FILE_PATH];
};

/*
 * Fill in context->config_path, unless --config or $VALISE_CONFIG did; the
 * state folder, for who names none, goes to out.
 *
 * ERROR_USAGE  there is no home folder; or two folders, which it names
 * ERROR_LIMIT  a path is too long
 */
bool places_config(struct context *context, struct error *err) MUST_USE;
bool places_state(struct context *context, char out[FILE_PATH],
    struct error *err) MUST_USE;

/*
 * Tell, once for each state folder, that a folder in the home folder is used
 * in place of the one that XDG names.
 */
void places_tell(const struct context *context);

#endif
