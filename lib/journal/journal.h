/*
 * journal.h - the journal: the log of a backend (backend/backend.h), of which
 * every entry bundle of C2SP tlog-tiles, full or partial, is one range; and
 * files that follow from it (docs/formats.md, "Journal files"):
 *
 *	hashes-L   32-byte hashes of tile level L; derived from entries
 *	nodes      32-byte hashes of all full subtrees, in the order in which
 *	           leaves complete them: a proof is as many looks as hashes;
 *	           derived
 *	ends       where each entry ends in its file; derived
 *
 * One thread appends, one commits; any may read what was committed.  What is derived is
 * mapped, and takes no memory of ours however many entries there are.
 */
#ifndef JOURNAL_JOURNAL_H
#define JOURNAL_JOURNAL_H

#include "backend/backend.h"
#include "journal/proof.h"
#include "journal/tile.h"

struct journal;

enum {
	JOURNAL_AHEAD = 2, /* appends that are not committed */
};

/* Told of each entry when the journal opens, in order. */
typedef bool journal_visitor(void *arg, uint64_t index, struct span entry,
    struct error *err);

/* What opening had to mend; for the log. */
struct journal_mended {
	uint64_t cut_bytes; /* beyond what was ever signed */
	uint64_t heads_completed;
	uint64_t heads_dropped; /* torn: receipts then lead to the next one */
	uint64_t hashes_rebuilt;
	uint64_t ends_rebuilt;
};

/* A size and root from which something that is kept beside it follows. */
struct journal_from {
	uint64_t size;
	struct digest root;
};

/* Of the newest entries so many are hashed whenever a journal opens. */
enum { JOURNAL_NEWEST = 1 << 16 };

/* Make an empty journal in a folder that is there. */
bool journal_create(const char *dir, struct error *err) MUST_USE;

/*
 * Open it, knowing what the signer signed last (size 0: nothing).  All of it
 * is read and hashed.  What lies beyond the signer's size was never shown to
 * anybody and is cut; nothing below is.  Where heads are behind they are
 * completed.
 *
 * ERROR_UNTRUSTED  entries, heads and signer contradict each other: what, where
 */
struct journal *journal_open(const char *dir, const struct note_keys *keys,
    const struct head *signer, journal_visitor *visit, void *arg,
    struct journal_mended *mended, struct error *err);
/*
 * The same of a backend that was opened with the log, and stays the caller's
 * (NULL: the files in dir); what is derived is in dir.  from is as for
 * journal_open_from(), or NULL.
 */
struct journal *journal_open_on(struct backend *backend, const char *dir,
    const struct note_keys *keys, const struct head *signer,
    const struct journal_from *from, journal_visitor *visit, void *arg,
    struct journal_mended *mended, struct error *err);
/*
 * The same, where what the entries before from->size lead to is known: only
 * those after it are told, and only those and the JOURNAL_NEWEST last ones are
 * read and hashed.  They lead to the signer's root from the nodes of those
 * before, which are so proved to be the right ones; and the root at from->size
 * must be that of from.  Where it fails, journal_open() tells what is wrong, if
 * anything is.
 */
struct journal *journal_open_from(const char *dir, const struct note_keys *keys,
    const struct head *signer, const struct journal_from *from,
    journal_visitor *visit, void *arg, struct journal_mended *mended,
    struct error *err);
/*
 * Read and hash all of an open one, while others append and read.  Where what
 * is derived differs it is put right, once all entries are found to be right.
 * With *stop it gives up early, and that is no failure.
 *
 * ERROR_UNTRUSTED  entries are not those that were signed
 */
bool journal_check(struct journal *journal, journal_visitor *visit, void *arg,
    const bool *stop, struct journal_mended *mended,
    struct error *err) MUST_USE;
/*
 * Open it to read, also while a daemon writes to it: up to the newest head,
 * whose signature must be by one of these keys.  Nothing is mended; *mended
 * tells what there would be, and what is derived is not to be used where it
 * says so.
 */
struct journal *journal_view(const char *dir, const struct note_keys *keys,
    journal_visitor *visit, void *arg, struct journal_mended *mended,
    struct error *err);
void journal_free(struct journal *journal);

/* The committed size. */
uint64_t journal_size(const struct journal *journal);
struct note_keys journal_keys(const struct journal *journal);
/* The newest head; its size is journal_size(). */
struct head journal_head(const struct journal *journal);

/*
 * Write entries and make them durable, uncommitted; head gets the size and
 * root that the signer is to sign.  JOURNAL_AHEAD appends may be there
 * uncommitted, each after the last.  One thread appends, and one commits, which
 * may be another.  After a failure of either the journal takes nothing more (a
 * failed flush is never retried): stop.
 */
bool journal_append(struct journal *journal, const struct span entries[],
    size_t num_entries, struct head *head, struct error *err) MUST_USE;
/*
 * The same of a proposal that may have objects and names, of the backend that
 * the journal is on; its size, at and root are filled in.
 *
 * ERROR_UNAVAILABLE  nothing was stored, and the journal goes on
 */
bool journal_propose(struct journal *journal, struct proposal *proposal,
    struct head *head, struct error *err) MUST_USE;
/*
 * The signer has signed head, durably: it counts from now on.  Heads are
 * committed in the order in which they were appended.
 */
bool journal_commit(struct journal *journal, const struct head *head,
    struct error *err) MUST_USE;

/*
 * Make every head durable: heads follow the signer's record unflushed, and
 * what a witness cosigns must be there for good.
 */
bool journal_flush_heads(const struct journal *journal,
    struct error *err) MUST_USE;

/* Make durable what is derived, so that what is kept beside it may count on it. */
bool journal_sync_derived(const struct journal *journal,
    struct error *err) MUST_USE;

/* index < journal_size(). */
bool journal_entry(const struct journal *journal, uint64_t index,
    struct buf *out, struct error *err) MUST_USE;
/* Where an entry's length stands in its file. */
uint64_t journal_entry_at(const struct journal *journal, uint64_t index);
/* Heads in order, for who checks them all; n < journal_num_heads(). */
uint64_t journal_num_heads(const struct journal *journal);
bool journal_nth_head(const struct journal *journal, uint64_t n,
    struct head *out, struct error *err) MUST_USE;
/* The first head whose size is at least size; <= journal_size(). */
bool journal_head_at(const struct journal *journal, uint64_t size,
    struct head *out, struct error *err) MUST_USE;
/*
 * Append a hash tile's or entry bundle's bytes; tile_is_there() at the
 * committed size.
 */
bool journal_tile(const struct journal *journal, const struct tile *tile,
    struct buf *out, struct error *err) MUST_USE;
/* The root when it had that size; <= journal_size(). */
bool journal_root_at(const struct journal *journal, uint64_t size,
    struct digest *out, struct error *err) MUST_USE;
bool journal_note(const struct journal *journal, const struct head *head,
    struct buf *out, struct error *err) MUST_USE;
bool journal_prove_inclusion(const struct journal *journal, uint64_t index,
    uint64_t size, struct merkle_proof *out, struct error *err) MUST_USE;
bool journal_prove_consistency(const struct journal *journal, uint64_t old,
    uint64_t size, struct merkle_proof *out, struct error *err) MUST_USE;
/*
 * Append what stands before the note in C2SP add-checkpoint: the old size, the
 * proof that this one extends it, an empty line.
 */
bool journal_extension(const struct journal *journal, uint64_t old,
    uint64_t size, struct buf *out, struct error *err) MUST_USE;
/* The receipt of an entry, leading to head; out is PROOF before. */
bool journal_receipt(const struct journal *journal, uint64_t index,
    const struct head *head, struct proof *out, struct error *err) MUST_USE;

#endif
