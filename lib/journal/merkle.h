/*
 * merkle.h - the hash tree of RFC 6962 section 2.1 (RFC 9162 section 2.1).
 *
 * A hash at (level, index) is that of the full subtree over leaves
 * [index << level, (index + 1) << level).
 */
#ifndef JOURNAL_MERKLE_H
#define JOURNAL_MERKLE_H

#include "base/digest.h"
#include "base/limits.h"

struct digest merkle_leaf(struct span entry);
struct digest merkle_node(const struct digest *left,
    const struct digest *right);
struct digest merkle_empty(void); /* the root of no leaves */

/* The right edge: enough to append and to know the root.  Zeroed is empty. */
struct merkle_edge {
	uint64_t size;
	struct digest full[64]; /* full[l] where bit l of size is set */
};

/*
 * Append a leaf hash.  sink, unless NULL, is told of every full subtree that
 * the leaf completes, its own (level 0) first.
 */
typedef void merkle_sink(void *arg, unsigned level, uint64_t index,
    const struct digest *hash);
void merkle_append(struct merkle_edge *edge, const struct digest *leaf,
    merkle_sink *sink, void *arg);
struct digest merkle_root(const struct merkle_edge *edge);

/* The hash at (level, index), whose subtree is full. */
typedef bool merkle_reader(void *arg, unsigned level, uint64_t index,
    struct digest *out, struct error *err);

struct merkle_proof {
	size_t num;
	struct digest hashes[LIMIT_PROOF_HASHES];
};

/* index < size; old <= size: both are the caller's to see to. */
bool merkle_prove_inclusion(merkle_reader *read, void *arg, uint64_t index,
    uint64_t size, struct merkle_proof *out, struct error *err) MUST_USE;
bool merkle_prove_consistency(merkle_reader *read, void *arg, uint64_t old,
    uint64_t size, struct merkle_proof *out, struct error *err) MUST_USE;
/* The root of the first size leaves. */
bool merkle_root_at(merkle_reader *read, void *arg, uint64_t size,
    struct digest *out, struct error *err) MUST_USE;

/* True if the proof shows it; nothing else is said. */
bool merkle_verify_inclusion(uint64_t index, uint64_t size,
    const struct digest *leaf, const struct merkle_proof *proof,
    const struct digest *root);
bool merkle_verify_consistency(uint64_t old, uint64_t size,
    const struct digest *old_root, const struct digest *root,
    const struct merkle_proof *proof);
/*
 * The root at old that a consistency proof to root speaks of.  False where it
 * does not lead to root, or where old is a power of two: then it is not told.
 */
bool merkle_old_root(uint64_t old, uint64_t size, const struct digest *root,
    const struct merkle_proof *proof, struct digest *out) MUST_USE;

#endif
