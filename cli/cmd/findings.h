/*
 * findings.h - what audits found, kept until it is resolved.
 *
 * A finding goes when the check that found it is repeated and passes.  One
 * that is noted by a person stays, with the note, and is open no more.
 */
#ifndef CLI_CMD_FINDINGS_H
#define CLI_CMD_FINDINGS_H

#include <jansson.h>

#include "record/audit.h"

/* Which check found it: only the same one can say that it passes now. */
enum finding_kind {
	KIND_ENTRY,   /* an entry, when it was taken in, or replayed */
	KIND_HASHES,  /* that all hashes lead to the checkpoint */
	KIND_COPY,    /* a version's copy */
	KIND_LIST,    /* what the daemon lists, against the entries */
	KIND_WITNESS, /* the newest cosigned checkpoint */
	KIND_TIME,    /* an entry's time, against one cosignature */
	KIND_CRL,     /* the lists that this office has by itself */
	FINDING_KINDS,
};

enum { FINDING_ID = 9, FINDING_NOTE = 512 };

struct kept_finding {
	char id[FINDING_ID]; /* 8 hex digits, of what it says */
	enum finding_kind kind;
	char code[32];
	uint64_t index, last; /* of entries, or AUDIT_NO_ENTRY */
	char about[LIMIT_PATH_BYTES + 1], text[512];
	int64_t since_ms; /* when an audit found it first */
	unsigned round;   /* of the check that found it last */
	char note[FINDING_NOTE], by[LIMIT_EMAIL_BYTES + 1];
	int64_t noted_ms; /* 0: nobody noted it */
};

struct findings {
	struct kept_finding *list;
	size_t num, room;
	struct kept_finding *gone; /* those that a check resolved in this run */
	size_t num_gone;
	unsigned round;
	bool failed; /* no memory, or over LIMIT_AUDIT_FINDINGS */
};

void findings_free(struct findings *findings);

/* A check begins; what it finds is added until findings_settle(). */
void findings_begin(struct findings *findings);
/* One that is kept already stays, with its date and note. */
void findings_add(struct findings *findings, enum finding_kind kind,
    const struct audit_finding *finding, uint64_t last, int64_t now_ms);
/*
 * The check is done: those that it could have found and did not are gone.
 * Entries of [from, until); about: or NULL, any; code: or NULL, any.
 */
struct checked {
	enum finding_kind kind;
	uint64_t from, until;
	const char *about, *code;
};
void findings_settle(struct findings *findings, const struct checked *checked);

/* How many nobody noted. */
size_t findings_open(const struct findings *findings);
/* Is there one of that kind about this? */
bool findings_about(const struct findings *findings, enum finding_kind kind,
    const char *about);
/*
 * Note one by its id, or by the beginning of it.
 *
 * ERROR_NOT_FOUND  there is none
 * ERROR_USAGE      several begin so; or the note is empty, long, or no line
 */
bool findings_note(struct findings *findings, const char *id, const char *note,
    const char *by, int64_t now_ms, struct error *err) MUST_USE;

/* As the report has it; NULL if there is no memory. */
json_t *finding_to_json(const struct kept_finding *finding);
/* A line of JSON each, and back. */
bool findings_encode(const struct findings *findings, struct buf *out,
    struct error *err) MUST_USE;
bool findings_decode(struct span lines, struct findings *out,
    struct error *err) MUST_USE;

#endif
