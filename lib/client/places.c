/*
 * Where configuration and state are (places.h).
 */
#include "client/places.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "client/context.h"

/* A folder that XDG names, and what is said where it cannot be found. */
struct place {
	const char *variable; /* XDG_CONFIG_HOME */
	const char *value;    /* of the variable */
	const char *usual;    /* below the home folder: ".config/valise" */
	const char *choose;   /* how a person names another one */
};

/*
 * True if there is such a folder, or none can tell: what cannot be looked at is
 * not passed over.
 */
static bool
is_there(const char *path, struct stat *out)
{
	*out = (struct stat){ 0 };
	return stat(path, out) == 0 ? S_ISDIR(out->st_mode)
				    : errno != ENOENT && errno != ENOTDIR;
}

/* Choose between the folder that XDG names and the one in the home folder. */
static bool
choose(const struct place *place, const char *named, const char *usual,
    char out[FILE_PATH], char old[FILE_PATH], struct error *err)
{
	struct stat a, b;
	const bool has_named = is_there(named, &a);
	const bool has_usual = is_there(usual, &b);

	if (has_named && has_usual &&
	    (a.st_dev != b.st_dev || a.st_ino != b.st_ino))
		return error_set(err, ERROR_USAGE,
		    "there are two: %s, which %s names, and %s: move one away,"
		    " or %s",
		    named, place->variable, usual, place->choose);
	if (has_usual && !has_named)
		text_set(old, FILE_PATH, usual);
	text_set(out, FILE_PATH, has_usual && !has_named ? usual : named);
	return true;
}

/* Set out to the folder; old too, if it is used in place of another one. */
static bool
find(const struct context *context, const struct place *place,
    char out[FILE_PATH], char old[FILE_PATH], struct error *err)
{
	const char *home = context->places.home;
	const bool has_name = place->value[0] == '/';
	char named[FILE_PATH], usual[FILE_PATH];

	old[0] = '\0';
	if (!has_name && home[0] != '/')
		return error_set(err, ERROR_USAGE,
		    "HOME is %s, so there is no ~/%s: set HOME or %s, or %s",
		    home[0] == '\0' ? "not set" : "no absolute path",
		    place->usual, place->variable, place->choose);
	if (has_name && !file_join(named, place->value, "valise", err))
		return false;
	if (home[0] != '/') {
		text_set(out, FILE_PATH, named);
		return true;
	}
	if (!file_join(usual, home, place->usual, err))
		return false;
	if (has_name)
		return choose(place, named, usual, out, old, err);
	text_set(out, FILE_PATH, usual);
	return true;
}

bool
places_config(struct context *context, struct error *err)
{
	const struct place place = { "XDG_CONFIG_HOME", context->places.config,
		".config/valise",
		"name the configuration (--config, VALISE_CONFIG)" };
	char dir[FILE_PATH];

	return context->config_path[0] != '\0' ||
	    (find(context, &place, dir, context->places.old_config, err) &&
		file_join(context->config_path, dir, "config.yaml", err));
}

bool
places_state(struct context *context, char out[FILE_PATH], struct error *err)
{
	const struct place place = { "XDG_STATE_HOME", context->places.state,
		".local/state/valise",
		"name it (\"state:\" in the configuration, init --state)" };

	return find(context, &place, out, context->places.old_state, err);
}

/* Print what is told, a line for each folder. */
static bool
what_is_told(const struct context *context, struct buf *out, struct error *err)
{
	const struct places *places = &context->places;
	const struct {
		const char *old, *named, *variable;
	} all[] = { { places->old_config, places->config, "XDG_CONFIG_HOME" },
		{ places->old_state, places->state, "XDG_STATE_HOME" } };
	bool ok = true;

	for (size_t i = 0; ok && i < sizeof(all) / sizeof(all[0]); i++)
		ok = all[i].old[0] == '\0' ||
		    buf_printf(out, err,
			"%s is used, since there is no %s/valise, which %s"
			" names: you can move it there\n",
			all[i].old, all[i].named, all[i].variable);
	return ok;
}

void
places_tell(const struct context *context)
{
	struct buf said = BUF(8 * FILE_PATH), before = BUF(8 * FILE_PATH);
	struct error ignored = { 0 };
	char path[FILE_PATH];
	struct span rest, line;
	bool ok = what_is_told(context, &said, &ignored) && said.len > 0 &&
	    context_path(context, "places", path, &ignored);

	if (ok &&
	    (!file_read(path, before.max, &before, &ignored) ||
		!span_eq(buf_span(&before), buf_span(&said)))) {
		rest = buf_span(&said);
		while (span_take_line(&rest, &line))
			client_note(context, "%.*s", (int)line.len,
			    (const char *)line.data);
		/* Where it cannot be kept it is told again the next time. */
		ok = file_write_quick(path, buf_span(&said), 0600, &ignored);
	}
	(void)ok;
	buf_free(&said);
	buf_free(&before);
}
