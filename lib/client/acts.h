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
	struct ledger_document doc; /* what follows; num_versions 0: none */
	struct names names;         /* of that */
	/*
	 * Every act with an index below this is there, as far as the daemon
	 * tells the truth; 0: nothing is known.
	 */
	uint64_t size;
	/*
	 * This office's clock when a checkpoint of that size was the newest; 0:
	 * copies told the acts, and size is that after the last one.
	 */
	int64_t seen_at;
	struct act_line {
		uint64_t index;
		size_t at, len; /* its entry, in lines */
	} * list;               /* in order */
	size_t num;
	struct buf lines;
	int64_t time_ms; /* of the last one */
};

/* No act yet: size 0. */
void acts_begin(const char *document, struct document_acts *out);
/*
 * What is kept of a document.  It asks nobody: nothing, or a file that is
 * damaged, is size 0.  out is for acts_free().
 */
void acts_load(struct context *context, const char *document,
    struct document_acts *out);
/*
 * Keep them, durably; never in the place of more, or of the same seen later,
 * which another command may have kept meanwhile.
 */
bool acts_keep(const struct context *context, const struct document_acts *acts,
    struct error *err) MUST_USE;
/* The same, not flushed: for many, before acts_keep_all(). */
bool acts_keep_quick(const struct context *context,
    const struct document_acts *acts, struct error *err) MUST_USE;
/*
 * Every document that had an act since from was kept, with all of its acts up
 * to size: then what is kept of any other is complete up to size as well, if it
 * was up to from, and if the policy, by which the daemon answered, shows its
 * acts to this office.  It flushes them first.
 */
bool acts_keep_all(const struct context *context, const struct digest *policy,
    uint64_t from, uint64_t size, int64_t seen_at, struct error *err) MUST_USE;
void acts_forget(const struct context *context, const char *document);
/*
 * What is kept, with what came since: asked for, proved, and kept.  size is
 * then that of a checkpoint which was seen in this session.  out is for
 * acts_free(), whatever comes of it.
 *
 * Where the policy in force does not show them to this office, size is that of
 * before, if the daemon shows the document all the same.
 *
 * ERROR_REFUSED, ERROR_NOT_FOUND  this office may read it no more
 * ERROR_UNTRUSTED  ENTRY_WITHHELD: an act follows one that is not shown, one
 *                  that was kept is shown no more, or they contradict each
 *                  other
 */
bool acts_update(struct session *session, const char *document,
    struct document_acts *out, struct error *err) MUST_USE;
void acts_free(struct document_acts *acts);
/*
 * Has acts_update() found any?  Else why not; proved: that there are some is
 * known, whatever the daemon says.
 *
 * ERROR_REFUSED, ERROR_NOT_FOUND  the daemon says so
 * ERROR_UNTRUSTED  ENTRY_WITHHELD: it gives no reason, or one that is not so
 */
bool acts_are_shown(struct session *session, const struct document_acts *acts,
    bool proved, struct error *err) MUST_USE;

/*
 * The acts after one of ours was sent, and its entry is of an index: they have
 * it, or the daemon withholds it.
 */
bool acts_update_with(struct session *session, const char *document,
    uint64_t index, struct document_acts *out, struct error *err) MUST_USE;

/* NULL if there is no such version; 0 is the newest. */
const struct ledger_version *acts_version(const struct document_acts *acts,
    unsigned number);
/* Is this one of its acts?  Not of a version that there is not. */
bool acts_of_version(const struct ledger_version *version, uint64_t index);
bool acts_has(const struct document_acts *acts, uint64_t index);
/*
 * Every act that was kept, with an index below size, is among them.
 *
 * ERROR_UNTRUSTED  ENTRY_WITHHELD
 */
bool acts_include(const struct document_acts *acts,
    const struct document_acts *kept, uint64_t size,
    struct error *err) MUST_USE;
/* Take one more, the next; the bytes are copied. */
bool acts_add(struct document_acts *acts, uint64_t index, struct span line,
    struct error *err) MUST_USE;

/*
 * A copy that was fetched, beside the acts: it has all acts on its version, and
 * no other.  Then its status is the one that they tell.
 *
 * ERROR_UNTRUSTED  ANSWER_DIFFERS, ENTRY_WITHHELD
 */
bool acts_settle(const struct document_acts *acts, struct verdict *verdict,
    struct error *err) MUST_USE;

/* The code of the error where the daemon does not show an act. */
#define ENTRY_WITHHELD "ENTRY_WITHHELD"

#endif
