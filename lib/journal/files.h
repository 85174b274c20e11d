/*
 * files.h - what the journal's parts share: its open files, and what follows
 * from entries.  Private to lib/journal.
 */
#ifndef JOURNAL_FILES_H
#define JOURNAL_FILES_H

#include <pthread.h>

#include "base/records.h"
#include "journal/journal.h"

enum { JOURNAL_DERIVED = 2 + TILE_LEVELS }; /* files that follow from entries */

/*
 * What follows from the entries from a size on, not yet in the files: by
 * enum derived_file.
 */
enum derived_file { DERIVED_NODES, DERIVED_ENDS, DERIVED_HASHES };
struct derived {
	uint64_t from; /* the size when the last of it went into the files */
	struct merkle_edge edge;
	uint64_t end; /* of the last entry, in its file */
	struct buf bytes[JOURNAL_DERIVED];
};

struct journal {
	struct note_keys keys;
	struct backend *backend; /* where the log is */
	bool owns_backend;
	struct records *derived[JOURNAL_DERIVED];
	uint64_t size; /* committed; atomic */
	/* Appended: what the next append follows; its thread's. */
	uint64_t end; /* of entries */
	struct merkle_edge edge;
	struct derived next;   /* being appended */
	pthread_mutex_t mutex; /* for head and waiting */
	struct head head;
	/* Appended, not yet committed: the oldest first. */
	struct {
		uint64_t size, end;
	} waiting[JOURNAL_AHEAD];
	unsigned num_waiting;
	bool failed;
	bool is_view; /* read only: nothing is mended */
};

/* An empty one, with no file open. */
struct journal *journal_new(struct error *err);
/* Open what is derived; a view takes files that are missing as empty. */
bool journal_open_derived(struct journal *journal, const char *dir, int flags,
    struct error *err) MUST_USE;

void derived_init(struct derived *derived);
void derived_free(struct derived *derived);
/* Nothing yet, after the entries that lead to this edge and end. */
void derived_begin(struct derived *derived, const struct merkle_edge *edge,
    uint64_t end);
/* ERROR_LIMIT: the journal is full. */
bool derived_add(struct derived *derived, struct span entry,
    struct error *err) MUST_USE;
/* Put it into the files, or see where they differ, and begin after it. */
bool derived_write(struct derived *derived, struct journal *journal,
    struct error *err) MUST_USE;
void derived_compare(struct derived *derived, const struct journal *journal,
    struct journal_mended *mended);
const char *derived_name(unsigned file);
/* How much of each file entries [0, size) lead to. */
uint64_t derived_bytes(unsigned file, uint64_t size);

/* A merkle_reader of the nodes of a journal. */
bool journal_read_node(void *journal, unsigned level, uint64_t index,
    struct digest *out, struct error *err) MUST_USE;
/* Where an entry begins and ends in its file; index < journal_size(). */
bool journal_entry_range(const struct journal *journal, uint64_t index,
    uint64_t *from, uint64_t *to, struct error *err) MUST_USE;

#endif
