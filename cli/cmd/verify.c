/*
 * verify - judge copies: by themselves, by what this office knows, or by what
 * the daemon proves now.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/cmd/copies.h"
#include "cli/cmd/parallel.h"
#include "cli/cmd/verify.h"
#include "cli/local/local.h"
#include "client/guest.h"

/*
 * True if a container is not in our form: it is another maker's, or it was
 * zipped again.
 */
static bool
judge_foreign(struct context *context, const struct error *why,
    struct copy *copy, struct error *err)
{
	struct error no = { 0 };
	struct container *container;
	char path[64];
	bool ok;

	/* It may be a file without a name. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", copy->fd);
	container = container_read_foreign(path, &no);
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

	*copy = (struct copy){ .fd = copies_open(context, path, err) };
	if (copy->fd < 0)
		return false;
	copy->container = container_read_to_judge(copy->fd, &why);
	if (copy->container == NULL ||
	    container_find(copy->container, PATH_VERSION) == NULL)
		return judge_foreign(context, &why, copy, err);
	return copy_judge(context, copy->fd, copy, err);
}

/*
 * True if error a is worse than b, for the exit of a list of files: that a copy
 * is not VALID, else the largest exit status.
 */
static bool
is_worse(const struct error *a, const struct error *b)
{
	if (a->kind == ERROR_UNTRUSTED || b->kind == ERROR_UNTRUSTED)
		return a->kind != b->kind && a->kind == ERROR_UNTRUSTED;
	return error_exit_status(a->kind) > error_exit_status(b->kind);
}

/* Tell that there is no verdict of a file, in its place in the list. */
static void
tell_unread(const struct context *context, const char *path,
    const struct error *why)
{
	struct error ignored = { 0 };
	json_t *json = context->json ? json_of_error(why) : NULL;

	json_object_set_new(json, "file", json_string(path));
	if (!context->json)
		output_note("%s", why->detail);
	else if (!output_json(json, &ignored))
		output_note("%s", ignored.detail);
}

/* What to check of each file, and the connection if there is one. */
struct verifying {
	struct context *context;
	bool current, in_force;
	struct session *session; /* NULL: not connected yet */
	struct session connection;
	struct error broken; /* connecting failed: the same for each file */
	/* The acts on the last document, since many files may be of one. */
	struct document_acts acts;
	bool has_acts;
};

static bool
connect_once(struct verifying *all, struct error *err)
{
	if (all->session == NULL && all->broken.kind == ERROR_NONE &&
	    session_open(all->context, &all->connection, &all->broken))
		all->session = &all->connection;
	if (all->session != NULL)
		return true;
	*err = all->broken;
	return false;
}

/*
 * Get the acts on the document that a copy is of: all that there are now, or
 * what is kept. NULL on failure.
 */
static const struct document_acts *
acts_of(struct verifying *all, const struct verdict *verdict, struct error *err)
{
	const char *document = verdict->version->document;
	const size_t num = verdict->num_acts;
	const uint64_t last = num > 0 ? verdict->acts[num - 1].index : 0;
	bool ok = true;

	if (all->has_acts && strcmp(all->acts.doc.name, document) == 0 &&
	    (!all->current || last < all->acts.size))
		return &all->acts;
	if (all->has_acts)
		acts_free(&all->acts);
	all->has_acts = true;
	if (all->current)
		ok = acts_update(all->session, document, &all->acts, err) &&
		    acts_are_shown(all->session, &all->acts, true, err);
	else
		acts_load(all->context, document, &all->acts);
	if (ok)
		return &all->acts;
	acts_free(&all->acts);
	all->has_acts = false;
	return NULL;
}

/*
 * Find out when the status of a VALID copy is from. False if that contradicts
 * what this office knows, or could not be asked for: the status is then that of
 * the copy alone.
 */
static bool
find_as_of(struct verifying *all, struct copy *copy, struct error *err)
{
	const struct document_acts *acts;
	bool proved = true;

	as_of_copy(&copy->verdict, &copy->as_of);
	if (all->context->guest)
		return true;
	if (all->current) {
		if (!connect_once(all, err) ||
		    !copy_follow(all->session, copy, err))
			return false;
	} else {
		const enum local_proof proof = local_proof(all->context, copy);

		if (proof == LOCAL_REFUTED)
			return error_set_code(err, ERROR_UNTRUSTED,
			    "JOURNAL_ROLLED_BACK",
			    "its receipts lead to another history than the one"
			    " that you have seen");
		proved = proof == LOCAL_PROVED;
	}
	return (acts = acts_of(all, &copy->verdict, err)) != NULL &&
	    as_of_acts(acts, proved, &copy->verdict, &copy->as_of, err);
}

static bool
is_in_force(const struct copy *copy, struct error *err)
{
	char text[AS_OF_TEXT];

	if (copy->verdict.status == STATUS_IN_FORCE)
		return true;
	as_of_text(&copy->as_of, text);
	return error_set_code(err, ERROR_UNTRUSTED, "NOT_IN_FORCE",
	    "it is %s, as of %s", status_name(copy->verdict.status), text);
}

/*
 * Returns a verdict as JSON. about says why a VALID copy is not what was asked
 * for; or it has no error.
 */
static json_t *
make_json(const struct context *context, const char *path,
    const struct copy *copy, const struct as_of *as_of,
    const struct error *about)
{
	json_t *json = json_of_verdict(path, &copy->verdict, as_of);

	if (json != NULL && context->guest)
		json_object_set_new(json, "enrolment",
		    json_pack("{s:o, s:s}", "fingerprint",
			json_of_digest(&context->enrolment.fingerprint),
			"journal", context->enrolment.journal.name));
	if (json != NULL && as_of != NULL && about->kind != ERROR_NONE) {
		json_object_set_new(json, "code",
		    json_string(error_code(about)));
		json_object_set_new(json, "detail", json_string(about->detail));
	}
	return json;
}

/*
 * Judge one file, whatever the others are. worst gets its error if that is
 * worse.
 */
static void
verify_file(struct verifying *all, const char *path, struct error *worst)
{
	struct context *context = all->context;
	struct error why = { 0 }, about = { 0 };
	const struct as_of *as_of = NULL;
	struct copy copy;
	bool ok = judge_file(context, path, &copy, &why), asked = true;

	if (ok && copy.verdict.outcome == OUTCOME_VALID) {
		asked = find_as_of(all, &copy, &about) &&
		    (!all->in_force || is_in_force(&copy, &about));
		as_of = &copy.as_of;
	}
	if (ok && context->json)
		ok = output_json(make_json(context, path, &copy, as_of, &about),
		    &why);
	else if (ok)
		output_verdict(path, &copy.verdict, as_of);
	else
		tell_unread(context, path, &why);
	if (ok && copy.verdict.outcome != OUTCOME_VALID) {
		verdict_error(&copy.verdict, &why);
		/* A file that was not read to the end is not VALID. */
		why.kind = ERROR_UNTRUSTED;
		error_context(&why, "%s", path);
	} else if (ok && !asked) {
		why = about;
		error_context(&why, "%s", path);
	}
	copy_free(&copy);
	if (is_worse(&why, worst))
		*worst = why;
}

bool
verify_tell(struct context *context, const char *path, struct copy *out,
    json_t **json, struct error *fault, struct error *err)
{
	struct verifying all = { .context = context };
	const struct as_of *as_of = NULL;

	if (!judge_file(context, path, out, err))
		return false;
	if (out->verdict.outcome == OUTCOME_VALID) {
		if (!find_as_of(&all, out, fault))
			fault->kind = ERROR_UNTRUSTED;
		as_of = &out->as_of;
	} else {
		(void)verdict_error(&out->verdict, fault);
		fault->kind = ERROR_UNTRUSTED;
	}
	if (all.has_acts)
		acts_free(&all.acts);
	if (context->json)
		*json = make_json(context, path, out, as_of, fault);
	else
		output_verdict(path, &out->verdict, as_of);
	return true;
}

/* Up to so many files are judged sooner than processes are started. */
enum { WORTH_JOBS = 64 };

struct files {
	struct verifying *all;
	char **paths;
};

/* A parallel_work that judges one file. */
static void
verify_one(void *arg, size_t i, struct error *worst)
{
	const struct files *files = arg;

	verify_file(files->all, files->paths[i], worst);
}

static void
take_worse(struct error *worst, const struct error *one)
{
	if (is_worse(one, worst))
		*worst = *one;
}

/*
 * Judge the first file in this process: it reads what all of them need. If the
 * daemon is asked, one connection asks for all.
 */
static bool
verify_files(struct verifying *all, char *paths[], size_t num, unsigned jobs,
    struct error *worst, struct error *err)
{
	struct files files = { all, paths };

	verify_one(&files, 0, worst);
	if (jobs > 1 && !all->current && num > WORTH_JOBS)
		return parallel_files(1, num, jobs, verify_one, &files,
		    take_worse, worst, err);
	for (size_t i = 1; i < num; i++)
		verify_one(&files, i, worst);
	return true;
}

static bool
take_jobs(const char *text, unsigned *out, struct error *err)
{
	uint64_t number;

	if (!span_to_u64(span_of_str(text), &number) || number < 1 ||
	    number > 64)
		return error_set(err, ERROR_USAGE,
		    "-j needs a number of processes, 1 to 64");
	*out = (unsigned)number;
	return true;
}

/* Who has no configuration has no office: a court, an auditor. */
static bool
name_enrolment(struct error *err)
{
	char detail[sizeof(err->detail)];

	if (err->kind != ERROR_USAGE && err->kind != ERROR_NOT_FOUND)
		return false;
	text_set(detail, sizeof(detail), err->detail);
	return error_set(err, err->kind,
	    "%.300s. Without an office of your own: valise verify FILE"
	    " --enrolment FILE --policy DIR --crls DIR",
	    detail);
}

bool
verify_load(struct context *context, const struct options_given *given,
    struct error *err)
{
	const char *enrolment = options_value(given, OPTION_ENROLMENT);
	const struct options_one *one;
	char groups[80];

	if (enrolment == NULL) {
		if (options_has(given, OPTION_POLICY) ||
		    options_has(given, OPTION_CRLS))
			return error_set(err, ERROR_USAGE,
			    "--policy and --crls go with --enrolment");
		return context_load(context, err) || name_enrolment(err);
	}
	if (options_has(given, OPTION_CURRENT))
		return error_set(err, ERROR_USAGE,
		    "--current asks the daemon, which takes a certificate of an"
		    " office: leave --enrolment out");
	if (!guest_load(context, enrolment, err))
		return false;
	for (size_t i = 0; i < given->num_options; i++) {
		one = &given->options[i];
		if ((one->option->id == OPTION_POLICY &&
			!guest_add_policies(context, one->value, err)) ||
		    (one->option->id == OPTION_CRLS &&
			!guest_add_crls(context, one->value, err)))
			return false;
	}
	digest_groups(&context->enrolment.fingerprint, groups);
	if (!context->json)
		printf("by the enrolment with fingerprint %s,\n"
		       "which you must have from somebody other than who gave"
		       " you the copy\n",
		    groups);
	return true;
}

bool
cmd_verify(struct context *context, const struct options_given *given,
    struct error *err)
{
	const char *text = options_value(given, OPTION_JOBS);
	struct verifying all = { .context = context,
		.current = options_has(given, OPTION_CURRENT),
		.in_force = options_has(given, OPTION_IN_FORCE) };
	unsigned jobs = parallel_jobs();
	struct copies copies = { 0 };
	struct error worst = { 0 };
	bool ok;

	context->witnessed = options_has(given, OPTION_WITNESSED);
	if ((text != NULL && !take_jobs(text, &jobs, err)) ||
	    (all.current && !arguments_need_line(context, "--current", err)) ||
	    !verify_load(context, given, err))
		return false;
	ok = copies_gather(&copies, given->operands,
		 (size_t)given->num_operands, err) &&
	    verify_files(&all, copies.paths, copies.num, jobs, &worst, err);
	copies_free(&copies);
	if (all.has_acts)
		acts_free(&all.acts);
	if (all.session != NULL)
		session_close(all.session);
	if (!ok)
		return false;
	*err = worst;
	context->told = true;
	return err->kind == ERROR_NONE;
}
