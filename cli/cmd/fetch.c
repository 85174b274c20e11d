/*
 * valise fetch: gets a copy of a version, verifies it and only then writes it,
 * as a file or as a folder of its files.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/outfile.h"
#include "cli/cmd/fetch.h"
#include "cli/commands.h"
#include "cli/local/local.h"

struct fetch {
	char document[DOCUMENT_NAME];
	unsigned version;
	const char *output, *extract;
};

static bool
read_options(struct context *context, const struct options_given *given,
    struct fetch *out, struct error *err)
{
	out->output = options_value(given, OPTION_OUTPUT);
	out->extract = options_value(given, OPTION_EXTRACT);
	context->witnessed = options_has(given, OPTION_WITNESSED);
	return document_parse_which(given->operands[0], out->document,
		   &out->version, err) &&
	    (out->output == NULL || outfile_check(out->output, err));
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

/* The verdict, and the document's newest version, if that is known. */
static json_t *
json_of_fetched(const char *file, const struct copy *copy)
{
	json_t *json = json_of_verdict(file, &copy->verdict, &copy->as_of);

	if (json != NULL && copy->document.newest != 0)
		json_object_set_new(json, "newest",
		    json_integer(copy->document.newest));
	return json;
}

/* Write the copy as a file, or as its files, and print the verdict. */
static bool
write_out(struct context *context, const struct fetch *fetch,
    const struct copy *copy, struct error *err)
{
	const struct version *version = copy->verdict.version;
	char name[LIMIT_SLUG_BYTES + 32];
	const char *output = fetch->output;

	snprintf(name, sizeof(name), "%s-v%u.asice",
	    strchr(version->document, '/') + 1, version->number);
	if (output == NULL && fetch->extract == NULL)
		output = name;
	if (output != NULL && !local_write(context, copy, output, err))
		return false;
	if (output != NULL)
		output_aside(output);
	if (fetch->extract != NULL &&
	    !local_extract(copy->container, fetch->extract, false, err))
		return false;
	if (context->json)
		return output_json(json_of_fetched(output != NULL
					   ? output
					   : fetch->extract,
				       copy),
		    err);
	output_verdict(output != NULL ? output : fetch->extract, &copy->verdict,
	    &copy->as_of);
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
	struct fetch fetch = { .version = 0 };
	struct copy copy = { .fd = -1 };
	bool ok;

	if (!read_options(context, given, &fetch, err) ||
	    !context_load(context, err) ||
	    (fetch.output != NULL &&
		!local_spares(context, fetch.output, NULL, err)))
		return false;
	ok = fetch_copy(context, fetch.document, fetch.version, &copy, err);
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
	return ok;
}
