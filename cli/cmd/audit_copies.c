/*
 * The copies of an audit: each version is fetched and judged by its own
 * signatures, once, and again when something that it rests on changed.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/cmd/audit.h"

enum { TRIES = 3 };

/* Does the copy tell of acts after the last entry that was taken in? */
static bool
is_ahead(const struct audit_run *run, const struct verdict *verdict)
{
	for (size_t i = 0; i < verdict->num_acts; i++)
		if (verdict->acts[i].index >= run->state.edge.size)
			return true;
	return false;
}

/*
 * Fetch and judge the copy of a version; its findings are reported.  If it can
 * only be compared after more entries *ahead is set, and nothing is told of it.
 */
static bool
audit_copy(struct audit_run *run, const struct ledger_document *doc,
    const struct ledger_version *version, const char *about, bool *ahead,
    struct error *err)
{
	const size_t before = run->num_told;
	struct copy copy;
	bool ok;

	run->kind = KIND_COPY;
	findings_begin(&run->state.findings);
	ok = copy_download(&run->session, doc->name, version->number, &copy,
	    err);
	if (ok && copy.verdict.outcome != OUTCOME_INVALID &&
	    is_ahead(run, &copy.verdict)) {
		*ahead = true;
		/* It is of this history. */
		ok = copy_follow(&run->session, &copy, err);
		copy_free(&copy);
		return ok;
	}
	if (ok) {
		audit_verdict(run->audit, doc, version, &copy.verdict);
		run->num_judged++;
		/*
		 * A faulty copy may be of another history, which is then told
		 * first.
		 */
		ok = run->num_told == before
		    ? audit_judged_add(run->judged, &version->contents,
			  &copy.verdict, run->context, err)
		    : copy_follow(&run->session, &copy, err);
	} else if (err->kind == ERROR_NOT_FOUND) {
		audit_find(&run->settings, "VERSION_MISSING", version->acts[0],
		    about,
		    "it is in the journal, and the daemon does not give it:"
		    " %s",
		    err->detail);
		*err = (struct error){ 0 };
		ok = true;
	}
	copy_free(&copy);
	if (!ok)
		return false;
	findings_settle(&run->state.findings,
	    &(struct checked){ .kind = KIND_COPY, .about = about });
	return run->num_told == before || audit_state_write(&run->state, err);
}

bool
audit_may_read(const struct audit_run *run, const char *document)
{
	char type[LIMIT_SLUG_BYTES + 1];

	document_type(document, type);
	return policy_decide(run->policy, run->office, RIGHT_READ, type)
	    .allowed;
}

/* A copy that was found good is fetched again only if something touches it. */
static bool
need_not_be_judged(struct audit_run *run, const struct ledger_version *version,
    const char *about)
{
	/* Fetching may have brought newer lists. */
	const struct verdict_library library = context_library(run->context);
	bool known;

	if (findings_about(&run->state.findings, KIND_COPY, about))
		return false;
	if (audit_judged_stands(run->judged, &version->contents, &library,
		&known))
		return true;
	run->num_again += known;
	return false;
}

/* Count the versions of a document, and mark those that are to be judged. */
static void
mark_document(struct audit_run *run, const struct ledger_document *doc,
    bool needed[])
{
	char about[LIMIT_PATH_BYTES + 1];

	for (size_t j = 0; j < doc->num_versions; j++) {
		const struct ledger_version *version = &doc->versions[j];

		run->num_versions++;
		snprintf(about, sizeof(about), "%s@%u", doc->name,
		    version->number);
		if (!audit_may_read(run, doc->name))
			run->num_unread++;
		else
			needed[j] = !need_not_be_judged(run, version, about);
	}
}

/* Fetch and judge those that are still to be judged, one by one; see above. */
static bool
audit_one_by_one(struct audit_run *run, struct ledger_document *const docs[],
    size_t num, const bool needed[], bool *ahead, struct error *err)
{
	char about[LIMIT_PATH_BYTES + 1];
	bool ok = true;

	for (size_t i = 0; ok && i < num; i++) {
		output_progress("judging documents", i, num);
		for (size_t j = 0; ok && j < docs[i]->num_versions; j++) {
			const struct ledger_version *version =
			    &docs[i]->versions[j];

			if (!*needed++)
				continue;
			snprintf(about, sizeof(about), "%s@%u", docs[i]->name,
			    version->number);
			ok = audit_copy(run, docs[i], version, about, ahead,
			    err);
		}
	}
	output_progress_end();
	return ok;
}

/* Judge what needs it, of the documents as far as entries were taken in. */
static bool
audit_round(struct audit_run *run, bool *ahead, struct error *err)
{
	size_t num = 0, versions = 0;
	struct ledger_document **docs =
	    ledger_sorted(audit_ledger(run->audit), &num);
	bool *needed, ok;

	if (docs == NULL)
		return error_set_errno(err, "audit");
	for (size_t i = 0; i < num; i++)
		versions += docs[i]->num_versions;
	needed = calloc(versions + 1, sizeof(*needed));
	ok = needed != NULL || error_set_errno(err, "audit");
	run->num_documents = num;
	run->num_versions = run->num_unread = 0;
	versions = 0;
	for (size_t i = 0; ok && i < num; i++) {
		mark_document(run, docs[i], needed + versions);
		versions += docs[i]->num_versions;
	}
	ok = ok && audit_packs(run, docs, num, needed, err) &&
	    audit_one_by_one(run, docs, num, needed, ahead, err);
	free(needed);
	free(docs);
	return ok;
}

bool
audit_copies(struct audit_run *run, struct error *err)
{
	bool ahead = true;

	/* Acts go on meanwhile, and a copy has the newest. */
	for (unsigned i = 0; ahead && i < TRIES; i++) {
		ahead = false;
		if (!audit_round(run, &ahead, err) ||
		    (ahead && !audit_catch_up(run, err)))
			return false;
		if (run->hashes_lie)
			return true;
	}
	if (ahead)
		output_note("acts came faster than their copies were judged:"
			    " the next audit judges the rest");
	return true;
}
