/*
 * The check of versions, commits and objects (check_versions.h).
 */
#include "daemon/data/check_versions.h"

#include <stdlib.h>

#include "daemon/data/check_entries.h"
#include "record/stored.h"
#include "store/commit.h"

/* The entries that made a document's commits, in order. */
struct chain {
	uint64_t *list;
	size_t num;
};

static int
compare_indices(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* List the entries of all acts of a document. */
static bool
chain_of(struct fsck *fsck, const struct ledger_document *doc,
    struct chain *out, struct error *err)
{
	const struct ledger *ledger = audit_ledger(fsck->audit);
	size_t num = 0;

	for (size_t i = 0; i < doc->num_versions; i++)
		num += doc->versions[i].num_acts;
	*out = (struct chain){ calloc(num + 1, sizeof(*out->list)), 0 };
	if (out->list == NULL)
		return error_set_errno(err, "fsck");
	for (size_t i = 0; i < doc->num_versions; i++)
		for (size_t k = 0; k < doc->versions[i].num_acts; k++) {
			const uint64_t index = doc->versions[i].acts[k];

			if (ledger_entry(ledger, index).act != ACT_FORCE)
				out->list[out->num++] = index;
		}
	qsort(out->list, out->num, sizeof(*out->list), compare_indices);
	return true;
}

/* Returns the entry before this one in the chain, or LEDGER_NONE. */
static uint64_t
before_in(const struct chain *chain, uint64_t index)
{
	const uint64_t *at = bsearch(&index, chain->list, chain->num,
	    sizeof(*chain->list), compare_indices);

	return at == NULL || at == chain->list ? LEDGER_NONE : at[-1];
}

/* Check the commit of an act, and the depositary's signature on it. */
static void
check_signature(struct fsck *fsck, const struct ledger_document *doc,
    const struct chain *chain, const struct verdict_act *act)
{
	const struct policy *policy =
	    library_policy(fsck->library, &act->entry.policy);
	struct buf bytes = BUF(LIMIT_META_BYTES),
		   content = BUF(LIMIT_META_BYTES);
	struct buf der = BUF(LIMIT_SIGNATURE_BYTES);
	struct cades cades = { 0 };
	struct error why = { 0 };
	bool ok;

	if (!fsck_check_commit(fsck, act->index, &act->entry,
		before_in(chain, act->index), &bytes)) {
		buf_free(&bytes);
		return;
	}
	ok = commit_signature(buf_span(&bytes), &content, &der, &why) &&
	    (policy == NULL ||
		commit_judge(fsck->certs, policy, NULL, buf_span(&content),
		    buf_span(&der), &cades, &why));
	if (!ok)
		FIND(fsck, "COMMIT_UNSIGNED", act->index, doc->name,
		    "its commit's signature: %s", why.detail);
	cades_free(&cades);
	buf_free(&bytes);
	buf_free(&content);
	buf_free(&der);
}

/*
 * Judge a version as a copy would be, and compare the verdict with the journal.
 */
static bool
judge_version(struct fsck *fsck, const struct ledger_document *doc,
    const struct ledger_version *version, const struct verdict_act *acts,
    struct error *err)
{
	struct verdict_request request = { .expect = EXPECT_STORED,
		.certs = fsck->certs,
		.library = &fsck->verdict_library,
		.now_ms = fsck->audit_settings.now_ms,
		.document = doc->name,
		.number = version->number,
		.acts = acts,
		.num_acts = version->num_acts,
		.num_dispatches = version->num_dispatches };
	struct verdict_act *dispatches;
	struct verdict verdict;
	struct error why = { 0 };
	char about[LIMIT_PATH_BYTES + 1];
	bool ok;

	snprintf(about, sizeof(about), "%s@%u", doc->name, version->number);
	request.container =
	    stored_to_judge(fsck->store, &version->commit, &why);
	if (request.container == NULL) {
		FIND(fsck, "VERSION_MISSING", version->acts[0], about,
		    "it cannot be read from the store: %s; the offices have"
		    " copies",
		    why.detail);
		return true;
	}
	dispatches = stored_acts(fsck->journal, version->dispatches,
	    version->num_dispatches, err);
	request.dispatches = dispatches;
	ok = dispatches != NULL && verdict_judge(&request, &verdict, err);
	if (ok) {
		audit_verdict(fsck->audit, doc, version, &verdict);
		verdict_free(&verdict);
	}
	container_free(request.container);
	free(dispatches);
	return ok;
}

static bool
check_version(struct fsck *fsck, const struct ledger_document *doc,
    const struct chain *chain, const struct ledger_version *version,
    struct error *err)
{
	struct verdict_act *acts =
	    stored_acts(fsck->journal, version->acts, version->num_acts, err);
	bool ok = acts != NULL;

	for (size_t i = 0; ok && i < version->num_acts; i++)
		if (entry_has(&acts[i].entry, ENTRY_COMMIT))
			check_signature(fsck, doc, chain, &acts[i]);
	ok = ok && judge_version(fsck, doc, version, acts, err);
	free(acts);
	return ok;
}

static bool
check_document(struct fsck *fsck, const struct ledger_document *doc,
    uint64_t *versions, struct error *err)
{
	struct chain chain;
	bool ok = chain_of(fsck, doc, &chain, err);

	for (size_t i = 0; ok && i < doc->num_versions; i++) {
		ok = check_version(fsck, doc, &chain, &doc->versions[i], err);
		++*versions;
	}
	free(chain.list);
	return ok;
}

/* Returns the next document for a thread, or NULL. */
static struct ledger_document *
take_document(struct fsck *fsck)
{
	struct ledger_document *doc = NULL;

	pthread_mutex_lock(&fsck->mutex);
	if (fsck->next_doc < fsck->num_docs && !fsck->failed)
		doc = fsck->docs[fsck->next_doc++];
	pthread_mutex_unlock(&fsck->mutex);
	return doc;
}

/* Check documents, then objects; the function of a thread. */
static void *
run_thread(void *arg)
{
	struct fsck *fsck = arg;
	const unsigned part =
	    __atomic_fetch_add(&fsck->next_part, 1, __ATOMIC_ACQ_REL);
	const struct ledger_document *doc;
	struct error err = { 0 };
	uint64_t num = 0, versions = 0;
	bool ok = true;

	while (ok && !fsck_stopped(fsck) && (doc = take_document(fsck)) != NULL)
		ok = check_document(fsck, doc, &versions, &err);
	ok = ok &&
	    store_check(fsck->store, part, fsck->settings->threads,
		fsck_tell_of_object, fsck, &num, &err);
	pthread_mutex_lock(&fsck->mutex);
	fsck->out->num_objects += num;
	fsck->out->num_versions += versions;
	if (!ok && !fsck->failed) {
		fsck->failed = true;
		fsck->err = err;
	}
	pthread_mutex_unlock(&fsck->mutex);
	return NULL;
}

bool
fsck_check_versions(struct fsck *fsck, struct error *err)
{
	const unsigned wanted = fsck->settings->threads;
	pthread_t threads[FSCK_THREADS];
	unsigned num = 0;

	fsck->docs = ledger_sorted(audit_ledger(fsck->audit), &fsck->num_docs);
	if (fsck->docs == NULL)
		return error_set_errno(err, "fsck");
	while (num + 1 < wanted && num < FSCK_THREADS &&
	    pthread_create(&threads[num], NULL, run_thread, fsck) == 0)
		num++;
	/*
	 * This thread works too; if no thread can be made it does everything.
	 */
	do
		run_thread(fsck);
	while (__atomic_load_n(&fsck->next_part, __ATOMIC_ACQUIRE) < wanted);
	while (num > 0)
		pthread_join(threads[--num], NULL);
	free(fsck->docs);
	if (fsck->failed)
		*err = fsck->err;
	return !fsck->failed;
}
