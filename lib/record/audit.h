/*
 * audit.h - what every journal must say to be believed, entry by entry: the
 * same for the command that audits a daemon, for the daemon's own check, for
 * the check of a data folder, and, without policies, for the log.
 *
 * It sees some or all entries, in order.  Each field is compared as the table
 * of verdict/fields.h says; each act follows the document's last act, and
 * leads to the states that are told (lib/record/ledger.h).
 */
#ifndef RECORD_AUDIT_H
#define RECORD_AUDIT_H

#include "record/ledger.h"
#include "verdict/fields.h"

#define AUDIT_NO_ENTRY UINT64_MAX

/* The codes are stable, as those of a verdict (docs/formats.md, "Audit"). */
struct audit_finding {
	const char *code;
	uint64_t index;                   /* of an entry, or AUDIT_NO_ENTRY */
	char about[LIMIT_PATH_BYTES + 1]; /* a document, file or ref */
	char text[512];                   /* a sentence to act on */
};

typedef void audit_report(void *arg, const struct audit_finding *finding);

struct audit_settings {
	enum field_checker by;                 /* not FIELD_VERDICT */
	const struct verdict_library *library; /* or NULL: policies unasked */
	/* Who looks: what they may not see is missed nowhere.  NULL: all. */
	const struct sight *sight;
	bool filtered; /* entries were left out: what they lead to is unasked */
	int64_t now_ms; /* or 0 */
	audit_report *report;
	void *arg;
};

struct audit;

struct audit *audit_new(const struct audit_settings *settings,
    struct error *err);
void audit_free(struct audit *audit);

/* Told as found.  False only where it could not go on (ERROR_SYSTEM). */
bool audit_entry(struct audit *audit, uint64_t index, const struct entry *entry,
    struct error *err) MUST_USE;
/* Tell of something that the caller found. */
void audit_find(const struct audit_settings *settings, const char *code,
    uint64_t index, const char *about, const char *fmt, ...) PRINTF(5, 6);
/* The states that follow; the audit's own. */
struct ledger *audit_ledger(struct audit *audit);

/*
 * Does a copy's verdict tell of the acts that the journal has of this version,
 * and of the state that follows from them?
 */
void audit_verdict(struct audit *audit, const struct ledger_document *document,
    const struct ledger_version *version, const struct verdict *verdict);

#endif
