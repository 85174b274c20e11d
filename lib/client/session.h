/*
 * session.h - a connection to the daemon, whose journal is proved to extend
 * the one that was last seen before anything is asked of it.
 */
#ifndef CLIENT_SESSION_H
#define CLIENT_SESSION_H

#include "client/context.h"
#include "client/filter.h"
#include "client/policies.h"
#include "client/seen.h"
#include "journal/tile.h"
#include "remote/remote.h"

/* So many are not asked for again: it is mostly the newest. */
enum { SESSION_POLICIES = 8 };

struct session {
	struct context *context;
	struct remote *remote;
	struct seen *history;   /* all proofs lead to it (seen.h) */
	struct checkpoint seen; /* what is kept of it now */
	/* Our own clock, before the daemon was asked for its newest. */
	int64_t seen_at;
	struct error contradicted; /* JOURNAL_ROLLED_BACK, once it was */
	struct digest policy;      /* by which the daemon judges now */
	struct digest named_policy, named_crls; /* as yet unproved */
	uint64_t named_policy_at; /* its entry; UINT64_MAX: it does not say */
	/* Learns what the journal names, once it was caught up with; or NULL. */
	bool (*learn)(struct session *session, struct error *err);
	bool learning; /* session_learn_policies() is at it */
	/* Policies that were asked for, and are not kept (session_policy()). */
	struct policy *fetched[SESSION_POLICIES];
	size_t num_fetched;
	struct buf server_ca;
	struct remote_settings settings;
	/* Of the entry that is being visited, where it came with a proof. */
	struct merkle_proof proof;
	struct span proof_note; /* the checkpoint that it leads to */
	/*
	 * Of the last question: entries below this index are all answered, and
	 * our own clock before it was sent.
	 */
	uint64_t answered;
	int64_t answered_at;
	const char *doing; /* shown beside the progress */
	/*
	 * While the receipt in an answer is looked at: the proof that came with
	 * it ("OLD HASH…", or NULL), and its note, of this size.
	 */
	struct {
		const char *extension;
		struct span note;
		uint64_t size;
	} carried;
};

/*
 * ERROR_UNTRUSTED  JOURNAL_ROLLED_BACK: smaller than it was, or no extension
 *                  of it; the state is kept and nothing was sent
 */
bool session_open(struct context *context, struct session *out,
    struct error *err) MUST_USE;
/* Its two steps: be ready to ask, and prove what was seen. */
bool session_connect(struct context *context, struct session *out,
    struct error *err) MUST_USE;
bool session_catch_up(struct session *session, struct error *err) MUST_USE;
/* session_connect() without what learns: for who is below that. */
bool session_begin(struct context *context, struct session *out,
    struct error *err) MUST_USE;
void session_close(struct session *session);

/* What was seen, for who has no line; seen_close() it. */
struct seen *session_seen(struct context *context, struct error *err);

/*
 * Prove that the checkpoint of a receipt, copy or older answer is of one
 * history with what was seen (seen_advance()).
 */
bool session_follow(struct session *session, struct span note,
    struct error *err) MUST_USE;
/*
 * The same of a checkpoint that the daemon named as its newest, in answer to a
 * question: session_ask() before it is sent, session_follow_newest() after.
 */
bool session_ask(struct session *session, struct seen_asked *out,
    struct error *err) MUST_USE;
bool session_follow_newest(struct session *session, struct span note,
    const struct seen_asked *asked, struct error *err) MUST_USE;
/*
 * A checkpoint of the daemon's that at names (docs/formats.md, "HTTP"),
 * proved to extend old, whose note (or nothing) is old_note, and to be of one
 * history with what was seen.  note gets the new one's.
 *
 * ERROR_UNTRUSTED  JOURNAL_ROLLED_BACK: the two are kept as evidence
 */
bool session_checkpoint(struct session *session, const struct checkpoint *old,
    struct span old_note, const char *at, struct checkpoint *out,
    struct buf *note, struct error *err) MUST_USE;
/*
 * Before an act is sent: what was seen is durable, and what is seen from now
 * on will be.
 *
 * ERROR_SYSTEM  the state cannot be written: send nothing
 */
bool session_will_send(struct session *session, struct error *err) MUST_USE;
/* An entry was proved: its time must fit what was seen (seen_entry()). */
bool session_entry(struct session *session, uint64_t index,
    const struct entry *entry, struct error *err) MUST_USE;

/*
 * The daemon says that it has not what a proof promises: catch up, in case it
 * is another history's by now, and true: ask once more.  The second time it
 * is JOURNAL_ROLLED_BACK.  Any other error stays as it is; false.
 */
bool session_ask_again(struct session *session, unsigned *tries,
    struct error *err) MUST_USE;
/* The body of an answer to a GET, appended to out. */
bool session_get(struct session *session, const char *path, struct buf *out,
    struct error *err) MUST_USE;
/* POST bytes; answer is for remote_answer_free(), whatever comes of it. */
bool session_post(struct session *session, const char *path, struct span bytes,
    struct remote_answer *answer, struct error *err) MUST_USE;
/*
 * A merkle_reader of the daemon's hash tiles, for evidence; arg is the session.
 */
bool session_read_hash(void *arg, unsigned level, uint64_t index,
    struct digest *out, struct error *err) MUST_USE;

/* A line of base64 as the next hash of a proof; false if it is none. */
bool session_take_hash(struct span line, struct merkle_proof *proof);

bool session_json(struct session *session, const char *path, void *json_out,
    struct error *err) MUST_USE;
/* A file that the daemon sends, into a nameless file.  -1 on failure. */
int session_download(struct session *session, const char *path,
    struct error *err);
/*
 * The same; what has come of it is kept under a name in the state, so that the
 * next run goes on after a cut, Ctrl-C or a reboot.
 */
int session_download_kept(struct session *session, const char *path,
    const char *name, struct error *err);

/*
 * --- Policies (session_policy.c). ---
 *
 * Ask for the policy entries that this office does not know yet, where the
 * daemon names a newer one or always: each is proved, and none is left out
 * between them.
 *
 * ERROR_UNTRUSTED  ENTRY_WITHHELD: the daemon hides one
 */
bool session_learn_policies(struct session *session,
    struct error *err) MUST_USE;
/*
 * Does the policy in force, accepted or not, show this office every act on the
 * document?  False where it cannot be had.
 */
bool session_shows(struct session *session, const char *document);
/*
 * ERROR_UNTRUSTED  POLICY_UNKNOWN: it judges by another than the newest that
 *                  was accepted
 */
bool session_check_policy(struct session *session, struct error *err) MUST_USE;
/*
 * A policy, for policy_free(): one that is kept here, else the daemon's, which
 * is asked for it once.  NULL on failure.
 */
struct policy *session_policy(struct session *session,
    const struct digest *digest, struct error *err);
/* The same, and keep its files. */
bool session_keep_policy(struct session *session, const struct digest *digest,
    struct error *err) MUST_USE;

/* Fetch a set of CRLs unless it is here; one that is gone is no error. */
void session_want_crls(struct session *session, const struct digest *digest);

/*
 * Each entry that the filter takes and that may be seen, proved; in order.
 *
 * ERROR_UNTRUSTED  ANSWER_DIFFERS: one that was not asked for, one twice or out
 *                  of order, or an answer of before the question
 */
typedef bool entry_visitor(void *arg, uint64_t index, const struct entry *entry,
    struct span line, struct error *err);
bool session_entries(struct session *session, const struct entry_filter *filter,
    entry_visitor *visit, void *arg, struct error *err) MUST_USE;
/*
 * The newest checkpoint that the accepted policy's quorum of witnesses has
 * cosigned, proved to be of this history: its size, who cosigned it and when.
 * num 0 if there is none.
 */
struct witnessed {
	struct checkpoint checkpoint;
	size_t num;
	struct cosignature lines[LIMIT_WITNESSES]; /* without their line */
};
bool session_witnessed(struct session *session, struct witnessed *out,
    struct error *err) MUST_USE;
/*
 * Those of [from, until) that may be seen, each against its leaf hash, which
 * the caller has from the hash tiles: leaves[i] is of entry from + i.  One
 * that has another hash is told to differ, not to visit.
 */
bool session_entries_of_leaves(struct session *session, uint64_t from,
    uint64_t until, const struct digest *leaves, entry_visitor *visit,
    void (*differs)(void *arg, uint64_t index), void *arg,
    struct error *err) MUST_USE;
/* The bytes of a hash tile of the size that was seen, appended to out. */
bool session_tile(struct session *session, const struct tile *tile,
    struct buf *out, struct error *err) MUST_USE;

/*
 * Follow the journal from filter->from on (UINT64_MAX: from now on): each entry
 * that may be seen is told to visit, proved, as it happens; told is called when
 * there is no more for now.  A cut is waited out, with a word, and nothing is
 * missed.  It ends only where something is wrong.
 */
bool session_follow_entries(struct context *context,
    const struct entry_filter *filter, entry_visitor *visit,
    void (*told)(void *arg), void *arg, struct error *err) MUST_USE;

/*
 * A receipt that an act was answered with: of this journal, an extension of
 * what was seen, by the proof that the answer has or that is asked for.  entry
 * gets the act.
 */
bool session_check_receipt(struct session *session,
    const struct remote_answer *answer, struct entry *entry, uint64_t *index,
    struct error *err) MUST_USE;

#endif
