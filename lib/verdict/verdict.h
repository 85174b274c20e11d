/*
 * verdict.h - the one judgement of a container, for daemon, command, audit
 * and replica alike.  It never touches the network.
 *
 * The words are those of ETSI EN 319 102-1 clause 5: VALID, INVALID,
 * INDETERMINATE.  A container is not valid until every step has run and found
 * nothing.  What is wrong makes it INVALID; what is needed to decide and not
 * there makes it INDETERMINATE.
 */
#ifndef VERDICT_VERDICT_H
#define VERDICT_VERDICT_H

#include "document/container.h"
#include "document/version.h"
#include "journal/entry.h"
#include "journal/proof.h"
#include "pki/cades.h"
#include "policy/policy.h"
#include "verdict/crl_entries.h"

enum outcome { OUTCOME_INVALID, OUTCOME_INDETERMINATE, OUTCOME_VALID };

enum status {
	STATUS_DRAFT,
	STATUS_SIGNED_IN_PART,
	STATUS_IN_FORCE,
	STATUS_TERMINATED,
	/* A CA said later that a certificate was revoked when it signed. */
	STATUS_DISPUTED,
	/* By an act on another version, so that no copy alone tells these: */
	STATUS_SUPERSEDED, /* another version is in force */
	STATUS_WITHDRAWN,  /* a newer draft ended its signing */
	STATUS_LAPSED,     /* it was a draft when the document was terminated */
};

/* The codes of base/codes.def ("Findings" in docs/formats.md). */
enum finding_code {
#define FINDING(name, outcome, means, remedy) FINDING_##name,
#include "base/codes.def"
	FINDING_CODES,
};

const char *outcome_name(enum outcome outcome);
const char *status_name(enum status status);
const char *finding_name(enum finding_code code);
/* The outcome that this code alone leads to; VALID: it is a warning. */
enum outcome finding_outcome(enum finding_code code);

/*
 * A finding is its code and what it is about.  The text is for a person and
 * does not name the file again; no program reads anything from it.
 */
struct finding {
	enum finding_code code;
	char about[LIMIT_PATH_BYTES + 1]; /* a file, or empty */
	char rule[POLICY_RULE]; /* of the policy, where one decided it */
	char text[400];         /* a sentence to act on */
};

/* "ABOUT: TEXT", or the text alone where it is about all of the container. */
#define FINDING_SENTENCE (LIMIT_PATH_BYTES + 2 + 400)
void finding_sentence(const struct finding *finding,
    char out[FINDING_SENTENCE]);

struct verdict_signature {
	char id[LIMIT_NAME_BYTES + 1]; /* "origin", "seal", 32 hex digits */
	bool intact;
	bool unchecked; /* another maker's: whether it is intact is not known */
	struct digest manifest, signature; /* as journal entries have them */
	enum commitment commitment;
	int64_t signing_at;
	struct cert *cert; /* the signer's, if intact; the verdict's own */
	char person[LIMIT_EMAIL_BYTES + 1];
	char office[POLICY_NAME], party[POLICY_NAME];
	bool full_powers;
	bool counts;     /* an approval, or termination, without a fault */
	bool undecided;  /* it lacks what would decide */
	bool disputed;   /* its act was good by the lists of that time */
	bool terminates; /* it counts only towards termination */
	bool is_live;
	int64_t judged_ms; /* the act's time */
	/* the same, or when its bag was dispatched, if that is proved */
	int64_t sent_ms;
	enum trust_state then, now;
	/* it was good then, and no list can change that any more */
	bool is_final;
	char then_text[240], now_text[240];
};

/* An act of this version, by its receipt or by the daemon's own journal. */
struct verdict_act {
	uint64_t index;
	/* the size of the journal whose checkpoint proves it, or 0 */
	uint64_t size;
	struct entry entry;
};

/* A witness that cosigned the checkpoint to which all receipts lead. */
struct verdict_witness {
	char name[LIMIT_OFFICE_BYTES + 1];
	int64_t at;
};

struct verdict {
	enum outcome outcome;
	enum status status;
	struct version *version; /* NULL if there is none to read */
	struct digest digest, contents;
	struct verdict_signature *signatures;
	size_t num_signatures;
	struct verdict_act *acts; /* by index */
	size_t num_acts;
	struct finding *findings;
	size_t num_findings;
	struct verdict_witness witnesses[LIMIT_WITNESSES];
	size_t num_witnesses;
	/*
	 * Revocation is judged by the CRLs that the journal of this size names
	 * (0: not known), and by those that its acts name beyond it, if any.
	 */
	uint64_t crls_as_of;
	bool crls_of_acts;
	bool quorum; /* enough persons of each party have signed */
	char quorum_rule[POLICY_RULE];
	bool termination; /* enough persons of each have signed to end it */
	char termination_rule[POLICY_RULE];
};

/*
 * The policies and CRLs that entries name. Answers are borrowed. A policy is
 * asked for with the index of the act that it is to judge: a policy that was
 * put aside may not judge later acts, lest an old one be brought back unseen.
 */
struct verdict_library {
	struct policy *(
	    *policy)(void *arg, const struct digest *digest, uint64_t index);
	struct crls *(*crls)(void *arg, const struct digest *digest);
	/*
	 * The `crl` entries of the journal up to the size *as_of. NULL and 0 if
	 * none are known but those that a copy's acts name. It is borrowed up
	 * to the next judgement. The function may be NULL.
	 */
	const struct crl_entries *(*named)(void *arg, uint64_t *as_of);
	/*
	 * Lists that are known beside the journal, and the CAs that verify
	 * them; NULL: none. They judge nothing: if they would change something
	 * there is a warning. The function may be NULL.
	 */
	struct crls *(*withheld)(void *arg, const struct trust **trust);
	void *arg;
};

enum verdict_expect {
	/* it has the origin's signature only, and no seal yet */
	EXPECT_DEPOSIT,
	EXPECT_STORED,    /* its acts come from the journal itself */
	EXPECT_DELIVERED, /* its acts come from its receipts */
};

struct verdict_request {
	enum verdict_expect expect;
	struct container *container; /* it is hashed if it is not yet */
	struct cert_cache *certs;
	const struct verdict_library *library;
	const struct note_keys *journal;   /* EXPECT_DELIVERED */
	const struct witnesses *witnesses; /* the same; or NULL: none known */
	/* by the quorum of these witnesses */
	bool must_be_witnessed;
	int64_t now_ms;
	uint64_t *progress; /* bytes hashed, or NULL */

	/* EXPECT_STORED: the acts of this version so far, by index. */
	const struct verdict_act *acts;
	size_t num_acts;
	/*
	 * For other than EXPECT_DELIVERED: the "dispatch" entries of the
	 * waybills by which its acts came, and by which the live one comes.
	 */
	const struct verdict_act *dispatches;
	size_t num_dispatches;

	/*
	 * An act that is being judged: whose signature ("origin" or its ID),
	 * under which policy, by whom.  NULL if none is.
	 */
	const char *live; /* "terminate-…" too */
	struct policy *policy;
	const char *person, *office;
	/* the waybill by which it came, or NULL */
	const struct digest *waybill;

	/*
	 * The document and the number that it must be a version of, or NULL and
	 * 0.
	 */
	const char *document;
	unsigned number;
};

/*
 * Judge a container. False only if no judgement was reached (ERROR_SYSTEM); out
 * is then empty, else call verdict_free().
 */
bool verdict_judge(const struct verdict_request *request, struct verdict *out,
    struct error *err) MUST_USE;
/* Show what another maker's container says; it is INDETERMINATE at best. */
bool verdict_judge_foreign(struct container *container, struct verdict *out,
    struct error *err) MUST_USE;
/*
 * Judge a container of ours that only libzip reads, as container_read() told
 * in broken: INVALID, with a finding of that, and whether all else is intact.
 */
bool verdict_judge_rezipped(const struct verdict_request *request,
    const struct error *broken, struct verdict *out,
    struct error *err) MUST_USE;
/*
 * Make the verdict on a container that could not even be read; why says how.
 * Over a limit of ours it is INDETERMINATE.
 */
bool verdict_unreadable(const struct error *why, struct verdict *out,
    struct error *err) MUST_USE;
void verdict_free(struct verdict *verdict);

/* True if a finding is worse than a warning. */
bool verdict_has_fault(const struct verdict *verdict);
/* Make the worst finding an error: its code and its sentence. Returns false. */
bool verdict_error(const struct verdict *verdict, struct error *err);
const struct verdict_signature *verdict_signature(const struct verdict *verdict,
    const char *id);

#endif
