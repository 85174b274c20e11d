/*
 * audit.h - an audit at work; what audit.c and the audit_*.c share.
 *
 *	STATE/KEYID/audit/state    how far, and what was found (below)
 *	STATE/KEYID/audit/entries  those from which the states follow, and those
 *	                           that something was found in: u64 index, u16
 *	                           length, bytes
 *	STATE/KEYID/audit/delivered  what is remembered of each `deliver` entry
 *	                           (record/delivered.h)
 *	STATE/KEYID/audit/hidden   indices that were not shown: u64 first, u64 last
 *	STATE/KEYID/audit/judged   copies found good (audit_judged.c)
 *	STATE/KEYID/audit/lock     one audit at a time
 *
 * state is a text: "valise audit 3", "size N", "entries BYTES",
 * "delivered BYTES" and "hidden BYTES" (how much of those files belongs to it), "policy DIGEST" (by which it
 * was audited), the tree's right edge in base64, and a line of JSON for each
 * finding.  It is replaced as one, so that no finding is lost with a line.
 */
#ifndef CLI_CMD_AUDIT_H
#define CLI_CMD_AUDIT_H

#include "cli/cmd/findings.h"
#include "cli/cmd/ranges.h"
#include "cli/commands.h"

struct audit_state {
	struct context *context;
	/* each is -1 if it is not open */
	int lock, entries_fd, delivered_fd, hidden_fd;
	/* the Merkle tree's right edge, of the leaves taken in */
	struct merkle_edge edge;
	uint64_t entries_len, delivered_len, hidden_len;
	struct digest policy;
	struct findings findings;
	struct ranges hidden;
	bool is_old; /* it is of an older program: the audit begins anew */
};

/*
 * Read the state that is kept, if there is any. Call audit_state_close() even
 * after a failure.
 *
 * ERROR_CONFLICT  another audit is at work
 * ERROR_SYSTEM    the state is damaged
 */
bool audit_state_open(struct context *context, struct audit_state *out,
    struct error *err) MUST_USE;
void audit_state_close(struct audit_state *state);
/*
 * Begin again at the first entry. Findings stay until they are checked again.
 */
bool audit_state_begin_anew(struct audit_state *state,
    struct error *err) MUST_USE;
/* Write the state durably, and whole or not at all. */
bool audit_state_write(const struct audit_state *state,
    struct error *err) MUST_USE;
/*
 * Finish a step that reaches up to edge.size: append its entries, what is
 * remembered of deliveries and hidden ranges, then write the state.
 */
bool audit_state_take(struct audit_state *state, struct span entries,
    struct span delivered, const struct ranges *hidden,
    struct error *err) MUST_USE;
/*
 * Read what is kept of the n-th delivery (record/delivered.h).
 *
 * ERROR_SYSTEM  it is damaged
 */
bool audit_state_delivered(const struct audit_state *state, uint64_t n,
    uint8_t out[DELIVERED_RECORD], struct error *err) MUST_USE;
/*
 * Check that what is kept of deliveries is whole and in order.
 *
 * ERROR_SYSTEM  it is not
 */
bool audit_state_check_delivered(const struct audit_state *state,
    struct error *err) MUST_USE;
/* Visit each entry that is kept, in order. */
bool audit_state_replay(struct audit_state *state, entry_visitor *visit,
    void *arg, struct error *err) MUST_USE;
bool audit_state_path(const struct context *context, const char *name,
    char out[FILE_PATH], struct error *err) MUST_USE;

struct judged_list;

struct audit_run {
	struct context *context;
	struct session session;
	struct policy *policy; /* the policy that is accepted now */
	const struct office *office;
	struct sight sight; /* what this office may see */
	bool sees_all;      /* it may see everything */
	struct verdict_library library;
	struct audit_settings settings;
	struct audit *audit;
	struct audit_state state;
	enum finding_kind kind; /* the kind of the check that is being made */
	size_t num_told;        /* how many findings were told */
	struct judged_list *judged;
	/* this step's entries that are to be kept, and its deliveries */
	struct buf pending, delivered;
	/* of this step: the first index that was not shown yet */
	uint64_t next;
	/* of this step: the indices that were not shown */
	struct ranges missing;
	struct checkpoint checked; /* the checkpoint that all hashes lead to */
	struct buf note;           /* the signed note of it */
	bool hashes_lie;           /* they do not lead to it */
	/* Numbers for the report. */
	uint64_t num_counted; /* deliveries that are counted under another */
	uint64_t from, num_seen, num_judged, num_unread, num_documents;
	uint64_t num_versions, num_again, witnessed_size;
	unsigned num_witnesses;
};

/* audit_entries.c */
/* A delivered_find(); arg is the struct audit_run. */
bool audit_find_delivered(void *arg, uint64_t index, bool *is_there,
    uint64_t *check, struct error *err) MUST_USE;
/*
 * Replay the entries that are kept: they lead to the states as of then, and are
 * checked again.
 */
bool audit_replay(struct audit_run *run, struct error *err) MUST_USE;
/* Take in what is new, up to a checkpoint that all hashes lead to. */
bool audit_catch_up(struct audit_run *run, struct error *err) MUST_USE;
/*
 * Ask again for entries that were withheld or rewritten. Begin the audit anew
 * if one of them now comes and is right, or if another policy changed what is
 * hidden.
 */
bool audit_ask_again(struct audit_run *run, struct error *err) MUST_USE;

/* audit_copies.c */
bool audit_copies(struct audit_run *run, struct error *err) MUST_USE;
/*
 * Judge the marked versions of documents of which all are marked, if there are
 * many: they come in packs. Those that are found good lose their mark; what is
 * wrong with the others is for their copies to tell. needed has each version of
 * each document, in order (audit_packs.c).
 */
bool audit_packs(struct audit_run *run, struct ledger_document *const docs[],
    size_t num, bool needed[], struct error *err) MUST_USE;
bool audit_may_read(const struct audit_run *run, const char *document);

/*
 * audit_judged.c: a list of the copies found good, and what they were judged
 * by.
 */
struct judged_list *audit_judged_open(struct context *context, bool anew,
    struct error *err);
void audit_judged_close(struct judged_list *list);
/* True if the copy was judged and no newer list or policy touches that. */
bool audit_judged_stands(const struct judged_list *list,
    const struct digest *contents, const struct verdict_library *library,
    bool *known);
bool audit_judged_add(struct judged_list *list, const struct digest *contents,
    const struct verdict *verdict, struct context *context,
    struct error *err) MUST_USE;

/* audit_states.c */
bool audit_states(struct audit_run *run, struct error *err) MUST_USE;
bool audit_witnesses(struct audit_run *run, struct error *err) MUST_USE;

/* audit_lists.c */
bool audit_lists(struct audit_run *run, struct error *err) MUST_USE;

/* audit_report.c */
bool audit_report_print(const struct audit_run *run,
    struct error *err) MUST_USE;
/*
 * Say on standard error what is kept, where the audit did not get to its end.
 */
void audit_report_kept(const struct audit_run *run);

/* audit_compare.c: comparing the reports of other offices. */
bool audit_compare(struct context *context, int num, char *files[],
    struct error *err) MUST_USE;
bool audit_combine(struct context *context, int num, char *files[],
    struct error *err) MUST_USE;

#endif
