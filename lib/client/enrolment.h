/*
 * enrolment.h - what an office is given of a journal before it has seen any of
 * it (docs/formats.md, "The enrolment").
 *
 * It comes by mail or on a stick: its fingerprint is compared by telephone.
 */
#ifndef CLIENT_ENROLMENT_H
#define CLIENT_ENROLMENT_H

#include "document/container.h"
#include "journal/note.h"
#include "policy/policy.h"
#include "policy/succession.h"
#include "remote/addresses.h"

struct enrolment {
	struct addresses addresses;
	struct note_key journal; /* the journal's newest key at that time */
	struct buf before;       /* the keys before it: "UNTIL VKEY" lines */
	struct digest policy;
	/* all policies at that time; old enrolments have none */
	struct succession policies;
	char server_ca[POLICY_NAME];
	struct container *cas, *crls; /* certificates by path */
	struct digest fingerprint;
};

/*
 * Parse an enrolment. Call enrolment_free() if it returns true.
 *
 * ERROR_MALFORMED "enrolment:LINE:COLUMN: …"
 */
bool enrolment_parse(struct span text, struct enrolment *out,
    struct error *err) MUST_USE;
void enrolment_free(struct enrolment *enrolment);

#endif
