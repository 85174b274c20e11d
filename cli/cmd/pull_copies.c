/*
 * A container for each version that is new, put together from git's objects
 * and the receipts, and judged before it appears.
 */
#include <string.h>
#include <unistd.h>

#include "bag/slip.h"
#include "cli/cmd/pull.h"
#include "cli/local/local.h"
#include "record/stored.h"

/* Put the receipt of an act into the container. */
static bool
add_receipt(const struct pull *pull, const struct proved_act *act,
    struct container *container, struct error *err)
{
	struct proof proof = PROOF;
	struct buf text = BUF(LIMIT_PROOF_FILE);
	char path[LIMIT_PATH_BYTES + 1];
	bool ok;

	snprintf(path, sizeof(path), PATH_RECEIPT,
	    (unsigned long long)act->index);
	proof.index = act->index;
	ok = buf_append(&proof.entry, buf_span(&act->line), err) &&
	    buf_append(&proof.note, buf_span(&pull->note), err);
	if (ok) {
		proof.path = act->proof;
		ok = proof_encode(&proof, &text, err) &&
		    container_put(container, path, buf_span(&text), err);
	}
	proof_free(&proof);
	buf_free(&text);
	return ok;
}

/*
 * True if the version has the waybill; one that came before there were slips
 * has none.
 */
static bool
add_dispatch(const struct pull *pull, const struct proved_act *act,
    struct container *container, struct error *err)
{
	struct entry entry;

	return entry_parse(buf_span(&act->line), &entry, err) &&
	    (!slip_has_waybill(container, &entry.digest) ||
		add_receipt(pull, act, container, err));
}

/* Put the receipts of all acts on a version into its container. */
static bool
add_receipts(const struct pull *pull, const struct ledger_version *version,
    struct container *container, struct error *err)
{
	bool ok = true;

	for (size_t i = 0; ok && i < version->num_acts; i++) {
		const struct proved_act *act =
		    pull_find_act(pull, version->acts[i]);

		ok = act != NULL && add_receipt(pull, act, container, err);
	}
	for (size_t i = 0; ok && i < version->num_dispatches; i++) {
		const struct proved_act *act =
		    pull_find_act(pull, version->dispatches[i]);

		ok = act != NULL && add_dispatch(pull, act, container, err);
	}
	return ok;
}

/* Add a row of what became of a version. */
static bool
tell(struct pull *pull, const struct ledger_document *doc,
    const struct ledger_version *version, const struct copy *copy,
    struct error *err)
{
	char number[24];
	const char *title = copy->verdict.version != NULL
	    ? version_title(copy->verdict.version, "en")
	    : "";
	const char *what = copy->verdict.outcome == OUTCOME_VALID
	    ? status_name(version->status)
	    : outcome_name(copy->verdict.outcome);

	snprintf(number, sizeof(number), "%u", version->number);
	json_array_append_new(pull->rows,
	    json_pack("{s:s, s:i, s:s, s:s, s:s}", "document", doc->name,
		"version", (int)version->number, "outcome",
		outcome_name(copy->verdict.outcome), "status",
		status_name(version->status), "title", title));
	return table_add(pull->table,
		   (const char *const[]){ doc->name, number, what, title }) ||
	    error_set_errno(err, "table");
}

/*
 * Place a copy, or keep it as evidence. If an act that is here and proved is
 * not told by the daemon, although its journal is longer, the daemon withholds
 * it.
 */
static bool
place(struct pull *pull, const struct copy *copy, bool *newer,
    struct error *err)
{
	const struct version *version = copy->verdict.version;
	struct placing placing;

	if (!local_place(pull->context, pull->session.history, pull->dir, copy,
		LOCAL_PROVED, &placing, err))
		return false;
	*newer = placing.placed == PLACED_NEW;
	if (placing.placed == PLACED_OTHER && pull->other.kind == ERROR_NONE)
		local_contradicts(copy, &placing, &pull->other);
	if (placing.placed == PLACED_OTHER ||
	    (placing.placed == PLACED_NEW && placing.aside[0] != '\0'))
		output_note("%s@%u: another copy of it is kept in %s",
		    version->document, version->number, placing.aside);
	if (placing.placed == PLACED_LESS && placing.missing < pull->size &&
	    pull->other.kind == ERROR_NONE)
		error_set_code(&pull->other, ERROR_UNTRUSTED, "ENTRY_WITHHELD",
		    "%s@%u: the daemon does not show entry %llu, which your"
		    " copy proves: what you have stays",
		    version->document, version->number,
		    (unsigned long long)placing.missing);
	return true;
}

/* Set *good if the version was judged VALID and is in the local copy. */
static bool
pull_version(struct pull *pull, const struct ledger_document *doc,
    const struct ledger_version *version, bool *good, struct error *err)
{
	struct container *container =
	    stored_version(pull->store, &version->commit, err);
	struct copy copy = { .fd = -1 };
	struct error why = { 0 };
	bool newer = false, ok;

	*good = false;
	ok = container != NULL && add_receipts(pull, version, container, err) &&
	    ((ftruncate(pull->made, 0) == 0 &&
		 (copy.fd = dup(pull->made)) >= 0) ||
		error_set_errno(err, "temporary file")) &&
	    container_write(container, copy.fd, &copy.size, err);
	container_free(container);
	ok = ok && copy_judge(pull->context, copy.fd, &copy, err);
	if (ok && copy.verdict.outcome == OUTCOME_VALID) {
		*good =
		    strcmp(copy.verdict.version->document, doc->name) == 0 &&
		    copy.verdict.version->number == version->number;
		ok = !*good || place(pull, &copy, &newer, err);
		if (ok && *good)
			context_remember_version(pull->context,
			    member_bytes(
				container_find(copy.container, PATH_VERSION)));
	} else if (ok) {
		/*
		 * The first finding may be a warning, so the worst one is told.
		 */
		(void)verdict_error(&copy.verdict, &why);
		output_note("%s@%u: %s", doc->name, version->number,
		    why.detail);
	}
	if (ok && !*good)
		pull->num_bad++;
	if (ok && (newer || !*good)) {
		pull->num_new++;
		ok = tell(pull, doc, version, &copy, err);
	}
	copy_free(&copy);
	return ok;
}

/* Place the new versions of a document. */
static bool
pull_document(struct pull *pull, const struct ledger_document *doc,
    struct error *err)
{
	char ref[DOCUMENT_NAME + 16];
	bool all = true, ok = true;

	for (size_t i = 0; ok && i < doc->num_versions; i++) {
		const struct ledger_version *version = &doc->versions[i];
		bool good = true;

		/* A version from before, on which there was no act since. */
		if (version->acts[version->num_acts - 1] < pull->from)
			continue;
		ok = pull_version(pull, doc, version, &good, err);
		all = all && good;
	}
	snprintf(ref, sizeof(ref), "refs/heads/%s", doc->name);
	return ok && (!all || store_set_ref(pull->store, ref, &doc->tip, err));
}

bool
pull_documents(struct pull *pull, struct error *err)
{
	struct ledger_document **docs;
	size_t num = 0;
	bool ok = true;

	if ((docs = ledger_sorted(pull->ledger, &num)) == NULL)
		return error_set_errno(err, "pull");
	for (size_t i = 0; ok && i < num; i++)
		if (docs[i]->num_versions > 0 && docs[i]->last >= pull->from)
			ok = pull_document(pull, docs[i], err);
	free(docs);
	return ok;
}
