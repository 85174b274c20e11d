/*
 * A batch: its acts become objects and entries, which are appended together,
 * and the signer signs one checkpoint over them (batch.h).
 */
#include "daemon/writer/batch.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/rand.h>

#include "base/text.h"
#include "daemon/log.h"
#include "daemon/metrics.h"
#include "record/refs.h"

enum {
	SALT = sizeof(((struct entry *)NULL)->salt),
	/* Until witnesses have cosigned and the daemon was started anew. */
	REPLACING_RETRY_SECONDS = 600,
};

/* One commit of the journal, being made. */
struct batch {
	const struct record *record;
	struct signer *signer;
	struct batch_state state; /* the state after the entries so far */
	struct act_request *acts;
	uint64_t first; /* the index of its first entry */
	int64_t time_ms;
	struct pack *pack;
	struct buf lines; /* the entries' bytes, one after another */
	size_t *ends;
	struct entry *entries; /* the same entries, as structs */
	size_t num;
	/* A hash of the document's name for each act on a version. */
	uint64_t *touched;
	size_t num_touched;
	bool exclusive;
	struct head head; /* set when they are appended */
	/* Random bytes, not used yet. */
	uint8_t salts[16 * SALT];
	size_t num_salts;
};

/* Salts are drawn many at a time: each call has its own price. */
static bool
take_salt(struct batch *batch, uint8_t salt[SALT], struct error *err)
{
	if (batch->num_salts == 0) {
		if (RAND_bytes(batch->salts, sizeof(batch->salts)) != 1)
			return error_set_openssl(err, ERROR_SYSTEM,
			    "random bytes");
		batch->num_salts = sizeof(batch->salts) / SALT;
	}
	memcpy(salt, batch->salts + --batch->num_salts * SALT, SALT);
	return true;
}

/* Encode an entry and add it to the batch. */
static bool
add_entry(struct batch *batch, struct entry *entry, struct error *err)
{
	entry->time_ms = batch->time_ms;
	entry->has |= UINT32_C(1) << ENTRY_TIME | UINT32_C(1) << ENTRY_SALT |
	    UINT32_C(1) << ENTRY_POLICY;
	entry->policy = batch->state.now.policy->digest;
	if (!take_salt(batch, entry->salt, err))
		return false;
	if (!entry_encode(entry, &batch->lines, err))
		return false;
	snprintf(entry->act_name, sizeof(entry->act_name), "%s",
	    act_name(entry->act));
	batch->ends[batch->num] = batch->lines.len;
	batch->entries[batch->num++] = *entry;
	return true;
}

#define HAS(name) (UINT32_C(1) << ENTRY_##name)

static void
set_prior(struct entry *entry, uint64_t prior)
{
	if (prior == LEDGER_NONE)
		return;
	entry->prior = prior;
	entry->has |= HAS(PRIOR);
}

/* Returns an entry with the members that all acts have. */
static struct entry
entry_of(const struct act_request *act)
{
	struct entry entry = { .act = act->act };

	snprintf(entry.document, sizeof(entry.document), "%s", act->document);
	snprintf(entry.person, sizeof(entry.person), "%s", act->person);
	snprintf(entry.office, sizeof(entry.office), "%s", act->office);
	entry.version = act->version;
	entry.digest = act->digest;
	return entry;
}

/* FNV-1a.  If two documents have the same hash one only waits for the other. */
static uint64_t
hash_name(const char *name)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (; *name != '\0'; name++)
		hash = (hash ^ (uint8_t)*name) * UINT64_C(1099511628211);
	return hash;
}

bool
batch_touches(const struct batch *batch, const char *document)
{
	const uint64_t hash = hash_name(document);

	for (size_t i = 0; i < batch->num_touched; i++)
		if (batch->touched[i] == hash)
			return true;
	return false;
}

bool
batch_is_exclusive(const struct batch *batch)
{
	return batch->exclusive;
}

bool
act_is_exclusive(const struct act_request *act)
{
	return act->act == ACT_POLICY || act->act == ACT_CRL ||
	    act->act == ACT_KEY;
}

/* Does the judgement of the act still hold? */
static bool
still_good(const struct batch *batch, struct act_request *act)
{
	struct ledger *ledger = batch->record->ledger;
	const struct ledger_document *doc;
	uint64_t last;

	if (act->judged.policy != batch->state.now.policy ||
	    act->judged.crls != batch->state.now.crls)
		return false;
	/*
	 * An act on this document earlier in this batch, which has no index
	 * yet.
	 */
	if (batch_touches(batch, act->document))
		return false;
	ledger_read_lock(ledger);
	doc = ledger_find(ledger, act->document);
	last = doc != NULL ? doc->last : LEDGER_NONE;
	ledger_unlock(ledger);
	return last == act->judged.last;
}

/* Add the "force" entry after the act that made the quorum. */
static bool
add_force(struct batch *batch, struct act_request *act, uint64_t prior,
    struct error *err)
{
	struct entry entry = entry_of(act);

	entry.act = ACT_FORCE;
	entry.has = HAS(DOCUMENT) | HAS(VERSION) | HAS(DIGEST) | HAS(CONTENTS) |
	    HAS(SIGNATURES);
	entry.contents = act->new_contents;
	set_prior(&entry, prior);
	entry.num_signatures = act->num_signatures;
	memcpy(entry.signatures, act->signatures,
	    act->num_signatures * sizeof(entry.signatures[0]));
	return add_entry(batch, &entry, err);
}

/* Add a deposit, signature or termination. */
static bool
add_version_act(struct batch *batch, struct act_request *act)
{
	struct entry entry = entry_of(act);

	if (!still_good(batch, act) || act->objects == NULL) {
		act->result = ACT_AGAIN;
		return true;
	}
	if (!pack_take(batch->pack, act->objects, &act->err))
		return false;
	entry.has = HAS(DOCUMENT) | HAS(VERSION) | HAS(OFFICE) | HAS(PERSON) |
	    HAS(DIGEST) | HAS(MANIFEST) | HAS(SIGNATURE) | HAS(CONTENTS) |
	    HAS(COMMIT) | HAS(CRLS);
	entry.manifest = act->manifest;
	entry.signature = act->signature;
	entry.contents = act->new_contents;
	entry.crls = batch->state.now.crls->digest;
	memcpy(entry.commit, act->commit.bytes, OID_BYTES);
	set_prior(&entry, act->judged.last);
	if (act->dispatched_ms != 0) {
		entry.has |= HAS(WAYBILL) | HAS(DISPATCHED);
		entry.waybill = act->waybill;
		entry.dispatched_ms = act->dispatched_ms;
	}
	act->index = batch->first + batch->num;
	batch->touched[batch->num_touched++] = hash_name(act->document);
	return add_entry(batch, &entry, &act->err) &&
	    (!act->quorum || add_force(batch, act, act->index, &act->err));
}

/*
 * Add the count of deliveries under a `deliver` entry: it says the same as
 * that entry, and how often.
 */
static bool
add_deliveries(struct batch *batch, struct act_request *act)
{
	struct buf line = BUF(LIMIT_ENTRY_BYTES);
	struct entry *entry = malloc(sizeof(*entry));
	bool ok = entry != NULL || error_set_errno(&act->err, "deliveries");

	ok = ok &&
	    journal_entry(batch->record->journal, act->prior, &line,
		&act->err) &&
	    entry_parse(buf_span(&line), entry, &act->err) &&
	    (entry->act == ACT_DELIVER ||
		error_set(&act->err, ERROR_SYSTEM,
		    "entry %llu is no delivery, and is to be counted",
		    (unsigned long long)act->prior));
	if (ok) {
		entry->act = ACT_DELIVERIES;
		entry->has |= HAS(TIMES);
		entry->times = act->times;
		set_prior(entry, act->prior);
		act->index = batch->first + batch->num;
		ok = add_entry(batch, entry, &act->err);
	}
	buf_free(&line);
	free(entry);
	return ok;
}

/* Add an act without objects. */
static bool
add_small_act(struct batch *batch, struct act_request *act)
{
	struct entry entry = entry_of(act);

	if (act->act == ACT_DELIVER) {
		entry.has = HAS(OFFICE) | HAS(PERSON) | HAS(DOCUMENT) |
		    HAS(VERSION) | HAS(CONTENTS);
		entry.contents = act->contents;
	} else if (act->act == ACT_REFUSE) {
		entry.has = HAS(OFFICE) | HAS(PERSON) | HAS(DOCUMENT) |
		    HAS(WANTED) | HAS(RULE);
		text_copy_ascii(entry.wanted, sizeof(entry.wanted),
		    act->wanted);
		text_copy_ascii(entry.rule, sizeof(entry.rule), act->rule);
		if (act->times > 1) {
			entry.times = act->times;
			entry.has |= HAS(TIMES);
		}
	} else if (act->act == ACT_DISPATCH || act->act == ACT_ACKNOWLEDGE) {
		entry.has = HAS(OFFICE) | HAS(PERSON) | HAS(TO) | HAS(NUMBER) |
		    HAS(DIGEST);
		entry.number = act->number;
		snprintf(entry.to, sizeof(entry.to), "%s", act->to);
		if (act->act == ACT_ACKNOWLEDGE) {
			entry.has |= HAS(WAYBILL);
			entry.waybill = act->waybill;
		}
	} else if (act->act == ACT_KEY) {
		entry.has = HAS(KEY);
		snprintf(entry.key, sizeof(entry.key), "%s", act->key);
		set_prior(&entry, ledger_last(batch->record->ledger, act->act));
		/* This is the last entry that the old key signs. */
		batch->state.replacing = true;
	} else {
		entry.has = HAS(SOFTWARE);
		snprintf(entry.software, sizeof(entry.software),
		    "valised " VALISE_VERSION);
		set_prior(&entry, ledger_last(batch->record->ledger, act->act));
	}
	act->index = batch->first + batch->num;
	return add_entry(batch, &entry, &act->err);
}

/*
 * Store a set of files as the next commit of its chain, unless it is the newest
 * there already.
 */
static bool
store_files(struct batch *batch, const char *ref, const char *what,
    const struct container *files, const struct digest *digest,
    struct act_request *act)
{
	const struct record *record = batch->record;
	struct commit_fields fields = { .at = batch->time_ms / 1000,
		.contents = *digest };
	struct buf commit = BUF(LIMIT_SIGNER_REQUEST);
	bool ok;

	snprintf(fields.act, sizeof(fields.act), "%s", what);
	fields.has_parent = store_get_ref(record->store, ref, &fields.parent);
	ok =
	    pack_add_tree(batch->pack, files, false, &fields.tree, &act->err) &&
	    signer_commit(batch->signer, &fields, &commit, &act->err) &&
	    pack_add(batch->pack, OBJECT_COMMIT, buf_span(&commit),
		&act->commit, &act->err);
	buf_free(&commit);
	return ok;
}

/* The entry of a policy, or of CRLs, is the first one made under it. */
static bool
add_library_entry(struct batch *batch, struct act_request *act)
{
	struct entry entry = { .act = act->act };

	if (act->act == ACT_POLICY) {
		batch->state.now.policy = act->judged.policy;
		entry.has = HAS(CHANGED);
		memcpy(entry.changed, act->changed, sizeof(entry.changed));
	} else {
		batch->state.now.crls = act->judged.crls;
		entry.has = HAS(CRLS);
		entry.crls = act->judged.crls->digest;
	}
	set_prior(&entry, ledger_last(batch->record->ledger, act->act));
	act->index = batch->first + batch->num;
	return add_entry(batch, &entry, &act->err);
}

/*
 * A policy or CRL set is used only after its entry exists, here and at every
 * reader.
 */
static bool
add_policy_act(struct batch *batch, struct act_request *act)
{
	const struct judged_by before = batch->state.now;
	const struct policy *policy = act->judged.policy;
	bool ok;

	if (act->act == ACT_POLICY)
		ok = store_files(batch, REF_POLICY, "policy", policy->files,
		    &policy->digest, act);
	else
		ok = store_files(batch, REF_CRLS, "crl",
		    act->judged.crls->files, &act->judged.crls->digest, act);
	ok = ok && add_library_entry(batch, act);
	if (!ok)
		batch->state.now = before;
	return ok;
}

/* Add an act of any kind; false if it fails or must be judged again. */
static bool
add_act(struct batch *batch, struct act_request *act)
{
	if (batch->state.replacing) {
		error_set(&act->err, ERROR_UNAVAILABLE,
		    "the journal's key is being replaced: try again once its"
		    " witnesses have cosigned that");
		return error_retry(&act->err, REPLACING_RETRY_SECONDS);
	}

	switch (act->act) {
	case ACT_DEPOSIT:
	case ACT_SIGN:
	case ACT_TERMINATE:
		return add_version_act(batch, act);
	case ACT_POLICY:
	case ACT_CRL:
		return add_policy_act(batch, act);
	case ACT_DELIVER:
	case ACT_REFUSE:
	case ACT_START:
	case ACT_KEY:
	case ACT_DISPATCH:
	case ACT_ACKNOWLEDGE:
		return add_small_act(batch, act);
	case ACT_DELIVERIES:
		return add_deliveries(batch, act);
	case ACT_OTHER:
	case ACT_FORCE:
	case ACTS:
		break;
	}
	return error_set(&act->err, ERROR_SYSTEM, "no such act");
}

static int64_t
now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

/* Have the checkpoint signed; this is the commit point. */
static bool
sign_journal(struct batch *batch, struct error *err)
{
	struct journal *journal = batch->record->journal;
	const uint64_t old = journal_size(journal);
	const int64_t began = now_us();
	struct merkle_proof proof;
	bool ok;

	ok = journal_prove_consistency(journal, old, batch->head.size, &proof,
		 err) &&
	    signer_checkpoint(batch->signer, &batch->head, &proof, err);
	metrics_time(METRIC_COMMIT_SIGNER, now_us() - began);
	ok = ok && journal_commit(journal, &batch->head, err);
	metrics_batch(batch->num);
	metrics_set(METRIC_JOURNAL_SIZE, (int64_t)batch->head.size);
	return ok;
}

static bool
is_on_version(const struct act_request *act)
{
	return act->act == ACT_DEPOSIT || act->act == ACT_SIGN ||
	    act->act == ACT_TERMINATE;
}

/*
 * Set the titles of new versions, which their acts brought; the lock is held.
 */
static void
set_titles(const struct batch *batch)
{
	struct ledger *ledger = batch->record->ledger;

	for (const struct act_request *act = batch->acts; act != NULL;
	     act = act->next) {
		struct ledger_document *doc;

		if (act->result != ACT_DONE || !is_on_version(act) ||
		    act->act == ACT_TERMINATE)
			continue;
		doc = ledger_find(ledger, act->document);
		if (doc != NULL)
			ledger_set_title(ledger, doc, act->title);
	}
}

/* Apply the entries to the ledger and the library. */
static bool
apply_ledger(struct batch *batch, struct error *err)
{
	const struct record *record = batch->record;
	bool ok = true;

	ledger_write_lock(record->ledger);
	for (size_t i = 0; ok && i < batch->num; i++)
		ok = ledger_apply(record->ledger, batch->first + i,
			 &batch->entries[i], err) &&
		    library_follow(record->library, batch->first + i,
			&batch->entries[i], err);
	if (ok)
		set_titles(batch);
	ledger_unlock(record->ledger);
	return ok;
}

/* Has the act objects, which need far more of the disk than its entry? */
static bool
has_objects(const struct act_request *act)
{
	return is_on_version(act) || act->act == ACT_POLICY ||
	    act->act == ACT_CRL;
}

/* Fail all acts, or those that have objects.  Returns how many that were. */
static unsigned
fail_acts(const struct batch *batch, bool all, const struct error *why)
{
	unsigned num = 0;

	for (struct act_request *act = batch->acts; act != NULL;
	     act = act->next)
		if (act->result == ACT_DONE && (all || has_objects(act))) {
			num++;
			act->result = ACT_FAILED;
			act->err = *why;
			snprintf(act->err.detail, sizeof(act->err.detail),
			    "it could not be stored; nothing was changed, try"
			    " again later");
		}
	return num;
}

/* Remove the entries after the first num. */
static void
undo_entries(struct batch *batch, size_t num)
{
	batch->num = num;
	batch->lines.len = num > 0 ? batch->ends[num - 1] : 0;
}

/* Add the acts that did not fail before. */
static void
add_acts(struct batch *batch)
{
	for (struct act_request *act = batch->acts; act != NULL;
	     act = act->next) {
		const size_t before = batch->num;

		if (act->result != ACT_DONE)
			continue;
		if (add_act(batch, act)) {
			batch->exclusive =
			    batch->exclusive || act_is_exclusive(act);
			continue;
		}
		undo_entries(batch, before);
		act->result = ACT_FAILED;
		log_error("act", "document=%s reason=%s",
		    log_text(act->document), log_text(act->err.detail));
		/* A full disk fails this act only, not the daemon. */
		error_make_unavailable(&act->err);
	}
}

struct batch *
batch_new(const struct record *record, struct signer *signer,
    const struct batch_state *state, struct act_request *acts,
    struct error *err)
{
	struct batch *batch = calloc(1, sizeof(*batch));
	size_t num = 0;

	for (struct act_request *act = acts; act != NULL; act = act->next) {
		act->result = ACT_DONE;
		num++;
	}
	if (batch != NULL) {
		batch->record = record;
		batch->signer = signer;
		batch->state = *state;
		batch->acts = acts;
		batch->first = state->size;
		batch->time_ms = time_now_ms();
		if (batch->time_ms < state->time_ms)
			batch->time_ms = state->time_ms;
		batch->lines = BUF(SIZE_MAX);
		/* Each act has an entry, and perhaps a "force". */
		batch->entries = malloc(2 * num * sizeof(*batch->entries));
		batch->ends = malloc(2 * num * sizeof(*batch->ends));
		batch->touched = malloc(num * sizeof(*batch->touched));
	}
	if (batch == NULL || batch->entries == NULL || batch->ends == NULL ||
	    batch->touched == NULL) {
		error_set_errno(err, "batch");
		batch_free(batch);
		return NULL;
	}
	if ((batch->pack = pack_new(record->store, err)) == NULL) {
		batch_free(batch);
		return NULL;
	}
	return batch;
}

void
batch_free(struct batch *batch)
{
	if (batch == NULL)
		return;
	pack_free(batch->pack);
	buf_free(&batch->lines);
	free(batch->entries);
	free(batch->ends);
	free(batch->touched);
	free(batch);
}

/*
 * List the refs of the chains of policies and CRLs that must move; returns
 * their number.  Unlike the documents' branches, which are written later, they
 * belong to the batch: their entries name no commit, so they could not be
 * restored.
 */
static size_t
list_names(const struct batch *batch, struct branch names[])
{
	size_t num = 0;

	for (const struct act_request *act = batch->acts; act != NULL;
	     act = act->next)
		if (act->result == ACT_DONE &&
		    (act->act == ACT_POLICY || act->act == ACT_CRL))
			names[num++] =
			    (struct branch){ act->act == ACT_POLICY ? REF_POLICY
								    : REF_CRLS,
				    act->commit };
	return num;
}

/*
 * Objects and names are durable now: measure their time apart from the
 * entries'.
 */
static void
measure_objects(void *arg)
{
	int64_t *began = arg;
	const int64_t now = now_us();

	metrics_time(METRIC_COMMIT_PACK, now - *began);
	*began = now;
}

/* Propose the whole batch to the backend: objects, names and entries. */
static bool
propose(struct batch *batch, struct error *err)
{
	struct span *lines = calloc(batch->num, sizeof(*lines));
	struct branch *names = calloc(batch->num, sizeof(*names));
	int64_t began = now_us();
	struct proposal proposal = { .entries = lines,
		.num_entries = batch->num,
		.objects = pack_objects(batch->pack),
		.names = names,
		.stored = measure_objects,
		.arg = &began };
	size_t from = 0;
	bool ok = lines != NULL && names != NULL;

	if (!ok)
		error_set_errno(err, "journal");
	for (size_t i = 0; ok && i < batch->num; i++) {
		lines[i] = span_sub(buf_span(&batch->lines), from,
		    batch->ends[i] - from);
		from = batch->ends[i];
	}
	if (ok)
		proposal.num_names = list_names(batch, names);
	batch->head.time_ms = batch->time_ms;
	ok = ok &&
	    journal_propose(batch->record->journal, &proposal, &batch->head,
		err);
	metrics_time(METRIC_COMMIT_ENTRIES, now_us() - began);
	free(lines);
	free(names);
	return ok;
}

/*
 * Have the disk set apart what applying the entries will write, with those of
 * the batch before, which may not be applied yet.
 */
static bool
allocate_ledger(const struct batch *batch, struct error *err)
{
	const struct record *record = batch->record;

	while (!ledger_allocate(record->ledger,
	    batch->num + 2 * LIMIT_BATCH_ACTS, err)) {
		if (!err->is_full)
			return false;
		if (!journal_use_reserve(record->journal, 0))
			return error_make_unavailable(err);
		*err = (struct error){ 0 };
	}
	return true;
}

/*
 * Nothing was stored: fail the acts that have objects, or all if none has, and
 * begin anew without them.
 */
static bool
begin_again(struct batch *batch, const struct batch_state *before,
    const struct error *why, struct error *err)
{
	log_error("pack", "reason=%s", log_text(why->detail));
	if (fail_acts(batch, false, why) == 0)
		fail_acts(batch, true, why);
	undo_entries(batch, 0);
	batch->state = *before;
	batch->exclusive = false;
	batch->num_touched = 0;
	pack_free(batch->pack);
	batch->pack = pack_new(batch->record->store, err);
	return batch->pack != NULL;
}

bool
batch_append(struct batch *batch, struct error *err)
{
	const struct batch_state before = batch->state;
	struct error why;

	for (;;) {
		add_acts(batch);
		if (batch->num == 0)
			return true;
		batch->state.size = batch->first + batch->num;
		batch->state.time_ms = batch->time_ms;
		if (allocate_ledger(batch, err) && propose(batch, err))
			return true;
		if (err->kind != ERROR_UNAVAILABLE && err->kind != ERROR_FULL)
			return false;
		why = *err;
		*err = (struct error){ 0 };
		if (!begin_again(batch, &before, &why, err))
			return false;
	}
}

bool
batch_commit(struct batch *batch, struct error *err)
{
	return batch->num == 0 ||
	    (sign_journal(batch, err) && apply_ledger(batch, err));
}

struct batch_state
batch_next(const struct batch *batch)
{
	return batch->state;
}

unsigned
batch_num_versions(const struct batch *batch)
{
	unsigned num = 0;

	for (const struct act_request *act = batch->acts; act != NULL;
	     act = act->next)
		num += act->result == ACT_DONE && is_on_version(act);
	return num;
}
