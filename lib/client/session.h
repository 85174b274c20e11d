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

/* So many tiles are not asked for again; mostly it is the newest. */
enum { SESSION_POLICIES = 8 };

struct session {
	struct context *context;
	struct remote *remote;
	/* what was seen: all proofs lead to it (seen.h) */
	struct seen *history;
	struct checkpoint seen; /* the checkpoint that is kept of it now */
	/*
	 * Our own clock, before the daemon was asked for its newest checkpoint.
	 */
	int64_t seen_at;
	/* the error JOURNAL_ROLLED_BACK, once it happened */
	struct error contradicted;
	/* the policy by which the daemon judges now */
	struct digest policy;
	struct digest named_policy, named_crls; /* the same, not proved yet */
	/* the journal's size in the answer that named them */
	uint64_t named_size;
	/* that policy's entry; UINT64_MAX: the daemon does not say */
	uint64_t named_policy_at;
	/*
	 * Learns what the journal names, once it was caught up with; or which
	 * policies it named up to a size, at which its key was replaced (else
	 * 0). Or NULL.
	 */
	bool (
	    *learn)(struct session *session, uint64_t size, struct error *err);
	bool learning;  /* session_learn_policies() is running */
	bool following; /* a key that may follow ours is looked at */
	/*
	 * Only the user's word on a policy may be missing to follow the
	 * journal's new key: policy is the last one under the key we know.
	 */
	bool is_behind;
	/* Policies that were asked for, and are not kept (session_policy()). */
	struct policy *fetched[SESSION_POLICIES];
	size_t num_fetched;
	struct buf server_ca;
	EVP_PKEY *own_key; /* to connect with */
	/* The digest of the policy that was accepted last; or empty. */
	char accepted[DIGEST_HEX];
	struct remote_settings settings;
	/* Of the entry that is being visited, if it came with a proof: */
	struct merkle_proof proof;
	struct span proof_note; /* the checkpoint that the proof leads to */
	/*
	 * Of the last question: entries below this index are all answered, and
	 * our own clock before it was sent.
	 */
	uint64_t answered;
	int64_t answered_at;
	/* acts_update_begin(): acts were kept and are not flushed yet */
	bool many_acts, unflushed_acts;
	const char *doing; /* shown beside the progress */
	/*
	 * While the receipt in an answer is checked: the proof that came with
	 * it ("OLD HASH…", or NULL), and its note, of this size.
	 */
	struct {
		const char *extension;
		struct span note;
		uint64_t size;
	} carried;
};

/*
 * Open a connection and prove what was seen.
 *
 * ERROR_UNTRUSTED  JOURNAL_ROLLED_BACK: the journal is smaller than it was, or
 *                   no extension of it; the state is kept and nothing was sent
 */
bool session_open(struct context *context, struct session *out,
    struct error *err) MUST_USE;
/*
 * The same, for a command that shows or accepts policies: it also opens if the
 * journal's key was replaced and the policy whose witnesses vouch for the new
 * one was not accepted yet. What was seen then ends with the old key
 * (is_behind). After a policy was accepted, go on: the daemon is told so.
 *
 * ERROR_UNTRUSTED  session_go_on(): as session_open(); that the key is still not
 *                   followed, or nobody answers, is only noted
 */
bool session_open_behind(struct context *context, struct session *out,
    struct error *err) MUST_USE;
bool session_go_on(struct session *session, struct error *err) MUST_USE;
/* Its two steps: be ready to ask, and prove what was seen. */
bool session_connect(struct context *context, struct session *out,
    struct error *err) MUST_USE;
bool session_catch_up(struct session *session, struct error *err) MUST_USE;
/* session_connect() without what learns: for who is below that. */
bool session_begin(struct context *context, struct session *out,
    struct error *err) MUST_USE;
/* Name the policy that was accepted last in each request from now on. */
void session_name_policy(struct session *session);
void session_close(struct session *session);

/*
 * Returns what this office has seen, for a command without a connection.  Call
 * seen_close().
 */
struct seen *session_seen(struct context *context, struct error *err);

/*
 * Prove that the checkpoint of a receipt, copy or older answer is of one
 * history with what was seen (seen_advance()).
 */
bool session_follow(struct session *session, struct span note,
    struct error *err) MUST_USE;
/*
 * The same of a checkpoint that the daemon named as its newest in answer to a
 * question: call session_ask() before that is sent, session_follow_newest()
 * after.
 */
bool session_ask(struct session *session, struct seen_asked *out,
    struct error *err) MUST_USE;
bool session_follow_newest(struct session *session, struct span note,
    const struct seen_asked *asked, struct error *err) MUST_USE;
/*
 * Get the daemon's checkpoint that at names (docs/formats.md, "HTTP"), proved
 * to extend old, whose note (or nothing) is old_note, and to be of one history
 * with what was seen. note gets the new one's.
 *
 * ERROR_UNTRUSTED  JOURNAL_ROLLED_BACK: the two are kept as evidence
 */
bool session_checkpoint(struct session *session, const struct checkpoint *old,
    struct span old_note, const char *at, struct checkpoint *out,
    struct buf *note, struct error *err) MUST_USE;
/*
 * Prepare for sending an act: what was seen is durable, and what is seen from
 * now on will be.
 *
 * ERROR_SYSTEM  the state cannot be written: send nothing
 */
bool session_will_send(struct session *session, struct error *err) MUST_USE;
/*
 * Check the time of an entry that was proved against what was seen
 * (seen_entry()).
 */
bool session_entry(struct session *session, uint64_t index,
    const struct entry *entry, struct error *err) MUST_USE;

/*
 * The daemon says that it lacks what a proof promises. Catch up, in case its
 * history is another one by now, and return true to ask once more. The second
 * time the error becomes JOURNAL_ROLLED_BACK. Any other error stays as it is;
 * false.
 */
bool session_ask_again(struct session *session, unsigned *tries,
    struct error *err) MUST_USE;
/* GET a path; the body of the answer is appended to out. */
bool session_get(struct session *session, const char *path, struct buf *out,
    struct error *err) MUST_USE;
/* POST bytes. Call remote_answer_free() even after a failure. */
bool session_post(struct session *session, const char *path, struct span bytes,
    struct remote_answer *answer, struct error *err) MUST_USE;
/*
 * A merkle_reader of the daemon's hash tiles, for evidence; arg is the session.
 */
bool session_read_hash(void *arg, unsigned level, uint64_t index,
    struct digest *out, struct error *err) MUST_USE;

/* Read a line of base64 as the next hash of a proof; false if it is none. */
bool session_take_hash(struct span line, struct merkle_proof *proof);

bool session_json(struct session *session, const char *path, void *json_out,
    struct error *err) MUST_USE;
/* Get a file that the daemon sends into a nameless file. -1 on failure. */
int session_download(struct session *session, const char *path,
    struct error *err);
/*
 * The same. What has come of it is kept under a name in the state, so that the
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
/* The same of those below a size, as of its checkpoint. */
bool session_learn_policies_below(struct session *session, uint64_t size,
    struct error *err) MUST_USE;
/*
 * True if the policy in force, accepted or not, shows this office every act on
 * the document. False if it cannot be had.
 */
bool session_shows(struct session *session, const char *document);
/*
 * Check that the daemon judges by the newest policy that was accepted.
 *
 * ERROR_UNTRUSTED  POLICY_UNKNOWN: it judges by another one
 */
bool session_check_policy(struct session *session, struct error *err) MUST_USE;
/*
 * Get a policy: one that is kept here, else the daemon's, which is asked for it
 * once. Call policy_free(). NULL on failure.
 */
struct policy *session_policy(struct session *session,
    const struct digest *digest, struct error *err);
/* The same, and keep its files. */
bool session_keep_policy(struct session *session, const struct digest *digest,
    struct error *err) MUST_USE;

/*
 * Fetch a set of CRLs unless it is here. It is no error if the daemon has it no
 * more.
 */
void session_want_crls(struct session *session, const struct digest *digest);

/*
 * Visit each entry that the filter takes and that may be seen: proved, and in
 * order.
 *
 * ERROR_UNTRUSTED  ANSWER_DIFFERS: an entry that was not asked for, one twice
 *                   or out of order, or an answer from before the question
 */
typedef bool entry_visitor(void *arg, uint64_t index, const struct entry *entry,
    struct span line, struct error *err);
bool session_entries(struct session *session, const struct entry_filter *filter,
    entry_visitor *visit, void *arg, struct error *err) MUST_USE;
/*
 * Get the newest checkpoint that the accepted policy's quorum of witnesses has
 * cosigned, proved to be of this history: its size, who cosigned it and when.
 * num is 0 if there is none.
 */
struct witnessed {
	struct checkpoint checkpoint;
	size_t num;
	/* who cosigned; their field line is not set */
	struct cosignature lines[LIMIT_WITNESSES];
};
bool session_witnessed(struct session *session, struct witnessed *out,
    struct error *err) MUST_USE;
/*
 * Visit those of [from, until) that may be seen. Each is compared with its leaf
 * hash, which the caller has from the hash tiles: leaves[i] is that of entry
 * from + i. An entry with another hash goes to differ, not to visit.
 */
bool session_entries_of_leaves(struct session *session, uint64_t from,
    uint64_t until, const struct digest *leaves, entry_visitor *visit,
    void (*differs)(void *arg, uint64_t index), void *arg,
    struct error *err) MUST_USE;
/* Append the bytes of a hash tile of the size that was seen. */
bool session_tile(struct session *session, const struct tile *tile,
    struct buf *out, struct error *err) MUST_USE;

/*
 * Follow the journal from filter->from on (UINT64_MAX: from now on). Each entry
 * that may be seen goes to visit, proved, as it happens; told is called when
 * there is no more for now. A cut is waited out, with a note, and nothing is
 * missed. It ends only if something is wrong.
 */
bool session_follow_entries(struct context *context,
    const struct entry_filter *filter, entry_visitor *visit,
    void (*told)(void *arg), void *arg, struct error *err) MUST_USE;

/*
 * Check the receipt that an act was answered with: it is of this journal, an
 * extension of what was seen, by the proof that the answer has or that is asked
 * for. entry gets the act.
 */
bool session_check_receipt(struct session *session,
    const struct remote_answer *answer, struct entry *entry, uint64_t *index,
    struct error *err) MUST_USE;

#endif
