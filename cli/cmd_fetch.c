#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/outfile.h"
#include "cli/commands.h"
#include "cli/local.h"

struct fetch {
	char document[DOCUMENT_NAME];
	unsigned version;
	const char *output, *extract;
};

static bool
read_options(struct context *context, int argc, char *argv[],
    struct fetch *out, struct error *err)
{
	static const struct option longs[] = {
		{ "output", required_argument, NULL, 'o' },
		{ "extract", required_argument, NULL, 'x' },
		{ "witnessed", no_argument, NULL, 'w' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "o:", longs, NULL)) != -1)
		switch (c) {
		case 'o':
			out->output = optarg;
			break;
		case 'x':
			out->extract = optarg;
			break;
		case 'w':
			context->witnessed = true;
			break;
		default:
			return error_set(err, ERROR_USAGE,
			    "an unknown option (see --help)");
		}
	return arguments(argc, optind, 1, 1, "DOC[@N]", err) &&
	    document_parse(argv[optind], out->document, &out->version, err) &&
	    (out->output == NULL || outfile_check(out->output, err));
}

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
	if (output != NULL && !copy_write(context, copy, output, err))
		return false;
	if (output != NULL)
		output_aside(output);
	if (fetch->extract != NULL &&
	    !copy_extract(copy->container, fetch->extract, false, err))
		return false;
	if (context->json)
		return output_json(
		    json_of_verdict(output != NULL ? output : fetch->extract,
			&copy->verdict),
		    err);
	output_verdict(output != NULL ? output : fetch->extract,
	    &copy->verdict);
	return true;
}

bool
cmd_fetch(struct context *context, int argc, char *argv[], struct error *err)
{
	struct fetch fetch = { .version = 0 };
	struct session session;
	char dir[FILE_PATH];
	struct copy copy;
	bool ok;

	if (!read_options(context, argc, argv, &fetch, err) ||
	    !context_load(context, err))
		return false;
	if (context->local) {
		ok = local_dir(context, NULL, dir, err) &&
		    local_open(context, dir, fetch.document, fetch.version,
			&copy, err);
		if (!ok)
			return false;
	} else {
		if (!session_open(context, &session, err))
			return false;
		/* The delivery is an entry: it is seen too. */
		ok = copy_fetch(&session, fetch.document, fetch.version, &copy,
			 err) &&
		    session_catch_up(&session, err);
	}
	if (ok && copy.verdict.outcome != OUTCOME_VALID) {
		/* On standard error: --json has its error on the output. */
		for (size_t i = 0; i < copy.verdict.num_findings; i++)
			output_note("%s: %s",
			    finding_name(copy.verdict.findings[i].code),
			    copy.verdict.findings[i].text);
		verdict_error(&copy.verdict, err);
		output_note("nothing was written");
		ok = false;
	}
	ok = ok && write_out(context, &fetch, &copy, err);
	copy_free(&copy);
	if (!context->local)
		session_close(&session);
	return ok;
}

/* --- verify --- */

/* Not as ours are: another maker's, or one of ours that was zipped again. */
static bool
judge_foreign(struct context *context, const char *path,
    const struct error *why, struct copy *copy, struct error *err)
{
	struct error no = { 0 };
	struct container *container = container_read_foreign(path, &no);
	bool ok;

	if (container == NULL) {
		ok = verdict_unreadable(no.kind == ERROR_LIMIT ? &no : why,
		    &copy->verdict, err);
	} else if (container_find(container, PATH_VERSION) == NULL) {
		ok = verdict_judge_foreign(container, &copy->verdict, err);
	} else {
		container_free(copy->container);
		copy->container = container;
		return copy_judge_rezipped(context, why, copy, err);
	}
	container_free(container);
	return ok;
}

static bool
judge_file(struct context *context, const char *path, struct copy *copy,
    struct error *err)
{
	struct error why = { 0 };

	*copy = (struct copy){ .fd = open_file(path, err) };
	if (copy->fd < 0)
		return false;
	copy->container = container_read(copy->fd, &why);
	if (copy->container == NULL ||
	    container_find(copy->container, PATH_VERSION) == NULL)
		return judge_foreign(context, path, &why, copy, err);
	return copy_judge(context, copy->fd, copy, err);
}

/*
 * What the list of files ends with: that reading itself failed, else that one
 * is not VALID, else what has the largest exit status.
 */
static bool
is_worse(const struct error *a, const struct error *b)
{
	static const enum error_kind order[] = { ERROR_SYSTEM,
		ERROR_UNTRUSTED };

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		if (a->kind == order[i] || b->kind == order[i])
			return a->kind == order[i] && b->kind != order[i];
	return error_exit_status(a->kind) > error_exit_status(b->kind);
}

/* There is no verdict of it: a script is told so in its place in the list. */
static void
tell_unread(const struct context *context, const char *path,
    const struct error *why)
{
	struct error ignored = { 0 };

	if (!context->json)
		output_note("%s", why->detail);
	else if (!output_json(json_pack("{s:s, s:s, s:s, s:i, s:s}", "file",
				  path, "title", error_title(why->kind),
				  "code", error_code(why), "exit",
				  error_exit_status(why->kind), "detail",
				  why->detail),
		     &ignored))
		output_note("%s", ignored.detail);
}

/* One file, whatever the others are; worst gets what is worse. */
static void
verify_file(struct context *context, const char *path, struct error *worst)
{
	struct error why = { 0 };
	struct copy copy;
	bool ok = judge_file(context, path, &copy, &why);

	if (ok && context->json)
		ok = output_json(json_of_verdict(path, &copy.verdict), &why);
	else if (ok)
		output_verdict(path, &copy.verdict);
	else
		tell_unread(context, path, &why);
	if (ok && copy.verdict.outcome != OUTCOME_VALID) {
		verdict_error(&copy.verdict, &why);
		/* What was not read to the end is not VALID. */
		why.kind = ERROR_UNTRUSTED;
		error_context(&why, "%s", path);
	}
	copy_free(&copy);
	if (is_worse(&why, worst))
		*worst = why;
}

bool
cmd_verify(struct context *context, int argc, char *argv[], struct error *err)
{
	static const struct option longs[] = {
		{ "witnessed", no_argument, NULL, 'w' },
		{ "evidence", required_argument, NULL, 'e' },
		{ NULL, 0, NULL, 0 },
	};
	const char *evidence = NULL;
	struct error worst = { 0 };
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1)
		switch (c) {
		case 'w':
			context->witnessed = true;
			break;
		case 'e':
			evidence = optarg;
			break;
		default:
			return error_set(err, ERROR_USAGE,
			    "an unknown option (see --help)");
		}
	if (!arguments(argc, optind, evidence == NULL,
		evidence == NULL ? -1 : 0, "FILE.asice…, or --evidence FILE",
		err) ||
	    !context_load(context, err))
		return false;
	if (evidence != NULL)
		return verify_evidence(context, evidence, err);
	for (int i = optind; i < argc; i++)
		verify_file(context, argv[i], &worst);
	*err = worst;
	context->told = true;
	return err->kind == ERROR_NONE;
}
