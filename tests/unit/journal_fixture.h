/*
 * journal_fixture.h - a tree in memory, a key and note of another program, and
 * an empty journal in a folder.
 */
#ifndef TESTS_JOURNAL_FIXTURE_H
#define TESTS_JOURNAL_FIXTURE_H

#include "journal/journal.h"
#include "unit.h"

/* A tree of leaves "entry-<i>"; full hashes are computed by recursion. */
struct fixture_tree {
	struct digest *leaves;
	uint64_t size;
};

/* Returns a tree; the caller frees its leaves. */
struct fixture_tree fixture_make_tree(uint64_t size);
/* A merkle reader; arg is the tree. */
bool fixture_read_tree(void *arg, unsigned level, uint64_t index,
    struct digest *out, struct error *err);

/* The note of Go's sumdb over the first 8 leaves, with a witness's line. */
enum { FIXTURE_NOTE_SIZE = 301 };
extern const char fixture_note[FIXTURE_NOTE_SIZE];
/* The key that signed it. */
extern const char fixture_vkey[];
struct note_key fixture_key(void);
/*
 * Returns the keys of a journal that has had this one only; valid until the
 * next call.
 */
const struct note_keys *fixture_only(const struct note_key *key);

/* A new folder with an empty journal, and the key that signs the journal. */
extern char fixture_dir[UNIT_DIR];
extern struct note_signer fixture_signer;
void fixture_make_dir(void);
void fixture_remove_dir(void);
/* Sign the head's size and root. */
void fixture_sign_head(struct head *head);

#endif
