/*
 * The course of a version: its acts in the order of the journal, what each may
 * follow, and the state to which they lead.
 */
#include <string.h>

#include "verdict/fields.h"
#include "verdict/judge.h"

/* The state that the acts so far led to. */
struct course {
	struct judge *judge;
	bool in_force, ended;
	/* by a quorum: that it is in force, and that it ended */
	bool proved[2];
	bool never; /* in force, as far as its signatures can tell */
};

static bool
is_signing(const struct entry *entry)
{
	return entry->act == ACT_SIGN || entry->act == ACT_TERMINATE;
}

/* The signature that an act handed in, or NULL if it is not in the copy. */
static const struct verdict_signature *
signature_of(const struct judge *judge, const struct verdict_act *act)
{
	const struct verdict *out = judge->out;

	for (size_t i = 0; i < out->num_signatures; i++)
		if (judge_act_of(judge, &out->signatures[i]) == act)
			return &out->signatures[i];
	return NULL;
}

/* True if the "force" after that act says that it made the quorum. */
static bool
has_force(const struct verdict *out, size_t i)
{
	return i + 1 < out->num_acts &&
	    out->acts[i + 1].entry.act == ACT_FORCE &&
	    out->acts[i + 1].entry.prior == out->acts[i].index;
}

/*
 * Once a policy has lowered the quorum, a person who has signed may sign again
 * to put the version in force. The new signature replaces the old one's file,
 * and the old act stays in the journal. *twice: the same person signed again,
 * for that reason or not.
 */
static bool
is_replaced(const struct judge *judge, size_t i, bool *twice)
{
	const struct verdict *out = judge->out;
	const struct entry *old = &out->acts[i].entry;
	const bool ends = old->act == ACT_TERMINATE;
	bool forced = false;

	*twice = false;
	for (size_t j = i + 1; j < out->num_acts; j++) {
		const struct entry *new = &out->acts[j].entry;

		forced = forced || new->act == ACT_FORCE;
		if (new->act != old->act ||
		    strcmp(new->person, old->person) != 0 ||
		    strcmp(new->office, old->office) != 0)
			continue;
		*twice = true;
		return !forced && has_force(out, j) &&
		    signature_of(judge, &out->acts[j]) != NULL;
	}
	for (size_t j = 0; j < out->num_signatures; j++) {
		const struct verdict_signature *live = &out->signatures[j];

		if (!live->is_live || live->terminates != ends ||
		    strcmp(live->person, old->person) != 0 ||
		    strcmp(live->office, old->office) != 0)
			continue;
		*twice = true;
		return !forced && (ends ? out->termination : out->quorum);
	}
	return false;
}

bool
judge_acts_have_signatures(struct judge *judge)
{
	const struct verdict *out = judge->out;

	for (size_t i = 0; i < out->num_acts; i++) {
		const struct verdict_act *act = &out->acts[i];
		bool twice, ok;

		if (act->entry.act == ACT_FORCE ||
		    signature_of(judge, act) != NULL ||
		    is_replaced(judge, i, &twice))
			continue;
		ok = twice
		    ? judge_find(judge, FINDING_SIGNED_TWICE, "",
			  "%s signed it in entry %llu already, and the new"
			  " signature does not make the quorum",
			  act->entry.person, (unsigned long long)act->index)
		    : judge_find(judge, FINDING_SIGNATURE_MISSING, "",
			  "the signature of entry %llu (%s by %s) is missing, or"
			  " is not the one that was journaled",
			  (unsigned long long)act->index, act->entry.act_name,
			  act->entry.person);
		if (!ok)
			return false;
	}
	return true;
}

/*
 * prior is the document's previous act: the previous one of this version, or a
 * later one of another version, of which this copy tells nothing.
 */
static bool
judge_prior(struct judge *judge, size_t i)
{
	const struct verdict *out = judge->out;
	const struct verdict_act *act = &out->acts[i];
	const uint64_t index = act->index, prior = act->entry.prior;
	const bool has = entry_has(&act->entry, ENTRY_PRIOR);

	if (i == 0 && act->entry.act == ACT_DEPOSIT &&
	    out->version->number == 1)
		return !has ||
		    judge_find(judge, FINDING_OUT_OF_ORDER, "",
			"entry %llu deposits the first version, but names"
			" entry %llu as an act before it",
			(unsigned long long)index, (unsigned long long)prior);
	if (!has)
		return judge_find(judge, FINDING_OUT_OF_ORDER, "",
		    "entry %llu deposits version %u, but names no act before"
		    " it",
		    (unsigned long long)index, out->version->number);
	if (prior >= index)
		return judge_find(judge, FINDING_OUT_OF_ORDER, "",
		    "entry %llu names entry %llu as the act before it, which"
		    " came later",
		    (unsigned long long)index, (unsigned long long)prior);
	return i == 0 || prior >= out->acts[i - 1].index ||
	    judge_find(judge, FINDING_OUT_OF_ORDER, "",
		"entry %llu names entry %llu as the act before it, but entry"
		" %llu came between them",
		(unsigned long long)index, (unsigned long long)prior,
		(unsigned long long)out->acts[i - 1].index);
}

static bool
names_signature(const struct entry *force, const struct digest *signature)
{
	for (size_t i = 0; i < force->num_signatures; i++)
		if (digest_eq(&force->signatures[i], signature))
			return true;
	return false;
}

/*
 * True if a finding of another step says what is missing to decide, or that a
 * later list took away what rightly counted then.
 */
static bool
is_undecided(const struct judge *judge, bool ends)
{
	const struct verdict *out = judge->out;

	for (size_t i = 0; i < out->num_signatures; i++)
		if ((out->signatures[i].undecided ||
			out->signatures[i].disputed) &&
		    out->signatures[i].terminates == ends)
			return true;
	return false;
}

/*
 * Check that every signature that a "force" names is in the copy; *all: its act
 * too.
 */
static bool
judge_named(struct judge *judge, const struct verdict_act *force, bool *all)
{
	const struct verdict *out = judge->out;
	size_t found = 0;

	*all = true;
	for (size_t i = 0; i < out->num_signatures; i++) {
		const struct verdict_signature *one = &out->signatures[i];

		if (!one->intact ||
		    !names_signature(&force->entry, &one->signature))
			continue;
		found++;
		*all = *all && judge_act_of(judge, one) != NULL;
	}
	return found >= force->entry.num_signatures ||
	    judge_find(judge, FINDING_SIGNATURE_MISSING, "",
		"a signature that entry %llu (force) names is missing",
		(unsigned long long)force->index);
}

/*
 * Check that a "force" names all signatures of its kind that came before it,
 * except those that were replaced.
 */
static bool
judge_names(struct judge *judge, size_t force, enum act kind)
{
	const struct verdict *out = judge->out;
	const struct verdict_act *act = &out->acts[force];
	size_t num = 0;

	for (size_t i = 0; i < force; i++) {
		const struct verdict_act *one = &out->acts[i];

		if (one->entry.act != kind || signature_of(judge, one) == NULL)
			continue;
		num++;
		if (!names_signature(&act->entry, &one->entry.signature))
			return judge_find(judge, FINDING_QUORUM_MISSING, "",
			    "entry %llu (force) does not name the signature of"
			    " %s in entry %llu, which came before it",
			    (unsigned long long)act->index, one->entry.person,
			    (unsigned long long)one->index);
	}
	return act->entry.num_signatures == num ||
	    judge_find(judge, FINDING_QUORUM_MISSING, "",
		"entry %llu (force) names %zu signatures, but %zu came before"
		" it",
		(unsigned long long)act->index, act->entry.num_signatures, num);
}

/* Check that an act follows a state in which it is possible. */
static bool
judge_state(struct course *course, const struct verdict_act *act, bool ends)
{
	if (course->ended)
		return judge_find(course->judge, FINDING_OUT_OF_ORDER, "",
		    "entry %llu (%s) came after the version was terminated",
		    (unsigned long long)act->index, act->entry.act_name);
	if (ends && !course->in_force && course->never)
		return judge_find(course->judge, FINDING_OUT_OF_ORDER, "",
		    "entry %llu (%s) terminates a version that was never in"
		    " force",
		    (unsigned long long)act->index, act->entry.act_name);
	return ends || act->entry.act != ACT_FORCE || !course->in_force ||
	    judge_find(course->judge, FINDING_OUT_OF_ORDER, "",
		"entry %llu (force) puts in force what was in force already",
		(unsigned long long)act->index);
}

/*
 * Check that a "force" follows the last of the signatures that it names, and
 * that these make the quorum.
 */
static bool
judge_force(struct course *course, size_t i)
{
	struct judge *judge = course->judge;
	const struct verdict *out = judge->out;
	const struct verdict_act *act = &out->acts[i];
	const struct verdict_act *last = NULL;
	char rule[POLICY_RULE] = "";
	bool all, ends;

	if (!judge_named(judge, act, &all))
		return false;
	for (size_t j = 0; j < i; j++)
		if (is_signing(&out->acts[j].entry) &&
		    names_signature(&act->entry, &out->acts[j].entry.signature))
			last = &out->acts[j];
	if (last == NULL)
		return !all ||
		    judge_find(judge, FINDING_QUORUM_MISSING, "",
			"entry %llu (force) names no signature that came"
			" before it",
			(unsigned long long)act->index);
	ends = last->entry.act == ACT_TERMINATE;
	if (!judge_state(course, act, ends) ||
	    (all && !judge_names(judge, i, last->entry.act)) ||
	    (all && act->entry.prior != last->index &&
		!judge_find(judge, FINDING_OUT_OF_ORDER, "",
		    "entry %llu (force) names entry %llu as the act before it,"
		    " not entry %llu, its last signature",
		    (unsigned long long)act->index,
		    (unsigned long long)act->entry.prior,
		    (unsigned long long)last->index)))
		return false;
	course->in_force = course->in_force || !ends;
	course->ended = course->ended || ends;
	course->proved[ends] = judge_quorum(judge,
	    ends ? SIGNING_TERMINATION : SIGNING_APPROVAL, last->index, rule);
	return course->proved[ends] || is_undecided(judge, ends) ||
	    judge_find(judge, FINDING_QUORUM_MISSING, "",
		"the journal says that it is %s (entry %llu), but %s",
		ends ? "terminated" : "in force",
		(unsigned long long)act->index,
		rule[0] != '\0' ? rule : "nobody signed it");
}

/* If a signature makes the quorum, its "force" must follow at once. */
static bool
judge_signing(struct course *course, size_t i)
{
	struct judge *judge = course->judge;
	const struct verdict_act *act = &judge->out->acts[i];
	const bool ends = act->entry.act == ACT_TERMINATE;
	char rule[POLICY_RULE] = "";

	if (!judge_state(course, act, ends))
		return false;
	if (judge->request->live != NULL || has_force(judge->out, i) ||
	    (!ends && course->in_force) ||
	    !judge_quorum(judge, ends ? SIGNING_TERMINATION : SIGNING_APPROVAL,
		act->index, rule))
		return true;
	course->never = course->never && ends;
	return judge_find(judge, FINDING_NOT_IN_JOURNAL, "",
	    "enough persons of each party %s it (%s) with entry %llu, but"
	    " there is no receipt of its %s: fetch the document again",
	    ends ? "ended" : "signed", rule, (unsigned long long)act->index,
	    ends ? "termination" : "entry into force");
}

static bool
judge_act(struct course *course, size_t i)
{
	const struct verdict_act *act = &course->judge->out->acts[i];

	if (!judge_prior(course->judge, i))
		return false;
	if (act->entry.act == ACT_FORCE)
		return judge_force(course, i);
	if (is_signing(&act->entry))
		return judge_signing(course, i);
	return i == 0 ||
	    judge_find(course->judge, FINDING_OUT_OF_ORDER, "",
		"entry %llu deposits it once more",
		(unsigned long long)act->index);
}

struct comparison {
	struct judge *judge;
	const struct verdict_act *act;
};

static bool
report_field(void *arg, const struct field_rule *rule, const char *why)
{
	const struct comparison *all = arg;
	struct error found = { 0 };

	error_set_code(&found, ERROR_UNTRUSTED, rule->finding,
	    "entry %llu (%s): %s", (unsigned long long)all->act->index,
	    all->act->entry.act_name, why);
	return judge_find_error(all->judge, FINDING_RECEIPT_BROKEN, "", &found);
}

/* Compare the fields of an act with what the copy and the earlier acts tell. */
static bool
judge_fields(struct judge *judge, size_t i)
{
	const struct verdict *out = judge->out;
	struct comparison all = { judge, &out->acts[i] };
	const struct field_copy copy = { .version = out->version,
		.signature = signature_of(judge, all.act) };
	struct field_view view = { .index = all.act->index,
		.entry = &all.act->entry,
		.before_ms =
		    i > 0 ? out->acts[i - 1].entry.time_ms : FIELD_NO_TIME,
		.library = judge->request->library,
		.copy = &copy };

	for (size_t j = 0; j < i; j++) {
		const struct entry *before = &out->acts[j].entry;

		if (entry_has(before, ENTRY_CRLS)) {
			view.crls_before = &before->crls;
			view.crls_before_ms = before->time_ms;
		}
		if (all.act->entry.act == ACT_FORCE &&
		    out->acts[j].index == all.act->entry.prior)
			view.contents_before = &before->contents;
	}
	return fields_check(&view, FIELD_VERDICT, report_field, &all);
}

bool
judge_course(struct judge *judge)
{
	const struct verdict *out = judge->out;
	struct course course = { .judge = judge,
		.never = !is_undecided(judge, false) };

	for (size_t i = 0; i < out->num_acts; i++)
		if (!judge_act(&course, i) || !judge_fields(judge, i))
			return false;
	judge->in_force = course.proved[false];
	judge->terminated = course.proved[true];
	return true;
}
