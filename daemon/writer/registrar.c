#include "daemon/writer/registrar.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/rand.h>

#include "base/time.h"
#include "daemon/log.h"
#include "daemon/metrics.h"
#include "record/refs.h"
#include "record/titles.h"

enum {
	IDLE_SECONDS = 3,
	/* Branches are written when nobody waits, at latest after these. */
	REFS_ACTS = 4096,
	REFS_MS = 60 * 1000,
	REFS_IDLE_MS = 50,   /* nobody waits for so long */
	REFS_IDLE_COST = 20, /* and for so many times what a writing takes */
};

struct registrar_queue {
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	struct act_request *first, **end;
	bool stopping, started;
	struct judged_by now; /* under the mutex */
	/* Its thread's: acts that no branch shows, since when, what it costs. */
	unsigned refs_behind;
	int64_t refs_since_ms, refs_cost_ms;
};

int64_t
registrar_time_ms(struct registrar *registrar)
{
	const int64_t now = time_now_ms();
	int64_t last;

	ledger_read_lock(registrar->ledger);
	last = ledger_time_ms(registrar->ledger);
	ledger_unlock(registrar->ledger);
	return now > last ? now : last;
}

struct judged_by
registrar_now(struct registrar *registrar)
{
	struct judged_by now;

	pthread_mutex_lock(&registrar->queue->mutex);
	now = registrar->queue->now;
	pthread_mutex_unlock(&registrar->queue->mutex);
	return now;
}

/* One commit of the journal, under way. */
struct batch {
	struct registrar *registrar;
	struct judged_by now;
	int64_t time_ms;
	struct pack *pack;
	struct buf lines; /* entries back to back */
	size_t ends[2 * LIMIT_BATCH_ACTS + 8];
	struct entry *entries; /* the same, as they are */
	size_t num;
};

static bool
add_entry(struct batch *batch, struct entry *entry, struct error *err)
{
	entry->time_ms = batch->time_ms;
	entry->has |= UINT32_C(1) << ENTRY_TIME | UINT32_C(1) << ENTRY_SALT |
	    UINT32_C(1) << ENTRY_POLICY;
	entry->policy = batch->now.policy->digest;
	if (RAND_bytes(entry->salt, sizeof(entry->salt)) != 1)
		return error_set_openssl(err, ERROR_SYSTEM, "random bytes");
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

/* Rules carry names of files: what is not printable ASCII is not shown. */
static void
copy_ascii(char *out, size_t room, const char *text)
{
	size_t n = 0;

	for (; *text != '\0' && n + 1 < room; text++)
		out[n++] = *text >= ' ' && *text < 127 ? *text : '?';
	out[n] = '\0';
}

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

/* Is it still what it was when it was judged? */
static bool
still_good(const struct batch *batch, struct act_request *act)
{
	struct ledger *ledger = batch->registrar->ledger;
	const struct ledger_document *doc;
	uint64_t last;

	if (act->judged.policy != batch->now.policy ||
	    act->judged.crls != batch->now.crls)
		return false;
	/* An act on this document earlier in this batch has no index yet. */
	for (size_t i = 0; i < batch->num; i++)
		if (entry_has(&batch->entries[i], ENTRY_COMMIT) &&
		    strcmp(batch->entries[i].document, act->document) == 0)
			return false;
	ledger_read_lock(ledger);
	doc = ledger_find(ledger, act->document);
	last = doc != NULL ? doc->last : LEDGER_NONE;
	ledger_unlock(ledger);
	return last == act->judged.last;
}

static bool
find_parent(const struct batch *batch, const struct act_request *act,
    struct commit_request *request)
{
	struct ledger *ledger = batch->registrar->ledger;
	const struct ledger_document *doc;

	ledger_read_lock(ledger);
	doc = ledger_find(ledger, act->document);
	if (doc != NULL && doc->num_versions > 0) {
		request->parent = doc->tip;
		request->has_parent = true;
	}
	ledger_unlock(ledger);
	return true;
}

/* Seal, tree, commit: everything about a version but its entry. */
static bool
prepare_version(struct batch *batch, struct act_request *act)
{
	struct registrar *registrar = batch->registrar;
	struct commit_request request = { .act = act_name(act->act),
		.document = act->document,
		.version = act->version,
		.person = act->person,
		.at = batch->time_ms / 1000,
		.digest = act->digest };
	struct buf commit = BUF(LIMIT_SIGNER_REQUEST);
	bool ok;

	ok = signer_seal(registrar->signer, act->container, &act->err) &&
	    container_hash(act->container, NULL, &act->err) &&
	    container_contents(act->container, &request.contents, &act->err) &&
	    pack_add_tree(batch->pack, act->container, true, &request.tree,
		&act->err) &&
	    find_parent(batch, act, &request) &&
	    signer_commit(registrar->signer, &request, &commit, &act->err) &&
	    pack_add(batch->pack, OBJECT_COMMIT, buf_span(&commit),
		&act->commit, &act->err);
	act->new_contents = request.contents;
	buf_free(&commit);
	return ok;
}

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

static bool
add_version_act(struct batch *batch, struct act_request *act)
{
	struct entry entry = entry_of(act);

	if (!still_good(batch, act)) {
		act->result = ACT_AGAIN;
		return true;
	}
	if (!prepare_version(batch, act))
		return false;
	entry.has = HAS(DOCUMENT) | HAS(VERSION) | HAS(OFFICE) | HAS(PERSON) |
	    HAS(DIGEST) | HAS(MANIFEST) | HAS(SIGNATURE) | HAS(CONTENTS) |
	    HAS(COMMIT) | HAS(CRLS);
	entry.manifest = act->manifest;
	entry.signature = act->signature;
	entry.contents = act->new_contents;
	entry.crls = batch->now.crls->digest;
	memcpy(entry.commit, act->commit.bytes, OID_BYTES);
	set_prior(&entry, act->judged.last);
	if (act->dispatched_ms != 0) {
		entry.has |= HAS(WAYBILL) | HAS(DISPATCHED);
		entry.waybill = act->waybill;
		entry.dispatched_ms = act->dispatched_ms;
	}
	act->index = journal_size(batch->registrar->journal) + batch->num;
	return add_entry(batch, &entry, &act->err) &&
	    (!act->quorum || add_force(batch, act, act->index, &act->err));
}

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
		copy_ascii(entry.wanted, sizeof(entry.wanted), act->wanted);
		copy_ascii(entry.rule, sizeof(entry.rule), act->rule);
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
		set_prior(&entry,
		    ledger_last(batch->registrar->ledger, act->act));
		/* It is the last entry that the old key signs. */
		batch->registrar->replacing = true;
	} else {
		entry.has = HAS(SOFTWARE);
		snprintf(entry.software, sizeof(entry.software),
		    "valised " VALISE_VERSION);
		set_prior(&entry,
		    ledger_last(batch->registrar->ledger, act->act));
	}
	act->index = journal_size(batch->registrar->journal) + batch->num;
	return add_entry(batch, &entry, &act->err);
}

/* A set of files onto its chain of commits, unless it is its newest. */
static bool
store_files(struct batch *batch, const char *ref, const char *what,
    const struct container *files, const struct digest *digest,
    struct act_request *act)
{
	struct registrar *registrar = batch->registrar;
	struct commit_request request = { .act = what,
		.at = batch->time_ms / 1000,
		.contents = *digest };
	struct buf commit = BUF(LIMIT_SIGNER_REQUEST);
	bool ok;

	request.has_parent =
	    store_get_ref(registrar->store, ref, &request.parent);
	ok = pack_add_tree(batch->pack, files, false, &request.tree,
		 &act->err) &&
	    signer_commit(registrar->signer, &request, &commit, &act->err) &&
	    pack_add(batch->pack, OBJECT_COMMIT, buf_span(&commit),
		&act->commit, &act->err);
	buf_free(&commit);
	return ok;
}

/* The entry of a policy, or of CRLs, is the first that is under it. */
static bool
add_library_entry(struct batch *batch, struct act_request *act)
{
	struct entry entry = { .act = act->act };

	if (act->act == ACT_POLICY) {
		batch->now.policy = act->judged.policy;
		entry.has = HAS(CHANGED);
		memcpy(entry.changed, act->changed, sizeof(entry.changed));
	} else {
		batch->now.crls = act->judged.crls;
		entry.has = HAS(CRLS);
		entry.crls = act->judged.crls->digest;
	}
	set_prior(&entry, ledger_last(batch->registrar->ledger, act->act));
	act->index = journal_size(batch->registrar->journal) + batch->num;
	return add_entry(batch, &entry, &act->err);
}

/* What has no entry judges nothing: neither here nor at anybody else's. */
static bool
add_policy_act(struct batch *batch, struct act_request *act)
{
	const struct judged_by before = batch->now;
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
		batch->now = before;
	return ok;
}

static bool
add_act(struct batch *batch, struct act_request *act)
{
	if (batch->registrar->replacing)
		return error_set(&act->err, ERROR_UNAVAILABLE,
		    "the journal's key is being replaced: try again once its"
		    " witnesses have cosigned that");

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

static bool
commit_journal(struct batch *batch, struct error *err)
{
	struct registrar *registrar = batch->registrar;
	const uint64_t old = journal_size(registrar->journal);
	struct span *lines = calloc(batch->num, sizeof(*lines));
	struct head head = { .time_ms = batch->time_ms };
	struct merkle_proof proof;
	size_t from = 0;
	int64_t began;
	bool ok;

	if (lines == NULL)
		return error_set_errno(err, "journal");
	for (size_t i = 0; i < batch->num; i++) {
		lines[i] = span_sub(buf_span(&batch->lines), from,
		    batch->ends[i] - from);
		from = batch->ends[i];
	}
	began = now_us();
	ok = journal_append(registrar->journal, lines, batch->num, &head, err);
	metrics_time(METRIC_COMMIT_ENTRIES, now_us() - began);
	began = now_us();
	ok = ok &&
	    journal_prove_consistency(registrar->journal, old, head.size,
		&proof, err) &&
	    signer_checkpoint(registrar->signer, &head, &proof, err);
	metrics_time(METRIC_COMMIT_SIGNER, now_us() - began);
	ok = ok && journal_commit(registrar->journal, &head, err);
	metrics_batch(batch->num);
	metrics_set(METRIC_JOURNAL_SIZE, (int64_t)head.size);
	free(lines);
	return ok;
}

static bool
apply_ledger(struct batch *batch, struct error *err)
{
	struct registrar *registrar = batch->registrar;
	const uint64_t first = journal_size(registrar->journal) - batch->num;
	bool ok = true;

	ledger_write_lock(registrar->ledger);
	for (size_t i = 0; ok && i < batch->num; i++)
		ok = ledger_apply(registrar->ledger, first + i,
			 &batch->entries[i], err) &&
		    library_follow(registrar->library, first + i,
			&batch->entries[i], err);
	ledger_unlock(registrar->ledger);
	return ok;
}

/* Branches follow from the ledger: they are written later, all at once. */
static void
note_acts(struct registrar *registrar, const struct act_request *acts)
{
	struct registrar_queue *queue = registrar->queue;

	for (const struct act_request *act = acts; act != NULL;
	     act = act->next) {
		struct ledger_document *doc;

		if (act->result != ACT_DONE)
			continue;
		if (act->act != ACT_DEPOSIT && act->act != ACT_SIGN &&
		    act->act != ACT_TERMINATE)
			continue;
		if (queue->refs_behind++ == 0)
			queue->refs_since_ms = time_monotonic_ms();
		if (act->act == ACT_TERMINATE)
			continue;
		ledger_write_lock(registrar->ledger);
		doc = ledger_find(registrar->ledger, act->document);
		if (doc != NULL)
			ledger_set_title(registrar->ledger, doc, act->title);
		ledger_unlock(registrar->ledger);
	}
}

/*
 * Before the journal, unlike documents' refs: their entries name no commit, so
 * they could not be put right.  One set too many on the chain does no harm.
 */
static bool
move_library_refs(struct batch *batch, struct act_request *acts,
    struct error *err)
{
	for (struct act_request *act = acts; act != NULL; act = act->next)
		if (act->result == ACT_DONE &&
		    (act->act == ACT_POLICY || act->act == ACT_CRL) &&
		    !store_set_ref(batch->registrar->store,
			act->act == ACT_POLICY ? REF_POLICY : REF_CRLS,
			&act->commit, err))
			return false;
	return true;
}

static void
fail_all(struct act_request *acts, const struct error *why)
{
	for (struct act_request *act = acts; act != NULL; act = act->next)
		if (act->result == ACT_DONE) {
			act->result = ACT_FAILED;
			act->err = *why;
			act->err.kind = ERROR_UNAVAILABLE;
			snprintf(act->err.detail, sizeof(act->err.detail),
			    "it could not be stored; nothing was changed, try"
			    " again later");
		}
}

static void
undo_entries(struct batch *batch, size_t num)
{
	batch->num = num;
	batch->lines.len = num > 0 ? batch->ends[num - 1] : 0;
}

static void
run_batch(struct registrar *registrar, struct act_request *acts)
{
	struct batch batch = { .registrar = registrar,
		.now = registrar_now(registrar),
		.time_ms = registrar_time_ms(registrar),
		.lines = BUF(SIZE_MAX) };
	struct error err = { 0 };
	int64_t began;
	bool stored;

	batch.pack = pack_new(registrar->store, &err);
	batch.entries =
	    calloc(2 * LIMIT_BATCH_ACTS + 8, sizeof(*batch.entries));
	if (batch.pack == NULL || batch.entries == NULL) {
		if (batch.pack != NULL)
			error_set_errno(&err, "batch");
		pack_free(batch.pack);
		free(batch.entries);
		registrar->fatal(&err);
		return;
	}
	for (struct act_request *act = acts; act != NULL; act = act->next) {
		const size_t before = batch.num;

		act->result = ACT_DONE;
		if (add_act(&batch, act))
			continue;
		undo_entries(&batch, before);
		act->result = ACT_FAILED;
		log_error("act", "document=%s reason=%s",
		    log_text(act->document), log_text(act->err.detail));
		/* Whose disk is full loses this act, not the daemon. */
		act->err.kind = ERROR_UNAVAILABLE;
	}
	began = now_us();
	stored = pack_finish(batch.pack, &err);
	metrics_time(METRIC_COMMIT_PACK, now_us() - began);
	if (!stored || !move_library_refs(&batch, acts, &err)) {
		log_error("pack", "reason=%s", log_text(err.detail));
		fail_all(acts, &err);
		undo_entries(&batch, 0);
		batch.now = registrar_now(registrar);
	}
	/* A write or flush that fails here is never retried. */
	if (batch.num > 0 &&
	    (!commit_journal(&batch, &err) || !apply_ledger(&batch, &err)))
		registrar->fatal(&err);
	note_acts(registrar, acts);
	pthread_mutex_lock(&registrar->queue->mutex);
	registrar->queue->now = batch.now;
	pthread_mutex_unlock(&registrar->queue->mutex);
	pack_free(batch.pack);
	buf_free(&batch.lines);
	free(batch.entries);
}

static void
tidy(struct registrar *registrar, size_t enough)
{
	struct error err = { 0 };
	unsigned joined;

	if (!store_tidy(registrar->store, enough, &joined, &err))
		log_warning("tidy", "reason=%s", log_text(err.detail));
	else if (joined > 0)
		log_info("tidy", "joined=%u", joined);
}

static struct timespec
time_after_ms(int64_t ms)
{
	struct timespec at;

	clock_gettime(CLOCK_REALTIME, &at);
	at.tv_sec += ms / 1000;
	at.tv_nsec += ms % 1000 * 1000000;
	if (at.tv_nsec >= 1000000000) {
		at.tv_sec++;
		at.tv_nsec -= 1000000000;
	}
	return at;
}

static void
write_refs(struct registrar *registrar)
{
	struct registrar_queue *queue = registrar->queue;
	const int64_t began_ms = time_monotonic_ms();
	struct error err = { 0 };

	if (queue->refs_behind == 0)
		return;
	if (refs_write(registrar->store, registrar->ledger, &err)) {
		queue->refs_behind = 0;
		queue->refs_cost_ms = time_monotonic_ms() - began_ms;
		return;
	}
	/* A git command at work, or a full disk: later again. */
	log_warning("refs", "reason=%s", log_text(err.detail));
	queue->refs_behind = 1;
	queue->refs_since_ms = time_monotonic_ms();
	queue->refs_cost_ms = IDLE_SECONDS * 1000 / REFS_IDLE_COST;
}

/* They could be read from the texts again: what fails is only told. */
static void
write_titles(struct registrar *registrar)
{
	struct error err = { 0 };

	if (registrar->titles[0] != '\0' &&
	    ledger_titles_changed(registrar->ledger) &&
	    !titles_write(registrar->titles, registrar->journal,
		registrar->ledger, &err))
		log_warning("titles", "reason=%s", log_text(err.detail));
}

static bool
refs_are_late(const struct registrar_queue *queue)
{
	return queue->refs_behind >= REFS_ACTS ||
	    (queue->refs_behind > 0 &&
		time_monotonic_ms() - queue->refs_since_ms >= REFS_MS);
}

/* How long nobody must wait before there is something to do, and what. */
static int64_t
idle_ms(const struct registrar_queue *queue, bool *for_refs)
{
	const int64_t cost = queue->refs_cost_ms * REFS_IDLE_COST;

	*for_refs = queue->refs_behind > 0;
	if (!*for_refs)
		return IDLE_SECONDS * 1000;
	return cost > REFS_IDLE_MS ? cost : REFS_IDLE_MS;
}

/* All that wait, up to a bound; NULL when it is time to end. */
static struct act_request *
take_acts(struct registrar *registrar)
{
	struct registrar_queue *queue = registrar->queue;
	struct act_request *acts, **end;
	struct timespec until;
	bool for_refs;

	pthread_mutex_lock(&queue->mutex);
	while (queue->first == NULL && !queue->stopping) {
		until = time_after_ms(idle_ms(queue, &for_refs));
		if (pthread_cond_timedwait(&queue->wake, &queue->mutex,
			&until) == 0 ||
		    queue->first != NULL || queue->stopping)
			continue;
		pthread_mutex_unlock(&queue->mutex);
		if (for_refs) {
			write_refs(registrar);
		} else {
			tidy(registrar, STORE_PACKS_IDLE);
			write_titles(registrar);
		}
		pthread_mutex_lock(&queue->mutex);
	}
	acts = queue->first;
	end = &queue->first;
	for (unsigned i = 0; *end != NULL && i < LIMIT_BATCH_ACTS; i++)
		end = &(*end)->next;
	queue->first = *end;
	if (queue->first == NULL)
		queue->end = &queue->first;
	*end = NULL;
	pthread_mutex_unlock(&queue->mutex);
	return acts;
}

static void
tell_growth(const struct registrar *registrar)
{
	void *arg = __atomic_load_n(&registrar->grew_arg, __ATOMIC_ACQUIRE);

	if (arg != NULL)
		registrar->grew(arg);
}

static void *
run_thread(void *arg)
{
	struct registrar *registrar = arg;
	struct act_request *acts, *next;

	while ((acts = take_acts(registrar)) != NULL) {
		run_batch(registrar, acts);
		for (; acts != NULL; acts = next) {
			next = acts->next;
			acts->done(acts);
		}
		tell_growth(registrar);
		tidy(registrar, STORE_PACKS_BUSY);
		if (refs_are_late(registrar->queue)) {
			write_refs(registrar);
			write_titles(registrar);
		}
	}
	write_refs(registrar);
	write_titles(registrar);
	return NULL;
}

bool
registrar_start(struct registrar *registrar, struct error *err)
{
	struct registrar_queue *queue = calloc(1, sizeof(*queue));

	if (queue == NULL)
		return error_set_errno(err, "registrar");
	pthread_mutex_init(&queue->mutex, NULL);
	pthread_cond_init(&queue->wake, NULL);
	queue->end = &queue->first;
	queue->now = registrar->now;
	registrar->queue = queue;
	queue->started =
	    pthread_create(&queue->thread, NULL, run_thread, registrar) == 0;
	return queue->started ||
	    error_set(err, ERROR_SYSTEM, "registrar: no thread");
}

void
registrar_stop(struct registrar *registrar)
{
	struct registrar_queue *queue = registrar->queue;

	if (queue == NULL)
		return;
	pthread_mutex_lock(&queue->mutex);
	queue->stopping = true;
	pthread_cond_signal(&queue->wake);
	pthread_mutex_unlock(&queue->mutex);
	if (queue->started)
		pthread_join(queue->thread, NULL);
	pthread_mutex_destroy(&queue->mutex);
	pthread_cond_destroy(&queue->wake);
	free(queue);
	registrar->queue = NULL;
}

void
registrar_submit(struct registrar *registrar, struct act_request *act)
{
	struct registrar_queue *queue = registrar->queue;

	act->next = NULL;
	pthread_mutex_lock(&queue->mutex);
	*queue->end = act;
	queue->end = &act->next;
	pthread_cond_signal(&queue->wake);
	pthread_mutex_unlock(&queue->mutex);
}

struct waiting {
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	bool done;
};

static void
wake_waiting(struct act_request *act)
{
	struct waiting *waiting = act->arg;

	pthread_mutex_lock(&waiting->mutex);
	waiting->done = true;
	pthread_cond_signal(&waiting->wake);
	pthread_mutex_unlock(&waiting->mutex);
}

bool
registrar_do(struct registrar *registrar, struct act_request *act,
    struct error *err)
{
	struct waiting waiting = { .done = false };

	pthread_mutex_init(&waiting.mutex, NULL);
	pthread_cond_init(&waiting.wake, NULL);
	act->done = wake_waiting;
	/* It is decided before this function returns. */
	/* cppcheck-suppress autoVariables */
	act->arg = &waiting;
	registrar_submit(registrar, act);
	pthread_mutex_lock(&waiting.mutex);
	while (!waiting.done)
		pthread_cond_wait(&waiting.wake, &waiting.mutex);
	pthread_mutex_unlock(&waiting.mutex);
	pthread_mutex_destroy(&waiting.mutex);
	pthread_cond_destroy(&waiting.wake);
	if (act->result == ACT_DONE)
		return true;
	*err = act->err;
	return false;
}

/* The names of the files in which two policies differ. */
static void
list_changes(const struct policy *old, const struct policy *new, char out[2048])
{
	const struct container *all[2] = { new->files,
		old != NULL ? old->files : NULL };
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < 2; i++)
		for (size_t j = 0; all[i] != NULL && j < all[i]->num; j++) {
			const struct member *one = &all[i]->members[j];
			const struct member *other = all[1 - i] != NULL
			    ? container_find(all[1 - i], one->path)
			    : NULL;

			if ((other != NULL &&
				digest_eq(&one->sha256, &other->sha256)) ||
			    (i == 1 && other != NULL) ||
			    used + strlen(one->path) + 12 > 2048)
				continue;
			copy_ascii(out + used, 2048 - used, POLICY_PREFIX);
			used += strlen(out + used);
			copy_ascii(out + used, 2048 - used, one->path);
			used += strlen(out + used);
			out[used++] = '\n';
			out[used] = '\0';
		}
}

static bool
adopt_policy(struct registrar *registrar, struct policy *policy,
    struct error *err)
{
	struct act_request *act;
	struct digest newest;
	bool known, ok;

	ledger_read_lock(registrar->ledger);
	known = ledger_newest(registrar->ledger, ACT_POLICY, &newest);
	ledger_unlock(registrar->ledger);
	if (known && digest_eq(&newest, &policy->digest))
		return true;
	if ((act = calloc(1, sizeof(*act))) == NULL)
		return error_set_errno(err, "policy");
	act->act = ACT_POLICY;
	act->judged.policy = policy;
	list_changes(known ? library_policy(registrar->library, &newest) : NULL,
	    policy, act->changed);
	ok = registrar_do(registrar, act, err);
	free(act);
	return ok;
}

static bool
adopt_crls(struct registrar *registrar, const struct crl_set *crls,
    struct error *err)
{
	struct act_request *act;
	struct digest newest;
	bool known, ok;

	ledger_read_lock(registrar->ledger);
	known = ledger_newest(registrar->ledger, ACT_CRL, &newest);
	ledger_unlock(registrar->ledger);
	if (known && digest_eq(&newest, &crls->digest))
		return true;
	if ((act = calloc(1, sizeof(*act))) == NULL)
		return error_set_errno(err, "CRLs");
	act->act = ACT_CRL;
	act->judged.crls = crls;
	ok = registrar_do(registrar, act, err);
	free(act);
	return ok;
}

bool
registrar_adopt(struct registrar *registrar, struct policy *policy,
    const struct crl_set *crls, struct error *err)
{
	struct registrar_queue *queue = registrar->queue;

	if (!adopt_policy(registrar, policy, err) ||
	    !adopt_crls(registrar, crls, err))
		return false;
	pthread_mutex_lock(&queue->mutex);
	queue->now.policy = policy;
	queue->now.crls = crls;
	pthread_mutex_unlock(&queue->mutex);
	return true;
}
