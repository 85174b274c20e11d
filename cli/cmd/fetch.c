/*
 * valise fetch: gets a copy of a version, verifies it and only then writes it,
 * as a file or as a folder of its files.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cmd/fetch.h"
#include "cli/commands.h"
#include "cli/local/local.h"

struct fetch {
	char document[DOCUMENT_NAME];
	unsigned version;
	const char *output, *extract;
	bool force;
	/* what is written, begun before anybody is asked */
	char name[LIMIT_SLUG_BYTES + 32];
	struct outfile file;
	unsigned replaced; /* the version that it replaces, or 0 */
};

static bool
read_options(struct context *context, const struct options_given *given,
    struct fetch *out, struct error *err)
{
	out->output = options_value(given, OPTION_OUTPUT);
	out->extract = options_value(given, OPTION_EXTRACT);
	out->force = options_has(given, OPTION_FORCE);
	context->witnessed = options_has(given, OPTION_WITNESSED);
	return document_parse_which(given->operands[0], out->document,
	    &out->version, err);
}

static bool
is_number(unsigned version)
{
	return version != 0 && version < DOCUMENT_PLAIN;
}

/* Where it goes, if nothing is said: NAME-vN.asice here. */
static void
name_output(struct fetch *fetch, unsigned version)
{
	snprintf(fetch->name, sizeof(fetch->name), "%s-v%u.asice",
	    strchr(fetch->document, '/') + 1, version);
	fetch->output = fetch->name;
}

/* Try where it is to be written, before the daemon is asked for it. */
static bool
begin(struct context *context, struct fetch *fetch, struct error *err)
{
	const bool unnamed = fetch->output == NULL && fetch->extract == NULL;

	if (unnamed)
		name_output(fetch, fetch->version);
	if (fetch->extract != NULL && !outfile_try_folder(fetch->extract, err))
		return false;
	if (fetch->output == NULL)
		return true;
	return local_begin(context, fetch->output, NULL, &fetch->file, err) &&
	    ((unnamed && !is_number(fetch->version)) ||
		local_spare_others(&fetch->file, fetch->document, fetch->force,
		    &fetch->replaced, err));
}

/* Name the file now that it is known which version it is. */
static bool
settle_name(struct fetch *fetch, unsigned version, struct error *err)
{
	if (fetch->output != fetch->name || is_number(fetch->version))
		return true;
	name_output(fetch, version);
	return outfile_rename(&fetch->file, fetch->name, err) &&
	    local_spare_others(&fetch->file, fetch->document, fetch->force,
		&fetch->replaced, err);
}

/* Where no version was named, tell of a newer one. */
static void
tell_newer(const struct fetch *fetch, const struct copy *copy)
{
	const unsigned number = copy->verdict.version->number;

	if (fetch->version == DOCUMENT_PLAIN && copy->document.newest > number)
		output_note("version %u is in force; version %u, %s, is newer:"
			    " %s@latest",
		    number, copy->document.newest,
		    status_name(copy->document.status), fetch->document);
}

/*
 * The verdict, the document's newest version, if that is known, and the version
 * that was replaced.
 */
static json_t *
json_of_fetched(const struct fetch *fetch, const char *file,
    const struct copy *copy)
{
	json_t *json = json_of_verdict(file, &copy->verdict, &copy->as_of);

	if (json != NULL && copy->document.newest != 0)
		json_object_set_new(json, "newest",
		    json_integer(copy->document.newest));
	if (json != NULL && fetch->replaced != 0)
		json_object_set_new(json, "replaced",
		    json_integer(fetch->replaced));
	return json;
}

/* Write the copy as a file, or as its files, and print the verdict. */
static bool
write_out(struct context *context, struct fetch *fetch, const struct copy *copy,
    struct error *err)
{
	const char *file;

	if (fetch->output != NULL &&
	    (!settle_name(fetch, copy->verdict.version->number, err) ||
		!(local_copy_bytes(copy->fd, fetch->file.fd, copy->size, err) ||
		    error_context(err, "%s", fetch->output)) ||
		!local_finish(&fetch->file, fetch->output, err)))
		return false;
	if (fetch->extract != NULL &&
	    !local_extract(copy->container, fetch->extract, NULL, false, err))
		return false;
	file = fetch->output != NULL ? fetch->output : fetch->extract;
	if (context->json)
		return output_json(json_of_fetched(fetch, file, copy), err);
	if (fetch->replaced != 0)
		output_note("%s: it replaces %s@%u, which was there", file,
		    fetch->document, fetch->replaced);
	output_verdict(fetch->file.is_stdout ? "standard output" : file,
	    &copy->verdict, &copy->as_of);
	return true;
}

static bool
fetch_local(struct context *context, const char *document, unsigned version,
    struct copy *out, struct error *err)
{
	char dir[FILE_PATH];

	return local_dir(context, NULL, dir, err) &&
	    local_open_standing(context, dir, document, version, out, err) &&
	    (out->verdict.outcome != OUTCOME_VALID ||
		as_of_kept(context, local_proof(context, out) == LOCAL_PROVED,
		    &out->verdict, &out->as_of, err));
}

static bool
fetch_one(struct context *context, const char *document, unsigned version,
    struct copy *out, struct error *err)
{
	struct session session;
	bool ok;

	if (!session_open(context, &session, err))
		return false;
	/* Catch up with the entry of the delivery too. */
	ok = copy_fetch(&session, document, version, out, err) &&
	    session_catch_up(&session, err);
	session_close(&session);
	return ok;
}

bool
fetch_copy(struct context *context, const char *document, unsigned version,
    struct copy *out, struct error *err)
{
	*out = (struct copy){ .fd = -1 };
	return context->local
	    ? fetch_local(context, document, version, out, err)
	    : fetch_one(context, document, version, out, err);
}

/* With --json the output has the error. */
void
fetch_tell_findings(const struct verdict *verdict)
{
	for (size_t i = 0; i < verdict->num_findings; i++) {
		const struct finding *one = &verdict->findings[i];
		char sentence[FINDING_SENTENCE];

		finding_sentence(one, sentence);
		output_note("%s: %s", finding_name(one->code), sentence);
	}
}

bool
cmd_fetch(struct context *context, const struct options_given *given,
    struct error *err)
{
	struct fetch fetch = { .version = 0,
		.file = { .fd = -1, .scratch = { .fd = -1 } } };
	struct copy copy = { .fd = -1 };
	bool ok;

	ok = read_options(context, given, &fetch, err) &&
	    context_load(context, err) && begin(context, &fetch, err);
	ok = ok &&
	    fetch_copy(context, fetch.document, fetch.version, &copy, err);
	if (ok && copy.verdict.outcome != OUTCOME_VALID) {
		fetch_tell_findings(&copy.verdict);
		verdict_error(&copy.verdict, err);
		output_note("nothing was written");
		ok = false;
	}
	if (ok)
		tell_newer(&fetch, &copy);
	ok = ok && write_out(context, &fetch, &copy, err);
	copy_free(&copy);
	outfile_drop(&fetch.file);
	return ok;
}
