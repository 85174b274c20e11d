/*
 * show - a document's versions, signatures and statuses, by its proved acts.
 */
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "cli/cmd/show.h"
#include "cli/commands.h"
#include "cli/local/local.h"
#include "client/acts.h"
#include "client/version_yaml.h"

static void
print_groups(const char *label, const char *hex)
{
	struct digest digest;

	if (digest_parse(span_of_str(hex), &digest))
		output_digest(label, &digest);
}

/* Print one line of an act: who did it, and when. */
static void
print_act(const char *what, const json_t *act)
{
	printf("  %-13s", what);
	output_text(json_text(act, "person"));
	printf(" of %s, %s, entry %lld\n", json_text(act, "office"),
	    json_text(act, "time"),
	    json_integer_value(json_object_get(act, "entry")));
}

/* Print a version, who deposited and who signed it. */
static void
print_version(const json_t *version)
{
	const json_t *signatures = json_object_get(version, "signatures");
	const json_t *withdrawn = json_object_get(version, "withdrawn");
	size_t i;
	const json_t *one;

	/* In a local copy each version tells by itself how far it is proved. */
	printf("version %lld, %s%s\n",
	    json_integer_value(json_object_get(version, "version")),
	    json_text(version, "status"),
	    json_is_false(json_object_get(version, "proved")) ? ", not proved"
							      : "");
	print_act("deposited by", version);
	json_array_foreach (signatures, i, one) {
		const bool ends =
		    strcmp(json_text(one, "act"), "terminate") == 0;

		print_act(!ends ? "signed by"
			: json_is_array(json_object_get(version, "to-sign"))
			? "to end, by"
			: "ended by",
		    one);
	}
	if (json_is_object(withdrawn))
		print_act("withdrawn by", withdrawn);
	print_groups("  digest       ", json_text(version, "digest"));
	show_print(version);
}

static void
print_as_of(const json_t *as_of)
{
	char text[AS_OF_TEXT];

	as_of_json_text(as_of, text);
	if (json_is_integer(json_object_get(as_of, "size")))
		printf("as of %s\n", text);
	else
		printf("as of the last act here, %s (the depositary's time);"
		       " not known since\n",
		    text);
}

/* Print a line for a version beside the one that is shown. */
static void
print_beside(const json_t *version)
{
	printf("version %lld, %s%s, deposited by ",
	    json_integer_value(json_object_get(version, "version")),
	    json_text(version, "status"),
	    json_is_false(json_object_get(version, "proved")) ? ", not proved"
							      : "");
	output_text(json_text(version, "person"));
	printf(" of %s, %.10s\n", json_text(version, "office"),
	    json_text(version, "time"));
}

static unsigned
number_of(const json_t *version)
{
	return (unsigned)json_integer_value(
	    json_object_get(version, "version"));
}

/*
 * Find the number of the version that is meant: which is as of
 * document_parse_which().
 */
static bool
find_version(const json_t *json, unsigned which, unsigned *out,
    struct error *err)
{
	const json_t *versions = json_object_get(json, "versions");
	const json_t *newest =
	    json_array_get(versions, json_array_size(versions) - 1);
	const unsigned in_force = number_of(json_object_get(json, "in-force"));

	*out = which;
	if (which == 0 || (which == DOCUMENT_PLAIN && in_force == 0))
		*out = number_of(newest);
	else if (which == DOCUMENT_PLAIN || which == DOCUMENT_IN_FORCE)
		*out = in_force;
	return *out != 0 ||
	    error_set(err, ERROR_NOT_FOUND,
		"no version of %s is in force: the newest, %u, is %s",
		json_text(json, "document"), number_of(newest),
		json_text(newest, "status"));
}

/* Leave one version only. */
static bool
leave(json_t *json, unsigned only, struct error *err)
{
	json_t *versions = json_object_get(json, "versions");

	for (size_t i = json_array_size(versions); i > 0; i--)
		if (number_of(json_array_get(versions, i - 1)) != only)
			json_array_remove(versions, i - 1);
	return json_array_size(versions) != 0 ||
	    error_set(err, ERROR_NOT_FOUND, "%s has no version %u",
		json_text(json, "document"), only);
}

/* Where no version was named, tell of a newer one than is shown. */
static void
tell_newer(const json_t *json, unsigned shown)
{
	const json_t *versions = json_object_get(json, "versions");
	const json_t *newest =
	    json_array_get(versions, json_array_size(versions) - 1);

	if (number_of(newest) > shown)
		output_note("version %u is in force; version %u, %s, is newer:"
			    " %s@latest",
		    shown, number_of(newest), json_text(newest, "status"),
		    json_text(json, "document"));
}

/*
 * Remember the version that is shown, or all if that is 0: who has seen one may
 * follow it.
 */
static void
remember_shown(const struct context *context, const json_t *json, unsigned only)
{
	const json_t *one;
	size_t i;

	json_array_foreach (json_object_get(json, "versions"), i, one) {
		struct digest digest;

		if ((only == 0 || number_of(one) == only) &&
		    digest_parse(span_of_str(json_text(one, "digest")),
			&digest))
			context_saw_version(context,
			    json_text(json, "document"), number_of(one),
			    &digest);
	}
}

/* Print a version in full, and where it was not named the others in short. */
static bool
print_document(struct context *context, json_t *json, unsigned which,
    unsigned shown, struct error *err)
{
	json_t *versions = json_object_get(json, "versions"), *one;
	size_t i;

	if (which != DOCUMENT_PLAIN && !leave(json, shown, err))
		return false;
	if (which == DOCUMENT_PLAIN)
		tell_newer(json, shown);
	/* What is told in a line was not shown. */
	remember_shown(context, json, context->json ? 0 : shown);
	if (context->json)
		return output_json(json_incref(json), err);
	output_text(json_text(json, "document"));
	fputs("  ", stdout);
	output_text(json_title(json, context->language));
	puts(json_is_false(json_object_get(json, "title-proved"))
		? " (the title is not proved: fetch it)"
		: "");
	print_as_of(json_object_get(json, "as-of"));
	json_array_foreach (versions, i, one)
		if (number_of(one) == shown)
			print_version(one);
	for (i = json_array_size(versions); i > 0; i--)
		if (number_of(json_array_get(versions, i - 1)) != shown)
			print_beside(json_array_get(versions, i - 1));
	return true;
}

/* --- What it consists of. --- */

/* Where a version.yaml comes from: the daemon, or the local copy in dir. */
struct source {
	struct context *context;
	struct session *session;
	const char *dir; /* NULL with a session */
};

/* Set *out to a version, or to NULL if it is not told. */
static bool
get_version(const struct source *from, const char *document,
    const json_t *version, struct version **out, struct error *err)
{
	const unsigned number = number_of(version);
	struct error ignored = { 0 };
	struct digest digest;

	*out = NULL;
	if (version == NULL ||
	    !digest_parse(span_of_str(json_text(version, "digest")), &digest))
		return true;
	if (from->dir == NULL)
		return version_yaml_get(from->context, from->session, document,
		    number, &digest, out, err);
	*out = local_version(from->dir, document, number, &digest, &ignored);
	return true;
}

static json_t *
find_number(const json_t *versions, unsigned number)
{
	json_t *one;
	size_t i;

	json_array_foreach (versions, i, one)
		if (number_of(one) == number)
			return one;
	return NULL;
}

/* titles is taken over. */
static void
set_title(json_t *json, const char *title, json_t *titles, bool proved)
{
	json_object_set_new(json, "title", json_string(title));
	json_object_set_new(json, "titles", titles);
	json_object_set_new(json, "title-proved", json_boolean(proved));
}

/* Add what a version consists of, and who is still to sign it. */
static bool
describe(const struct source *from, json_t *json, unsigned shown,
    struct error *err)
{
	const char *document = json_text(json, "document");
	const json_t *versions = json_object_get(json, "versions");
	json_t *one = find_number(versions, shown);
	struct version *now = NULL, *before = NULL;
	bool ok;

	if (one == NULL)
		return true;
	show_add_signatories(from->context, document, one);
	ok = get_version(from, document, one, &now, err) &&
	    (now == NULL ||
		get_version(from, document, find_number(versions, shown - 1),
		    &before, err));
	if (ok && now != NULL) {
		show_describe(one, now, before);
		/* The document's titles are those of the newest version. */
		if (find_number(versions, shown + 1) == NULL)
			set_title(json, version_title(now, "en"),
			    json_incref(json_object_get(one, "titles")), true);
	}
	version_free(now);
	version_free(before);
	return ok;
}

/* --- From the proved acts. --- */

/* The JSON that "show --json" prints.  All of it is proved, except a title. */
static json_t *
json_of_acts(const struct document_acts *acts)
{
	const struct ledger_document *doc = &acts->doc;
	json_t *json = json_of_document(doc->name, "", ledger_status(doc),
	    json_of_versions(doc));
	struct as_of as_of;

	if (json == NULL)
		return NULL;
	as_of_document(acts, &as_of);
	json_object_set_new(json, "title-proved", json_false());
	json_object_set_new(json, "proved", json_true());
	json_object_set_new(json, "size", json_integer((json_int_t)acts->size));
	json_object_set_new(json, "seen", json_of_ms(acts->seen_at * 1000));
	json_object_set_new(json, "as-of", as_of_json(&as_of));
	return json;
}

/*
 * The title is the newest version's: by its version.yaml, or where an older
 * daemon does not give that by its word.
 */
static bool
add_title(const struct source *from, const struct document_acts *acts,
    json_t *json, struct error *err)
{
	const json_t *versions = json_object_get(json, "versions");
	char titles[TITLE_TEXT], title[LIMIT_TITLE_BYTES + 1];
	struct version *newest;
	bool proved = true, given;

	if (json_is_true(json_object_get(json, "title-proved")))
		return true;
	if (!get_version(from, acts->doc.name,
		json_array_get(versions, json_array_size(versions) - 1),
		&newest, err))
		return false;
	given = newest != NULL;
	if (given)
		title_text_of(newest, titles, sizeof(titles));
	version_free(newest);
	if (!given &&
	    !title_of_document(from->session, acts, titles, &proved, err))
		return false;
	title_text_pick(titles, "en", title);
	set_title(json, title, json_of_titles(titles), proved);
	return true;
}

static bool
show_proved(struct session *session, const char *document, unsigned version,
    struct error *err)
{
	struct document_acts acts;
	json_t *json = NULL;
	const struct source from = { .context = session->context,
		.session = session };
	unsigned shown;
	bool ok;

	ok = acts_update(session, document, &acts, err) &&
	    acts_are_shown(session, &acts, false, err) &&
	    (json = json_of_acts(&acts)) != NULL &&
	    find_version(json, version, &shown, err) &&
	    describe(&from, json, shown, err) &&
	    add_title(&from, &acts, json, err) &&
	    print_document(session->context, json, version, shown, err);
	json_decref(json);
	acts_free(&acts);
	return ok;
}

static bool
show_local(struct context *context, const char *document, unsigned version,
    struct error *err)
{
	char dir[FILE_PATH];
	const struct source from = { .context = context, .dir = dir };
	json_t *json = NULL;
	unsigned shown;
	bool ok;

	ok = local_dir(context, NULL, dir, err) &&
	    (json = local_document(context, dir, document, err)) != NULL &&
	    find_version(json, version, &shown, err) &&
	    describe(&from, json, shown, err) &&
	    print_document(context, json, version, shown, err);
	json_decref(json);
	return ok;
}

bool
cmd_show(struct context *context, const struct options_given *given,
    struct error *err)
{
	char document[DOCUMENT_NAME];
	struct session session;
	unsigned version;
	bool ok;

	if (!document_parse_which(given->operands[0], document, &version,
		err) ||
	    !context_load(context, err))
		return false;
	if (context->local)
		return show_local(context, document, version, err);
	if (!session_open(context, &session, err))
		return false;
	ok = show_proved(&session, document, version, err);
	session_close(&session);
	return ok;
}
