/*
 * Checking a data folder, and making its derived files anew (fsck.h).
 */
#include "daemon/data/fsck.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "base/time.h"
#include "daemon/data/backup.h"
#include "daemon/data/export.h"
#include "daemon/library.h"
#include "daemon/signer/memory.h"
#include "journal/cosignatures.h"
#include "record/refs.h"
#include "record/stored.h"
#include "store/commit.h"

enum { THREADS = 64, HEADS = 16 };

struct fsck {
	const struct fsck_settings *settings;
	struct fsck_result *out;
	pthread_mutex_t mutex;
	struct audit_settings audit_settings;
	struct verdict_library verdict_library;
	struct journal *journal;
	struct store *store;
	struct library *library;
	struct cert_cache *certs;
	struct audit *audit;
	struct ledger
	    *later; /* what follows from the journal by now, or NULL */
	/* For the threads. */
	uint64_t next_head;
	struct ledger_document **docs;
	size_t num_docs, next_doc;
	unsigned next_part;
	bool failed;
	struct error err;
};

static void
report(void *arg, const struct audit_finding *finding)
{
	struct fsck *fsck = arg;

	pthread_mutex_lock(&fsck->mutex);
	fsck->out->num_findings++;
	fsck->settings->report(fsck->settings->arg, finding, false);
	pthread_mutex_unlock(&fsck->mutex);
}

static void
report_derived(struct fsck *fsck, const char *code, const char *about,
    const char *text)
{
	struct audit_finding finding = { .code = code,
		.index = AUDIT_NO_ENTRY };

	text_cut(finding.about, sizeof(finding.about), about);
	text_cut(finding.text, sizeof(finding.text), text);
	pthread_mutex_lock(&fsck->mutex);
	fsck->out->num_findings++;
	fsck->out->num_derived++;
	fsck->settings->report(fsck->settings->arg, &finding, true);
	pthread_mutex_unlock(&fsck->mutex);
}

static bool
stopped(const struct fsck *fsck)
{
	return fsck->settings->stop != NULL &&
	    __atomic_load_n(fsck->settings->stop, __ATOMIC_ACQUIRE);
}

#define FIND(fsck, code, index, about, ...)                                    \
	audit_find(&(fsck)->audit_settings, code, index, about, __VA_ARGS__)

/* --- The journal's files. --- */

/* One head; *last is the size of the one before it. */
static void
check_head(struct fsck *fsck, uint64_t n, const struct note_keys *keys,
    uint64_t *last)
{
	struct buf note = BUF(LIMIT_NOTE_FILE);
	struct checkpoint checkpoint;
	struct error why = { 0 };
	struct digest root;
	struct head head;
	char about[48];
	bool ok;

	ok = journal_nth_head(fsck->journal, n, &head, &why);
	if (ok &&
	    (head.size <= *last || head.size > journal_size(fsck->journal)))
		ok = error_set(&why, ERROR_UNTRUSTED,
		    "its size is out of order");
	ok = ok && journal_root_at(fsck->journal, head.size, &root, &why) &&
	    (digest_eq(&root, &head.root) ||
		error_set(&why, ERROR_UNTRUSTED,
		    "its root is not that of the entries"));
	ok = ok && journal_note(fsck->journal, &head, &note, &why) &&
	    note_open(buf_span(&note), keys, &checkpoint, &why);
	if (ok) {
		*last = head.size;
	} else {
		snprintf(about, sizeof(about), "journal/heads, record %llu",
		    (unsigned long long)n);
		FIND(fsck, "HEAD_DAMAGED", AUDIT_NO_ENTRY, about,
		    "%s; receipts that lead to it cannot be given", why.detail);
	}
	buf_free(&note);
}

/* Some heads at a time, until another thread has taken the last. */
static void *
check_heads(void *arg)
{
	struct fsck *fsck = arg;
	const uint64_t num = journal_num_heads(fsck->journal);
	const struct note_keys keys = journal_keys(fsck->journal);
	uint64_t n, end;

	while (!stopped(fsck) &&
	    (n = __atomic_fetch_add(&fsck->next_head, HEADS,
		 __ATOMIC_ACQ_REL)) < num) {
		struct head before = { .size = 0 };
		struct error ignored = { 0 };
		uint64_t last;

		/* Of one that cannot be read its own check tells. */
		if (n > 0 &&
		    !journal_nth_head(fsck->journal, n - 1, &before, &ignored))
			before.size = 0;
		last = before.size;
		end = num - n < HEADS ? num : n + HEADS;
		__atomic_add_fetch(&fsck->out->num_heads, end - n,
		    __ATOMIC_RELAXED);
		for (; n < end && !stopped(fsck); n++)
			check_head(fsck, n, &keys, &last);
	}
	return NULL;
}

/* A backup has no signer's memory, on purpose. */
static bool
is_backup(const char *data)
{
	struct error ignored = { 0 };
	char path[FILE_PATH];

	return file_join(path, data, BACKUP_FILE, &ignored) &&
	    file_exists(path);
}

static void
check_signer(struct fsck *fsck)
{
	const struct head newest = journal_head(fsck->journal);
	struct error why = { 0 };
	struct digest root;
	struct head head;

	if (fsck->settings->without_signer || is_backup(fsck->settings->data))
		return;
	if (!signer_remembered(fsck->settings->data, &head, &why)) {
		FIND(fsck, "SIGNER_DAMAGED", AUDIT_NO_ENTRY, "signer/memory",
		    "%s", why.detail);
		return;
	}
	/* A daemon at work signs on: what it signed is looked at anew. */
	if (head.size > newest.size)
		return;
	if (head.size < newest.size)
		FIND(fsck, "SIGNER_BEHIND", AUDIT_NO_ENTRY, "signer/memory",
		    "it remembers size %llu, the journal has a signed head of"
		    " %llu: it was put back from an older copy, and would"
		    " sign a fork",
		    (unsigned long long)head.size,
		    (unsigned long long)newest.size);
	else if (!journal_root_at(fsck->journal, head.size, &root, &why) ||
	    !digest_eq(&root, &head.root))
		FIND(fsck, "SIGNER_DIFFERS", AUDIT_NO_ENTRY, "signer/memory",
		    "at size %llu it signed another root: another history",
		    (unsigned long long)head.size);
}

struct cosigning {
	struct fsck *fsck;
	const struct policy *policy;
};

static void
check_cosignature(void *arg, uint64_t size, struct span line)
{
	struct cosigning *all = arg;
	struct fsck *fsck = all->fsck;
	const struct witnesses *witnesses = &all->policy->witnesses;
	struct cosignature found[LIMIT_WITNESSES];
	struct buf note = BUF(LIMIT_NOTE_FILE);
	struct error why = { 0 };
	struct head head;
	char about[64];
	size_t num;

	fsck->out->num_cosignatures++;
	snprintf(about, sizeof(about), "journal/cosignatures, size %llu",
	    (unsigned long long)size);
	if (size > journal_size(fsck->journal) ||
	    !journal_head_at(fsck->journal, size, &head, &why) ||
	    head.size != size)
		FIND(fsck, "COSIGNATURE_WRONG", AUDIT_NO_ENTRY, about,
		    "a witness signed a size that this journal never had");
	/* A line of a witness that the policy no longer names says nothing. */
	else if (!journal_note(fsck->journal, &head, &note, &why) ||
	    !buf_append(&note, line, &why) ||
	    !note_cosignatures(buf_span(&note), witnesses->keys, witnesses->num,
		found, &num, &why))
		FIND(fsck, "COSIGNATURE_WRONG", AUDIT_NO_ENTRY, about, "%s",
		    why.detail);
	buf_free(&note);
}

static bool
check_cosignatures(struct fsck *fsck, struct error *err)
{
	struct cosigning all = { .fsck = fsck };
	struct cosignatures *lines;
	char path[FILE_PATH];
	struct digest newest;
	struct error why = { 0 };

	if (!ledger_newest(audit_ledger(fsck->audit), ACT_POLICY, &newest) ||
	    (all.policy = library_policy(fsck->library, &newest)) == NULL)
		return true; /* POLICY_UNKNOWN says so */
	if (!file_join(path, fsck->settings->data, "journal/cosignatures", err))
		return false;
	if ((lines = cosignatures_view(path, &why)) == NULL) {
		FIND(fsck, "COSIGNATURE_WRONG", AUDIT_NO_ENTRY,
		    "journal/cosignatures", "%s", why.detail);
		return true;
	}
	cosignatures_each(lines, check_cosignature, &all);
	cosignatures_free(lines);
	return true;
}

/* --- Entries. --- */

/*
 * Its commit is there, says what the entry says, and follows the one that
 * the entry before made (LEDGER_NONE: it is the first).  bytes gets it.
 */
static bool
check_commit(struct fsck *fsck, uint64_t index, const struct entry *entry,
    uint64_t before, struct buf *bytes)
{
	struct store_commit commit;
	struct error why = { 0 };
	char hex[DIGEST_HEX];
	struct oid oid;

	memcpy(oid.bytes, entry->commit, OID_BYTES);
	digest_hex(&entry->contents, hex);
	if (!store_read(fsck->store, &oid, OBJECT_COMMIT, bytes, &why) ||
	    !store_parse_commit(buf_span(bytes), &commit, &why)) {
		FIND(fsck, "COMMIT_MISSING", index, entry->document,
		    "its commit cannot be read: %s; the texts of this version"
		    " may be lost here, the offices have copies",
		    why.detail);
		return false;
	}
	if (strcmp(commit.contents, hex) != 0)
		FIND(fsck, "COMMIT_DIFFERS", index, entry->document,
		    "its commit tells of other contents");
	else if (before != LEDGER_NONE &&
	    (!commit.has_parent ||
		ledger_of_commit(audit_ledger(fsck->audit), &commit.parent) !=
		    before))
		FIND(fsck, "COMMIT_DIFFERS", index, entry->document,
		    "its commit does not follow the one before it");
	return true;
}

/*
 * The commit of an entry that the ledger took is looked at with its version;
 * of others here, as what follows the document's newest.
 */
static void
check_commit_alone(struct fsck *fsck, uint64_t index, const struct entry *entry)
{
	struct ledger *ledger = audit_ledger(fsck->audit);
	const struct ledger_document *doc =
	    ledger_find(ledger, entry->document);
	struct buf bytes = BUF(LIMIT_META_BYTES);

	if (doc == NULL || doc->last != index)
		check_commit(fsck, index, entry,
		    doc != NULL ? ledger_of_commit(ledger, &doc->tip)
				: LEDGER_NONE,
		    &bytes);
	buf_free(&bytes);
}

static bool
check_entry(struct fsck *fsck, uint64_t index, struct span line,
    struct error *err)
{
	struct entry *entry = malloc(sizeof(*entry));
	struct error why = { 0 };
	bool ok = true;

	if (entry == NULL)
		return error_set_errno(err, "fsck");
	if (!entry_parse(line, entry, &why)) {
		FIND(fsck, "ENTRY_MALFORMED", index, "", "%s", why.detail);
	} else {
		ok = audit_entry(fsck->audit, index, entry, err);
		if (ok && entry_has(entry, ENTRY_COMMIT))
			check_commit_alone(fsck, index, entry);
	}
	free(entry);
	return ok;
}

static bool
check_entries(struct fsck *fsck, struct error *err)
{
	const uint64_t size = journal_size(fsck->journal);
	bool ok = true;

	for (uint64_t n = 0; ok && n * TILE_WIDTH < size && !stopped(fsck);
	     n++) {
		struct buf bytes = BUF(TILE_WIDTH * (LIMIT_ENTRY_BYTES + 2));
		struct tile tile = tile_at(size, 0, n);
		uint64_t index = n * TILE_WIDTH;
		struct span rest, line;
		uint16_t len;

		tile.is_bundle = true;
		ok = journal_tile(fsck->journal, &tile, &bytes, err);
		rest = buf_span(&bytes);
		while (ok && span_take_u16(&rest, &len) &&
		    span_take(&rest, len, &line))
			ok = check_entry(fsck, index++, line, err);
		buf_free(&bytes);
	}
	return ok;
}

/* --- Versions, on all threads. --- */

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

static uint64_t
before_in(const struct chain *chain, uint64_t index)
{
	const uint64_t *at = bsearch(&index, chain->list, chain->num,
	    sizeof(*chain->list), compare_indices);

	return at == NULL || at == chain->list ? LEDGER_NONE : at[-1];
}

/* The commit of an act, and the depositary's signature on it. */
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

	if (!check_commit(fsck, act->index, &act->entry,
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

static void
tell_of_object(void *arg, const char *about, const char *what)
{
	FIND((struct fsck *)arg, "OBJECT_DAMAGED", AUDIT_NO_ENTRY, about,
	    "%s; what was in it may be lost here, the offices have copies",
	    what);
}

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

	while (ok && !stopped(fsck) && (doc = take_document(fsck)) != NULL)
		ok = check_document(fsck, doc, &versions, &err);
	ok = ok &&
	    store_check(fsck->store, part, fsck->settings->threads,
		tell_of_object, fsck, &num, &err);
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

static bool
check_versions(struct fsck *fsck, struct error *err)
{
	const unsigned wanted = fsck->settings->threads;
	pthread_t threads[THREADS];
	unsigned num = 0;

	fsck->docs = ledger_sorted(audit_ledger(fsck->audit), &fsck->num_docs);
	if (fsck->docs == NULL)
		return error_set_errno(err, "fsck");
	while (num + 1 < wanted && num < THREADS &&
	    pthread_create(&threads[num], NULL, run_thread, fsck) == 0)
		num++;
	/* This one works too; where threads are short, it does their parts. */
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

/* --- All of it. --- */

/* Did a daemon at work make that commit of the document since we looked? */
static bool
came_since(struct fsck *fsck, const char *document, const struct oid *oid)
{
	const uint64_t size = journal_size(fsck->journal);
	struct journal_mended mended = { 0 };
	struct error why = { 0 };
	struct journal *journal;
	uint64_t index;

	if (fsck->later == NULL && (fsck->later = ledger_new(&why)) != NULL &&
	    (journal = export_open(fsck->settings->data, ledger_visit,
		 fsck->later, &mended, &why)) != NULL)
		journal_free(journal);
	if (fsck->later == NULL)
		return false;
	index = ledger_of_commit(fsck->later, oid);
	return index != LEDGER_NONE && index >= size &&
	    strcmp(ledger_name(fsck->later,
		       ledger_entry(fsck->later, index).document),
		document) == 0;
}

static void
tell_of_ref(void *arg, const struct ref_told *told)
{
	struct fsck *fsck = arg;

	/* The pack of a commit that no branch has yet has a .keep. */
	if ((told->should != NULL && store_keeps(fsck->store, told->should)) ||
	    (told->is != NULL && came_since(fsck, told->document, told->is)))
		return;
	report_derived(fsck, "REF_WRONG", told->ref,
	    told->should == NULL ? "a branch of no document in the journal"
				 : "the branch is not where the journal says");
}

static bool
open_folder(struct fsck *fsck, struct error *err)
{
	struct journal_mended mended = { 0 };
	struct error why = { 0 };
	char path[FILE_PATH];

	if (!file_join(path, fsck->settings->data, "vkey", err))
		return false;
	if (!file_exists(path))
		return error_set(err, ERROR_NOT_FOUND, "%s is no data folder",
		    fsck->settings->data);
	/* The journal first: what it tells of is then in the store. */
	fsck->journal =
	    export_open(fsck->settings->data, NULL, NULL, &mended, &why);
	if (fsck->journal == NULL)
		FIND(fsck, "JOURNAL_DAMAGED", AUDIT_NO_ENTRY, "journal", "%s",
		    why.detail);
	if (mended.hashes_rebuilt > 0)
		report_derived(fsck, "HASHES_DAMAGED", "journal/hashes, nodes",
		    "they are not those of the entries");
	if (!file_join(path, fsck->settings->data, "store.git", err))
		return false;
	if ((fsck->store = store_view(path, &why)) == NULL) {
		FIND(fsck, "STORE_DAMAGED", AUDIT_NO_ENTRY, "store.git", "%s",
		    why.detail);
		return true;
	}
	return (fsck->library = library_new(fsck->store, err)) != NULL &&
	    (fsck->certs = cert_cache_new(err)) != NULL;
}

/* Heads on all threads but this one, which takes the entries one by one. */
static bool
check_journal(struct fsck *fsck, struct error *err)
{
	const bool with_heads = fsck->out->num_derived == 0;
	pthread_t threads[THREADS];
	unsigned num = 0;
	bool ok;

	if (with_heads)
		check_signer(fsck);
	while (with_heads && num + 1 < fsck->settings->threads &&
	    num < THREADS &&
	    pthread_create(&threads[num], NULL, check_heads, fsck) == 0)
		num++;
	ok = check_entries(fsck, err);
	if (with_heads)
		check_heads(fsck);
	while (num > 0)
		pthread_join(threads[--num], NULL);
	return ok;
}

static bool
check_folder(struct fsck *fsck, struct error *err)
{
	uint64_t num;

	if (!open_folder(fsck, err))
		return false;
	if (fsck->journal == NULL || fsck->store == NULL) {
		/* What can be looked at without it still is. */
		if (fsck->store == NULL)
			return true;
		return store_check(fsck->store, 0, 1, tell_of_object, fsck,
		    &num, err);
	}
	fsck->verdict_library = library_for_verdict(fsck->library);
	fsck->audit_settings.library = &fsck->verdict_library;
	if ((fsck->audit = audit_new(&fsck->audit_settings, err)) == NULL)
		return false;
	fsck->out->size = journal_size(fsck->journal);
	if (!check_journal(fsck, err))
		return false;
	/* As the daemon does. */
	return library_follow_all(fsck->library, fsck->journal,
		   audit_ledger(fsck->audit), err) &&
	    check_cosignatures(fsck, err) &&
	    refs_follow(fsck->store, audit_ledger(fsck->audit), false,
		tell_of_ref, fsck, err) &&
	    check_versions(fsck, err);
}

bool
fsck_run(const struct fsck_settings *settings, struct fsck_result *out,
    struct error *err)
{
	struct fsck fsck = { .settings = settings, .out = out };
	bool ok;

	*out = (struct fsck_result){ 0 };
	fsck.audit_settings = (struct audit_settings){ .by = FIELD_FSCK,
		.now_ms = time_now_ms(),
		.report = report,
		.arg = &fsck };
	pthread_mutex_init(&fsck.mutex, NULL);
	ok = check_folder(&fsck, err);
	out->is_complete = ok && !stopped(&fsck);
	audit_free(fsck.audit);
	ledger_free(fsck.later);
	library_free(fsck.library);
	cert_cache_free(fsck.certs);
	store_free(fsck.store);
	journal_free(fsck.journal);
	pthread_mutex_destroy(&fsck.mutex);
	return ok;
}

/* --- Repair. --- */

static void
say_mended(void *arg, const struct ref_told *told)
{
	(void)arg;
	printf("%s %s\n", told->should == NULL ? "dropped" : "moved",
	    told->ref);
}

static bool
mend(const char *data, struct error *err)
{
	struct journal_mended mended;
	struct journal *journal = NULL;
	struct store *store = NULL;
	struct ledger *ledger = ledger_new(err);
	struct note_keys keys;
	char path[FILE_PATH];
	struct head head;
	bool ok;

	ok = ledger != NULL && export_keys(data, &keys, err) &&
	    signer_remembered(data, &head, err) &&
	    file_join(path, data, "journal", err) &&
	    (journal = journal_open(path, &keys, &head, ledger_visit, ledger,
		 &mended, err)) != NULL &&
	    file_join(path, data, "store.git", err) &&
	    (store = store_open(path, err)) != NULL &&
	    refs_follow(store, ledger, true, say_mended, NULL, err);
	if (ok && mended.hashes_rebuilt > 0)
		printf("made %llu hashes anew\n",
		    (unsigned long long)mended.hashes_rebuilt);
	if (ok && mended.heads_completed > 0)
		printf("completed journal/heads\n");
	store_free(store);
	journal_free(journal);
	ledger_free(ledger);
	return ok;
}

bool
fsck_repair(const char *data, struct error *err)
{
	char path[FILE_PATH];
	bool ok;
	int lock;

	if (!file_join(path, data, "lock", err) ||
	    (lock = file_lock(path, err)) < 0)
		return error_context(err, "stop the daemon first");
	ok = mend(data, err);
	close(lock);
	return ok;
}
