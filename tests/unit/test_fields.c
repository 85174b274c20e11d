/*
 * Each field of the table is changed in turn: those whom the table names must
 * find it. docs/security.md has the table ("test_fields --table" prints it).
 */
#include "unit.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/file.h"
#include "copy_fixture.h"
#include "record/audit.h"
#include "record/delivered.h"

#define HAS(name) (UINT32_C(1) << ENTRY_##name)

enum { MINUTE_MS = 60 * 1000, DAY_MS = 24 * 60 * MINUTE_MS };

/* --- Changing a field. --- */

static void
change_text(char *text, size_t room, const char *one, const char *other)
{
	snprintf(text, room, "%s", strcmp(text, one) == 0 ? other : one);
}

static void
change_time(struct entry *entry, const char *finding)
{
	entry->time_ms += strcmp(finding, "TIME_AHEAD") == 0
	    ? 400 * (int64_t)DAY_MS
	    : strcmp(finding, "SIGNING_TIME") == 0 ? 2 * (int64_t)DAY_MS
						   : -2 * (int64_t)DAY_MS;
}

static void
change_act(struct entry *entry)
{
	entry->act = entry->act == ACT_SIGN ? ACT_TERMINATE : ACT_SIGN;
	snprintf(entry->act_name, sizeof(entry->act_name), "%s",
	    act_name(entry->act));
}

static void
change_prior(struct entry *entry)
{
	if (entry_has(entry, ENTRY_PRIOR) && entry->prior > 0)
		entry->prior--;
	else
		entry->prior = 1;
	entry->has |= HAS(PRIOR);
}

/* Change this field only; the entry stays good otherwise. */
static void
change(struct entry *entry, const struct field_rule *rule)
{
	switch (rule->field) {
	case ENTRY_ACT:
		change_act(entry);
		break;
	case ENTRY_TIME:
		change_time(entry, rule->finding);
		break;
	case ENTRY_POLICY:
		entry->policy.bytes[0] ^= 1;
		break;
	case ENTRY_PERSON:
		change_text(entry->person, sizeof(entry->person),
		    "nobody@mofa.example", "treaties@mofa.example");
		break;
	case ENTRY_OFFICE:
		change_text(entry->office, sizeof(entry->office),
		    strcmp(rule->finding, "NOT_ALLOWED") == 0 ? "nowhere"
							      : "iom-geneva",
		    "iom-bangkok");
		break;
	case ENTRY_DOCUMENT:
		change_text(entry->document, sizeof(entry->document),
		    "agreement/other", "agreement/another");
		break;
	case ENTRY_VERSION:
		entry->version++;
		break;
	case ENTRY_DIGEST:
		entry->digest.bytes[0] ^= 1;
		break;
	case ENTRY_MANIFEST:
		entry->manifest.bytes[0] ^= 1;
		break;
	case ENTRY_SIGNATURE:
		entry->signature.bytes[0] ^= 1;
		break;
	case ENTRY_CONTENTS:
		entry->contents.bytes[0] ^= 1;
		break;
	case ENTRY_CRLS:
		/* The set before was newer, or the one after is older. */
		entry->crls = copy_crls_digest(
		    strcmp(rule->finding, "CRLS_BACKWARDS") != 0 ? COPY_CRLS
			: entry->act == ACT_DEPOSIT              ? CRLS_NEW
								 : CRLS_OLD);
		break;
	case ENTRY_PRIOR:
		change_prior(entry);
		break;
	case ENTRY_SIGNATURES:
		entry->num_signatures--;
		break;
	case ENTRY_WAYBILL:
		entry->waybill.bytes[0] ^= 1;
		break;
	case ENTRY_DISPATCHED:
		entry->dispatched_ms += DAY_MS;
		break;
	case ENTRY_TO:
		change_text(entry->to, sizeof(entry->to), "nowhere",
		    "elsewhere");
		break;
	case ENTRY_NUMBER:
		entry->number++;
		break;
	case ENTRY_TIMES:
		entry->times = 0;
		break;
	case ENTRY_CHANGED:
	case ENTRY_COMMIT:
	case ENTRY_KEY:
	case ENTRY_RULE:
	case ENTRY_SALT:
	case ENTRY_SOFTWARE:
	case ENTRY_VALISE:
	case ENTRY_WANTED:
	case ENTRY_FIELDS:
		ck_abort_msg("%s: how is it changed?",
		    entry_field_name(rule->field));
	}
}

/* --- The verdict. --- */

struct changed {
	const struct field_rule *rule;
	size_t step;
};

static void
alter(struct entry *entry, size_t step, void *arg)
{
	const struct changed *changed = arg;

	if (changed->rule != NULL && step == changed->step)
		change(entry, changed->rule);
}

/* The field of a "dispatch" that is changed. */
static const struct field_rule *of_dispatch;

static void
change_dispatch(struct container *c, const char *id, struct entry *dispatch)
{
	(void)c, (void)id;
	if (of_dispatch != NULL)
		change(dispatch, of_dispatch);
}

/* Returns a copy whose newest act is of that kind, with one field changed. */
static struct container *
make_changed(enum act act, const struct field_rule *rule)
{
	const bool first =
	    act == ACT_DEPOSIT && rule != NULL && rule->field == ENTRY_CRLS;
	const enum copy_crls crls = first ? CRLS_OLD : CRLS_NEW;
	static const struct copy_bag bag = { 2, 600, 300, NULL,
		change_dispatch };
	struct copy_step steps[] = {
		{ ACT_DEPOSIT, 3, DEPOSITOR, ONE_OF_EACH, crls, NULL },
		{ ACT_SIGN, 5, MINISTER, ONE_OF_EACH, crls, NULL },
		{ ACT_SIGN, 6, CHIEF, ONE_OF_EACH, crls, NULL },
		{ ACT_FORCE, 7, 0, ONE_OF_EACH, 0, NULL },
		{ ACT_TERMINATE, 9, MINISTER, ONE_OF_EACH, crls, NULL },
	};
	const size_t newest = act == ACT_DEPOSIT || act == ACT_DISPATCH ? 0
	    : act == ACT_SIGN                                           ? 1
	    : act == ACT_FORCE                                          ? 3
									: 4;
	struct changed changed = { rule, newest };
	const bool by_bag = act == ACT_DISPATCH ||
	    (rule != NULL &&
		(rule->field == ENTRY_WAYBILL ||
		    rule->field == ENTRY_DISPATCHED));
	/* Only an act that follows another can be of another kind. */
	const unsigned version =
	    rule != NULL && rule->field == ENTRY_ACT ? 2 : 1;

	of_dispatch = act == ACT_DISPATCH ? rule : NULL;
	if (by_bag)
		steps[newest].bag = &bag;
	if (act == ACT_DISPATCH)
		changed.rule = NULL;
	return copy_make(version, steps, newest + 1 + first, alter, &changed);
}

static bool
has_finding(const struct verdict *verdict, const char *name)
{
	for (size_t i = 0; i < verdict->num_findings; i++)
		if (strcmp(finding_name(verdict->findings[i].code), name) == 0)
			return true;
	return false;
}

START_TEST(the_verdict_finds_what_the_table_says)
{
	const enum act act = (enum act)_i;
	size_t num, asked = 0;
	const struct field_rule *rules = field_rules(&num);
	struct verdict verdict;
	struct container *copy;

	if (act != ACT_DEPOSIT && act != ACT_SIGN && act != ACT_FORCE &&
	    act != ACT_TERMINATE && act != ACT_DISPATCH) {
		for (size_t i = 0; i < num; i++)
			ck_assert((rules[i].by & FIELD_VERDICT) == 0 ||
			    !field_rule_has(&rules[i], act) ||
			    rules[i].field == ENTRY_TIME);
		return;
	}
	copy = make_changed(act, NULL);
	copy_judge(copy, &verdict);
	ck_assert_msg(verdict.outcome == OUTCOME_VALID, "%s: %s", act_name(act),
	    copy_findings(&verdict));
	verdict_free(&verdict);
	container_free(copy);
	for (size_t i = 0; i < num; i++) {
		/* A dispatch is no act of the version, which has an order. */
		if ((rules[i].by & FIELD_VERDICT) == 0 ||
		    !field_rule_has(&rules[i], act) ||
		    (act == ACT_DISPATCH &&
			field_rule_has(&rules[i], ACT_SIGN)))
			continue;
		copy = make_changed(act, &rules[i]);
		copy_judge(copy, &verdict);
		ck_assert_msg(verdict.outcome != OUTCOME_VALID &&
			has_finding(&verdict, rules[i].finding),
		    "%s of %s: %s, not %s: %s",
		    entry_field_name(rules[i].field), act_name(act),
		    outcome_name(verdict.outcome), rules[i].finding,
		    copy_findings(&verdict));
		verdict_free(&verdict);
		container_free(copy);
		asked++;
	}
	ck_assert_uint_gt(asked, act == ACT_DISPATCH ? 5 : 8);
}
END_TEST

/* The CRLs of a deposit, and of the signature after it. */
static const struct {
	enum copy_crls before, after;
	bool good;
} lists[] = {
	{ CRLS_OLD, CRLS_NEW, true }, { CRLS_OLD, CRLS_MIXED, true },
	{ CRLS_MIXED, CRLS_NEW, true }, { CRLS_ONE, CRLS_NEW, true },
	{ CRLS_NEW, CRLS_OLD, false }, { CRLS_NEW, CRLS_MIXED, false },
	{ CRLS_NEW, CRLS_ONE, false },
	{ CRLS_NEW, COPY_CRLS, true }, /* not at hand: nothing is known */
};

START_TEST(no_ca_has_an_older_list_than_before)
{
	const struct copy_step steps[] = {
		{ ACT_DEPOSIT, 3, DEPOSITOR, ONE_OF_EACH, lists[_i].before,
		    NULL },
		{ ACT_SIGN, 5, MINISTER, ONE_OF_EACH, lists[_i].after, NULL },
	};
	struct container *copy = copy_make(1, steps, COUNT(steps), NULL, NULL);
	struct verdict verdict;

	copy_judge(copy, &verdict);
	ck_assert_msg(lists[_i].good == (verdict.outcome == OUTCOME_VALID) &&
		lists[_i].good != copy_has(&verdict, FINDING_CRLS_BACKWARDS),
	    "row %d: %s", _i, copy_findings(&verdict));
	verdict_free(&verdict);
	container_free(copy);
}
END_TEST

/* What every copy would be found bad for is not accepted. */
START_TEST(a_deposit_from_the_future_is_refused)
{
	const struct copy_step deposit = { ACT_DEPOSIT, 3, DEPOSITOR,
		ONE_OF_EACH, CRLS_NEW, NULL };
	const struct verdict_library library = copy_library();
	struct container *copy = copy_make(1, &deposit, 1, NULL, NULL);
	struct verdict_request request = { .expect = EXPECT_DEPOSIT,
		.container = copy,
		.certs = copy_world.certs,
		.library = &library,
		.live = "origin",
		.policy = copy_world.policies[ONE_OF_EACH],
		.person = "treaties@mofa.example",
		.office = "mofa" };
	struct verdict verdict;
	struct error err = { 0 };
	char path[200];

	snprintf(path, sizeof(path), PATH_RECEIPT, 3ULL);
	container_remove(copy, path);
	container_remove(copy, PATH_SEAL);
	container_remove(copy, PATH_SEAL_MANIFEST);
	for (int minutes = 0; minutes <= 10; minutes += 5) {
		/* It was made a minute before it was deposited. */
		request.now_ms = (COPY_NOW - 60 - minutes * 60) * 1000;
		ck_ok(verdict_judge(&request, &verdict, &err), err);
		ck_assert_msg(copy_has(&verdict, FINDING_TIME_BACKWARDS) ==
			(minutes > 5),
		    "%d: %s", minutes, copy_findings(&verdict));
		verdict_free(&verdict);
	}
	container_free(copy);
}
END_TEST

/* --- The log, the audit and fsck. --- */

static struct entry journal[24];
static size_t num_entries;

#define A_TIME (COPY_NOW * 1000)

static struct entry *
add(enum act act, uint32_t has)
{
	struct entry *entry = &journal[num_entries];

	ck_assert_uint_lt(num_entries, COUNT(journal));
	*entry = (struct entry){ .act = act,
		.has = has | HAS(ACT) | HAS(VALISE) | HAS(TIME) | HAS(SALT) |
		    HAS(POLICY),
		.valise = 1,
		.time_ms = A_TIME + (int64_t)num_entries * MINUTE_MS,
		.policy = copy_world.policies[ONE_OF_EACH]->digest };
	snprintf(entry->act_name, sizeof(entry->act_name), "%s", act_name(act));
	num_entries++;
	return entry;
}

static void
add_prior(struct entry *entry, uint64_t prior)
{
	entry->prior = prior;
	entry->has |= HAS(PRIOR);
}

static void
set_who(struct entry *entry, const char *person, const char *office)
{
	entry->has |= HAS(PERSON) | HAS(OFFICE);
	snprintf(entry->person, sizeof(entry->person), "%s", person);
	snprintf(entry->office, sizeof(entry->office), "%s", office);
}

static void
set_what(struct entry *entry, const char *document)
{
	entry->has |= HAS(DOCUMENT) | HAS(VERSION) | HAS(CONTENTS);
	snprintf(entry->document, sizeof(entry->document), "%s", document);
	entry->version = 1;
	entry->contents = (struct digest){ { 0xcc, (uint8_t)num_entries } };
}

/* An act of version 1 of a document. */
static struct entry *
add_act(enum act act, const char *document, const char *person,
    const char *office)
{
	struct entry *entry = add(act, HAS(DIGEST));

	set_what(entry, document);
	entry->digest = (struct digest){ { 0xd1, (uint8_t)document[10] } };
	if (act == ACT_FORCE) {
		entry->has |= HAS(SIGNATURES);
		entry->contents = entry[-1].contents;
		return entry;
	}
	set_who(entry, person, office);
	entry->has |= HAS(MANIFEST) | HAS(SIGNATURE) | HAS(COMMIT) | HAS(CRLS);
	entry->signature = (struct digest){ { 0x51, (uint8_t)num_entries } };
	entry->crls = copy_crls_digest(CRLS_NEW);
	memset(entry->commit, (int)num_entries, sizeof(entry->commit));
	return entry;
}

static void
add_force(const char *document, uint64_t prior)
{
	struct entry *entry = add_act(ACT_FORCE, document, "", "");

	add_prior(entry, prior);
	entry->num_signatures = 2;
	entry->signatures[0] = journal[prior - 1].signature;
	entry->signatures[1] = journal[prior].signature;
}

#define ONE         "agreement/one"
#define BAG         "agreement/bag"
#define MINISTER_OF "minister@mofa.example", "mofa"
#define CHIEF_OF    "chief-of-mission@iom.example", "iom-vientiane"

static void
add_bags(void)
{
	const struct digest waybill = { { 0xba } };
	struct entry *entry =
	    add(ACT_DISPATCH, HAS(TO) | HAS(NUMBER) | HAS(DIGEST));

	set_who(entry, CHIEF_OF);
	snprintf(entry->to, sizeof(entry->to), "mofa");
	entry->number = 7;
	entry->digest = waybill;
	entry = add_act(ACT_DEPOSIT, BAG, CHIEF_OF);
	entry->has |= HAS(WAYBILL) | HAS(DISPATCHED);
	entry->waybill = waybill;
	entry->dispatched_ms = entry->time_ms - 5 * (int64_t)MINUTE_MS;
	entry = add_act(ACT_SIGN, BAG, CHIEF_OF);
	add_prior(entry, num_entries - 2);
	entry->has |= HAS(WAYBILL) | HAS(DISPATCHED);
	entry->waybill = waybill;
	entry->dispatched_ms = entry[-1].dispatched_ms;
	entry = add(ACT_ACKNOWLEDGE,
	    HAS(TO) | HAS(NUMBER) | HAS(DIGEST) | HAS(WAYBILL));
	set_who(entry, "treaties@mofa.example", "mofa");
	snprintf(entry->to, sizeof(entry->to), "iom-vientiane");
	entry->number = 7;
	entry->waybill = waybill;
	entry->digest = (struct digest){ { 0xac } };
}

/* Make at least one entry of each act, all good. */
static void
make_journal(void)
{
	struct entry *entry;

	num_entries = 0;
	add(ACT_START, HAS(SOFTWARE));
	add(ACT_POLICY, HAS(CHANGED));
	add(ACT_CRL, HAS(CRLS))->crls = copy_crls_digest(CRLS_NEW);
	entry = add(ACT_CRL, HAS(CRLS));
	entry->crls = copy_crls_digest(CRLS_NEW);
	add_prior(entry, 2);
	add_act(ACT_DEPOSIT, ONE, "treaties@mofa.example", "mofa");
	add_prior(add_act(ACT_SIGN, ONE, MINISTER_OF), 4);
	add_prior(add_act(ACT_SIGN, ONE, CHIEF_OF), 5);
	add_force(ONE, 6);
	entry = add(ACT_DELIVER, 0);
	set_what(entry, ONE);
	set_who(entry, "clerk@iom.example", "iom-geneva");
	entry->contents = journal[6].contents;
	entry = add(ACT_DELIVERIES, HAS(TIMES));
	set_what(entry, ONE);
	set_who(entry, "clerk@iom.example", "iom-geneva");
	entry->contents = journal[6].contents;
	entry->times = 2;
	add_prior(entry, num_entries - 2);
	entry = add(ACT_REFUSE, HAS(DOCUMENT) | HAS(WANTED) | HAS(RULE));
	set_who(entry, "clerk@iom.example", "iom-geneva");
	snprintf(entry->document, sizeof(entry->document), ONE);
	add_bags();
	entry = add_act(ACT_TERMINATE, ONE, MINISTER_OF);
	add_prior(entry, 7);
	entry = add_act(ACT_TERMINATE, ONE, CHIEF_OF);
	add_prior(entry, num_entries - 2);
	add_force(ONE, num_entries - 1);
	add_prior(add(ACT_START, HAS(SOFTWARE)), 0);
	add_prior(add(ACT_POLICY, HAS(CHANGED)), 1);
	add(ACT_KEY, HAS(KEY));
	entry = add(ACT_KEY, HAS(KEY));
	add_prior(entry, num_entries - 2);
}

struct found {
	char codes[64][32], texts[64][512];
	size_t num;
};

static void
take_finding(void *arg, const struct audit_finding *finding)
{
	struct found *found = arg;

	ck_assert_uint_lt(found->num, COUNT(found->codes));
	snprintf(found->codes[found->num], 32, "%s", finding->code);
	snprintf(found->texts[found->num++], 512, "%s", finding->text);
}

/* A delivered_find() of the entries of the journal. */
static bool
find_in_journal(void *arg, uint64_t index, bool *is_there, uint64_t *check,
    struct error *err)
{
	(void)arg, (void)err;
	*is_there = index < num_entries && journal[index].act == ACT_DELIVER;
	if (*is_there)
		*check = delivered_check(&journal[index]);
	return true;
}

/* Audit the journal, with a field of one entry changed, or none. */
static void
audit(enum field_checker by, const struct field_rule *rule, size_t changed,
    struct found *found)
{
	const struct verdict_library library = copy_library();
	const struct audit_settings settings = { .by = by,
		.library = by == FIELD_LOG ? NULL : &library,
		.now_ms = A_TIME + DAY_MS,
		.report = take_finding,
		.find_delivered = find_in_journal,
		.arg = found };
	struct error err = { 0 };
	struct audit *audit = audit_new(&settings, &err);

	found->num = 0;
	for (size_t i = 0; i < num_entries; i++) {
		struct entry entry = journal[i];

		if (rule != NULL && i == changed)
			change(&entry, rule);
		ck_ok(audit_entry(audit, i, &entry, &err), err);
	}
	audit_free(audit);
}

static void
find_all(enum field_checker by)
{
	size_t num, asked = 0;
	const struct field_rule *rules = field_rules(&num);
	static struct found found;

	make_journal();
	audit(by, NULL, 0, &found);
	ck_assert_msg(found.num == 0, "%s: %s", found.codes[0], found.texts[0]);
	for (size_t i = 0; i < num; i++)
		for (size_t e = 0; e < num_entries; e++) {
			bool is_found = false;

			/* Of the commit in git: scenario 095. */
			if ((rules[i].by & by) == 0 ||
			    rules[i].by == FIELD_FSCK ||
			    !field_rule_has(&rules[i], journal[e].act) ||
			    (!entry_has(&journal[e], rules[i].field) &&
				rules[i].field != ENTRY_PRIOR) ||
			    /* Only the second list can be older than another.
			     */
			    (e == 2 &&
				strcmp(rules[i].finding, "CRLS_BACKWARDS") ==
				    0) ||
			    /* Nothing is before the first. */
			    (e == 0 &&
				(strcmp(rules[i].finding, "TIME_BACKWARDS") ==
					0 ||
				    strcmp(rules[i].finding,
					"POLICY_DIFFERS") == 0)) ||
			    /* Who dispatched is asked of what came by bag. */
			    (strcmp(rules[i].finding, "WAYBILL_DIFFERS") == 0 &&
				!entry_has(&journal[e], ENTRY_WAYBILL)))
				continue;
			audit(by, &rules[i], e, &found);
			for (size_t k = 0; k < found.num; k++)
				is_found = is_found ||
				    strcmp(found.codes[k], rules[i].finding) ==
					0;
			ck_assert_msg(is_found, "entry %zu, %s of %s: not %s",
			    e, entry_field_name(rules[i].field),
			    journal[e].act_name, rules[i].finding);
			asked++;
		}
	ck_assert_uint_gt(asked, 20);
}

START_TEST(the_log_finds_what_the_table_says)
{
	find_all(FIELD_LOG);
}
END_TEST

START_TEST(the_audit_finds_what_the_table_says)
{
	find_all(FIELD_AUDIT);
}
END_TEST

START_TEST(fsck_finds_what_the_table_says)
{
	find_all(FIELD_FSCK);
}
END_TEST

START_TEST(every_field_of_every_act_has_a_row)
{
	size_t num;
	const struct field_rule *rules = field_rules(&num);

	make_journal();
	for (size_t e = 0; e < num_entries; e++)
		for (unsigned field = 0; field < ENTRY_FIELDS; field++) {
			bool has =
			    !entry_has(&journal[e], (enum entry_field)field);

			for (size_t i = 0; i < num; i++)
				has = has ||
				    (rules[i].field == field &&
					field_rule_has(&rules[i],
					    journal[e].act));
			/* The act is what all other rows are by. */
			ck_assert_msg(has || field == ENTRY_ACT, "%s of %s",
			    entry_field_name((enum entry_field)field),
			    journal[e].act_name);
		}
}
END_TEST

/* An office that may not see all entries does not miss those. */
START_TEST(what_an_office_may_not_see_is_not_missed)
{
	const struct policy *policy = copy_world.policies[ONE_OF_EACH];
	const struct verdict_library library = copy_library();
	const struct sight sight =
	    sight_of(policy, policy_office(policy, "iom-vientiane"));
	static struct found found;
	const struct audit_settings settings = { .by = FIELD_AUDIT,
		.library = &library,
		.sight = &sight,
		.now_ms = A_TIME + DAY_MS,
		.report = take_finding,
		.arg = &found };
	struct error err = { 0 };
	struct audit *audit = audit_new(&settings, &err);

	make_journal();
	/* It reads agreements, audits none, and sees no bag of others. */
	ck_assert(sight.audit == 0);
	ck_assert(sight_sees(&sight, ONE));
	for (size_t i = 0; i < num_entries; i++)
		if (journal[i].act != ACT_DELIVER &&
		    journal[i].act != ACT_DELIVERIES &&
		    journal[i].act != ACT_REFUSE &&
		    journal[i].act != ACT_DISPATCH &&
		    journal[i].act != ACT_ACKNOWLEDGE)
			ck_ok(audit_entry(audit, i, &journal[i], &err), err);
	ck_assert_msg(found.num == 0, "%s", found.texts[0]);
	audit_free(audit);
}
END_TEST

/* A `deliveries` entry, and what is wrong with it. */
static const struct {
	const char *what;
	size_t before; /* `deliver` entries of the version before it */
	size_t counts; /* `deliveries` entries that name the first of them */
	bool other;    /* the `deliver` is of another person */
	bool later;    /* it names an entry after itself */
	bool wrong;
} counted[] = {
	{ "one for one delivery", 1, 1, false, false, false },
	{ "none for two deliveries", 2, 0, false, false, false },
	{ "one for none", 0, 1, false, false, true },
	{ "two for one delivery", 1, 2, false, false, true },
	{ "one for another person's", 1, 1, true, false, true },
	{ "one before its delivery", 1, 1, false, true, true },
};

static void
add_delivery(enum act act, const char *person, uint64_t prior)
{
	struct entry *entry = add(act, act == ACT_DELIVER ? 0 : HAS(TIMES));

	set_what(entry, ONE);
	set_who(entry, person, "iom-geneva");
	entry->contents = journal[0].contents;
	entry->times = 1;
	if (act == ACT_DELIVERIES)
		add_prior(entry, prior);
}

START_TEST(a_count_is_of_one_delivery_before_it)
{
	const char *person =
	    counted[_i].other ? "other@iom.example" : "clerk@iom.example";
	static struct found found;
	const struct audit_settings settings = { .by = FIELD_AUDIT,
		.report = take_finding,
		.find_delivered = find_in_journal,
		.arg = &found };
	struct error err = { 0 };
	struct audit *audit = audit_new(&settings, &err);
	size_t wrong = 0, first;

	num_entries = 0;
	found.num = 0;
	add_act(ACT_DEPOSIT, ONE, "treaties@mofa.example", "mofa");
	first = num_entries + (counted[_i].later ? counted[_i].counts : 0);
	for (size_t i = 0; counted[_i].later && i < counted[_i].counts; i++)
		add_delivery(ACT_DELIVERIES, "clerk@iom.example", first);
	for (size_t i = 0; i < counted[_i].before; i++)
		add_delivery(ACT_DELIVER, person, 0);
	for (size_t i = 0; !counted[_i].later && i < counted[_i].counts; i++)
		add_delivery(ACT_DELIVERIES, "clerk@iom.example", first);
	for (size_t i = 0; i < num_entries; i++)
		ck_ok(audit_entry(audit, i, &journal[i], &err), err);
	for (size_t i = 0; i < found.num; i++)
		wrong += strcmp(found.codes[i], "COUNT_WRONG") == 0;
	ck_assert_msg(wrong == counted[_i].wrong, "%s: %zu", counted[_i].what,
	    wrong);
	audit_free(audit);
}
END_TEST

static bool
read_record(void *arg, uint64_t n, uint8_t out[DELIVERED_RECORD],
    struct error *err)
{
	const struct buf *all = arg;

	(void)err;
	memcpy(out, all->data + n * DELIVERED_RECORD, DELIVERED_RECORD);
	return true;
}

START_TEST(what_was_kept_of_deliveries_is_found)
{
	struct error err = { 0 };
	struct buf kept = BUF(1000);

	for (uint64_t num = 0; num < 9; num++) {
		const struct delivered_records all = { .read = read_record,
			.arg = &kept,
			.num = num };

		for (uint64_t i = 0; i < 2 * num + 3; i++) {
			uint64_t check = 0;
			bool is_there;

			ck_ok(delivered_search(&all, i, &is_there, &check,
				  &err),
			    err);
			/* Those of odd indices are there. */
			ck_assert_int_eq(is_there, i % 2 == 1 && i < 2 * num);
			ck_assert_uint_eq(check, is_there ? i * 10 : 0);
		}
		ck_ok(delivered_encode(2 * num + 1, (2 * num + 1) * 10, &kept,
			  &err),
		    err);
	}
	buf_free(&kept);
}
END_TEST

START_TEST(what_was_kept_of_deliveries_is_read_strictly)
{
	struct error err = { 0 };
	struct buf kept = BUF(1000);
	uint64_t last;

	for (uint64_t i = 0; i < 2; i++)
		ck_ok(delivered_encode(5, 8, &kept, &err), err);
	/* Twice the same index; and all cuts. */
	for (size_t len = 1; len <= kept.len; len++) {
		last = UINT64_MAX;
		ck_assert_int_eq(delivered_check_order(span_of(kept.data, len),
				     &last, &err),
		    len == 16);
		if (len != 16)
			ck_assert_int_eq(err.kind, ERROR_MALFORMED);
	}
	/* The same where another piece went before. */
	ck_assert(!delivered_check_order(span_of(kept.data, 16), &last, &err));
	last = 4;
	ck_assert(delivered_check_order(span_of(kept.data, 16), &last, &err));
	kept.len = 0;
	ck_ok(delivered_encode(5, 9, &kept, &err), err);
	last = UINT64_MAX;
	ck_assert(!delivered_check_order(buf_span(&kept), &last, &err));
	buf_free(&kept);
}
END_TEST

START_TEST(what_was_counted_takes_a_bit)
{
	struct counted all = { NULL };

	ck_assert(!counted_has(&all, 0));
	ck_assert(counted_add(&all, 1000003));
	for (uint64_t i = 0; i < 1000003 + 100; i++)
		ck_assert_int_eq(counted_has(&all, i), i == 1000003);
	ck_assert_uint_lt(all.num / 8, 262145);
	ck_assert(counted_add(&all, 0));
	ck_assert(counted_has(&all, 0) && counted_has(&all, 1000003));
	counted_free(&all);
}
END_TEST

/* --- The table in docs/security.md. --- */

/* For use outside of a test too, where Check's asserts do not work. */
static void put(struct buf *out, const char *fmt, ...) PRINTF(2, 3);

static void
put(struct buf *out, const char *fmt, ...)
{
	struct error err = { 0 };
	char text[1000];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (!buf_append_str(out, text, &err))
		abort();
}

static void
put_acts(struct buf *out, uint32_t acts)
{
	bool first = true;

	if ((acts >> ACT_OTHER & 1) != 0) {
		put(out, "every act%s",
		    (acts >> ACT_POLICY & 1) != 0 ? "" : " but `policy`");
		return;
	}
	for (unsigned act = 1; act < ACTS; act++) {
		if ((acts >> act & 1) == 0)
			continue;
		put(out, "%s`%s`", first ? "" : ", ", act_name((enum act)act));
		first = false;
	}
}

static void
put_checkers(struct buf *out, unsigned by)
{
	static const char *const names[] = { "verdict", "log", "audit", "fsck",
		"every command" };
	bool first = true;

	for (size_t i = 0; i < COUNT(names); i++)
		if ((by >> i & 1) != 0) {
			put(out, "%s%s", first ? "" : ", ", names[i]);
			first = false;
		}
}

static void
put_table(struct buf *out)
{
	size_t num;
	const struct field_rule *rules = field_rules(&num);

	put(out,
	    "| act | field | is compared with | by | finding |\n"
	    "| --- | --- | --- | --- | --- |\n");
	for (size_t i = 0; i < num; i++) {
		put(out, "| ");
		put_acts(out, rules[i].acts);
		put(out, " | `%s` | ", entry_field_name(rules[i].field));
		if (rules[i].finding == NULL) {
			put(out, "nothing: %s | | |\n", rules[i].compared_with);
			continue;
		}
		put(out, "%s | ", rules[i].compared_with);
		put_checkers(out, rules[i].by);
		put(out, " | `%s` |\n", rules[i].finding);
	}
}

START_TEST(the_documentation_has_the_table)
{
	static const char begin[] = "<!-- fields -->\n";
	struct buf docs = BUF(1000000), table = BUF(100000);
	const char *from, *until;
	struct error err = { 0 };
	char path[4096];

	snprintf(path, sizeof(path), "%s/docs/security.md",
	    getenv("VALISE_TOP"));
	ck_ok(file_read(path, docs.max, &docs, &err) &&
		buf_append_u8(&docs, 0, &err),
	    err);
	ck_assert_ptr_nonnull(from = strstr((char *)docs.data, begin));
	from += strlen(begin);
	ck_assert_ptr_nonnull(until = strstr(from, "<!-- end -->"));
	put_table(&table);
	ck_assert_msg(span_eq(span_of(from, (size_t)(until - from)),
			  buf_span(&table)),
	    "put what \"test_fields --table\" prints there");
	buf_free(&docs);
	buf_free(&table);
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_checked_fixture(t, copy_set_up, copy_tear_down);
	tcase_add_loop_test(t, the_verdict_finds_what_the_table_says, 0, ACTS);
	tcase_add_loop_test(t, no_ca_has_an_older_list_than_before, 0,
	    COUNT(lists));
	tcase_add_test(t, a_deposit_from_the_future_is_refused);
	tcase_add_test(t, the_log_finds_what_the_table_says);
	tcase_add_test(t, the_audit_finds_what_the_table_says);
	tcase_add_test(t, fsck_finds_what_the_table_says);
	tcase_add_test(t, every_field_of_every_act_has_a_row);
	tcase_add_test(t, what_an_office_may_not_see_is_not_missed);
	tcase_add_loop_test(t, a_count_is_of_one_delivery_before_it, 0,
	    COUNT(counted));
	tcase_add_test(t, what_was_kept_of_deliveries_is_read_strictly);
	tcase_add_test(t, what_was_kept_of_deliveries_is_found);
	tcase_add_test(t, what_was_counted_takes_a_bit);
	tcase_add_test(t, the_documentation_has_the_table);
}

int
main(int argc, char *argv[])
{
	if (argc == 2 && strcmp(argv[1], "--table") == 0) {
		struct buf table = BUF(100000);

		put_table(&table);
		fwrite(table.data, 1, table.len, stdout);
		buf_free(&table);
		return EXIT_SUCCESS;
	}
	return run_tests("fields", fill);
}
