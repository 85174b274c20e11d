/*
 * The acts of a batch become objects and entries (batch_parts.h).
 */
#include "daemon/writer/batch_parts.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/rand.h>

#include "base/text.h"
#include "record/refs.h"

/* Until witnesses have cosigned and the daemon was started anew. */
enum { REPLACING_RETRY_SECONDS = 600 };

/* Salts are drawn many at a time: each call has its own price. */
static bool
take_salt(struct batch *batch, uint8_t salt[BATCH_SALT], struct error *err)
{
	if (batch->num_salts == 0) {
		if (RAND_bytes(batch->salts, sizeof(batch->salts)) != 1)
			return error_set_openssl(err, ERROR_SYSTEM,
			    "random bytes");
		batch->num_salts = sizeof(batch->salts) / BATCH_SALT;
	}
	memcpy(salt, batch->salts + --batch->num_salts * BATCH_SALT,
	    BATCH_SALT);
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

bool
batch_add_act(struct batch *batch, struct act_request *act)
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
