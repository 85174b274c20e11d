/*
 * Receipts: the acts of a version that its journal proves.
 */
#include <stdlib.h>
#include <string.h>

#include "bag/slip.h"
#include "base/text.h"
#include "verdict/judge.h"

/*
 * All receipts have one note: it is verified once, and the others must be the
 * same bytes.
 */
struct batch {
	struct buf note;
	struct checkpoint checkpoint;
	bool known;
};

static bool
check_proof(const struct proof *proof, struct batch *batch,
    const struct note_keys *keys, struct error *why)
{
	const struct digest leaf = merkle_leaf(buf_span(&proof->entry));

	if (!batch->known) {
		if (!note_open(buf_span(&proof->note), keys, &batch->checkpoint,
			why) ||
		    !buf_append(&batch->note, buf_span(&proof->note), why))
			return false;
		batch->known = true;
	} else if (!span_eq(buf_span(&batch->note), buf_span(&proof->note))) {
		return error_set(why, ERROR_UNTRUSTED,
		    "it leads to another checkpoint than the others");
	}
	return merkle_verify_inclusion(proof->index, batch->checkpoint.size,
		   &leaf, &proof->path, &batch->checkpoint.root) ||
	    error_set(why, ERROR_UNTRUSTED,
		"its entry %llu is not in the journal of size %llu",
		(unsigned long long)proof->index,
		(unsigned long long)batch->checkpoint.size);
}

/*
 * Check that the entry is an act of this very version, or the dispatch of one.
 */
static bool
check_entry(const struct judge *judge, const struct entry *entry,
    struct error *why)
{
	const struct version *version = judge->out->version;

	if (entry->act == ACT_DISPATCH)
		return slip_has_waybill(judge->request->container,
			   &entry->digest) ||
		    error_set(why, ERROR_UNTRUSTED,
			"it is of a bag whose waybill is not in the copy");
	if (entry->act != ACT_DEPOSIT && entry->act != ACT_SIGN &&
	    entry->act != ACT_FORCE && entry->act != ACT_TERMINATE)
		return error_set(why, ERROR_UNTRUSTED,
		    "\"%s\" is no act of a version", entry->act_name);
	if (strcmp(entry->document, version->document) != 0 ||
	    entry->version != version->number ||
	    !digest_eq(&entry->digest, &judge->out->digest))
		return error_set(why, ERROR_UNTRUSTED,
		    "it is of %s@%llu with another version digest",
		    entry->document, (unsigned long long)entry->version);
	return true;
}

static bool
append_act(struct verdict_act **list, size_t *num,
    const struct verdict_act *act, struct error *err)
{
	struct verdict_act *all = realloc(*list, (*num + 1) * sizeof(*all));

	if (all == NULL)
		return error_set_errno(err, "receipt");
	*list = all;
	all[(*num)++] = *act;
	return true;
}

/* A dispatch is no act of the version, so it is kept apart. */
static bool
add_act(struct judge *judge, const struct verdict_act *act)
{
	return act->entry.act == ACT_DISPATCH
	    ? append_act(&judge->dispatches, &judge->num_dispatches, act,
		  judge->err)
	    : append_act(&judge->out->acts, &judge->out->num_acts, act,
		  judge->err);
}

/*
 * Find out who cosigned the checkpoint; the line of a known witness must be
 * good.
 */
static bool
judge_witnesses(struct judge *judge, const struct batch *batch)
{
	const struct witnesses *witnesses = judge->request->witnesses;
	struct cosignature lines[LIMIT_WITNESSES];
	struct verdict *out = judge->out;
	struct error why = { 0 };

	if (witnesses == NULL || !batch->known)
		return true;
	if (!note_cosignatures(buf_span(&batch->note), witnesses->keys,
		witnesses->num, lines, &out->num_witnesses, &why)) {
		out->num_witnesses = 0;
		return judge_find_error(judge, FINDING_RECEIPT_BROKEN, "",
		    &why);
	}
	for (size_t i = 0; i < out->num_witnesses; i++) {
		struct verdict_witness *one = &out->witnesses[i];

		one->at = lines[i].at;
		text_set(one->name, sizeof(one->name),
		    witnesses->names[lines[i].witness]);
	}
	return true;
}

static bool
judge_receipt(struct judge *judge, const struct member *member,
    struct batch *batch)
{
	char named[LIMIT_PATH_BYTES + 1];
	struct proof proof = PROOF;
	struct verdict_act *act = calloc(1, sizeof(*act));
	struct error why = { 0 };
	bool ok;

	if (act == NULL)
		return error_set_errno(judge->err, "receipt");
	ok = proof_parse(member_bytes(member), &proof, &why) &&
	    check_proof(&proof, batch, judge->request->journal, &why) &&
	    entry_parse(buf_span(&proof.entry), &act->entry, &why) &&
	    check_entry(judge, &act->entry, &why);
	snprintf(named, sizeof(named), PATH_RECEIPT,
	    (unsigned long long)proof.index);
	if (ok && strcmp(named, member->path) != 0)
		ok = error_set(&why, ERROR_UNTRUSTED,
		    "its name is not that of entry %llu",
		    (unsigned long long)proof.index);
	act->index = proof.index;
	act->size = batch->checkpoint.size;
	ok = ok ? add_act(judge, act)
		: judge_find_error(judge, FINDING_RECEIPT_BROKEN, member->path,
		      &why);
	free(act);
	proof_free(&proof);
	return ok;
}

bool
judge_receipts(struct judge *judge)
{
	const struct container *container = judge->request->container;
	struct batch batch = { .note = BUF(LIMIT_NOTE_FILE) };
	size_t num = 0;
	bool ok = true;

	for (size_t i = 0; ok && i < container->num; i++) {
		if (!path_is_receipt(container->members[i].path))
			continue;
		if (++num > LIMIT_RECEIPTS)
			ok = error_set(judge->err, ERROR_LIMIT,
			    "more than %d receipts", LIMIT_RECEIPTS);
		else
			ok = judge_receipt(judge, &container->members[i],
			    &batch);
	}
	ok = ok && judge_witnesses(judge, &batch);
	buf_free(&batch.note);
	return ok;
}

/* Check the quorum of witnesses, for a caller that insists on it. */
static bool
judge_witnessed(struct judge *judge)
{
	const struct verdict_request *request = judge->request;
	const size_t num = judge->out->num_witnesses;

	if (!request->must_be_witnessed)
		return true;
	if (request->witnesses == NULL || request->witnesses->quorum == 0)
		return judge_find(judge, FINDING_NOT_WITNESSED, "",
		    "the policy that you accepted names no witnesses");
	return num >= request->witnesses->quorum ||
	    judge_find(judge, FINDING_NOT_WITNESSED, "",
		"%zu of %u witnesses have cosigned the checkpoint that its"
		" receipts lead to: fetch it again once the others have",
		num, request->witnesses->quorum);
}

bool
judge_journal(struct judge *judge)
{
	const struct verdict_act *newest = judge_newest(judge);

	if (judge->request->expect == EXPECT_DEPOSIT)
		return true;
	if (!judge_acts_have_signatures(judge) || !judge_course(judge) ||
	    !judge_witnessed(judge))
		return false;
	return newest == NULL || judge->request->live != NULL ||
	    digest_eq(&newest->entry.contents, &judge->out->contents) ||
	    judge_find(judge, FINDING_CONTENTS_DIFFER, "",
		"its files are not, all together, those that entry %llu of the"
		" journal tells of: something was altered, added or left"
		" out",
		(unsigned long long)newest->index);
}
