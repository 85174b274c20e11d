/*
 * A container for each version that is new, put together from git's objects
 * and the receipts, and judged before it appears.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bag/slip.h"
#include "cli/cmd/parallel.h"
#include "cli/cmd/pull.h"
#include "cli/local/local.h"
#include "record/stored.h"
#include "store/refs.h"

enum { EACH = 8 }; /* documents for which no process is made */

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

/* The result for a version; the process that made it tells pull of it. */
struct pulled {
	size_t doc, version; /* their places */
	enum outcome outcome;
	bool good, newer;
	char title[LIMIT_TITLE_BYTES + 1];
	struct error other; /* it contradicts another copy */
};

/*
 * Place a copy, or keep it as evidence. If an act that is here and proved is
 * not told by the daemon, although its journal is longer, the daemon withholds
 * it.
 */
static bool
place(struct pull *pull, const struct copy *copy, struct pulled *out,
    struct error *err)
{
	const struct version *version = copy->verdict.version;
	struct placing placing;

	if (!local_place(pull->context, pull->session.history, pull->dir, copy,
		LOCAL_PROVED, &placing, err))
		return false;
	out->newer = placing.placed == PLACED_NEW;
	if (placing.placed == PLACED_OTHER)
		local_contradicts(copy, &placing, &out->other);
	if (placing.placed == PLACED_OTHER ||
	    (placing.placed == PLACED_NEW && placing.aside[0] != '\0'))
		output_note("%s@%u: another copy of it is kept in %s",
		    version->document, version->number, placing.aside);
	if (placing.placed == PLACED_LESS && placing.missing < pull->size)
		error_set_code(&out->other, ERROR_UNTRUSTED, "ENTRY_WITHHELD",
		    "%s@%u: the daemon does not show entry %llu, which your"
		    " copy proves: what you have stays",
		    version->document, version->number,
		    (unsigned long long)placing.missing);
	return true;
}

/* The container, written to a file that has no name yet, and judged. */
static bool
make_copy(const struct pull *pull, const struct ledger_version *version,
    struct copy *out, struct error *err)
{
	struct container *made =
	    stored_to_copy(pull->store, &version->commit, err);
	struct error broken = { 0 };
	bool ok;

	ok = made != NULL && add_receipts(pull, version, made, err) &&
	    (out->fd = file_temporary(pull->dir, err)) >= 0 &&
	    container_write(made, out->fd, &out->size, err);
	/*
	 * A file that cannot be read is read again, so that the verdict tells
	 * why.
	 */
	if (ok)
		out->container = container_read_back(out->fd, made, &broken);
	out->own_file = true;
	container_free(made);
	return ok && copy_judge(pull->context, out->fd, out, err);
}

static bool
pull_version(struct pull *pull, const struct ledger_document *doc,
    const struct ledger_version *version, struct pulled *out, struct error *err)
{
	struct copy copy = { .fd = -1 };
	struct error why = { 0 };
	bool ok = make_copy(pull, version, &copy, err);

	out->outcome = copy.verdict.outcome;
	if (ok && copy.verdict.version != NULL)
		snprintf(out->title, sizeof(out->title), "%s",
		    version_title(copy.verdict.version, "en"));
	if (ok && copy.verdict.outcome == OUTCOME_VALID) {
		out->good =
		    strcmp(copy.verdict.version->document, doc->name) == 0 &&
		    copy.verdict.version->number == version->number;
		ok = !out->good || place(pull, &copy, out, err);
		if (ok && out->good)
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
	copy_free(&copy);
	return ok;
}

/* --- All of them, on all cores. --- */

struct pulling {
	struct pull *pull;
	struct ledger_document **docs; /* that changed, by name */
	bool *is_bad;                  /* each: not all of it is good */
	size_t num;
};

/* The versions of one document, in a process of some. */
static bool
pull_document(void *arg, size_t i, FILE *to, struct error *err)
{
	const struct pulling *pulling = arg;
	const struct ledger_document *doc = pulling->docs[i];
	bool ok = true;

	for (size_t j = 0; ok && j < doc->num_versions; j++) {
		const struct ledger_version *version = &doc->versions[j];
		struct pulled pulled = { .doc = i, .version = j };

		/* One of before, of which nothing was said since. */
		if (version->acts[version->num_acts - 1] < pulling->pull->from)
			continue;
		ok = pull_version(pulling->pull, doc, version, &pulled, err) &&
		    (fwrite(&pulled, sizeof(pulled), 1, to) == 1 ||
			error_set_errno(err, "what was pulled"));
	}
	return ok;
}

/* Add a row of what became of a version. */
static bool
tell(struct pull *pull, const struct ledger_document *doc,
    const struct pulled *pulled, struct error *err)
{
	const struct ledger_version *version = &doc->versions[pulled->version];
	const char *what = pulled->outcome == OUTCOME_VALID
	    ? status_name(version->status)
	    : outcome_name(pulled->outcome);
	char number[24];

	snprintf(number, sizeof(number), "%u", version->number);
	json_array_append_new(pull->rows,
	    json_pack("{s:s, s:i, s:s, s:s, s:s}", "document", doc->name,
		"version", (int)version->number, "outcome",
		outcome_name(pulled->outcome), "status",
		status_name(version->status), "title", pulled->title));
	return table_add(pull->table,
		   (const char *const[]){ doc->name, number, what,
		       pulled->title }) ||
	    error_set_errno(err, "table");
}

static bool
take_pulled(void *arg, FILE *from, struct error *err)
{
	struct pulling *pulling = arg;
	struct pull *pull = pulling->pull;
	struct pulled one;
	bool ok = true;

	while (ok && fread(&one, sizeof(one), 1, from) == 1) {
		if (pull->other.kind == ERROR_NONE)
			pull->other = one.other;
		if (!one.good) {
			pull->num_bad++;
			pulling->is_bad[one.doc] = true;
		}
		if (one.newer || !one.good) {
			pull->num_new++;
			ok = tell(pull, pulling->docs[one.doc], &one, err);
		}
	}
	return ok;
}

/* The branch of each document of which all is good. */
static bool
move_heads(const struct pulling *pulling, struct error *err)
{
	struct branch *heads = calloc(pulling->num + 1, sizeof(*heads));
	size_t num = 0;
	bool ok;

	if (heads == NULL)
		return error_set_errno(err, "pull");
	for (size_t i = 0; i < pulling->num; i++)
		if (!pulling->is_bad[i])
			heads[num++] = (struct branch){ pulling->docs[i]->name,
				pulling->docs[i]->tip };
	ok = num == 0 || store_add_heads(pulling->pull->store, heads, num, err);
	free(heads);
	return ok;
}

bool
pull_documents(struct pull *pull, struct error *err)
{
	struct pulling pulling = { .pull = pull };
	size_t num = 0;
	bool ok;

	if ((pulling.docs = ledger_sorted(pull->ledger, &num)) == NULL)
		return error_set_errno(err, "pull");
	for (size_t i = 0; i < num; i++)
		if (pulling.docs[i]->num_versions > 0 &&
		    pulling.docs[i]->last >= pull->from)
			pulling.docs[pulling.num++] = pulling.docs[i];
	pulling.is_bad = calloc(num + 1, sizeof(*pulling.is_bad));
	ok = pulling.is_bad != NULL || error_set_errno(err, "pull");
	ok = ok &&
	    parallel_each(pulling.num, EACH, pull_document, take_pulled,
		&pulling, err) &&
	    move_heads(&pulling, err);
	free(pulling.is_bad);
	free(pulling.docs);
	return ok;
}
