/*
 * When an act was sent.  An act that came by bag may be journaled long after
 * it was signed, if its slip, the signed waybill that lists the slip, and the
 * waybill's entry prove when the bag was dispatched: what the entry of the act
 * says of that is the depositary's word alone.
 */
#include <stdlib.h>
#include <string.h>

#include "bag/judge.h"
#include "bag/slip.h"
#include "bag/waybill.h"
#include "base/time.h"
#include "verdict/judge.h"

enum { SECONDS_BEFORE = 24 * 60 * 60 };

/* The slip and the waybill that the container has beside one signature. */
struct papers {
	const struct member *slip, *waybill, *p7s;
	char path[LIMIT_PATH_BYTES + 1]; /* of the waybill */
};

static struct papers
find_papers(const struct judge *judge,
    const struct verdict_signature *signature)
{
	const struct container *container = judge->request->container;
	char path[LIMIT_PATH_BYTES + 1];
	struct papers papers;

	snprintf(path, sizeof(path), PATH_SLIP_OF, signature->id);
	papers.slip = container_find(container, path);
	snprintf(path, sizeof(path), PATH_P7S_OF, signature->id);
	papers.p7s = container_find(container, path);
	snprintf(papers.path, sizeof(papers.path), PATH_WAYBILL_OF,
	    signature->id);
	papers.waybill = container_find(container, papers.path);
	return papers;
}

static bool
is_within(const struct verdict_signature *signature, int64_t sent_ms)
{
	const int64_t at = sent_ms / 1000;

	return signature->signing_at >= at - SECONDS_BEFORE &&
	    signature->signing_at <= at + TIME_SKEW_SECONDS;
}

static bool
judge_signing_time(struct judge *judge, const char *path,
    const struct verdict_signature *signature)
{
	char said[TIME_TEXT], was[TIME_TEXT];

	if (is_within(signature, signature->sent_ms))
		return true;
	time_format_at(signature->signing_at, said);
	time_format_at(signature->sent_ms / 1000, was);
	return judge_find(judge, FINDING_SIGNING_TIME, path,
	    "it says that it was signed at %s, but it came at %s: more than"
	    " 24 hours before or 5 minutes after (is a clock wrong?)",
	    said, was);
}

/* Nothing proves when it was dispatched: is that needed? */
static bool
judge_unproved(struct judge *judge, const char *path,
    struct verdict_signature *signature, const struct verdict_act *act)
{
	char was[TIME_TEXT];

	/*
	 * A data folder's own journal may have acts from before there were
	 * slips.
	 */
	if (act != NULL && judge->request->expect == EXPECT_STORED)
		signature->sent_ms = act->entry.dispatched_ms;
	if (is_within(signature, signature->sent_ms) ||
	    (act != NULL && judge->request->expect == EXPECT_STORED) ||
	    signature->signing_at * 1000 > signature->sent_ms)
		return judge_signing_time(judge, path, signature);
	if (act == NULL)
		return judge_find(judge, FINDING_WAYBILL_MISSING, path,
		    "it was signed more than 24 hours ago, and an older"
		    " program packed its bag, without a slip that proves when"
		    " that was dispatched: who signed it has to make and pack"
		    " it again");
	time_format_at(signature->judged_ms / 1000, was);
	return judge_find(judge, FINDING_WAYBILL_MISSING, path,
	    "it came by bag at %s, more than 24 hours after it was signed, and"
	    " this copy does not prove when the bag was dispatched: fetch the"
	    " document again; where that does not help, an older program"
	    " packed the bag, and only a next version, signed anew, can be"
	    " VALID",
	    was);
}

/* Check that it is the slip of this act, and that the waybill lists it. */
static bool
check_slip(const struct judge *judge, const struct papers *papers,
    const struct verdict_signature *signature, const struct waybill *waybill,
    struct error *why)
{
	const struct version *version = judge->out->version;
	struct slip slip;

	if (!waybill_lists_slip(waybill, &papers->slip->sha256))
		return error_set(why, ERROR_UNTRUSTED,
		    "it does not list the slip that lies beside it");
	if (!slip_parse(member_bytes(papers->slip), &slip, why))
		return false;
	return (slip.is_deposit == (strcmp(signature->id, "origin") == 0) &&
		   !signature->terminates &&
		   strcmp(slip.document, version->document) == 0 &&
		   slip.version == version->number &&
		   digest_eq(&slip.digest, &judge->out->digest) &&
		   digest_eq(&slip.signature, &signature->signature)) ||
	    error_set(why, ERROR_UNTRUSTED,
		"the slip beside it is of another act");
}

/*
 * Check that the person whom it names signed it, and may still lend that name
 * then.
 */
static bool
check_waybill(const struct judge *judge, const struct papers *papers,
    const struct verdict_signature *signature, struct policy *policy,
    const struct waybill *waybill, struct error *why)
{
	const struct verdict_request *request = judge->request;
	const struct bag_signature it = { member_bytes(papers->waybill),
		member_bytes(papers->p7s), waybill->from, waybill->person,
		waybill->dispatched_at, signature->judged_ms / 1000, false };

	if (strcmp(waybill->person, signature->person) != 0 ||
	    strcmp(waybill->from, signature->office) != 0)
		return error_set(why, ERROR_UNTRUSTED,
		    "it is of %s of %s, and the act of %s of %s",
		    waybill->person, waybill->from, signature->person,
		    signature->office);
	return bag_judge(request->certs, policy, judge->revocation, &it, why);
}

/*
 * Find the entry of a waybill, before that of an act (UINT64_MAX: a live one).
 */
static const struct verdict_act *
find_dispatch(const struct judge *judge, const struct digest *waybill,
    uint64_t before)
{
	const bool delivered = judge->request->expect == EXPECT_DELIVERED;
	const struct verdict_act *list =
	    delivered ? judge->dispatches : judge->request->dispatches;
	const size_t num =
	    delivered ? judge->num_dispatches : judge->request->num_dispatches;

	for (size_t i = 0; i < num; i++)
		if (digest_eq(&list[i].entry.digest, waybill) &&
		    list[i].index < before)
			return &list[i];
	return NULL;
}

/*
 * Check that the entry is of this waybill, at a time when it can have been
 * sent.
 */
static bool
check_dispatch(const struct waybill *waybill, const struct entry *entry,
    struct error *why)
{
	if (strcmp(entry->office, waybill->from) != 0 ||
	    strcmp(entry->person, waybill->person) != 0 ||
	    strcmp(entry->to, waybill->to) != 0 ||
	    entry->number != waybill->number)
		return error_set(why, ERROR_UNTRUSTED,
		    "its entry names another bag, of %s of %s", entry->person,
		    entry->office);
	return waybill->dispatched_at <=
	    entry->time_ms / 1000 + TIME_SKEW_SECONDS ||
	    error_set(why, ERROR_UNTRUSTED,
		"it says a later time of dispatch than its entry's");
}

/* Check everything, in the order in which one thing proves the next. */
static bool
check_papers(const struct judge *judge, const struct papers *papers,
    struct verdict_signature *signature, struct policy *policy,
    const struct verdict_act *act, const struct verdict_act *dispatch,
    struct error *why)
{
	struct waybill *waybill =
	    waybill_parse(member_bytes(papers->waybill), why);
	bool ok;

	ok = waybill != NULL &&
	    check_slip(judge, papers, signature, waybill, why) &&
	    check_waybill(judge, papers, signature, policy, waybill, why) &&
	    (dispatch == NULL ||
		check_dispatch(waybill, &dispatch->entry, why));
	if (ok && act != NULL &&
	    act->entry.dispatched_ms != waybill->dispatched_at * 1000)
		ok = error_set(why, ERROR_UNTRUSTED,
		    "the act's entry tells another time of dispatch");
	if (ok && dispatch != NULL)
		signature->sent_ms = waybill->dispatched_at * 1000;
	waybill_free(waybill);
	return ok;
}

bool
judge_dispatch(struct judge *judge, const char *path,
    struct verdict_signature *signature, struct policy *policy)
{
	const struct papers papers = find_papers(judge, signature);
	const struct verdict_act *act = judge_act_of(judge, signature);
	const struct verdict_act *dispatch;
	const struct digest *named = act == NULL    ? judge->request->waybill
	    : entry_has(&act->entry, ENTRY_WAYBILL) ? &act->entry.waybill
						    : NULL;
	struct error why = { 0 };

	signature->sent_ms = signature->judged_ms;
	if (act == NULL && !signature->is_live)
		named = NULL;
	if (papers.slip == NULL && papers.waybill == NULL && papers.p7s == NULL)
		return named == NULL
		    ? judge_signing_time(judge, path, signature)
		    : judge_unproved(judge, path, signature, act);
	if (papers.slip == NULL || papers.waybill == NULL || papers.p7s == NULL)
		return judge_find(judge, FINDING_WAYBILL_DIFFERS, papers.path,
		    "a slip, a waybill and its signature belong together");
	if (named == NULL || !digest_eq(named, &papers.waybill->sha256))
		return judge_find(judge, FINDING_WAYBILL_DIFFERS, papers.path,
		    "the act that lies beside it came by another bag, or by"
		    " none");
	dispatch =
	    find_dispatch(judge, named, act != NULL ? act->index : UINT64_MAX);
	if (!check_papers(judge, &papers, signature, policy, act, dispatch,
		&why))
		return judge_find_error(judge, FINDING_WAYBILL_DIFFERS,
		    papers.path, &why);
	return dispatch != NULL ? judge_signing_time(judge, path, signature)
				: judge_unproved(judge, path, signature, act);
}

bool
judge_stray_slips(struct judge *judge)
{
	const struct container *container = judge->request->container;
	char id[LIMIT_NAME_BYTES + 1];

	for (size_t i = 0; i < container->num; i++) {
		const char *path = container->members[i].path;

		if (path_slip_id(path, id) &&
		    verdict_signature(judge->out, id) == NULL &&
		    !judge_find(judge, FINDING_FILE_UNSIGNED, path,
			"it is of no signature that is there"))
			return false;
	}
	return true;
}
