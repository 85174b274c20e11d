/*
 * seen.h - the checkpoint that this office has seen.  This module owns it: no
 * other code compares, takes or skips a checkpoint, and every proof that a
 * command uses leads to one that went through seen_advance().
 *
 *	DIR/checkpoint            the one that is kept, a signed note
 *	DIR/proved                "SIZE ROOT" lines: those proved to be prefixes
 *	DIR/unsettled/ID.note     met without a line, to be proved by the next
 *	DIR/unsettled/ID.refuted  another history's, which the next line showed
 *	DIR/clock                 our own clock, and the entries' (seen_clock.h)
 *	DIR/evidence-ID.txt       two signed checkpoints that contradict
 *	DIR/lock                  held to compare and swap, never over a request
 *
 * DIR is the office's state, STATE/KEYID.  It knows neither network nor
 * context, so that a table of answers can drive it (tests/unit/test_seen.c).
 */
#ifndef CLIENT_SEEN_H
#define CLIENT_SEEN_H

#include "base/file.h"
#include "journal/merkle.h"
#include "journal/note.h"

/* The result of a request for a proof. */
enum seen_reply {
	SEEN_PROOF, /* the body of C2SP add-checkpoint */
	/* a note alone, as the journal is smaller than the old size */
	SEEN_SMALLER,
	SEEN_NO_HEAD,  /* no checkpoint of that size was signed */
	SEEN_NO_PROOF, /* it was asked, and it gives none */
	SEEN_NO_LINE,  /* it could not be asked; err says why */
};

/* A source of proofs: the daemon, or the files of a bag. */
struct seen_prover {
	/*
	 * Ask for the proof that a checkpoint extends the one of size old. It
	 * is the newest (at is NULL), or the one that at names, as "GET
	 * /v1/journal/checkpoint" does. The answer is appended to body.
	 */
	enum seen_reply (*ask)(void *arg, uint64_t old, const char *at,
	    struct buf *body, struct error *err);
	/* Read hashes of its tree, for evidence; or NULL. */
	merkle_reader *hash;
	void *arg;
};

struct seen_settings {
	const char *dir;
	/* the journal's keys, which may become more meanwhile */
	const struct note_keys *keys;
	const char *contact; /* the depositary's address, for alarms */
	/* Print a line for a person; NULL: nobody is told. */
	void (*tell)(void *arg, const char *line);
	void *arg;
};

struct seen;

/* Read what is kept. settings, and what they point at, must outlive it. */
struct seen *seen_open(const struct seen_settings *settings, struct error *err);
void seen_close(struct seen *seen);

/*
 * The checkpoint that is kept, borrowed until the next call. Size 0 and an
 * empty note: there is none yet.
 */
const struct checkpoint *seen_kept(const struct seen *seen);
struct span seen_note(const struct seen *seen);

/* The size of what is kept; 0: nothing yet. */
bool seen_size(const char *dir, const struct note_keys *keys, uint64_t *out,
    struct error *err) MUST_USE;

/*
 * The checkpoint that was kept when a question was sent.  Take it before that,
 * since the newest one that the daemon names must extend it.
 */
struct seen_asked {
	struct checkpoint kept;
	struct buf note; /* call seen_asked_free() */
	int64_t at_ms;   /* by our own clock */
};
bool seen_ask(struct seen *seen, const struct seen_prover *prover,
    struct seen_asked *out, struct error *err) MUST_USE;
void seen_asked_free(struct seen_asked *asked);

/*
 * Prove that a signed note is of one history with what is kept, and keep it
 * durably if it is larger. With asked, the daemon named it as its newest in
 * answer to a question: a smaller one is refused. Without, it is the checkpoint
 * of a receipt, a copy, a bag or an older answer, and may be a prefix of what
 * is kept. out gets what it says, unless it is NULL. If the state cannot be
 * written a person is told once, and it is remembered in memory alone; after
 * seen_will_send() that is an error.
 *
 * ERROR_UNTRUSTED    JOURNAL_ROLLED_BACK: the two contradict each other, or the
 *                   daemon, asked, does not prove it; both are kept as evidence
 * ERROR_UNTRUSTED    KEY_UNKNOWN: signed by a key that is not known yet
 * ERROR_UNAVAILABLE  it could not be asked: neither proved nor kept
 * ERROR_SYSTEM       the state cannot be written, and an act is being sent
 */
bool seen_advance(struct seen *seen, const struct seen_prover *prover,
    struct span note, const struct seen_asked *asked, struct checkpoint *out,
    struct error *err) MUST_USE;
/* Ask for the newest checkpoint and advance to it. */
bool seen_catch_up(struct seen *seen, const struct seen_prover *prover,
    struct error *err) MUST_USE;
/*
 * Get the checkpoint that at names, proved to extend old, which the caller
 * remembers by itself (a witness; size 0: nothing), and to be of one history
 * with what is kept. note gets it.
 *
 * ERROR_NOT_FOUND  there is no such checkpoint
 * for other errors see seen_advance()
 */
bool seen_extend(struct seen *seen, const struct seen_prover *prover,
    const struct checkpoint *old, struct span old_note, const char *at,
    struct checkpoint *out, struct buf *note, struct error *err) MUST_USE;

/*
 * Prepare for sending an act: what was seen is durable before it, and so is
 * whatever is seen from now on.
 *
 * ERROR_SYSTEM  the state cannot be written: send nothing
 */
bool seen_will_send(struct seen *seen, struct error *err) MUST_USE;

/* --- Without a line. --- */

/*
 * True if this signed note is proved by what is kept. ERROR_UNAVAILABLE if that
 * cannot be told here; with seen_defer() the next connection tells.
 *
 * ERROR_UNTRUSTED  JOURNAL_ROLLED_BACK: it contradicts what is kept
 */
bool seen_is_proved(struct seen *seen, struct span note,
    struct error *err) MUST_USE;
/* Remember a note that was taken without a proof. */
bool seen_defer(struct seen *seen, struct span note,
    struct error *err) MUST_USE;
/*
 * Prove each note that was deferred.
 *
 * ERROR_UNTRUSTED  JOURNAL_ROLLED_BACK, of the first that is of another
 *                   history; from then on seen_is_proved() says so
 */
bool seen_settle(struct seen *seen, const struct seen_prover *prover,
    struct error *err) MUST_USE;

/* --- Time (seen_clock.c). --- */

/*
 * Take in the time of an entry that was proved. If it contradicts our own clock
 * a person is told once (TIME_DIFFERS).
 *
 * ERROR_UNTRUSTED  TIME_BACKWARDS: a later entry claims to be earlier
 */
bool seen_entry(struct seen *seen, uint64_t index, int64_t time_ms,
    struct error *err) MUST_USE;
/*
 * When our own clock first saw a journal of the size that is kept; 0 if
 * unknown.
 */
int64_t seen_kept_at_ms(const struct seen *seen);

/*
 * Parse "old N", a consistency proof, an empty line and the note: the body of
 * C2SP add-checkpoint. The note is not opened.
 */
bool seen_parse_extension(struct span text, uint64_t *old,
    struct merkle_proof *proof, struct span *note, struct error *err) MUST_USE;

#endif
