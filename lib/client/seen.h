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

/* What somebody who was asked for a proof answered. */
enum seen_reply {
	SEEN_PROOF,    /* the body of C2SP add-checkpoint */
	SEEN_SMALLER,  /* a note alone: smaller than the old size */
	SEEN_NO_HEAD,  /* no checkpoint of that size was signed */
	SEEN_NO_PROOF, /* it was asked, and gives none */
	SEEN_NO_LINE,  /* it could not be asked; err tells why */
};

/* Whom to ask: the daemon, or the papers of a bag. */
struct seen_prover {
	/*
	 * The proof that a checkpoint extends the one of size old: the
	 * newest (at NULL), or that which at names as "GET
	 * /v1/journal/checkpoint" does.  The answer is appended to body.
	 */
	enum seen_reply (*ask)(void *arg, uint64_t old, const char *at,
	    struct buf *body, struct error *err);
	/* Hashes of its tree, for evidence; or NULL. */
	merkle_reader *hash;
	void *arg;
};

struct seen_settings {
	const char *dir;
	const struct note_keys *keys; /* may grow meanwhile */
	const char *contact;          /* the depositary's address, for alarms */
	/* A line for a person; NULL: nobody is told. */
	void (*tell)(void *arg, const char *line);
	void *arg;
};

struct seen;

/* Read what is kept.  settings and what they point at outlive it. */
struct seen *seen_open(const struct seen_settings *settings, struct error *err);
void seen_close(struct seen *seen);

/* Borrowed, until the next call.  Size 0 and an empty note: none yet. */
const struct checkpoint *seen_kept(const struct seen *seen);
struct span seen_note(const struct seen *seen);

/* The size of what is kept; 0: none yet. */
bool seen_size(const char *dir, const struct note_keys *keys, uint64_t *out,
    struct error *err) MUST_USE;

/*
 * What was kept when a question was sent: to be taken before it is, since what
 * the daemon names as its newest must extend that.
 */
struct seen_asked {
	struct checkpoint kept;
	struct buf note; /* seen_asked_free() */
	int64_t at_ms;   /* by our own clock */
};
bool seen_ask(struct seen *seen, const struct seen_prover *prover,
    struct seen_asked *out, struct error *err) MUST_USE;
void seen_asked_free(struct seen_asked *asked);

/*
 * Advance: prove that a signed note is of one history with what is kept, and
 * keep it if it is further, durably.  With asked the daemon named it as its
 * newest, in answer to a question: a smaller one is refused.  Without, it is
 * the checkpoint of a receipt, a copy, a bag or an older answer: a prefix of
 * what is kept will do.  out gets what it says; or NULL.
 *
 * Where the state cannot be written it is told once, and remembered in memory
 * alone; after seen_will_send() that is an error.
 *
 * ERROR_UNTRUSTED    JOURNAL_ROLLED_BACK: the two contradict, or the daemon,
 *                    asked, does not prove it; both are kept as evidence
 * ERROR_UNTRUSTED    KEY_UNKNOWN: signed by a key that is not known yet
 * ERROR_UNAVAILABLE  it could not be asked: not proved, and not kept
 * ERROR_SYSTEM       the state cannot be written, and an act is being sent
 */
bool seen_advance(struct seen *seen, const struct seen_prover *prover,
    struct span note, const struct seen_asked *asked, struct checkpoint *out,
    struct error *err) MUST_USE;
/* Ask for the newest and advance to it. */
bool seen_catch_up(struct seen *seen, const struct seen_prover *prover,
    struct error *err) MUST_USE;
/*
 * The checkpoint that at names, proved to extend old, which somebody here
 * remembers by itself (a witness; size 0: nothing), and to be of one history
 * with what is kept.  note gets it.
 *
 * ERROR_NOT_FOUND  there is none
 * otherwise        as seen_advance()
 */
bool seen_extend(struct seen *seen, const struct seen_prover *prover,
    const struct checkpoint *old, struct span old_note, const char *at,
    struct checkpoint *out, struct buf *note, struct error *err) MUST_USE;

/*
 * An act is about to be sent: what was seen is durable before, and whatever
 * is seen from now on.
 *
 * ERROR_SYSTEM  the state cannot be written: send nothing
 */
bool seen_will_send(struct seen *seen, struct error *err) MUST_USE;

/* --- Without a line. --- */

/*
 * Is this signed note proved by what is kept?  False with ERROR_UNAVAILABLE
 * where nobody here can tell; seen_defer() then has the next connection do so.
 *
 * ERROR_UNTRUSTED  JOURNAL_ROLLED_BACK: it contradicts what is kept
 */
bool seen_is_proved(struct seen *seen, struct span note,
    struct error *err) MUST_USE;
/* Remember a note that was taken unproved. */
bool seen_defer(struct seen *seen, struct span note,
    struct error *err) MUST_USE;
/*
 * Prove each that was deferred.
 *
 * ERROR_UNTRUSTED  JOURNAL_ROLLED_BACK, of the first that is of another
 *                  history; from then on seen_is_proved() says so
 */
bool seen_settle(struct seen *seen, const struct seen_prover *prover,
    struct error *err) MUST_USE;

/* --- Time (seen_clock.c). --- */

/*
 * An entry was proved, and says that it is of this time.  One that contradicts
 * our own clock is told, once (TIME_DIFFERS).
 *
 * ERROR_UNTRUSTED  TIME_BACKWARDS: a later entry claims to be earlier
 */
bool seen_entry(struct seen *seen, uint64_t index, int64_t time_ms,
    struct error *err) MUST_USE;
/* When our own clock first saw a journal of what is kept; 0 if unknown. */
int64_t seen_kept_at_ms(const struct seen *seen);

/*
 * "old N", a consistency proof, an empty line, the note: the body of C2SP
 * add-checkpoint.  The note is not opened.
 */
bool seen_parse_extension(struct span text, uint64_t *old,
    struct merkle_proof *proof, struct span *note, struct error *err) MUST_USE;

#endif
