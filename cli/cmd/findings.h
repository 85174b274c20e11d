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

/* The check that found it. Only the same check can find that it is gone. */
enum finding_kind {
	KIND_ENTRY,   /* an entry, when it was taken in or replayed */
	KIND_HASHES,  /* the hashes, which must lead to the checkpoint */
	KIND_COPY,    /* the copy of a version */
	KIND_LIST,    /* the daemon's list, compared with the entries */
	KIND_WITNESS, /* the newest cosigned checkpoint */
	KIND_TIME,    /* an entry's time, compared with one cosignature */
	KIND_CRL,     /* the lists that this office has by itself */
	FINDING_KINDS,
};

enum { FINDING_ID = 9, FINDING_NOTE = 512 };

struct kept_finding {
	char id[FINDING_ID]; /* 8 hex digits of the SHA-256 of what it says */
	enum finding_kind kind;
	char code[32];
	uint64_t index, last; /* of entries, or AUDIT_NO_ENTRY */
	char about[LIMIT_PATH_BYTES + 1], text[512];
	int64_t since_ms; /* when an audit found it first */
	unsigned round;   /* number of the check that found it last */
	char note[FINDING_NOTE], by[LIMIT_EMAIL_BYTES + 1];
	int64_t noted_ms; /* 0: nobody noted it */
};

struct findings {
	struct kept_finding *list;
	size_t num, room;
	struct kept_finding *gone; /* those that a check of this run resolved */
	size_t num_gone;
	unsigned round;
	/* there was no memory, or more than LIMIT_AUDIT_FINDINGS */
	bool failed;
};

void findings_free(struct findings *findings);

/* Begin a check. What it finds is added until findings_settle(). */
void findings_begin(struct findings *findings);
/* Add a finding. One that is kept already keeps its date and note. */
void findings_add(struct findings *findings, enum finding_kind kind,
    const struct audit_finding *finding, uint64_t last, int64_t now_ms);
/*
 * End a check: drop the findings that it could have found and did not. It was
 * of the entries [from, until), of the subject about (NULL: any) and the code
 * (NULL: any).
 */
struct checked {
	enum finding_kind kind;
	uint64_t from, until;
	const char *about, *code;
};
void findings_settle(struct findings *findings, const struct checked *checked);

/* How many findings nobody has noted. */
size_t findings_open(const struct findings *findings);
/* True if there is a finding of that kind about this subject. */
bool findings_about(const struct findings *findings, enum finding_kind kind,
    const char *about);
/*
 * Note a finding by its ID, or by the beginning of it.
 *
 * ERROR_NOT_FOUND  there is no such finding
 * ERROR_USAGE      several begin so; or the note is empty, too long, or more
 *                   than a line
 */
bool findings_note(struct findings *findings, const char *id, const char *note,
    const char *by, int64_t now_ms, struct error *err) MUST_USE;

/* A finding as the report has it. NULL if there is no memory. */
json_t *finding_to_json(const struct kept_finding *finding);
/* Findings as lines of JSON, and back. */
bool findings_encode(const struct findings *findings, struct buf *out,
    struct error *err) MUST_USE;
bool findings_decode(struct span lines, struct findings *out,
    struct error *err) MUST_USE;

#endif
