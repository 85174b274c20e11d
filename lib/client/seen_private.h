/* seen_private.h - what the parts of seen share, and nobody else includes. */
#ifndef CLIENT_SEEN_PRIVATE_H
#define CLIENT_SEEN_PRIVATE_H

#include "client/seen.h"
#include "client/seen_clock.h"

/* A checkpoint, and the signed note that has it. */
struct point {
	struct checkpoint at;
	struct buf note;
};

#define POINT                                                                  \
	((struct point){ .at = { .root = merkle_empty() },                     \
	    .note = BUF(LIMIT_NOTE_FILE) })

struct seen {
	struct seen_settings settings;
	struct point kept;
	/* the file's checkpoint when it was last read or written */
	struct checkpoint on_disk;
	bool unkept;    /* what is kept is larger than what is on the disk */
	bool must_keep; /* an act is being sent */
	/* The file on the disk was flushed by this command itself. */
	bool flushed;
	bool told; /* a person was told that nothing is remembered */
	/* Prefixes that were proved, by size; read when first asked for. */
	struct checkpoint_root {
		uint64_t size;
		struct digest root;
	} * proved;
	size_t num_proved, room_proved;
	bool read_proved;
	struct seen_clock clock;
	bool clock_changed;
	/* a person was told of entries that contradict our own clock */
	unsigned num_differs;
};

bool seen_is_same(const struct checkpoint *a, const struct checkpoint *b);
bool seen_read_kept(const struct seen *seen, struct point *out,
    struct error *err) MUST_USE;
void seen_tell(const struct seen *seen, const char *line);

/*
 * True if it is a prefix that was proved. *other: there is one of its size with
 * another root.
 */
bool seen_knows(struct seen *seen, const struct checkpoint *at, bool *other);
void seen_remember(struct seen *seen, const struct checkpoint *at);
/* Drop all prefixes: nothing is known to be one any more. */
void seen_forget(struct seen *seen);

/*
 * Set JOURNAL_ROLLED_BACK and keep both checkpoints as evidence, with the proof
 * from the smaller to the larger if there is one. Returns false.
 */
bool seen_contradict(struct seen *seen, const struct seen_prover *prover,
    const struct point *was, const struct point *shown,
    const struct merkle_proof *proof, const char *what, struct error *err);

#endif
