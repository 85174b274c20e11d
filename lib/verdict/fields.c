/*
 * The table of fields, and what compares them.
 */
#include "verdict/fields.h"

#include <stdarg.h>
#include <string.h>

#include "base/time.h"

static bool differs(char why[FIELD_WHY], const char *fmt, ...) PRINTF(2, 3);

static bool
differs(char why[FIELD_WHY], const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, FIELD_WHY, fmt, args);
	va_end(args);
	return false;
}

/* --- Times. --- */

static bool
good_order(const struct field_view *view, char why[FIELD_WHY])
{
	char now[TIME_TEXT], last[TIME_TEXT];

	if (view->entry->time_ms >= view->before_ms)
		return true;
	time_format_ms(view->entry->time_ms, now);
	time_format_ms(view->before_ms, last);
	return differs(why,
	    "its time, %s, is before %s, that of an entry"
	    " before it: the journal's time never runs"
	    " backwards",
	    now, last);
}

static bool
good_created(const struct field_view *view, char why[FIELD_WHY])
{
	char now[TIME_TEXT], created[TIME_TEXT];

	if (view->copy == NULL ||
	    view->entry->time_ms >=
		(view->copy->version->created_at - TIME_SKEW_SECONDS) * 1000)
		return true;
	time_format_ms(view->entry->time_ms, now);
	time_format_at(view->copy->version->created_at, created);
	return differs(why,
	    "its time, %s, is before the version was made, at"
	    " %s: a clock was wrong, or it is dated back",
	    now, created);
}

static bool
good_clock(const struct field_view *view, char why[FIELD_WHY])
{
	char now[TIME_TEXT];

	if (view->now_ms == 0 ||
	    view->entry->time_ms <= view->now_ms + TIME_SKEW_SECONDS * 1000)
		return true;
	time_format_ms(view->entry->time_ms, now);
	return differs(why,
	    "its time, %s, is yet to come: the depositary's"
	    " clock, or this one, is wrong",
	    now);
}

/* --- Policy. --- */

static struct policy *
policy_of(const struct field_view *view)
{
	return view->library == NULL ? NULL
				     : view->library->policy(view->library->arg,
					   &view->entry->policy, view->index);
}

static bool
good_policy(const struct field_view *view, char why[FIELD_WHY])
{
	char hex[DIGEST_HEX];

	/* If the copy has its signature, the judgement of that one tells. */
	if (view->library == NULL || policy_of(view) != NULL ||
	    (view->copy != NULL && view->copy->signature != NULL))
		return true;
	digest_hex(&view->entry->policy, hex);
	return differs(why,
	    "it names the policy %.16s…, which is not accepted for"
	    " that entry: see \"valise policy show\"",
	    hex);
}

static bool
good_newest_policy(const struct field_view *view, char why[FIELD_WHY])
{
	return view->journal == NULL || view->journal->policy == NULL ||
	    digest_eq(view->journal->policy, &view->entry->policy) ||
	    differs(why,
		"it names another policy than the one that was in"
		" force");
}

/* --- Who. --- */

static bool
good_signer(const struct field_view *view, char why[FIELD_WHY])
{
	const struct verdict_signature *signature =
	    view->copy == NULL ? NULL : view->copy->signature;

	return signature == NULL || !signature->intact ||
	    strcmp(signature->person, view->entry->person) == 0 ||
	    differs(why,
		"it says that %s did it, but the certificate is that"
		" of %s",
		view->entry->person, signature->person);
}

static bool
good_signers_office(const struct field_view *view, char why[FIELD_WHY])
{
	const struct verdict_signature *signature =
	    view->copy == NULL ? NULL : view->copy->signature;

	/* The office is empty if another finding says that it has none. */
	return signature == NULL || signature->office[0] == '\0' ||
	    strcmp(signature->office, view->entry->office) == 0 ||
	    differs(why,
		"it says that %s did it, but the certificate is that"
		" of an office %s",
		view->entry->office, signature->office);
}

static bool
may_not(const struct field_view *view, const struct decision *decision,
    char why[FIELD_WHY])
{
	return differs(why, "the policy did not allow %s of %s to %s (%s)",
	    view->entry->person, view->entry->office, view->entry->act_name,
	    decision->rule);
}

static bool
good_office(const struct field_view *view, char why[FIELD_WHY])
{
	const struct entry *entry = view->entry;
	const struct policy *policy = policy_of(view);
	const struct office *office;
	char type[LIMIT_SLUG_BYTES + 1];
	struct decision decision;

	if (policy == NULL)
		return true; /* POLICY_UNKNOWN says so */
	if ((office = policy_office(policy, entry->office)) == NULL)
		return differs(why, "the policy knew no office \"%s\"",
		    entry->office);
	if (entry->act != ACT_DEPOSIT && entry->act != ACT_DELIVER)
		return true;
	document_type(entry->document, type);
	decision = policy_decide(policy, office,
	    entry->act == ACT_DELIVER ? RIGHT_READ : RIGHT_DEPOSIT, type);
	return decision.allowed || may_not(view, &decision, why);
}

static bool
good_powers(const struct field_view *view, char why[FIELD_WHY])
{
	const struct entry *entry = view->entry;
	const struct policy *policy = policy_of(view);
	const struct office *office =
	    policy == NULL ? NULL : policy_office(policy, entry->office);
	char type[LIMIT_SLUG_BYTES + 1];
	struct decision decision;

	if (office == NULL)
		return true; /* another rule says so */
	document_type(entry->document, type);
	decision = policy_decide_sign(policy, office, entry->person, type,
	    entry->act == ACT_SIGN ? SIGNING_APPROVAL : SIGNING_TERMINATION,
	    entry->time_ms / 1000);
	return decision.allowed || may_not(view, &decision, why);
}

static bool
good_to(const struct field_view *view, char why[FIELD_WHY])
{
	const struct policy *policy = policy_of(view);

	return policy == NULL ||
	    policy_office(policy, view->entry->to) != NULL ||
	    differs(why, "the policy knew no office \"%s\"", view->entry->to);
}

/* --- What. --- */

static bool
good_delivered(const struct field_view *view, char why[FIELD_WHY])
{
	return view->journal == NULL || !view->journal->all ||
	    view->journal->has_version ||
	    differs(why, "it delivers a version that was never deposited");
}

static bool
good_delivered_contents(const struct field_view *view, char why[FIELD_WHY])
{
	return view->journal == NULL || !view->journal->all ||
	    !view->journal->has_version || view->journal->had_contents ||
	    differs(why,
		"it delivers contents that no act before it on this"
		" version led to");
}

static bool
good_force_contents(const struct field_view *view, char why[FIELD_WHY])
{
	return view->contents_before == NULL ||
	    digest_eq(view->contents_before, &view->entry->contents) ||
	    differs(why,
		"its contents are not those of the signature that it"
		" follows, and it adds no file");
}

static bool
good_prior(const struct field_view *view, char why[FIELD_WHY])
{
	const uint64_t prior = entry_has(view->entry, ENTRY_PRIOR)
	    ? view->entry->prior
	    : FIELD_NO_INDEX;

	return view->journal == NULL || view->journal->last == prior ||
	    differs(why,
		"it does not follow the last \"%s\": one was left"
		" out",
		view->entry->act_name);
}

static bool
good_delivery(const struct field_view *view, char why[FIELD_WHY])
{
	const unsigned long long prior = (unsigned long long)view->entry->prior;

	if (view->journal == NULL || !view->journal->all ||
	    view->journal->delivery == FIELD_DELIVERED)
		return true;
	return view->journal->delivery == FIELD_COUNTED
	    ? differs(why, "entry %llu, a delivery, was counted before", prior)
	    : differs(why,
		  "entry %llu, under which it left again, is no delivery of"
		  " this version to this person before it",
		  prior);
}

static bool
good_times(const struct field_view *view, char why[FIELD_WHY])
{
	return view->entry->times >= 1 || differs(why, "it counts nothing");
}

/* --- CRLs. --- */

static bool
good_newest_crls(const struct field_view *view, char why[FIELD_WHY])
{
	return view->journal == NULL || view->journal->crls == NULL ||
	    digest_eq(view->journal->crls, &view->entry->crls) ||
	    differs(why, "it names other CRLs than those that were in force");
}

/*
 * True if the set can be had. Otherwise it is not known what the entries after
 * it must not go behind.
 */
static bool
good_set(const struct field_view *view, char why[FIELD_WHY])
{
	const struct verdict_library *library = view->library;

	return library == NULL ||
	    library->crls(library->arg, &view->entry->crls) != NULL ||
	    differs(why,
		"the CRLs that it names are not to be had, or are none");
}

/*
 * Check for each CA that the policy names that its newest list is no older than
 * before.
 */
static bool
good_lists(const struct field_view *view, char why[FIELD_WHY])
{
	const struct verdict_library *library = view->library;
	const struct policy *policy = policy_of(view);
	struct crls *old, *new;
	const char *ca;

	if (view->crls_before == NULL || policy == NULL ||
	    digest_eq(view->crls_before, &view->entry->crls))
		return true;
	old = library->crls(library->arg, view->crls_before);
	new = library->crls(library->arg, &view->entry->crls);
	if (old == NULL || new == NULL)
		return true; /* REVOCATION_UNKNOWN, where one was needed */
	ca = trust_list_older(policy->trust, new, old,
	    view->crls_before_ms / 1000);
	return ca == NULL ||
	    differs(why,
		"its newest list of the CA \"%s\" is missing, or older than"
		" the one before",
		ca);
}

/* --- Bags. --- */

static bool
good_waybill(const struct field_view *view, char why[FIELD_WHY])
{
	return view->journal == NULL || !view->journal->all ||
	    view->journal->dispatch != NULL ||
	    differs(why, "the waybill that it names was never handed in");
}

/* Returns who dispatched the bag that brought the act, by the journal. */
static const struct field_dispatch *
dispatch_of(const struct field_view *view)
{
	return view->journal != NULL && entry_has(view->entry, ENTRY_WAYBILL)
	    ? view->journal->dispatch
	    : NULL;
}

static bool
good_sender(const struct field_view *view, char why[FIELD_WHY])
{
	const struct field_dispatch *dispatch = dispatch_of(view);

	return dispatch == NULL ||
	    (strcmp(dispatch->person, view->entry->person) == 0 &&
		strcmp(dispatch->office, view->entry->office) == 0) ||
	    differs(why,
		"%s of %s is to have done it by bag, but %s of %s"
		" dispatched that bag (entry %llu)",
		view->entry->person, view->entry->office, dispatch->person,
		dispatch->office, (unsigned long long)dispatch->index);
}

static bool
good_dispatched(const struct field_view *view, char why[FIELD_WHY])
{
	const struct field_dispatch *dispatch = dispatch_of(view);
	char said[TIME_TEXT];

	if (!entry_has(view->entry, ENTRY_DISPATCHED) || dispatch == NULL ||
	    view->entry->dispatched_ms <=
		dispatch->time_ms + TIME_SKEW_SECONDS * 1000)
		return true;
	time_format_ms(view->entry->dispatched_ms, said);
	return differs(why,
	    "its bag is said to have left at %s, after its"
	    " waybill was handed in (entry %llu)",
	    said, (unsigned long long)dispatch->index);
}

static bool
good_answered(const struct field_view *view, char why[FIELD_WHY])
{
	const struct field_dispatch *dispatch = dispatch_of(view);

	return dispatch == NULL ||
	    strcmp(dispatch->office, view->entry->to) == 0 ||
	    differs(why,
		"it acknowledges a bag of %s, but %s dispatched that"
		" one (entry %llu)",
		view->entry->to, dispatch->office,
		(unsigned long long)dispatch->index);
}

static bool
good_answerer(const struct field_view *view, char why[FIELD_WHY])
{
	const struct field_dispatch *dispatch = dispatch_of(view);

	return dispatch == NULL ||
	    strcmp(dispatch->to, view->entry->office) == 0 ||
	    differs(why, "%s acknowledges a bag that was for %s (entry %llu)",
		view->entry->office, dispatch->to,
		(unsigned long long)dispatch->index);
}

static bool
good_number(const struct field_view *view, char why[FIELD_WHY])
{
	const struct field_dispatch *dispatch = dispatch_of(view);

	return dispatch == NULL || dispatch->number == view->entry->number ||
	    differs(why,
		"it acknowledges bag %llu, but that waybill is of bag"
		" %llu (entry %llu)",
		(unsigned long long)view->entry->number,
		(unsigned long long)dispatch->number,
		(unsigned long long)dispatch->index);
}

/* --- The table. --- */

#define ACT(name) (UINT32_C(1) << ACT_##name)
#define SIGNED    (ACT(DEPOSIT) | ACT(SIGN) | ACT(TERMINATE))
#define VERSION   (SIGNED | ACT(FORCE))
#define CHAINED   (ACT(START) | ACT(POLICY) | ACT(CRL) | ACT(KEY))
#define BAGS      (ACT(DISPATCH) | ACT(ACKNOWLEDGE))
#define EVERY                                                                  \
	(VERSION | CHAINED | BAGS | ACT(DELIVER) | ACT(DELIVERIES) |           \
	    ACT(REFUSE) | ACT(OTHER))

#define VERDICT  FIELD_VERDICT
#define LOG      FIELD_LOG
#define AUDIT    FIELD_AUDIT
#define FSCK     FIELD_FSCK
#define COMMANDS FIELD_COMMANDS
#define NOTHING  NULL, 0, NULL

#define IN_COPIES     "the waybill, in copies of what came by it"
#define THAT_DELIVERY "that `deliver` entry"

static const struct field_rule rules[] = {
	{ EVERY, ENTRY_VALISE,
	    "it tells the format: an entry of another one is"
	    " shown, and no act",
	    NOTHING },
	{ SIGNED, ENTRY_ACT,
	    "the kind of its signature: of origin, approval"
	    " or termination",
	    "SIGNATURE_MISSING", VERDICT, NULL },
	{ SIGNED, ENTRY_ACT, "the state of the document before it",
	    "OUT_OF_ORDER", AUDIT | FSCK, NULL },
	{ EVERY, ENTRY_SALT,
	    "it is random, so that nobody can guess an entry"
	    " from its hash",
	    NOTHING },

	{ EVERY, ENTRY_TIME,
	    "the time of the entry before it; in a copy, of"
	    " the version's act before it",
	    "TIME_BACKWARDS", VERDICT | LOG | AUDIT | FSCK, good_order },
	{ VERSION, ENTRY_TIME, "`created` of version.yaml, five minutes less",
	    "TIME_BACKWARDS", VERDICT, good_created },
	{ SIGNED, ENTRY_TIME,
	    "the signing-time of its signature, from 24 h"
	    " before to five minutes after (`dispatched`, if it came by bag)",
	    "SIGNING_TIME", VERDICT, NULL },
	{ EVERY, ENTRY_TIME, "the checker's clock, five minutes more",
	    "TIME_AHEAD", AUDIT | FSCK, good_clock },

	{ VERSION, ENTRY_POLICY,
	    "the policies accepted, each for its range of indices",
	    "POLICY_UNKNOWN", VERDICT, good_policy },
	{ EVERY, ENTRY_POLICY,
	    "the policies accepted, each for its range of"
	    " indices; those in the store",
	    "POLICY_UNKNOWN", AUDIT | FSCK, good_policy },
	{ EVERY & ~ACT(POLICY), ENTRY_POLICY,
	    "the newest `policy` entry before"
	    " it",
	    "POLICY_DIFFERS", AUDIT | FSCK, good_newest_policy },

	{ SIGNED, ENTRY_PERSON, "the signing certificate", "SIGNER_DIFFERS",
	    VERDICT, good_signer },
	{ SIGNED, ENTRY_OFFICE, "the signing certificate, by the policy",
	    "SIGNER_DIFFERS", VERDICT, good_signers_office },
	{ ACT(SIGN) | ACT(TERMINATE), ENTRY_PERSON,
	    "the full powers of the"
	    " policy, at its time",
	    "NOT_ALLOWED", AUDIT | FSCK, good_powers },
	{ SIGNED | BAGS | ACT(DELIVER), ENTRY_OFFICE,
	    "the offices of the policy, and their rights", "NOT_ALLOWED",
	    AUDIT | FSCK, good_office },
	{ ACT(DELIVER), ENTRY_PERSON,
	    "the certificate that connected is seen"
	    " by the depositary alone",
	    NOTHING },
	{ ACT(REFUSE), ENTRY_OFFICE,
	    "the certificate that connected is seen by"
	    " the depositary alone",
	    NOTHING },
	{ ACT(REFUSE), ENTRY_PERSON,
	    "the certificate that connected is seen by"
	    " the depositary alone",
	    NOTHING },
	{ ACT(ACKNOWLEDGE), ENTRY_PERSON,
	    "the certificate that signed it is in the acknowledgement, which"
	    " goes to who had dispatched the bag",
	    NOTHING },

	{ VERSION, ENTRY_DOCUMENT, "version.yaml", "RECEIPT_BROKEN", VERDICT,
	    NULL },
	{ VERSION, ENTRY_VERSION, "version.yaml", "RECEIPT_BROKEN", VERDICT,
	    NULL },
	{ VERSION, ENTRY_DIGEST, "version.yaml", "RECEIPT_BROKEN", VERDICT,
	    NULL },
	{ VERSION & ~ACT(DEPOSIT), ENTRY_DOCUMENT,
	    "the document's acts before"
	    " it",
	    "OUT_OF_ORDER", LOG | AUDIT | FSCK, NULL },
	{ VERSION, ENTRY_VERSION, "the document's acts before it",
	    "OUT_OF_ORDER", LOG | AUDIT | FSCK, NULL },
	{ VERSION & ~ACT(DEPOSIT), ENTRY_DIGEST,
	    "that of the version's"
	    " `deposit`",
	    "OUT_OF_ORDER", LOG | AUDIT | FSCK, NULL },
	{ ACT(DELIVER), ENTRY_DOCUMENT, "the documents deposited before it",
	    "OUT_OF_ORDER", AUDIT | FSCK, good_delivered },
	{ ACT(DELIVER), ENTRY_VERSION, "the versions deposited before it",
	    "OUT_OF_ORDER", AUDIT | FSCK, NULL },
	{ ACT(REFUSE), ENTRY_DOCUMENT,
	    "what was asked for is seen by the"
	    " depositary alone",
	    NOTHING },

	{ SIGNED, ENTRY_MANIFEST, "the manifest in the copy",
	    "SIGNATURE_MISSING", VERDICT, NULL },
	{ SIGNED, ENTRY_SIGNATURE, "the signature in the copy",
	    "SIGNATURE_MISSING", VERDICT, NULL },
	{ VERSION, ENTRY_CONTENTS, "the files of the copy, of its newest act",
	    "CONTENTS_DIFFER", VERDICT, NULL },
	{ ACT(FORCE), ENTRY_CONTENTS, "those of the signature before it",
	    "CONTENTS_DIFFER", VERDICT | AUDIT | FSCK, good_force_contents },
	{ ACT(DELIVER), ENTRY_CONTENTS,
	    "those of the acts before it on this"
	    " version",
	    "CONTENTS_DIFFER", AUDIT | FSCK, good_delivered_contents },
	{ SIGNED, ENTRY_CONTENTS, "the commit's message in git",
	    "COMMIT_DIFFERS", FSCK, NULL },
	{ SIGNED, ENTRY_COMMIT, "the commit in git", "COMMIT_MISSING", FSCK,
	    NULL },

	{ SIGNED, ENTRY_CRLS,
	    "the lists named before it: no CA of the policy"
	    " has an older one",
	    "CRLS_BACKWARDS", VERDICT, good_lists },
	{ ACT(CRL), ENTRY_CRLS, "the sets of CRLs that the daemon gives",
	    "REVOCATION_UNKNOWN", AUDIT | FSCK, good_set },
	{ ACT(CRL), ENTRY_CRLS,
	    "the lists of the `crl` entry before it: no CA"
	    " of the policy has an older one",
	    "CRLS_BACKWARDS", AUDIT | FSCK, good_lists },
	{ SIGNED, ENTRY_CRLS, "the newest `crl` entry before it", "CRLS_DIFFER",
	    AUDIT | FSCK, good_newest_crls },

	{ VERSION, ENTRY_PRIOR,
	    "the version's act before it, or another"
	    " version's after that one; of a `force`, its last signature",
	    "OUT_OF_ORDER", VERDICT, NULL },
	{ VERSION, ENTRY_PRIOR, "the document's act before it", "OUT_OF_ORDER",
	    LOG | AUDIT | FSCK, NULL },
	{ CHAINED, ENTRY_PRIOR, "the entry of the same act before it",
	    "OUT_OF_ORDER", LOG | AUDIT | FSCK, good_prior },
	{ ACT(FORCE), ENTRY_SIGNATURES,
	    "all signatures of its kind before it,"
	    " which make the quorum",
	    "QUORUM_MISSING", VERDICT, NULL },
	{ ACT(FORCE), ENTRY_SIGNATURES, "all signatures of its kind before it",
	    "OUT_OF_ORDER", LOG | AUDIT | FSCK, NULL },

	{ ACT(DEPOSIT) | ACT(SIGN), ENTRY_WAYBILL,
	    "the waybill in the copy, which is signed and lists the act's slip;"
	    " `WAYBILL_MISSING` where it is needed and not there",
	    "WAYBILL_DIFFERS", VERDICT, NULL },
	{ ACT(DEPOSIT) | ACT(SIGN), ENTRY_DISPATCHED,
	    "`dispatched` of that waybill", "WAYBILL_DIFFERS", VERDICT, NULL },
	{ ACT(DEPOSIT) | ACT(SIGN), ENTRY_WAYBILL,
	    "the `dispatch` entries before"
	    " it",
	    "WAYBILL_DIFFERS", AUDIT | FSCK, good_waybill },
	{ ACT(DEPOSIT) | ACT(SIGN), ENTRY_OFFICE, "who dispatched the waybill",
	    "WAYBILL_DIFFERS", AUDIT | FSCK, good_sender },
	{ ACT(DEPOSIT) | ACT(SIGN), ENTRY_PERSON, "who dispatched the waybill",
	    "WAYBILL_DIFFERS", AUDIT | FSCK, NULL },
	{ ACT(DEPOSIT) | ACT(SIGN), ENTRY_DISPATCHED,
	    "the time of that"
	    " `dispatch` entry, five minutes more",
	    "WAYBILL_DIFFERS", AUDIT | FSCK, good_dispatched },
	{ ACT(ACKNOWLEDGE), ENTRY_WAYBILL, "the `dispatch` entries before it",
	    "WAYBILL_DIFFERS", AUDIT | FSCK, good_waybill },
	{ ACT(ACKNOWLEDGE), ENTRY_OFFICE, "the addressee of that `dispatch`",
	    "WAYBILL_DIFFERS", AUDIT | FSCK, good_answerer },
	{ ACT(ACKNOWLEDGE), ENTRY_TO, "the office of that `dispatch`",
	    "WAYBILL_DIFFERS", AUDIT | FSCK, good_answered },
	{ ACT(ACKNOWLEDGE), ENTRY_NUMBER, "the number of that `dispatch`",
	    "WAYBILL_DIFFERS", AUDIT | FSCK, good_number },
	{ ACT(DISPATCH), ENTRY_TO, "the offices of the policy", "NOT_ALLOWED",
	    AUDIT | FSCK, good_to },
	{ ACT(DISPATCH), ENTRY_TIME,
	    "`dispatched` of the waybill, five minutes less, in copies of what"
	    " came by it",
	    "WAYBILL_DIFFERS", VERDICT, NULL },
	{ ACT(DISPATCH), ENTRY_OFFICE, IN_COPIES, "WAYBILL_DIFFERS", VERDICT,
	    NULL },
	{ ACT(DISPATCH), ENTRY_PERSON, IN_COPIES, "WAYBILL_DIFFERS", VERDICT,
	    NULL },
	{ ACT(DISPATCH), ENTRY_TO, IN_COPIES, "WAYBILL_DIFFERS", VERDICT,
	    NULL },
	{ ACT(DISPATCH), ENTRY_NUMBER, IN_COPIES, "WAYBILL_DIFFERS", VERDICT,
	    NULL },
	{ ACT(DISPATCH), ENTRY_DIGEST, IN_COPIES, "RECEIPT_BROKEN", VERDICT,
	    NULL },
	{ ACT(ACKNOWLEDGE), ENTRY_DIGEST,
	    "the acknowledgement is not given to others; both offices have it",
	    NOTHING },

	{ ACT(DELIVERIES), ENTRY_PRIOR,
	    "the `deliver` entries before it: one of them, which no other"
	    " counts for",
	    "COUNT_WRONG", AUDIT | FSCK, good_delivery },
	{ ACT(DELIVERIES), ENTRY_OFFICE, THAT_DELIVERY, "COUNT_WRONG",
	    AUDIT | FSCK, NULL },
	{ ACT(DELIVERIES), ENTRY_PERSON, THAT_DELIVERY, "COUNT_WRONG",
	    AUDIT | FSCK, NULL },
	{ ACT(DELIVERIES), ENTRY_DOCUMENT, THAT_DELIVERY, "COUNT_WRONG",
	    AUDIT | FSCK, NULL },
	{ ACT(DELIVERIES), ENTRY_VERSION, THAT_DELIVERY, "COUNT_WRONG",
	    AUDIT | FSCK, NULL },
	{ ACT(DELIVERIES), ENTRY_CONTENTS, THAT_DELIVERY, "COUNT_WRONG",
	    AUDIT | FSCK, NULL },
	{ ACT(DELIVERIES), ENTRY_TIMES,
	    "1; how often more is seen by the depositary alone", "COUNT_WRONG",
	    AUDIT | FSCK, good_times },

	{ ACT(KEY), ENTRY_KEY, "the signatures of the checkpoints after it",
	    "KEY_UNKNOWN", COMMANDS, NULL },
	{ ACT(POLICY), ENTRY_CHANGED,
	    "it is a help to readers: \"valise policy"
	    " show\" compares the policies themselves",
	    NOTHING },
	{ ACT(REFUSE), ENTRY_WANTED,
	    "what was asked for is seen by the"
	    " depositary alone",
	    NOTHING },
	{ ACT(REFUSE), ENTRY_RULE, "it is a help to readers", NOTHING },
	{ ACT(REFUSE), ENTRY_TIMES,
	    "how often it was asked for is seen by the"
	    " depositary alone",
	    NOTHING },
	{ ACT(START), ENTRY_SOFTWARE,
	    "which program runs is seen by the"
	    " depositary alone",
	    NOTHING },
};

const struct field_rule *
field_rules(size_t *num)
{
	*num = sizeof(rules) / sizeof(rules[0]);
	return rules;
}

bool
field_rule_has(const struct field_rule *rule, enum act act)
{
	return (rule->acts >> act & 1) != 0;
}

bool
fields_check(const struct field_view *view, enum field_checker by,
    field_report *report, void *arg)
{
	char why[FIELD_WHY];

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		const struct field_rule *rule = &rules[i];

		/* A prior that is missing says something too. */
		if ((rule->by & by) != 0 && rule->good != NULL &&
		    field_rule_has(rule, view->entry->act) &&
		    (entry_has(view->entry, rule->field) ||
			rule->field == ENTRY_PRIOR) &&
		    !rule->good(view, why) && !report(arg, rule, why))
			return false;
	}
	return true;
}
