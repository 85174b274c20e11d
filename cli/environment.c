/*
 * Reading the environment (environment.h); nothing else in cli/ asks it where
 * files are.
 */
#include "cli/environment.h"

#include <stdlib.h>

#include "base/text.h"
#include "cli/output.h"

static const struct client_hooks hooks = {
	.note = output_line,
	.progress = output_progress,
	.progress_end = output_progress_end,
};

/*
 * Returns $VALISE_PATIENCE in seconds: at most a day; half a minute if it is
 * not set.
 */
static unsigned
patience(void)
{
	const char *text = getenv("VALISE_PATIENCE");
	uint64_t seconds;

	if (text == NULL || !span_to_u64(span_of_str(text), &seconds) ||
	    seconds > 24 * 60 * 60)
		return 30;
	return (unsigned)seconds;
}

bool
environment_read(struct context *context, const char *config, struct error *err)
{
	const char *from = getenv("VALISE_CONFIG");
	const char *home = getenv("HOME");
	const char *temporary = getenv("TMPDIR");

	if (config == NULL && from != NULL && from[0] != '\0')
		config = from;
	context->patience_s = patience();
	context->hooks = &hooks;
	return text_take(context->home, FILE_PATH, home != NULL ? home : "",
		   err) &&
	    text_take(context->temporary, FILE_PATH,
		temporary != NULL ? temporary : "", err) &&
	    (config != NULL
		    ? text_take(context->config_path, FILE_PATH, config, err)
		    : file_join(context->config_path, context->home,
			  ".config/valise/config.yaml", err));
}
