/*
 * Judging a container, step by step, and its findings (verdict.h).
 */
#include "verdict/verdict.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "bag/slip.h"
#include "base/text.h"
#include "base/time.h"
#include "document/termination.h"
#include "verdict/judge.h"

/*
 * Check the names: a container as this program makes it has these files and no
 * others.
 */
static bool
judge_names(struct judge *judge)
{
	const struct container *container = judge->request->container;
	const bool deposit = judge->request->expect == EXPECT_DEPOSIT;
	char id[LIMIT_NAME_BYTES + 1];

	for (size_t i = 0; i < container->num; i++) {
		const char *path = container->members[i].path;
		const bool known = strcmp(path, "mimetype") == 0 ||
		    strcmp(path, PATH_VERSION) == 0 ||
		    (strcmp(path, PATH_TERMINATION) == 0 && !deposit) ||
		    path_is_text(path) ||
		    path_signature_id(path, PATH_MANIFEST, id) ||
		    path_signature_id(path, PATH_SIGNATURE, id) ||
		    (path_slip_id(path, id) &&
			(!deposit || judge->request->waybill != NULL)) ||
		    (path_is_receipt(path) &&
			judge->request->expect == EXPECT_DELIVERED);

		if ((!known ||
			(deposit && path_is_meta(path) &&
			    strcmp(id, "origin") != 0)) &&
		    !judge_find(judge, FINDING_FILE_UNSIGNED, path,
			"it is no part of a %s: nobody signs for it",
			deposit ? "deposit" : "version"))
			return false;
	}
	return true;
}

static bool
judge_version(struct judge *judge)
{
	const struct verdict_request *request = judge->request;
	struct member *file = container_find(request->container, PATH_VERSION);
	struct verdict *out = judge->out;
	struct error why = { 0 };

	if (file == NULL)
		return judge_find(judge, FINDING_NOT_A_DOCUMENT, "",
		    "there is no version.yaml in it: no document of Valise");
	out->digest = sha256_of(member_bytes(file));
	out->version = request->container->version;
	request->container->version = NULL;
	if (out->version == NULL)
		out->version = version_parse(member_bytes(file), &why);
	if (out->version == NULL)
		/* The error names the file, with line and column. */
		return judge_find_error(judge, FINDING_VERSION_MALFORMED, "",
		    &why);
	if ((request->document != NULL &&
		strcmp(request->document, out->version->document) != 0) ||
	    (request->number != 0 && request->number != out->version->number))
		return judge_find(judge, FINDING_VERSION_DIFFERS, PATH_VERSION,
		    "it is %s@%u, not %s@%u", out->version->document,
		    out->version->number, request->document, request->number);
	if (request->live != NULL && strcmp(request->live, "origin") == 0 &&
	    (out->version->created_at - TIME_SKEW_SECONDS) * 1000 >
		request->now_ms &&
	    !judge_find(judge, FINDING_TIME_BACKWARDS, PATH_VERSION,
		"it says that it was made at a time that has not come"
		" yet: is a clock wrong?"))
		return false;
	if (request->live != NULL && strcmp(request->live, "origin") == 0 &&
	    (strcmp(request->person, out->version->person) != 0 ||
		strcmp(request->office, out->version->office) != 0))
		return judge_find(judge, FINDING_SIGNER_DIFFERS, PATH_VERSION,
		    "it says that %s of %s deposits it, but %s of %s does",
		    out->version->person, out->version->office, request->person,
		    request->office);
	return true;
}

/* A member that cannot be read has none of the bytes it should have. */
static bool
judge_reading(struct judge *judge)
{
	struct container *container = judge->request->container;

	for (size_t i = 0; i < container->num; i++) {
		struct member *member = &container->members[i];
		struct error why = { 0 };

		if (member_hash(member, judge->request->progress, &why))
			continue;
		if (!judge_find_error(judge,
			path_is_text(member->path) ? FINDING_TEXT_DIGEST
						   : FINDING_FILE_DIGEST,
			member->path, &why))
			return false;
		member->hashed = member->damaged = true;
		member->sha256 = (struct digest){ { 0 } };
	}
	return true;
}

/* was_read: by its bytes; else by its name and size alone. */
static bool
judge_file(struct judge *judge, const struct text_file *file, bool was_read)
{
	const struct member *member =
	    container_find(judge->request->container, file->file);

	if (member == NULL)
		return judge_find(judge, FINDING_TEXT_MISSING, file->file,
		    "it is missing");
	if (member->damaged)
		return true; /* a finding says so */
	if (member->size != file->size ||
	    (was_read && !digest_eq(&member->sha256, &file->sha256)))
		return judge_find(judge, FINDING_TEXT_DIGEST, file->file,
		    "it was altered: its bytes are not those that"
		    " version.yaml, which is signed, tells of");
	return true;
}

static bool
is_listed(const struct version *version, const char *path)
{
	for (size_t i = 0; i < version->num_texts; i++)
		if (strcmp(version->texts[i].file, path) == 0)
			return true;
	for (size_t i = 0; i < version->num_annexes; i++)
		if (strcmp(version->annexes[i].file, path) == 0)
			return true;
	return false;
}

static bool
judge_texts(struct judge *judge, bool were_read)
{
	const struct version *version = judge->out->version;
	const struct container *container = judge->request->container;

	for (size_t i = 0; i < version->num_texts; i++)
		if (!judge_file(judge, &version->texts[i], were_read))
			return false;
	for (size_t i = 0; i < version->num_annexes; i++)
		if (!judge_file(judge, &version->annexes[i], were_read))
			return false;
	for (size_t i = 0; i < container->num; i++) {
		const char *path = container->members[i].path;

		if (path_is_text(path) && !is_listed(version, path) &&
		    !judge_find(judge, FINDING_FILE_UNSIGNED, path,
			"it is not in version.yaml: nobody signs for it"))
			return false;
	}
	return true;
}

static bool
judge_allowed(struct judge *judge, const struct decision *decision)
{
	return decision->allowed ||
	    (judge_find(judge, FINDING_TEXT_NOT_ALLOWED, "",
		 "its texts are not as the policy wants them (%s)",
		 decision->rule) &&
		judge_set_rule(judge, decision->rule));
}

/* Do its files suit its type, by the names and sizes of the ZIP's directory? */
static bool
judge_directory(struct judge *judge)
{
	const struct verdict_request *request = judge->request;
	struct decision decision;

	if (request->document == NULL)
		return true;
	decision = policy_decide_files(request->policy, request->document,
	    request->container);
	return judge_allowed(judge, &decision);
}

/* And by what version.yaml says of them? */
static bool
judge_described(struct judge *judge)
{
	const struct decision decision =
	    policy_decide_texts(judge->request->policy, judge->out->version);

	return judge_allowed(judge, &decision);
}

/*
 * What is cheap to ask of a deposit: the names and sizes, then version.yaml.
 * Nobody inflates and hashes what has a fault already; of a copy all is told.
 */
static bool
judge_cheap(struct judge *judge)
{
	if (!judge_names(judge) || !judge_directory(judge))
		return false;
	if (verdict_has_fault(judge->out))
		return true;
	if (!judge_version(judge))
		return false;
	return judge->out->version == NULL ||
	    (judge_texts(judge, false) && judge_described(judge));
}

/* True if there is nothing more to ask, which a finding says. */
static bool
is_over(const struct judge *judge)
{
	return judge->out->version == NULL ||
	    (judge->request->expect == EXPECT_DEPOSIT &&
		verdict_has_fault(judge->out));
}

static int
compare_acts(const void *a, const void *b)
{
	const struct verdict_act *x = a, *y = b;

	return (x->index > y->index) - (x->index < y->index);
}

static bool
take_acts(struct judge *judge)
{
	const struct verdict_request *request = judge->request;
	struct verdict *out = judge->out;

	if (request->expect == EXPECT_DELIVERED && !judge_receipts(judge))
		return false;
	if (request->expect == EXPECT_STORED && request->num_acts > 0) {
		out->acts = calloc(request->num_acts, sizeof(*out->acts));
		if (out->acts == NULL)
			return error_set_errno(judge->err, "verdict");
		memcpy(out->acts, request->acts,
		    request->num_acts * sizeof(*out->acts));
		out->num_acts = request->num_acts;
	}
	if (out->num_acts > 1)
		qsort(out->acts, out->num_acts, sizeof(*out->acts),
		    compare_acts);
	return true;
}

/*
 * Gather the lists by which all its signatures are judged: those of the known
 * `crl` entries, and those that its own acts name beside them.
 */
static bool
take_crls(struct judge *judge)
{
	const struct verdict_library *library = judge->request->library;
	struct verdict *out = judge->out;
	const struct crl_entries *named = library->named == NULL
	    ? NULL
	    : library->named(library->arg, &out->crls_as_of);

	if (named != NULL && crl_entries_missing(named) < out->crls_as_of)
		out->crls_as_of = crl_entries_missing(named);
	for (size_t i = 0; i < out->num_acts; i++) {
		const struct verdict_act *act = &out->acts[i];

		if (!entry_has(&act->entry, ENTRY_CRLS) ||
		    (named != NULL &&
			crl_entries_have(named, &act->entry.crls)))
			continue;
		if (judge->own == NULL)
			judge->own = named != NULL
			    ? crl_entries_copy(named, judge->err)
			    : crl_entries_new(judge->err);
		named = judge->own;
		if (judge->own == NULL ||
		    !crl_entries_take(judge->own, library, act->index,
			&act->entry, judge->err))
			return false;
	}
	out->crls_of_acts = out->num_acts > 0 &&
	    out->acts[out->num_acts - 1].index >= out->crls_as_of;
	judge->revocation =
	    named != NULL ? crl_entries_revocation(named) : NULL;
	return true;
}

static void
conclude(const struct judge *judge)
{
	struct verdict *out = judge->out;
	bool signed_once = false, disputed = false;

	/* Every step has run: only now may it be anything but INVALID. */
	out->outcome = OUTCOME_VALID;
	for (size_t i = 0; i < out->num_findings; i++)
		if (finding_outcome(out->findings[i].code) < out->outcome)
			out->outcome = finding_outcome(out->findings[i].code);
	for (size_t i = 0; i < out->num_signatures; i++) {
		disputed = disputed || out->signatures[i].disputed;
		signed_once = signed_once ||
		    (out->signatures[i].counts &&
			!out->signatures[i].terminates);
	}
	out->status = disputed  ? STATUS_DISPUTED
	    : judge->terminated ? STATUS_TERMINATED
	    : judge->in_force   ? STATUS_IN_FORCE
	    : signed_once       ? STATUS_SIGNED_IN_PART
				: STATUS_DRAFT;
}

static bool
run_steps(struct judge *judge)
{
	const struct verdict_request *request = judge->request;

	if (request->expect == EXPECT_DEPOSIT) {
		if (!judge_cheap(judge))
			return false;
		if (!is_over(judge) && !judge_reading(judge))
			return false;
	} else if (!judge_reading(judge) || !judge_names(judge) ||
	    !judge_version(judge)) {
		return false;
	}
	if (is_over(judge))
		return true;
	return container_contents(request->container, &judge->out->contents,
		   judge->err) &&
	    judge_texts(judge, true) && take_acts(judge) && take_crls(judge) &&
	    judge_signatures(judge) && judge_journal(judge);
}

/* A step that met a limit of ours ends the judgement, and a finding says so. */
static bool
over_limit(struct judge *judge)
{
	const struct error why = *judge->err;

	if (why.kind != ERROR_LIMIT)
		return false;
	*judge->err = (struct error){ 0 };
	return judge_find(judge, FINDING_OVER_LIMIT, "",
	    "%s: it was not judged to the end", why.detail);
}

bool
verdict_judge(const struct verdict_request *request, struct verdict *out,
    struct error *err)
{
	struct judge judge = { .request = request, .out = out, .err = err };
	bool ok;

	*out = (struct verdict){ .outcome = OUTCOME_INVALID };
	ok = run_steps(&judge) || over_limit(&judge);
	free(judge.dispatches);
	crl_entries_free(judge.own);
	if (!ok) {
		verdict_free(out);
		return false;
	}
	conclude(&judge);
	return true;
}

bool
verdict_unreadable(const struct error *why, struct verdict *out,
    struct error *err)
{
	struct judge judge = { .out = out, .err = err };

	*out = (struct verdict){ .outcome = OUTCOME_INVALID };
	if (why->kind != ERROR_LIMIT)
		return judge_find_error(&judge, FINDING_CONTAINER_MALFORMED, "",
		    why);
	out->outcome = OUTCOME_INDETERMINATE;
	return judge_find(&judge, FINDING_OVER_LIMIT, "",
	    "%s: it was not judged", why->detail);
}
