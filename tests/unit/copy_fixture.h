/*
 * copy_fixture.h - delivered copies made on the spot, each from a list of
 * acts, with receipts of a journal that has other entries between them.
 */
#ifndef TESTS_COPY_FIXTURE_H
#define TESTS_COPY_FIXTURE_H

#include "bag/slip.h"
#include "bag/waybill.h"
#include "pki_fixture.h"
#include "verdict/verdict.h"

#define COPY_NOW      INT64_C(1790000000) /* 2026-09-21 */
#define COPY_DOCUMENT "agreement/lao-iom"

/*
 * The persons with full powers, except the depositor.  MINISTER_ANEW is the
 * minister with another certificate.
 */
enum copy_who {
	DEPOSITOR,
	MINISTER,
	MINISTER_ANEW,
	VICE_MINISTER,
	CHIEF,
	COPY_PERSONS
};

/* One person of each party makes a quorum, or two of the first. */
enum copy_policy { ONE_OF_EACH, TWO_OF_LAO, COPY_POLICIES };

/* CRLs: of an hour ago; of now; of now, but one CA's of an hour ago; none. */
enum copy_crls { CRLS_OLD, CRLS_NEW, CRLS_MIXED, CRLS_ONE, COPY_CRLS };

/*
 * A bag by which an act came: its entry, its times, and what to change in it.
 */
struct copy_bag {
	uint64_t index;    /* of its "dispatch" entry; 0: it has none */
	int64_t signed_at; /* both in seconds before the act's entry */
	int64_t dispatched_at;
	/*
	 * Change what is packed, before it is signed, or the papers afterwards.
	 */
	void (*pack)(struct slip *slip, struct waybill *waybill,
	    const struct identity **signer, struct entry *dispatch);
	void (
	    *put)(struct container *c, const char *id, struct entry *dispatch);
};

struct copy_step {
	enum act act;
	uint64_t index;
	enum copy_who who; /* not of a "force" */
	enum copy_policy policy;
	enum copy_crls crls;
	const struct copy_bag *bag; /* or NULL */
};

struct copy_world {
	struct identity cas[2], persons[COPY_PERSONS], depositary;
	struct policy *policies[COPY_POLICIES];
	struct crls *crls[COPY_CRLS];
	struct crl_entries *named;
	struct cert_cache *certs;
	struct note_signer journal;
};
extern struct copy_world copy_world;

void copy_set_up(void);
void copy_tear_down(void);

/* Change the entry of a step before it is journaled. */
typedef void copy_alter(struct entry *entry, size_t step, void *arg);

/*
 * Returns a copy of version number after these steps, each ten seconds after
 * the one before.  A "force" names all signatures of its kind, except the
 * earlier one of a person who signed again.
 */
struct container *copy_make(unsigned number, const struct copy_step steps[],
    size_t num, copy_alter *alter, void *arg);
/* Returns the entry of a step, unaltered until its test alters it. */
const struct entry *copy_entry(size_t step);
/* Returns the journal's digest of a set of CRLs. */
struct digest copy_crls_digest(enum copy_crls crls);
/*
 * Returns the policies and sets of CRLs of this world; CRLS_NEW is always
 * known.
 */
struct verdict_library copy_library(void);
/* Judge a copy as an office that fetched it does. */
void copy_judge(struct container *copy, struct verdict *out);
bool copy_has(const struct verdict *verdict, enum finding_code code);
/* Returns all codes and sentences, for the message of a test that fails. */
const char *copy_findings(const struct verdict *verdict);

#endif
