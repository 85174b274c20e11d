/*
 * ledger.h - the state that follows from the journal: documents, versions,
 * their statuses, and who may see which entry.  It is computed from the
 * entries, or read from its file (ledger_file.h), at each start.
 */
#ifndef RECORD_LEDGER_H
#define RECORD_LEDGER_H

#include "journal/entry.h"
#include "policy/policy.h"
#include "store/store.h"
#include "verdict/verdict.h"

#define LEDGER_NONE UINT64_MAX

/*
 * The texts belong to the names that states_apply() was given, and live as long
 * as these.
 */
struct ledger_signer {
	const char *person, *office;
	int64_t time_ms;
	uint64_t index;
	struct digest manifest, signature;
	bool terminates; /* the signature was on the termination */
	/*
	 * The person signed again later, and the new signature makes the
	 * quorum.
	 */
	bool replaced;
};

/* A version.  There are at least as many as documents, so every byte counts. */
struct ledger_version {
	struct digest digest, contents;
	struct oid commit; /* the commit of its newest act */
	unsigned number;
	int64_t time_ms;
	const char *person, *office; /* of the depositor */
	struct ledger_signer *signers;
	uint64_t *acts; /* indices of its entries */
	/*
	 * The indices of the "dispatch" entries of the waybills by which acts
	 * on it came.
	 */
	uint64_t *dispatches;
	uint32_t num_signers, num_acts, num_dispatches;
	enum status status;
};

struct ledger_document {
	const char *name; /* one of the ledger's names */
	/*
	 * The titles of the newest version (document/title_text.h), owned;
	 * empty until somebody read them.  Behind their NUL are the languages
	 * of its texts: ledger_languages().
	 */
	const char *title;
	struct ledger_version *versions; /* versions[i] is number i + 1 */
	/* Index of its newest act's entry, or LEDGER_NONE. */
	uint64_t last;
	uint32_t num_versions; /* at least one in a ledger */
	struct oid tip;        /* the commit of its newest act */
	/* A version is terminated: it accepts no more acts. */
	bool terminated;
	/* Cache of daemon/api/documents.c, freed with the next act; or NULL. */
	char *json;
};

struct ledger_entry {
	uint8_t act;
	/*
	 * ledger_name() numbers, 0: none; document is the addressee of a bag.
	 */
	uint32_t document;
	uint32_t person, office;
};

struct ledger;
struct column;

/*
 * The columns: one record for each entry, and one for each commit
 * (record/column.h).
 */
struct ledger_columns {
	struct column *index, *commits;
};

struct ledger *ledger_new(struct error *err);
/*
 * The same, with what it keeps of each entry in files of this folder that have
 * no name; NULL: in memory.
 */
struct ledger *ledger_temporary(const char *folder, struct error *err);
/* On columns, which are the ledger's from here, and gone where it fails. */
struct ledger *ledger_new_on(const struct ledger_columns *columns,
    struct error *err);
/*
 * Returns a ledger that is to reach the state in which another one was read
 * from its file: it keeps no columns of its own, and compares its records with
 * those of the other's files.
 */
struct ledger *ledger_new_beside(const struct ledger *ledger,
    struct error *err);
/* Is any of them not what the entries lead to? */
bool ledger_columns_differ(const struct ledger *ledger);
void ledger_free(struct ledger *ledger);

/*
 * Have the disk set apart what the next so many entries need of it, so that
 * applying them cannot fail for want of room.  Beside the writer.
 *
 * ERROR_SYSTEM  no room (is_full), or the disk failed
 */
bool ledger_allocate(struct ledger *ledger, size_t more,
    struct error *err) MUST_USE;
/*
 * Apply the next entry; the writer holds the write lock.
 *
 * ERROR_UNTRUSTED  the entry contradicts those before it
 */
bool ledger_apply(struct ledger *ledger, uint64_t index,
    const struct entry *entry, struct error *err) MUST_USE;
/* Parse and apply an entry; a journal_visitor whose arg is the ledger. */
bool ledger_visit(void *ledger, uint64_t index, struct span line,
    struct error *err) MUST_USE;

/*
 * Lock the ledger.  What the functions below return is valid until it is
 * unlocked.
 */
void ledger_read_lock(struct ledger *ledger);
void ledger_write_lock(struct ledger *ledger);
void ledger_unlock(struct ledger *ledger);

/*
 * Returns the index of the entry of this act about a bag, given its digest, or
 * LEDGER_NONE.
 */
uint64_t ledger_of_bag(const struct ledger *ledger, enum act act,
    const struct digest *digest);

/* Returns a document, which has a version; NULL if there is none. */
struct ledger_document *ledger_find(struct ledger *ledger, const char *name);
/* Returns the documents in the order of their names (record/order.h). */
const struct order *ledger_order(const struct ledger *ledger);
/*
 * Returns all *num documents in the order of their names; the caller frees the
 * array.  NULL if there is no memory.
 */
struct ledger_document **ledger_sorted(struct ledger *ledger, size_t *num);
/*
 * Set the titles of a document that was read, or came with an act, and the
 * languages of its texts (document/title_text.h); the write lock is held.  If
 * there is no memory for them, they stay unknown.
 */
void ledger_set_title(struct ledger *ledger, struct ledger_document *doc,
    const char *title, const char *languages);
/* Returns the languages of the newest version's texts; "": not known. */
const char *ledger_languages(const struct ledger_document *doc);
/* Was a title set since the last call?  May be called by any thread. */
bool ledger_titles_changed(struct ledger *ledger);
/*
 * Returns the index of the entry that made a document's commit, or LEDGER_NONE.
 */
uint64_t ledger_of_commit(const struct ledger *ledger, const struct oid *oid);
const struct ledger_version *ledger_version(const struct ledger_document *doc,
    unsigned number);
/*
 * Returns the status of the newest version; once terminated, that of all.  A
 * document outside of a ledger may have no version yet: STATUS_DRAFT.
 */
enum status ledger_status(const struct ledger_document *doc);
/*
 * Returns the status that a valid copy of this version shows: acts on other
 * versions do not count.
 */
enum status ledger_status_in_copy(const struct ledger_version *version);
/*
 * Returns the newer version that ended the signing of a withdrawn one, else
 * NULL.
 */
const struct ledger_version *
ledger_withdrawn_by(const struct ledger_document *doc,
    const struct ledger_version *version);
/* Returns the version in force or terminated; NULL if there is none. */
const struct ledger_version *ledger_in_force(const struct ledger_document *doc);
/* Returns the version in force now; NULL if there is none. */
const struct ledger_version *ledger_now_in_force(
    const struct ledger_document *doc);
/* Returns the index of the last entry of this act, or LEDGER_NONE. */
uint64_t ledger_last(const struct ledger *ledger, enum act act);
int64_t ledger_time_ms(const struct ledger *ledger);
/* Get the digest of the newest policy or CRL entry; false if there is none. */
bool ledger_newest(const struct ledger *ledger, enum act act,
    struct digest *out);

/* Returns the key that the last "key" entry names; "" if there was none. */
const char *ledger_next_key(const struct ledger *ledger);

size_t ledger_size(const struct ledger *ledger);
struct ledger_entry ledger_entry(const struct ledger *ledger, uint64_t index);
/* Returns the document, person or office of this number; "" for 0. */
const char *ledger_name(const struct ledger *ledger, uint32_t number);
/* Returns the number of a name, 0 if there is no such name. */
uint32_t ledger_number(const struct ledger *ledger, const char *name);
/*
 * The entries about a document, person or office, or of an act, in order.  A
 * filter need look at these only.  The fields but num are record/index.h's.
 */
enum { LEDGER_BLOCK = 64 };
struct ledger_places {
	size_t num;
	const struct column *column;
	uint64_t last;
	uint32_t number; /* 0: of an act */
	uint8_t act;
	/* The entries in some places, from the first of them on. */
	uint32_t block[LEDGER_BLOCK];
	size_t first, in_block;
};
struct ledger_places ledger_about(const struct ledger *ledger, uint32_t number);
struct ledger_places ledger_of_act(const struct ledger *ledger, enum act act);
/* The index of the entry in a place, which is less than num. */
uint64_t ledger_place(struct ledger_places *places, size_t place);
/* The first place of an entry from an index on; num if there is none. */
size_t ledger_first_place(const struct ledger_places *places, uint64_t from);

/*
 * What an office may see of the journal under a policy: one bit for each type
 * that it may read, and one for each that it may audit.
 */
struct sight {
	const struct policy *policy;
	const struct office *office;
	uint64_t read, audit; /* a bit for each type */
};
struct sight sight_of(const struct policy *policy, const struct office *office);
/*
 * May the office see this entry?
 *  - The depositary's own acts: every office.
 *  - Acts of the office's own people: that office.
 *  - Acts on a document: an office that audits its type; an office that reads
 *    its type sees what became of the document.
 *  - Bags, and entries of no type in this policy (a refused document without a
 *    type, a type that was dropped, an unknown act): an office that audits any
 *    type.
 * So an office that audits every type sees every entry.
 */
bool ledger_visible(const struct ledger *ledger, const struct sight *sight,
    uint64_t index);
/* May the office see all acts on this document? */
bool sight_sees(const struct sight *sight, const char *document);
/* May the office read this document? */
bool sight_reads(const struct sight *sight, const char *document);

#endif
