/*
 * ledger.h - what follows from the journal: documents, versions, their states,
 * and who may see which entry.  It is rebuilt from the entries, or read from
 * its file (ledger_file.h), at each start.
 */
#ifndef RECORD_LEDGER_H
#define RECORD_LEDGER_H

#include "journal/entry.h"
#include "policy/policy.h"
#include "store/store.h"
#include "verdict/verdict.h"

#define LEDGER_NONE UINT64_MAX

/* Texts that are pointers stay as long as the names that states_apply() had. */
struct ledger_signer {
	const char *person, *office;
	int64_t time_ms;
	uint64_t index;
	struct digest manifest, signature;
	bool terminates; /* it signed the termination */
	bool replaced;   /* this person signed again, to make the quorum */
};

/* There are as many as documents, or more: every byte counts. */
struct ledger_version {
	struct digest digest, contents;
	struct oid commit; /* of its newest act */
	unsigned number;
	int64_t time_ms;
	const char *person, *office; /* who deposited it */
	struct ledger_signer *signers;
	uint64_t *acts; /* indices of its entries */
	/* The "dispatch" entries of the waybills by which acts of it came. */
	uint64_t *dispatches;
	uint32_t num_signers, num_acts, num_dispatches;
	enum status status;
};

struct ledger_document {
	const char *name;  /* of the names too */
	const char *title; /* empty until somebody read it; its own */
	struct ledger_version *versions; /* versions[i] is number i + 1 */
	uint64_t last;                   /* its newest act, or LEDGER_NONE */
	uint32_t num_versions;           /* in a ledger at least one */
	struct oid tip;                  /* the newest act's commit */
	bool terminated;                 /* one of them is: it takes no more */
	char *
	    json; /* daemon/api/documents.c's, gone with the next act; or NULL */
};

struct ledger_entry {
	uint8_t act;
	uint32_t document; /* ledger_name(), 0 none; of a bag: to whom */
	uint32_t person, office;
};

struct ledger;

struct ledger *ledger_new(struct error *err);
void ledger_free(struct ledger *ledger);

/*
 * Take in an entry, in order; the writer holds the write lock.
 *
 * ERROR_UNTRUSTED  it contradicts what came before
 */
bool ledger_apply(struct ledger *ledger, uint64_t index,
    const struct entry *entry, struct error *err) MUST_USE;
/* A journal_visitor. */
bool ledger_visit(void *ledger, uint64_t index, struct span line,
    struct error *err) MUST_USE;

/* Whatever is returned below is good until the lock is let go. */
void ledger_read_lock(struct ledger *ledger);
void ledger_write_lock(struct ledger *ledger);
void ledger_unlock(struct ledger *ledger);

/* The entry of that act about a bag, by its digest, or LEDGER_NONE. */
uint64_t ledger_of_bag(const struct ledger *ledger, enum act act,
    const struct digest *digest);

/* NULL if there is none; one that is there has a version. */
struct ledger_document *ledger_find(struct ledger *ledger, const char *name);
/* Documents by name (record/order.h). */
const struct order *ledger_order(const struct ledger *ledger);
/* All documents by name; *num of them.  NULL if there is no memory. */
struct ledger_document **ledger_sorted(struct ledger *ledger, size_t *num);
/*
 * A title was read, or came with an act; the write lock is held.  Where there
 * is no memory for it, it is as if nobody had read it.
 */
void ledger_set_title(struct ledger *ledger, struct ledger_document *doc,
    const char *title);
/* Was one set since this was asked?  Any thread. */
bool ledger_titles_changed(struct ledger *ledger);
/* The index of the entry that made a commit of a document, or LEDGER_NONE. */
uint64_t ledger_of_commit(const struct ledger *ledger, const struct oid *oid);
const struct ledger_version *ledger_version(const struct ledger_document *doc,
    unsigned number);
/*
 * Of the newest version; of all, once it is terminated.  STATUS_DRAFT of a
 * document that has no version yet (one that is outside of a ledger).
 */
enum status ledger_status(const struct ledger_document *doc);
/*
 * What a copy of this version tells when it is valid: nothing of what became of
 * it by an act on another version.
 */
enum status ledger_status_in_copy(const struct ledger_version *version);
/* The newer version that ended the signing of a withdrawn one, else NULL. */
const struct ledger_version *
ledger_withdrawn_by(const struct ledger_document *doc,
    const struct ledger_version *version);
/* The version in force, or terminated; NULL if none is. */
const struct ledger_version *ledger_in_force(const struct ledger_document *doc);
/* The index of the last entry of an act, or LEDGER_NONE. */
uint64_t ledger_last(const struct ledger *ledger, enum act act);
int64_t ledger_time_ms(const struct ledger *ledger);
/* The digest of the newest policy or CRL entry; false if there is none. */
bool ledger_newest(const struct ledger *ledger, enum act act,
    struct digest *out);

/* The key that the last "key" entry names; empty if there was none. */
const char *ledger_next_key(const struct ledger *ledger);

size_t ledger_size(const struct ledger *ledger);
struct ledger_entry ledger_entry(const struct ledger *ledger, uint64_t index);
/* A document, person or office by its number; "" for 0. */
const char *ledger_name(const struct ledger *ledger, uint32_t number);
/* 0 if nobody is called that. */
uint32_t ledger_number(const struct ledger *ledger, const char *name);
/*
 * The places, in ledger_entry()'s count and in order, of the entries about a
 * document, person or office, or of an act: what a filter need look at.
 */
struct ledger_places {
	const uint32_t *list;
	size_t num;
};
struct ledger_places ledger_about(const struct ledger *ledger, uint32_t number);
struct ledger_places ledger_of_act(const struct ledger *ledger, enum act act);

/*
 * What an office may see of the journal under a policy: a bit for each type
 * that it reads, and that it audits.
 */
struct sight {
	const struct policy *policy;
	const struct office *office;
	uint64_t read, audit; /* a bit for each type */
};
struct sight sight_of(const struct policy *policy, const struct office *office);
/*
 * May it see this entry?  The depositary's own acts: every office.  Acts of its
 * own people: each office.  Of a type that it audits, all; of one that it
 * reads, what became of its documents.  Bags, and what belongs to no type of
 * this policy (a refusal of a document of no type, a type that was dropped, an
 * act that we do not know): every office that audits any type.  So whoever
 * audits every type sees every entry.
 */
bool ledger_visible(const struct ledger *ledger, const struct sight *sight,
    uint64_t index);
/* May it see all acts on this document? */
bool sight_sees(const struct sight *sight, const char *document);
/* May it read this document? */
bool sight_reads(const struct sight *sight, const char *document);

#endif
