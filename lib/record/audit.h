/*
 * audit.h - the rules that the entries of every journal must keep, checked
 * entry by entry.  The command that audits a daemon, the daemon's own check,
 * the check of a data folder and, without policies, the log use it.
 *
 * It is given some or all entries, in order.  Each field is compared as the
 * table of verdict/fields.h says; each act must be allowed after the document's
 * last act, and lead to the states that were told (record/ledger.h).
 */
#ifndef RECORD_AUDIT_H
#define RECORD_AUDIT_H

#include "record/delivered.h"
#include "record/ledger.h"
#include "verdict/fields.h"

#define AUDIT_NO_ENTRY UINT64_MAX

/*
 * A finding.  The codes are stable, as those of a verdict are (docs/formats.md,
 * "Audit").
 */
struct audit_finding {
	const char *code;
	uint64_t index; /* of an entry, or AUDIT_NO_ENTRY */
	/* A document, file or ref; may be empty. */
	char about[LIMIT_PATH_BYTES + 1];
	/* A sentence for the reader, who must act on it. */
	char text[512];
};

typedef void audit_report(void *arg, const struct audit_finding *finding);

struct audit_settings {
	enum field_checker by; /* any but FIELD_VERDICT */
	/* Or NULL: acts are not compared with policies. */
	const struct verdict_library *library;
	/*
	 * Whose view is checked: entries that they may not see are not missed.
	 * NULL: all entries.
	 */
	const struct sight *sight;
	/* Entries were left out: what depends on them is not checked. */
	bool filtered;
	int64_t now_ms; /* the time now; 0: not known */
	audit_report *report;
	/*
	 * Or NULL: report tells these too.  What a CA said of a signer only after
	 * the act; nobody did anything wrong here.
	 */
	audit_report *report_disputed;
	/*
	 * Where `deliver` entries are looked up, each before the entry that is
	 * checked.  NULL, for a log: `deliveries` entries are not judged.
	 */
	delivered_find *find_delivered;
	void *arg;
	/* For what is kept of each entry: a folder, as for ledger_temporary(). */
	const char *folder;
};

struct audit;

struct audit *audit_new(const struct audit_settings *settings,
    struct error *err);
void audit_free(struct audit *audit);

/*
 * Check one entry and tell each finding at once.
 *
 * ERROR_SYSTEM  the audit could not go on; this is the only error of its own,
 *               find_delivered() may have others
 */
bool audit_entry(struct audit *audit, uint64_t index, const struct entry *entry,
    struct error *err) MUST_USE;
/* Tell a finding of the caller's own. */
void audit_find(const struct audit_settings *settings, const char *code,
    uint64_t index, const char *about, const char *fmt, ...) PRINTF(5, 6);
/* Returns the states after the entries so far; the ledger stays the audit's. */
struct ledger *audit_ledger(struct audit *audit);

/*
 * Compare a copy's verdict with the journal: does it have the acts of this
 * version, and the state that follows from them?
 */
void audit_verdict(struct audit *audit, const struct ledger_document *document,
    const struct ledger_version *version, const struct verdict *verdict);

#endif
