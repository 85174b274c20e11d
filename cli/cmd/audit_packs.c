/*
 * Many copies at once: the git objects of their documents come in packs, as a
 * pull gets them, and are judged as they lie in a store of the audit's own, on
 * all cores, by the acts that the audited entries tell of.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/cmd/audit.h"
#include "cli/cmd/parallel.h"
#include "client/packs.h"
#include "record/stored.h"

enum {
	FEWEST = 16, /* versions: fewer are fetched one by one */
	EACH = 8,    /* documents for which no process is made */
};

/* An entry that the audit keeps, in lines. */
struct kept {
	uint64_t index;
	size_t at;
	uint16_t len;
};

struct packs_run {
	struct audit_run *run;
	struct store *store;
	struct ledger_document *const *all;
	bool *needed;
	/* The documents that are judged: their places in all and in needed. */
	struct {
		size_t doc, first;
	} * docs;
	size_t num_docs, num_versions;
	struct kept *kept; /* sorted by index */
	size_t num_kept, room;
	struct buf lines;
	struct digest last_crls;
};

/* --- The acts, from the entries that the audit keeps. --- */

static bool
keep(void *arg, uint64_t index, const struct entry *entry, struct span line,
    struct error *err)
{
	struct packs_run *packs = arg;

	if (packs->num_kept == packs->room) {
		const size_t room = packs->room * 2 + 1024;
		struct kept *all = realloc(packs->kept, room * sizeof(*all));

		if (all == NULL)
			return error_set_errno(err, "entries");
		packs->kept = all;
		packs->room = room;
	}
	packs->kept[packs->num_kept++] = (struct kept){ .index = index,
		.at = packs->lines.len,
		.len = (uint16_t)line.len };
	/*
	 * The policies and lists that judged the acts are needed to judge them
	 * again.
	 */
	if (entry_has(entry, ENTRY_CRLS) &&
	    !digest_eq(&packs->last_crls, &entry->crls)) {
		session_want_crls(&packs->run->session, &entry->crls);
		packs->last_crls = entry->crls;
	}
	return buf_append(&packs->lines, line, err);
}

static int
compare_kept(const void *a, const void *b)
{
	const struct kept *x = a, *y = b;

	return (x->index > y->index) - (x->index < y->index);
}

/* The entries of these indices, or NULL if one of them is not kept. */
static struct verdict_act *
acts_of(const struct packs_run *packs, const uint64_t indices[], size_t num)
{
	struct verdict_act *acts = calloc(num + 1, sizeof(*acts));
	struct error ignored = { 0 };
	bool ok = acts != NULL;

	for (size_t i = 0; ok && i < num; i++) {
		const struct kept key = { .index = indices[i] };
		const struct kept *one = bsearch(&key, packs->kept,
		    packs->num_kept, sizeof(key), compare_kept);

		acts[i].index = indices[i];
		ok = one != NULL &&
		    entry_parse(span_sub(buf_span(&packs->lines), one->at,
				    one->len),
			&acts[i].entry, &ignored);
	}
	if (!ok) {
		free(acts);
		return NULL;
	}
	return acts;
}

/* --- Judging, in a process of some. --- */

/* Judge a version as it lies in the store; *good if nothing is wrong. */
static bool
judge(const struct packs_run *packs, const struct ledger_document *doc,
    const struct ledger_version *version, bool *good, struct error *err)
{
	struct audit_run *run = packs->run;
	const struct verdict_library library = context_library(run->context);
	struct verdict_act *acts =
	    acts_of(packs, version->acts, version->num_acts);
	struct verdict_act *dispatches =
	    acts_of(packs, version->dispatches, version->num_dispatches);
	struct error why = { 0 };
	struct verdict_request request = { .expect = EXPECT_STORED,
		.container =
		    stored_to_judge(packs->store, &version->commit, &why),
		.certs = run->context->certs,
		.library = &library,
		.now_ms = run->settings.now_ms,
		.document = doc->name,
		.number = version->number,
		.acts = acts,
		.num_acts = version->num_acts,
		.dispatches = dispatches,
		.num_dispatches = version->num_dispatches };
	const size_t before = run->num_told;
	struct verdict verdict;
	bool ok = true;

	*good = false;
	if (acts != NULL && dispatches != NULL && request.container != NULL) {
		ok = verdict_judge(&request, &verdict, err);
		if (ok) {
			audit_verdict(run->audit, doc, version, &verdict);
			*good = verdict.outcome == OUTCOME_VALID &&
			    run->num_told == before;
			ok = !*good ||
			    audit_judged_add(run->judged, &version->contents,
				&verdict, run->context, err);
			verdict_free(&verdict);
		}
	}
	container_free(request.container);
	free(acts);
	free(dispatches);
	return ok;
}

struct judged {
	size_t doc, version; /* their places */
	bool good;
};

static bool
judge_document(void *arg, size_t i, FILE *to, struct error *err)
{
	const struct packs_run *packs = arg;
	const struct ledger_document *doc = packs->all[packs->docs[i].doc];
	bool ok = true;

	for (size_t j = 0; ok && j < doc->num_versions; j++) {
		struct judged judged = { .doc = i, .version = j };

		ok = judge(packs, doc, &doc->versions[j], &judged.good, err) &&
		    (fwrite(&judged, sizeof(judged), 1, to) == 1 ||
			error_set_errno(err, "what was judged"));
	}
	return ok;
}

/* A finding about a copy that is good now is dropped. */
static bool
take_judged(void *arg, FILE *from, struct error *err)
{
	struct packs_run *packs = arg;
	struct audit_run *run = packs->run;
	struct judged one;

	(void)err;
	while (fread(&one, sizeof(one), 1, from) == 1) {
		const struct ledger_document *doc =
		    packs->all[packs->docs[one.doc].doc];
		char about[LIMIT_PATH_BYTES + 1];

		if (!one.good)
			continue;
		snprintf(about, sizeof(about), "%s@%u", doc->name,
		    doc->versions[one.version].number);
		run->num_judged++;
		run->kind = KIND_COPY;
		findings_begin(&run->state.findings);
		findings_settle(&run->state.findings,
		    &(struct checked){ .kind = KIND_COPY, .about = about });
		packs->needed[packs->docs[one.doc].first + one.version] = false;
	}
	return true;
}

/* --- Which, and their packs. --- */

static bool
choose_documents(struct packs_run *packs, size_t num, struct error *err)
{
	size_t first = 0;

	packs->docs = calloc(num + 1, sizeof(*packs->docs));
	if (packs->docs == NULL)
		return error_set_errno(err, "audit");
	for (size_t i = 0; i < num; i++) {
		const size_t versions = packs->all[i]->num_versions;
		bool all = versions > 0;

		for (size_t j = 0; j < versions; j++)
			all = all && packs->needed[first + j];
		if (all) {
			packs->docs[packs->num_docs].doc = i;
			packs->docs[packs->num_docs++].first = first;
			packs->num_versions += versions;
		}
		first += versions;
	}
	return true;
}

static bool
list_wants(void *arg, struct pack_request *request, struct error *err)
{
	struct packs_run *packs = arg;
	bool ok = true;

	for (size_t i = 0; ok && i < packs->num_docs; i++) {
		const struct oid *tip = &packs->all[packs->docs[i].doc]->tip;

		ok = store_has(packs->store, tip) ||
		    pack_want(request, tip, NULL, err);
	}
	return ok;
}

/* Into a store that an audit before this one may have left half full. */
static bool
fetch(struct packs_run *packs, const char *path, struct error *err)
{
	struct audit_run *run = packs->run;
	struct pack_source source = { .session = &run->session,
		.is_passing = true,
		.kept = "audit.pack",
		.doing = "fetching",
		.list = list_wants,
		.arg = packs };

	if (!audit_state_path(run->context, "pack", source.waiting, err) ||
	    (!file_exists(path) && !store_create(path, err)) ||
	    (packs->store = store_open(path, err)) == NULL)
		return false;
	source.store = packs->store;
	return packs_fetch(&source, err);
}

static bool
judge_all(struct packs_run *packs, struct error *err)
{
	if (!audit_state_replay(&packs->run->state, keep, packs, err))
		return false;
	if (packs->num_kept > 0)
		qsort(packs->kept, packs->num_kept, sizeof(*packs->kept),
		    compare_kept);
	return parallel_each(packs->num_docs, EACH, judge_document, take_judged,
	    packs, err);
}

bool
audit_packs(struct audit_run *run, struct ledger_document *const docs[],
    size_t num, bool needed[], struct error *err)
{
	struct packs_run packs = { .run = run,
		.all = docs,
		.needed = needed,
		.lines = BUF(SIZE_MAX) };
	char path[FILE_PATH];
	struct error why = { 0 };
	bool ok;

	ok = choose_documents(&packs, num, err) &&
	    audit_state_path(run->context, "store.git", path, err);
	if (ok && packs.num_versions >= FEWEST) {
		/* If no pack comes, copies still may, or tell why not. */
		ok = !fetch(&packs, path, &why) || judge_all(&packs, err);
		store_free(packs.store);
		file_remove_tree(path);
	}
	free(packs.docs);
	free(packs.kept);
	buf_free(&packs.lines);
	return ok;
}
