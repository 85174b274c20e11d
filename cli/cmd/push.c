/*
 * valise push: one version by the options, or those that a file lists.
 */
#include <string.h>
#include <unistd.h>

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

/* Take an option into push. */
static bool
take_option(struct push *push, const struct options_one *one, struct error *err)
{
	char language[LIMIT_LANGUAGE_BYTES + 1];
	const char *value;

	switch (one->option->id) {
	case OPTION_TEXT:
		return split_pair(one->value, language, sizeof(language),
			   &value, "text", err) &&
		    push_add_file(push, language, value, err);
	case OPTION_TITLE:
		return split_pair(one->value, language, sizeof(language),
			   &value, "title", err) &&
		    push_add_title(push, language, value, err);
	case OPTION_ANNEX:
		return push_add_file(push, NULL, one->value, err);
	case OPTION_AS:
		return push_name_file(push, one->value, err);
	case OPTION_ALLOW_EMPTY:
		push->allow_empty = true;
		return true;
	case OPTION_ALLOW:
		push->allow_ending = true;
		return strcmp(one->value, "ending") == 0 ||
		    error_set(err, ERROR_USAGE,
			"--allow %s: only \"ending\" can be allowed, a name"
			" whose ending is not what the file is",
			one->value);
	case OPTION_NOTE:
		return push_set_note(push, one->value, err);
	case OPTION_ONTO:
		return document_version_parse(span_of_str(one->value),
			   &push->onto) ||
		    error_set(err, ERROR_USAGE,
			"--onto takes the number of the newest version, such"
			" as --onto 1");
	default: /* it goes with every command */
		return true;
	}
}

static bool
read_options(const struct options_given *given, struct push *push,
    struct error *err)
{
	unsigned version;

	for (size_t i = 0; i < given->num_options; i++)
		if (!take_option(push, &given->options[i], err))
			return false;
	if (!document_parse(given->operands[0], push->document, &version, err))
		return false;
	if (version != 0)
		return error_set(err, ERROR_USAGE,
		    "the next number is the daemon's to tell: leave out @%u",
		    version);
	return push_is_whole(push, err);
}

static bool
push_one(struct context *context, const struct options_given *given,
    struct push *push, struct error *err)
{
	struct pusher pusher;
	bool ok;

	if (!context_load(context, err) || !pusher_begin(context, &pusher, err))
		return false;
	pusher.dry_run = options_has(given, OPTION_DRY_RUN);
	pusher.ask = !pusher.dry_run && !context->json &&
	    !options_has(given, OPTION_YES) && isatty(STDIN_FILENO) &&
	    isatty(STDERR_FILENO);
	ok = pusher_push(&pusher, push, err);
	pusher_end(&pusher);
	return ok;
}

bool
cmd_push(struct context *context, const struct options_given *given,
    struct error *err)
{
	struct push *push = push_new(err);
	const bool ok = push != NULL && read_options(given, push, err) &&
	    push_one(context, given, push, err);

	push_free(push);
	return ok;
}

bool
cmd_push_batch(struct context *context, const struct options_given *given,
    struct error *err)
{
	return push_batch(context, given, err);
}
