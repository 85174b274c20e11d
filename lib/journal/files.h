/*
 * files.h - what the parts of the journal share: its open files, and the files
 * that are derived from its entries.  Private to lib/journal.
 */
#ifndef JOURNAL_FILES_H
#define JOURNAL_FILES_H

#include <pthread.h>

#include "base/records.h"
#include "journal/journal.h"

enum { JOURNAL_DERIVED = 2 + TILE_LEVELS }; /* the number of derived files */

/*
 * Derived bytes from a size on that are not yet in the files, indexed by enum
 * derived_file.
 */
enum derived_file { DERIVED_NODES, DERIVED_ENDS, DERIVED_HASHES };
struct derived {
	uint64_t from; /* the size at which the files were last written */
	struct merkle_edge edge;
	uint64_t end; /* where the last entry ends in its file, in bytes */
	struct buf bytes[JOURNAL_DERIVED];
};

struct journal {
	struct note_keys keys;
	struct backend *backend; /* stores the log */
	bool owns_backend;
	struct records *derived[JOURNAL_DERIVED];
	uint64_t size; /* the committed size; atomic */
	/*
	 * The end of what was appended, where the next append begins; for the
	 * appending thread only.
	 */
	uint64_t end; /* of the entries, in bytes */
	struct merkle_edge edge;
	struct derived next;   /* of the entries being appended */
	pthread_mutex_t mutex; /* guards head and waiting */
	struct head head;
	/* Appended sizes that are not committed yet, the oldest first. */
	struct proposed waiting[JOURNAL_AHEAD];
	unsigned num_waiting;
	bool failed;
	bool is_view; /* read only: nothing is repaired */
	bool follows; /* only its derived files are written (follow.c) */
};

/* Returns an empty journal with no file open, or NULL. */
struct journal *journal_new(struct error *err);
/*
 * Open the derived files; a view takes missing files as empty, and has a file
 * of its own in folder, or memory.
 */
bool journal_open_derived(struct journal *journal, const char *dir,
    const char *folder, int flags, struct error *err) MUST_USE;

void derived_init(struct derived *derived);
void derived_free(struct derived *derived);
/* Begin at the size of this edge, whose entries end at byte end. */
void derived_begin(struct derived *derived, const struct merkle_edge *edge,
    uint64_t end);
/*
 * Add what an entry leads to.
 *
 * ERROR_LIMIT  the journal is full
 */
bool derived_add(struct derived *derived, struct span entry,
    struct error *err) MUST_USE;
/*
 * Have the disk set apart what derived_write() will write.
 *
 * ERROR_SYSTEM  no room (is_full), or the disk failed
 */
bool derived_allocate(const struct derived *derived, struct journal *journal,
    struct error *err) MUST_USE;
/*
 * Write the derived bytes into the files, and begin anew after them; or find where
 * the files differ (lag: in what they have).
 */
bool derived_write(struct derived *derived, struct journal *journal,
    struct error *err) MUST_USE;
void derived_compare(const struct derived *derived,
    struct records *const files[JOURNAL_DERIVED], bool lag,
    struct journal_mended *mended);
/* Begin anew after the derived bytes, which were compared. */
void derived_go_on(struct derived *derived);
/*
 * Have others in place of the derived files, which are given in own: empty, and in
 * folder, or memory.
 */
bool journal_compute_derived(struct journal *journal, const char *folder,
    struct records *own[JOURNAL_DERIVED], struct error *err) MUST_USE;
const char *derived_name(unsigned file);
/* Returns how many bytes of each derived file belong to entries [0, size). */
uint64_t derived_bytes(unsigned file, uint64_t size);

/* Is a head signed by the key that signs its size? */
bool journal_check_signature(const struct journal *journal,
    const struct head *head, struct error *err) MUST_USE;

/* Read a node; a merkle_reader whose arg is a journal. */
bool journal_read_node(void *journal, unsigned level, uint64_t index,
    struct digest *out, struct error *err) MUST_USE;
/*
 * Get where an entry begins and ends in its file, in bytes; index <
 * journal_size().
 */
bool journal_entry_range(const struct journal *journal, uint64_t index,
    uint64_t *from, uint64_t *to, struct error *err) MUST_USE;

#endif
