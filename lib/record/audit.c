/*
 * The audit: each entry is compared with the entries before it, and a copy's
 * verdict with the journal (audit.h).
 */
#include "record/audit.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/*
 * Which version had these contents, by their digest.  A hash table, at most
 * half full.
 */
struct contents {
	struct had {
		struct digest contents;
		uint32_t document, version; /* version 0 marks a free place */
	} * list;
	size_t places, num;
};

struct audit {
	struct audit_settings settings;
	struct ledger *ledger;
	int64_t time_ms;       /* of the last entry seen */
	int64_t crls_ms;       /* of the last "crl" entry */
	struct digest unknown; /* a missing policy, already told of */
	struct contents contents;
	/* Few, so they are searched from the end. */
	struct field_dispatch *dispatches;
	size_t num_dispatches;
	struct counted counted; /* deliveries, by a `deliveries` entry */
};

struct audit *
audit_new(const struct audit_settings *settings, struct error *err)
{
	struct audit *audit = calloc(1, sizeof(*audit));

	if (audit == NULL) {
		error_set_errno(err, "audit");
		return NULL;
	}
	audit->settings = *settings;
	audit->time_ms = FIELD_NO_TIME;
	if ((audit->ledger = ledger_temporary(settings->folder, err)) == NULL) {
		free(audit);
		return NULL;
	}
	return audit;
}

void
audit_free(struct audit *audit)
{
	if (audit == NULL)
		return;
	ledger_free(audit->ledger);
	free(audit->contents.list);
	free(audit->dispatches);
	counted_free(&audit->counted);
	free(audit);
}

struct ledger *
audit_ledger(struct audit *audit)
{
	return audit->ledger;
}

void
audit_find(const struct audit_settings *settings, const char *code,
    uint64_t index, const char *about, const char *fmt, ...)
{
	struct audit_finding finding = { .code = code, .index = index };
	va_list args;

	text_cut(finding.about, sizeof(finding.about), about);
	va_start(args, fmt);
	vsnprintf(finding.text, sizeof(finding.text), fmt, args);
	va_end(args);
	settings->report(settings->arg, &finding);
}

/* --- What the audit keeps beside the ledger. --- */

/*
 * Returns the place of these contents in the hash table, or the free place
 * where they belong.
 */
static struct had *
find_contents(const struct contents *all, const struct digest *contents)
{
	size_t i;

	memcpy(&i, contents->bytes, sizeof(i));
	for (i %= all->places; all->list[i].version != 0 &&
	     !digest_eq(&all->list[i].contents, contents);)
		i = (i + 1) % all->places;
	return &all->list[i];
}

/* Remember the contents of a new version. */
static bool
add_contents(struct audit *audit, const struct entry *entry)
{
	struct contents *all = &audit->contents;
	struct had *had;

	if (all->num * 2 >= all->places) {
		struct contents more = { .num = all->num,
			.places = all->places == 0 ? 256 : all->places * 2 };

		more.list = calloc(more.places, sizeof(*more.list));
		if (more.list == NULL)
			return false;
		for (size_t i = 0; i < all->places; i++)
			if (all->list[i].version != 0)
				*find_contents(&more, &all->list[i].contents) =
				    all->list[i];
		free(all->list);
		*all = more;
	}
	had = find_contents(all, &entry->contents);
	all->num += had->version == 0;
	*had = (struct had){ entry->contents,
		ledger_number(audit->ledger, entry->document),
		(uint32_t)entry->version };
	return true;
}

/* Had the version that the entry names these contents? */
static bool
had_contents(const struct audit *audit, const struct entry *entry)
{
	const struct had *had = audit->contents.num == 0
	    ? NULL
	    : find_contents(&audit->contents, &entry->contents);

	return had != NULL && had->version == entry->version &&
	    had->document == ledger_number(audit->ledger, entry->document);
}

static bool
add_dispatch(struct audit *audit, uint64_t index, const struct entry *entry)
{
	struct field_dispatch *all = realloc(audit->dispatches,
	    (audit->num_dispatches + 1) * sizeof(*all));
	struct field_dispatch *one;

	if (all == NULL)
		return false;
	audit->dispatches = all;
	one = &all[audit->num_dispatches++];
	*one = (struct field_dispatch){ .index = index,
		.number = entry->number,
		.time_ms = entry->time_ms,
		.digest = entry->digest };
	text_set(one->office, sizeof(one->office), entry->office);
	text_set(one->person, sizeof(one->person), entry->person);
	text_set(one->to, sizeof(one->to), entry->to);
	return true;
}

/* Returns the dispatch that the entry's waybill names, or NULL. */
static const struct field_dispatch *
find_dispatch(const struct audit *audit, const struct entry *entry)
{
	for (size_t i = audit->num_dispatches;
	     entry_has(entry, ENTRY_WAYBILL) && i > 0; i--)
		if (digest_eq(&audit->dispatches[i - 1].digest,
			&entry->waybill))
			return &audit->dispatches[i - 1];
	return NULL;
}

/* --- One entry. --- */

struct checking {
	struct audit *audit;
	uint64_t index;
	const struct entry *entry;
};

static void
find(const struct checking *all, const char *code, const char *text)
{
	audit_find(&all->audit->settings, code, all->index,
	    entry_has(all->entry, ENTRY_DOCUMENT) ? all->entry->document : "",
	    "%s", text);
}

/* Called for a field that breaks a rule of verdict/fields.h. */
static bool
report_field(void *arg, const struct field_rule *rule, const char *why)
{
	const struct checking *all = arg;

	if (strcmp(rule->finding, finding_name(FINDING_POLICY_UNKNOWN)) == 0) {
		/*
		 * Tell of a missing policy once, not for each entry made under
		 * it.
		 */
		if (digest_eq(&all->audit->unknown, &all->entry->policy))
			return true;
		all->audit->unknown = all->entry->policy;
	}
	find(all, rule->finding, why);
	return true;
}

/* May this office see all entries that this entry is compared with? */
static bool
sees_all(const struct audit *audit, const struct entry *entry)
{
	const struct sight *sight = audit->settings.sight;

	if (sight == NULL)
		return true;
	/* An office that may audit any type sees the entry of a waybill. */
	if (entry_has(entry, ENTRY_WAYBILL) && sight->audit == 0)
		return false;
	return !entry_has(entry, ENTRY_DOCUMENT) ||
	    sight_sees(sight, entry->document);
}

/* Find the delivery that a `deliveries` entry counts under. */
static bool
find_delivery(const struct checking *all, enum field_delivery *out,
    struct error *err)
{
	const struct audit_settings *settings = &all->audit->settings;
	const struct entry *entry = all->entry;
	bool is_there = false;
	uint64_t check;

	*out = FIELD_NOT_DELIVERED;
	if (entry->act != ACT_DELIVERIES || settings->find_delivered == NULL ||
	    entry->prior >= all->index)
		return true;
	if (!settings->find_delivered(settings->arg, entry->prior, &is_there,
		&check, err))
		return false;
	if (is_there && check == delivered_check(entry))
		*out = counted_has(&all->audit->counted, entry->prior)
		    ? FIELD_COUNTED
		    : FIELD_DELIVERED;
	return true;
}

/* Compare each field of the entry with the entries before it. */
static bool
check_fields(const struct checking *all, enum field_delivery delivery)
{
	const struct audit *audit = all->audit;
	const struct audit_settings *settings = &audit->settings;
	const struct entry *entry = all->entry;
	struct ledger *ledger = audit->ledger;
	const bool has_document =
	    entry_has(entry, ENTRY_DOCUMENT) && entry_has(entry, ENTRY_VERSION);
	const struct ledger_version *version =
	    !has_document || entry->version > UINT32_MAX
	    ? NULL
	    : ledger_version(ledger_find(ledger, entry->document),
		  (unsigned)entry->version);
	struct digest policy, crls;
	const struct field_journal journal = {
		.policy =
		    ledger_newest(ledger, ACT_POLICY, &policy) ? &policy : NULL,
		.crls = ledger_newest(ledger, ACT_CRL, &crls) ? &crls : NULL,
		.last = ledger_last(ledger, entry->act),
		.all = sees_all(audit, entry),
		.has_version = version != NULL,
		.had_contents = has_document && had_contents(audit, entry),
		.dispatch = find_dispatch(audit, entry),
		.delivery = delivery,
	};
	const struct field_view view = { .index = all->index,
		.entry = entry,
		.before_ms = audit->time_ms,
		.crls_before = journal.crls,
		.crls_before_ms = audit->crls_ms,
		.contents_before = version != NULL ? &version->contents : NULL,
		.library = settings->library,
		.now_ms = settings->now_ms,
		.journal = settings->filtered ? NULL : &journal };

	return fields_check(&view, settings->by, report_field,
	    (void *)(uintptr_t)all);
}

/* Apply the entry to the ledger, and tell of what it contradicts. */
static bool
apply(const struct checking *all, struct error *err)
{
	struct ledger *ledger = all->audit->ledger;
	struct entry *same;
	bool ok;

	if (all->entry->time_ms >= ledger_time_ms(ledger)) {
		ok = ledger_apply(ledger, all->index, all->entry, err);
	} else {
		/*
		 * The entry contradicted the ledger, which was told above; its
		 * other fields are still compared.
		 */
		if ((same = malloc(sizeof(*same))) == NULL)
			return error_set_errno(err, "audit");
		*same = *all->entry;
		same->time_ms = ledger_time_ms(ledger);
		ok = ledger_apply(ledger, all->index, same, err);
		free(same);
	}
	if (ok || err->kind != ERROR_UNTRUSTED)
		return ok;
	if (sees_all(all->audit, all->entry))
		find(all, "OUT_OF_ORDER", err->detail);
	*err = (struct error){ 0 };
	return true;
}

/* Remember what later entries are compared with. */
static bool
remember(struct audit *audit, uint64_t index, const struct entry *entry,
    enum field_delivery delivery)
{
	if (entry->time_ms > audit->time_ms)
		audit->time_ms = entry->time_ms;
	if (entry->act == ACT_CRL)
		audit->crls_ms = entry->time_ms;
	if (entry->act == ACT_DISPATCH)
		return add_dispatch(audit, index, entry);
	if (entry->act == ACT_DELIVERIES)
		return delivery != FIELD_DELIVERED ||
		    counted_add(&audit->counted, entry->prior);
	if (entry->act == ACT_DELIVER)
		return true;
	return entry->act == ACT_OTHER || !entry_has(entry, ENTRY_CONTENTS) ||
	    entry->version == 0 ||
	    ledger_number(audit->ledger, entry->document) == 0 ||
	    add_contents(audit, entry);
}

bool
audit_entry(struct audit *audit, uint64_t index, const struct entry *entry,
    struct error *err)
{
	const struct checking all = { audit, index, entry };
	enum field_delivery delivery;

	if (!find_delivery(&all, &delivery, err) ||
	    !check_fields(&all, delivery) ||
	    (!audit->settings.filtered && !apply(&all, err)))
		return false;
	return remember(audit, index, entry, delivery) ||
	    error_set_errno(err, "audit");
}

/* Does the verdict have the act of this entry? */
static bool
has_act(const struct verdict *verdict, uint64_t index)
{
	for (size_t i = 0; i < verdict->num_acts; i++)
		if (verdict->acts[i].index == index)
			return true;
	return false;
}

/* Is every signer who was revoked one of whom a list said so after the act? */
static bool
is_disputed_only(const struct verdict *verdict)
{
	for (size_t i = 0; i < verdict->num_signatures; i++)
		if (verdict->signatures[i].then == TRUST_REVOKED &&
		    !verdict->signatures[i].disputed)
			return false;
	return true;
}

void
audit_verdict(struct audit *audit, const struct ledger_document *document,
    const struct ledger_version *version, const struct verdict *verdict)
{
	const struct audit_settings *settings = &audit->settings;
	char about[LIMIT_PATH_BYTES + 1];
	const enum status due = ledger_status_in_copy(version);
	struct audit_settings disputed = *settings;

	if (settings->report_disputed != NULL && is_disputed_only(verdict))
		disputed.report = settings->report_disputed;
	snprintf(about, sizeof(about), "%s@%u", document->name,
	    version->number);
	for (size_t i = 0; i < verdict->num_findings; i++) {
		const struct finding *one = &verdict->findings[i];
		char sentence[FINDING_SENTENCE];

		finding_sentence(one, sentence);
		if (finding_outcome(one->code) != OUTCOME_VALID)
			audit_find(one->code == FINDING_SIGNER_REVOKED
				? &disputed
				: settings,
			    finding_name(one->code), AUDIT_NO_ENTRY, about,
			    "%s", sentence);
	}
	if (verdict->version == NULL)
		return;
	/*
	 * Whichever checkpoint the copy carries, its contents must be those
	 * journaled.
	 */
	if (!digest_eq(&verdict->contents, &version->contents))
		audit_find(settings, "CONTENTS_DIFFER",
		    version->acts[version->num_acts - 1], about,
		    "its files are not, all together, those that were"
		    " journaled");
	if (!digest_eq(&verdict->digest, &version->digest))
		audit_find(settings, "VERSION_DIFFERS", version->acts[0], about,
		    "its version digest is not the one that was"
		    " journaled");
	for (size_t i = 0; i < version->num_acts; i++)
		if (!has_act(verdict, version->acts[i]))
			audit_find(settings, "NOT_IN_COPY", version->acts[i],
			    about, "the copy tells nothing of this act");
	if (!verdict_has_fault(verdict) && verdict->status != due)
		audit_find(settings, "STATUS_DIFFERS", AUDIT_NO_ENTRY, about,
		    "by its signatures it is %s, by the journal %s",
		    status_name(verdict->status), status_name(due));
}
