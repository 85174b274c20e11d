/*
 * Reading the environment (environment.h); nothing else in cli/ asks it where
 * files are.
 */
#include "cli/environment.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

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

/*
 * Read the language of messages (POSIX, "Environment Variables"): "pt_BR.UTF-8"
 * is "pt-br".  English where there is none.
 */
static void
take_language(char out[LIMIT_LANGUAGE_BYTES + 1])
{
	static const char *const variables[] = { "LC_ALL", "LC_MESSAGES",
		"LANG" };
	const char *value = NULL;
	size_t i;

	for (i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		if ((value == NULL || value[0] == '\0'))
			value = getenv(variables[i]);
	snprintf(out, LIMIT_LANGUAGE_BYTES + 1, "%.*s",
	    value != NULL ? (int)strcspn(value, ".@") : 0,
	    value != NULL ? value : "");
	for (i = 0; out[i] != '\0'; i++)
		out[i] = out[i] == '_' ? '-' : (char)tolower((uint8_t)out[i]);
	if (!text_is_language(span_of_str(out)))
		snprintf(out, LIMIT_LANGUAGE_BYTES + 1, "en");
}

/* Take the path that a variable has, or nothing. */
static bool
take(const char *variable, char out[FILE_PATH], struct error *err)
{
	const char *value = getenv(variable);

	return text_take(out, FILE_PATH, value != NULL ? value : "", err) ||
	    error_context(err, "%s", variable);
}

bool
environment_read(struct context *context, const char *config, struct error *err)
{
	struct places *places = &context->places;

	context->patience_s = patience();
	context->proxies =
	    (struct proxy_sources){ .rule = &context->private_keys,
		    .https_upper = getenv("HTTPS_PROXY"),
		    .https_lower = getenv("https_proxy"),
		    .http_lower = getenv("http_proxy"),
		    .no_upper = getenv("NO_PROXY"),
		    .no_lower = getenv("no_proxy") };
	context->hooks = &hooks;
	take_language(context->language);
	return take("HOME", places->home, err) &&
	    take("XDG_CONFIG_HOME", places->config, err) &&
	    take("XDG_STATE_HOME", places->state, err) &&
	    take("TMPDIR", context->temporary, err) &&
	    (config != NULL
		    ? text_take(context->config_path, FILE_PATH, config, err)
		    : take("VALISE_CONFIG", context->config_path, err));
}
