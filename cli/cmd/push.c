/*
 * valise push: one version by the options, or those that a file lists.
 */
#include <getopt.h>
#include <string.h>

#include "cli/cmd/push.h"
#include "cli/commands.h"

/* "lo=FILE" */
static bool
split_pair(const char *text, char *key, size_t room, const char **value,
    const char *option, struct error *err)
{
	const char *equals = strchr(text, '=');

	if (equals == NULL || equals == text || equals[1] == '\0' ||
	    (size_t)(equals - text) >= room)
		return error_set(err, ERROR_USAGE,
		    "--%s takes LANGUAGE=%s, such as en=%s", option,
		    strcmp(option, "text") == 0 ? "FILE" : "TITLE",
		    strcmp(option, "text") == 0 ? "agreement.pdf"
						: "\"An agreement\"");
	snprintf(key, room, "%.*s", (int)(equals - text), text);
	*value = equals + 1;
	return true;
}

/* An option of "push"; c as getopt_long() gives it. */
static bool
take_option(struct push *push, int c, const char *text, const char **batch,
    struct error *err)
{
	char language[LIMIT_LANGUAGE_BYTES + 1];
	const char *value;

	switch (c) {
	case 't':
		return split_pair(text, language, sizeof(language), &value,
			   "text", err) &&
		    push_add_file(push, language, value, err);
	case 'T':
		return split_pair(text, language, sizeof(language), &value,
			   "title", err) &&
		    push_add_title(push, language, value, err);
	case 'a':
		return push_add_file(push, NULL, text, err);
	case 'n':
		return push_set_note(push, text, err);
	case 'o':
		return document_version_parse(span_of_str(text), &push->onto) ||
		    error_set(err, ERROR_USAGE,
			"--onto takes the number of the newest version, such"
			" as --onto 1");
	case 'b':
		*batch = text;
		return true;
	default:
		return error_set(err, ERROR_USAGE,
		    "an unknown option, or one without its value (see --help)");
	}
}

static bool
read_options(int argc, char *argv[], struct push *push, const char **batch,
    struct error *err)
{
	static const struct option longs[] = {
		{ "text", required_argument, NULL, 't' },
		{ "annex", required_argument, NULL, 'a' },
		{ "title", required_argument, NULL, 'T' },
		{ "note", required_argument, NULL, 'n' },
		{ "onto", required_argument, NULL, 'o' },
		{ "batch", required_argument, NULL, 'b' },
		{ NULL, 0, NULL, 0 },
	};
	unsigned version, num = 0;
	int c;

	for (; (c = getopt_long(argc, argv, "", longs, NULL)) != -1; num++)
		if (!take_option(push, c, optarg, batch, err))
			return false;
	if (*batch != NULL)
		return (num == 1 && optind == argc) ||
		    error_set(err, ERROR_USAGE,
			"--batch takes what to push from its FILE alone");
	if (!arguments(argc, optind, 1, 1, "DOC", err) ||
	    !document_parse(argv[optind], push->document, &version, err))
		return false;
	if (version != 0)
		return error_set(err, ERROR_USAGE,
		    "the next number is the daemon's to tell: leave out @%u",
		    version);
	return push_is_whole(push, err);
}

static bool
push_one(struct context *context, struct push *push, struct error *err)
{
	struct pusher pusher;
	const bool ok =
	    context_load(context, err) && pusher_begin(context, &pusher, err);
	const bool pushed = ok && pusher_push(&pusher, push, err);

	if (ok)
		pusher_end(&pusher);
	return pushed;
}

bool
cmd_push(struct context *context, int argc, char *argv[], struct error *err)
{
	struct push *push = push_new(err);
	const char *batch = NULL;
	bool ok;

	ok = push != NULL && read_options(argc, argv, push, &batch, err) &&
	    (batch != NULL ? push_batch(context, batch, err)
			   : push_one(context, push, err));
	push_free(push);
	return ok;
}
