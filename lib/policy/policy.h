/*
 * policy.h - who may do what, and which rule says so.
 *
 * A policy is a folder (valise-policy(5)): offices.yaml, a file for each type
 * of document, the CAs' certificates.  Its contents digest names it.  What it
 * does not allow is refused; every answer names the rule that gave it.
 */
#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

#include "document/container.h"
#include "document/version.h"
#include "journal/cosignatures.h"
#include "pki/trust.h"

#define POLICY_NAME   (LIMIT_OFFICE_BYTES + 1)
#define POLICY_RULE   256
#define POLICY_PREFIX "policies/"

enum { POLICY_PATTERNS = 8, POLICY_PARTIES = 16, POLICY_MEDIA = 16 };

struct office {
	char name[POLICY_NAME], party[POLICY_NAME], ca[POLICY_NAME];
	char unit[65]; /* the subject's OU; empty: any */
	size_t num_emails;
	char emails[POLICY_PATTERNS][LIMIT_EMAIL_BYTES + 1];
	const struct member *encryption; /* for policy_encryption(), or NULL */
	unsigned line;
};

struct full_powers {
	char person[LIMIT_EMAIL_BYTES + 1], party[POLICY_NAME];
	uint64_t types;   /* bit i: types[i] of the policy */
	int64_t from_at;  /* the first second */
	int64_t until_at; /* the first second after */
	unsigned line;
};

/* A list of offices, or of what a type needs of each party. */
struct office_list {
	size_t num;
	uint16_t offices[LIMIT_OFFICES]; /* the offices' places in the policy */
	unsigned line;
};

struct quorum {
	size_t num;
	struct {
		char party[POLICY_NAME];
		unsigned persons;
	} parties[POLICY_PARTIES];
	unsigned line;
};

struct document_type {
	char name[LIMIT_SLUG_BYTES + 1];
	char file[LIMIT_SLUG_BYTES + 32]; /* "policies/agreement.yaml" */
	char title[LIMIT_TITLE_BYTES + 1];
	size_t num_authentic, num_also, num_media;
	char authentic[LIMIT_LANGUAGES][LIMIT_LANGUAGE_BYTES + 1];
	char also[LIMIT_LANGUAGES][LIMIT_LANGUAGE_BYTES + 1];
	char media[POLICY_MEDIA][LIMIT_MEDIA_BYTES + 1];
	struct office_list deposit, read, audit;
	struct quorum quorum, terminate;
	uint64_t limit_text, limit_texts, limit_name;
	unsigned languages_line, media_line, limits_line;
};

struct party {
	char name[POLICY_NAME], title[LIMIT_TITLE_BYTES + 1];
};

struct policy {
	struct digest digest;
	struct container *files;
	struct trust *trust;
	char origin[LIMIT_ORIGIN_BYTES + 1];
	struct {
		char office[POLICY_NAME], ca[POLICY_NAME];
		char email[LIMIT_EMAIL_BYTES + 1];
	} depositary;
	size_t num_parties, num_offices, num_powers, num_types;
	struct party *parties;
	struct office *offices;
	struct full_powers *powers;
	struct document_type *types;
	unsigned powers_line;
	/* the journal's witnesses, and how many of them must cosign */
	struct witnesses witnesses;
	bool was_checked; /* loaded by policy_load_kept() */
	int refs;
};

/*
 * Read a policy from its files, which are taken over in any case. complaints
 * gets every mistake, and warnings of what is legal but surely not meant;
 * now_at is for the warnings.
 *
 * ERROR_MALFORMED  the first mistake
 */
struct policy *policy_load(struct container *files, int64_t now_at,
    struct complaints *complaints, struct error *err);
/*
 * The same of a policy that was loaded before. If its digest is still the same,
 * the certificates that bags are encrypted to are read when they are asked for:
 * each takes as long as everything else.
 */
struct policy *policy_load_kept(struct container *files,
    const struct digest *kept, int64_t now_at, struct complaints *complaints,
    struct error *err);
struct policy *policy_load_dir(const char *dir, struct complaints *complaints,
    struct error *err);
/*
 * Read the certificate that bags to an office are encrypted to. The caller
 * calls cert_free().
 *
 * ERROR_USAGE      the policy names none
 * ERROR_MALFORMED  it is not of the office's CA, or not for encryption
 */
struct cert *policy_encryption(const struct policy *policy,
    const struct office *office, struct error *err);
struct policy *policy_ref(struct policy *policy);
void policy_free(struct policy *policy);

/* An office or a type by its name, or NULL. */
const struct office *policy_office(const struct policy *policy,
    const char *name);
const struct document_type *policy_type(const struct policy *policy,
    const char *name);

/*
 * The office of the person that a certificate names. Its CA is the office's,
 * and its e-mail address and unit match this office alone. NULL if no office
 * matches, or several; why says so. ca is what trust_issued() found.
 */
const struct office *policy_office_of(const struct policy *policy,
    const struct cert *cert, const char *ca, char why[POLICY_RULE]);
bool policy_is_depositary(const struct policy *policy, const struct cert *cert,
    const char *ca);

enum right { RIGHT_READ, RIGHT_DEPOSIT, RIGHT_AUDIT };

const char *right_name(enum right right);

/* A decision: allowed or not, and by which rule either way. */
struct decision {
	bool allowed;
	char rule[POLICY_RULE]; /* "policies/agreement.yaml:6: deposit" */
};

struct decision policy_decide(const struct policy *policy,
    const struct office *office, enum right right, const char *type);
/* Putting a version in force, or ending it: each has a quorum of its own. */
enum signing { SIGNING_APPROVAL, SIGNING_TERMINATION };

/* Returns how many persons of which parties it takes. */
const struct quorum *policy_quorum_of(const struct document_type *type,
    enum signing signing);

/* May this person sign documents of this type, for a party, at that time? */
struct decision policy_decide_sign(const struct policy *policy,
    const struct office *office, const char *person, const char *type,
    enum signing signing, int64_t at);
/*
 * Do the texts and annexes of a container suit the document's type, by their
 * names and sizes alone?  Nothing of them is read.
 */
struct decision policy_decide_files(const struct policy *policy,
    const char *document, const struct container *files);
/* Do a version's languages, media types and sizes suit its type? */
struct decision policy_decide_texts(const struct policy *policy,
    const struct version *version);

/* A person who has signed with full powers. */
struct signatory {
	char person[LIMIT_EMAIL_BYTES + 1], party[POLICY_NAME];
};

/*
 * Do these persons, each counted once, make the quorum of each party for a
 * type? rule says what is missing, or which rule is met.
 */
bool policy_quorum(const struct document_type *type, enum signing signing,
    const struct signatory signatories[], size_t num, char rule[POLICY_RULE]);

#endif
