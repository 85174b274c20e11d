#include "record/audit.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"

struct audit {
	struct audit_settings settings;
	struct ledger *ledger;
	int64_t time_ms; /* of the last entry seen */
	struct digest unknown; /* a policy that was told of */
	bool quiet;
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
	if ((audit->ledger = ledger_new(err)) == NULL) {
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

	snprintf(finding.about, sizeof(finding.about), "%s", about);
	va_start(args, fmt);
	vsnprintf(finding.text, sizeof(finding.text), fmt, args);
	va_end(args);
	settings->report(settings->arg, &finding);
}

#define FIND(audit, code, index, entry, ...)                              \
	do {                                                              \
		if (!(audit)->quiet)                                      \
			audit_find(&(audit)->settings, code, index,       \
			    entry_has(entry, ENTRY_DOCUMENT) ?            \
				(entry)->document :                       \
				"",                                       \
			    __VA_ARGS__);                                 \
	} while (0)

static void
check_time(struct audit *audit, uint64_t index, const struct entry *entry)
{
	char now[TIME_TEXT], last[TIME_TEXT];

	time_format_ms(entry->time_ms, now);
	if (entry->time_ms < audit->time_ms) {
		time_format_ms(audit->time_ms, last);
		FIND(audit, "TIME_BACKWARDS", index, entry,
		    "its time, %s, is before %s, that of an entry before it:"
		    " the journal's time never runs backwards", now, last);
	}
	if (entry->time_ms >
	    audit->settings.now_ms + TIME_SKEW_SECONDS * 1000)
		FIND(audit, "TIME_AHEAD", index, entry,
		    "its time, %s, is yet to come: the depositary's clock, or"
		    " this one, is wrong", now);
	if (entry->time_ms > audit->time_ms)
		audit->time_ms = entry->time_ms;
}

static void
check_in_force(struct audit *audit, uint64_t index, const struct entry *entry)
{
	struct digest newest;

	/* A policy's own entry is the first that is under it. */
	if (entry->act != ACT_POLICY &&
	    ledger_newest(audit->ledger, ACT_POLICY, &newest) &&
	    !digest_eq(&newest, &entry->policy))
		FIND(audit, "POLICY_DIFFERS", index, entry,
		    "it names another policy than the one that was in force");
	if (entry->act != ACT_CRL && entry_has(entry, ENTRY_CRLS) &&
	    ledger_newest(audit->ledger, ACT_CRL, &newest) &&
	    !digest_eq(&newest, &entry->crls))
		FIND(audit, "CRLS_DIFFER", index, entry,
		    "it names other CRLs than those that were in force");
}

/* What the policy of that moment says of who did it. */
static void
check_rights(struct audit *audit, uint64_t index, const struct entry *entry)
{
	const struct verdict_library *library = audit->settings.library;
	const struct policy *policy = library->policy(library->arg,
	    &entry->policy, index);
	const struct office *office;
	char type[LIMIT_SLUG_BYTES + 1], hex[DIGEST_HEX];
	struct decision decision = { .allowed = true };

	if (policy == NULL) {
		/* Once for all entries under it. */
		if (digest_eq(&audit->unknown, &entry->policy))
			return;
		audit->unknown = entry->policy;
		digest_hex(&entry->policy, hex);
		FIND(audit, "POLICY_UNKNOWN", index, entry,
		    "the policy that it names, %.16s…, is none that counts"
		    " here: see \"valise policy show\"", hex);
		return;
	}
	if (!entry_has(entry, ENTRY_OFFICE) || entry->act == ACT_REFUSE)
		return;
	if ((office = policy_office(policy, entry->office)) == NULL) {
		FIND(audit, "NOT_ALLOWED", index, entry,
		    "the policy knew no office \"%s\"", entry->office);
		return;
	}
	document_type(entry->document, type);
	if (entry->act == ACT_DELIVER)
		decision = policy_decide(policy, office, RIGHT_READ, type);
	else if (entry->act == ACT_DEPOSIT)
		decision = policy_decide(policy, office, RIGHT_DEPOSIT, type);
	else if (entry->act == ACT_SIGN || entry->act == ACT_TERMINATE)
		decision = policy_decide_sign(policy, office, entry->person,
		    type,
		    entry->act == ACT_SIGN ? SIGNING_APPROVAL :
					     SIGNING_TERMINATION,
		    entry->time_ms / 1000);
	if (!decision.allowed)
		FIND(audit, "NOT_ALLOWED", index, entry,
		    "the policy did not allow %s of %s to %s (%s)",
		    entry->person, entry->office, entry->act_name,
		    decision.rule);
}

/* Each of these names the one of its kind before it: none can be left out. */
static void
check_chain(struct audit *audit, uint64_t index, const struct entry *entry)
{
	const uint64_t last = ledger_last(audit->ledger, entry->act);
	const uint64_t prior = entry_has(entry, ENTRY_PRIOR) ? entry->prior :
							       LEDGER_NONE;

	if (entry->act != ACT_START && entry->act != ACT_POLICY &&
	    entry->act != ACT_CRL && entry->act != ACT_KEY)
		return;
	if (prior != last)
		FIND(audit, "OUT_OF_ORDER", index, entry,
		    "it does not follow the last \"%s\": one was left out",
		    entry->act_name);
}

bool
audit_entry(struct audit *audit, uint64_t index, const struct entry *entry,
    struct error *err)
{
	struct entry *same;
	bool ok;

	check_time(audit, index, entry);
	check_in_force(audit, index, entry);
	check_rights(audit, index, entry);
	check_chain(audit, index, entry);
	if (entry->time_ms >= ledger_time_ms(audit->ledger)) {
		ok = ledger_apply(audit->ledger, index, entry, err);
	} else {
		/* Told above; the rest of what it says is still looked at. */
		if ((same = malloc(sizeof(*same))) == NULL)
			return error_set_errno(err, "audit");
		*same = *entry;
		same->time_ms = ledger_time_ms(audit->ledger);
		ok = ledger_apply(audit->ledger, index, same, err);
		free(same);
	}
	if (!ok && err->kind == ERROR_UNTRUSTED) {
		FIND(audit, "OUT_OF_ORDER", index, entry, "%s", err->detail);
		*err = (struct error){ 0 };
		return true;
	}
	return ok;
}

bool
audit_known(struct audit *audit, uint64_t index, const struct entry *entry,
    struct error *err)
{
	bool ok;

	audit->quiet = true;
	ok = audit_entry(audit, index, entry, err);
	audit->quiet = false;
	return ok;
}

static bool
has_act(const struct verdict *verdict, uint64_t index)
{
	for (size_t i = 0; i < verdict->num_acts; i++)
		if (verdict->acts[i].index == index)
			return true;
	return false;
}

void
audit_verdict(struct audit *audit, const struct ledger_document *document,
    const struct ledger_version *version, const struct verdict *verdict)
{
	const struct audit_settings *settings = &audit->settings;
	char about[LIMIT_PATH_BYTES + 1];
	const enum status due = ledger_status_in_copy(version);

	snprintf(about, sizeof(about), "%s@%u", document->name,
	    version->number);
	for (size_t i = 0; i < verdict->num_findings; i++)
		audit_find(settings, finding_name(verdict->findings[i].code),
		    AUDIT_NO_ENTRY, about, "%s", verdict->findings[i].text);
	if (verdict->version == NULL)
		return;
	/* By whatever checkpoint it proves itself: it is the one journaled. */
	if (!digest_eq(&verdict->contents, &version->contents))
		audit_find(settings, "CONTENTS_DIFFER",
		    version->acts[version->num_acts - 1], about,
		    "its files are not, all together, those that were"
		    " journaled");
	if (!digest_eq(&verdict->digest, &version->digest))
		audit_find(settings, "VERSION_DIFFERS", version->acts[0],
		    about, "its version digest is not the one that was"
			   " journaled");
	for (size_t i = 0; i < version->num_acts; i++)
		if (!has_act(verdict, version->acts[i]))
			audit_find(settings, "NOT_IN_COPY", version->acts[i],
			    about, "the copy tells nothing of this act");
	if (verdict->num_findings == 0 && verdict->status != due)
		audit_find(settings, "STATUS_DIFFERS", AUDIT_NO_ENTRY, about,
		    "by its signatures it is %s, by the journal %s",
		    status_name(verdict->status), status_name(due));
}
