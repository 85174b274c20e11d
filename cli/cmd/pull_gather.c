/*
 * Finding what is new in the journal: the acts of each document that changed,
 * proved.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/cmd/pull.h"
#include "client/acts.h"

enum { DOCUMENT_BY_DOCUMENT = 64 };

/* Add an act with its proof to the acts that changed. */
static bool
keep_act(struct pull *pull, uint64_t index, struct span line, struct error *err)
{
	struct proved_act *one;

	if (pull->num_acts == pull->room) {
		const size_t room = pull->room == 0 ? 256 : pull->room * 2;
		struct proved_act *all =
		    realloc(pull->acts, room * sizeof(*all));

		if (all == NULL)
			return error_set_errno(err, "entries");
		pull->acts = all;
		pull->room = room;
	}
	one = &pull->acts[pull->num_acts];
	*one = (struct proved_act){ index, BUF(LIMIT_ENTRY_BYTES),
		pull->session.proof };
	if (!buf_append(&one->line, line, err))
		return false;
	pull->num_acts++;
	/*
	 * All receipts have the note of the first page, even if it is cosigned
	 * later.
	 */
	return pull->note.len > 0 ||
	    buf_append(&pull->note, pull->session.proof_note, err);
}

static bool
has_waybill(const struct pull *pull, const struct digest *waybill)
{
	for (size_t i = 0; i < pull->num_waybills; i++)
		if (digest_eq(&pull->waybills[i], waybill))
			return true;
	return false;
}

static bool
keep_waybill(struct pull *pull, const struct digest *waybill, struct error *err)
{
	struct digest *all;

	if (has_waybill(pull, waybill))
		return true;
	all = realloc(pull->waybills, (pull->num_waybills + 1) * sizeof(*all));
	if (all == NULL)
		return error_set_errno(err, "entries");
	pull->waybills = all;
	all[pull->num_waybills++] = *waybill;
	return true;
}

/*
 * An office is shown its own acts on a document that it may not read. No state
 * follows from these.
 */
static bool
is_shown(struct pull *pull, const char *document)
{
	char name[LIMIT_SLUG_BYTES + 1];
	bool shown;

	document_type(document, name);
	for (size_t i = 0; i < pull->num_types; i++)
		if (strcmp(pull->types[i].name, name) == 0)
			return pull->types[i].shown;
	shown = session_shows(&pull->session, document);
	if (pull->num_types < LIMIT_TYPES) {
		struct shown_type *type = &pull->types[pull->num_types++];

		text_set(type->name, sizeof(type->name), name);
		type->shown = shown;
	}
	return shown;
}

static bool
visit_act(void *arg, uint64_t index, const struct entry *entry,
    struct span line, struct error *err)
{
	if (!is_shown(arg, entry->document))
		return true;
	return keep_act(arg, index, line, err) &&
	    (!entry_has(entry, ENTRY_WAYBILL) ||
		keep_waybill(arg, &entry->waybill, err));
}

static bool
visit_dispatch(void *arg, uint64_t index, const struct entry *entry,
    struct span line, struct error *err)
{
	return !has_waybill(arg, &entry->digest) ||
	    keep_act(arg, index, line, err);
}

struct changed {
	struct pull *pull;
	struct document_names names;
};

/* An entry_visitor: take in an act, and note its document as changed. */
static bool
visit_changed(void *arg, uint64_t index, const struct entry *entry,
    struct span line, struct error *err)
{
	struct changed *all = arg;

	(void)index, (void)line;
	if (!is_shown(all->pull, entry->document))
		return true;
	return all->names.num > DOCUMENT_BY_DOCUMENT ||
	    document_names_add(&all->names, entry->document,
		DOCUMENT_BY_DOCUMENT + 1, err);
}

static bool
gather(struct pull *pull, uint64_t from, const char *document,
    entry_visitor *visit, void *arg, struct error *err)
{
	const struct entry_filter filter = { .act = FILTER_DOCUMENTS,
		.document = document[0] != '\0' ? document : NULL,
		.from = from,
		.at = pull->size };

	return session_entries(&pull->session, &filter, visit, arg, err);
}

static int
compare_acts(const void *a, const void *b)
{
	const struct proved_act *x = a, *y = b;

	return (x->index > y->index) - (x->index < y->index);
}

/*
 * Ask for the dispatches of the bags by which acts came: the copies carry their
 * receipts too.
 */
static bool
gather_dispatches(struct pull *pull, struct error *err)
{
	const struct entry_filter filter = { .act = "dispatch",
		.at = pull->size };

	return pull->num_waybills == 0 ||
	    session_entries(&pull->session, &filter, visit_dispatch, pull, err);
}

/*
 * Ask for all acts on each document that changed, the earlier ones too, so that
 * their receipts lead to one checkpoint.
 */
bool
pull_gather(struct pull *pull, struct error *err)
{
	struct changed changed = { .pull = pull };
	bool ok = true;

	if (pull->from > 0)
		ok = gather(pull, pull->from, "", visit_changed, &changed, err);
	if (ok && (pull->from == 0 || changed.names.num > DOCUMENT_BY_DOCUMENT))
		ok = gather(pull, 0, "", visit_act, pull, err);
	else
		for (size_t i = 0; ok && i < changed.names.num; i++)
			ok = gather(pull, 0, changed.names.list[i], visit_act,
			    pull, err);
	free(changed.names.list);
	ok = ok && gather_dispatches(pull, err);
	if (pull->num_acts > 0)
		qsort(pull->acts, pull->num_acts, sizeof(*pull->acts),
		    compare_acts);
	return ok;
}

/*
 * If an act does not follow the act before it, the daemon withholds the one
 * between them.
 */
static bool
apply(struct pull *pull, uint64_t index, const struct entry *entry,
    struct error *err)
{
	struct error why = { 0 };

	if (ledger_apply(pull->ledger, index, entry, &why))
		return true;
	if (why.kind != ERROR_UNTRUSTED) {
		*err = why;
		return false;
	}
	return error_set_code(err, ERROR_UNTRUSTED, ENTRY_WITHHELD,
	    "the daemon does not show all acts: entry %llu, %s",
	    (unsigned long long)index, why.detail);
}

bool
pull_apply(struct pull *pull, struct error *err)
{
	struct entry entry;
	struct digest last = { { 0 } };
	bool ok = (pull->ledger = ledger_new(err)) != NULL;

	for (size_t i = 0; ok && i < pull->num_acts; i++) {
		ok = entry_parse(buf_span(&pull->acts[i].line), &entry, err) &&
		    apply(pull, pull->acts[i].index, &entry, err);
		if (ok && entry_has(&entry, ENTRY_CRLS) &&
		    !digest_eq(&last, &entry.crls)) {
			session_want_crls(&pull->session, &entry.crls);
			last = entry.crls;
		}
	}
	return ok;
}

const struct proved_act *
pull_find_act(const struct pull *pull, uint64_t index)
{
	const struct proved_act key = { .index = index };

	return bsearch(&key, pull->acts, pull->num_acts, sizeof(key),
	    compare_acts);
}

/* --- The acts, to tell statuses by (lib/client/acts.h). --- */

static int
compare_indices(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/*
 * Get the indices of all acts on a document, in order. The caller frees them.
 */
static uint64_t *
indices_of(const struct ledger_document *doc, size_t *num)
{
	uint64_t *all;

	*num = 0;
	for (size_t i = 0; i < doc->num_versions; i++)
		*num += doc->versions[i].num_acts;
	if ((all = calloc(*num + 1, sizeof(*all))) == NULL)
		return NULL;
	*num = 0;
	for (size_t i = 0; i < doc->num_versions; i++)
		for (size_t j = 0; j < doc->versions[i].num_acts; j++)
			all[(*num)++] = doc->versions[i].acts[j];
	qsort(all, *num, sizeof(*all), compare_indices);
	return all;
}

/*
 * Check that what was kept of the document is among what the daemon shows now.
 */
static bool
has_kept(const struct pull *pull, const struct document_acts *acts,
    struct error *err)
{
	struct document_acts kept;
	bool ok;

	acts_load(pull->context, acts->doc.name, &kept);
	ok = acts_include(acts, &kept, acts->size, err);
	acts_free(&kept);
	return ok;
}

/* Keep the acts of one document in the state. */
static bool
keep_acts_of(const struct pull *pull, const struct ledger_document *doc,
    struct error *err)
{
	struct document_acts acts;
	uint64_t *all;
	size_t num;
	bool ok;

	acts_begin(doc->name, &acts);
	all = indices_of(doc, &num);
	ok = all != NULL || error_set_errno(err, "acts");
	for (size_t i = 0; ok && i < num; i++) {
		const struct proved_act *act = pull_find_act(pull, all[i]);

		ok = act != NULL &&
		    acts_add(&acts, act->index, buf_span(&act->line), err);
	}
	acts.size = pull->size;
	acts.seen_at = pull->seen_at;
	ok = ok && has_kept(pull, &acts, err) &&
	    acts_keep_quick(pull->context, &acts, err);
	acts_free(&acts);
	free(all);
	return ok;
}

bool
pull_keep_acts(struct pull *pull, struct error *err)
{
	const struct policy_entry *newest =
	    succession_newest(&pull->context->succession);
	struct ledger_document **docs;
	size_t num = 0;
	bool ok = true;

	if (newest == NULL)
		return true;
	if ((docs = ledger_sorted(pull->ledger, &num)) == NULL)
		return error_set_errno(err, "pull");
	for (size_t i = 0; ok && i < num; i++)
		if (docs[i]->num_versions > 0)
			ok = keep_acts_of(pull, docs[i], err);
	free(docs);
	ok = ok &&
	    acts_keep_all(pull->context, &newest->digest, pull->from,
		pull->size, pull->seen_at, err);
	if (!ok && err->kind == ERROR_SYSTEM) {
		output_note("what was proved could not be kept: %s",
		    err->detail);
		*err = (struct error){ 0 };
		ok = true;
	}
	return ok;
}
