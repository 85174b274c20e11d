/*
 * What all commands read of their arguments and environment (options.h).
 */
#include "cli/options.h"

#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "cli/output.h"

static const struct client_hooks hooks = {
	.note = output_line,
	.progress = output_progress,
	.progress_end = output_progress_end,
};

/* $VALISE_PATIENCE, in seconds: at most a day, and else half a minute. */
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

static void
drop_arguments(int *argc, char *argv[], int at, int num)
{
	for (int i = at; i + num <= *argc; i++)
		argv[i] = argv[i + num];
	*argc -= num;
}

bool
context_options(struct context *context, int *argc, char *argv[],
    struct error *err)
{
	const char *from = getenv("VALISE_CONFIG");
	const char *home = getenv("HOME");
	const char *temporary = getenv("TMPDIR");

	if (from != NULL && from[0] != '\0')
		snprintf(context->config_path, FILE_PATH, "%s", from);
	else
		snprintf(context->config_path, FILE_PATH,
		    "%s/.config/valise/config.yaml", home != NULL ? home : "");
	snprintf(context->home, FILE_PATH, "%s", home != NULL ? home : "");
	snprintf(context->temporary, FILE_PATH, "%s",
	    temporary != NULL ? temporary : "");
	context->patience_s = patience();
	context->hooks = &hooks;
	for (int i = 1; i < *argc;) {
		if (strcmp(argv[i], "--") == 0)
			break;
		if (strcmp(argv[i], "--json") == 0) {
			context->json = true;
			drop_arguments(argc, argv, i, 1);
		} else if (strcmp(argv[i], "--local") == 0) {
			context->local = true;
			drop_arguments(argc, argv, i, 1);
		} else if (strcmp(argv[i], "--config") == 0) {
			if (i + 1 >= *argc)
				return error_set(err, ERROR_USAGE,
				    "--config needs a FILE");
			snprintf(context->config_path, FILE_PATH, "%s",
			    argv[i + 1]);
			drop_arguments(argc, argv, i, 2);
		} else if (strncmp(argv[i], "--config=", 9) == 0) {
			snprintf(context->config_path, FILE_PATH, "%s",
			    argv[i] + 9);
			drop_arguments(argc, argv, i, 1);
		} else {
			i++;
		}
	}
	return true;
}

bool
arguments(int argc, int first, int min, int max, const char *usage,
    struct error *err)
{
	const int num = argc - first;

	return (num >= min && (max < 0 || num <= max)) ||
	    error_set(err, ERROR_USAGE, "expected %s (see --help)", usage);
}

bool
needs_line(const struct context *context, const char *what, struct error *err)
{
	return !context->local ||
	    error_set(err, ERROR_USAGE, "%s needs a line: not with --local",
		what);
}

bool
parse_bound(const char *text, bool ends, int64_t *out_ms, struct error *err)
{
	int64_t at;

	if (time_parse_date(span_of_str(text), &at))
		at += ends ? 24 * 60 * 60 : 0;
	else if (!time_parse_at(span_of_str(text), &at))
		return error_set(err, ERROR_USAGE,
		    "\"%s\" is neither a date (2026-11-23) nor a time"
		    " (2026-11-23T10:00:00Z)",
		    text);
	*out_ms = at * 1000;
	return true;
}
