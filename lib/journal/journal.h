/*
 * journal.h - the journal: the log of a backend (backend/backend.h), in which
 * every entry bundle of C2SP tlog-tiles, full or partial, is one range; and
 * files that are derived from it (docs/formats.md, "Journal files"):
 *
 *	hashes-L   32-byte hashes of tile level L
 *	nodes      32-byte hashes of all full subtrees, in the order in which
 *	           leaves complete them: a proof takes one look-up a hash
 *	ends       where each entry ends in its file
 *
 * One thread appends, one thread commits; any thread may read what was
 * committed.  The derived files are mapped, so they take no memory of ours
 * however many entries there are.
 */
#ifndef JOURNAL_JOURNAL_H
#define JOURNAL_JOURNAL_H

#include "backend/backend.h"
#include "journal/proof.h"
#include "journal/tile.h"

struct journal;

enum {
	JOURNAL_AHEAD = 2, /* appends that may be uncommitted at once */
};

/* Called for each entry when the journal opens, in order; NULL: nobody is. */
typedef bool journal_visitor(void *arg, uint64_t index, struct span entry,
    struct error *err);

/* What opening had to repair, for the log. */
struct journal_mended {
	uint64_t cut_bytes; /* length of entries beyond the signed size */
	uint64_t heads_completed;
	uint64_t heads_end; /* the size of the newest head that was there */
	/* Torn heads; receipts then lead to the next head. */
	uint64_t heads_dropped;
	uint64_t hashes_rebuilt;
	uint64_t ends_rebuilt;
	/* Of a view: the newest entries that the derived files do not have. */
	uint64_t behind;
};

/*
 * The size and root of the state that a caller has kept, from which it can go
 * on.
 */
struct journal_from {
	uint64_t size;
	struct digest root;
};

/* The number of newest entries that are hashed whenever a journal opens. */
enum { JOURNAL_NEWEST = 1 << 16 };

/* Make an empty journal in an existing folder. */
bool journal_create(const char *dir, struct error *err) MUST_USE;
/* The same for one whose log is elsewhere: make the derived files. */
bool journal_create_derived(const char *dir, struct error *err) MUST_USE;

/*
 * Open a journal. signer is the head that the signer signed last (size 0:
 * none).  All entries are read and hashed.  Entries beyond the signer's size
 * were never shown to anybody.  Files cut them off; what other backends keep is
 * read, hashed and visited too, and waits for its signature: see
 * journal_proposed().  Entries below that size are never cut off.  Missing heads
 * are added.
 *
 * ERROR_UNTRUSTED  entries, heads and signer contradict each other; the detail
 *  says what, and at which size
 */
struct journal *journal_open(const char *dir, const struct note_keys *keys,
    const struct head *signer, journal_visitor *visit, void *arg,
    struct journal_mended *mended, struct error *err);
/*
 * The same on a backend that was opened with its log and stays the caller's
 * (NULL: the files in dir); dir holds the derived files. from is as for
 * journal_open_from(), or NULL.
 */
struct journal *journal_open_on(struct backend *backend, const char *dir,
    const struct note_keys *keys, const struct head *signer,
    const struct journal_from *from, journal_visitor *visit, void *arg,
    struct journal_mended *mended, struct error *err);
/*
 * The same for a caller that knows the state at from->size: only entries after
 * it are given to visit, and only those and the last JOURNAL_NEWEST ones are
 * read and hashed.  The stored nodes of the entries before must lead with them
 * to the signer's root, which proves these nodes right; and the root at
 * from->size must be that of from.  Where this fails, journal_open() finds what
 * is wrong, if anything is.
 */
struct journal *journal_open_from(const char *dir, const struct note_keys *keys,
    const struct head *signer, const struct journal_from *from,
    journal_visitor *visit, void *arg, struct journal_mended *mended,
    struct error *err);
/*
 * Open a journal that another process writes, to follow it; backend is taken
 * over, also on failure, and dir holds derived files of one's own.  remembered is
 * the newest head that is known already.  All entries up to it are read and
 * hashed, and must lead to its root.
 *
 * ERROR_UNTRUSTED  the entries are not those: another history, or too few
 */
struct journal *journal_follow_on(struct backend *backend, const char *dir,
    const struct note_keys *keys, const struct head *remembered,
    struct journal_mended *mended, struct error *err);
/*
 * Find what came after the size that is known: the newest signed head or, if there
 * is none, the next proposal. *is_signed tells which.  A signature was checked; a
 * proposal has no time, and its mark is the caller's to check before its entries
 * are read.  out->head.size is 0 if nothing came.
 *
 * ERROR_UNTRUSTED  it does not extend what is known
 */
bool journal_next(struct journal *journal, struct proposed *out,
    bool *is_signed, struct error *err) MUST_USE;
/*
 * Read and hash the entries of what journal_next() found, which must lead to its
 * root.  The size that is known stays until journal_followed().
 *
 * ERROR_UNTRUSTED  they do not
 */
bool journal_follow(struct journal *journal, const struct proposed *next,
    struct error *err) MUST_USE;
/* What journal_follow() found last is known now. */
void journal_followed(struct journal *journal, const struct head *head);
/*
 * Read and hash all entries of an open journal, while others append and read.
 * Derived files that differ are repaired, after all entries were found right.
 * If *stop becomes true it ends early and returns true.
 *
 * ERROR_UNTRUSTED  entries are not those that were signed
 */
bool journal_check(struct journal *journal, journal_visitor *visit, void *arg,
    const bool *stop, struct journal_mended *mended,
    struct error *err) MUST_USE;
/*
 * Open a journal to read, also while a daemon writes to it: up to the newest
 * head, whose signature must be by one of these keys.  Nothing is repaired;
 * *mended tells what would be, and the derived files must not be used if it
 * tells anything.  What it computes of each entry, 8 bytes, is in a file of
 * folder that has no name; NULL: in memory.
 */
struct journal *journal_view(const char *dir, const char *folder,
    const struct note_keys *keys, journal_visitor *visit, void *arg,
    struct journal_mended *mended, struct error *err);
/*
 * The same on a backend that was opened to read, and is taken over also on
 * failure (NULL: that is a failure); dir holds the derived files.  These may lag,
 * since another process writes: then only what is there of them is compared, and
 * all is computed in their place, some 100 bytes an entry, where folder says.
 */
struct journal *journal_view_on(struct backend *backend, const char *dir,
    const char *folder, const struct note_keys *keys, journal_visitor *visit,
    void *arg, struct journal_mended *mended, struct error *err);
void journal_free(struct journal *journal);

/* Returns the committed size. */
uint64_t journal_size(const struct journal *journal);
struct note_keys journal_keys(const struct journal *journal);
/* Returns the newest committed head; its size is journal_size(). */
struct head journal_head(const struct journal *journal);

/*
 * Write entries and make them durable, uncommitted; head gets the size and root
 * that the signer must sign.  Up to JOURNAL_AHEAD appends may be uncommitted at
 * once.  One thread appends, and one commits, which may be another.  After a
 * failure of either the journal accepts nothing more, since a failed flush is
 * never retried: the caller must stop.
 */
bool journal_append(struct journal *journal, const struct span entries[],
    size_t num_entries, struct head *head, struct error *err) MUST_USE;
/*
 * The same for a proposal that may have objects and names, of the backend that
 * the journal is on.  Its size, at and root are filled in.
 *
 * What it needs of the disk is set apart first, of the backend's reserve if need
 * be.
 *
 * ERROR_UNAVAILABLE  nothing was stored, and the journal goes on
 * ERROR_FULL         the same, since the disk is full
 */
bool journal_propose(struct journal *journal, struct proposal *proposal,
    struct head *head, struct error *err) MUST_USE;
/*
 * The backend's reserve of the disk (backend.h): keep it, or refill it as far as
 * there is room, from any thread; and how many bytes it has, and should have.
 *
 * ERROR_SYSTEM  the disk failed, or has no such call
 */
bool journal_keep_reserve(const struct journal *journal, uint64_t bytes,
    struct error *err) MUST_USE;
void journal_reserve(const struct journal *journal, uint64_t *has,
    uint64_t *wanted);
/*
 * Give up a step of the reserve, of at least so many bytes, for files that
 * follow from the entries: only before their head is signed.  Returns false if
 * nothing is left.
 */
bool journal_use_reserve(const struct journal *journal, uint64_t bytes);
/*
 * Get the oldest head that was proposed and is not committed; false if there is
 * none.  After opening, the caller must have each signed, if its mark is right
 * (mark.h), and commit it, before it appends anything: what was proposed is never
 * withdrawn.  Its entries can be read.
 */
bool journal_proposed(const struct journal *journal,
    struct proposed *out) MUST_USE;
/*
 * What was proposed cannot be signed: nobody may write to the log any more
 * (backend.h).
 */
void journal_stop(const struct journal *journal, const char *reason);
/*
 * Commit: the signer has signed head, durably, and it counts from now on.
 * Heads are committed in the order in which they were appended.
 */
bool journal_commit(struct journal *journal, const struct head *head,
    struct error *err) MUST_USE;

/*
 * Make every head durable.  Heads are written unflushed after the signer's
 * record, and a head that a witness cosigns must never be lost.
 */
bool journal_flush_heads(const struct journal *journal,
    struct error *err) MUST_USE;

/*
 * Make the derived files durable, so that a state stored beside them may rely
 * on them.
 */
bool journal_sync_derived(const struct journal *journal,
    struct error *err) MUST_USE;

/* Append an entry's bytes; index < journal_size(). */
bool journal_entry(const struct journal *journal, uint64_t index,
    struct buf *out, struct error *err) MUST_USE;
/* Returns where an entry's length stands in its file, in bytes. */
uint64_t journal_entry_at(const struct journal *journal, uint64_t index);
/* Returns the backend that stores the log, which stays the journal's. */
struct backend *journal_backend(const struct journal *journal);

/*
 * For a check of all heads: their number, and the n-th one; n <
 * journal_num_heads().
 */
uint64_t journal_num_heads(const struct journal *journal);
bool journal_nth_head(const struct journal *journal, uint64_t n,
    struct head *out, struct error *err) MUST_USE;
/* Get the first head whose size is at least size; size <= journal_size(). */
bool journal_head_at(const struct journal *journal, uint64_t size,
    struct head *out, struct error *err) MUST_USE;
/*
 * Append the bytes of a hash tile or entry bundle, for which tile_is_there()
 * holds at the committed size.
 */
bool journal_tile(const struct journal *journal, const struct tile *tile,
    struct buf *out, struct error *err) MUST_USE;
/* Get the root that the journal had at this size; size <= journal_size(). */
bool journal_root_at(const struct journal *journal, uint64_t size,
    struct digest *out, struct error *err) MUST_USE;
bool journal_note(const struct journal *journal, const struct head *head,
    struct buf *out, struct error *err) MUST_USE;
bool journal_prove_inclusion(const struct journal *journal, uint64_t index,
    uint64_t size, struct merkle_proof *out, struct error *err) MUST_USE;
bool journal_prove_consistency(const struct journal *journal, uint64_t old,
    uint64_t size, struct merkle_proof *out, struct error *err) MUST_USE;
/*
 * Append what precedes the note in a request of C2SP add-checkpoint: the old
 * size, the proof that this size extends it, an empty line.
 */
bool journal_extension(const struct journal *journal, uint64_t old,
    uint64_t size, struct buf *out, struct error *err) MUST_USE;
/* Make the receipt of an entry, leading to head. out must be PROOF before. */
bool journal_receipt(const struct journal *journal, uint64_t index,
    const struct head *head, struct proof *out, struct error *err) MUST_USE;

#endif
