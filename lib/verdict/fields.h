/*
 * fields.h - what each field of a journal entry is compared with, by whom, and
 * the finding where it differs: one table for the verdict, the log, the audit
 * and fsck.  docs/security.md has it as it is here.
 *
 * Where a row has no function the comparison is a step of its own (a proof, a
 * signature, the ledger, git); tests/unit/test_fields.c changes each field of
 * the table and sees that those whom the row names find it.
 */
#ifndef VERDICT_FIELDS_H
#define VERDICT_FIELDS_H

#include "verdict/verdict.h"

enum field_checker {
	FIELD_VERDICT = 1,   /* a copy: everybody who has one */
	FIELD_LOG = 2,       /* valise log, valise history */
	FIELD_AUDIT = 4,     /* valise audit */
	FIELD_FSCK = 8,      /* valised fsck: the operator, who has git too */
	FIELD_COMMANDS = 16, /* every command that asks the daemon */
};

#define FIELD_NO_TIME  INT64_MIN
#define FIELD_NO_INDEX UINT64_MAX

/* The copy's facts about the act; only in a verdict. */
struct field_copy {
	const struct version *version;
	/* The signature that was handed in; NULL of a "force", or if none. */
	const struct verdict_signature *signature;
};

/* A waybill that was handed in before. */
struct field_dispatch {
	uint64_t index, number;
	int64_t time_ms;
	struct digest digest;
	char office[LIMIT_OFFICE_BYTES + 1], to[LIMIT_OFFICE_BYTES + 1];
	char person[LIMIT_EMAIL_BYTES + 1];
};

/* What the prior of a "deliveries" is. */
enum field_delivery {
	FIELD_NOT_DELIVERED, /* no `deliver` of this version to this person */
	FIELD_DELIVERED,
	FIELD_COUNTED, /* one that another "deliveries" counted for */
};

/*
 * The state after the earlier entries: in an audit, fsck, and a log of all
 * entries.
 */
struct field_journal {
	const struct digest *policy, *crls; /* their newest entry; NULL: none */
	uint64_t last; /* entry of the same act, or FIELD_NO_INDEX */
	/* the checker sees everything that this one is compared with */
	bool all;
	bool has_version;  /* the version that it names is deposited */
	bool had_contents; /* and had the contents that it names */
	/* the entry that it names; or NULL */
	const struct field_dispatch *dispatch;
	/* The `deliver` entry that a "deliveries" names, if it is its own. */
	enum field_delivery delivery;
};

/* A checker's facts about an entry.  Facts that it lacks are not compared. */
struct field_view {
	uint64_t index;
	const struct entry *entry;
	int64_t before_ms; /* of the act or entry before it, or FIELD_NO_TIME */
	const struct digest *crls_before;     /* named before it, or NULL */
	int64_t crls_before_ms;               /* in an entry of then */
	const struct digest *contents_before; /* of a "force"'s signature */
	const struct verdict_library *library;
	int64_t now_ms; /* the checker's clock, or 0: it is not asked */
	const struct field_copy *copy;       /* or NULL */
	const struct field_journal *journal; /* or NULL */
};

enum { FIELD_WHY = 400 };

struct field_rule {
	uint32_t acts; /* 1 << enum act */
	enum entry_field field;
	/* NULL, or why there is nothing to compare */
	const char *compared_with;
	const char *finding; /* NULL: it is compared with nothing */
	unsigned by;         /* enum field_checker */
	/* Compare. False if it differs, and why says how. */
	bool (*good)(const struct field_view *view, char why[FIELD_WHY]);
};

const struct field_rule *field_rules(size_t *num);
bool field_rule_has(const struct field_rule *rule, enum act act);

/* Called for each field that differs. False ends the check. */
typedef bool field_report(void *arg, const struct field_rule *rule,
    const char *why);
/* Apply all rules of that checker that have a function. */
bool fields_check(const struct field_view *view, enum field_checker by,
    field_report *report, void *arg) MUST_USE;

#endif
