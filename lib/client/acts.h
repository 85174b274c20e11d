/*
 * acts.h - the proved acts of a document: its deposits, signatures, entries
 * into force and terminations, and the states that follow from them.
 *
 * They are kept, STATE/KEYID/acts/TYPE--SLUG (docs/formats.md, "Acts that are
 * kept"), with the size of the journal up to which none is missing, so that
 * only what is new is asked for, and a status can be told without a line.
 * Nobody tells a status by the daemon's words: it follows from these.
 *
 * What they cannot show: that the daemon left out the newest ones.  Each act
 * names the one before it, so none can be left out in the middle; and what was
 * left out once is asked for again.
 */
#ifndef CLIENT_ACTS_H
#define CLIENT_ACTS_H

#include "client/session.h"
#include "record/states.h"

struct document_acts {
	/* the document that follows from the acts; num_versions 0: no acts */
	struct ledger_document doc;
	struct names names; /* the ledger that has it */
	/*
	 * Every act with an index below this is here, if the daemon tells the
	 * truth; 0: nothing is known.
	 */
	uint64_t size;
	/*
	 * This office's clock when a checkpoint of that size was the newest. 0:
	 * copies told the acts, and size is just behind the last one.
	 */
	int64_t seen_at;
	struct act_line {
		uint64_t index;
		size_t at, len; /* its entry's bytes in lines */
	} * list;               /* by index */
	size_t num;
	struct buf lines;
	int64_t time_ms; /* the time of the last one */
};

/* Begin without acts: size 0. */
void acts_begin(const char *document, struct document_acts *out);
/*
 * Read what is kept of a document, without asking the daemon. If nothing is
 * kept, or it is damaged, size is 0. Call acts_free().
 */
void acts_load(struct context *context, const char *document,
    struct document_acts *out);
/*
 * Keep the acts durably. They never replace more acts, or the same ones seen
 * later, which another command may have kept meanwhile.
 */
bool acts_keep(const struct context *context, const struct document_acts *acts,
    struct error *err) MUST_USE;
/* The same without a flush: for many documents, before acts_keep_all(). */
bool acts_keep_quick(const struct context *context,
    const struct document_acts *acts, struct error *err) MUST_USE;
/*
 * Say that every document with an act since from was kept, with all acts up to
 * size. What is kept of any other document is then complete up to size too, if
 * it was up to from and if the policy by which the daemon answered shows its
 * acts to this office. The files of these documents are flushed first.
 */
bool acts_keep_all(const struct context *context, const struct digest *policy,
    uint64_t from, uint64_t size, int64_t seen_at, struct error *err) MUST_USE;
void acts_forget(const struct context *context, const char *document);
/*
 * Read what is kept, ask for what came since, prove it and keep it. size is
 * then that of a checkpoint that was seen over this connection. Call acts_free()
 * even after a failure. If the policy in force does not show the acts to this
 * office, but the daemon shows the document all the same, size stays as it was.
 *
 * ERROR_REFUSED, ERROR_NOT_FOUND  this office may not read it any more
 * ERROR_UNTRUSTED  ENTRY_WITHHELD: an act follows one that is not shown, one
 *                   that was kept is not shown any more, or they contradict
 *                   each other
 */
bool acts_update(struct session *session, const char *document,
    struct document_acts *out, struct error *err) MUST_USE;
/*
 * For many documents: what acts_update() keeps in between is flushed at the
 * end, once and not for each.  A power cut before that can take it, and then it
 * is asked for again.
 */
void acts_update_begin(struct session *session);
void acts_update_end(struct session *session);
/*
 * Ask for the new acts of these documents at once, if they are several and the
 * journal is small, prove and keep them: then acts_load() has them. Nothing is
 * told where that fails: acts_update() does. documents is sorted.
 */
void acts_update_many(struct session *session, const char *documents[],
    size_t num);
/* Visit each document of which acts are kept, by name. */
typedef bool acts_visitor(void *arg, const char *document, struct error *err);
bool acts_each_kept(const struct context *context, acts_visitor *visit,
    void *arg, struct error *err) MUST_USE;
void acts_free(struct document_acts *acts);
/*
 * Succeed if acts_update() found any act, else say why not. proved: it is known
 * that there are some, whatever the daemon says.
 *
 * ERROR_REFUSED, ERROR_NOT_FOUND  the daemon says so
 * ERROR_UNTRUSTED  ENTRY_WITHHELD: it gives no reason, or one that is not true
 */
bool acts_are_shown(struct session *session, const struct document_acts *acts,
    bool proved, struct error *err) MUST_USE;

/*
 * Get the acts after one of ours was sent, whose entry has this index. If they
 * lack it, the daemon withholds it.
 */
bool acts_update_with(struct session *session, const char *document,
    uint64_t index, struct document_acts *out, struct error *err) MUST_USE;

/* A version; 0 is the newest. NULL if there is no such version. */
const struct ledger_version *acts_version(const struct document_acts *acts,
    unsigned number);
/* True if an entry is one of the version's acts; false without a version. */
bool acts_of_version(const struct ledger_version *version, uint64_t index);
bool acts_has(const struct document_acts *acts, uint64_t index);
/*
 * Check that every act that was kept, with an index below size, is among them.
 *
 * ERROR_UNTRUSTED  ENTRY_WITHHELD: one is not
 */
bool acts_include(const struct document_acts *acts,
    const struct document_acts *kept, uint64_t size,
    struct error *err) MUST_USE;
/* Add one more act, the next; its bytes are copied. */
bool acts_add(struct document_acts *acts, uint64_t index, struct span line,
    struct error *err) MUST_USE;

/*
 * Check a copy that was fetched beside the acts: it has all acts on its version
 * and no other. Its status becomes the one that the acts tell.
 *
 * ERROR_UNTRUSTED  ANSWER_DIFFERS, ENTRY_WITHHELD: it has others
 */
bool acts_settle(const struct document_acts *acts, struct verdict *verdict,
    struct error *err) MUST_USE;

/* The error's code if the daemon does not show an act. */
#define ENTRY_WITHHELD "ENTRY_WITHHELD"

#endif
