/*
 * audit.h - an audit at work; what audit.c and the audit_*.c share.
 *
 *	STATE/KEYID/audit/state    how far, and what was found (below)
 *	STATE/KEYID/audit/entries  those from which the states follow, and those
 *	                           that something was found in: u64 index, u16
 *	                           length, bytes
 *	STATE/KEYID/audit/hidden   indices that were not shown: u64 first, u64 last
 *	STATE/KEYID/audit/judged   copies found good (audit_judged.c)
 *	STATE/KEYID/audit/lock     one audit at a time
 *
 * state is a text: "valise audit 2", "size N", "entries BYTES" and "hidden
 * BYTES" (how much of those files belongs to it), "policy DIGEST" (by which it
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
	int lock, entries_fd, hidden_fd; /* or -1 */
	struct merkle_edge edge;         /* of the leaves taken in */
	uint64_t entries_len, hidden_len;
	struct digest policy;
	struct findings findings;
	struct ranges hidden;
	bool is_old; /* of a program before: it is begun anew */
};

/*
 * Read what is kept, or nothing.  audit_state_close() it, whatever comes of it.
 *
 * ERROR_CONFLICT  another audit is at work
 * ERROR_SYSTEM    it is damaged
 */
bool audit_state_open(struct context *context, struct audit_state *out,
    struct error *err) MUST_USE;
void audit_state_close(struct audit_state *state);
/* From the first entry on; what was found stays until it is checked again. */
bool audit_state_begin_anew(struct audit_state *state,
    struct error *err) MUST_USE;
/* Durably, and whole or not at all. */
bool audit_state_write(const struct audit_state *state,
    struct error *err) MUST_USE;
/*
 * A step is done, up to edge.size: its entries and hidden ranges are appended,
 * then the state is written.
 */
bool audit_state_take(struct audit_state *state, struct span entries,
    const struct ranges *hidden, struct error *err) MUST_USE;
/* Each entry that is kept, in order. */
bool audit_state_replay(struct audit_state *state, entry_visitor *visit,
    void *arg, struct error *err) MUST_USE;
bool audit_state_path(const struct context *context, const char *name,
    char out[FILE_PATH], struct error *err) MUST_USE;

struct judged_list;

struct audit_run {
	struct context *context;
	struct session session;
	struct policy *policy; /* that is accepted now */
	const struct office *office;
	struct sight sight; /* what it may see */
	bool sees_all;      /* all of it */
	struct verdict_library library;
	struct audit_settings settings;
	struct audit *audit;
	struct audit_state state;
	enum finding_kind kind; /* of the check that is made */
	size_t num_told;        /* how often it told of something */
	struct judged_list *judged;
	struct buf pending;    /* entries of this step, to be kept */
	uint64_t next;         /* of this step: the first not shown so far */
	struct ranges missing; /* of this step: not shown */
	struct checkpoint checked; /* to which all hashes lead */
	struct buf note;           /* its note */
	bool hashes_lie;           /* or do not lead to it */
	/* For the report. */
	uint64_t from, num_seen, num_judged, num_unread, num_documents;
	uint64_t num_versions, num_again, witnessed_size;
	unsigned num_witnesses;
};

/* audit_entries.c */
/* Entries that were kept lead to the states of then, and are checked again. */
bool audit_replay(struct audit_run *run, struct error *err) MUST_USE;
/* Take in what is new, up to a checkpoint to which all hashes lead. */
bool audit_catch_up(struct audit_run *run, struct error *err) MUST_USE;
/*
 * Ask again for entries that were withheld or rewritten; where one comes that
 * is right, or the policy changed what is hidden, the audit begins anew.
 */
bool audit_ask_again(struct audit_run *run, struct error *err) MUST_USE;

/* audit_copies.c */
bool audit_copies(struct audit_run *run, struct error *err) MUST_USE;
bool audit_may_read(const struct audit_run *run, const char *document);

/* audit_judged.c: the copies found good, and by what. */
struct judged_list *audit_judged_open(struct context *context, bool anew,
    struct error *err);
void audit_judged_close(struct judged_list *list);
/* Was it judged, and does no newer list or policy touch that? */
bool audit_judged_stands(const struct judged_list *list,
    const struct digest *contents, const struct verdict_library *library,
    bool *known);
bool audit_judged_add(struct judged_list *list, const struct digest *contents,
    const struct copy *copy, struct context *context,
    struct error *err) MUST_USE;

/* audit_states.c */
bool audit_states(struct audit_run *run, struct error *err) MUST_USE;
bool audit_witnesses(struct audit_run *run, struct error *err) MUST_USE;

/* audit_lists.c */
bool audit_lists(struct audit_run *run, struct error *err) MUST_USE;

/* audit_report.c */
bool audit_report_print(const struct audit_run *run,
    struct error *err) MUST_USE;
/* On standard error: what is kept, where the audit did not get to its end. */
void audit_report_kept(const struct audit_run *run);

/* audit_compare.c: reports of other offices. */
bool audit_compare(struct context *context, int num, char *files[],
    struct error *err) MUST_USE;
bool audit_combine(struct context *context, int num, char *files[],
    struct error *err) MUST_USE;

#endif
